"""Units of a plan: the chosen records of a WARC file, fetched and then read one by one.

Each record is a gzip member of its own (ISO 28500, annex D), so those between can be passed over as
they are: only what is chosen is inflated.
"""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
from msgspec import Struct

from florilegium.manifests.location import Location
from florilegium.manifests.scratch import scratch
from florilegium.pipelines.commoncrawl.fetch import Fetcher
from florilegium.pipelines.commoncrawl.pace import pace_of
from florilegium.pipelines.commoncrawl.plan import Head, Row, read_head, read_row
from florilegium.pipelines.commoncrawl.sources import source_of
from florilegium.pipelines.harvest.warc import Damage, Record, read, read_stream


class Fetched(Struct, frozen=True):
    """What came of a file, on the local disk."""

    path: Path
    row: Row
    sha256: str
    """Digest of what was chosen of it, one record after the other, or of all of it."""

    @property
    def passed_over(self) -> int | None:
        """Bytes that came and were not chosen; None if the whole file was asked for."""
        if self.row.requests.mode == "all":
            return None
        return self.row.requests.bytes - int(self.row.lengths.sum())

    def items(self) -> Iterator[Record | Damage]:
        """Yield what is in it, in order, where it is in the file of the archive.

        What is no record where the index says that there is one is damage of that length.
        """
        if self.row.requests.mode == "all":
            yield from read(self.path)
            return
        number = position = 0
        offsets, lengths = self.row.offsets.tolist(), self.row.lengths.tolist()
        for item in read(self.path):
            expected = (position, lengths[number])
            if isinstance(item, Damage) or (item.offset, item.length) != expected:
                break
            yield msgspec.structs.replace(item, offset=offsets[number])
            position += lengths[number]
            number += 1
        # Something is not as the index says: from there on, each for itself, so that the others
        # do not suffer.
        with self.path.open("rb") as file:
            file.seek(position)
            for offset, length in zip(offsets[number:], lengths[number:], strict=True):
                for item in read_stream(io.BytesIO(file.read(length)), length):
                    yield msgspec.structs.replace(item, offset=offset + item.offset)


@contextmanager
def fetched_row(
    place: Location, number: int, workers: int, some: slice | None = None
) -> Iterator[Fetched]:
    """Fetch what a row of a plan chooses; OSError with what to do if that cannot be done.

    Each of so many workers takes an equal share of the pace. With `some`, bytes of all that is
    chosen, only records that begin there are fetched, and one at least; of a file that is read as a
    whole, these very bytes.
    """
    row = read_row(place, number)
    row = row if some is None else _some(row, some)
    fetcher = fetcher_of(row.head, workers)
    with scratch() as folder:
        path = folder / "chosen"
        with path.open("wb") as file:
            digest = _fetch(row, fetcher, file)
        yield Fetched(path, row, digest)


def _some(row: Row, some: slice) -> Row:
    starts, stops = row.requests.starts, row.requests.stops
    if row.requests.mode == "all":
        cut = np.clip(starts, some.start, None), np.clip(stops, None, some.stop)
        requests = row.requests._replace(starts=cut[0], stops=cut[1])
        return msgspec.structs.replace(row, requests=requests)
    begins = row.lengths.cumsum() - row.lengths
    first = min(int(np.searchsorted(begins, some.start)), len(begins) - 1)
    last = max(first + 1, int(np.searchsorted(begins, some.stop)))
    offsets, lengths = row.offsets[first:last], row.lengths[first:last]
    begin, end = int(offsets[0]), int(offsets[-1] + lengths[-1])
    needed = (stops > begin) & (starts < end)
    cut = np.clip(starts[needed], begin, None), np.clip(stops[needed], None, end)
    requests = row.requests._replace(starts=cut[0], stops=cut[1])
    return msgspec.structs.replace(row, requests=requests, offsets=offsets, lengths=lengths)


class Archived(Struct, frozen=True):
    """A file of an archive, read where a plan says that the archive is."""

    plan: Location
    name: str

    def open(self, mode: str = "rb") -> io.RawIOBase:
        """Return a file to read and seek in, each read of which is a request; OSError."""
        return fetcher_of(read_head(self.plan)).open(self.name)


def fetcher_of(head: Head, workers: int = 1) -> Fetcher:
    """Return what reads the archive of a plan, at the share of one among so many workers."""
    return Fetcher(source_of(head.place), pace_of(head.requests_per_second / workers))


def _fetch(row: Row, fetcher: Fetcher, file: BinaryIO) -> str:
    hasher = hashlib.sha256()
    chosen = Chosen(row)
    for start, stop in zip(row.requests.starts.tolist(), row.requests.stops.tolist(), strict=True):
        position = start
        for chunk in fetcher.stream(row.file, start, stop):
            for piece in chosen.of(position, chunk):
                hasher.update(piece)
                file.write(piece)
            position += len(chunk)
    return hasher.hexdigest()


class Chosen:
    """Cuts chosen records out of a file that passes by."""

    def __init__(self, row: Row) -> None:
        self._all = row.requests.mode == "all"
        self._starts = row.offsets
        self._stops = row.offsets + row.lengths

    def of(self, position: int, chunk: bytes) -> Iterator[memoryview]:
        """Yield what is chosen of a chunk that begins at a position of the file."""
        view = memoryview(chunk)
        if self._all:
            yield view
            return
        first = int(np.searchsorted(self._stops, position, side="right"))
        last = int(np.searchsorted(self._starts, position + len(chunk), side="left"))
        for number in range(first, last):
            start = max(0, int(self._starts[number]) - position)
            yield view[start : int(self._stops[number]) - position]
