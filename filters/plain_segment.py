"""Twins of the kernels of `segment` and `groups` in whole-array steps: equal integers."""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from florilegium.filters.characters import (
    DIGIT,
    HARD,
    LETTER,
    LINE_BREAK,
    LOWER,
    MARK,
    PICTURE,
    SPACE,
    UPPER,
    Codes,
    Flags,
)
from florilegium.filters.groups import BASE, Hashes, Mask, Numbers
from florilegium.filters.segment import ELISION, KEEP_HYPHEN, KEEP_SLASH, Offsets

_BARRIER = SPACE | HARD
_NAMING = LETTER | DIGIT
_FEED, _STOP, _HYPHEN, _SLASH = 0x0A, 0x2E, 0x2D, 0x2F


def is_any(flags: Flags, kinds: int) -> Mask:
    """Return where a character is of one of these kinds."""
    return (flags & kinds).astype(np.bool_)


def total(mask: Mask) -> int:
    """Return how often a mask is set."""
    return int(np.count_nonzero(mask))


def sums(mask: Mask, starts: Offsets, ends: Offsets) -> Numbers:
    """Return how often the mask is set in each span."""
    reach = np.zeros(len(mask) + 1, np.int32)
    np.cumsum(mask, out=reach[1:])
    found: Numbers = reach[ends] - reach[starts]
    return found


def text_of(codes: Codes) -> str:
    """Return the text that has these code points."""
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def split_words(codes: Codes, flags: Flags, profile: int) -> tuple[Offsets, Offsets]:
    """Return starts and ends of the words."""
    apart, last = _places(codes, flags, profile)
    blank = is_any(flags, SPACE)
    dots = apart & (codes == _STOP)
    # A word may go on from i - 1 to i where neither is a space or stands apart; dots run together.
    cut = apart[1:] | apart[:-1] | last[:-1] | blank[1:] | blank[:-1]
    cut &= ~(dots[1:] & dots[:-1])
    solid = ~blank
    starts, ends = solid[:-1].copy(), cut & solid[:-1]
    starts[1:] &= cut[:-1]
    return np.flatnonzero(starts).astype(np.int32), np.flatnonzero(ends).astype(np.int32) + 1


def _places(codes: Codes, flags: Flags, profile: int) -> tuple[Mask, Mask]:
    """Return which characters stand apart, and which are the last of their word."""
    apart, last = np.zeros(len(flags), np.bool_), np.zeros(len(flags), np.bool_)
    i = np.flatnonzero(is_any(flags, MARK))
    here, kind, after = codes[i], flags[i], flags[i + 1]
    before = np.where(i > 0, flags[i - 1], np.uint16(SPACE))
    earlier = np.where(i > 1, flags[i - 2], np.uint16(SPACE))
    both, letter = before & after, is_any(after, LETTER)
    letters, names = is_any(both, LETTER), is_any(before, _NAMING) & letter
    alone = is_any(before | after, _BARRIER)
    dash = (here == 0x2C) | (here == 0x2013) | (here == 0x2014) | (here == 0x7E)  # , en, em, ~
    alone |= dash & letters
    alone |= ((here == 0x3A) | ((here >= 0x3C) & (here <= 0x3E))) & names  # : < = >
    alone &= is_any(kind, HARD)
    alone |= (here == _HYPHEN) & is_any(both, DIGIT)
    if not profile & KEEP_HYPHEN:
        alone |= (here == _HYPHEN) & letters
    if not profile & KEEP_SLASH:
        alone |= (here == _SLASH) & names
    stop = here == _STOP
    alone[stop] = _stops_apart(earlier[stop], before[stop], after[stop], codes[i[stop] + 1])
    alone |= is_any(kind, PICTURE)
    apart[i] = alone
    if profile & ELISION:
        last[i] = ((here == 0x27) | (here == 0x2019)) & letters
    return apart, last


def _stops_apart(earlier: Flags, before: Flags, after: Flags, following: Codes) -> Mask:
    initial = is_any(before, UPPER) & ~is_any(earlier, UPPER) & (following != _STOP)
    missing_space = is_any(before, LOWER) & is_any(after, UPPER)
    inside = ~is_any(before, SPACE) & (is_any(before, HARD) | missing_space)
    return np.where(is_any(after, _BARRIER), ~initial, inside)


def split_lines(codes: Codes, flags: Flags) -> tuple[Offsets, Offsets, Offsets]:
    """Return starts, first characters that are no white space, and ends of the lines."""
    size = len(codes) - 1
    breaks = np.flatnonzero(is_any(flags[:size], LINE_BREAK))
    solid = np.flatnonzero(~is_any(flags[:size], SPACE)).astype(np.int32)
    starts = np.concatenate(([0], breaks + 1)).astype(np.int32)
    first = np.searchsorted(solid, starts)
    last = np.searchsorted(solid, np.append(breaks, size))
    kept = last > first
    return starts[kept], solid[first[kept]], solid[last[kept] - 1] + np.int32(1)


def split_paragraphs(codes: Codes, starts: Offsets, ends: Offsets) -> tuple[Offsets, Offsets]:
    """Return starts and ends of the paragraphs that lines form, between blank ones."""
    if len(starts) == 0:
        return starts, ends
    feeds = np.flatnonzero(codes == _FEED)
    between = np.searchsorted(feeds, starts[1:]) - np.searchsorted(feeds, ends[:-1])
    apart = between > 1
    return starts[np.append(True, apart)], ends[np.append(apart, True)]


@cache
def _powers(size: int) -> tuple[Hashes, Hashes]:
    """Return the powers of `BASE` from 0 on, and their inverses modulo 2^64."""
    inverse = np.uint64(pow(int(BASE), -1, 1 << 64))
    found = []
    for factor in (BASE, inverse):
        powers = np.full(size, factor, np.uint64)
        powers[0] = 1
        found.append(np.cumprod(powers))
    return found[0], found[1]


def hash_prefixes(codes: Codes) -> Hashes:
    """Return one number for the text up to each character, and one for all of it."""
    powers, inverses = _powers(max(1 << 12, 1 << len(codes).bit_length()))
    prefixes = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum((codes + np.uint64(1)) * inverses[: len(codes)], out=prefixes[1:])
    prefixes[1:] *= powers[: len(codes)]
    return prefixes


def hash_spans(prefixes: Hashes, starts: Numbers, ends: Numbers) -> Hashes:
    """Return one hash for each span of the text."""
    powers, _ = _powers(max(1 << 12, 1 << (len(prefixes) - 1).bit_length()))
    return mix(prefixes[ends] - prefixes[starts] * powers[ends - starts])


def mix(values: Hashes) -> Hashes:
    """Return values spread over 64 bits, one to one (the finalizer of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def group(hashes: Hashes) -> tuple[Numbers, Hashes, Numbers]:
    """Return what the kernel returns, but for numbers by size, not in order of appearance."""
    ordered = np.sort(hashes)
    at = edges(ordered)
    keys = ordered[at[:-1]]
    return np.searchsorted(keys, hashes).astype(np.int32), keys, (at[1:] - at[:-1]).astype(np.int32)


def edges(values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return where a value differs from the one before: the beginning and the end included."""
    new = np.ones(len(values) + 1, np.bool_)
    np.not_equal(values[1:], values[:-1], out=new[1:-1])
    return np.flatnonzero(new)
