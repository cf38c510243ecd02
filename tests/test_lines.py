"""Lines that many pages of a host have: found over parts, measured, cut, and published so."""

from collections import Counter, defaultdict

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from florilegium.dedup.decisions import Reason
from florilegium.dedup.lines import host_hash, least_pages, lines_of, without
from florilegium.filters.host_lines import HostLines
from florilegium.filters.measures import counts, customs, measure
from florilegium.manifests.document import Document
from florilegium.manifests.location import locate
from florilegium.manifests.personal import Personal
from florilegium.manifests.schema import from_table
from florilegium.manifests.verify import verify
from florilegium.pipelines.duplicates.lines import PartWithLines, find_lines
from florilegium.pipelines.engines import packed
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.harvest.part import load as load_part
from florilegium.pipelines.overlay import Overlay, cuts_of, shares_of
from florilegium.pipelines.pages.extract import Extraction
from florilegium.pipelines.recipe import Lines, Recipe
from florilegium.pipelines.verdicts.decide import PartToDecide, decide, decide_part

MENU = ("Startseite und Aktuelles", "Über uns und unsere Arbeit", "Kontakt: <email-pii>")
RARE = "Diesen Satz haben zwei Seiten gemeinsam, mehr nicht."


def page(document, number, host="gross.example", menu=MENU, **changes):
    own = [f"Absatz {n} der Seite {number} über den Fluss und seine Ufer." for n in range(4)]
    rare = [RARE] if number in (1, 2) else []
    text = "\n".join([menu[0], *own, *rare, *menu[1:]])
    about = {"host": host, "pii": Personal(email=int(len(menu) > 2))}
    return document(number, text=text, tokens=1, **{**about, **changes})


@pytest.fixture
def pages(document):
    """A large host, a small one with the same menu, and pages that are nothing but menu."""
    large = [page(document, n) for n in range(60)]
    small = [page(document, 100 + n, "klein.example") for n in range(9)]
    empty = [document(200 + n, text="\n".join(MENU[:2]), host="gross.example") for n in range(3)]
    return [*large, *small, *empty]


SETTINGS = Lines(repeated="cut", min_pages=20, min_share=0.1, min_repeats=4)
RECIPE = Recipe(
    name="x",
    languages=("deu_Latn",),
    filters=(HostLines(max_host_lines=0.9),),
    lines=SETTINGS,
    extraction=Extraction(min_chars=80),
)


def in_order(documents):
    return sorted(documents, key=lambda one: (one.lang, one.id))


class Case:
    """Documents dealt out to parts, and what is found of repeated lines."""

    def __init__(self, home, make_part, make_decisions, documents, parts):
        self.home, self.parts, self.rows = home, [], []
        for number in range(parts):
            mine = in_order(documents[number::parts])
            make_part(home / str(number), mine, name=f"{number}.warc.gz")
            make_decisions(home / f"{number}.npy", [])
            files = home / str(number) / load_part(home / str(number)).attempt
            self.parts.append(
                PartWithLines(
                    documents=str(files / "documents.parquet"),
                    decisions=str(home / f"{number}.npy"),
                )
            )
            self.rows.append(mine)

    def find(self, recipe=RECIPE):
        out = self.home / "lines"
        Embedded().run(lambda root: find_lines(root, self.parts, recipe, out))
        return out

    def shares(self, recipe=RECIPE):
        """The share of each document that was measured, by id."""
        out = self.find(recipe)
        found = {}
        for number, rows in enumerate(self.rows):
            shares = np.load(shares_of(out, number))
            found |= {one.id: float(s) for one, s in zip(rows, shares, strict=True)}
        return {identity: share for identity, share in found.items() if share == share}


@pytest.fixture
def case(tmp_path, part, decisions):
    def make(documents, parts=3):
        home = tmp_path / f"case-{parts}"
        home.mkdir()
        return Case(home, part, decisions, documents, parts)

    return make


