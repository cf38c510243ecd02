"""Bands: a few hashes of a sketch, of which similar texts are likely to share one."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from florilegium.dedup.shingles import mix

BANDS = 12
"""Bands of a sketch: a pair is a candidate if it agrees in one."""
ROWS = 6
"""Sketch values in a band."""

_SEED = np.uint64(0x9E3779B97F4A7C15)


@njit(cache=True, nogil=True)
def _bands(sketches: NDArray[np.uint32], out: NDArray[np.uint64]) -> None:
    for document in range(sketches.shape[0]):
        for band in range(BANDS):
            value = _SEED * np.uint64(band + 1)
            for row in range(ROWS):
                value = mix(value ^ np.uint64(sketches[document, band * ROWS + row]))
            out[document, band] = value


def bands(sketches: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return BANDS hashes a sketch (locality-sensitive hashing, Indyk and Motwani 1998).

    Texts of similarity s share at least one with probability 1 - (1 - s^ROWS)^BANDS: 0.17 at 0.5,
    0.90 at 0.75, 0.97 at 0.8. Bands propose; the sketch decides.
    """
    out = np.empty((sketches.shape[0], BANDS), np.uint64)
    _bands(sketches, out)
    return out


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
