from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from florilegium.dedup.decisions import entry_of, ranking, stored_by
from florilegium.dedup.methods import FAST_SIMILARITY
from florilegium.dedup.policy import RANKED, Keep, priorities, quantised
from florilegium.filters.catalogue import DEFAULTS
from florilegium.filters.licence_names import UNLICENSED, strictness
from florilegium.filters.measures import counts, customs, measure
from florilegium.filters.standing import standing
from florilegium.manifests.counts import Counts
from florilegium.pipelines.duplicates.deduplicate import write_decisions
from florilegium.pipelines.duplicates.settings import Duplicates
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.harvest.harvest import stored

EXACT = Duplicates(addresses=False, near=False)

COPIES = [
    (900, 30, 15, 90),
    (900, 20, 15, 91),
    (500, 10, 2, 255),
    (500, 40, 2, 255),
    (100, 40, 0, 0),
]
"""Bytes, time of capture, strictness of the licence, quality."""


def ranked(rows):
    return np.array(rows, RANKED)


def prose_counts(prose):
    """The counts of a text that breaks no rule."""
    text = "\n".join(prose)
    return counts(measure([text], [customs("deu_Latn")])[0])


@pytest.mark.parametrize(
    ("keep", "order"),
    [
        ("longest", [1, 0, 2, 3, 4]),
        ("earliest", [2, 1, 0, 3, 4]),
        ("latest", [3, 4, 0, 1, 2]),
        ("licence", [4, 2, 3, 1, 0]),
        ("best", [2, 3, 1, 0, 4]),
    ],
)
def test_copies_are_ranked_as_the_recipe_wants(keep, order):
    assert np.argsort(priorities(ranked(COPIES), keep), kind="stable").tolist() == order


WORD, BYTE = st.integers(0, 2**32 - 1), st.integers(0, 255)


@given(st.tuples(WORD, WORD, st.integers(0, 15), BYTE))
def test_no_priority_reaches_the_highest_bit(row):
    for keep in get_args(Keep):
        assert int(priorities(ranked([row]), keep)[0]) < 1 << 63


@pytest.mark.parametrize("keep", get_args(Keep))
def test_equals_are_told_apart_by_their_ids_whatever_their_order(keep):
    entries = np.zeros(5, entry_of(FAST_SIMILARITY))
    entries["priority"] = priorities(ranked([(500, 10, 2, 99)] * 5), keep)
    entries["id"][:, 0] = [3, 1, 4, 0, 2]
    entries["id"][:, 15] = [9, 8, 7, 6, 5]
    assert ranking(entries).tolist() == [3, 1, 4, 0, 2]
    assert ranking(entries[::-1]).tolist() == [1, 3, 0, 4, 2]


@pytest.mark.parametrize("keep", get_args(Keep))
def test_the_best_of_equal_words_stays_and_of_equals_the_smallest_id(keep, tmp_path):
    rows = np.zeros(len(COPIES) + 1, stored_by(FAST_SIMILARITY))
    for name, column in zip(RANKED.names, zip(*COPIES, COPIES[0], strict=True), strict=True):
        rows[name] = column
    rows["id"][:, 0] = np.arange(len(rows))[::-1]  # the last, equal to the first, has the smaller
    rows["url"] = rows["address"] = np.arange(len(rows))
    rows["words"], rows["text"] = 9, 7
    np.save(tmp_path / "0.npy", rows)
    parts = [(0, str(tmp_path / "0.npy"))]
    Embedded().run(lambda root: write_decisions(root, parts, tmp_path / "out", EXACT, keep))
    found = np.load(tmp_path / "out" / "000000.npy")
    order = np.argsort(priorities(rows, keep), kind="stable").tolist()
    expected = len(rows) - 1 if order[0] == 0 else order[0]
    assert set(found["kept_row"].tolist()) == {expected}
    assert found["size"].max() == len(rows)


def test_a_score_is_a_byte_and_no_score_the_least():
    assert [quantised(score) for score in (None, 0.0, 0.001, 0.5, 1.0)] == [0, 0, 0, 128, 255]


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_score_is_no_lower_byte(one, other):
    assert (quantised(one) <= quantised(other)) or one > other


def test_the_fewer_rules_a_text_breaks_and_the_surer_its_extraction_the_better(document, prose):
    whole = prose_counts(prose)
    one = document(1, counts=whole, lang_score=0.99, foreign_share=0.0)
    assert [rule(one) for rule in DEFAULTS] == [None] * len(DEFAULTS)
    ranks = [
        replace(one, extraction_confidence=0.95),
        replace(one, extraction_confidence=0.4),
        replace(one, extraction_confidence=None),
        replace(one, foreign_share=0.99, extraction_confidence=0.95),
        replace(one, foreign_share=0.99, lang_score=0.01, extraction_confidence=0.95),
        replace(one, counts=Counts(), foreign_share=1.0, lang_score=0.0, extraction_confidence=0),
    ]
    scores = [standing(rank) for rank in ranks]
    assert scores == sorted(set(scores), reverse=True)
    assert scores[:3] == [7.95 / 8, 7.4 / 8, 7 / 8]
    assert scores[3] == 6.95 / 8
    assert scores[-1] >= 0
    bytes_of = [int(one["quality"]) for one in stored(ranks, FAST_SIMILARITY)]
    assert bytes_of == [quantised(score) for score in scores]


def test_the_less_a_licence_asks_for_the_better():
    names = ["CC0-1.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-NC-2.0", "CC-BY-NC-SA-4.0",
             "CC-BY-ND-4.0", "CC-BY-NC-ND-1.0"]  # fmt: skip
    assert [strictness(name, "A") for name in names] == list(range(7))
    assert strictness("CC-PDDC", "C") == strictness("CC-PDM-1.0", "B") == 0
    assert strictness("LicenseRef-CC-BY-2.1", "B") == 1


@pytest.mark.parametrize(("name", "tier"), [(None, None), ("CC-BY-4.0", "D"), ("Beerware", "A")])
def test_weak_evidence_and_unknown_licences_are_no_licence(name, tier):
    assert strictness(name, tier) == UNLICENSED
