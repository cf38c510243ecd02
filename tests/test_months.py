"""Chains of releases, and what of them a build compares."""

import json
from collections import Counter

import msgspec
import numpy as np
import pytest
from test_deduplicate import in_parts, planted

from florilegium.dedup.decisions import Reason
from florilegium.dedup.methods import METHODS
from florilegium.manifests import erasures
from florilegium.manifests.chain import ChainError, chain_of
from florilegium.manifests.manifest import FORMAT
from florilegium.pipelines.duplicates.entries import View
from florilegium.pipelines.duplicates.index import IndexFile
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.months import narrow
from florilegium.pipelines.months.narrow import only_needed
from florilegium.pipelines.recipe import Duplicates

pytest_plugins = ["test_deduplicate", "test_incremental"]

THIN = {  # so that few of the earlier documents have anything to do with new ones
    "fast-similarity-sketch": {
        "ids": 900, "texts": 700, "templates": 40, "urls": 700, "changes": 160,
    },
    "minhash": {"ids": 900, "texts": 700, "templates": 60, "urls": 700, "changes": 60},
}  # fmt: skip

COUNTED = ("unchanged", "changed", "copies", "gone", "opted_out", "erased")


def told(found):
    """Decisions without the rows of published documents, which are numbered anew."""
    return [(row, kept >> 32, *rest) for row, kept, *rest in found]


def rows_of(files):
    return sum(len(np.load(msgspec.json.decode(one, type=IndexFile).path)) for one in files if one)


@pytest.mark.parametrize("scope", ["global", "snapshot"])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("method", METHODS)
def test_what_is_not_read_makes_no_difference(
    method, seed, scope, decided, many_partitions, indexed, tmp_path
):
    documents = planted(seed, 500, **THIN[method], method=METHODS[method])
    documents["time"] = np.random.default_rng(seed).integers(0, 90 * 86_400, 500)
    new, old = in_parts(documents[:40], 2), in_parts(documents[40:], 5)
    settings = Duplicates(method=method, scope=scope)
    published = indexed(old, METHODS[method])
    whole = decided(new, settings, published=published)
    parts = [(n, str(tmp_path / f"{n}.npy")) for n in range(len(new))]
    view = View(METHODS[method], "longest", scope, len(new))
    needed = only_needed(parts, published, view, tmp_path / "earlier", Embedded())
    assert told(decided(new, settings, published=needed)) == told(whole)
    assert rows_of(needed) < rows_of(published)
    assert Counter(row[4] for row in whole)[Reason.KEPT] < len(whole)


def test_of_an_index_without_anything_in_common_nothing_is_left(indexed, tmp_path):
    new, old = planted(1, 20), planted(2, 50)
    for field in ("id", "text", "bands", "url", "address"):
        old[field] = ~old[field]
    np.save(tmp_path / "0.npy", new)
    files = indexed([old])
    parts, view = [(0, str(tmp_path / "0.npy"))], View(published=1)
    assert only_needed(parts, files, view, tmp_path / "earlier", Embedded()) == [""]


def test_too_much_that_is_new_is_compared_with_all(indexed, tmp_path, monkeypatch):
    monkeypatch.setattr(narrow, "MOST_NEW", 19)
    np.save(tmp_path / "0.npy", planted(1, 20))
    files = indexed([planted(2, 50)])
    parts, view = [(0, str(tmp_path / "0.npy"))], View(published=1)
    assert only_needed(parts, files, view, tmp_path / "earlier", Embedded()) == files


@pytest.fixture
def shelf(tmp_path):
    """Writes what manifests say of the places of their releases."""

    def put(
        build_id,
        against=(),
        parent=None,
        log=0,
        documents=10,
        name="corpus",
        earlier=None,
        before=(),
    ):
        place = tmp_path / name / build_id
        place.mkdir(parents=True)
        tables = [{"path": erasures.PATH, "rows": log}] if log else []
        said = {
            "format": FORMAT, "name": name, "build_id": build_id, "documents": documents,
            "languages": [{"tokens": 2 * documents}], "tables": tables,
            "against": [
                {"name": of, "build_id": one, "documents": 10}
                for of, _, one in (text.rpartition("/") for text in against)
            ],
        }  # fmt: skip
        if earlier is not None:
            said["month"] = {
                "made_of": "", "came": {}, "whole": {}, "earlier": earlier,
                **dict.fromkeys(COUNTED, 0),
            }  # fmt: skip
        if parent is not None:
            said["parent"] = {"build_id": parent, "documents": 10, "before": list(before)}
        (place / "manifest.json").write_text(json.dumps(said))
        return place

    return put


