"""Shingles: the set of five-word sequences by which two texts are compared (Broder 1997)."""

import numpy as np
from numpy.typing import NDArray

from florilegium.dedup.kernels import compiled, mix, mix_all

WORDS = 5
"""Words in a shingle."""

_LETTER_BASE = np.uint64(0x100000001B3)
_WORD_BASE = np.uint64(0x9E3779B97F4A7C15)


def _shingles_all(
    letters: NDArray[np.uint16],
    bounds: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    ends: NDArray[np.int64],
    words: NDArray[np.uint32],
) -> None:
    # The hash of a word is a polynomial, so it is a difference of two prefix sums of the letters,
    # each divided by the power of the base at its place.
    inverse = np.uint64(pow(int(_LETTER_BASE), -1, 1 << 64))
    prefix = np.zeros(letters.size + 1, np.uint64)
    np.cumsum(letters * _powers(inverse, letters.size), out=prefix[1:])
    (closed,) = np.nonzero(letters == 0)
    opened = np.concatenate([[0], closed[:-1] + 1])[: closed.size]
    last = _powers(_LETTER_BASE, letters.size)[closed - 1]
    hashed = mix_all((prefix[closed] - prefix[opened]) * last)
    firsts = np.searchsorted(closed, bounds)  # number of the first word of each text
    words[:] = counts = np.diff(firsts)
    lengths = np.minimum(counts, WORDS)
    numbers = np.where(counts > 0, counts - lengths + 1, 0)
    ends[1:] = np.cumsum(numbers)
    positions = np.arange(ends[-1]) + np.repeat(firsts[:-1] - ends[:-1], numbers)
    length = np.repeat(lengths, numbers)
    found = np.zeros(ends[-1], np.uint64)
    for place in range(WORDS):
        inside = place < length
        found[inside] = found[inside] * _WORD_BASE + hashed[positions[inside] + place]
    hashes[: ends[-1]] = mix_all(found)


def _powers(base: np.uint64, size: int) -> NDArray[np.uint64]:
    """Return the powers 0 to size - 1 of a base, modulo 2^64."""
    factors = np.full(size, base, np.uint64)
    factors[:1] = 1
    return np.cumprod(factors, dtype=np.uint64)


@compiled(twin=_shingles_all)
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
