"""The table of domains: cut by name, added up in any order, and compared in little room."""

import json

import pytest

from florilegium.manifests import domains
from florilegium.manifests.domains import Domain, Weighed
from florilegium.manifests.verify import verify
from florilegium.pipelines.verdicts import domains as of_domains


def test_every_domain_is_in_the_file_of_its_name_and_all_add_up_to_the_release(sealed):
    manifest = sealed.manifest
    of = domains.files(len(manifest.inputs))
    found = {}
    for table in domains.tables(manifest):
        for name, one in domains.rows(sealed.folder / table.path):
            assert table.path == domains.path_of(domains.file_of(name, of))
            found[name] = one
    assert sum(one.documents for one in found.values()) == manifest.documents
    assert sum(one.tokens for one in found.values()) == manifest.tokens
    assert sum(one.lost for one in found.values()) > 0


def test_parts_add_up_to_the_same_file_in_any_order(tmp_path):
    parts = [{f"seite-{n}.example": Domain(1, n, 2 * n, n % 2) for n in range(k)} for k in (5, 3)]
    packed = [some for part in parts for _, some in of_domains.scattered(part, 1)]
    one = of_domains.write_file(0, packed, tmp_path / "one")
    other = of_domains.write_file(0, reversed(packed), tmp_path / "other")
    assert one == other
    assert one.rows == 5
    assert dict(domains.rows(tmp_path / "one" / one.path))["seite-2.example"] == Domain(2, 4, 8, 0)


def test_hundreds_of_inputs_have_several_files_and_every_domain_one_of_them():
    assert [domains.files(inputs) for inputs in (0, 1, 32, 33, 90_000)] == [1, 1, 1, 2, 2813]
    counted = {f"seite-{n}.example": Domain(1) for n in range(100)}
    files = [number for number, _ in of_domains.scattered(counted, 4)]
    assert sorted(files) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "stated",
    [
        [("a.example", Domain(2, 5)), ("b.example", Domain(1, 5))],
        [("a.example", Domain(1, 5)), ("b.example", Domain(2, 5, 1))],
        [("a.example", Domain(1, 5)), ("c.example", Domain(2, 5))],
        [("a.example", Domain(3, 10))],
    ],
)
def test_other_numbers_weigh_otherwise_even_where_totals_agree(stated):
    weighed = Weighed()
    for name, one in [("a.example", Domain(1, 5)), ("b.example", Domain(1, 5))]:
        weighed.count(name, one)
    weighed.count("b.example", Domain(1, 0))
    for name, one in stated:
        weighed.state(name, one)
    assert weighed.counted != weighed.stated


def test_the_same_rows_in_other_pieces_weigh_the_same():
    weighed = Weighed()
    for name, one in [
        ("b.example", Domain(1, 5)),
        ("a.example", Domain(1)),
        ("b.example", Domain(lost=3)),
    ]:
        weighed.count(name, one)
    for name, one in [("a.example", Domain(1)), ("b.example", Domain(1, 5, 0, 3))]:
        weighed.state(name, one)
    assert weighed.counted == weighed.stated


def test_a_release_without_its_table_of_domains_is_found(sealed, tmp_path):
    release = sealed.copy(tmp_path)
    manifest = json.loads((release / "manifest.json").read_bytes())
    gone = [t for t in manifest["tables"] if t["path"].startswith(domains.FOLDER)]
    manifest["tables"] = [t for t in manifest["tables"] if t not in gone]
    (release / "manifest.json").write_text(json.dumps(manifest))
    for table in gone:
        (release / table["path"]).unlink()
    found = list(verify(release, depth="tables"))
    assert found[0] == f"{domains.FOLDER}: 0 documents, the manifest says {manifest['documents']}"
