"""Names that tell which process of which machine made a file, so that others know what is left.

A process that is killed cannot remove its drafts and temporary folders; the next one does.
"""

import hashlib
import os
import re
import shutil
import socket
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "florilegium-"
_MARK = re.compile(r"(?:^|-)([0-9a-f]{6})-([0-9]{1,10})-[0-9a-f]{8}$")


def mark() -> str:
    """Return an end for the name of what this process makes and may have to leave behind."""
    return f"{_host()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def is_marked(name: str) -> bool:
    """Return whether a name ends with the mark of some process."""
    return _MARK.search(name) is not None


def is_orphan(name: str) -> bool:
    """Return whether a name has the mark of a process of this machine that is no more."""
    found = _MARK.search(name)
    return found is not None and found[1] == _host() and not alive(int(found[2]))


def alive(process: int) -> bool:
    """Return whether this machine has a process of that number."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def scratch() -> Iterator[Path]:
    """Give an empty temporary folder, which is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix=_PREFIX, suffix=f"-{mark()}") as folder:
        yield Path(folder)


def sweep_scratch() -> None:
    """Remove the temporary folders of processes of this machine that are no more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if is_orphan(folder.name):
            # Those of other users are theirs, and another process may remove the same one.
            with suppress(OSError):
                shutil.rmtree(folder)


def _host() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]
