"""Words counted by kind (Gopher, arXiv:2112.11446), and looked for on lists."""

import numpy as np
from numba import njit

from florilegium.filters.characters import LETTER, LISTED_SYMBOL, SYMBOL, UPPER, Flags
from florilegium.filters.groups import Hashes, Numbers
from florilegium.filters.segment import Offsets

_CAPITAL = LETTER | UPPER
_SYMBOLS = SYMBOL | LISTED_SYMBOL
_FIRST_BITS = 10


@njit(cache=True, nogil=True)
def count_words(
    flags: Flags, starts: Offsets, ends: Offsets
) -> tuple[int, int, int, int, int, int, int]:
    """Non-symbol and unlisted words, characters of each; with a letter; in capitals; longest.

    A small letter tells all there is to know of a word, and most words begin with one.
    """
    spoken = spoken_chars = unlisted = unlisted_chars = alpha = capital = longest = 0
    for k in range(len(starts)):
        length = ends[k] - starts[k]
        longest = max(longest, length)
        capitals, small, all_ = 0, False, _SYMBOLS
        for i in range(starts[k], ends[k]):
            small = (flags[i] & _CAPITAL) == LETTER
            if small:
                break
            capitals += (flags[i] & LETTER) > 0
            all_ &= flags[i]
        if small or not all_ & SYMBOL:
            spoken += 1
            spoken_chars += length
        if small or not all_ & LISTED_SYMBOL:
            unlisted += 1
            unlisted_chars += length
        alpha += small or capitals > 0
        capital += not small and capitals > 1
    return spoken, spoken_chars, unlisted, unlisted_chars, alpha, capital, longest


@njit(cache=True, nogil=True)
def count_listed(words: Hashes, times: Numbers, listed: Hashes) -> tuple[int, int]:
    """Words that are on a list of sorted hashes, and how many different ones.

    `words` are the different words of a text, `times` how often it has each.
    """
    some = np.zeros(1 << _FIRST_BITS, np.bool_)
    found = different = 0
    shift = np.uint64(64 - _FIRST_BITS)
    for k in range(len(listed)):
        some[listed[k] >> shift] = True
    for k in range(len(words)):
        if not some[words[k] >> shift]:  # most words are on no list
            continue
        place = np.searchsorted(listed, words[k])
        if place < len(listed) and listed[place] == words[k]:
            found += times[k]
            different += 1
    return found, different
