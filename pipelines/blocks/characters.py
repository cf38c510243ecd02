"""Compiled counts over the characters of each block: words, stops, capitals, dates.

No word of any language is known here: a stop is a mark and a space, a date is digits and marks.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from florilegium.pipelines.blocks.walk import END, START

WORDS, STOPS, COMMAS, ENDS, CAPITAL, DIGITS, CAPITALS, DATED, COPYRIGHT, MARKS, CALLS, HEAD = range(
    12
)
"""Columns: words; marks that end a sentence and a comma within the text; whether it ends as a
sentence, begins with a capital; digits, capitals, a date, a copyright sign and separators among
the first characters; exclamation and question marks; how many first characters there are."""

_HEAD = 64
_LONG_ENOUGH_FOR_STOPS, _LONG_ENOUGH_FOR_COMMAS = 30, 15


def _codes(characters: str) -> NDArray[np.uint32]:
    return np.array([ord(character) for character in characters], np.uint32)


_SENTENCE_ENDS = _codes(".!?…。！？;:·")  # noqa: RUF001
_CLOSING = _codes("\"'»”’“)]")  # noqa: RUF001
_SEPARATORS = _codes("|»•/")
_CAPITALS = np.array([chr(code) != chr(code).lower() for code in range(0x2000)])
_DOT, _COMMA, _SPACE, _NEWLINE, _COLON, _SLASH, _DASH = 46, 44, 32, 10, 58, 47, 45
_CALL, _QUESTION = 33, 63
_FULL_STOP, _FULL_COMMA, _COPYRIGHT = 0x3002, 0xFF0C, 169


@njit(cache=True, nogil=True)
def count_characters(
    text: NDArray[np.uint32], blocks: NDArray[np.int64], table: NDArray[np.float32]
) -> None:
    """Fill a table of one row a block, in the columns named above."""
    for number in range(len(blocks)):
        start, end = blocks[number, START], blocks[number, END]
        words, stops, commas, calls = 1, 0, 0, 0
        before = np.uint32(0)
        for at in range(start, end):
            code = text[at]
            if code in (_SPACE, _NEWLINE):
                words += 1
                stops += before in (_DOT, _CALL, _QUESTION)
                commas += before == _COMMA
            elif code in (_CALL, _QUESTION):
                calls += 1
            elif code >= _FULL_STOP:
                stops += code == _FULL_STOP
                commas += code == _FULL_COMMA
            before = code
        row = table[number]
        row[:] = 0
        row[WORDS], row[CALLS] = words, calls
        row[STOPS] = stops if end - start > _LONG_ENOUGH_FOR_STOPS else 0
        row[COMMAS] = commas if end - start > _LONG_ENOUGH_FOR_COMMAS else 0
        row[ENDS] = _ends_a_sentence(text, start, end)
        _read_head(text, start, min(end, start + _HEAD), row)


@njit(cache=True, nogil=True)
def _ends_a_sentence(text: NDArray[np.uint32], start: int, end: int) -> bool:
    last = end - 1
    while last > max(start, end - 4) and _among(text[last], _CLOSING):
        last -= 1
    return _among(text[last], _SENTENCE_ENDS)


@njit(cache=True, nogil=True)
def _among(code: int, codes: NDArray[np.uint32]) -> bool:
    for one in codes:  # noqa: SIM110
        if code == one:
            return True
    return False


@njit(cache=True, nogil=True)
def _read_head(text: NDArray[np.uint32], start: int, end: int, row: NDArray[np.float32]) -> None:
    capitals, digits, marks = 0, 0, 0
    after_digit = False
    for at in range(start, end):
        code = text[at]
        if 48 <= code <= 57:
            digits += 1
            if not after_digit and _is_date(text, at, end):
                row[DATED] = 1
            after_digit = True
            continue
        after_digit = False
        capitals += code < len(_CAPITALS) and _CAPITALS[code]
        marks += _among(code, _SEPARATORS)
        if code == _COPYRIGHT:
            row[COPYRIGHT] = 1
    row[HEAD] = end - start
    row[CAPITAL] = text[start] < len(_CAPITALS) and _CAPITALS[text[start]]
    row[CAPITALS], row[DIGITS], row[MARKS] = capitals, digits, marks


@njit(cache=True, nogil=True)
def _digits_from(text: NDArray[np.uint32], at: int, end: int) -> int:
    stop = at
    while stop < end and 48 <= text[stop] <= 57:
        stop += 1
    return stop - at


@njit(cache=True, nogil=True)
def _is_date(text: NDArray[np.uint32], at: int, end: int) -> bool:
    """Tell whether a run of digits begins a year (19xx, 20xx), a time or a day: 12:30, 1.2.2024."""
    run = _digits_from(text, at, end)
    if run == 4:
        century = (text[at] - 48) * 10 + text[at + 1] - 48
        if century == 19 or century == 20:
            return True
    if run > 2 or at + run >= end:
        return False
    mark = text[at + run]
    second = _digits_from(text, at + run + 1, end)
    if mark in (_COLON, _DOT) and second == 2:
        return True
    if second == 0 or second > 2 or mark not in (_DOT, _SLASH, _DASH):
        return False
    behind = at + run + 1 + second
    if behind >= end or not (
        text[behind] == _DOT or text[behind] == _SLASH or text[behind] == _DASH
    ):
        return False
    return _digits_from(text, behind + 1, end) >= 2
