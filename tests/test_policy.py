import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.dedup.policy import RANKED, priorities
from florilegium.filters.licence_names import UNLICENSED, strictness

COPIES = [(900, 30, 15), (900, 20, 15), (500, 10, 2), (500, 40, 2), (100, 40, 0)]
"""Bytes, time of capture, strictness of the licence."""


def ranked(rows):
    return np.array(rows, RANKED)


@pytest.mark.parametrize(
    ("keep", "order"),
    [
        ("longest", [1, 0, 2, 3, 4]),
        ("earliest", [2, 1, 0, 3, 4]),
        ("latest", [3, 4, 0, 1, 2]),
        ("licence", [4, 2, 3, 1, 0]),
    ],
)
def test_copies_are_ranked_as_the_recipe_wants(keep, order):
    assert np.argsort(priorities(ranked(COPIES), keep), kind="stable").tolist() == order


@given(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 15)))
def test_no_priority_reaches_the_highest_bit(row):
    for keep in ("longest", "earliest", "latest", "licence"):
        assert int(priorities(ranked([row]), keep)[0]) < 1 << 63


def test_the_less_a_licence_asks_for_the_better():
    names = ["CC0-1.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-NC-2.0", "CC-BY-NC-SA-4.0",
             "CC-BY-ND-4.0", "CC-BY-NC-ND-1.0"]  # fmt: skip
    assert [strictness(name, "A") for name in names] == list(range(7))
    assert strictness("CC-PDDC", "C") == strictness("CC-PDM-1.0", "B") == 0
    assert strictness("LicenseRef-CC-BY-2.1", "B") == 1


@pytest.mark.parametrize(("name", "tier"), [(None, None), ("CC-BY-4.0", "D"), ("Beerware", "A")])
def test_weak_evidence_and_unknown_licences_are_no_licence(name, tier):
    assert strictness(name, tier) == UNLICENSED
