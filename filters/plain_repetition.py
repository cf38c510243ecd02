"""Twins of the kernels of `repetition_counts` in whole-array steps: equal integers."""

from math import isqrt

import numpy as np

from florilegium.filters.characters import Codes
from florilegium.filters.groups import BASE, Hashes, Numbers
from florilegium.filters.plain_segment import groups, mix
from florilegium.filters.repetition_counts import FINE, LOGARITHMS, ROOTS_CHARS, Integers

_LONGEST, _LONGEST_TOP, _ROOTS_WORDS = 10, 4, 5
_REPEATED = _LONGEST + _LONGEST_TOP


def count_repetition(words: Hashes, lengths: Numbers) -> Integers:
    """Return what the kernel returns, in its order."""
    counts = np.zeros(_REPEATED + 1, np.int64)
    reach = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    for length in range(2, _LONGEST_TOP + 1):
        if len(words) >= length:
            counts[length + _LONGEST_TOP - 1] = reach[length] + length - 1
    places, grams = np.arange(len(words)), words
    for length in range(1, _LONGEST + 1):
        first, times = groups(grams)
        if length == 1:
            of_words = times[first == np.arange(len(words))]
            counts[0], counts[1] = len(of_words), _entropy(of_words, len(words))
        again = times > 1
        if not again.any():
            break
        if 1 < length <= _LONGEST_TOP:
            top = np.argmax(times)  # the first of equals, and its first place
            chars = reach[places[top] + length] - reach[places[top]] + length - 1
            counts[length] = chars * times[top]
        elif length > _LONGEST_TOP:
            counts[length + _LONGEST_TOP - 1] = _duplicated(
                places[again], first[again], reach, length
            )
        if length == _ROOTS_WORDS:
            counts[_REPEATED] = np.count_nonzero(again)
        kept = again[:-1] & again[1:] & (places[1:] == places[:-1] + 1)
        places = places[:-1][kept]
        grams = mix(grams[:-1][kept] * BASE + words[places + length])
    return counts


def count_repeated_chars(codes: Codes) -> int:
    """Return the occurrences of the most frequent 10-grams of characters."""
    size = len(codes) - ROOTS_CHARS
    if size < 2:
        return 0
    grams = np.zeros(size, np.uint64)
    for i in range(ROOTS_CHARS):
        grams *= BASE
        grams += codes[i : i + size]
    grams.sort()
    edges = np.flatnonzero(grams[1:] != grams[:-1])
    times = np.diff(np.concatenate(([-1], edges, [size - 1])))
    often = -np.sort(-times[times > 1])
    return int(often[: isqrt(len(times))].sum())


def _entropy(times: Integers, words: int) -> int:
    if words == 0:
        return 0
    spent = int((times * _logarithms(times)).sum())
    whole = words * int(_logarithms(np.array([words]))[0])
    return max(0, whole - spent) * 1000 // (words << FINE)


def _logarithms(numbers: Integers) -> Integers:
    shifts = np.zeros_like(numbers)
    while np.any(large := (numbers >> shifts) >= len(LOGARITHMS)):
        shifts += large
    logarithms: Integers = (shifts << FINE) + LOGARITHMS[numbers >> shifts]
    return logarithms


def _duplicated(places: Integers, grams: Integers, reach: Integers, length: int) -> int:
    met: set[int] = set()
    free = chars = 0
    for place, gram in zip(places.tolist(), grams.tolist(), strict=True):
        if place < free:
            continue
        if gram in met:
            free = place + length
            chars += int(reach[free] - reach[place])
        met.add(gram)
    return chars
