"""Bands: a few hashes of a sketch, of which similar texts are likely to share one."""

import numpy as np
from numpy.typing import NDArray

from florilegium.dedup.kernels import mix_all

_SEED = np.uint64(0x9E3779B97F4A7C15)


def bands(sketches: NDArray[np.uint32], number: int, rows: int) -> NDArray[np.uint64]:
    """Return so many hashes a sketch (locality-sensitive hashing, Indyk and Motwani 1998).

    Each is of as many values of the sketch as it has rows, and of its own number, so that equal
    hashes are of the same band. Texts of similarity s share at least one with probability
    1 - (1 - s^rows)^number.
    """
    values = sketches[:, : number * rows].reshape(len(sketches), number, rows)
    hashes = np.broadcast_to(np.arange(1, number + 1, dtype=np.uint64) * _SEED, values.shape[:2])
    for row in range(rows):
        hashes = mix_all(hashes ^ values[:, :, row])
    return hashes


def stars(hashes: NDArray[np.uint64], vertices: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return links (vertex, smaller vertex), shape (n, 2), that connect all of equal hash.

    The hashes are those of one band. A bucket of m vertices gives m - 1 links, all to its smallest.
    """
    order = np.lexsort((vertices, hashes))
    hashes, vertices = hashes[order], vertices[order]
    first = np.ones(len(hashes), np.bool_)
    first[1:] = hashes[1:] != hashes[:-1]
    smallest = vertices[first][np.cumsum(first) - 1]
    return np.stack([vertices[~first], smallest[~first]], axis=1)
