"""Rules on facts: what passes, what fails, by which rule and with which number."""

import json
import tomllib
from collections import defaultdict
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from florilegium.filters.catalogue import DEFAULTS, AnyFilter
from florilegium.filters.foreign import Foreign
from florilegium.filters.length import Length
from florilegium.filters.lines import Lines
from florilegium.filters.measures import counts, customs, measure
from florilegium.filters.repetition import Repetition
from florilegium.filters.rule import Measure
from florilegium.filters.symbols import Symbols
from florilegium.filters.words import Words
from florilegium.manifests.counts import Counts
from florilegium.manifests.document import Facts

PARAGRAPHS = tomllib.loads(
    (Path(__file__).parent / "data" / "paragraphs.toml").read_text(encoding="utf-8")
)
PARALLEL_NEWS = Path(__file__).parents[2] / "shared" / "data" / "language_id" / "document.jsonl"

tiny_texts = st.lists(st.sampled_from(["la", "di", "LA", "1", ".", "#", "…", "-", "\n"]))


def with_counts(counted, foreign_share=0.0, lang="eng_Latn"):
    return Facts(
        id=bytes(16),
        url="https://example.eu/",
        host="example.eu",
        domain="example.eu",
        crawl_time=0,
        lang=lang,
        lang_score=1.0,
        lang_second="und",
        foreign_share=foreign_share,
        chars=counted.chars,
        text_bytes=counted.chars,
        tokens=counted.words,
        counts=counted,
        extractor="none",
        charset="utf-8",
        charset_method="given",
        warc="a.warc",
        warc_offset=0,
        warc_length=0,
        payload_digest=bytes(32),
    )


def facts(text, lang="eng_Latn", foreign_share=0.0):
    (row,) = measure([text], [customs(lang)])
    return with_counts(counts(row), foreign_share, lang)


def verdict(known, filters=DEFAULTS):
    return next((failed for keep in filters if (failed := keep(known))), None)


def recipe(text):
    table = tomllib.loads(text)
    return msgspec.convert(table["filters"], tuple[AnyFilter, ...])


@pytest.mark.parametrize(("lang", "text"), PARAGRAPHS["good"].items())
def test_a_good_paragraph_passes_in_every_language(lang, text):
    assert verdict(facts(text, lang)) is None


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        pytest.param(rule, text, id=f"{kind}-{rule}")
        for rule, texts in PARAGRAPHS["bad"].items()
        for kind, text in texts.items()
    ],
)
def test_a_bad_text_fails_by_the_expected_rule(rule, text):
    assert verdict(facts(text)).rule == rule


def test_a_chorus_is_rejected_with_its_number():
    failed = Repetition()(facts("la la la\n" * 10))
    assert failed == Measure("duplicate_line_share", 0.9, high=0.296)
    assert failed.limit == 0.296  # of filters/languages/eng_Latn.toml


def test_a_repeated_pair_is_rejected_with_its_share_of_the_text():
    text = "ha ho " * 3 + "and so on until the end of the song"
    failed = Repetition(max_top_bigram=0.25)(facts(text))
    assert failed == Measure("top_bigram_share", 3 * len("ha ho") / len(text), high=0.25)


def test_a_short_text_without_repetition_has_none():
    assert {m.value for m in Repetition().measures(facts("Four words, all different."))} == {0.0}


@settings(deadline=None)  # the first example may compile the kernels
@given(st.text() | tiny_texts.map(" ".join) | tiny_texts.map("".join))
def test_shares_lie_between_zero_and_one_for_any_text(text):
    known = facts(text)
    measures = [m for keep in DEFAULTS for m in keep.measures(known)]
    assert all(0 <= m.value <= 1 for m in measures if m.rule.endswith("_share"))
    assert all(m.value >= 0 for m in measures if m.rule != "prose_line_balance")
    assert all(-1 <= m.value <= 1 for m in measures if m.rule == "prose_line_balance")


def test_an_empty_text_is_measured_by_every_rule_and_kept_by_none_but_the_lenient():
    known = with_counts(Counts())
    assert {type(keep).__name__: keep(known) is None for keep in DEFAULTS} == {
        "Length": False,
        "Certainty": True,
        "Foreign": True,
        "Words": False,
        "Symbols": True,
        "Lines": False,
        "Repetition": True,
        "HostLines": True,
        "Quality": True,
        "BadWords": True,
        "Benchmarks": True,
    }


def test_verdicts_come_in_a_fixed_order_the_plainest_reason_first():
    rules = [m.rule for keep in DEFAULTS for m in keep.measures(with_counts(Counts()))]
    assert rules == [
        "non_symbol_chars",
        "mean_word_chars",
        "lang_score",
        "foreign_share",
        "alpha_word_share",
        "different_stop_words",
        "hashes_per_word",
        "ellipses_per_word",
        "bullet_line_share",
        "ellipsis_line_share",
        "sentence_line_share",
        "newlines_per_word",
        "duplicate_line_char_share",
        "short_line_share",
        "prose_line_balance",
        "duplicate_line_share",
        "top_bigram_share",
        "top_trigram_share",
        "top_4gram_share",
        *(f"duplicate_{n}gram_share" for n in range(5, 11)),
    ]


