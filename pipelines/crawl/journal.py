"""What a worker did in a round, noted as it happens: a note for each address and host.

A note that was not written to its end, when a worker was killed, is cut off and counts for nothing.
"""

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

_HEAD: Final = 8
_HOLD: Final = 64 << 10
_MAX_NOTE: Final = 256 << 20


class Found(Struct, frozen=True, gc=False, array_like=True):
    """An address that a page leads to."""

    url: str
    host: str
    depth: int
    hops: int
    """Redirects in a row that led here."""
    source: str
    """`seed`, `link`, `redirect`, `sitemap`, `feed`, `robots` or `alternate`."""
    via: str
    """Address of the page that leads to it."""
    lang: str
    """BCP 47 tag of the language that it is said to be in, the first part; empty if unknown."""
    priority: int
    """The least comes first."""


class Outcome(Struct, frozen=True, gc=False, array_like=True, tag="page", kw_only=True):
    """What became of an address."""

    url: str
    host: str
    state: str
    reason: str
    time: float
    status: int = 0
    asked: bool = False
    """Whether a request went out for it."""
    not_before: float = 0.0
    bytes: int = 0
    digest: str = ""
    etag: str = ""
    last_modified: str = ""
    rights: int = 0
    """Bits of `Signal`: what the page says of the use of it."""
    warc: str = ""
    offset: int = 0
    length: int = 0
    record: str = ""
    found: list[Found] = []
    passed_by: dict[str, int] = {}
    """Links that do not belong to the crawl, by the reason."""


class Answered(Struct, frozen=True, gc=False, array_like=True, tag="origin"):
    """What an origin said in its robots.txt."""

    origin: str
    host: str
    fetched: float
    state: Literal["present", "none", "unreachable"]
    detail: str
    body: bytes
    found: list[Found] = []


class Rested(Struct, frozen=True, gc=False, array_like=True, tag="host"):
    """Until when a host is to be left alone."""

    host: str
    not_before: float
    why: str
    """Why the worker left it: `done`, or what stopped it."""


class Done(Struct, frozen=True, gc=False, array_like=True, tag="done"):
    """The round is over for this worker."""


Note = Outcome | Answered | Rested | Done
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Note)


class Journal:
    """Takes notes into a file, at its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1
        self._held = bytearray()

    def exists(self) -> bool:
        """Say whether it was begun before."""
        return self._path.exists()

    def begin(self) -> None:
        """Begin it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)

    def resume(self) -> Iterator[Note]:
        """Yield what was noted before, and cut off what was not noted to its end."""
        whole = 0
        for note, end in _notes(self._path):
            whole = end
            yield note
        self._file = os.open(self._path, os.O_WRONLY)
        os.ftruncate(self._file, whole)
        os.lseek(self._file, whole, os.SEEK_SET)

    def write(self, note: Note) -> None:
        """Note something. What cost no request is held back until something else is noted."""
        body = _ENCODER.encode(note)
        self._held += len(body).to_bytes(4, "little") + zlib.crc32(body).to_bytes(4, "little")
        self._held += body
        if not isinstance(note, Outcome) or note.asked or note.warc or len(self._held) > _HOLD:
            self._flush()

    def _flush(self) -> None:
        left = memoryview(bytes(self._held))
        self._held.clear()
        while left:
            left = left[os.write(self._file, left) :]

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            self._flush()
            os.fsync(self._file)
            os.close(self._file)
            self._file = -1


def notes(path: Path) -> Iterator[Note]:
    """Yield what was noted in a file, in order; nothing if there is none."""
    for note, _ in _notes(path):
        yield note


def _notes(path: Path) -> Iterator[tuple[Note, int]]:
    """Yield each note and the byte after it."""
    if not path.exists():
        return
    with path.open("rb") as stream:
        end = 0
        while len(head := stream.read(_HEAD)) == _HEAD:
            size, check = int.from_bytes(head[:4], "little"), int.from_bytes(head[4:], "little")
            if size > _MAX_NOTE or len(body := stream.read(size)) < size:
                return
            if zlib.crc32(body) != check:
                return
            end += _HEAD + size
            yield _DECODER.decode(body), end
