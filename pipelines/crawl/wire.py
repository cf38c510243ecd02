"""One HTTP/1.1 connection: a request goes out, and the bytes of its response are kept as they came.

llhttp only says where the response ends, what its status is and what its headers are (RFC 9112).
"""

import asyncio
import time
from collections.abc import Iterable
from typing import Final, cast

import httptools
from msgspec import Struct

from florilegium.pipelines.crawl.settings import Limits
from florilegium.pipelines.pages.page import http_message

_LARGE: Final = 1 << 20
_WITHOUT_BODY: Final = (204, 304)


class BrokenError(Exception):
    """There is no response that could be kept; the message says why."""


class Response(Struct, frozen=True, gc=False):
    """A response as it came, and what its head says."""

    raw: bytes
    head: int
    """Bytes of `raw` up to and including the empty line."""
    status: int
    headers: tuple[tuple[str, str], ...]
    truncated: str
    """What cut it off, as in WARC-Truncated: `length`, `time`, `disconnect`, or nothing."""
    chunked: bool
    """Whether the body came in chunks."""
    first: dict[str, str]
    """The first value of each header, by its name in lower case."""

    def header(self, name: str) -> str:
        """Return the first value of a header, named in lower case; empty if there is none."""
        return self.first.get(name, "")


class Wire(asyncio.Protocol):
    """A connection that serves one request at a time. `sweep` must be called while one is out."""

    def __init__(self, limits: Limits, large: asyncio.Semaphore) -> None:
        self._limits = limits
        self._large = large
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Response] | None = None
        self._waits_for_room = False
        self._has_room = False
        self._size = 0

    def send(self, request: bytes) -> asyncio.Future[Response]:
        """Send a request; the future gives its response, or BrokenError."""
        self._pieces: list[bytes] = []
        self._size = self._head = self._status = 0
        self._length: int | None = None
        self._headers: list[tuple[str, str]] = []
        self._chunked = self._framed = self._keeps = False
        self._parser = httptools.HttpResponseParser(self)
        self._began = self._last = time.monotonic()
        self._answer = asyncio.get_running_loop().create_future()
        assert self._transport is not None
        self._transport.write(request)
        return self._answer

    @property
    def reusable(self) -> bool:
        """Whether another request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def answered(self) -> bool:
        """Whether any byte came in answer to the last request."""
        return self._size > 0

    def close(self) -> None:
        """End the connection, and with it whatever is under way."""
        if self._transport is not None:
            self._transport.abort()

    def sweep(self, now: float) -> None:
        """End a request that takes too long."""
        if self._answer is None or self._answer.done():
            return
        if self._waits_for_room:
            self._last = now
        idle = now - self._last > self._limits.idle_seconds
        if idle or now - self._began > self._limits.seconds:
            self._end("time" if self._head else "", "timeout: no response in time")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take some bytes. Bytes that nobody asked for end the connection."""
        if self._answer is None or self._answer.done():
            self.close()
            return
        self._last = time.monotonic()
        self._pieces.append(data)
        self._size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._end("unspecified" if self._head else "", f"no HTTP: {error}")
            return
        if self._answer.done():
            return
        if not self._head and self._size > self._limits.head:
            self._end("", "the head does not end")
        elif self._size > self._limits.bytes:
            self._end("length", "")
        elif self._size > _LARGE and not self._has_room and not self._waits_for_room:
            self._waits_for_room = True
            self._reading().pause_reading()
            self._task = asyncio.ensure_future(self._make_room())

    def connection_lost(self, exc: Exception | None) -> None:
        """End what is under way: a body without a length ends so, others are cut off."""
        if self._answer is not None and not self._answer.done():
            whole = bool(self._head) and not self._framed and exc is None
            self._end("" if whole else "disconnect", "closed before a response", whole)
        self._give_room()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note a header, and what it says of the length of the body."""
        field = name.lower()
        if field == b"transfer-encoding":
            self._framed, self._chunked = True, b"chunked" in value.lower()
        elif field == b"content-length":
            self._framed = True
            self._length = int(value) if value.isdigit() else None
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """Note the status; that of an interim response counts for nothing."""
        self._status = self._parser.get_status_code()
        if self._status >= 200:
            whole = b"".join(self._pieces)
            self._pieces = [whole]
            self._head = _end_of_head(whole)

    def on_message_complete(self) -> None:
        """End the response. An interim one is dropped, and the one that counts still comes."""
        if self._status < 200:
            whole = b"".join(self._pieces)
            rest = whole[_end_of_head(whole) :]
            self._pieces, self._size, self._headers = [rest], len(rest), []
            self._framed = self._chunked = False
            self._length = None
            return
        self._end("", "", True)

    async def _make_room(self) -> None:
        """Go on with a large body when few enough others are held in memory."""
        await self._large.acquire()
        self._waits_for_room, self._has_room = False, True
        if self._answer is None or self._answer.done():
            self._give_room()
        elif self.reusable:
            self._last = time.monotonic()
            self._reading().resume_reading()

    def _give_room(self) -> None:
        if self._has_room:
            self._has_room = False
            self._large.release()

    def _reading(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport

    def _end(self, truncated: str, problem: str, whole: bool = False) -> None:
        """Settle the answer: what there is of the response, or a problem if it has no head."""
        assert self._answer is not None
        if self._answer.done():
            return
        raw, most = b"".join(self._pieces), self._limits.bytes
        if whole and self._length is not None and self._status not in _WITHOUT_BODY:
            most = min(most, self._head + self._length)
        if not self._head:
            self._answer.set_exception(BrokenError(problem or "no response"))
        else:
            self._answer.set_result(
                Response(
                    raw=raw[:most],
                    head=self._head,
                    status=self._status,
                    headers=tuple(self._headers),
                    truncated=truncated,
                    chunked=self._chunked,
                    first=_first(self._headers),
                )
            )
        self._pieces = []
        if not whole or len(raw) > most or not self._parser.should_keep_alive():
            self.close()
        self._give_room()


def replayed(raw: bytes, truncated: str) -> Response:
    """Return a response from its bytes as they were kept; ValueError if they are none."""
    headers, _ = http_message(raw)
    chunked = "chunked" in (headers.get("transfer-encoding") or "").lower()
    status = headers.status_code or 0
    listed = headers.items()
    head = _end_of_head(raw)
    return Response(raw, head, status, listed, truncated, chunked, _first(listed))


def _first(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name.lower(), value)
    return found


def _end_of_head(raw: bytes) -> int:
    """Return where the body begins; a line may end without CR, as RFC 9112 lets readers accept."""
    start = len(raw) - len(raw.lstrip(b"\r\n"))
    found = ((raw.find(mark, start), len(mark)) for mark in (b"\r\n\r\n", b"\n\n"))
    return min((at + length for at, length in found if at >= 0), default=len(raw))
