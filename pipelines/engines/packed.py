"""How arrays travel in Beam: packed into bytes, in pieces that no engine finds too large."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Keyed: TypeAlias = tuple[int, bytes]
"""A key and some of its records."""
Group: TypeAlias = tuple[int, Iterable[bytes]]
"""A key and all its records, in any order; to be read once."""
Joined: TypeAlias = tuple[int, dict[str, Iterable[bytes]]]
"""A key and what several collections hold under it."""

PIECE_BYTES = 8 << 20
"""No element is larger: Flink sorts records in buffers of some 10 MB and fails on larger ones."""


def pieces(records: NDArray[Any]) -> Iterator[bytes]:
    """Yield the records, packed; nothing if there are none."""
    step = max(1, PIECE_BYTES * len(records) // max(1, records.nbytes))
    for start in range(0, len(records), step):
        yield records[start : start + step].tobytes()


def scatter(records: NDArray[Any], keys: NDArray[np.integer]) -> Iterator[Keyed]:
    """Yield each key with its records, packed. Keys are below 2^63: Beam carries no larger."""
    order = np.argsort(keys, kind="stable")
    distinct, starts = np.unique(keys[order], return_index=True)
    for key, share in zip(distinct.tolist(), np.split(order, starts[1:]), strict=False):
        for piece in pieces(records[share]):
            yield key, piece


def gather(values: Iterable[bytes], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the records of all pieces in one array."""
    return np.frombuffer(b"".join(values), dtype)


def gather_pairs(values: Iterable[bytes]) -> NDArray[np.uint64]:
    """Return pairs of integers, shape (n, 2)."""
    return gather(values, np.dtype(np.uint64)).reshape(-1, 2)
