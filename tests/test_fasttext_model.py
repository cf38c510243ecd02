"""The compiled classifier, held against fastText itself on the packaged model."""

import json
from importlib.resources import as_file, files
from pathlib import Path

import fasttext
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.filters.fasttext_model import FastText
from florilegium.filters.language import Identifier, normalise

GOLD = Path(__file__).parent.parent.parent / "shared" / "data" / "language_id"
PACKAGED = files("florilegium.filters") / "language.ftz"
FILE = PACKAGED.read_bytes()
CLASSIFIER = FastText(FILE)
with as_file(PACKAGED) as path:
    ORACLE = fasttext.load_model(str(path)).f

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


def told_by_fasttext(words):
    predictions = ORACLE.predict(words + "\n", len(CLASSIFIER.labels), 0.0, "strict")
    return {label.removeprefix("__label__"): score for score, label in predictions}


def told(lines):
    groups = np.zeros(len(lines), np.int64)
    everything = np.ones((1, len(CLASSIFIER.labels)), np.bool_)
    families = np.full(len(CLASSIFIER.labels), -1, np.int32)
    best, scores = CLASSIFIER.best_two("\n".join(lines), groups, everything, families)
    assert scores[:, 2].tolist() == scores[:, 0].tolist()
    return best, scores[:, :2]


def assert_told_as_by_fasttext(lines):
    labels, scores = told(lines)
    for line, best, probabilities in zip(lines, labels, scores, strict=True):
        if not line:
            assert best.tolist() == [-1, -1]
            continue
        theirs = told_by_fasttext(line)
        names = [CLASSIFIER.labels[label] for label in best]
        assert probabilities == pytest.approx([theirs[name] for name in names], abs=1e-3)
        ranked = sorted(theirs.values(), reverse=True)[:2]
        assert probabilities == pytest.approx(ranked, abs=1e-3)
        assert names[0] == max(theirs, key=theirs.get) or ranked[0] - ranked[1] < 1e-3


def test_written_texts_are_told_as_by_fasttext():
    assert_told_as_by_fasttext([normalise(text) for text in TEXTS])


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


@pytest.mark.parametrize("size", [0, 8, 40, 64, 100, 5_000, 300_000, 2_000_000, 2_682_994])
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
