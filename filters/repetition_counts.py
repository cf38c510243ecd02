"""N-grams that repeat: of words (Gopher, arXiv:2112.11446, table A1), of characters (ROOTS)."""

import numpy as np
import numpy.typing as npt
from numba import njit

from florilegium.filters.groups import BASE, POWERS, Hashes, Numbers, group, suspects

Integers = npt.NDArray[np.int64]

_LONGEST = 10
_LONGEST_TOP = 4
_ROOTS_WORDS, ROOTS_CHARS = 5, 10
_REPEATED = _LONGEST + _LONGEST_TOP  # place of the count that comes last
FINE = 16
"""Bits after the point of logarithms, which are integers here so that both twins agree."""
LOGARITHMS = np.round(np.log2(np.maximum(np.arange(1 << 12), 1)) * (1 << FINE)).astype(np.int64)
"""Of 0 (as if it were 1) to 4095, to base 2."""


@njit(cache=True, nogil=True)
def count_repetition(words: Hashes, lengths: Numbers, numbers: Numbers, times: Numbers) -> Integers:
    """Different words, their entropy, characters of repeated n-grams, places of 5-grams.

    `numbers` and `times` are those of the words, as `group` returns them. Entropy is in thousandths
    of a bit; n-grams are the top 2- to 4-grams, the 2- to 4-grams the text opens with, and the
    duplicate 5- to 10-grams; places are those of 5-grams that also stand elsewhere.

    An n-gram can only repeat where both its (n-1)-grams do, so each length looks at the survivors
    of the one before: exact, and after the bigrams of an ordinary text almost nothing is left.
    """
    counts = np.zeros(_REPEATED + 1, np.int64)
    counts[0], counts[1] = len(times), _entropy(times, len(words))
    reach = np.zeros(len(words) + 1, np.int32)  # characters before each word
    for i in range(len(words)):
        reach[i + 1] = reach[i] + lengths[i]
    for length in range(2, _LONGEST_TOP + 1):
        if len(words) >= length:
            counts[length + _LONGEST_TOP - 1] = reach[length] + length - 1
    places, grams = np.arange(len(words)).astype(np.int32), words
    for length in range(2, _LONGEST + 1):
        places, grams = _lengthen(places, grams, numbers, times, words, length)
        if len(places) == 0:
            break
        numbers, _, times = group(grams)
        if length <= _LONGEST_TOP:
            counts[length] = _top(places, numbers, times, reach, length)
        else:
            counts[length + _LONGEST_TOP - 1] = _duplicated(places, numbers, times, reach, length)
        if length == _ROOTS_WORDS:
            for k in range(len(times)):
                counts[_REPEATED] += times[k] if times[k] > 1 else 0
    return counts


@njit(cache=True, nogil=True)
def count_repeated_chars(prefixes: Hashes) -> int:
    """Occurrences of the most frequent 10-grams of characters.

    `prefixes` are of the text and a space beyond. The square root of the number of different ones
    are taken, rounded down, but none that occurs once (ROOTS, arXiv:2303.03915).
    """
    size = len(prefixes) - 1 - ROOTS_CHARS
    if size < 2:
        return 0
    grams = np.empty(size, np.uint64)
    for i in range(size):
        grams[i] = prefixes[i + ROOTS_CHARS] - prefixes[i] * POWERS[0, ROOTS_CHARS]
    repeated = suspects(grams)
    kept = 0
    for i in range(size):
        grams[kept] = grams[i]
        kept += repeated[i]
    _, _, times = group(grams[:kept])
    of_times = np.zeros(kept + 1, np.int64)
    for k in range(len(times)):
        of_times[times[k]] += 1
    left, occurrences = np.int64(np.sqrt(size - kept + len(times))), 0
    for often in range(kept, 1, -1):
        taken = min(left, of_times[often])
        occurrences += taken * often
        left -= taken
    return occurrences


@njit(cache=True, nogil=True)
def _entropy(times: Numbers, words: int) -> int:
    if words == 0:
        return 0
    spent = 0
    for k in range(len(times)):
        spent += times[k] * logarithm(times[k])
    return max(0, words * logarithm(words) - spent) * 1000 // (words << FINE)


@njit(cache=True, nogil=True)
def logarithm(number: int) -> int:
    """Logarithm of the first 12 bits to base 2, an integer with `FINE` bits after the point."""
    shifts = 0
    while number >= len(LOGARITHMS):
        number >>= 1
        shifts += 1
    return (shifts << FINE) + int(LOGARITHMS[number])


@njit(cache=True, nogil=True)
def _top(places: Numbers, numbers: Numbers, times: Numbers, reach: Numbers, length: int) -> int:
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
    places: Numbers, numbers: Numbers, times: Numbers, reach: Numbers, length: int
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
    places: Numbers, grams: Hashes, numbers: Numbers, times: Numbers, words: Hashes, length: int
) -> tuple[Numbers, Hashes]:
    """Places where an n-gram of this length may repeat, and its hash, from those one shorter."""
    kept = 0
    longer, hashes = np.empty_like(places), np.empty_like(grams)
    for k in range(len(places) - 1):
        longer[kept] = places[k]
        hashes[kept] = grams[k] * BASE + words[places[k] + length - 1]
        both = (times[numbers[k]] > 1) & (times[numbers[k + 1]] > 1)
        kept += both & (places[k + 1] == places[k] + 1)
    return longer[:kept], hashes[:kept]
