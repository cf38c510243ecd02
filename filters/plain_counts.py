"""Twins of the kernels of `line_counts` and `sentence_counts` in whole-array steps."""

import numpy as np
import numpy.typing as npt

from florilegium.filters.characters import (
    BULLET,
    CLOSER,
    DIGIT,
    LETTER,
    LISTED_SYMBOL,
    MARK,
    MISREAD_FIRST,
    MISREAD_NEXT,
    PICTURE,
    SPACE,
    SYMBOL,
    TERMINAL,
    UPPER,
    Codes,
    Flags,
)
from florilegium.filters.groups import Hashes, Numbers
from florilegium.filters.line_counts import LONG_LINE, SHORT_LINE, SIGNS, Scripts
from florilegium.filters.plain_segment import Mask, is_any, total
from florilegium.filters.segment import COLON_ENDS, SEMICOLON_ENDS, Offsets

Integers = npt.NDArray[np.int64]

_STOP, _COLON, _SEMICOLON, _ELLIPSIS = 0x2E, 0x3A, 0x3B, 0x2026
_SLASH, _W = 0x2F, 0x77
_BULLET, _DASH = 0x2022, 0x2D
_CAPITAL = LETTER | UPPER


def count_characters(
    codes: Codes, flags: Flags, script_of: Scripts, script: int
) -> tuple[int, ...]:
    """Return what the kernel returns, in its order."""
    codes, kinds = codes[:-1], flags[:-1]
    letters = is_any(kinds, LETTER)
    others = 0
    if script:
        scripts = script_of[codes]
        others = total(letters & (scripts != script) & (scripts != 0))
    misread = is_any(kinds, MISREAD_FIRST) & is_any(flags[1:], MISREAD_NEXT)
    return (
        total(letters),
        total(letters & is_any(kinds, UPPER)),
        others,
        *(total(is_any(kinds, kind)) for kind in (DIGIT, MARK, PICTURE, SPACE)),
        total(misread),
        _longest_run(codes, kinds),
    )


def _longest_run(codes: Codes, kinds: Flags) -> int:
    edges = np.flatnonzero(codes[1:] != codes[:-1])
    lengths = np.diff(np.concatenate(([-1], edges, [len(codes) - 1])))
    solid = ~is_any(kinds[np.append(edges, len(codes) - 1)], SPACE)
    return int(lengths[solid].max(initial=0))


def count_signs(codes: Codes) -> tuple[int, ...]:
    """Return what the kernel returns, in its order."""
    codes = codes[:-1]
    feeds, hashes, opening, closing, replacements = (total(codes == sign) for sign in SIGNS)
    dots = np.concatenate(([False], codes == _STOP, [False]))
    edges = np.flatnonzero(dots[1:] != dots[:-1])
    ellipses = total(codes == _ELLIPSIS) + int(((edges[1::2] - edges[::2]) // 3).sum())
    slash, w = codes == _SLASH, codes == _W
    schemes = (codes[:-2] == _COLON) & slash[1:-1] & slash[2:]
    hosts = w[:-3] & w[1:-2] & w[2:-1] & (codes[3:] == _STOP)
    urls = total(schemes) + total(hosts) - total(schemes[: len(hosts[3:])] & hosts[3:])
    return feeds, hashes, ellipses, opening + closing, replacements, urls


def count_words(flags: Flags, starts: Offsets, ends: Offsets) -> tuple[int, ...]:
    """Return what the kernel returns, in its order."""
    lengths = ends - starts
    spoken = _sums(is_any(flags, SYMBOL), starts, ends) < lengths
    unlisted = _sums(is_any(flags, LISTED_SYMBOL), starts, ends) < lengths
    letters = _sums(is_any(flags, LETTER), starts, ends)
    capitals = _sums((flags & _CAPITAL) == _CAPITAL, starts, ends)
    return (
        total(spoken),
        int(lengths[spoken].sum()),
        total(unlisted),
        int(lengths[unlisted].sum()),
        total(letters > 0),
        total((letters > 1) & (letters == capitals)),
        int(lengths.max(initial=0)),
    )


def count_listed(words: Hashes, listed: Hashes) -> tuple[int, int]:
    """Return words that are on a list of sorted hashes, and how many different ones."""
    if len(listed) == 0:
        return 0, 0
    places = np.searchsorted(listed, words)
    found = places[listed[np.minimum(places, len(listed) - 1)] == words]
    return len(found), total(np.bincount(found) > 0)


def count_lines(
    codes: Codes, flags: Flags, starts: Offsets, heads: Offsets, ends: Offsets, profile: int
) -> tuple[int, ...]:
    """Return what the kernel returns, in its order."""
    lengths, last = ends - starts, codes[ends - 1]
    letters = _sums(is_any(flags, LETTER), heads, ends)
    capitals = _sums((flags & _CAPITAL) == _CAPITAL, heads, ends)
    digits = _sums(is_any(flags, DIGIT), heads, ends)
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


def count_duplicates(starts: Offsets, ends: Offsets, numbers: Numbers) -> tuple[int, int]:
    """Return spans met before, and their characters; equal spans have equal numbers."""
    met = np.maximum.accumulate(numbers) if len(numbers) else numbers
    again = numbers <= np.concatenate(([-1], met[:-1])) if len(numbers) else met > 0
    return total(again), int((ends - starts)[again].sum())


def count_all_sentences(codes: Codes, flags: Flags, heads: Offsets, ends: Offsets) -> int:
    """Return the sentences of all lines."""
    return int(sentences_of(codes, flags, heads, ends).sum())


def sentences_of(codes: Codes, flags: Flags, heads: Offsets, ends: Offsets) -> Integers:
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


def _sums(mask: Mask, starts: Offsets, ends: Offsets) -> Integers:
    """Return how often the mask is set in each span."""
    reach = np.zeros(len(mask) + 1, np.int64)
    np.cumsum(mask, out=reach[1:])
    sums: Integers = reach[ends] - reach[starts]
    return sums
