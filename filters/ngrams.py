"""Runs of words that a text shares with a collection: hashed, counted in one pass.

Words are compared as GPT-3 compared them (arXiv:2005.14165, appendix C): in one case, without
punctuation, cut at white space. Both texts are folded alike, so typographic quotes, hyphens and
ligatures make no difference. A run is known by 64 bits. Of a trillion runs compared with ten
million in a collection, 0.5 are expected to match by chance.
"""

import unicodedata
from collections.abc import Iterable

import numpy as np
from numba import njit
from numpy.typing import NDArray

from florilegium.filters.characters import MARK, SPACE, SYMBOL, Codes, Flags, flag_table
from florilegium.filters.groups import Hashes, mix

MOST_RUNS = 50_000_000
"""Runs that collections may have together: 1.4 GB of memory at most."""

_Numbers = NDArray[np.uint16]
_Counts = NDArray[np.int64]
_BASE = 0x9E3779B97F4A7C15


class TooManyRunsError(ValueError):
    """A collection with more than `MOST_RUNS`."""


def word_hashes(text: str) -> Hashes:
    """Return a hash for each word of a text, folded; time is linear in its length."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), np.uint32)
    return _words(codes, flag_table())


def runs_of(words: Hashes, length: int) -> Hashes:
    """Return a hash for each run of so many words; none of a text that has fewer."""
    return _runs(words, length)


class Runs:
    """The runs of some collections, each with the number of its own, 0 to 65,534."""

    def __init__(self, length: int, collections: Iterable[tuple[int, Hashes]]) -> None:
        """Take collections of runs, each as `runs_of` returns them.

        A run in several belongs to the smallest number. TooManyRunsError if there are too many.
        """
        self.length = length
        hashes, numbers = np.array([], np.uint64), np.array([], np.uint16)
        for number, some in collections:
            hashes = np.concatenate([hashes, some])
            numbers = np.concatenate([numbers, np.full(len(some), number, np.uint16)])
            if len(hashes) > MOST_RUNS:
                raise TooManyRunsError(f"more than {MOST_RUNS:,} runs of words")
        order = np.lexsort((numbers, hashes))
        unique, first = np.unique(hashes[order], return_index=True)
        bits = max(4, int(2 * len(unique)).bit_length())
        self._keys, self._numbers = np.zeros(1 << bits, np.uint64), np.zeros(1 << bits, np.uint16)
        _fill(self._keys, self._numbers, unique, numbers[order][first])
        self._collections = int(numbers.max(initial=0)) + 1
        self._size = len(unique)

    def __len__(self) -> int:
        return self._size

    def shared(self, words: Hashes) -> _Counts:
        """Return how many runs of a text, as `word_hashes`, each collection has, by its number."""
        return _shared(self._keys, self._numbers, words, self.length, self._collections)


@njit(cache=True, nogil=True)
def _words(codes: Codes, flags: Flags) -> Hashes:
    hashes = np.empty(len(codes) // 2 + 1, np.uint64)
    count = size = 0
    value = np.uint64(0xCBF29CE484222325)
    for i in range(len(codes) + 1):
        kind = flags[codes[i]] if i < len(codes) else np.uint16(SPACE)
        if kind & SPACE:
            if size:
                hashes[count] = mix(value)
                count += 1
            size = 0
            value = np.uint64(0xCBF29CE484222325)
        elif not kind & (MARK | SYMBOL):
            value = (value ^ np.uint64(codes[i])) * np.uint64(0x100000001B3)
            size += 1
    return hashes[:count].copy()


@njit(cache=True, nogil=True)
def _runs(words: Hashes, length: int) -> Hashes:
    """Hash runs as digits of a number to an odd base, modulo 2^64: each from the one before."""
    number = max(0, len(words) - length + 1)
    hashes = np.empty(number, np.uint64)
    base, top = np.uint64(_BASE), np.uint64(1)
    for _ in range(length - 1):
        top *= base
    value = np.uint64(0)
    for i in range(len(words)):
        if i >= length:
            value -= words[i - length] * top
        value = value * base + words[i]
        if i >= length - 1:
            hashes[i - length + 1] = max(mix(value), np.uint64(1))  # 0 marks an empty slot
    return hashes


@njit(cache=True, nogil=True)
def _fill(keys: Hashes, numbers: _Numbers, hashes: Hashes, of: _Numbers) -> None:
    last = np.uint64(len(keys) - 1)
    for i in range(len(hashes)):
        slot = hashes[i] & last
        while keys[slot]:
            slot = (slot + np.uint64(1)) & last
        keys[slot] = hashes[i]
        numbers[slot] = of[i]


@njit(cache=True, nogil=True)
def _shared(
    keys: Hashes, numbers: _Numbers, words: Hashes, length: int, collections: int
) -> _Counts:
    found = np.zeros(collections, np.int64)
    last = np.uint64(len(keys) - 1)
    hashes = _runs(words, length)
    for i in range(len(hashes)):
        slot = hashes[i] & last
        while keys[slot] and keys[slot] != hashes[i]:
            slot = (slot + np.uint64(1)) & last
        if keys[slot]:
            found[numbers[slot]] += 1
    return found
