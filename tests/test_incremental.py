"""A release built on earlier ones: their documents stay, copies of them are left out and named."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace
from test_deduplicate import expected, in_parts, planted

from florilegium.dedup.decisions import Reason, stored_by
from florilegium.dedup.methods import FAST_SIMILARITY, METHODS, MINHASH
from florilegium.manifests.manifest import Earlier, encode, read
from florilegium.manifests.schema import COPIES_SCHEMA
from florilegium.manifests.verify import verify
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.duplicates.copies import EarlierFile, write_copies
from florilegium.pipelines.duplicates.entries import View, read_entries
from florilegium.pipelines.duplicates.index import (
    BadIndexError,
    IndexFile,
    index_path,
    indexed_by,
    open_index,
    read_index,
    write_index,
)
from florilegium.pipelines.duplicates.settings import Duplicates
from florilegium.pipelines.verdicts.verdict import Verdict

pytest_plugins = ["test_deduplicate"]  # for the fixtures that run the pipeline
FLORILEGIUM = [sys.executable, "-m", "florilegium.pipelines.cli.main"]
CROWDED = {  # so that some give way for every reason
    "fast-similarity-sketch": {
        "ids": 500, "texts": 160, "templates": 3, "urls": 150, "changes": 160,
    },
    "minhash": {"ids": 500, "texts": 300, "templates": 40, "urls": 600, "changes": 60},
}  # fmt: skip
ALL = set(Reason) - {Reason.KEPT}
NOT_COMPARED = ALL - {Reason.SAME_CANONICAL}


@pytest.fixture
def indexed(tmp_path):
    """Writes stored documents as files of an index, and tells of them as the pipeline wants it."""

    def write(parts, method=FAST_SIMILARITY):
        told = []
        for number, rows in enumerate(parts):
            np.save(tmp_path / "stored.npy", rows)
            table = write_index(tmp_path, number, tmp_path / "stored.npy", [1] * len(rows), method)
            file = IndexFile(str(tmp_path / table.path), table.sha256, "old/1")
            told.append(msgspec.json.encode(file).decode())
        return told

    return write


@pytest.mark.parametrize("keep", ["longest", "latest"])
@pytest.mark.parametrize("method", METHODS)
def test_new_documents_give_way_to_published_ones_as_the_rules_say(
    method, keep, decided, many_partitions, indexed, tmp_path
):
    documents = planted(11, 600, **CROWDED[method], method=METHODS[method])
    old, new = in_parts(documents[:300], 4), in_parts(documents[300:], 5)
    settings = Duplicates(method=method)
    found = decided(new, settings, keep, indexed(old, METHODS[method]))
    assert found == expected(new, settings, keep, old)
    to_old = [row for row in found if row[1] >> 32 >= len(new)]
    assert {row[4] for row in to_old} == (ALL if METHODS[method].verifies else NOT_COMPARED)
    counted = [np.load(tmp_path / "out" / f"{len(new) + n:06d}.npy") for n in range(len(old))]
    named = Counter(row[1] for row in to_old)
    assert {
        int(one["row"]): (bytes(one["kept_id"]), int(one["size"]) - 1)
        for rows in counted
        for one in rows
    } == {row: (bytes(old[(row >> 32) - len(new)]["id"][row & 0xFFFF]), n)
          for row, n in named.items()}  # fmt: skip


@pytest.mark.parametrize(("method", "named"), [("fast-similarity-sketch", 4), ("minhash", 3)])
def test_published_documents_stay_though_they_are_copies_of_one_another(
    method, named, decided, many_partitions, indexed
):
    crowded = {"templates": 1, "changes": 100, "texts": 5, "urls": 8, "method": METHODS[method]}
    old, new = planted(12, 60, **crowded), planted(13, 60, **crowded)
    new["sketch"] = old["sketch"]
    new["bands"] = old["bands"]
    parts, settings = in_parts(new, 3), Duplicates(method=method)
    found = decided(parts, settings, published=indexed([old], METHODS[method]))
    assert found == expected(parts, settings, published=[old])
    assert all(row[0] >> 32 < 3 for row in found)
    assert len({row[1] for row in found if row[1] >> 32 == 3}) >= named


@pytest.mark.parametrize("method", METHODS)
def test_how_published_documents_lie_in_files_makes_no_difference(
    method, decided, many_partitions, indexed
):
    documents = planted(14, 400, **CROWDED[method], method=METHODS[method])
    new, found, settings = in_parts(documents[200:], 3), [], Duplicates(method=method)
    for parts in (1, 7):
        old = indexed(in_parts(documents[:200], parts), METHODS[method])
        rows = decided(new, settings, published=old)
        found.append([(row[0], *row[2:]) for row in rows])
    assert found[0] == found[1]


@pytest.mark.parametrize("method", METHODS)
def test_in_a_snapshot_documents_of_different_months_never_meet(method, decided, many_partitions):
    documents = planted(15, 400, texts=60, templates=6, urls=60, method=METHODS[method])
    months = np.array(["2026-01-31T23:59:59", "2026-02-01", "2027-01-05"], "datetime64[s]")
    documents["time"] = months.astype(np.int64)[np.arange(400) % 3]
    apart, together = Duplicates(method=method, scope="snapshot"), Duplicates(method=method)
    whole = decided([documents], apart)
    removed = [row for row in whole if row[4] != Reason.KEPT]
    assert all(documents["time"][row[0]] == documents["time"][row[1]] for row in removed)
    alone = []
    for turn in range(3):
        rows = np.flatnonzero(np.arange(400) % 3 == turn)
        alone += [(rows[a], rows[b], *rest) for a, b, *rest in decided([documents[rows]], together)]
    assert sorted(alone, key=lambda row: row[0]) == whole
    reasons = ALL if METHODS[method].verifies else NOT_COMPARED
    assert {row[4] for row in removed} == reasons - {Reason.SAME_CAPTURE}


@pytest.mark.parametrize(("method", "most"), [(FAST_SIMILARITY, 418), (MINHASH, 178)])
def test_a_document_of_an_index_takes_a_few_hundred_bytes(method, most, tmp_path):
    assert indexed_by(method).itemsize == most
    np.save(tmp_path / "s.npy", np.zeros(1000, stored_by(method)))
    table = write_index(tmp_path, 0, tmp_path / "s.npy", [2] * 900 + [0] * 100, method)
    assert table.rows == 900
    assert table.file_bytes <= most * 900 + 1_000
    assert (tmp_path / table.path).stat().st_size == table.file_bytes


@pytest.fixture
def release(workshop, document):
    workshop.add([document(n) for n in range(20)])
    workshop.publish()
    workshop.seal()
    return workshop.release


def test_the_index_holds_what_was_published_and_verifies(release):
    published = open_index(release, FAST_SIMILARITY)
    (file,) = published.files
    rows = read_index(msgspec.json.encode(file).decode(), FAST_SIMILARITY)
    kept = pq.read_table(release / "data").column("id").to_pylist()
    assert len(rows) == len(kept) == published.about.documents
    assert list(verify(release)) == []
    (release / "index" / "more.npy").touch()
    assert list(verify(release)) == ["index/more.npy: not in the manifest"]


@pytest.mark.parametrize("harm", ["gone", "cut", "changed", "other rows"])
def test_a_damaged_index_is_named(harm, release):
    (file,) = open_index(release, FAST_SIMILARITY).files
    place = Path(file.path)
    content = bytearray(place.read_bytes())
    if harm == "gone":
        place.unlink()
    elif harm == "cut":
        place.write_bytes(content[:-1])
    elif harm == "changed":
        content[-1] ^= 1
        place.write_bytes(content)
    else:
        np.save(place, np.zeros(3, stored_by(FAST_SIMILARITY)))
    with pytest.raises(BadIndexError, match=r"the index of small/0123456789ab is (damaged|not)"):
        read_entries(5, msgspec.json.encode(file).decode(), View(published=5))
    if harm != "changed":  # before any work
        with pytest.raises(BadIndexError, match=r"the index of .* is (damaged|not whole)"):
            open_index(release, FAST_SIMILARITY)


@pytest.mark.parametrize("method", [MINHASH, replace(FAST_SIMILARITY, format="fss512-w3-fold9")])
def test_an_index_of_another_method_or_format_is_refused(method, release):
    with pytest.raises(
        BadIndexError, match=rf"has the format fss256-.*: this build makes {method.format}-"
    ):
        open_index(release, method)


def test_a_release_without_an_index_and_a_folder_without_a_release_are_refused(release, tmp_path):
    with pytest.raises(BadIndexError, match="is no release"):
        open_index(tmp_path / "nothing", FAST_SIMILARITY)
    manifest = read(release)
    index = index_path(0, FAST_SIMILARITY)
    tables = tuple(t for t in manifest.tables if t.path != index)
    (release / "manifest.json").write_bytes(encode(replace(manifest, tables=tables)))
    with pytest.raises(BadIndexError, match="has no index"):
        open_index(release, FAST_SIMILARITY)


def build(out, recipe, *inputs, against=(), workers=1):
    named = [part for name in inputs for part in ("--input", str(name))]
    named += [part for name in against for part in ("--against", str(name))]
    command = ["build", str(recipe), *named, "--out", str(out), "--workers", str(workers)]
    return subprocess.run(
        [*FLORILEGIUM, *command, "--output", "json"], capture_output=True, text=True, timeout=500
    )


def rows_of(release, folder):
    return {row["id"]: row for row in pq.read_table(f"{release}/{folder}").to_pylist()}


def test_a_build_on_another_leaves_out_its_documents_and_names_them(tmp_path):
    warcs = pack(tmp_path / "warc")
    first = json.loads(build(tmp_path / "a", "demo", *warcs[:2]).stdout)
    done = build(tmp_path / "b", "demo", *warcs, against=[tmp_path / "a" / "demo" / "latest"])
    second = json.loads(done.stdout)
    again = build(tmp_path / "c", "demo", *warcs, against=[first["release"]], workers=2)
    assert json.loads(again.stdout)["root"] == second["root"]
    assert json.loads(again.stdout)["build_id"] == second["build_id"]
    old, new = rows_of(first["release"], "data"), rows_of(second["release"], "data")
    assert old
    assert new
    assert not old.keys() & new.keys()
    lost = pq.read_table(f"{second['release']}/audit/losses").to_pylist()
    named = [row for row in lost if row["dup_release"] is not None]
    assert {row["dup_release"] for row in named} == {f"demo/{first['build_id']}"}
    assert {row["dup_of"] for row in named} == old.keys()
    copies = [row for row in lost if row["dup_of"] and row["dup_release"] is None]
    assert all(row["dup_of"] not in old for row in copies)
    manifest = json.loads(Path(second["release"], "manifest.json").read_bytes())
    assert [one["build_id"] for one in manifest["against"]] == [first["build_id"]]
    verified = subprocess.run([*FLORILEGIUM, "verify", second["release"]], capture_output=True)
    assert verified.returncode == 0, verified.stdout
    copies = pq.read_table(f"{second['release']}/audit/copies")
    assert copies.schema.equals(COPIES_SCHEMA)
    counted = {(row["release"], row["id"]): row["copies"] for row in copies.to_pylist()}
    assert counted == Counter((row["dup_release"], row["dup_of"]) for row in named)


@pytest.fixture
def later(workshop, document, decisions, tmp_path):
    """A release of twenty documents, three of which gave way to two of an earlier one."""
    old, other = document(901).id, document(902).id
    earlier = Earlier(name="old", build_id="1", root="0" * 64, documents=2)
    to_old = Reason.NEAR_DUPLICATE, Reason.EXACT_DUPLICATE
    given_way = [(3, to_old[0], old, 0), (5, to_old[1], old, 0), (8, to_old[0], other, 0)]
    workshop.add([document(n) for n in range(20)], decisions=given_way, earlier=((0, "old/1"),))
    noted = tmp_path / "noted.npy"
    decisions(noted, [(1 << 32 | 7, Reason.KEPT, old, 3), (1 << 32 | 2, Reason.KEPT, other, 2)])
    file = EarlierFile(
        number=0, earlier="old/1", decisions=str(noted), release=str(workshop.release)
    )
    workshop.verdicts.append(Verdict(copies=write_copies(file)))
    workshop.publish()
    workshop.seal(against=(earlier,))
    return workshop.release


def test_copies_of_earlier_documents_are_counted_and_verify(later, document):
    (table,) = [t for t in read(later).tables if t.path == "audit/copies/00000.parquet"]
    assert table.rows == 2
    rows = pq.read_table(later / table.path).to_pylist()
    assert rows == sorted(
        [
            {"id": document(901).id, "release": "old/1", "copies": 2},
            {"id": document(902).id, "release": "old/1", "copies": 1},
        ],
        key=lambda row: row["id"],
    )
    assert list(verify(later)) == []


@pytest.mark.parametrize(
    ("release", "copies", "finding"),
    [
        ("old/1", 1, "old/1: 3 losses to its documents, but 2 copies of them"),
        ("old/1", 4, "old/1: 3 losses to its documents, but 5 copies of them"),
        ("new/1", 2, "new/1: copies of it were left out, but the manifest does not name it"),
    ],
)
def test_copies_that_were_not_lost_are_found(release, copies, finding, later):
    path = "audit/copies/00000.parquet"
    rows = pq.read_table(later / path).to_pylist()
    largest = max(rows, key=lambda row: row["copies"])
    largest |= {"release": release, "copies": copies}
    pq.write_table(pa.Table.from_pylist(rows, COPIES_SCHEMA), later / path)
    assert finding in list(verify(later))


def test_a_table_of_something_else_in_the_place_of_copies_is_named(later):
    pq.write_table(pa.table({"id": [b"x"]}), later / "audit/copies/00000.parquet")
    found = list(verify(later))
    assert "audit/copies/00000.parquet: its columns are not those of copies" in found
    assert not [one for one in found if one.startswith("old/1")]


def test_a_recipe_for_one_release_is_not_built_on_another(tmp_path, release):
    recipe = tmp_path / "one.toml"
    recipe.write_text('name = "one"\nlanguages = ["european"]\n[duplicates]\nscope = "release"\n')
    done = build(tmp_path, recipe, *pack(tmp_path / "warc"), against=[release])
    assert done.returncode == 2
    assert "it cannot be built against another" in done.stderr
    done = build(tmp_path, "demo", tmp_path / "warc", against=[tmp_path / "warc"])
    assert done.returncode == 2
    assert "is no release" in done.stderr
