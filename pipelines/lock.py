"""One build at a time in one place."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class LockedError(RuntimeError):
    """Another build is at work in the same place."""


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the lock file; LockedError if another process does.

    The system lets go of the lock when the process ends, however it ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(f"another build holds {path}; wait for it to end") from None
        yield
