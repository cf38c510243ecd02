"""Common Crawl's files of robots.txt: one of that layout, and the rights that follow from it.

There, a file below `robotstxt/` begins with a `warcinfo`; each fetch has a request, a response and
a record of metadata, each in a gzip member of its own. Bodies are stored decoded, and the headers
that no longer hold are renamed (`X-Crawl-Content-Encoding`). Redirects and what they lead to stand
there like everything else, as do failures, and pages that are no robots.txt.
"""

import gzip
import uuid

import pyarrow.parquet as pq
import pytest
from hosts import CRAWLED

from florilegium.filters.optouts.policy import Rights
from florilegium.manifests.host_record import HostRecord
from florilegium.manifests.schema import HOST_SCHEMA, from_table, to_table
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.harvest.host_records import read_host_record
from florilegium.pipelines.harvest.warc import read
from florilegium.pipelines.pages.page import Page, read_page
from florilegium.pipelines.rights.judged import read_judged
from florilegium.pipelines.rights.optouts import (
    JudgeSettings,
    PartToJudge,
    judge_documents,
    sites_known,
)

NAME = "CC-MAIN-20260310000000-20260310030000-00000.warc.gz"
DATE = "2026-03-10T00:00:00Z"
INFO = "<urn:uuid:7d5c3a5e-0000-4000-8000-000000000000>"
SHUT = b"User-agent: GPTBot\nDisallow: /\n"
LONG = SHUT + b"# and so on\n" * 50_000
PAGE = b"<!DOCTYPE html><html><head><title>Home</title></head><body>Welcome</body></html>"
GZIPPED = (
    "Content-Type: text/plain; charset=utf-8", "X-Crawl-Content-Encoding: gzip",
    "X-Crawl-Transfer-Encoding: chunked", "X-Crawl-Content-Length: 31", "Vary: Accept-Encoding",
)  # fmt: skip


def record(kind, block, *fields, media="application/http; msgtype=response"):
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{kind} {fields} {block[:200]!r}")
    head = [
        "WARC/1.0", f"WARC-Type: {kind}", f"WARC-Date: {DATE}",
        f"WARC-Record-ID: <urn:uuid:{identity}>", f"Content-Length: {len(block)}",
        f"Content-Type: {media}", *fields,
    ]  # fmt: skip
    return gzip.compress("\r\n".join([*head, "", ""]).encode() + block + b"\r\n\r\n", mtime=0)


def fetch(url, status, body=b"", *fields, protocol="HTTP/1.1", warc=()):
    """The three records of a fetch."""
    about = [f"WARC-Warcinfo-ID: {INFO}", f"WARC-Target-URI: {url}"]
    lines = [f"{protocol} {status}", *fields, f"Content-Length: {len(body)}", "", ""]
    response = "\r\n".join(lines).encode() + body
    asked = b"GET /robots.txt HTTP/1.1\r\nUser-Agent: CCBot/2.0\r\nAccept-Encoding: br,gzip\r\n\r\n"
    network = ("WARC-IP-Address: 192.0.2.7", "WARC-Protocol: h2", "WARC-Protocol: tls/1.3",
               "WARC-Cipher-Suite: TLS_AES_128_GCM_SHA256",
               "WARC-Identified-Payload-Type: text/x-robots")  # fmt: skip
    told = b"fetchTimeMs: 213\r\ncharset-detected: UTF-8\r\n"
    return (
        record("request", asked, *about, media="application/http; msgtype=request"),
        record("response", response, *about, *network, *warc),
        record("metadata", told, *about, media="application/warc-fields"),
    )


def https(host, path="/robots.txt"):
    return f"https://{host}.example{path}"


FETCHES = [
    fetch(https("open"), "200 OK", b"User-agent: *\nDisallow:\n", *GZIPPED),
    fetch(https("shut"), "200 OK", SHUT, *GZIPPED),
    fetch(https("none"), "404 Not Found", PAGE, "Content-Type: text/html"),
    fetch(https("broken"), "503 Service Unavailable", b"", "Retry-After: 9"),
    fetch("http://moved.example/robots.txt", "301 Moved Permanently", b"",
          "Location: https://www.moved.example/robots.txt"),
    fetch(https("www.moved"), "200 OK", SHUT, "Content-Type: text/plain"),
    fetch(https("away"), "302 Found", PAGE, "location: //shut.example/robots.txt",
          protocol="HTTP/2"),
    fetch(https("deep"), "308 Permanent Redirect", b"", "Location: /en/robots.txt"),
    fetch(https("deep", "/en/robots.txt"), "200 OK", SHUT, "Content-Type: text/plain"),
    fetch(https("home"), "301 Moved Permanently", b"", "Location: /"),
    fetch(https("home", "/"), "200 OK", PAGE, "Content-Type: text/html; charset=utf-8"),
    fetch(https("long"), "200 OK", LONG, "Content-Type: text/plain",
          warc=("WARC-Truncated: length",)),
    fetch(https("bare"), "200 OK", b"", "Content-Type: text/plain"),
    fetch(https("html"), "200 OK", PAGE, "Content-Type: text/html"),
    fetch(https("busy"), "429 Too Many Requests", b"slow down"),
]  # fmt: skip
EXPECTED = {
    "open": "allowed", "shut": "reserved", "none": "allowed", "broken": "unreachable",
    "www.moved": "reserved", "away": "reserved", "deep": "reserved", "home": "unknown",
    "long": "reserved", "bare": "allowed", "html": "allowed", "busy": "unreachable",
    "nobody": "unknown",
}  # fmt: skip


