"""Bytes of an archive, however often it takes: at a pace, with pauses, from where it broke off."""

import errno
import gzip
import io
import os
import random
import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from msgspec import Struct

from florilegium.manifests.ranged import Ranged
from florilegium.pipelines.commoncrawl.pace import Pace
from florilegium.pipelines.commoncrawl.sources import CHUNK, BusyError, DeniedError, Source

if TYPE_CHECKING:
    pass

ATTEMPTS = 8
"""Failures in a row, with no more than a mebibyte in between, after which it is given up."""
DENIALS = 3
"""Refusals in a row after which the server means it."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
"""Seconds; each pause is twice the one before, and never under half of that."""
MAX_LIST = 256 << 20
"""Bytes of a list of files, inflated."""


class RefusedError(PermissionError):
    """A server that goes on refusing. All work must stop: that is what it asks for."""


class Fetcher(Struct, frozen=True):
    """Reads an archive at a pace."""

    source: Source
    pace: Pace

    def size(self, key: str) -> int:
        """Return the bytes of a file; OSError as `stream`."""
        tries = _Tries(self.pace)
        while True:
            self.pace.wait()
            try:
                found = self.source.size(key)
            except (BusyError, DeniedError) as error:
                tries.failed(error)
            else:
                self.pace.faster()
                return found

    def stream(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """Yield bytes `start` to `stop` of a file, all of them.

        OSError with one line that says what to do: EAGAIN if the server is overloaded or out of
        reach for too long, RefusedError if it goes on refusing, FileNotFoundError, or EIO if the
        file is another than the index says.
        """
        tries = _Tries(self.pace)
        position = start
        while position < stop:
            self.pace.wait()
            try:
                with closing(self.source.open(key, position, stop)) as chunks:
                    for chunk in chunks:
                        # No server is trusted to stop by itself.
                        taken = chunk[: stop - position]
                        position += len(taken)
                        tries.came(len(taken))
                        yield taken
                        if position == stop:
                            break
                if position < stop:
                    raise BusyError(f"{key}: the answer broke off at byte {position}")
            except (BusyError, DeniedError) as error:
                tries.failed(error)
            else:
                self.pace.faster()

    def read(self, key: str, start: int, stop: int) -> bytes:
        """Return bytes `start` to `stop` of a file; OSError as `stream`."""
        return b"".join(self.stream(key, start, stop))

    def lines(self, key: str) -> list[str]:
        """Return the lines of a compressed list; OSError as `stream`, ValueError if it is none."""
        if (size := self.size(key)) > MAX_LIST:
            raise ValueError(f"{key}: more than {MAX_LIST:,} bytes")
        packed = self.read(key, 0, size)
        try:
            with gzip.open(io.BytesIO(packed)) as file:
                text = file.read(MAX_LIST + 1)
            if len(text) > MAX_LIST:
                raise ValueError(f"{key}: more than {MAX_LIST:,} bytes")
            return text.decode().split()
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise ValueError(f"{key} is no compressed list: {error}") from error

    def open(self, key: str) -> "ArchiveFile":
        """Return a file to read and seek in, each read of which is a request."""
        return ArchiveFile(self, key, self.size(key))


class _Tries:
    """Counts what failed, and pauses; gives up when it is enough."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._failures = self._denials = self._came = 0

    def came(self, number: int) -> None:
        """Forget the failures when enough came since the last one: drops could go on for ever."""
        self._came += number
        if self._came >= CHUNK:
            self._failures = self._denials = 0

    def failed(self, error: BusyError | DeniedError) -> None:
        """Wait before the next try; OSError if there shall be none."""
        self._pace.slower()
        self._came = 0
        self._failures += 1
        asked = error.pause if isinstance(error, BusyError) else 0.0
        if isinstance(error, DeniedError):
            self._denials += 1
            if self._denials == DENIALS:
                raise RefusedError(errno.EACCES, _REFUSED.format(error)) from error
        elif self._failures == ATTEMPTS or asked > LONGEST_PAUSE:
            says = f"{os.strerror(errno.EAGAIN)}: {error}, {self._failures} times"
            raise OSError(errno.EAGAIN, says) from error
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self._failures - 1))
        time.sleep(max(asked, pause * (0.5 + random.random() / 2)))


_REFUSED = (
    "{} again and again. Asking on makes it worse. If it answered before, wait a day and set fewer "
    "`requests_per_second`; if not, look at `base`, at the credentials, and whether the file is "
    "there: S3 also answers so where it may not tell"
)


class ArchiveFile(Ranged):
    """A file of an archive; it counts the bytes that came of it."""

    def __init__(self, fetcher: Fetcher, key: str, size: int) -> None:
        super().__init__(size)
        self._fetcher, self._key = fetcher, key
        self.came = 0

    def fetch(self, start: int, stop: int) -> bytes:
        """Return a range, by one request; OSError as `Fetcher.stream`."""
        data = self._fetcher.read(self._key, start, stop)
        self.came += len(data)
        return data
