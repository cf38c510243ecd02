"""Shingles: the set of five-word sequences by which two texts are compared (Broder 1997)."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

WORDS = 5
"""Words in a shingle."""

_LETTER_BASE = np.uint64(0x100000001B3)
_WORD_BASE = np.uint64(0x9E3779B97F4A7C15)


@njit(cache=True, nogil=True)
def mix(value: np.uint64) -> np.uint64:
    """Return a 64-bit value scrambled one to one (finaliser of SplitMix64, Steele et al. 2014)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(cache=True, nogil=True)
def _shingles(
    letters: NDArray[np.uint16],
    bounds: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    ends: NDArray[np.int64],
    words: NDArray[np.uint32],
) -> None:
    start = 0
    for document in range(bounds.size - 1):
        stop = start
        word = np.uint64(0)
        for position in range(bounds[document], bounds[document + 1]):
            letter = np.uint64(letters[position])
            if letter != 0:
                word = word * _LETTER_BASE + letter
            else:
                hashes[stop] = mix(word)
                stop += 1
                word = np.uint64(0)
        words[document] = stop - start
        length = min(WORDS, stop - start)
        if length > 0:
            stop -= length - 1
        for position in range(start, stop):  # in place: no word is read once it is overwritten
            shingle = np.uint64(0)
            for place in range(length):
                shingle = shingle * _WORD_BASE + hashes[position + place]
            hashes[position] = mix(shingle)
        start = stop
        ends[document + 1] = start


def shingles(
    letters: NDArray[np.uint16], bounds: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.uint32]]:
    """Return 64-bit hashes of the shingles of folded texts, their bounds, and the words per text.

    A text shorter than a shingle is one shingle; a text without words has none. A shingle that
    occurs twice is there twice.
    """
    texts = bounds.size - 1
    hashes = np.empty(letters.size // 2, np.uint64)  # a word takes a letter and a separator
    ends = np.zeros(texts + 1, np.int64)
    words = np.empty(texts, np.uint32)
    _shingles(letters, bounds, hashes, ends, words)
    return hashes[: ends[-1]], ends, words
