"""What hosts say is joined to their documents, wherever in the input it stands."""

import hashlib
import random
from pathlib import Path

import apache_beam as beam
import msgspec
import pyarrow.parquet as pq
import pytest
from fastwarc.warc import request, revisit
from hosts import CRAWLED, DAY, capture, said

from florilegium.filters.optouts.judge import Judge
from florilegium.filters.optouts.policy import Rights
from florilegium.filters.optouts.signal import Signal
from florilegium.manifests.host_record import HostRecord
from florilegium.manifests.schema import HOST_SCHEMA, from_table, to_table
from florilegium.pipelines.duplicates.entries import View, read_entries
from florilegium.pipelines.engines import bundles
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.harvest.host_records import read_host_record
from florilegium.pipelines.harvest.warc import read
from florilegium.pipelines.rights import optouts
from florilegium.pipelines.rights.judged import read_judged, refusals_of, refused
from florilegium.pipelines.rights.optouts import (
    JudgeSettings,
    PartToJudge,
    judge_documents,
    sites_known,
)
from florilegium.pipelines.verdicts.decide import decide_part

SHUT, OPEN = "User-agent: *\nDisallow: /", "User-agent: *\nDisallow:"


def taken(tmp_path, *records):
    """What is read of hosts in a WARC file of these records, and the losses of the ledger."""
    path = tmp_path / "x.warc.gz"
    path.write_bytes(b"".join(records))
    found = [read_host_record(item, path.name) for item in read(path)]
    return [one[0] if one else None for one in found], [one[1] for one in found if one]


@pytest.mark.parametrize(
    ("status", "headers", "state"),
    [
        (200, {}, "present"), (203, {}, "present"), (404, {}, "none"), (403, {}, "none"),
        (410, {}, "none"), (429, {}, "unreachable"), (500, {}, "unreachable"),
        (503, {}, "unreachable"), (301, {"Location": "/x"}, "redirect"), (304, {}, "revisit"),
        (200, {"Content-Encoding": "zstd"}, "unreachable"), (101, {}, "unreachable"),
    ],
)  # fmt: skip
def test_a_status_says_whether_a_host_speaks(tmp_path, status, headers, state):
    url = "https://A.example:443/robots.txt"
    body = SHUT if state == "present" else "not a file"
    (found,), (loss,) = taken(tmp_path, capture(url, body, status, **headers))
    assert (found.origin, found.resource) == ("https://a.example", "/robots.txt")
    assert (found.state, found.status, found.fetched) == (state, status, CRAWLED)
    assert found.body == (SHUT.encode() if state == "present" else b"")
    assert found.sha256 == hashlib.sha256(found.body).digest() or state != "present"
    assert found.location == ("/x" if state == "redirect" else None)
    assert (loss.stage, loss.rule, loss.detail) == ("read", "host_record", "/robots.txt")
    assert (loss.host, loss.warc, loss.warc_offset) == ("a.example", "x.warc.gz", 0)


def test_only_files_of_a_host_are_such_files(tmp_path):
    rsl = '<rsl xmlns="https://rslstandard.org/rsl"/>'
    records = [
        capture("https://a.example/robots.txt", OPEN),
        capture("https://a.example/.well-known/tdmrep.json", "[]"),
        capture("https://a.example/ai.txt", OPEN),
        capture("https://a.example/terms", rsl, Content_Type="application/rsl+xml"),
        capture("https://a.example/license.xml", rsl, Content_Type="text/xml"),
        capture("https://a.example/robots.txt", OPEN, kind=revisit),
        capture("https://a.example/en/robots.txt", OPEN, Content_Type="text/plain"),
        capture("https://a.example/en/ai.txt", "<p>moved", 302, Location="/ai.txt"),
        capture("https://a.example/en/robots.txt", "<p>no", 404, Content_Type="text/html"),
    ]
    others = [
        capture("https://a.example/map.xml", "<urlset/>", Content_Type="text/xml"),
        capture("https://a.example/wiki/robots.txt", "<!DOCTYPE html>", Content_Type="text/html"),
        capture("https://a.example/a/myrobots.txt", OPEN),
        capture("https://a.example/robots.txt?x", OPEN),
        capture("https://a.example/robots.txt", OPEN, kind=request),
        capture("https://a.example/x", "<p>", Link='</l>; type="application/rsl+xml"; rel=license'),
        capture("dns:a.example", "x"),
    ]
    found, losses = taken(tmp_path, *records, *others)
    assert [bool(one) for one in found] == [True] * 9 + [False] * 7
    assert len(losses) == 9
    assert found[5].state == "revisit"


