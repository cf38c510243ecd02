"""WARC files of a worker: written record by record, closed when they are large enough.

A file that is being written ends in `.open`, as is the custom; other tools leave it alone.
"""

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from msgspec import Struct

from florilegium.pipelines.crawl.warc_records import warcinfo
from florilegium.pipelines.harvest.warc import Record, read

OPEN: Final = ".open"
_SECONDS_BETWEEN_SYNCS: Final = 10.0


class Place(Struct, frozen=True, gc=False):
    """Where records are."""

    warc: str
    """Name of the file."""
    offset: int
    length: int


class WarcWriter:
    """Writes the files `PREFIX-00000.warc.gz`, and so on, of a folder."""

    def __init__(
        self, folder: Path, prefix: str, most: int, about: Iterable[tuple[str, str]]
    ) -> None:
        self._folder = folder
        self._prefix = prefix
        self._most = most
        self._about = list(about)
        self._file = -1
        self._size = 0
        self._name = ""
        self._synced = time.monotonic()

    def go_on(self) -> None:
        """Go on with the file that was left open, if there is one, at its end."""
        if (path := self._left_open()) is not None:
            self._append(path, path.stat().st_size)

    def recover(self, end: Place | None) -> Iterator[tuple[Place, Record]]:
        """Go on with the file that was left open; yield the records in it that follow `end`.

        What was not written to its end is cut off.
        """
        path = self._left_open()
        if path is None:
            return
        self._name = path.name.removesuffix(OPEN)
        known = end.offset + end.length if end is not None and end.warc == self._name else 0
        whole = 0
        for item in read(path):
            if not isinstance(item, Record):
                break
            whole = item.offset + item.length
            if item.offset >= known:
                yield Place(self._name, item.offset, item.length), item
        self._append(path, whole)

    def write(self, members: bytes) -> Place:
        """Write some records together; return where they are."""
        if self._file < 0:
            self._begin()
        place = Place(self._name, self._size, len(members))
        self._put(members)
        if self._size >= self._most:
            self.finish()
        elif time.monotonic() - self._synced > _SECONDS_BETWEEN_SYNCS:
            os.fsync(self._file)
            self._synced = time.monotonic()
        return place

    def finish(self) -> None:
        """Close the file, and give it the name by which others know that it is whole."""
        if self._file >= 0:
            os.fsync(self._file)
            self.close()
            (self._folder / f"{self._name}{OPEN}").rename(self._folder / self._name)

    def close(self) -> None:
        """Close the file; it may be gone on with."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _left_open(self) -> Path | None:
        left = sorted(self._folder.glob(f"{self._prefix}-*.warc.gz{OPEN}"))
        return left[-1] if left else None

    def _append(self, path: Path, size: int) -> None:
        self._name, self._size = path.name.removesuffix(OPEN), size
        self._file = os.open(path, os.O_WRONLY)
        os.ftruncate(self._file, size)
        os.lseek(self._file, size, os.SEEK_SET)

    def _begin(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        there = len(list(self._folder.glob(f"{self._prefix}-*.warc.gz")))
        self._name = f"{self._prefix}-{there:05d}.warc.gz"
        path = self._folder / f"{self._name}{OPEN}"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        self._size = 0
        self._put(warcinfo(self._name, self._about, time.time()))

    def _put(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(self._file, left) :]
        self._size += len(data)