def test_a_chain_is_all_that_its_head_was_built_on_in_the_newest_versions(shelf):
    shelf("r1")
    shelf("e1", parent="r1", log=1, documents=9)
    shelf("e2", parent="r1", log=2, documents=8)
    shelf("e3", parent="e1", before=["r1"], log=3, documents=7)
    shelf("r2", against=["corpus/r1"])
    head = shelf("r3", against=["corpus/r1", "corpus/r2"])
    shelf("other", against=["corpus/r1"])
    links = chain_of(head).links
    assert [(link.form.build_id, link.origin) for link in links] == [
        ("e3", "r1"), ("r2", "r2"), ("r3", "r3")
    ]  # fmt: skip
    assert [link.before - link.form.documents for link in links] == [3, 0, 0]
    assert sum(link.form.tokens for link in links) == 54


def test_a_head_that_was_made_anew_stands_for_the_old_one(shelf):
    shelf("r1")
    old = shelf("r2", against=["corpus/r1"])
    shelf("e2", against=["corpus/r1"], parent="r2", log=1, documents=4)
    links = chain_of(old).links
    assert [link.form.build_id for link in links] == ["r1", "e2"]
    assert links[-1].before - links[-1].form.documents == 6


@pytest.mark.parametrize("removed", [False, True])
def test_of_two_that_were_made_of_the_same_the_longer_log_counts(removed, shelf):
    if not removed:
        shelf("r1")
    shelf("e1", parent="r1", log=1, documents=9)
    shelf("e2", parent="r1", log=2, documents=7)
    links = chain_of(shelf("r2", against=["corpus/e1"])).links
    assert [(link.form.build_id, link.origin) for link in links] == [("e2", "r1"), ("r2", "r2")]


def test_what_was_made_of_a_release_stands_for_it_though_that_is_removed(shelf):
    shelf("e1", parent="r1", log=1, documents=9)
    links = chain_of(shelf("r2", against=["corpus/r1"])).links
    assert [(link.form.build_id, link.origin) for link in links] == [("e1", "r1"), ("r2", "r2")]


@pytest.mark.parametrize("named", ["r1", "e1", "e2"])
def test_what_stands_for_a_release_is_known_though_all_older_versions_are_removed(named, shelf):
    shelf("e3", parent="e2", before=["r1", "e1"], log=3, documents=7)
    links = chain_of(shelf("r2", against=[f"corpus/{named}"])).links
    assert [(link.form.build_id, link.origin) for link in links] == [("e3", "r1"), ("r2", "r2")]


def test_a_release_of_another_corpus_is_no_part_of_the_chain_but_built_against(shelf):
    other = shelf("x", name="other")
    chain = chain_of(shelf("r1", against=["other/x"]))
    assert [link.form.build_id for link in chain.links] == ["r1"]
    assert chain.others == (other,)


def test_a_chain_that_is_not_whole_is_refused(shelf):
    head = shelf("r2", against=["corpus/r1"])
    with pytest.raises(ChainError, match="corpus/r1 is not there, and corpus/r2 was built on it"):
        chain_of(head)


@pytest.mark.parametrize(("missing", "month"), [("corpus/r1", []), ("other/x", None)])
def test_a_release_elsewhere_may_be_missing_and_is_found_if_it_is_said_where_it_is(
    missing, month, shelf
):
    head, there = shelf("r2", against=[missing], earlier=month), shelf("copy", name="elsewhere")
    assert (chain_of(head).others, chain_of(head).missing) == ((), (missing,))
    name, _, build_id = missing.partition("/")
    found = chain_of(head, {(name, build_id): there})
    assert (found.others, found.missing) == ((there,), ())


def test_what_is_wrong_with_a_manifest_is_said_with_its_name(shelf):
    head = shelf("r1")
    (head / "manifest.json").write_text("{")
    with pytest.raises(ValueError, match=r"r1/manifest\.json: .*truncated"):
        chain_of(head)
