"""Records become pages, or the losses that say why not."""

import csv
import gzip
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from florilegium.manifests.ledger import Loss
from florilegium.pipelines.harvest.warc import MAX_BLOCK, Damage, Record, read
from florilegium.pipelines.pages import page as page_module
from florilegium.pipelines.pages.page import Page, read_page

WARC = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "warc"
HTML = "<p>Žluťoučký kůň pěl ďábelské ódy.</p>".encode()


def record(block: bytes, **changes: Any) -> Record:
    """Return a response record; names of WARC headers come with underscores."""
    headers = {
        "warc-type": "response",
        "warc-target-uri": "https://www.shop.example.co.uk/a?b=c",
        "warc-date": "2026-02-03T04:05:06Z",
        "warc-record-id": "<urn:uuid:1>",
    }
    declared = changes.pop("declared", len(block))
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    return Record(
        offset=7,
        length=11,
        kind=headers["warc-type"],
        headers=headers,
        block=block,
        declared=declared,
    )


def response(body: bytes, *headers: str, status: str = "HTTP/1.1 200 OK") -> bytes:
    return "\r\n".join([status, *headers, "", ""]).encode() + body


def page(block: bytes, **changes: Any) -> Page:
    found = read_page(record(block, **changes), "some.warc")
    assert isinstance(found, Page)
    return found


def loss(block: bytes, **changes: Any) -> Loss:
    found = read_page(record(block, **changes), "some.warc")
    assert isinstance(found, Loss)
    assert (found.stage, found.warc, found.warc_offset, len(found.id)) == (
        "read",
        "some.warc",
        7,
        16,
    )
    return found


def reason(lost: Loss) -> tuple[str, float | None, float | None, str | None]:
    return lost.rule, lost.value, lost.limit, lost.detail


def test_a_page_carries_all_that_later_stages_and_auditors_need():
    found = page(response(HTML, "Content-Type: text/html", "X-Robots-Tag: a", "X-Robots-Tag: b"))
    assert (found.url, found.host, found.domain) == (
        "https://www.shop.example.co.uk/a?b=c",
        "www.shop.example.co.uk",
        "example.co.uk",
    )
    assert found.crawl_time == 1_770_091_506
    assert found.headers == (
        ("Content-Type", "text/html"),
        ("X-Robots-Tag", "a"),
        ("X-Robots-Tag", "b"),
    )
    assert (found.content_type, found.payload) == ("text/html", HTML)
    assert (found.warc, found.warc_offset, found.warc_length) == ("some.warc", 7, 11)


def test_a_loss_of_a_page_names_its_stage_rule_size_and_place():
    lost = page(response(HTML)).loss("extract", "nothing", value=0, limit=1)
    assert (lost.stage, lost.rule, lost.value, lost.limit) == ("extract", "nothing", 0, 1)
    assert (lost.size, lost.host, lost.domain) == (
        len(HTML),
        "www.shop.example.co.uk",
        "example.co.uk",
    )


# The rules of read_page, in their order.


def test_damage_is_a_loss_of_as_many_bytes():
    lost = read_page(Damage(offset=5, length=99, reason="no WARC record"), "some.warc")
    assert isinstance(lost, Loss)
    assert reason(lost) == ("damaged", 99, 0, "no WARC record")
    assert (lost.size, lost.warc_offset, len(lost.id)) == (99, 5, 16)


@pytest.mark.parametrize("kind", ["request", "warcinfo", "revisit", "metadata", "x" * 99])
def test_only_responses_are_pages(kind):
    assert reason(loss(response(HTML), warc_type=kind)) == ("record_type", None, None, kind[:40])


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("dns:example.org", "dns"),
        ("ftp://example.org/", "ftp"),
        ("", ""),
        ("https:///no-host", "https"),
        ("http://[broken/", "http"),
        ("example.org/no-scheme", "example.org/no-scheme"),
    ],
)
def test_only_addresses_on_the_web_are_pages(url, scheme):
    lost = loss(response(HTML), warc_target_uri=url)
    assert reason(lost) == ("not_http", None, None, scheme)
    assert (lost.host, lost.domain) == ("", "")