def expected(documents, settings=SETTINGS):
    """The rule in memory: shares by id, and which lines are repeated by host."""
    hosts = defaultdict(list)
    for one in documents:
        hosts[one.host].append([line.strip() for line in one.text.split("\n") if line.strip()])
    repeated = {}
    for host, texts in hosts.items():
        if len(texts) >= settings.min_pages:
            pages = Counter(line for lines in texts for line in set(lines))
            least = max(settings.min_repeats, int(np.ceil(settings.min_share * len(texts))))
            repeated[host] = {line for line, number in pages.items() if number >= least}
    shares = {}
    for one in documents:
        if one.host in repeated:
            lines = [line.strip() for line in one.text.split("\n") if line.strip()]
            share = sum(line in repeated[one.host] for line in lines) / len(lines)
            shares[one.id] = float(np.float32(share))
    return shares, repeated


@pytest.mark.parametrize("parts", [1, 3, 10])
def test_the_shares_are_those_of_the_rule_in_memory_however_documents_lie(parts, case, pages):
    found = case(pages, parts).shares()
    shares, repeated = expected(pages)
    assert found == shares
    assert repeated == {"gross.example": set(MENU)}
    assert set(found.values()) == {float(np.float32(s)) for s in (3 / 7, 3 / 8, 1)}


def test_lines_in_many_small_pieces_and_any_order_give_the_same(case, pages, monkeypatch):
    monkeypatch.setattr(packed, "PIECE_BYTES", 1)
    assert case(pages).shares() == expected(pages)[0]


def test_copies_do_not_make_the_lines_of_a_page_repeated(case, document, decisions):
    """A page that was captured ten times stands for one."""
    others = [page(document, n, menu=("a", "b")) for n in range(30)]
    copies = [page(document, 50, id=bytes([n]) * 16) for n in range(10)]
    one = case([*others, *copies], 1)
    gone = [n for n, row in enumerate(one.rows[0]) if row in copies[1:]]
    kept = copies[0].id
    decisions(one.home / "0.npy", [(n, Reason.EXACT_DUPLICATE, kept, 0) for n in gone])
    shares = one.shares()
    assert kept in shares
    assert shares == expected([*others, copies[0]])[0]
    assert not shares.keys() & {row.id for row in copies[1:]}


def test_what_was_cut_is_told_anew_and_all_else_stays(case, pages):
    one = case(pages)
    out = one.find()
    shares, repeated = expected(pages)
    for number, rows in enumerate(one.rows):
        with Overlay(out, number) as overlay:
            table = pq.read_table(one.parts[number].documents)
            found = from_table(overlay.applied(table, 0), Document)
            facts = list(overlay.facts(one.home / one.parts[number].documents))
        assert [f.id for f in facts] == [d.id for d in rows]
        for before, after in zip(rows, found, strict=True):
            share = shares.get(before.id)
            assert after.host_line_share == share
            if not share:
                assert after == replace(before, host_line_share=share, warc=after.warc)
                continue
            lines = [x for x in before.text.split("\n") if x not in repeated[before.host]]
            assert after.text == "\n".join(lines)
            (row,) = measure([after.text], [customs("deu_Latn")])
            assert after.counts == counts(row)
            assert (after.chars, after.text_bytes) == (len(after.text), len(after.text.encode()))
            assert after.pii.email == 0 == after.text.count("<email-pii>")
            assert (after.tokens == 0) == (after.text == "")


def test_some_documents_of_a_part_are_changed_like_all(case, pages):
    one = case(pages, 1)
    out = one.find()
    table = pq.read_table(one.parts[0].documents)
    with Overlay(out, 0) as overlay:
        whole = overlay.applied(table, 0)
        pieces = [overlay.applied(table.slice(n, 7), n) for n in range(0, len(table), 7)]
    assert pa.concat_tables(pieces).equals(whole)
    with Overlay(None, 0) as nothing:
        assert nothing.applied(table, 0) is table


def test_a_part_in_which_nothing_is_repeated_stays_as_it_is(case, document):
    large = [page(document, n) for n in range(30)]
    alone = [document(100 + n, host="andere.example") for n in range(30)]
    one = case([both for pair in zip(large, alone, strict=True) for both in pair], 2)
    out = one.find()
    assert np.load(shares_of(out, 1)).tolist() == [0.0] * 30
    table = pq.read_table(one.parts[1].documents)
    with Overlay(out, 1) as overlay:
        assert overlay.applied(table, 0).column("text").equals(table.column("text"))
        assert len(list(overlay.facts(locate(one.parts[1].documents)))) == 30


def test_counting_leaves_texts_alone(case, pages):
    one = case(pages)
    recipe = replace(RECIPE, lines=replace(SETTINGS, repeated="count"))
    assert one.shares(recipe) == expected(pages)[0]
    assert not any(cuts_of(one.home / "lines", n).exists() for n in range(3))


