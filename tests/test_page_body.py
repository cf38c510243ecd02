"""Bodies as servers and archives have them: chunked, compressed, mislabelled, malicious."""

import gzip
import zlib
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastwarc.stream_io import BrotliWriter, GzipWriter, ZstdWriter
from hypothesis import given, settings
from hypothesis import strategies as st

from florilegium.manifests.ledger import Loss
from florilegium.pipelines.harvest.warc import Record
from florilegium.pipelines.pages import page as page_module
from florilegium.pipelines.pages.page import Page, read_page

HTML = "<p>Žluťoučký kůň pěl ďábelské ódy.</p>".encode()


def read_body(body: bytes, *headers: str) -> Page | Loss:
    """Return what becomes of a response with this body and these headers."""
    block = "\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode() + body
    about = {"warc-target-uri": "https://a.example/", "warc-date": "2026-02-03T04:05:06Z"}
    found = Record(
        offset=7, length=11, kind="response", headers=about, block=block, declared=len(block)
    )
    return read_page(found, "some.warc")


def payload(body: bytes, *headers: str) -> bytes:
    found = read_body(body, *headers)
    assert isinstance(found, Page)
    return found.payload


def reason(body: bytes, *headers: str) -> tuple[str, float | None, float | None, str | None]:
    lost = read_body(body, *headers)
    assert isinstance(lost, Loss)
    return lost.rule, lost.value, lost.limit, lost.detail


def compressed(writer: Callable[[BytesIO], Any], body: bytes) -> bytes:
    stream = BytesIO()
    coder = writer(stream)
    coder.write(body)
    coder.close()
    return stream.getvalue()


def bare_deflate(body: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return coder.compress(body) + coder.flush()


def watch_memory() -> Callable[[], int]:
    """Return a function that says by how many bytes the process has grown at most since now."""

    def resident(name: str) -> int:
        status = Path("/proc/self/status").read_text()
        return int(status.partition(f"{name}:")[2].split()[0]) << 10

    try:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    except OSError:
        pytest.skip("this system does not tell the peak of memory")
    before = resident("VmRSS")
    return lambda: resident("VmHWM") - before


ENCODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": partial(compressed, GzipWriter),
    "deflate": zlib.compress,
    "br": partial(compressed, BrotliWriter),
    "zstd": partial(compressed, ZstdWriter),
}
CODED = {coding: encode(HTML) for coding, encode in ENCODE.items()}


@pytest.mark.parametrize("coding", CODED)
def test_content_codings_are_undone(coding):
    assert payload(CODED[coding], f"Content-Encoding: {coding}") == HTML
    assert payload(CODED[coding], f"content-encoding:  {coding.upper()} ") == HTML


def test_deflate_without_its_wrapping_is_undone():
    assert payload(bare_deflate(HTML), "Content-Encoding: deflate") == HTML


@pytest.mark.parametrize(
    "headers", [["Content-Encoding: gzip, br"], ["Content-Encoding: gzip", "Content-Encoding: br"]]
)
def test_several_codings_are_undone_from_the_last_to_the_first(headers):
    twice = compressed(BrotliWriter, gzip.compress(HTML))
    assert payload(twice, *headers) == HTML


def test_a_body_in_chunks_is_put_together_before_it_is_decoded():
    body = gzip.compress(HTML)
    chunks = b"A;name=value\r\n%s\r\n%x\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (
        body[:10],
        len(body) - 10,
        body[10:],
    )
    assert payload(chunks, "Transfer-Encoding: Chunked", "Content-Encoding: gzip") == HTML


def test_of_chunks_that_break_off_those_before_are_the_page():
    for rest in (b"", b"600\r\n more", b"zz\r\n more", b"\r\n"):
        found = payload(b"5\r\nhello\r\n" + rest, "Transfer-Encoding: chunked")
        assert found in (b"hello", b"hello more")


def test_no_chunk_but_the_last_is_an_empty_page():
    assert reason(b"0\r\n\r\n", "Transfer-Encoding: chunked") == ("empty", 0, 1, None)


@pytest.mark.parametrize("coding", [*CODED, "no-such-coding"])
@pytest.mark.parametrize("start", [b"", b"\r\n\t ", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_markup_is_taken_as_it_is_whatever_its_headers_claim(coding, start):
    headers = [f"Content-Encoding: {coding}", "Transfer-Encoding: chunked"]
    assert payload(start + HTML, *headers) == start + HTML


def test_codings_that_change_nothing_are_passed_over():
    for coding in ("identity", "none", "utf-8", "", ","):
        assert payload(b"text", f"Content-Encoding: {coding}") == b"text"


@pytest.mark.parametrize("coding", [*CODED, "no-such-coding", "gzip, no-such-coding"])
def test_a_body_that_is_not_in_the_coding_it_claims_is_a_loss(coding):
    lost = reason(b"neither coded nor markup", f"Content-Encoding: {coding}")
    assert lost == ("bad_encoding", None, None, coding)


def test_a_brotli_stream_is_not_taken_for_markup():
    """Streams flushed by the server begin with a vertical tab; the next byte may be a `<`."""
    lengths = set()
    for length in range(1, 1_000):
        stream = BytesIO()
        coder = BrotliWriter(stream)
        coder.write(b"x" * length)
        coder.flush()
        coder.close()
        coded = stream.getvalue()
        lengths.add(coded[:2])
        assert payload(coded, "Content-Encoding: br") == b"x" * length
    assert b"\x0b<" in lengths


@pytest.mark.parametrize(("coding", "encode"), [*ENCODE.items(), ("deflate", bare_deflate)])
def test_a_decompression_bomb_is_a_loss_and_never_unfolds(coding, encode, monkeypatch):
    monkeypatch.setattr(page_module, "MAX_PAYLOAD", 1 << 20)
    bomb = encode(bytes(32 << 20))
    assert len(bomb) < 1 << 17
    growth = watch_memory()
    lost = reason(bomb, f"Content-Encoding: {coding}")
    assert lost == ("too_large", (1 << 20) + 1, 1 << 20, None)
    assert growth() < 16 << 20


def test_chunks_beyond_the_limit_are_a_loss(monkeypatch):
    monkeypatch.setattr(page_module, "MAX_PAYLOAD", 100)
    chunks = b"40\r\n%s\r\n" % (b"x" * 64) * 1_000
    assert reason(chunks, "Transfer-Encoding: chunked") == ("too_large", 128, 100, None)


@settings(deadline=None, max_examples=200)
@given(
    coding=st.sampled_from(sorted(CODED)),
    at=st.integers(0, 60),
    cut=st.integers(0, 9),
    put=st.binary(max_size=9),
)
def test_any_damage_to_a_coded_body_gives_a_page_or_a_loss(coding, at, cut, put):
    body = CODED[coding]
    damaged = body[:at] + put + body[at + cut :]
    found = read_body(damaged, f"Content-Encoding: {coding}")
    assert isinstance(found, Page) or found.rule in ("bad_encoding", "empty")