def test_a_block_beyond_the_limit_is_a_loss_with_its_length():
    assert reason(loss(response(HTML), declared=MAX_BLOCK + 1)) == (
        "too_large",
        MAX_BLOCK + 1,
        MAX_BLOCK,
        None,
    )


def test_a_block_cut_short_is_a_loss_with_both_lengths():
    block = response(HTML)
    assert reason(loss(block, declared=len(block) + 1)) == (
        "cut_short",
        len(block),
        len(block) + 1,
        None,
    )


def test_a_page_that_the_crawler_cut_off_is_kept_only_if_asked_for():
    block = response(HTML)
    assert reason(loss(block, warc_truncated="length")) == ("truncated", None, None, "length")
    kept = read_page(record(block, warc_truncated="length"), "some.warc", keep_truncated=True)
    assert isinstance(kept, Page)


@pytest.mark.parametrize(
    "date",
    ["", "yesterday", "20260203040506", "2026-13-03T04:05:06Z", "1989-12-31T23:59:59Z", "9" * 99],
)
def test_a_page_without_a_plausible_date_is_a_loss(date):
    assert reason(loss(response(HTML), warc_date=date)) == ("bad_date", None, None, date[:40])


def test_fractions_of_a_second_are_cut_off():
    assert page(response(HTML), warc_date="2026-02-03T04:05:06.987654Z").crawl_time == 1_770_091_506


@pytest.mark.parametrize(
    "block",
    [
        b"",
        HTML,
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n",
        b"200 OK\r\n\r\nbody",
        b"\0" * 99,
    ],
)
def test_what_is_no_response_is_a_loss(block):
    assert reason(loss(block)) == ("bad_http", None, None, None)


@pytest.mark.parametrize("status", [201, 204, 206, 301, 304, 404, 503])
def test_any_status_but_200_is_a_loss_with_the_status(status):
    block = response(HTML, status=f"HTTP/1.1 {status} Some Reason")
    assert reason(loss(block)) == ("http_status", status, 200, None)


@pytest.mark.parametrize("body", [b"", b" \r\n\t\n "])
def test_a_page_of_nothing_is_a_loss(body):
    assert reason(loss(response(body))) == ("empty", 0, 1, None)


def test_a_payload_beyond_the_limit_is_a_loss(monkeypatch):
    monkeypatch.setattr(page_module, "MAX_PAYLOAD", 100)
    assert page(response(b"x" * 100)).payload == b"x" * 100
    assert reason(loss(response(b"x" * 101))) == ("too_large", 101, 100, None)


# Heads as servers write them.


@pytest.mark.parametrize(
    "status", ["HTTP/1.1 200", "HTTP/1.0 200 ", "HTTP/2 200", "HTTP/1.1 200 Ok"]
)
def test_a_status_line_needs_no_words(status):
    assert page(response(HTML, status=status)).payload == HTML


def test_lines_that_end_without_a_carriage_return_are_read():
    found = page(b"HTTP/1.1 200 OK\nContent-Type: text/html\n\n" + HTML + b"\r\n\r\nmore")
    assert found.content_type == "text/html"
    assert found.payload == HTML + b"\r\n\r\nmore"


def test_junk_among_the_headers_costs_no_header():
    found = page(
        response(HTML, "no colon", ": no name", "X-\N{SNOWMAN}: \N{SNOWMAN}", "Content-Type: a/b")
    )
    assert found.content_type == "a/b"
    assert found.payload == HTML


def test_bytes_beyond_ascii_in_headers_come_out_as_some_text():
    found = page(b"HTTP/1.1 200 OK\r\nX-Title: caf\xe9 \xff\r\n\r\n" + HTML)
    ((name, value),) = found.headers
    assert name == "X-Title"
    assert value.startswith("caf")
    value.encode()


# Identity and address.


def test_a_capture_keeps_its_id_in_whatever_file_it_is_packed():
    block = response(HTML)
    here = read_page(record(block), "here.warc.gz")
    moved = Record(
        offset=99, length=3, kind="response", headers=record(block).headers, block=block, declared=3
    )
    there = read_page(moved, "there.warc.zst")
    assert here.id == there.id
    assert here.id != page(block, warc_record_id="<urn:uuid:2>").id
    assert here.id != page(block, warc_target_uri="https://other.example/").id
    assert here.id != page(block, warc_date="2026-02-03T04:05:07Z").id