def test_a_release_of_cut_texts_verifies_and_names_pages_of_which_nothing_was_left(
    workshop, pages, decisions, tmp_path
):
    workshop.recipe = replace(RECIPE, shards=workshop.recipe.shards)
    workshop.add(pages[::2])
    workshop.add(pages[1::2])
    todo = [
        PartWithLines(documents=one.documents, decisions=str(workshop.home / f"decisions-{n}.npy"))
        for n, one in enumerate(workshop.to_publish)
    ]
    out = tmp_path / "lines"
    Embedded().run(lambda root: find_lines(root, todo, workshop.recipe, out))
    workshop.todo = [replace(one, lines=str(out)) for one in workshop.todo]
    workshop.to_publish = [
        replace(one, lines=str(out), ordinal=n) for n, one in enumerate(workshop.to_publish)
    ]
    workshop.verdicts = [decide_part(one, workshop.recipe) for one in workshop.todo]
    workshop.publish()
    workshop.seal()
    assert list(verify(workshop.release)) == []
    rows = pq.read_table(workshop.release / "data").to_pylist()
    assert len(rows) == 69
    large = [row for row in rows if row["host"] == "gross.example"]
    assert not any(line in row["text"] for row in large for line in MENU)
    assert {row["host_line_share"] for row in rows if row["host"] == "klein.example"} == {None}
    lost = pq.read_table(workshop.release / "audit" / "losses").to_pylist()
    assert [(x["stage"], x["rule"], x["value"], x["limit"]) for x in lost] == [
        ("duplicates", "repeated_lines", 0, 80)
    ] * 3


def shuffled(root):
    """The coders of all that is grouped in a graph, by the step that groups it."""
    found = root.to_runner_api().components

    def urns(coder):
        parts = found.coders[coder].component_coder_ids
        return [found.coders[coder].spec.urn.split(":")[2], *map(urns, parts)]

    return {
        step.unique_name.rsplit("/", 1)[0]: urns(found.pcollections[source].coder_id)
        for step in found.transforms.values()
        if step.spec.urn == "beam:transform:group_by_key:v1"
        for source in step.inputs.values()
    }


def test_every_key_of_lines_and_of_hosts_is_an_integer(tmp_path):
    """Anything else would travel as a pickle, which need not be the same for the same key."""
    lines, decisions = beam.Pipeline(), beam.Pipeline()
    find_lines(lines, [PartWithLines(documents="a", decisions="b")], RECIPE, tmp_path)
    one = PartToDecide(
        ordinal=0, part="a", decisions="b", verdict="c", release="d", ledger="e.parquet"
    )
    decide(decisions, [one], [1], RECIPE, tmp_path / "total", Embedded())
    grouped = {**shuffled(lines), **shuffled(decisions)}
    assert {"GroupByHost", "GroupByLine", "JoinHosts/CoGroupByKeyImpl"} <= grouped.keys()
    assert len(grouped) >= 5
    for name, (kind, key, _) in grouped.items():
        assert kind == "kv"
        if "add up" not in name:  # its one key is None
            assert key == ["varint"], name


def test_a_line_is_known_by_host_and_words_alone():
    one, other = host_hash("a.example"), host_hash("b.example")
    assert lines_of(" Menü \n\n  \nText\nMenü", one) == lines_of("Menü\nText\nMenü", one)
    assert set(lines_of("Menü", one)).isdisjoint(lines_of("Menü", other))
    (menu,) = lines_of("Menü", one)
    assert without("Menü\nText\n\n Menü\nEnde", one, frozenset([menu])) == "Text\n\nEnde"


@pytest.mark.parametrize(("pages", "least"), [(50, 10), (200, 10), (201, 11), (1_000_000, 50_000)])
def test_a_line_must_stand_on_a_share_of_the_pages_and_on_some_at_least(pages, least):
    assert least_pages(pages, 0.05, 10) == least


def test_a_page_without_a_share_passes_the_rule(document):
    rule = HostLines(max_host_lines=0.5)
    assert rule(document(1)) is None
    assert rule(document(1, host_line_share=0.5)) is None
    assert rule(document(1, host_line_share=0.6)).rule == "host_line_share"