def test_of_a_long_file_its_beginning_is_kept(tmp_path):
    (found,), _ = taken(tmp_path, capture("https://a.example/robots.txt", b"#" * 600_000))
    assert (found.size, len(found.body)) == (600_000, 512_000)


def test_an_unreadable_response_is_no_answer(tmp_path):
    taken(tmp_path, capture("https://a.example/robots.txt"))
    item = msgspec.structs.replace(next(read(tmp_path / "x.warc.gz")), block=b"no headers")
    host, _ = read_host_record(item, "x")
    assert (host.state, host.status) == ("unreachable", 0)


def test_captures_of_hosts_come_back_from_a_table():
    records = [said(SHUT), said(state="redirect", location="/x", refers=7)]
    assert from_table(to_table(records, HOST_SCHEMA), HostRecord) == records


class Web:
    """Parts of a web: documents, and what hosts said, dealt out at random."""

    def __init__(self, home, document, make_part):
        self.home, self.document, self.make_part = home, document, make_part

    def parts(self, urls, records, number, seed=0):
        """Write the parts; return them and the documents of each in their order."""
        chance = random.Random(seed)
        documents = [
            self.document(n, url=url, crawl_time=CRAWLED, rights=0) for n, url in enumerate(urls)
        ]
        todo, rows = [], []
        for ordinal in range(number):
            folder = self.home / f"{number}-{seed}-{ordinal}"
            mine = documents[ordinal::number]
            mine.sort(key=lambda one: (one.lang, one.id))
            made = self.make_part(folder, mine)
            files = folder / made.attempt
            heard = [one for one in records if chance.randrange(number) == ordinal]
            records = [one for one in records if one not in heard]
            heard, records = (heard + records, []) if ordinal == number - 1 else (heard, records)
            chance.shuffle(heard)
            pq.write_table(to_table(heard, HOST_SCHEMA), files / "hosts.parquet")
            todo.append(
                PartToJudge(
                    documents=str(files / "documents.parquet"), hosts=str(files / "hosts.parquet")
                )
            )
            rows.append(mine)
        return todo, rows


@pytest.fixture
def web(tmp_path, document, part):
    return Web(tmp_path, document, part)


HOSTS = ("a.example", "b.example", "www.c.example", "d.example")
PATHS = ("", "shut/1", "x?y=z")
URLS = [f"https://{host}/{path}" for host in HOSTS for path in PATHS]
URLS += ["http://a.example/", "urn:x"]
RECORDS = [
    said("User-agent: *\nDisallow: /shut"),
    said(OPEN, origin="https://b.example", at=CRAWLED - DAY),
    said("User-agent: ccbot\nDisallow: /", origin="https://b.example", at=CRAWLED + 9 * DAY),
    said(origin="https://www.c.example", state="redirect", location="https://c.example/robots.txt"),
    said(SHUT, origin="https://c.example"),
    said(SHUT, origin="https://not-in-the-corpus.example"),
]


def results(home, todo, rows, partitions, release=None):
    out = home / f"out-{len(todo)}-{partitions}"
    settings = JudgeSettings(Rights(), str(out), None if release is None else str(release))
    Embedded().run(lambda root: judge_documents(root, todo, partitions, settings))
    found = {}
    for ordinal, documents in enumerate(rows):
        table = read_judged(out, ordinal).to_pylist()
        assert len(table) == len(documents)
        assert refused(out, ordinal).tolist() == [row["rule"] is not None for row in table]
        assert refusals_of(out, ordinal) == {
            n: (row["rule"], row["detail"]) for n, row in enumerate(table) if row["rule"]
        }
        found |= {one.url: tuple(row.values()) for one, row in zip(documents, table, strict=True)}
    return found, out