def test_a_loss_has_the_id_that_the_page_would_have():
    block = response(HTML)
    assert loss(block, warc_truncated="time").id == page(block).id


def test_damage_is_known_by_its_place():
    places = [(5, "a"), (6, "a"), (5, "b")]
    ids = {read_page(Damage(offset=at, length=1, reason=""), warc).id for at, warc in places}
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("url", "host", "domain"),
    [
        ("http://EXAMPLE.org.:8080/x", "example.org", "example.org"),
        ("<https://www.example.org/>", "www.example.org", "example.org"),
        ("HTTPS://user:secret@a.b.example.gov.uk/", "a.b.example.gov.uk", "example.gov.uk"),
        ("http://[2001:db8::7]:8080/", "2001:db8::7", "2001:db8::7"),
        ("http://192.0.2.7/", "192.0.2.7", "192.0.2.7"),
        ("http://localhost/", "localhost", "localhost"),
        ("https://www.bücher.example.de/straße", "www.bücher.example.de", "example.de"),
        ("https://www.xn--bcher-kva.at/", "www.xn--bcher-kva.at", "xn--bcher-kva.at"),
        ("https://παράδειγμα.ελ/", "παράδειγμα.ελ", "παράδειγμα.ελ"),
        ("https://co.uk/", "co.uk", "co.uk"),
    ],
)
def test_host_and_domain_of_all_kinds_of_addresses(url, host, domain):
    found = page(response(HTML), warc_target_uri=url)
    assert (found.host, found.domain) == (host, domain)


def test_an_address_beyond_all_bounds_is_cut():
    found = page(response(HTML), warc_target_uri="https://example.org/" + "a" * 100_000)
    assert len(found.url) == 8_192


# Anything at all.

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@settings(deadline=None, max_examples=300)
@given(
    st.binary(max_size=200)
    | st.lists(
        st.sampled_from(
            [
                b"HTTP/1.1 200 OK",
                b"\r\n",
                b"\n",
                b"\r\n\r\n",
                b"Content-Encoding: gzip",
                b"Content-Encoding: deflate, br, zstd",
                b"Transfer-Encoding: chunked",
                b"5\r\nhello\r\n",
                b"ffffffffffffffffffff\r\n",
                b"-1\r\n",
                b"\x1f\x8b\x08",
                gzip.compress(HTML),
                b"\x28\xb5\x2f\xfd",
                b"<p>",
                b"\0",
            ]
        )
    ).map(b"".join)
)
def test_any_block_becomes_a_page_or_a_loss(block):
    found = read_page(record(block), "some.warc")
    assert isinstance(found, Page | Loss)
    if isinstance(found, Page):
        assert found.payload.strip()


@settings(deadline=None, max_examples=300)
@given(
    url=TEXT | TEXT.map("http://{}".format) | TEXT.map("https://[{}]:80/".format),
    date=TEXT,
    kind=TEXT | st.just("response"),
)
def test_any_warc_headers_give_a_page_or_a_loss(url, date, kind):
    changes = {"warc_target_uri": url, "warc_date": date, "warc_type": kind}
    found = read_page(record(response(HTML), **changes), "some.warc")
    assert isinstance(found, Loss) or found.host
    assert math.isfinite(found.value or 0) if isinstance(found, Loss) else True


@pytest.mark.skipif(not WARC.is_dir(), reason="no WARC sample in ../shared/data/warc")
def test_the_sample_is_lost_and_kept_as_its_index_says():
    with (WARC / "INDEX.tsv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    expected = Counter(
        "truncated" if "WARC-Truncated" in row["notes"] else row["status"] for row in rows
    )
    found: Counter[str] = Counter()
    for path in sorted(WARC.glob("sample-*.warc.gz")):
        for item in read(path):
            result = read_page(item, path.name)
            if isinstance(result, Page):
                found["200"] += 1
            elif result.rule == "http_status":
                found[str(int(result.value or 0))] += 1
            else:
                found[result.rule] += 1
    assert found.pop("record_type") == 10  # the warcinfo of each file
    assert found == expected
    assert expected["truncated"] == 40
