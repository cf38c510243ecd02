"""Redirects of hosts' files to other sites: what they lead to counts for who sent them there."""

import pyarrow.parquet as pq
import pytest
from hosts import CRAWLED, DAY, said

from florilegium.filters.optouts.judge import Judge
from florilegium.filters.optouts.policy import Rights
from florilegium.filters.optouts.timeline import MAX_REDIRECTS, leaves, led_to
from florilegium.manifests.host_record import HostRecord
from florilegium.manifests.schema import HOST_SCHEMA, from_table, to_table
from florilegium.pipelines.engines import bundles
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.rights.judged import read_judged
from florilegium.pipelines.rights.optouts import (
    JudgeSettings,
    PartToJudge,
    judge_documents,
    sites_known,
)

SHUT, OPEN = "User-agent: *\nDisallow: /", "User-agent: *\nDisallow:"


def moved(of, to, resource="/robots.txt", at=CRAWLED):
    place = f"{to}{resource}" if to.endswith(".example") else to
    return said(origin=of, resource=resource, state="redirect", status=301, location=place, at=at)


def host(name):
    return f"https://{name}.example"


def chain(length, end=SHUT):
    """Hosts c0, c1, ..., each of which redirects to the next; the last says something."""
    hops = [moved(host(f"c{n}"), host(f"c{n + 1}")) for n in range(length)]
    return [*hops, said(end, origin=host(f"c{length}"))]


TDM = "/.well-known/tdmrep.json"
WEB = [
    # To another site, by the other scheme, from www and by way of it.
    moved(host("a"), host("b")), said(SHUT, origin="http://b.example"),
    moved(host("www.w"), "https://b.example/robots.txt"), moved(host("w"), host("www.w")),
    # What is said of paths is said of those of the host that redirects.
    moved(host("p"), host("q")), said("User-agent: *\nDisallow: /shut", origin=host("q")),
    # A file of another name, on the same site and on another one.
    moved(host("n"), "/en/robots.txt"), said(SHUT, origin=host("n"), resource="/en/robots.txt"),
    moved(host("m"), "https://n.example/en/robots.txt"),
    # Nothing there, a failure there, to no capture, to no address, in circles.
    moved(host("e"), host("f")), said(origin=host("f"), state="none", status=404),
    moved(host("g"), host("h")), said(origin=host("h"), state="unreachable", status=503),
    moved(host("i"), host("nowhere")), moved(host("j"), "mailto:x"),
    moved(host("k"), host("l")), moved(host("l"), host("k")),
    # Another capture of the same file may lead elsewhere.
    moved(host("o"), host("b")), moved(host("o"), host("q"), at=CRAWLED + 9 * DAY),
    moved(host("t"), host("u"), TDM),
    said('[{"location": "/", "tdm-reservation": 1}]', origin=host("u"), resource=TDM),
    *chain(6),
]  # fmt: skip
NAMES = ("a", "w", "www.w", "p", "q", "n", "m", "e", "g", "i", "j", "k", "o", "t", "u",
         *(f"c{n}" for n in range(7)))  # fmt: skip
URLS = [f"{host(name)}/{path}" for name in NAMES for path in ("", "shut/1")]
EXPECTED = {
    "a": "reserved", "w": "reserved", "www.w": "reserved", "p": "allowed", "n": "reserved",
    "m": "reserved", "e": "allowed", "g": "unreachable", "i": "unknown", "j": "unknown",
    "k": "unknown", "t": "reserved", "c0": "unknown", "c1": "reserved", "c6": "reserved",
}  # fmt: skip


@pytest.fixture(scope="module")
def all_known():
    judge = Judge(WEB, Rights())
    return {url: judge.judge(url, CRAWLED, 0) for url in URLS}


def test_a_judge_who_knows_all_follows_five_redirects(all_known):
    assert MAX_REDIRECTS == 5
    found = {name: all_known[f"{host(name)}/"].crawl for name in EXPECTED}
    assert found == EXPECTED
    moved_on = all_known[f"{host('o')}/shut/1"], all_known[f"{host('o')}/"]
    assert [(one.crawl, one.build) for one in moved_on] == [
        ("reserved", "reserved"),
        ("reserved", "allowed"),
    ]


def test_the_capture_that_a_redirect_leads_to_is_the_evidence(all_known):
    found = all_known[f"{host('c1')}/"]
    assert [one.record.origin for one in found.evidence] == [host("c6")] * 2
    assert found.rule == "robots_txt"


def test_a_redirect_leaves_if_it_leads_to_another_site():
    assert leaves(moved(host("a"), host("b")))
    assert leaves(moved(host("a"), host("x.a")))
    assert not leaves(moved(host("a"), host("www.a")))
    assert not leaves(moved(host("a"), "/x"))
    assert not leaves(moved(host("a"), "https://a:b/"))
    assert not leaves(said(SHUT))
    assert led_to(moved(host("a"), "?x=y")) == (host("a"), "/robots.txt")


def dealt(home, document, make_part, number):
    """Parts of a web, captures far from the pages that they are about."""
    documents = [document(n, url=url, crawl_time=CRAWLED, rights=0) for n, url in enumerate(URLS)]
    todo, rows = [], []
    for ordinal in range(number):
        folder = home / f"{number}-{ordinal}"
        mine = sorted(documents[ordinal::number], key=lambda one: (one.lang, one.id))
        files = folder / make_part(folder, mine).attempt
        heard = WEB[::-1][ordinal::number]
        pq.write_table(to_table(heard, HOST_SCHEMA), files / "hosts.parquet")
        todo.append(
            PartToJudge(
                documents=str(files / "documents.parquet"), hosts=str(files / "hosts.parquet")
            )
        )
        rows.append(mine)
    return todo, rows


@pytest.mark.parametrize(("parts", "groups", "records"), [(1, 1, 1_000), (3, 5, 1), (2, 23, 2)])
def test_captures_anywhere_in_the_input_are_found(
    tmp_path, document, part, all_known, monkeypatch, parts, groups, records
):
    monkeypatch.setattr(bundles, "RECORDS", records)
    todo, rows = dealt(tmp_path, document, part, parts)
    settings = JudgeSettings(Rights(), str(tmp_path / "out"), str(tmp_path / "release"))
    Embedded().run(lambda root: judge_documents(root, todo, groups, settings))
    found = {}
    for ordinal, documents in enumerate(rows):
        table = read_judged(tmp_path / "out", ordinal).to_pylist()
        found |= {one.url: tuple(row.values()) for one, row in zip(documents, table, strict=True)}
    expected = {
        url: (int(one.rights), one.crawl, one.build, one.rule, one.detail, one.source)
        for url, one in all_known.items()
    }
    assert found == expected
    tables = [note.table for note in sites_known(tmp_path / "out") if note.table]
    held = [
        record
        for table in tables
        for record in from_table(pq.read_table(tmp_path / "release" / table.path), HostRecord)
    ]
    cited = {one.source for one in all_known.values() if one.source}
    assert cited <= {f"{r.warc} {r.warc_offset} {r.sha256.hex()}" for r in held}
    assert {r.origin for r in WEB} <= {r.origin for r in held}
    assert len({(r.origin, r.resource, r.fetched) for r in held}) == len(WEB)
