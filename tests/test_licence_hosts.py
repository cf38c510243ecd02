"""Pages of a host bear on the licence of each: counted over parts, published, and in a table."""

import hashlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from florilegium.dedup.decisions import Reason
from florilegium.filters.licence_hosts import Licences, added, count, settled, steps
from florilegium.manifests.schema import DOCUMENT_SCHEMA
from florilegium.manifests.verify import verify
from florilegium.pipelines.duplicates.lines import PartWithLines
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.harvest.part import load as load_part
from florilegium.pipelines.overlay import Overlay, moves
from florilegium.pipelines.publishing.seal import Draft, seal
from florilegium.pipelines.recipe import Recipe
from florilegium.pipelines.rights import licences as module
from florilegium.pipelines.rights.licences import find_licences, tables
from florilegium.pipelines.verdicts.decide import decide_part

APPLY = Licences(consensus="apply", min_pages=5, min_share=0.8)
RECIPE = Recipe(name="x", languages=("deu_Latn",), licences=APPLY)


@pytest.mark.parametrize(
    ("pages", "stated", "found"),
    [
        (4, {"CC-BY": [0, 0, 4]}, {}),
        (5, {"CC-BY": [0, 0, 4]}, {"CC-BY": -1}),
        (5, {"CC-BY": [0, 0, 3]}, {}),
        (5, {"CC-BY": [1, 1, 2], "CC-BY-ND": [0, 0, 1]}, {"CC-BY": -1}),
        (5, {"CC-BY": [0, 1, 0]}, {"CC-BY": 1}),
        (4, {"CC-BY": [0, 1, 0]}, {}),
        (900, {}, {}),
    ],
)
def test_most_pages_lift_a_licence_and_a_lone_one_is_weakened(pages, stated, found):
    assert steps(pages, stated, APPLY) == found


@pytest.mark.parametrize(
    ("tier", "move", "found"),
    [
        ("C", -1, ("B", 8)), ("B", -1, ("B", 0)), ("A", -1, ("A", 0)), ("D", -1, ("D", 0)),
        ("A", 1, ("B", 16)), ("C", 1, ("D", 16)), ("D", 1, ("D", 0)), ("C", 0, ("C", 0)),
    ],
)  # fmt: skip
def test_only_a_link_in_footers_rises_and_no_mention_falls(tier, move, found):
    assert settled("CC-BY-3.0-DE", tier, 0, {"CC-BY": move} if move else {}) == found


PAGES = st.tuples(
    st.sampled_from("ab"), st.sampled_from([None, "CC0-1.0", "CC-BY-4.0", "CC-BY-3.0-DE"]),
    st.sampled_from([None, *"ABCD"]),
)  # fmt: skip


@given(st.lists(PAGES), st.randoms(use_true_random=False))
def test_parts_add_up_to_the_whole_in_any_order(pages, random):
    halves = [count(pages[::2]), count(pages[1::2])]
    random.shuffle(halves)
    assert added(halves) == count(pages)


def pages(document):
    """A host whose footers agree, one with a lone licence, one that is small, and a copy."""
    agreed = [
        document(n, host="eins.example", license="CC-BY-SA-4.0", license_tier="C") for n in range(9)
    ]
    plain = {"license": None, "license_tier": None}
    lone = [document(20 + n, host="zwei.example", **plain) for n in range(9)]
    lone += [document(40, host="zwei.example", license="CC-BY-4.0", license_tier="A")]
    small = [document(50 + n, host="drei.example", license_tier="C") for n in range(2)]
    return [*agreed, *lone, *small]


class Case:
    """Documents dealt out to parts, and what hosts say of them."""

    def __init__(self, home, part, decisions, documents, parts, workers=1, copies=()):
        self.home, self.rows, todo = home, [], []
        for number in range(parts):
            mine = sorted(documents[number::parts], key=lambda one: (one.lang, one.id))
            part(home / str(number), mine, name=f"{number}.warc.gz")
            rows = [place for place, one in enumerate(mine) if one.id in copies]
            decisions(
                home / f"{number}.npy",
                [(number << 32 | row, Reason.EXACT_DUPLICATE, bytes(16), 0) for row in rows],
            )
            files = home / str(number) / load_part(home / str(number)).attempt
            self.rows.append((number, files / "documents.parquet", mine))
            todo.append(
                PartWithLines(
                    documents=str(files / "documents.parquet"),
                    decisions=str(home / f"{number}.npy"),
                )
            )
        self.out, self.release = home / "licences", home / "release"
        Embedded(workers).run(
            lambda root: find_licences(root, todo, RECIPE, self.out, self.release)
        )

    def tiers(self):
        """Tier and flags of each document after the pages of its host were counted, by id."""
        found = {}
        for number, place, _ in self.rows:
            with Overlay(None, number, self.out) as overlay:
                for facts in overlay.facts(place):
                    found[facts.id] = facts.license_tier, facts.license_flags
        return found

    def table(self):
        return [
            row
            for entry in tables(self.out)
            for row in pq.read_table(self.release / entry.path).to_pylist()
        ]


