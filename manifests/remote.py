"""Objects in buckets, by the names that pathlib gives to files.

A store has no folders: a `RemotePath` is a folder if some object lies below it, and making one
takes nothing. Every write is one that happens whole or not at all.
"""

import errno
import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import NamedTuple, Protocol

from florilegium.manifests.ranged import Ranged

BUFFER = 4 << 20
"""Bytes that one request of a reader asks for: many WARC records, little memory."""
ATTEMPTS = 10
"""How often a request is made before its error is believed; the last pauses are 20 seconds."""


class Stat(NamedTuple):
    """What is known of a file or an object without reading it."""

    st_size: int
    """Bytes."""
    st_mtime_ns: int
    """When it was written, in nanoseconds since 1970, by the clock of the disk or server."""
    version: str
    """Another string as soon as the content is another: mtime, ETag or generation."""


def refusal(status: int, address: str) -> OSError | None:
    """Return the error that a status of HTTP means whatever the store, None for any other."""
    if status in (429, 503):
        says = f"{os.strerror(errno.EAGAIN)}: the server asks for fewer requests; try again later"
        return OSError(errno.EAGAIN, says, address)
    if status == 404:
        return FileNotFoundError(errno.ENOENT, "there is no such bucket or object", address)
    if status == 412:
        says = "the object was replaced while it was being read; run the command again"
        return OSError(errno.ESTALE, says, address)
    return None


