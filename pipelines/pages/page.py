"""Stage `read`: a WARC record to the page it captured, or to the loss that says why not."""

import codecs
import hashlib
import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache, partial
from io import BytesIO
from urllib.parse import urlsplit

import tldextract
from fastwarc.stream_io import BrotliReader, GzipReader, WarcReader, ZstdReader
from fastwarc.warc import HeaderMap
from msgspec import Struct

from florilegium.manifests.identity import identity_of
from florilegium.manifests.ledger import Loss
from florilegium.pipelines.harvest.warc import MAX_BLOCK, Damage, Record

MAX_PAYLOAD = 16 << 20
MAX_URL = 8192
_MAX_HEAD = 256 << 10
_MAX_CHUNK_LINE = 4096

UNREADABLE = (OSError, ValueError, EOFError, RuntimeError)
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


class Page(Struct, frozen=True, kw_only=True):
    """A captured page, before anything is known of its text."""

    id: bytes
    url: str
    host: str
    domain: str
    crawl_time: int
    headers: tuple[tuple[str, str], ...]
    """HTTP headers in their order, names as received."""
    content_type: str | None
    payload: bytes
    """The body, transfer and content codings removed."""
    plain: bool = False
    """Whether the payload is the text of a page, which somebody else took out of it."""
    warc: str
    warc_offset: int
    warc_length: int

    def loss(self, stage: str, rule: str, **details: object) -> Loss:
        """Return the loss of this page at a stage, by a rule."""
        return Loss(
            id=self.id,
            warc=self.warc,
            warc_offset=self.warc_offset,
            size=len(self.payload),
            host=self.host,
            domain=self.domain,
            stage=stage,
            rule=rule,
            **details,  # type: ignore[arg-type]
        )


def read_page(
    item: Record | Damage, warc: str, keep_truncated: bool = False, conversions: bool = False
) -> Page | Loss:
    """Return the page that a record captured, or why there is none.

    A page is a `response` to HTTP with status 200 and a body that can be decoded (RFC 9110); with
    `conversions`, also the plain text of one, as WET files have it.
    """
    if isinstance(item, Damage):
        return _damage_loss(item, warc)
    url, date = target_of(item), item.headers.get("warc-date", "")
    identity = identity_of(item.headers.get("warc-record-id", ""), url, date)
    host, domain = host_and_domain(url)

    def lose(rule: str, **details: object) -> Loss:
        return Loss(
            id=identity,
            warc=warc,
            warc_offset=item.offset,
            size=len(item.block),
            stage="read",
            rule=rule,
            host=host,
            domain=domain,
            **details,  # type: ignore[arg-type]
        )

    plain = conversions and _is_text(item)
    if item.kind != "response" and not plain:
        return lose("record_type", detail=item.kind[:40])
    if not host:
        return lose("not_http", detail=url.partition(":")[0][:40])
    if item.declared > MAX_BLOCK:
        return lose("too_large", value=item.declared, limit=MAX_BLOCK)
    if len(item.block) < item.declared:
        return lose("cut_short", value=len(item.block), limit=item.declared)
    if not keep_truncated and (cause := item.headers.get("warc-truncated")):
        return lose("truncated", detail=cause[:40])
    if (crawl_time := seconds_of(date)) is None:
        return lose("bad_date", detail=date[:40])
    answer = (HeaderMap(), item.block) if plain else _answer(item, lose)
    if isinstance(answer, Loss):
        return answer
    headers, payload = answer
    if len(payload) > MAX_PAYLOAD:
        return lose("too_large", value=len(payload), limit=MAX_PAYLOAD)
    if not payload.strip():
        return lose("empty", value=0, limit=1)
    return Page(
        id=identity,
        url=url,
        host=host,
        domain=domain,
        crawl_time=crawl_time,
        headers=headers.items(),
        content_type="text/plain" if plain else headers.get("content-type"),
        payload=payload,
        plain=plain,
        warc=warc,
        warc_offset=item.offset,
        warc_length=item.length,
    )


def _is_text(item: Record) -> bool:
    kind = item.headers.get("content-type", "").partition(";")[0].strip().lower()
    return item.kind == "conversion" and kind == "text/plain"


def _answer(item: Record, lose: Callable[..., Loss]) -> tuple[HeaderMap, bytes] | Loss:
    """Return the headers and the decoded body of a response, or why there are none."""
    try:
        headers, body = http_message(item.block)
    except UNREADABLE:
        return lose("bad_http")
    if (status := headers.status_code) != 200:
        return lose("http_status", value=status, limit=200)
    payload = decoded_body(body, headers.get_multiple("content-encoding"))
    if payload is None:
        return lose("bad_encoding", detail=str(headers.get("content-encoding"))[:40])
    return headers, payload


