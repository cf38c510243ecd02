"""Verdicts of the profile `datatrove` against datatrove's own: golden ones, and afresh."""

import importlib.util
import json
import random
import sys
import tomllib
from pathlib import Path

import pytest

from florilegium.filters.normalise import normalise

ROOT = Path(__file__).parents[1]
TEXTS = tomllib.loads((ROOT / "tests" / "data" / "datatrove.toml").read_text("utf-8"))
GOLDEN = json.loads((ROOT / "tests" / "golden" / "datatrove.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def parity():
    path = ROOT / "bench" / "parity.py"
    spec = importlib.util.spec_from_file_location("parity", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["parity"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_judged_as_by_datatrove(parity, name):
    (found,) = parity.ours([parity.Text(normalise(TEXTS[name]), "eng_Latn")])
    assert found == GOLDEN[name]


def test_the_golden_verdicts_have_most_of_datatroves_reasons():
    reasons = {reason for verdicts in GOLDEN.values() for reason in verdicts.values() if reason}
    assert len(reasons) >= 17, sorted(reasons)
    assert GOLDEN["prose"] == dict.fromkeys(GOLDEN["prose"])


def test_texts_drawn_at_random_are_judged_as_by_datatrove(parity):
    if not parity.PEER.exists():
        pytest.skip("datatrove is not in build/peer (make bench-peer)")
    pieces = ["the", "of", "A", "b", "1", "é", "€", "•", "-", ".", "...", "…", "?", "”", "#", "[1]"]
    pieces += [
        "{",
        "lorem ipsum",
        "JavaScript",
        "use cookies",
        "one two three. ",
        "(",
        "\n",
        "\n\n",
    ]
    chance = random.Random(7)
    drawn = (" ".join(chance.choices(pieces, k=chance.randrange(1, 120))) for _ in range(400))
    texts = [
        parity.Text(text, chance.choice(["eng_Latn", "deu_Latn", "fra_Latn", "ell_Grek"]))
        for text in map(normalise, drawn)
        if text
    ]
    assert parity.ours(texts) == parity.theirs(texts)
