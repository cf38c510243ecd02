"""WARC files to records: gzip, zstd, lz4 or plain (ISO 28500; FastWARC does the reading).

Nothing in a file goes unaccounted: what is no readable record comes out as `Damage`, with the
bytes it spans, and reading goes on at the next place where a record begins.
"""

import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import msgspec
from fastwarc.stream_io import Lz4Reader, WarcReader, ZstdReader
from fastwarc.warc import ArchiveIterator, WarcRecord
from msgspec import Struct

MAX_BLOCK = 64 << 20
MAX_HEADERS = 256 << 10
MAX_DICTIONARY = 16 << 20
_GZIP, _ZSTD, _LZ4, _PLAIN = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"WARC/"
_STARTS: tuple[bytes, ...] = (_GZIP, _ZSTD, _LZ4, _PLAIN)
_DICTIONARY = b"\x5d\x2a\x4d\x18"
_BLOCK = 1 << 16
_STEP = 64
"""Less than any record takes, so that reading by it never passes over a whole frame."""
_UNREADABLE = (OSError, ValueError, EOFError, RuntimeError)


class Record(Struct, frozen=True, kw_only=True):
    """One WARC record as it stands in the file."""

    offset: int
    """Byte of the file at which it starts."""
    length: int
    """Bytes it takes in the file, compressed if the file is."""
    kind: str
    """WARC-Type in lower case, such as `response`."""
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

    OSError if the file cannot be opened or read.
    """
    with path.open("rb") as stream:
        yield from read_stream(stream, path.stat().st_size)


def read_from(stream: BinaryIO, size: int, place: int, within: int) -> Iterator[Record | Damage]:
    """Yield what there is from the first record on that begins at a byte or after it.

    Nothing if none begins so many bytes `within`; what looks like one and is none is passed over.
    """
    stop = min(size, place + within)
    while (start := _next_start(stream, place - 1, stop, _STARTS)) < stop:
        items = read_stream(stream, size, start)
        first = next(items)
        if isinstance(first, Record):
            yield first
            yield from items
            return
        place = start + 1


def read_stream(stream: BinaryIO, size: int, position: int = 0) -> Iterator[Record | Damage]:
    """Yield all that a stream of `size` bytes holds from a position on, as `read` does."""
    starts = _STARTS
    while position < size:
        start = position
        for record in _run(stream, start, size):
            if record.offset > position:
                yield _between(position, record.offset)
            yield record
            position = record.offset + record.length
        # What stops a run after a record may be that record, so the rest gets a run of its own.
        if position == start:
            position = _next_start(stream, start, size, starts)
            yield _between(start, position)
        else:
            starts = _starts_like(stream, record)


def _between(start: int, end: int) -> Damage:
    return Damage(offset=start, length=end - start, reason="no WARC record")


def _run(stream: BinaryIO, start: int, size: int) -> Iterator[Record]:
    """Yield records from `start` on, for as long as they can be read."""
    pending: Record | None = None
    whole = False
    try:
        for item in ArchiveIterator(
            _Tail(stream, start), parse_http=False, max_header_len=MAX_HEADERS
        ):
            offset = start + item.stream_pos
            if pending is not None:
                yield _ending(pending, offset)
                pending = None
            pending = _record(item, offset)
        whole = True
    except _UNREADABLE as error:
        _raise_if_of_the_system(error)
    if pending is not None:
        end = _end(stream, pending, size, whole)
        if end is not None:
            yield _ending(pending, end)


def _raise_if_of_the_system(error: Exception) -> None:
    """Bad data is damage; a disk that cannot be read is not, and its errors carry a number."""
    if getattr(error, "errno", None) is not None:
        raise error


def _record(item: WarcRecord, offset: int) -> Record:
    headers = {name.lower(): value for name, value in reversed(item.headers.items())}
    if not (kind := headers.get("warc-type", "").strip().lower()):
        raise ValueError("what has no WARC-Type only looks like a record")
    return Record(
        offset=offset,
        length=0,
        kind=kind,
        headers=headers,
        block=item.reader.read(MAX_BLOCK),
        declared=item.content_length,
    )


def _ending(record: Record, end: int) -> Record:
    return msgspec.structs.replace(record, length=end - record.offset)


class _Tail:
    """A file from a given byte on, so that positions count from there."""

    def __init__(self, stream: BinaryIO, start: int) -> None:
        self._stream = stream
        self._start = start
        stream.seek(start)

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


def _end(stream: BinaryIO, record: Record, size: int, whole: bool) -> int | None:
    """Return the byte after a record that no next record marks; None if its frame is damaged.

    A record that does not begin a frame of its own ends with the file, if that was read `whole`.
    """
    stream.seek(record.offset)
    magic = stream.read(len(_PLAIN))
    if magic == _PLAIN:
        return _plain_end(stream, record, size)
    dictionary = _dictionary(stream)
    frames = _Tail(stream, record.offset)
    if magic.startswith(_GZIP):
        length = _gzip_length(frames)
    elif magic.startswith(_ZSTD):
        length = _frame_length(ZstdReader(frames, dictionary=dictionary))
    elif magic.startswith(_LZ4):
        length = _frame_length(Lz4Reader(frames))
    else:
        return size if whole else None
    return None if length is None else record.offset + length


def _dictionary(stream: BinaryIO) -> bytes | None:
    """Return the dictionary that a zstd file may begin with; FastWARC finds it by itself.

    It comes in a skippable frame, as it is or compressed (IIPC, Zstandard compression for WARC).
    """
    stream.seek(0)
    head = stream.read(8)
    if not head.startswith(_DICTIONARY):
        return None
    found = stream.read(min(int.from_bytes(head[4:], "little"), MAX_DICTIONARY))
    try:
        compressed = found.startswith(_ZSTD)
        return ZstdReader(BytesIO(found)).read(MAX_DICTIONARY) if compressed else found
    except _UNREADABLE:
        return None


def _plain_end(stream: BinaryIO, record: Record, size: int) -> int:
    stream.seek(record.offset)
    headers = stream.read(MAX_HEADERS).find(b"\r\n\r\n") + 4
    if headers < 4:
        return _next_start(stream, record.offset, size, _STARTS)
    end = min(size, record.offset + headers + record.declared)
    stream.seek(end)
    tail = stream.read(4)
    return end + len(tail) - len(tail.lstrip(b"\r\n"))


def _gzip_length(frames: _Tail) -> int | None:
    """Return the bytes that the first gzip member takes; None if it is damaged.

    FastWARC does not look at the checksum of a file's last member. A byte may stand for a
    thousand, so few are taken at a time.
    """
    member = zlib.decompressobj(wbits=31)
    length = 0
    try:
        while not member.eof and (chunk := frames.read(1 << 12)):
            length += len(chunk)
            member.decompress(chunk)
    except zlib.error:
        return None
    return length - len(member.unused_data)


def _frame_length(frames: WarcReader) -> int | None:
    """Return the bytes that the first compressed frame takes; None if it cannot be read."""
    try:
        while not frames.frame_start_position() and frames.read(_STEP):
            pass
    except _UNREADABLE as error:
        _raise_if_of_the_system(error)
        return frames.frame_start_position() or None
    return frames.frame_start_position() or frames.inner_tell()


def _starts_like(stream: BinaryIO, record: Record) -> tuple[bytes, ...]:
    """Return how the next record may begin: like this one, for the rest is in some payload."""
    stream.seek(record.offset)
    magic = stream.read(len(_PLAIN))
    return tuple(start for start in _STARTS if magic.startswith(start)) or _STARTS


def _next_start(stream: BinaryIO, position: int, size: int, starts: tuple[bytes, ...]) -> int:
    """Return the next byte after `position` where a record may begin, or the end of the file."""
    overlap = len(_PLAIN) - 1
    position += 1
    while position < size:
        stream.seek(position)
        chunk = stream.read(_BLOCK + overlap)
        found = [at for start in starts if 0 <= (at := chunk.find(start)) < _BLOCK]
        if found:
            return position + min(found)
        position += _BLOCK
    return size
