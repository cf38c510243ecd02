"""Sentences counted by the marks that end them: no model, and alike for every language."""

import numpy as np
from numba import njit

from florilegium.filters.characters import MARK, SPACE, TERMINAL, UPPER, Codes, Flags
from florilegium.filters.segment import Offsets

_STOP = ord(".")
_SILENT = SPACE | MARK | TERMINAL


@njit(cache=True, nogil=True)
def count_sentences(codes: Codes, flags: Flags, heads: Offsets, ends: Offsets) -> Offsets:
    """Sentences of each line."""
    sentences = np.empty_like(heads)
    for k in range(len(heads)):
        sentences[k] = sentences_in(codes, flags, heads[k], ends[k])
    return sentences


@njit(cache=True, nogil=True)
def sentences_in(codes: Codes, flags: Flags, start: int, end: int) -> int:
    """One, and one more each time text goes on after the end of a sentence."""
    sentences, i = 1, start
    while i < end:
        if flags[i] & TERMINAL and _ends_a_sentence(codes, flags, i, start, end):
            while i < end and flags[i] & _SILENT:
                i += 1
            sentences += i < end
        i += 1
    return sentences


@njit(cache=True, nogil=True)
def _ends_a_sentence(codes: Codes, flags: Flags, i: int, start: int, end: int) -> bool:
    """Whether a terminal mark stands free: not in a number, an address, an ellipsis, an initial."""
    free = i + 1 == end or (flags[i + 1] & (SPACE | MARK)) > 0
    if codes[i] != _STOP or not free:
        return free
    if (i > start and codes[i - 1] == _STOP) or (i + 1 < end and codes[i + 1] == _STOP):
        return False
    capital = i > start and (flags[i - 1] & UPPER) > 0
    return not capital or (i - 1 > start and (flags[i - 2] & UPPER) > 0)
