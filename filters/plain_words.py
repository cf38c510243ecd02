"""Twins of the kernels of `word_counts` in whole-array steps: equal integers."""

from functools import cache

import numpy as np
import numpy.typing as npt

from florilegium.filters.characters import LETTER, LISTED_SYMBOL, SPACE, SYMBOL, UPPER, Flags
from florilegium.filters.groups import Hashes, Numbers
from florilegium.filters.plain_segment import is_any, sums, total
from florilegium.filters.segment import Offsets

_SPOKEN, _UNLISTED, _LETTER, _SMALL = 1, 2, 4, 8


def count_words(flags: Flags, starts: Offsets, ends: Offsets) -> tuple[int, ...]:
    """Return what the kernel returns, in its order."""
    if len(starts) == 0:
        return (0,) * 7
    lengths = ends - starts
    found = np.bitwise_or.reduceat(_word_kinds().take(flags), starts)
    spoken, unlisted = is_any(found, _SPOKEN), is_any(found, _UNLISTED)
    big = np.flatnonzero((found & (_SMALL | _LETTER)) == _LETTER)
    return (
        total(spoken),
        int(lengths[spoken].sum()),
        total(unlisted),
        int(lengths[unlisted].sum()),
        total(is_any(found, _LETTER)),
        total(sums(is_any(flags, LETTER), starts[big], ends[big]) > 1),
        int(lengths.max()),
    )


@cache
def _word_kinds() -> npt.NDArray[np.uint8]:
    """Return for all flags of a character what it makes of a word; white space makes nothing."""
    flags = np.arange(1 << 16).astype(np.uint16)
    kinds = np.where(is_any(flags, SYMBOL), 0, _SPOKEN)
    kinds |= np.where(is_any(flags, LISTED_SYMBOL), 0, _UNLISTED)
    kinds |= np.where(is_any(flags, LETTER), _LETTER, 0)
    kinds |= np.where((flags & (LETTER | UPPER)) == LETTER, _SMALL, 0)
    return np.where(is_any(flags, SPACE), 0, kinds).astype(np.uint8)


def count_listed(words: Hashes, times: Numbers, listed: Hashes) -> tuple[int, int]:
    """Return words that are on a list of sorted hashes, and how many different ones."""
    if len(listed) == 0:
        return 0, 0
    places = np.searchsorted(listed, words)
    found = times[listed.take(places, mode="clip") == words]
    return int(found.sum()), len(found)
