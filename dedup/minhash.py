"""Sketches whose agreement estimates the Jaccard similarity of two sets of shingles."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from florilegium.dedup.shingles import mix

SIZE = 256
"""Values in a sketch."""

_EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)
_ROUND = np.uint64(0x9E3779B97F4A7C15)
_PLACE_SHIFT = np.uint64(56)  # the top 8 bits choose one of SIZE places


@njit(cache=True, nogil=True)
def _sketch(hashes: NDArray[np.uint64], bounds: NDArray[np.int64], out: NDArray[np.uint32]) -> None:
    best = np.empty(SIZE, np.uint64)
    for document in range(bounds.size - 1):
        best[:] = _EMPTY
        unfilled = SIZE if bounds[document + 1] > bounds[document] else 0
        for turn in range(2 * SIZE):
            if unfilled == 0:
                break
            for position in range(bounds[document], bounds[document + 1]):
                value = hashes[position]
                if turn > 0:
                    value = mix(value + np.uint64(turn) * _ROUND)
                place = np.int64(value >> _PLACE_SHIFT)
                if turn >= SIZE:  # from here on, each turn fills one place that chance left open
                    place = np.int64(turn - SIZE)
                value = np.uint64(turn) << np.uint64(32) | value & np.uint64(0xFFFFFFFF)
                if value < best[place]:
                    if best[place] == _EMPTY:
                        unfilled -= 1
                    best[place] = value
        for column in range(SIZE):
            out[document, column] = mix(best[column]) >> np.uint64(32)


def sketch(hashes: NDArray[np.uint64], bounds: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return one row of SIZE values a text: its Fast Similarity Sketch (arXiv 1704.04370).

    Two rows agree in a place with the probability of the Jaccard similarity of the two sets.
    Their variance is that of about 430 independent permutations, and small sets do not suffer.
    All texts without shingles have the same sketch.
    """
    out = np.empty((bounds.size - 1, SIZE), np.uint32)
    _sketch(hashes, bounds, out)
    return out


def similarity(
    one: NDArray[np.uint8], other: NDArray[np.uint8]
) -> NDArray[np.float64] | np.float64:
    """Return the estimated Jaccard similarity, 0 to 1, of sketches cut to one byte a value.

    The last axis is the sketch, the others broadcast. One place in 256 agrees by chance, for
    which the share is corrected (b-bit minwise hashing, arXiv 0910.3349).
    """
    return from_matches((one == other).sum(axis=-1))


def from_matches(
    matches: NDArray[np.integer] | int | np.integer,
) -> NDArray[np.float64] | np.float64:
    """Return the estimated similarity, 0 to 1, of sketches that agree in `matches` places."""
    # (m / 256 - 1 / 256) / (1 - 1 / 256), without the rounding
    return np.maximum((np.asarray(matches) - 1.0) / (SIZE - 1.0), 0.0)
