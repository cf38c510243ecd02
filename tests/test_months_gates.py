"""Months and gates: canaries are no part of a month, and a staged release is no parent."""

from erasing import florilegium
from test_months_build import CLOSED, FIRST, RECIPE, Months, at, file_of

import florilegium as door
from florilegium.manifests import manifest as manifests
from florilegium.manifests.verify import verify
from florilegium.pipelines.gates.settings import NAMES
from florilegium.pipelines.recipe import load

CANARIES = RECIPE + "[gates]\ncanaries = true\n"
OTHERS = [name for name in NAMES if name != "documents"]
STRICT = RECIPE + f"[gates]\nmin_documents = 1\nmax_fall = 0.5\noff = {OTHERS}\n"
"""A month of a document is too small after one of four."""


def test_the_shipped_recipe_is_the_default_that_grows_and_lets_a_month_be_of_any_size():
    found, plain = load("monthly"), load("european")
    assert found.parent == "latest"
    assert (found.filters, found.languages) == (plain.filters, plain.languages)
    assert found.gates.canaries
    assert {"documents", "tokens", "languages"} < set(found.gates.off)


def test_canaries_are_planted_each_month_and_are_no_part_of_it(tmp_path):
    months = Months(tmp_path)
    months.recipe(CANARIES)
    first = months.build("1", FIRST)
    second = months.build("2", [at("d", 5, 1), at("a", 1, 1), file_of("b", CLOSED, 1)])
    told = (second.came.documents, second.unchanged, second.copies, second.opted_out, second.gone)
    assert (first.came.documents, told) == (4, (1, 1, 0, 1, 0))
    assert len(months.corpus) == second.whole.documents == 4
    assert all(list(verify(one.place)) == [] for one in months.corpus.releases)
    losses = manifests.read(months.latest).funnel
    assert sum(sum(one.lost.values()) for one in losses if one.stage == "canary")
    months.build("2", code=3)


def test_a_staged_month_is_no_parent_until_it_is_promoted(tmp_path):
    months = Months(tmp_path)
    months.recipe(STRICT)
    months.build("1", FIRST)
    first = months.latest
    new = [at("d", 5, 1), file_of("b", CLOSED, 1)]
    assert "failed documents" in months.build("2", new, code=4).stderr
    assert "https://b.example/3" not in months.held
    assert manifests.read(months.latest).parent.build_id == first.name
    assert len(months.corpus.releases) == 1
    assert "failed documents" in months.build("2", code=4).stderr

    (staged,) = (
        one.parent
        for one in months.home.glob("*/manifest.json")
        if not one.parent.is_symlink() and manifests.read(one.parent).against
    )
    florilegium("promote", staged, "--despite", "documents", "--because", "a short month")
    months.build("2", code=3)
    third = months.build("3", [at("d", 5, 2), at("e", 6, 2)])
    assert [one.build_id for one in third.earlier][-1] == staged.name
    assert (third.came.documents, third.unchanged) == (1, 1)


def test_a_corpus_goes_on_from_where_it_went_back_to(tmp_path):
    months = Months(tmp_path)
    months.recipe(RECIPE)
    months.build("1", FIRST)
    first = months.latest
    months.build("2", [at("d", 5, 1)])
    florilegium("promote", "--back", months.home)
    assert months.latest == first
    third = months.build("3", [at("d", 5, 2)])
    assert [one.build_id for one in third.earlier] == [first.name]
    assert third.came.documents == 1
    assert len(door.open_corpus(months.home / "latest").releases) == 2