@pytest.fixture(scope="module")
def items(tmp_path_factory):
    path = tmp_path_factory.mktemp("robotstxt") / NAME
    info = (
        b"isPartOf: CC-MAIN-2026-11\r\npublisher: Common Crawl\r\nformat: WARC File Format 1.1\r\n"
    )
    begin = record("warcinfo", info, f"WARC-Filename: {NAME}", media="application/warc-fields")
    path.write_bytes(begin + b"".join(part for one in FETCHES for part in one))
    return list(read(path))


@pytest.fixture(scope="module")
def said(items):
    return [found[0] for item in items if (found := read_host_record(item, NAME))]


def test_every_response_but_the_page_is_what_a_host_says(items, said):
    assert [item.kind for item in items].count("response") == len(FETCHES)
    assert len(said) == len(FETCHES) - 1
    others = [item for item in items if not read_host_record(item, NAME)]
    pages = [page.url for item in others if isinstance(page := read_page(item, NAME), Page)]
    assert pages == [https("home", "/")]
    assert {one.fetched for one in said} == {CRAWLED}


def test_each_state_is_told_by_its_status(said):
    states = {(one.origin, one.resource): (one.state, one.status) for one in said}
    assert states["https://open.example", "/robots.txt"] == ("present", 200)
    assert states["https://none.example", "/robots.txt"] == ("none", 404)
    assert states["https://broken.example", "/robots.txt"] == ("unreachable", 503)
    assert states["https://busy.example", "/robots.txt"] == ("unreachable", 429)
    assert states["http://moved.example", "/robots.txt"] == ("redirect", 301)
    assert states["https://away.example", "/robots.txt"] == ("redirect", 302)
    assert states["https://deep.example", "/en/robots.txt"] == ("present", 200)


def test_bodies_are_as_they_were_stored(said):
    bodies = {one.origin: (one.body, one.size) for one in said}
    assert bodies["https://shut.example"] == (SHUT, len(SHUT))
    assert bodies["https://long.example"] == (LONG[:512_000], len(LONG))
    assert bodies["https://none.example"][0] == b""


def test_pages_of_these_hosts_get_their_rights_and_the_table_holds_all(
    said, tmp_path, document, part
):
    urls = [https(host, "/a") for host in EXPECTED]
    urls.append("http://moved.example/a")
    mine = [document(n, url=url, crawl_time=CRAWLED, rights=0) for n, url in enumerate(urls)]
    mine.sort(key=lambda one: (one.lang, one.id))
    files = tmp_path / "part" / part(tmp_path / "part", mine).attempt
    pq.write_table(to_table(said, HOST_SCHEMA), tmp_path / "hosts.parquet")
    todo = [
        PartToJudge(documents=str(files / "documents.parquet")),
        PartToJudge(hosts=str(tmp_path / "hosts.parquet")),
    ]
    out, release = tmp_path / "out", tmp_path / "release"
    settings = JudgeSettings(Rights(), str(out), str(release))
    Embedded().run(lambda root: judge_documents(root, todo, 3, settings))
    verdicts = read_judged(out, 0).column("rights_crawl").to_pylist()
    found = {one.url: word for one, word in zip(mine, verdicts, strict=True)}
    assert found.pop("http://moved.example/a") == "reserved"
    assert found == {https(host, "/a"): word for host, word in EXPECTED.items()}
    tables = [note.table for note in sites_known(out) if note.table]
    held = [one for t in tables for one in from_table(pq.read_table(release / t.path), HostRecord)]
    key = lambda one: (one.origin, one.resource)  # noqa: E731
    assert sorted({key(one) for one in held}) == sorted(map(key, said))
    assert {one.warc for one in held} == {NAME}
