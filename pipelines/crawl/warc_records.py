"""WARC 1.1 records (ISO 28500:2017), each a gzip member of its own.

What was exchanged is written as it was on the wire.
"""

import base64
import hashlib
import re
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from isal import igzip
from msgspec import Struct

from florilegium.pipelines.crawl.client import Exchange
from florilegium.pipelines.crawl.wire import Response
from florilegium.pipelines.pages.page import http_message

_LEVEL: Final = 2
"""Of igzip: three times as fast as zlib's lowest, and as small as its sixth within a percent."""
_UNCHANGED: Final = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_NOT_MODIFIED: Final = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
_CHUNKED: Final = re.compile(rb"(?im)^transfer-encoding:")
_HTTP: Final = "application/http; msgtype="


class Earlier(Struct, frozen=True, gc=False):
    """An earlier capture of an address, as far as a revisit refers to it."""

    digest: str
    time: float
    """Seconds since 1970."""
    record: str
    """Its WARC-Record-ID."""


class Capture(Struct, frozen=True, gc=False):
    """The records of an exchange, and what is to be known of the response."""

    members: bytes
    """Response, or revisit, and then the request."""
    first: int
    """Bytes of the first of them."""
    record: str
    """WARC-Record-ID of the first."""
    payload: bytes
    """The body, its chunks put together."""
    digest: str
    """SHA-1 of the payload in base 32, as archives have it; empty if it is cut off."""
    revisit: bool


def capture(exchange: Exchange, earlier: Earlier | None, removes_chunks: bool) -> Capture:
    """Return the records of an exchange; a revisit if the response is what it was earlier."""
    response = exchange.response
    payload = payload_of(response)
    digest = "" if response.truncated else sha1(payload)
    unmodified = response.status == 304 and earlier is not None
    same = unmodified or (earlier is not None and bool(payload) and digest == earlier.digest)
    record, request = record_id(), record_id()
    about = {
        "WARC-Target-URI": exchange.url.href,
        "WARC-Date": date(exchange.time),
        "WARC-IP-Address": exchange.address,
    }
    fields = {"WARC-Concurrent-To": request, **_told(response)}
    if same and earlier is not None:
        profile = _NOT_MODIFIED if unmodified else _UNCHANGED
        fields |= _refers(exchange, earlier, profile)
        block, kind = response.raw[: response.head], "revisit"
    else:
        block, kind = _block(response, payload, removes_chunks), "response"
        if digest and (removes_chunks or not response.chunked):
            fields["WARC-Payload-Digest"] = f"sha1:{digest}"
    first = record_of(kind, record, {**about, **fields}, f"{_HTTP}response", block)
    asked = {**about, "WARC-Concurrent-To": record}
    second = record_of("request", request, asked, f"{_HTTP}request", exchange.request)
    return Capture(first + second, len(first), record, payload, digest, same)


def payload_of(response: Response) -> bytes:
    """Return the body of a response, its chunks put together."""
    if not response.chunked:
        return response.raw[response.head :]
    try:
        return http_message(response.raw)[1]
    except (ValueError, OSError, EOFError, RuntimeError):
        return b""


def record_of(
    kind: str, record: str, fields: dict[str, str], content_type: str, block: bytes
) -> bytes:
    """Return a record as a gzip member."""
    lines = [
        "WARC/1.1",
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: {record}",
        *(f"{name}: {value}" for name, value in fields.items()),
        f"WARC-Block-Digest: sha1:{sha1(block)}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(block)}",
    ]
    head = "\r\n".join([*lines, "", ""]).encode()
    packed: bytes = igzip.compress(head + block + b"\r\n\r\n", _LEVEL)
    return packed


def warcinfo(name: str, fields: Iterable[tuple[str, str]], time: float) -> bytes:
    """Return the record that a file begins with: what wrote it, and by what policy."""
    block = "".join(f"{field}: {value}\r\n" for field, value in fields).encode()
    about = {"WARC-Date": date(time), "WARC-Filename": name}
    return record_of("warcinfo", record_id(), about, "application/warc-fields", block)


def record_id() -> str:
    """Return an identity that no other record has."""
    return f"<urn:uuid:{uuid.uuid4()}>"


def date(time: float) -> str:
    """Return seconds since 1970 as a WARC-Date."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sha1(block: bytes) -> str:
    """Return the SHA-1 of bytes in base 32, as archives write it."""
    return base64.b32encode(hashlib.sha1(block, usedforsecurity=False).digest()).decode()


def _told(response: Response) -> dict[str, str]:
    return {"WARC-Truncated": response.truncated} if response.truncated else {}


def _refers(exchange: Exchange, earlier: Earlier, profile: str) -> dict[str, str]:
    return {
        "WARC-Profile": profile,
        "WARC-Refers-To": earlier.record,
        "WARC-Refers-To-Target-URI": exchange.url.href,
        "WARC-Refers-To-Date": date(earlier.time),
        "WARC-Payload-Digest": f"sha1:{earlier.digest}",
    }


def _block(response: Response, payload: bytes, removes_chunks: bool) -> bytes:
    """Return the response as it came; its chunks put together, as Common Crawl does, if asked."""
    if not (removes_chunks and response.chunked):
        return response.raw
    head = response.raw[: response.head].rstrip(b"\r\n")
    head = _CHUNKED.sub(b"X-Crawl-Transfer-Encoding:", head)
    return head + b"\r\nContent-Length: %d\r\n\r\n" % len(payload) + payload
