"""N-grams of words that repeat (Gopher, arXiv:2112.11446, table A1)."""

import numpy as np
import numpy.typing as npt
from numba import njit

from florilegium.filters.groups import Hashes, Numbers, mix, number

Integers = npt.NDArray[np.int64]

_LONGEST = 10
_LONGEST_TOP = 4


@njit(cache=True, nogil=True)
def count_repetition(words: Hashes, lengths: Numbers) -> Integers:
    """Different words, characters of the top 2- to 4-grams, of the duplicate 5- to 10-grams.

    An n-gram can only repeat where both its (n-1)-grams do, so each length looks at the survivors
    of the one before: exact, and after the bigrams of an ordinary text almost nothing is left.
    """
    counts = np.zeros(_LONGEST, np.int64)
    reach = np.zeros(len(words) + 1, np.int64)  # characters before each word
    for i in range(len(words)):
        reach[i + 1] = reach[i] + lengths[i]
    places, grams = np.arange(len(words)), words.copy()
    for length in range(1, _LONGEST + 1):
        numbers, different = number(grams)
        times = np.zeros(different, np.int64)
        for k in range(len(numbers)):
            times[numbers[k]] += 1
        if length == 1:
            counts[0] = different
        elif length <= _LONGEST_TOP:
            counts[length - 1] = _top(places, numbers, times, reach, length)
        else:
            counts[length - 1] = _duplicated(places, numbers, times, reach, length)
        places, grams = _lengthen(places, grams, numbers, times, words, length)
        if len(places) == 0:
            break
    return counts


@njit(cache=True, nogil=True)
def _top(places: Integers, numbers: Numbers, times: Integers, reach: Integers, length: int) -> int:
    top = np.argmax(times)  # the first of equals, and numbers follow the text
    if times[top] < 2:
        return 0
    for k in range(len(places)):
        if numbers[k] == top:
            chars = reach[places[k] + length] - reach[places[k]] + length - 1
            return int(chars * times[top])
    return 0


@njit(cache=True, nogil=True)
def _duplicated(
    places: Integers, numbers: Numbers, times: Integers, reach: Integers, length: int
) -> int:
    met = np.zeros(len(times), np.bool_)
    free = chars = 0
    for k in range(len(places)):
        if places[k] < free:
            continue
        if met[numbers[k]]:
            free = places[k] + length
            chars += reach[free] - reach[places[k]]
        met[numbers[k]] = True
    return chars


@njit(cache=True, nogil=True)
def _lengthen(
    places: Integers,
    grams: Hashes,
    numbers: Numbers,
    times: Integers,
    words: Hashes,
    length: int,
) -> tuple[Integers, Hashes]:
    """Places where an n-gram one word longer may repeat, and its hash."""
    kept = 0
    for k in range(len(places) - 1):
        neighbours = places[k + 1] == places[k] + 1
        if neighbours and times[numbers[k]] > 1 and times[numbers[k + 1]] > 1:
            places[kept] = places[k]
            grams[kept] = mix(grams[k] * np.uint64(0x9E3779B97F4A7C15) + words[places[k] + length])
            kept += 1
    return places[:kept], grams[:kept]