def test_both_ends_of_a_range_are_allowed():
    known = with_counts(Counts(non_symbol_chars=200, non_symbol_words=100))
    assert Length(min_chars=200, max_chars=200, min_mean_word=2, max_mean_word=2)(known) is None
    assert Length(min_chars=201)(known) == Measure("non_symbol_chars", 200, 201, 1_000_000)
    assert Length(min_chars=0, max_chars=199)(known).limit == 199
    assert Length(min_mean_word=2.5)(known).limit == 2.5


@pytest.mark.parametrize(
    ("limit", "rule", "counted"),
    [
        (Words(), "alpha_word_share", Counts(alpha_words=79, non_symbol_words=100)),
        (Symbols(), "hashes_per_word", Counts(hashes=11, words=100)),
        (Symbols(), "ellipses_per_word", Counts(ellipses=11, words=100)),
        (Symbols(), "bullet_line_share", Counts(bullet_lines=91, lines=100)),
        (Symbols(), "ellipsis_line_share", Counts(ellipsis_lines=31, lines=100)),
        (Lines(), "sentence_line_share", Counts(sentence_lines=9, lines=100)),
        (Lines(min_sentence_lines=0), "newlines_per_word", Counts(newlines=31, words=100)),
        (
            Lines(min_sentence_lines=0),
            "duplicate_line_char_share",
            Counts(duplicate_line_chars=20, chars=109, newlines=10, words=100),
        ),
        (
            Lines(min_sentence_lines=0, max_short_lines=0.67),
            "short_line_share",
            Counts(short_lines=68, lines=100),
        ),
        (
            Lines(),
            "prose_line_balance",
            Counts(short_lines=61, sentence_lines=20, lines=100),
        ),
        (
            Words(),
            "different_stop_words",
            Counts(alpha_words=9, non_symbol_words=10, different_stop_words=1),
        ),
        (Repetition(), "duplicate_line_share", Counts(duplicate_lines=30, lines=100)),
        (Repetition(), "top_trigram_share", Counts(top_trigram_chars=22, chars=100)),
        (Repetition(), "top_4gram_share", Counts(top_4gram_chars=19, chars=100)),
        (Repetition(), "duplicate_6gram_share", Counts(duplicate_6gram_chars=17, chars=100)),
        (Repetition(), "duplicate_7gram_share", Counts(duplicate_7gram_chars=16, chars=100)),
        (Repetition(), "duplicate_8gram_share", Counts(duplicate_8gram_chars=15, chars=100)),
        (Repetition(), "duplicate_9gram_share", Counts(duplicate_9gram_chars=14, chars=100)),
        (Repetition(), "duplicate_10gram_share", Counts(duplicate_10gram_chars=12, chars=100)),
    ],
)
def test_each_limit_bites_just_beyond_its_default(limit, rule, counted):
    assert limit(with_counts(counted)).rule == rule


def test_a_text_mostly_in_another_language_is_rejected():
    assert Foreign()(with_counts(Counts(), foreign_share=0.5)) is None
    failed = Foreign()(with_counts(Counts(), foreign_share=0.51))
    assert (failed.rule, failed.value, failed.limit) == ("foreign_share", 0.51, 0.5)


def test_a_recipe_names_a_filter_and_overrides_one_limit():
    (repetition, words) = recipe(
        '[[filters]]\nuse = "repetition"\nmax_top_bigram = 0.25\n[[filters]]\nuse = "words"\n'
    )
    assert repetition == Repetition(max_top_bigram=0.25)
    assert words == Words()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('use = "length"\nmin_char = 3', r"unknown field `min_char` - at `\$\[0\]`"),
        ('use = "lenght"', r"Invalid value 'lenght' - at `\$\[0\].use`"),
        ('use = "length"\nmin_chars = "3"', r"Expected `int`, got `str` - at `\$\[0\].min_chars`"),
    ],
)
def test_a_misspelt_parameter_is_refused_with_its_path(text, message):
    with pytest.raises(msgspec.ValidationError, match=message):
        recipe("[[filters]]\n" + text)


@pytest.mark.skipif(not PARALLEL_NEWS.exists(), reason="no parallel news at ../shared")
def test_the_same_news_passes_at_much_the_same_rate_in_every_language():
    documents = defaultdict(list)
    for line in PARALLEL_NEWS.open(encoding="utf-8"):
        document = json.loads(line)
        if document["source"] == "ntrex-128" and len(documents[document["lang"]]) < 40:
            documents[document["lang"]].append(document["text"])
    rates = {
        lang: sum(verdict(facts(text, lang)) is None for text in texts) / len(texts)
        for lang, texts in documents.items()
    }
    assert len(rates) == 48
    assert max(rates.values()) - min(rates.values()) <= 0.15, rates
