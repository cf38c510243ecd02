"""Lines and paragraphs counted by kind (Gopher, arXiv:2112.11446; FineWeb, 2406.17557)."""

from numba import njit

from florilegium.filters.characters import (
    BULLET,
    CLOSER,
    DIGIT,
    LETTER,
    SPACE,
    TERMINAL,
    Codes,
    Flags,
    count_any,
    count_capitals,
)
from florilegium.filters.groups import Hashes, group
from florilegium.filters.segment import COLON_ENDS, SEMICOLON_ENDS, Offsets

SHORT_LINE, LONG_LINE = 30, 250
_STOP, _COLON, _SEMICOLON, _ELLIPSIS = 0x2E, 0x3A, 0x3B, 0x2026
_BULLET, _DASH = 0x2022, 0x2D


@njit(cache=True, nogil=True)
def count_lines(
    codes: Codes, flags: Flags, starts: Offsets, heads: Offsets, ends: Offsets, profile: int
) -> tuple[int, int, int, int, int, int, int, int, int]:
    """Lines of nine kinds.

    That end a sentence, end in a terminal mark, are short; the characters of long ones; that begin
    with a bullet, with a dash, end in an ellipsis, are in capitals, are made of digits.
    """
    sentence = punctuated = short = long_chars = bullet = dash = ellipsis = capital = digit = 0
    for k in range(len(starts)):
        start, head, end = starts[k], heads[k], ends[k]
        length = end - start
        sentence += _ends_a_sentence(codes, flags, head, end, profile)
        punctuated += (flags[end - 1] & TERMINAL) > 0
        short += length <= SHORT_LINE
        long_chars += length if length >= LONG_LINE else 0
        bullet += (flags[head] & BULLET) > 0
        dash += codes[head] == _BULLET or codes[head] == _DASH
        ellipsis += _ends_in_ellipsis(codes, head, end)
        kinds = flags[head:end]
        capital += 2 * count_capitals(kinds) > count_any(kinds, LETTER)
        digit += 5 * count_any(kinds, DIGIT) > length
    return sentence, punctuated, short, long_chars, bullet, dash, ellipsis, capital, digit


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
    if end - start < 3:
        return False
    return bool(codes[end - 1] == _STOP and codes[end - 2] == _STOP and codes[end - 3] == _STOP)


@njit(cache=True, nogil=True)
def count_duplicates(hashes: Hashes, starts: Offsets, ends: Offsets) -> tuple[int, int]:
    """Spans met before, and their characters."""
    numbers, _, _ = group(hashes)
    met = spans = chars = 0
    for k in range(len(starts)):
        if numbers[k] == met:
            met += 1
        else:
            spans += 1
            chars += ends[k] - starts[k]
    return spans, chars
