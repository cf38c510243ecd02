"""What a page says of its licence is read as a person would, whatever else the page names."""

from collections import Counter

import pytest
from licence_cases import FOOTERS, MACHINES, WORDS
from licence_traps import TRAPS
from licence_unseen import UNSEEN

from florilegium.filters.licence import header_evidence, licence
from florilegium.pipelines.pages.licence_page import may_name_one
from florilegium.pipelines.pages.metadata import read

CASES = [*MACHINES, *FOOTERS, *WORDS, *TRAPS]


def found(case):
    headers = [("Link", case.header)] if case.header else []
    return licence(
        (*read(case.html).licences, *header_evidence(headers)), "https://host.example/page"
    )


@pytest.mark.parametrize("case", CASES, ids=[f"{case.lang} {case.about}" for case in CASES])
def test_a_page_has_the_licence_that_a_person_reads(case):
    mark = found(case)
    read_off = (mark.spdx, mark.tier if mark.spdx else None) if mark else (None, None)
    assert read_off == (case.licence, case.tier)


def test_there_are_enough_cases_in_enough_languages():
    assert len(CASES) >= 60
    assert len({case.lang for case in CASES}) >= 15


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ВСЕ ПРАВА ЗАЩИЩЕНЫ", True), ("VŠECHNA PRÁVA VYHRAZENA", True), ("cc by-sa", True),
        ("Tüm hakları saklıdır", True), ("\ud800 CC BY", True), ("Impressum, Kontakt", False),
    ],
)  # fmt: skip
def test_the_end_of_a_page_is_looked_at_in_any_case_and_script(words, found):
    assert may_name_one("x" * 5_000 + words) is found
    assert not may_name_one(words + "x" * 5_000)
    assert may_name_one("rel=license" + "x" * 5_000)


def precision_and_recall(cases):
    outcomes = Counter()
    for case in cases:
        mark = found(case)
        spdx = mark.spdx if mark else None
        outcomes["found"] += spdx is not None
        outcomes["there"] += case.licence is not None
        outcomes["right"] += spdx is not None and spdx == case.licence
    return outcomes["right"] / outcomes["found"], outcomes["right"] / outcomes["there"]


@pytest.mark.parametrize(
    ("name", "cases", "least_recall"),
    [("made with the rules", CASES, 0.99), ("written after the rules", UNSEEN, 0.94)],
)
def test_precision_and_recall_are_printed(name, cases, least_recall, capsys):
    precision, recall = precision_and_recall(cases)
    with capsys.disabled():
        print(f"\n{len(cases)} pages {name}: precision {precision:.3f}, recall {recall:.3f}")
    assert precision >= 0.98
    assert recall >= least_recall