@pytest.mark.parametrize("parts", [1, 3])
def test_a_licence_weighs_what_its_host_says(tmp_path, part, decisions, document, parts):
    documents = pages(document)
    found = Case(tmp_path, part, decisions, documents, parts)
    tiers = found.tiers()
    assert [tiers[one.id] for one in documents[:9]] == [("B", 8)] * 9
    assert [tiers[one.id] for one in documents[9:18]] == [(None, 0)] * 9
    assert tiers[documents[18].id] == ("B", 16)
    assert [tiers[one.id] for one in documents[19:]] == [("C", 0)] * 2
    assert sorted((r["host"], r["pages"], r["license"], r["step"]) for r in found.table()) == [
        ("drei.example", 2, "CC0", 0),
        ("eins.example", 9, "CC-BY-SA", -1),
        ("zwei.example", 10, "CC-BY", 1),
    ]


def test_copies_have_no_voice(tmp_path, part, decisions, document):
    documents = pages(document)
    copies = {one.id for one in documents[:5]}
    found = Case(tmp_path, part, decisions, documents, 2, copies=copies)
    assert {found.tiers()[one.id] for one in documents[:9]} == {("C", 0)}
    assert ("eins.example", 4) in {(row["host"], row["pages"]) for row in found.table()}


def test_the_table_is_the_same_for_any_number_of_workers(
    tmp_path, part, decisions, document, monkeypatch
):
    monkeypatch.setattr(module, "_PARTS_A_PARTITION", 1)
    documents = pages(document)
    digests = []
    for workers in (1, 2):
        home = tmp_path / str(workers)
        found = Case(home, part, decisions, documents, 3, workers)
        digests.append(
            [(entry.path, entry.rows, entry.sha256) for entry in tables(found.out)]
            + [
                hashlib.sha256(path.read_bytes()).hexdigest()
                for path in sorted(found.out.glob("*.npy"))
            ]
        )
        for entry in tables(found.out):
            file = found.release / entry.path
            assert entry.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert digests[0] == digests[1]


def test_other_columns_stay_as_they_were(tmp_path, part, decisions, document):
    found = Case(tmp_path, part, decisions, pages(document), 1)
    (number, place, _) = found.rows[0]
    table = pq.read_table(place)
    with Overlay(None, number, found.out) as overlay:
        changed = overlay.applied(table, 0)
        part = overlay.applied(table.slice(3), 3)
    assert changed.schema.names == DOCUMENT_SCHEMA.names
    assert part.equals(changed.slice(3))
    moved = {"license_tier", "license_flags"}
    assert changed.drop_columns(sorted(moved)).equals(table.drop_columns(sorted(moved)))
    assert len(moves(found.out, number)) == 10


def test_a_release_has_the_settled_tiers_and_the_table_and_verifies(workshop, document, tmp_path):
    workshop.recipe = replace(workshop.recipe, licences=APPLY)
    documents = pages(document)
    workshop.add(documents[::2])
    workshop.add(documents[1::2])
    todo = [
        PartWithLines(documents=one.documents, decisions=str(workshop.home / f"decisions-{n}.npy"))
        for n, one in enumerate(workshop.to_publish)
    ]
    out = tmp_path / "licences"
    Embedded().run(lambda root: find_licences(root, todo, workshop.recipe, out, workshop.release))
    found = {"licences": str(out)}
    workshop.verdicts = [
        decide_part(replace(one, **found), workshop.recipe) for one in workshop.todo
    ]
    workshop.to_publish = [
        replace(one, ordinal=n, **found) for n, one in enumerate(workshop.to_publish)
    ]
    workshop.publish()
    draft = Draft(
        workshop.release, "0123456789ab", workshop.recipe, workshop.parts, workshop.total(),
        workshop.plans, workshop.notes, [Path(one.documents) for one in workshop.to_publish],
        hosts=tuple(tables(out)),
    )  # fmt: skip
    manifest = seal(draft)
    assert list(verify(workshop.release)) == []
    assert {(x.license, x.tier): x.documents for x in manifest.licences} == {
        (None, None): 9, ("CC-BY-4.0", "B"): 1, ("CC-BY-SA-4.0", "B"): 9, ("CC0-1.0", "C"): 2
    }  # fmt: skip
    assert "audit/licences/00000.parquet" in {table.path for table in manifest.tables}
    rows = pq.read_table(workshop.release / "data").to_pylist()
    assert {r["license_tier"] for r in rows if r["host"] == "eins.example"} == {"B"}
