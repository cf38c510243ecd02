"""WARC files to records: gzip, zstd, lz4 or plain (ISO 28500; FastWARC does the reading).

Nothing in a file goes unaccounted: what is no readable record comes out as `Damage`, with the
bytes it spans, and reading goes on at the next place where a record begins.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from fastwarc.warc import ArchiveIterator, WarcRecord
from msgspec import Struct

MAX_BLOCK = 64 << 20
MAX_HEADERS = 256 << 10
_GZIP, _ZSTD, _LZ4, _PLAIN = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"WARC/1."
_STARTS = (_GZIP, _ZSTD, _LZ4, _PLAIN)
_BLOCK = 1 << 16
_UNREADABLE = (OSError, ValueError, EOFError, RuntimeError)


class Record(Struct, frozen=True, kw_only=True):
    """One WARC record as it stands in the file."""

    offset: int
    """Byte of the file at which it starts."""
    length: int
    """Bytes it takes in the file, compressed if the file is."""
    kind: str
    """WARC-Type in lower case, such as `response`; empty if there is none."""
    headers: dict[str, str]
    """WARC headers, names in lower case."""
    block: bytes
    """The content block; cut off after `MAX_BLOCK` bytes."""
    declared: int
    """Content-Length: the bytes the block should have."""


class Damage(Struct, frozen=True, kw_only=True):
    """Bytes `offset` to `offset + length` of the file: no readable record."""

    offset: int
    length: int
    reason: str


def read(path: Path) -> Iterator[Record | Damage]:
    """Yield all that a WARC file holds, in order: together it tiles the file, byte by byte.

    OSError if the file cannot be opened.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        position = 0
        while position < size:
            start = position
            for record in _run(stream, start, size):
                yield record
                position = record.offset + record.length
            if position < size:
                reason = "unreadable" if position > start else "no WARC record"
                resumed = _next_start(stream, position, size)
                yield Damage(offset=position, length=resumed - position, reason=reason)
                position = resumed


def _run(stream: BinaryIO, start: int, size: int) -> Iterator[Record]:
    """Yield records from `start` on, for as long as they can be read."""
    stream.seek(start)
    pending: Record | None = None
    try:
        for item in ArchiveIterator(
            _Tail(stream, start), parse_http=False, max_header_len=MAX_HEADERS
        ):
            offset = start + item.stream_pos
            if pending is not None:
                yield _ending(pending, offset)
                pending = None
            pending = _record(item, offset)
    except _UNREADABLE:
        pass
    if pending is not None:
        yield _ending(pending, _end(stream, pending, size))


def _record(item: WarcRecord, offset: int) -> Record:
    headers = {name.lower(): value for name, value in reversed(item.headers.items())}
    return Record(
        offset=offset,
        length=0,
        kind=headers.get("warc-type", "").strip().lower(),
        headers=headers,
        block=item.reader.read(MAX_BLOCK),
        declared=item.content_length,
    )


def _ending(record: Record, end: int) -> Record:
    return Record(
        offset=record.offset,
        length=end - record.offset,
        kind=record.kind,
        headers=record.headers,
        block=record.block,
        declared=record.declared,
    )


class _Tail:
    """A file from a given byte on, so that positions count from there."""

    def __init__(self, stream: BinaryIO, start: int) -> None:
        self._stream = stream
        self._start = start

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(size)

    def tell(self) -> int:
        return self._stream.tell() - self._start

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 0:
            offset += self._start
        return self._stream.seek(offset, whence) - self._start

    def close(self) -> None:
        """Leave the file open: who opened it closes it."""


def _end(stream: BinaryIO, record: Record, size: int) -> int:
    """Return the byte after the last record that was read, which no next record marks."""
    stream.seek(record.offset)
    magic = stream.read(len(_PLAIN))
    stream.seek(record.offset)
    if magic.startswith(_GZIP):
        return min(size, record.offset + _gzip_member(stream))
    if magic == _PLAIN:
        head = stream.read(MAX_HEADERS)
        body = head.find(b"\r\n\r\n") + 4
        if body < 4:
            return size
        stream.seek(record.offset + body + record.declared)
        tail = stream.read(4)
        blank = len(tail) - len(tail.lstrip(b"\r\n"))
        return min(size, record.offset + body + record.declared + blank)
    return size


def _gzip_member(stream: BinaryIO) -> int:
    """Return the compressed length of the gzip member that starts here, or of what there is."""
    member = zlib.decompressobj(wbits=31)
    length = 0
    while not member.eof and (chunk := stream.read(_BLOCK)):
        length += len(chunk)
        try:
            member.decompress(chunk)
        except zlib.error:
            return length
    return length - len(member.unused_data)


def _next_start(stream: BinaryIO, position: int, size: int) -> int:
    """Return the next byte after `position` where a record may begin, or the end of the file."""
    overlap = len(_PLAIN) - 1
    position += 1
    while position < size:
        stream.seek(position)
        chunk = stream.read(_BLOCK + overlap)
        found = [at for start in _STARTS if 0 <= (at := chunk.find(start)) < _BLOCK]
        if found:
            return position + min(found)
        position += _BLOCK
    return size