class Store(Protocol):
    """One bucket. Keys are without a slash in front.

    Errors are `OSError` with a number, one line and the address: FileNotFoundError for a missing
    object or bucket, PermissionError, ConnectionError, and EAGAIN if the server asked for fewer
    requests for too long.
    """

    def head(self, key: str) -> Stat | None:
        """Return what is known of an object, or None if there is none."""

    def get(
        self, key: str, start: int = 0, stop: int | None = None, version: str | None = None
    ) -> bytes:
        """Return bytes `start` to `stop` of an object, or all; ESTALE if of another version."""

    def put(self, key: str, data: bytes) -> None:
        """Write an object."""

    def put_file(self, key: str, path: Path) -> None:
        """Write an object from a local file, in several parts if it is large."""

    def put_if(self, key: str, data: bytes, version: str | None) -> str | None:
        """Write an object if it still has this version, or for None if there is none.

        The new version; None if the condition does not hold.
        """

    def below(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        """Yield every key that begins with `prefix`."""

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects, those that are not there included."""

    def abandon_uploads(self, prefix: str, before: float) -> None:
        """Give up uploads in parts that were begun before a time and never ended.

        Those of keys that begin with `prefix`; the time is in seconds since 1970.
        """


@dataclass(frozen=True, order=True, slots=True)
class RemotePath:
    """An object or a folder in a bucket; `florilegium.manifests.location.locate` makes it."""

    address: str
    """Such as `s3://bucket/folder/name`, without a slash at the end."""

    def __str__(self) -> str:
        return self.address

    def __truediv__(self, other: str | PurePath) -> "RemotePath":
        below = str(other).strip("/")
        return RemotePath(f"{self.address}/{below}") if below else self

    @property
    def _bucket(self) -> str:
        return self.address.split("/", 3)[2]

    @property
    def _key(self) -> str:
        return "".join(self.address.split("/", 3)[3:])

    @property
    def _prefix(self) -> str:
        """What the keys of all that lies below begin with."""
        return f"{self._key}/" if self._key else ""

    @property
    def _store(self) -> Store:
        # A client takes a while to import, and Google's is installed on demand.
        if self.address.startswith("s3:"):
            from florilegium.manifests.s3 import S3

            return S3(self._bucket)
        from florilegium.manifests.gcs import GoogleCloudStorage

        return GoogleCloudStorage(self._bucket)

    @property
    def name(self) -> str:
        """What stands behind the last slash; nothing for a bucket."""
        return self._key.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The end of the name from its last dot on."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> "RemotePath":
        """The folder; a bucket is its own."""
        return RemotePath(self.address.rpartition("/")[0].rstrip("/")) if self._key else self

    def with_name(self, name: str) -> "RemotePath":
        """Return the neighbour of this name."""
        return self.parent / name

    def relative_to(self, folder: "RemotePath") -> PurePosixPath:
        """Return the way here from a folder; ValueError if this is not below it."""
        if self.address == folder.address:
            return PurePosixPath()
        if not self.address.startswith(f"{folder.address}/"):
            raise ValueError(f"{self.address!r} is not below {folder.address!r}")
        return PurePosixPath(self.address[len(folder.address) + 1 :])

    def stat(self) -> Stat:
        """Return size, time and version; FileNotFoundError if there is no such object."""
        if self._key and (found := self._store.head(self._key)) is not None:
            return found
        raise FileNotFoundError(errno.ENOENT, "there is no such object", self.address)

    def exists(self) -> bool:
        """Return whether it is an object or a folder; FileNotFoundError if there is no bucket."""
        return self.is_file() or self.is_dir()

    def is_file(self) -> bool:
        """Return whether it is an object; FileNotFoundError if there is no bucket."""
        return bool(self._key) and self._store.head(self._key) is not None

    def is_dir(self) -> bool:
        """Return whether some object lies below; FileNotFoundError if there is no bucket."""
        return next(self._store.below(self._prefix), None) is not None

    def is_symlink(self) -> bool:
        """Return False: stores have no links."""
        return False

    def open(self, mode: str = "rb") -> io.BufferedReader:
        """Return a stream to read and seek in; FileNotFoundError if there is no such object."""
        if mode != "rb":
            raise ValueError(f"{self.address!r} cannot be opened for {mode!r}; use replacing()")
        about = self.stat()
        raw = _Reader(self._store, self._key, about)
        return io.BufferedReader(raw, max(1, min(BUFFER, about.st_size)))

    def read_bytes(self) -> bytes:
        """Return the content."""
        return self._store.get(self._key)

    def read_text(self, encoding: str | None = None) -> str:
        """Return the content as text, UTF-8 unless said otherwise."""
        return self.read_bytes().decode(encoding or "utf-8")

    def write_bytes(self, data: bytes) -> int:
        """Write the content, whole or not at all."""
        self._store.put(self._key, data)
        return len(data)

    def write_text(self, data: str, encoding: str | None = None) -> int:
        """Write text as the content, whole or not at all, in UTF-8 unless said otherwise."""
        self.write_bytes(data.encode(encoding or "utf-8"))
        return len(data)

    def write_if(self, version: str | None, data: bytes) -> str | None:
        """Write if the object still has this version, or for None if there is none.

        The new version; None if the condition does not hold. An answer that is lost on its way
        is asked for again, so None may also mean that this very data was written.
        """
        return self._store.put_if(self._key, data, version)

    def upload(self, path: Path) -> None:
        """Write the content of a local file, whole or not at all."""
        self._store.put_file(self._key, path)

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove the object; FileNotFoundError if there is none, unless that is fine."""
        if not missing_ok:
            self.stat()
        self._store.delete([self._key])

    def remove_below(self) -> None:
        """Remove all that lies below."""
        self._store.delete(key for key, _ in self._store.below(self._prefix))

    def abandon_uploads(self, before: float) -> None:
        """Give up uploads to below that were begun before a time (seconds since 1970)."""
        self._store.abandon_uploads(self._prefix, before)

    def mkdir(self, parents: bool = False, exist_ok: bool = False) -> None:
        """Do nothing: folders need not be made."""

    def below(self) -> Iterator[tuple["RemotePath", Stat]]:
        """Yield the objects below, with what is known of each, by one listing."""
        bucket = RemotePath(f"{self.address.partition(':')[0]}://{self._bucket}")
        for key, about in self._store.below(self._prefix):
            # Consoles mark a folder by an empty object whose name ends with a slash.
            if not key.endswith("/"):
                yield RemotePath(f"{bucket}/{key}"), about

    def rglob(self, pattern: str) -> Iterator["RemotePath"]:
        """Yield the objects below whose name, or end of path, matches; folders are none."""
        return (path for path, _ in self.below() if path.relative_to(self).match(pattern))

    def glob(self, pattern: str) -> Iterator["RemotePath"]:
        """Yield the objects whose path from here matches; `**` has no meaning."""
        depth = len(PurePosixPath(pattern).parts)
        matching = self.rglob(pattern)
        return (path for path in matching if len(path.relative_to(self).parts) == depth)


class _Reader(Ranged):
    """One version of an object as a stream: each read is a request."""

    def __init__(self, store: Store, key: str, about: Stat) -> None:
        super().__init__(about.st_size)
        self._store, self._key, self._version = store, key, about.version

    def fetch(self, start: int, stop: int) -> bytes:
        data = self._store.get(self._key, start, stop, self._version)
        if len(data) != stop - start:
            raise OSError(errno.EIO, f"{len(data)} bytes came of a range of another length")
        return data
