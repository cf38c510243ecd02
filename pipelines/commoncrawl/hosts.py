"""The hosts of chosen pages, so many that only their hashes are kept."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from numpy.typing import NDArray

_LOOSE = 1 << 22


class Hosts:
    """A set of hosts; one with `www.` in front and one without are the same."""

    def __init__(self) -> None:
        self._known: NDArray[np.uint64] = np.empty(0, np.uint64)
        self._loose: list[NDArray[np.uint64]] = []
        self._waiting = 0

    def add(self, names: pa.ChunkedArray) -> None:
        """Take in the hosts of a column."""
        self._loose.append(np.unique(_hashes(names)))
        self._waiting += len(self._loose[-1])
        if self._waiting > max(_LOOSE, len(self._known)):
            self._settle()

    def have(self, names: pa.ChunkedArray) -> NDArray[np.bool_]:
        """Return which hosts of a column are in the set."""
        self._settle()
        return among(self._known, _hashes(names))

    def _settle(self) -> None:
        self._known = np.unique(np.concatenate([self._known, *self._loose]))
        self._loose, self._waiting = [], 0


def among(known: NDArray[np.uint64], hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return which hashes are among those that are known, which are in order."""
    found: NDArray[np.bool_] = np.zeros(len(hashes), bool)
    place = np.searchsorted(known, hashes)
    inside = place < len(known)
    found[inside] = known[place[inside]] == hashes[inside]
    return found


def _hashes(names: pa.ChunkedArray) -> NDArray[np.uint64]:
    coded = pc.dictionary_encode(
        names.combine_chunks() if names.num_chunks != 1 else names.chunk(0)
    )
    hashes = np.array(
        [
            xxhash.xxh3_64_intdigest(name.removeprefix("www.").encode())
            for name in coded.dictionary.to_pylist()
        ],
        np.uint64,
    )
    found: NDArray[np.uint64] = hashes[np.asarray(coded.indices)]
    return found
