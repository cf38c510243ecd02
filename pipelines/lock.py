"""One build at a time in one place.

On a local disk the system holds the lock. In a store it is a lease: an object that its holder
writes anew while it works, and that another may take over when that has not happened for a
while. Every write is conditional on what was read before, so two cannot both take it.
"""

import fcntl
import logging
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from florilegium.manifests.location import Location
from florilegium.manifests.remote import RemotePath

STALE = 150.0
"""Seconds without a sign of life after which a lease may be taken over, by the store's clock."""
RENEWAL = 30.0
"""Seconds between two signs of life."""


class LockedError(RuntimeError):
    """Another build is at work in the same place."""


@contextmanager
def lock(location: Location, stale: float = STALE, renewal: float = RENEWAL) -> Iterator[None]:
    """Hold the lock; LockedError, naming the holder, if another process does.

    A local lock ends with the process, however it ends; a lease in a store then lasts for `stale`
    seconds. LockedError on leaving if a lease was lost meanwhile.
    """
    holding = (
        _leased(location, stale, renewal) if isinstance(location, RemotePath) else _locked(location)
    )
    with holding:
        yield


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    # What the holder wrote must outlive the attempts of others, so opening may not empty it.
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise _taken(path, file.read().strip()) from None
        file.truncate(0)
        file.write(_holder())
        file.flush()
        yield


@contextmanager
def _leased(location: RemotePath, stale: float, renewal: float) -> Iterator[None]:
    lease = _Lease(location)
    lease.take(stale)
    done = threading.Event()
    renewer = threading.Thread(target=lease.keep, args=(done, renewal), daemon=True)
    renewer.start()
    try:
        yield
    finally:
        done.set()
        renewer.join()
        lease.release()
    if lease.lost:
        raise LockedError(f"another build took over {location} during this one; run it again")


class _Note(Struct, frozen=True, kw_only=True):
    """What a lease says. No two of a lease are equal, lest a store give them one version."""

    holder: str
    """Empty if the lease was given back."""
    token: str
    """Tells one attempt to hold it from all others."""
    count: int = 0


class _Lease:
    """An object that belongs to whoever wrote it last, for as long as it goes on writing it."""

    def __init__(self, location: RemotePath) -> None:
        self._location = location
        self._note = _Note(holder=_holder(), token=uuid.uuid4().hex)
        self._version: str | None = None
        self.lost = False

    def take(self, stale: float) -> None:
        """Take the lease; LockedError if another holds it."""
        if self._write(self._note, None):
            return
        about, held = self._location.stat(), self._read()
        if held.holder and self._now() - about.st_mtime_ns <= stale * 1e9:
            raise _taken(self._location, held.holder)
        if not self._write(self._note, about.version):
            raise _taken(self._location, self._read().holder)

    def keep(self, done: threading.Event, renewal: float) -> None:
        """Give signs of life until `done`, or until the lease is lost."""
        while not done.wait(renewal):
            self._note = msgspec.structs.replace(self._note, count=self._note.count + 1)
            try:
                self.lost = not self._write(self._note, self._version)
            except OSError as error:
                logging.getLogger(__name__).warning("the lease could not be renewed: %s", error)
            if self.lost:
                return

    def release(self) -> None:
        """Give the lease back, if it was not lost."""
        try:
            self._write(msgspec.structs.replace(self._note, holder=""), self._version)
        except OSError as error:
            logging.getLogger(__name__).warning("the lease could not be given back: %s", error)

    def _write(self, note: _Note, version: str | None) -> bool:
        """Write if the lease is of this version; return whether it now says what was written."""
        data = msgspec.json.encode(note)
        written = self._location.write_if(version, data)
        if written is None and (found := self._read()).token == note.token:
            # The answer to this write, or to the one before, was lost on its way.
            version = self._location.stat().version
            written = version if found == note else self._location.write_if(version, data)
        if written is not None:
            self._version = written
        return written is not None

    def _read(self) -> _Note:
        """Return what the lease says; nobody's words if that cannot be read."""
        try:
            return msgspec.json.decode(self._location.read_bytes(), type=_Note)
        except (FileNotFoundError, msgspec.MsgspecError):
            return _Note(holder="a process without a name", token="")

    def _now(self) -> int:
        """Return the time by the store's clock, which is what it writes on an object."""
        clock = self._location.with_name(f"{self._location.name}-{self._note.token}")
        clock.write_bytes(b"")
        try:
            return clock.stat().st_mtime_ns
        finally:
            clock.unlink(missing_ok=True)


def _taken(location: Location, holder: str) -> LockedError:
    return LockedError(f"another build holds {location} ({holder}); wait for it to end")


def _holder() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"
