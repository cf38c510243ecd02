"""Equal things found by 64-bit hashes of them.

Numba keys the cache of a kernel by its own file: after a change here, the cached kernels of files
that import these are stale until they are touched.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numba import njit

from florilegium.filters.characters import Codes

Hashes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

BASE = np.uint64(0x9E3779B97F4A7C15)
"""What hashes are polynomials in: odd, so that its powers have inverses modulo 2^64."""
POWERS = np.array(
    [[pow(int(BASE), low << 8 * byte, 1 << 64) for low in range(256)] for byte in range(4)],
    np.uint64,
)
"""Its powers: by the bytes of the exponent, the lowest first."""


@njit(cache=True, nogil=True)
def mix(value: np.uint64) -> np.uint64:
    """Spread 64 bits over 64 bits, one to one (the finalizer of SplitMix64)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(cache=True, nogil=True)
def hash_prefixes(codes: Codes) -> Hashes:
    """One number for the text up to each character, and one for all of it.

    A polynomial in `BASE` modulo 2^64, as Karp and Rabin hash (doi:10.1147/rd.312.0249): that of
    any span is a difference of two.
    """
    prefixes = np.empty(len(codes) + 1, np.uint64)
    value = prefixes[0] = np.uint64(0)
    for i in range(len(codes)):
        value = value * BASE + (np.uint64(codes[i]) + np.uint64(1))
        prefixes[i + 1] = value
    return prefixes


@njit(cache=True, nogil=True)
def hash_spans(prefixes: Hashes, starts: Numbers, ends: Numbers) -> Hashes:
    """One hash for each span of the text: its polynomial, mixed."""
    hashes = np.empty(len(starts), np.uint64)
    for k in range(len(starts)):
        before = prefixes[starts[k]] * _power(ends[k] - starts[k])
        hashes[k] = mix(prefixes[ends[k]] - before)
    return hashes


@njit(cache=True, nogil=True)
def _power(exponent: int) -> np.uint64:
    power, byte = POWERS[0, exponent & 0xFF], 1
    while exponent > 0xFF:
        exponent >>= 8
        power *= POWERS[byte, exponent & 0xFF]
        byte += 1
    return np.uint64(power)


@njit(cache=True, nogil=True)
def group(hashes: Hashes) -> tuple[Numbers, Hashes, Numbers]:
    """Return the number of each hash; the hash that has each number; and how often it occurs.

    Numbers are 0, 1, 2 ... in order of first appearance. Linear time, by a table with open
    addressing. Where a hash lies in the table depends on all the others, so that a page cannot
    easily be crafted to make them collide.
    """
    bits = 4
    while 1 << bits < 2 * len(hashes):
        bits += 1
    table = np.full(1 << bits, -1, np.int32)
    numbers = np.empty(len(hashes), np.int32)
    keys, times = np.empty(len(hashes), np.uint64), np.zeros(len(hashes), np.int32)
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
        times[numbers[i]] += 1
    return numbers, keys[:different], times[:different]


@njit(cache=True, nogil=True)
def suspects(hashes: Hashes) -> Mask:
    """Mark all hashes that occur more than once, and a few that do not, in less time than `group`.

    A Bloom filter (doi:10.1145/362686.362692) of one function and eight counters a hash.
    """
    bits = 6
    while 1 << bits < 8 * len(hashes):
        bits += 1
    shift = np.uint64(64 - bits)
    times = np.zeros(1 << bits, np.uint8)
    found = np.empty(len(hashes), np.bool_)
    for i in range(len(hashes)):
        slot = (hashes[i] * BASE) >> shift
        times[slot] = (times[slot] << 1) | 1  # 1 after one, 3 or more after others
    for i in range(len(hashes)):
        found[i] = times[(hashes[i] * BASE) >> shift] > 1
    return found


NO_HASHES: Hashes = np.empty(0, np.uint64)


def hash_words(words: Sequence[str]) -> Hashes:
    """Return the hash that `hash_spans` gives each word."""
    codes = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32)
    ends = np.cumsum([len(word) for word in words], dtype=np.int32)
    return hash_spans(hash_prefixes(codes), np.append(np.zeros(1, np.int32), ends)[:-1], ends)