@pytest.mark.parametrize(("parts", "partitions", "seed"), [(1, 1, 0), (3, 2, 1), (5, 7, 2)])
def test_verdicts_are_those_of_a_judge_who_knows_all(web, tmp_path, parts, partitions, seed):
    todo, rows = web.parts(URLS, RECORDS, parts, seed)
    found, _ = results(tmp_path, todo, rows, partitions)
    judge = Judge(RECORDS, Rights())
    expected = {}
    for url in URLS:
        one = judge.judge(url, CRAWLED, 0)
        expected[url] = (int(one.rights), one.crawl, one.build, one.rule, one.detail, one.source)
    assert found == expected
    rules = [row[3] for row in found.values()]
    assert rules.count("robots_txt") == 1 + 3 + 3
    assert found["https://a.example/shut/1"][:2] == (Signal.ROBOTS_TXT, "reserved")
    assert found["https://d.example/"][1:4] == ("unknown", "unknown", None)


def test_the_table_of_rights_holds_what_sites_with_documents_said(web, tmp_path):
    todo, rows = web.parts(URLS, RECORDS, 2)
    release = tmp_path / "release"
    _, out = results(tmp_path, todo, rows, 3, release=release)
    notes = sites_known(out)
    tables = [note.table for note in notes if note.table]
    held = [row for t in tables for row in from_table(pq.read_table(release / t.path), HostRecord)]
    assert sum(table.rows for table in tables) == len(held) == len(RECORDS) - 1
    assert {r.origin for r in held} == {r.origin for r in RECORDS[:-1]}
    states = {}
    for note in notes:
        for state, number in note.origins.items():
            states[state] = states.get(state, 0) + number
    assert states == {"present": 4, "unknown": 1}


def test_elements_of_any_size_give_the_same(web, tmp_path, monkeypatch):
    todo, rows = web.parts(URLS, RECORDS, 3)
    whole, _ = results(tmp_path, todo, rows, 2)
    monkeypatch.setattr(optouts, "_JUDGES", 1)
    monkeypatch.setattr(optouts, "_RESULTS", 2)
    monkeypatch.setattr(bundles, "RECORDS", 1)
    monkeypatch.setattr(optouts, "_PACKED_BYTES", 1)
    assert results(tmp_path, todo, rows, 3)[0] == whole


def test_sites_are_divided_so_that_a_group_fits_into_memory():
    assert optouts.partitions_for(1, 0) == 1
    assert optouts.partitions_for(17, 0) == 2
    assert optouts.partitions_for(1, 100_000) == 4


def test_every_key_is_an_integer(tmp_path):
    """Anything else would travel as a pickle, which need not be the same for the same key."""
    root = beam.Pipeline()
    judge_documents(root, [PartToJudge()], 1, JudgeSettings(Rights(), str(tmp_path)))
    graph = root.to_runner_api().components
    grouped = [t for t in graph.transforms.values() if t.spec.urn.endswith("group_by_key:v1")]
    assert len(grouped) >= 3
    for step in grouped:
        for source in step.inputs.values():
            coder = graph.coders[graph.pcollections[source].coder_id]
            key = graph.coders[coder.component_coder_ids[0]].spec.urn
            assert key == "beam:coder:varint:v1", step.unique_name


def test_a_refused_document_is_lost_by_name_and_is_compared_with_none(workshop, document, tmp_path):
    shut = document(1, url="https://a.example/shut/1", crawl_time=CRAWLED, rights=0)
    fine = document(2, url="https://d.example/", crawl_time=CRAWLED, rights=0)
    mine = sorted([shut, fine], key=lambda one: one.id)
    workshop.add(mine)
    hosts = tmp_path / "hosts.parquet"
    pq.write_table(to_table(RECORDS, HOST_SCHEMA), hosts)
    documents = workshop.to_publish[0].documents
    todo = [PartToJudge(documents=documents, hosts=str(hosts))]
    _, out = results(tmp_path, todo, [mine], 1)
    part = msgspec.structs.replace(workshop.todo[0], judged=str(out), verdict=str(tmp_path / "v"))
    verdict = decide_part(part, workshop.recipe)
    assert verdict.losses == [("rights", "robots_txt", "deu_Latn", 1)]
    (lost,) = pq.read_table(workshop.release / part.ledger).to_pylist()
    assert (lost["id"], lost["rule"]) == (shut.id, "robots_txt")
    assert lost["detail"] == "*, line 2: Disallow: /shut (at crawl)"
    stored = str(Path(documents).with_name("signatures.npy"))
    entries = read_entries(0, stored, View(judged=str(out)))
    assert entries["row"].tolist() == [mine.index(fine)]
    assert len(read_entries(0, stored, View())) == 2
