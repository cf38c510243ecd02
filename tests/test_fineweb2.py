"""FineWeb2's rules: which limits a language has, and that they are judged as the parts judge."""

import msgspec
import pytest
from test_rules import facts

from florilegium.filters import fineweb2
from florilegium.filters.fineweb import FineWeb
from florilegium.filters.fineweb2 import FineWeb2, rules
from florilegium.filters.gopher import GopherQuality, GopherRepetition
from florilegium.filters.language_table import european

PROSE = "The ferry leaves in the morning, and the people on it are on their way to work. " * 4


def limits(lang):
    return {m.rule: (m.low, m.high) for m in FineWeb2().measures(facts(PROSE, lang=lang))}


def test_a_language_is_judged_by_its_published_limits():
    german = limits("deu_Latn")
    assert german["top_2_gram"][1] == 0.169
    assert german["duplicated_10_n_grams"][1] == 0.098
    assert german["dup_line_frac"][1] == 0.263
    assert german["gopher_above_avg_threshold"][1] == 15
    assert german["gopher_below_alpha_threshold"][0] == 0.774
    assert german["list_ratio"][1] == 0.152
    assert limits("hrv_Latn")["line_punct_ratio"][0] == 0.099


def test_what_fineweb2_switched_off_is_never_a_reason():
    off = ("dup_para_frac", "dup_para_char_frac", "dup_line_char_frac", "short_line_ratio")
    for lang in ("deu_Latn", "eng_Latn", "mlt_Latn"):
        found = limits(lang)
        assert [found[rule][1] for rule in off] == [1.0] * 4
        assert found["char_dup_ratio"][1] == 0.1


def test_english_and_what_has_no_figures_has_datatroves():
    for lang in ("eng_Latn", "kaz_Cyrl"):
        repetition, _, quality = rules(lang)
        assert repetition.max_top_2_gram == GopherRepetition().max_top_2_gram
        assert quality == GopherQuality()


def test_the_first_reason_is_that_of_the_parts_in_fineweb2s_order():
    assert [type(rule) for rule in rules("deu_Latn")] == [GopherRepetition, FineWeb, GopherQuality]
    repeated, lines = facts(PROSE, lang="eng_Latn"), facts("no end\n" * 3, lang="eng_Latn")
    for one in (repeated, lines, facts("Too few words.", lang="eng_Latn")):
        first = next(filter(None, (rule(one) for rule in rules("eng_Latn"))))
        assert FineWeb2()(one) == first
    assert FineWeb2()(repeated).rule == "top_3_gram"


def test_the_table_is_of_languages_of_europe_and_within_range():
    table = fineweb2._published()
    assert set(table) <= set(european())
    assert len(table) == 127
    for lang in table:
        for rule in rules(lang):
            again = msgspec.convert(msgspec.to_builtins(rule), type(rule))  # checks the ranges
            assert again == rule
    assert set(european()) - set(table) >= {"eng_Latn", "kaz_Cyrl"}


@pytest.mark.parametrize("lang", ["deu_Latn", "und", "xyz_Latn"])
def test_any_language_can_be_asked_for(lang):
    assert len(limits(lang)) == len(limits("eng_Latn"))
