"""Twins of the kernels of `line_counts` and `sentence_counts` in whole-array steps."""

import numpy as np
import numpy.typing as npt

from florilegium.filters.characters import (
    BULLET,
    CLOSER,
    DIGIT,
    LETTER,
    MARK,
    SPACE,
    TERMINAL,
    UPPER,
    Codes,
    Flags,
)
from florilegium.filters.groups import Hashes, Mask
from florilegium.filters.line_counts import LONG_LINE, SHORT_LINE
from florilegium.filters.plain_segment import is_any, sums, total
from florilegium.filters.segment import COLON_ENDS, SEMICOLON_ENDS, Offsets

Integers = npt.NDArray[np.int64]

_STOP, _COLON, _SEMICOLON, _ELLIPSIS = 0x2E, 0x3A, 0x3B, 0x2026
_BULLET, _DASH = 0x2022, 0x2D
_CAPITAL = LETTER | UPPER


def count_lines(
    codes: Codes, flags: Flags, starts: Offsets, heads: Offsets, ends: Offsets, profile: int
) -> tuple[int, ...]:
    """Return what the kernel returns, in its order."""
    lengths, last = ends - starts, codes[ends - 1]
    letters = sums(is_any(flags, LETTER), heads, ends)
    capitals = sums((flags & _CAPITAL) == _CAPITAL, heads, ends)
    digits = sums(is_any(flags, DIGIT), heads, ends)
    dots = (last == _STOP) & (ends - heads >= 3)
    dots &= (codes[ends - 2] == _STOP) & (codes[ends - 3] == _STOP)
    return (
        total(_end_sentences(codes, flags, heads, ends, profile)),
        total(is_any(flags[ends - 1], TERMINAL)),
        total(lengths <= SHORT_LINE),
        int(lengths[lengths >= LONG_LINE].sum()),
        total(is_any(flags[heads], BULLET)),
        total((codes[heads] == _BULLET) | (codes[heads] == _DASH)),
        total((last == _ELLIPSIS) | dots),
        total(2 * capitals > letters),
        total(5 * digits > lengths),
    )


def count_duplicates(hashes: Hashes, starts: Offsets, ends: Offsets) -> tuple[int, int]:
    """Return spans met before, and their characters."""
    met: set[int] = set()
    spans = chars = 0
    for span, length in zip(hashes.tolist(), (ends - starts).tolist(), strict=True):
        if span in met:
            spans += 1
            chars += length
        met.add(span)
    return spans, chars


def count_sentences(codes: Codes, flags: Flags, heads: Offsets, ends: Offsets) -> Integers:
    """Return the sentences of each line, at least one."""
    found = np.ones(len(heads), np.int64)
    ending = _sentence_ends(codes, flags)
    line = np.searchsorted(heads, ending, "right") - 1
    inside = (line >= 0) & (ending < ends[np.maximum(line, 0)]) if len(ends) else line >= 0
    ending, line = ending[inside], line[inside]
    if len(ending) == 0:
        return found
    spoken = np.zeros(len(flags) + 1, np.int64)
    np.cumsum(~is_any(flags, TERMINAL | SPACE | MARK), out=spoken[1:])
    until = ends[line].astype(np.int64)
    same = line[1:] == line[:-1]
    until[:-1][same] = ending[1:][same]
    goes_on = spoken[until] > spoken[ending]
    found += np.bincount(line[goes_on], minlength=len(heads))
    return found


def _sentence_ends(codes: Codes, flags: Flags) -> Integers:
    i = np.flatnonzero(is_any(flags[:-1], TERMINAL))
    free = is_any(flags[i + 1], SPACE | MARK)
    dots = (i > 0) & (codes[i - 1] == _STOP) | (codes[i + 1] == _STOP)
    initial = (i > 0) & is_any(flags[i - 1], UPPER) & ~((i > 1) & is_any(flags[i - 2], UPPER))
    ends: Integers = i[free & ~((codes[i] == _STOP) & (dots | initial))]
    return ends


def _end_sentences(codes: Codes, flags: Flags, heads: Offsets, ends: Offsets, profile: int) -> Mask:
    open_ = np.flatnonzero(~is_any(flags, SPACE | CLOSER))
    places = np.searchsorted(open_, ends) - 1
    last = heads if len(open_) == 0 else np.where(places < 0, 0, open_[np.maximum(places, 0)])
    last = np.maximum(last, heads)
    found: Mask = is_any(flags[last], TERMINAL) | (codes[last] == _ELLIPSIS)
    if profile & COLON_ENDS:
        found |= codes[last] == _COLON
    if profile & SEMICOLON_ENDS:
        found |= codes[last] == _SEMICOLON
    return found
