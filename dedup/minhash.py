"""MinHash sketches: values whose agreement estimates the Jaccard similarity of two sets.

Both sketches here are of this family (Broder 1997). Each of their values is the least of the hashes
of a set under some hash function, so that two sets share it with the probability of their
similarity. Classic MinHash has a function for each value and hashes the whole set with it. Fast
Similarity Sketching (Dahlgaard, Knudsen and Thorup, FOCS 2017, arXiv 1704.04370) hashes the set
once, deals the hashes out to all values, and hashes again only to fill values left without one.
"""

import numpy as np
from numpy.typing import NDArray

from florilegium.dedup.kernels import compiled, mix, mix_all

SIZE = 256
"""Values in a Fast Similarity Sketch."""
PERMUTATIONS = 112
"""Values in a sketch of classic MinHash: 14 bands of 8, as in FineWeb (arXiv 2406.17557)."""

_EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)
_ROUND = np.uint64(0x9E3779B97F4A7C15)
_PLACE_SHIFT = np.uint64(56)  # the top 8 bits choose one of SIZE places
_LOW = np.uint64(0xFFFFFFFF)
_SEEDS = mix_all(np.arange(1, 2 * PERMUTATIONS + 1, dtype=np.uint64))
_FACTORS: NDArray[np.uint64] = _SEEDS[::2] | np.uint64(1)
_SUMMANDS: NDArray[np.uint64] = _SEEDS[1::2]


def _sketch_all(
    hashes: NDArray[np.uint64], bounds: NDArray[np.int64], out: NDArray[np.uint32]
) -> None:
    best = np.full(out.size, _EMPTY)
    owners = np.repeat(np.arange(len(out), dtype=np.uint64), np.diff(bounds))
    for turn in range(2 * SIZE):
        if owners.size == 0:
            break
        step = np.uint64(turn * int(_ROUND) & 0xFFFFFFFFFFFFFFFF)
        values = mix_all(hashes + step) if turn > 0 else hashes
        places = values >> _PLACE_SHIFT if turn < SIZE else np.uint64(turn - SIZE)
        turned = np.uint64(turn << 32) | (values & _LOW)
        np.minimum.at(best, owners * np.uint64(SIZE) + places, turned)
        unfilled = (best.reshape(out.shape) == _EMPTY).any(axis=1)[owners]
        hashes, owners = hashes[unfilled], owners[unfilled]
    out[:] = (mix_all(best) >> np.uint64(32)).reshape(out.shape)


@compiled(twin=_sketch_all)
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
                value = np.uint64(turn) << np.uint64(32) | value & _LOW
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


def _permute_all(
    hashes: NDArray[np.uint64],
    bounds: NDArray[np.int64],
    factors: NDArray[np.uint64],
    summands: NDArray[np.uint64],
    out: NDArray[np.uint32],
) -> None:
    best = np.full(out.shape, _EMPTY)
    filled = bounds[1:] > bounds[:-1]
    if filled.any():
        for column in range(PERMUTATIONS):
            values = hashes * factors[column] + summands[column]
            best[filled, column] = np.minimum.reduceat(values, bounds[:-1][filled])
    out[:] = mix_all(best) >> np.uint64(32)


@compiled(twin=_permute_all)
def _permute(
    hashes: NDArray[np.uint64],
    bounds: NDArray[np.int64],
    factors: NDArray[np.uint64],
    summands: NDArray[np.uint64],
    out: NDArray[np.uint32],
) -> None:
    best = np.empty(PERMUTATIONS, np.uint64)
    for document in range(bounds.size - 1):
        best[:] = _EMPTY
        for position in range(bounds[document], bounds[document + 1]):
            for column in range(PERMUTATIONS):
                value = hashes[position] * factors[column] + summands[column]
                best[column] = min(best[column], value)
        for column in range(PERMUTATIONS):
            out[document, column] = mix(best[column]) >> np.uint64(32)


def permute(hashes: NDArray[np.uint64], bounds: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return one row of PERMUTATIONS values a text: its sketch by classic MinHash (Broder 1997).

    Two rows agree in a place with the probability of the Jaccard similarity of the two sets.
    The hash functions are multiply-add modulo 2^64 (Dietzfelbinger et al. 1997). All texts
    without shingles have the same sketch.
    """
    out = np.empty((bounds.size - 1, PERMUTATIONS), np.uint32)
    _permute(hashes, bounds, _FACTORS, _SUMMANDS, out)
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
    """Return the estimated similarity, 0 to 1, of Fast Similarity Sketches that agree so often."""
    # (m / 256 - 1 / 256) / (1 - 1 / 256), without the rounding
    return np.maximum((np.asarray(matches) - 1.0) / (SIZE - 1.0), 0.0)
