"""Twins of the kernels of `repetition_counts` in whole-array steps: equal integers."""

from math import isqrt

import numpy as np

from florilegium.filters.groups import POWERS, Hashes, Numbers
from florilegium.filters.plain_segment import edges, group
from florilegium.filters.repetition_counts import (
    FINE,
    LOGARITHMS,
    ROOTS_CHARS,
    Integers,
    logarithm,
)

_LONGEST, _LONGEST_TOP, _ROOTS_WORDS = 10, 4, 5
_REPEATED = _LONGEST + _LONGEST_TOP


def count_repetition(words: Hashes, lengths: Numbers, numbers: Numbers, times: Numbers) -> Integers:
    """Return what the kernel returns, in its order."""
    counts = np.zeros(_REPEATED + 1, np.int64)
    counts[0], counts[1] = len(times), _entropy(times.astype(np.int64), len(words))
    reach = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    for length in range(2, _LONGEST_TOP + 1):
        if len(words) >= length:
            counts[length + _LONGEST_TOP - 1] = reach[length] + length - 1
    places = np.flatnonzero(times[numbers] > 1)
    numbers = numbers[places]
    for length in range(2, _LONGEST + 1):
        places, numbers, times = _lengthen(places, numbers)
        if len(places) == 0:
            break
        if length <= _LONGEST_TOP:
            place = places[np.argmax(times)]  # the first of equals
            chars = reach[place + length] - reach[place] + length - 1
            counts[length] = chars * times.max()
        else:
            counts[length + _LONGEST_TOP - 1] = _duplicated(places, numbers, reach, length)
        if length == _ROOTS_WORDS:
            counts[_REPEATED] = len(places)
    return counts


def _lengthen(places: Integers, numbers: Numbers) -> tuple[Integers, Numbers, Numbers]:
    """Return places of n-grams one word longer that repeat, their numbers, how often each does.

    Equal n-grams are those of equal (n-1)-grams, the first and the last.
    """
    near = np.flatnonzero(places[1:] == places[:-1] + 1)
    pairs = numbers[near].astype(np.uint64) << np.uint64(32)
    pairs |= numbers[near + 1].view(np.uint32)
    numbers, _, sizes = group(pairs)
    times = sizes[numbers]
    again = times > 1
    return places[near[again]], numbers[again], times[again]


def count_repeated_chars(prefixes: Hashes) -> int:
    """Return the occurrences of the most frequent 10-grams of characters."""
    size = len(prefixes) - 1 - ROOTS_CHARS
    if size < 2:
        return 0
    grams = prefixes[ROOTS_CHARS:-1] - prefixes[:size] * POWERS[0, ROOTS_CHARS]
    grams.sort()
    bounds = edges(grams)
    times = bounds[1:] - bounds[:-1]
    often = np.sort(times[times > 1])[::-1]
    return int(often[: isqrt(len(times))].sum())


def _entropy(times: Integers, words: int) -> int:
    if words == 0:
        return 0
    spent = int((times * _logarithms(times)).sum())
    return max(0, words * logarithm(words) - spent) * 1000 // (words << FINE)


def _logarithms(numbers: Integers) -> Integers:
    shifts = np.zeros_like(numbers)
    while numbers.max() >= len(LOGARITHMS):
        large = numbers >= len(LOGARITHMS)
        numbers = numbers >> large
        shifts += large
    logarithms: Integers = (shifts << FINE) + LOGARITHMS[numbers]
    return logarithms


def _duplicated(places: Integers, numbers: Numbers, reach: Integers, length: int) -> int:
    met: set[int] = set()
    free = chars = 0
    for place, gram in zip(places.tolist(), numbers.tolist(), strict=True):
        if place < free:
            continue
        if gram in met:
            free = place + length
            chars += int(reach[free] - reach[place])
        met.add(gram)
    return chars