def _damage_loss(damage: Damage, warc: str) -> Loss:
    identity = hashlib.sha256(f"damage\n{warc}\n{damage.offset}".encode()).digest()[:16]
    return Loss(
        id=identity,
        warc=warc,
        warc_offset=damage.offset,
        size=damage.length,
        stage="read",
        rule="damaged",
        value=damage.length,
        limit=0,
        detail=damage.reason,
    )


def target_of(record: Record) -> str:
    """Return the address that a record captured, of which as much is kept as a URL may have."""
    return record.headers.get("warc-target-uri", "").strip().strip("<>")[:MAX_URL]


def host_and_domain(url: str) -> tuple[str, str]:
    """Return host and registrable domain of an HTTP address; empty strings for any other."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return "", ""
    if parts.scheme.lower() not in ("http", "https") or not host:
        return "", ""
    return host, _domain(host)


@lru_cache(maxsize=65_536)
def _domain(host: str) -> str:
    return _suffixes(host).top_domain_under_public_suffix or host


def is_public_suffix(host: str) -> bool:
    """Return whether hosts of many owners lie directly below a host, as below `co.uk`."""
    found = _suffixes(host)
    return bool(found.suffix) and not found.domain


def seconds_of(date: str) -> int | None:
    """Return a WARC-Date as seconds since 1970; None unless it is a time from 1990 on."""
    try:
        moment = datetime.strptime(date[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) if moment.year >= 1990 else None


def http_message(block: bytes) -> tuple[HeaderMap, bytes]:
    """Return the headers and the body, chunks put together; ValueError if it is no response.

    A line may end without CR, as RFC 9112 allows a reader to accept.
    """
    if (blank := _HEAD_END.search(block, 0, _MAX_HEAD)) is None:
        raise ValueError("the headers do not end")
    head = b"\r\n".join([*block[: blank.start()].splitlines(), b"", b""])
    headers = HeaderMap()
    headers.parse(BytesIO(head), has_status_line=True)
    if headers.status_code is None:
        raise ValueError("there is no status line")
    body = block[blank.end() :]
    if "chunked" in (headers.get("transfer-encoding") or "").lower():
        body = _unchunked(body)
    return headers, body


def _unchunked(body: bytes) -> bytes:
    """Return the chunks put together (RFC 9112, 7.1): of a body that breaks off, those before.

    A body that does not begin with a chunk is returned as it is: many archives store bodies put
    together yet keep the header.
    """
    whole, position = bytearray(), 0
    while len(whole) <= MAX_PAYLOAD:
        end = body.find(b"\n", position, position + _MAX_CHUNK_LINE)
        size = _chunk_size(body[position:end]) if end >= 0 else None
        if size is None and position == 0:
            return body
        if not size:
            break
        whole += body[end + 1 : end + 1 + size]
        position = end + 1 + size
        position += 2 if body.startswith(b"\r\n", position) else 1
    return bytes(whole)


def _chunk_size(line: bytes) -> int | None:
    digits = line.partition(b";")[0].strip()
    return int(digits, 16) if digits and not digits.strip(b"0123456789abcdefABCDEF") else None


def decoded_body(body: bytes, encodings: tuple[str, ...]) -> bytes | None:
    """Return the body with its content codings undone; None if that cannot be done.

    Many archives store bodies decoded yet keep the header, so a body that is plainly markup
    is taken as it is.
    """
    codings = [c.strip().lower() for line in encodings for c in line.split(",")]
    for coding in reversed([c for c in codings if c not in ("", "identity", "utf-8", "none")]):
        if _is_markup(body) or not body:
            return body
        decoder = _DECODERS.get(coding)
        decoded = decoder(body) if decoder else None
        if decoded is None:
            return None
        body = decoded
    return body


def _is_markup(body: bytes) -> bool:
    # The space that markup may begin with, no more: Brotli streams often begin with a vertical tab.
    return body.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n").startswith(b"<")


def _limited(reader: Callable[[BytesIO], WarcReader], body: bytes) -> bytes | None:
    """Return what the reader makes of the body, at most one byte more than a payload may hold."""
    try:
        return reader(BytesIO(body)).read(MAX_PAYLOAD + 1)
    except UNREADABLE:
        return None


def _inflated(body: bytes) -> bytes | None:
    """Return what `deflate` made of a body: in zlib's format, or bare, as some servers send it."""
    decoded = _limited(lambda stream: GzipReader(stream, zlib=True), body)
    if decoded is not None:
        return decoded
    bare = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        decoded = bare.decompress(body, MAX_PAYLOAD + 1)
    except zlib.error:
        return None
    return decoded if bare.eof or len(decoded) > MAX_PAYLOAD else None


_DECODERS: dict[str, Callable[[bytes], bytes | None]] = {
    "gzip": partial(_limited, GzipReader),
    "x-gzip": partial(_limited, GzipReader),
    "deflate": _inflated,
    "br": partial(_limited, BrotliReader),
    "zstd": partial(_limited, ZstdReader),
}
