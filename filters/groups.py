"""Equal things found by 64-bit hashes of them.

Numba keys the cache of a kernel by its own file: after a change here, the cached kernels of
`repetition_counts` are stale until that file is touched.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numba import njit

from florilegium.filters.characters import Codes

Hashes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int32]

BASE = np.uint64(0x9E3779B97F4A7C15)
"""What hashes are polynomials in: odd, so that its powers have inverses modulo 2^64."""


@njit(cache=True, nogil=True)
def mix(value: np.uint64) -> np.uint64:
    """Spread 64 bits over 64 bits, one to one (the finalizer of SplitMix64)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(cache=True, nogil=True)
def hash_spans(codes: Codes, starts: Numbers, ends: Numbers) -> Hashes:
    """One hash for each span of the text: a polynomial in `BASE` modulo 2^64, then mixed."""
    hashes = np.empty(len(starts), np.uint64)
    for k in range(len(starts)):
        value, power = np.uint64(0), np.uint64(1)
        for i in range(starts[k], ends[k]):
            value += (np.uint64(codes[i]) + np.uint64(1)) * power
            power *= BASE
        hashes[k] = mix(value)
    return hashes


@njit(cache=True, nogil=True)
def number(hashes: Hashes) -> tuple[Numbers, int]:
    """Give equal hashes equal numbers, 0, 1, 2 ... in order of first appearance; and how many.

    Linear time, by a table with open addressing. Where a hash lies in the table depends on all the
    others, so that a page cannot easily be crafted to make them collide.
    """
    bits = 4
    while 1 << bits < 2 * len(hashes):
        bits += 1
    table = np.full(1 << bits, -1, np.int32)
    keys = np.empty(len(hashes), np.uint64)
    numbers = np.empty(len(hashes), np.int32)
    scatter, shift, last = mix(np.sum(hashes)) | np.uint64(1), np.uint64(64 - bits), (1 << bits) - 1
    different = 0
    for i in range(len(hashes)):
        slot = np.int64((hashes[i] * scatter) >> shift)
        while table[slot] >= 0 and keys[table[slot]] != hashes[i]:
            slot = (slot + 1) & last
        if table[slot] < 0:
            table[slot] = different
            keys[different] = hashes[i]
            different += 1
        numbers[i] = table[slot]
    return numbers, different


NO_HASHES: Hashes = np.empty(0, np.uint64)


def hash_words(words: Sequence[str]) -> Hashes:
    """Return the hash that `hash_spans` gives each word."""
    codes = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32)
    ends = np.cumsum([len(word) for word in words], dtype=np.int32)
    return hash_spans(codes, np.append(np.zeros(1, np.int32), ends)[:-1], ends)
