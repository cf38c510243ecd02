"""Copies, arrays and small files, wherever they are."""

import errno
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from florilegium.manifests.location import Location, files, relative, remove_tree, replacing
from florilegium.manifests.scratch import scratch

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors of a disk, a quota or a limit that leaves no room to write."""

TRY_AGAIN = NO_ROOM | {errno.EAGAIN}
"""Errors that are not of the work but of the moment: no room, or a store that is overloaded."""

_READERS = 32
_COPIED_AT_A_TIME = 8 << 20


@contextmanager
def fetched(location: Location) -> Iterator[Path]:
    """Give a local file with the same content: the file itself, or a copy for the time being."""
    if isinstance(location, Path):
        yield location
        return
    with scratch() as folder:
        copy = folder / "copy"
        with location.open("rb") as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target, _COPIED_AT_A_TIME)
        yield copy


def copied(source: Location, target: Location) -> None:
    """Copy all files below a folder to the same places below another; nothing if there are none."""
    for path, _ in files(source):
        place = target / relative(path, source)
        place.parent.mkdir(parents=True, exist_ok=True)
        with fetched(path) as file, replacing(place) as draft:
            shutil.copyfile(file, draft)


def emptied(folder: Location) -> Location:
    """Return a folder that has nothing in it; what was in it is gone."""
    remove_tree(folder)
    folder.mkdir(parents=True)
    return folder


def load_array(location: Location) -> NDArray[Any]:
    """Return an array as saved by `numpy.save`."""
    with location.open("rb") as stream:
        array: NDArray[Any] = np.load(stream, allow_pickle=False)
    return array


def save_array(location: Location, array: NDArray[Any]) -> None:
    """Save an array, whole or not at all."""
    with replacing(location) as draft, draft.open("wb") as stream:
        np.save(stream, array, allow_pickle=False)


def read_all(locations: Iterable[Location]) -> Iterator[bytes]:
    """Yield the contents of small files in their order; several are on their way at a time."""
    with ThreadPoolExecutor(_READERS) as readers:
        yield from readers.map(lambda location: location.read_bytes(), locations)
