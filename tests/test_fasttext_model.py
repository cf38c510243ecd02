"""The compiled classifier, held against fastText itself on the packaged model."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path

import fasttext
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.filters.fasttext_model import FastText
from florilegium.filters.language import Identifier, normalise
from florilegium.filters.scripts import points_of

GOLD = Path(__file__).parent.parent.parent / "shared" / "data" / "language_id"
PACKAGED = Path(str(files("florilegium.filters") / "language.ftz"))
FILE = PACKAGED.read_bytes()

TEXTS = [
    "Auf dem Markt gibt es heute frische Äpfel, und der Bäcker hat schon früh geöffnet.",
    "L’été dernier, nous avons traversé la forêt à pied; c'était plus loin que prévu.",
    "Zítra odpoledne přijede teta z Brna a přiveze nám švestkový koláč.",
    "На площади играл оркестр, и дети танцевали до самого вечера.",
    "Το καράβι έφυγε νωρίς το πρωί και ο καιρός ήταν καλός.",
    "Ən yaxşı çay səhər tezdən dəmlənir; gecə isə hamı yatır.",
    "今日は朝から雨が降っていて、駅までの道がとても混んでいました。",
    "오늘은 아침부터 비가 와서 역까지 가는 길이 많이 막혔습니다.",
    "אתמול ירד גשם כל היום ונשארנו בבית.",
    "12 € / 14 $ & x = y; return 0; https://www.example.org/a?b=c",
    "col·lecció",
    "ß",
]


@cache
def loaded(path):
    return FastText(path.read_bytes()), fasttext.load_model(str(path)).f


def told_by_fasttext(words, path):
    classifier, oracle = loaded(path)
    predictions = oracle.predict(words + "\n", len(classifier.labels), 0.0, "strict")
    return {label.removeprefix("__label__"): score for score, label in predictions}


def told(lines, path=PACKAGED):
    classifier, _ = loaded(path)
    groups = np.zeros(len(lines), np.int64)
    everything = np.ones((1, len(classifier.labels)), np.bool_)
    families = np.full(len(classifier.labels), -1, np.int32)
    sums = classifier.sums(points_of("\n".join(lines)), np.ones(len(lines), np.bool_))
    best, scores = classifier.best_two(sums, groups, everything, families)
    assert scores[:, 2].tolist() == scores[:, 0].tolist()
    return best, scores[:, :2]


def assert_told_as_by_fasttext(lines, path=PACKAGED):
    names_of = loaded(path)[0].labels
    labels, scores = told(lines, path)
    for line, best, probabilities in zip(lines, labels, scores, strict=True):
        if not line:
            assert best.tolist() == [-1, -1]
            continue
        theirs = told_by_fasttext(line, path)
        names = [names_of[label] for label in best]
        assert probabilities == pytest.approx([theirs[name] for name in names], abs=1e-3)
        ranked = sorted(theirs.values(), reverse=True)[:2]
        assert probabilities == pytest.approx(ranked, abs=1e-3)
        assert names[0] == max(theirs, key=theirs.get) or ranked[0] - ranked[1] < 1e-3


def test_the_probability_of_a_family_is_that_of_its_admitted_members():
    classifier, _ = loaded(PACKAGED)
    count = len(classifier.labels)
    families = np.full(count, -1, np.int32)
    members = [i for i, label in enumerate(classifier.labels) if label[:3] in ("hrv", "srp", "deu")]
    families[members] = 4
    admitted = np.ones((1, count), np.bool_)
    admitted[0, classifier.labels.index("srp_Cyrl")] = False
    line = "prošloga tjedna otvorena je nova gradska knjižnica"
    zeros = np.zeros(1, np.int64)
    sums = classifier.sums(points_of(line), np.ones(1, np.bool_))
    _, scores = classifier.best_two(sums, zeros, admitted, families)
    theirs = told_by_fasttext(line, PACKAGED)
    expected = theirs["hrv_Latn"] + theirs["srp_Latn"] + theirs["deu_Latn"]
    assert scores[0, 2] == pytest.approx(expected, abs=1e-3)


def test_written_texts_are_told_as_by_fasttext():
    assert_told_as_by_fasttext([normalise(text) for text in TEXTS])


@pytest.mark.parametrize("path", sorted(PACKAGED.parent.glob("language-*.ftz")), ids=str)
def test_models_of_close_languages_tell_as_fasttext_does(path):
    assert_told_as_by_fasttext([normalise(text) for text in TEXTS], path)


def test_gold_labelled_text_is_told_as_by_fasttext():
    if not GOLD.exists():
        pytest.skip("gold-labelled text is not beside this checkout")
    rows = (GOLD / "document.jsonl").read_text(encoding="utf-8").splitlines()[::10]
    assert_told_as_by_fasttext([normalise(json.loads(row)["text"]) for row in rows])


@given(st.lists(st.text("abßдж日'· \u0301").map(normalise) | st.text().map(normalise), max_size=5))
def test_words_no_one_wrote_are_told_as_by_fasttext(lines):
    assert_told_as_by_fasttext(lines)


@given(st.lists(st.sampled_from(["", "das haus", "и вот", "x", "wörter " * 50]), min_size=1))
def test_lines_together_are_told_as_each_alone(lines):
    labels, scores = told(lines)
    for line, best, probabilities in zip(lines, labels, scores, strict=True):
        alone, alone_scores = told([line])
        assert best.tolist() == alone[0].tolist()
        assert probabilities.tolist() == alone_scores[0].tolist()


@given(st.lists(st.sampled_from(["", "das haus", "и вот", "xq", "wörter " * 50]), min_size=1))
def test_lines_added_up_are_one_text(lines):
    classifier, _ = loaded(PACKAGED)
    sums = classifier.sums(points_of("\n".join(lines)), np.ones(len(lines), np.bool_))
    whole = classifier.sums(points_of(" ".join(lines)), np.ones(1, np.bool_))
    together = classifier.with_all(sums)
    assert together.vectors[0].tolist() == whole.vectors[0].tolist()
    assert together.counts.tolist() == [*whole.counts, *sums.counts]
    assert together.vectors[1:].tolist() == sums.vectors.tolist()


def test_lines_that_are_not_wanted_come_to_nothing():
    classifier, _ = loaded(PACKAGED)
    lines = points_of("das haus\nи вот")
    some = classifier.sums(lines, np.array([False, True]))
    assert some.counts[0] == 0
    assert not some.vectors[0].any()
    assert some.vectors[1].tolist() == classifier.sums(lines, np.ones(2, bool)).vectors[1].tolist()


@pytest.mark.parametrize("size", [0, 8, 40, 64, 100, 5_000, 300_000, 2_000_000, len(FILE) - 1])
def test_half_a_model_is_refused(size):
    with pytest.raises(ValueError, match=r"\w"):
        FastText(FILE[:size])


def test_another_kind_of_model_is_refused(tmp_path):
    lines = tmp_path / "lines.txt"
    lines.write_text("__label__a one two\n__label__b three four\n" * 20)
    plain = fasttext.train_supervised(str(lines), minCount=1, dim=4, verbose=0)
    plain.save_model(str(tmp_path / "plain.bin"))
    with pytest.raises(ValueError, match="fastText model"):
        Identifier(tmp_path / "plain.bin")
    with pytest.raises(ValueError, match="not a fastText model"):
        Identifier(lines)
