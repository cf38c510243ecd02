"""Characters, words and lines counted by kind (Gopher, arXiv:2112.11446; FineWeb, 2406.17557)."""

import numpy as np
from numba import njit

from florilegium.filters.characters import (
    BULLET,
    CLOSER,
    DIGIT,
    LETTER,
    MARK,
    SPACE,
    SYMBOL,
    TERMINAL,
    UPPER,
    Codes,
    Flags,
)
from florilegium.filters.groups import Numbers
from florilegium.filters.segment import COLON_ENDS, SEMICOLON_ENDS, Offsets

_SHORT_LINE = 30
_STOP, _COLON, _SEMICOLON, _ELLIPSIS = 0x2E, 0x3A, 0x3B, 0x2026


@njit(cache=True, nogil=True)
def count_characters(flags: Flags) -> tuple[int, int, int, int]:
    """Letters, upper-case letters, digits and marks."""
    letters = capitals = digits = marks = 0
    for i in range(len(flags)):
        kind = flags[i]
        letters += (kind & LETTER) > 0
        capitals += (kind & (LETTER | UPPER)) == (LETTER | UPPER)
        digits += (kind & DIGIT) > 0
        marks += (kind & MARK) > 0
    return letters, capitals, digits, marks


@njit(cache=True, nogil=True)
def count_words(flags: Flags, starts: Offsets, ends: Offsets) -> tuple[int, int, int, int, int]:
    """Non-symbol words, their characters, words with a letter, in capitals, the longest."""
    spoken = spoken_chars = alpha = capital = longest = 0
    for k in range(len(starts)):
        length = ends[k] - starts[k]
        longest = max(longest, length)
        symbols = letters = capitals = 0
        for i in range(starts[k], ends[k]):
            symbols += (flags[i] & SYMBOL) > 0
            letters += (flags[i] & LETTER) > 0
            capitals += (flags[i] & (LETTER | UPPER)) == (LETTER | UPPER)
        if symbols < length:
            spoken += 1
            spoken_chars += length
        alpha += letters > 0
        capital += letters > 1 and letters == capitals
    return spoken, spoken_chars, alpha, capital, longest


@njit(cache=True, nogil=True)
def count_lines(
    codes: Codes, flags: Flags, starts: Offsets, ends: Offsets, profile: int
) -> tuple[int, int, int, int, int]:
    """Lines that end a sentence, in a terminal mark, are short, bulleted, end in an ellipsis."""
    sentence = punctuated = short = bullet = ellipsis = 0
    for k in range(len(starts)):
        start, end = starts[k], ends[k]
        sentence += _ends_a_sentence(codes, flags, start, end, profile)
        punctuated += (flags[end - 1] & TERMINAL) > 0
        short += end - start <= _SHORT_LINE
        bullet += (flags[start] & BULLET) > 0
        ellipsis += _ends_in_ellipsis(codes, start, end)
    return sentence, punctuated, short, bullet, ellipsis


@njit(cache=True, nogil=True)
def count_duplicate_lines(starts: Offsets, ends: Offsets, numbers: Numbers) -> tuple[int, int]:
    """Lines met before, and their characters; equal lines have equal numbers."""
    met = lines = chars = 0
    for k in range(len(numbers)):
        if numbers[k] == met:
            met += 1
        else:
            lines += 1
            chars += ends[k] - starts[k]
    return lines, chars


@njit(cache=True, nogil=True)
def _ends_a_sentence(codes: Codes, flags: Flags, start: int, end: int, profile: int) -> bool:
    last = end - 1
    while last > start and flags[last] & (SPACE | CLOSER):
        last -= 1
    if flags[last] & TERMINAL or codes[last] == _ELLIPSIS:
        return True
    if codes[last] == _COLON:
        return (profile & COLON_ENDS) > 0
    return codes[last] == _SEMICOLON and (profile & SEMICOLON_ENDS) > 0


@njit(cache=True, nogil=True)
def _ends_in_ellipsis(codes: Codes, start: int, end: int) -> bool:
    if codes[end - 1] == _ELLIPSIS:
        return True
    return end - start >= 3 and bool(np.all(codes[end - 3 : end] == _STOP))
