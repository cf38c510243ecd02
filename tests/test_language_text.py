"""The text that the language model is trained on: freed of gold-labelled passages, and split."""

import importlib
import random
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parent.parent / "bench"


@pytest.fixture(scope="module")
def bench():
    """Imports a module of the bench folder."""
    sys.path.insert(0, str(BENCH))
    yield importlib.import_module
    sys.path.remove(str(BENCH))


GOLD = "gestern sind wir mit dem fahrrad an den see gefahren und dann wieder heim"


@pytest.mark.parametrize(
    ("line", "shared"),
    [
        (GOLD, True),
        ("ach gestern sind wir mit dem fahrrad an den see", True),
        ("gestern sind wir mit dem fahrrad an die see gefahren und dann", False),
        ("mit dem fahrrad an den see", True),
        ("mit dem rad an den see gefahren", False),
        ("an den see", False),
        ("昨日の夜川のそばの家", True),
        ("昨日の朝川のそばの家", False),
    ],
)
def test_a_line_that_shares_a_passage_with_gold_text_is_found(bench, line, shared):
    gold = bench("language_text").Gold([GOLD, "昨日の夜川のそばの家で食べた"])
    assert gold.shares(line) == shared


def test_held_out_is_a_whole_source_or_one_line_in_twenty(bench):
    text = bench("language_text")
    many = [f"satz nummer {n} im wald" for n in range(400)]
    other = [f"knopf {n} drücken" for n in range(300)]
    lines = {"deu_Latn": {"lingua": many, "mo": other}, "fao_Latn": {"mediawiki": many}}
    left, held = text.held_out(text.Text(lines, {}, {}, {}))
    assert held["deu_Latn"] == many
    assert left.lines["deu_Latn"] == {"mo": other}
    assert 5 <= len(held["fao_Latn"]) <= 40
    assert sorted([*held["fao_Latn"], *left.lines["fao_Latn"]["mediawiki"]]) == sorted(many)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("{{PLURAL:$1|een paad|$1 paaden}}", "paaden"),
        ("Luke tu [[Help:Sidj|jüdeer sidj]] <b>iin</b>", "Luke tu jüdeer sidj iin"),
        (
            "{{GENDER:$1|he|{{PLURAL:$2|she|they}}}} wrote [https://a.example text]",
            "they wrote text",
        ),
        ("%1$s: %d & {{SITENAME}}", ": &"),
    ],
)
def test_of_a_message_what_a_reader_sees_is_left(bench, message, shown):
    assert " ".join(bench("language_packages").plain(message).split()) == shown


@pytest.mark.parametrize(
    ("code", "language"),
    [
        *(("sr-el", "srp"), ("nb", "nob"), ("no", "nob"), ("bat-smg", "sgs"), ("pt-br", "por")),
        *(("sh", ""), ("sh-latn", ""), ("sh-cyrl", ""), ("simple", ""), ("ceb", "ceb")),
    ],
)
def test_a_translators_code_is_one_of_ours_or_none_to_learn_from(bench, code, language):
    assert bench("language_packages")._language(code) == language


def test_prose_comes_first_and_sources_give_alike(bench):
    sources = {
        "lingua": [f"satz {n}" for n in range(10)],
        "mo": [f"eine lange zeile von einem programm {n}" for n in range(100)] + ["kurz"],
        "firefox": [f"eine lange zeile vom browser {n}" for n in range(100)],
    }
    chosen = bench("language_lines").choose(sources, 50, random.Random(1))
    assert chosen[:10] == sorted(chosen[:10], key=lambda line: chosen.index(line))
    assert set(chosen[:10]) == set(sources["lingua"])
    assert sum("programm" in line for line in chosen) == 20
    assert sum("browser" in line for line in chosen) == 20
    assert "kurz" not in chosen


def test_close_languages_are_taught_by_the_same_sources(bench):
    close, text = bench("language_close"), bench("language_text")
    lines = {
        "ast_Latn": {"mo": [f"llinia {n}" for n in range(30)], "ud": ["una frase"] * 9},
        "spa_Latn": {"mo": [f"línea {n}" for n in range(90)]},
    }
    found = close.examples("asturian-spanish", text.Text(lines, {}, {}, {}))
    counts = [sum(line.startswith(f"__label__{code} ") for line in found) for code in lines]
    assert counts == [30, 30]
    assert not any("frase" in line for line in found)


def test_serbian_in_cyrillic_teaches_serbian_in_latin_letters(bench):
    close, text = bench("language_close"), bench("language_text")
    one = {"mo": ["nova riječ"]}
    lines = {"bos_Latn": one, "hrv_Latn": one, "srp_Latn": {}, "srp_Cyrl": {"mo": ["џеп њихов"]}}
    found = close.examples("serbo-croatian", text.Text(lines, {}, {}, {}))
    words = {word for line in found if "srp" in line for word in line.split()[1:]}
    assert words == {"džep", "njihov"}


def test_lines_of_counted_words_have_each_as_often_as_it_was_met(bench, tmp_path):
    packages = bench("language_packages")
    (tmp_path / "smj.wm").write_text("900\tja\n100\tle\n\n", encoding="utf-8")
    lines = list(packages._made_up("smj", tmp_path))
    assert lines == list(packages._made_up("smj", tmp_path))
    assert {(line.language, line.source) for line in lines} == {("smj", "gielladetect")}
    words = [word for line in lines for word in line.text.split()]
    assert words.count("ja") / len(words) == pytest.approx(0.9, abs=0.02)
    assert all(6 <= len(line.text.split()) <= 16 for line in lines)
