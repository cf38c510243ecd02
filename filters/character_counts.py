"""Characters counted by kind and by sign, in loops that a compiler does many at a time."""

import numpy as np
import numpy.typing as npt
from numba import njit

from florilegium.filters.characters import (
    DIGIT,
    LETTER,
    MARK,
    MISREAD_FIRST,
    MISREAD_NEXT,
    PICTURE,
    SPACE,
    Codes,
    Flags,
    count_any,
    count_capitals,
)

Scripts = npt.NDArray[np.uint8]

_STOP, _COLON, _SLASH, _W, _ELLIPSIS = 0x2E, 0x3A, 0x2F, 0x77, 0x2026
SIGNS = _FEED, _HASH, _OPENING, _CLOSING, _REPLACEMENT = 0x0A, 0x23, 0x7B, 0x7D, 0xFFFD


@njit(cache=True, nogil=True)
def count_characters(
    codes: Codes, flags: Flags, script_of: Scripts, script: int
) -> tuple[int, int, int, int, int, int, int, int, int]:
    """Letters, in upper case, of another script; digits, marks, pictures, spaces; misread; run.

    `script_of` has the script of each code point; 0 stands for none, and as `script` for any.
    """
    kinds = flags[:-1]
    return (
        count_any(kinds, LETTER),
        count_capitals(kinds),
        _count_others(codes, kinds, script_of, script) if script else 0,
        count_any(kinds, DIGIT),
        count_any(kinds, MARK),
        count_any(kinds, PICTURE),
        count_any(kinds, SPACE),
        _count_misread(flags),
        _longest_run(codes, kinds),
    )


@njit(cache=True, nogil=True)
def _count_others(codes: Codes, kinds: Flags, script_of: Scripts, script: int) -> int:
    others = 0
    for i in range(len(kinds)):
        of = script_of[codes[i]]
        others += (kinds[i] & LETTER > 0) & (of != script) & (of != 0)
    return others


@njit(cache=True, nogil=True)
def _count_misread(flags: Flags) -> int:
    pairs = 0
    for i in range(len(flags) - 1):
        pairs += (flags[i] & MISREAD_FIRST > 0) & (flags[i + 1] & MISREAD_NEXT > 0)
    return pairs


@njit(cache=True, nogil=True)
def _longest_run(codes: Codes, kinds: Flags) -> int:
    """Length of the longest run that is not of white space.

    A longer run than the longest so far that begins at `start` reaches `start + longest`. From
    there the look goes back, and where it finds another character, no run before is longer.
    """
    longest = start = 0
    while start + longest < len(kinds):
        first = last = start + longest
        while first > start and codes[first - 1] == codes[last]:
            first -= 1
        if first == start:
            while last < len(kinds) and codes[last] == codes[first]:
                last += 1
            if not kinds[first] & SPACE:
                longest = last - first
            first = last
        start = first
    return longest


@njit(cache=True, nogil=True)
def count_signs(codes: Codes) -> tuple[int, int, int, int, int, int]:
    """Line feeds, number signs, ellipses, curly brackets, replacement characters, addresses."""
    feeds = hashes = ellipses = brackets = replacements = 0
    for i in range(len(codes) - 1):
        feeds += codes[i] == _FEED
        hashes += codes[i] == _HASH
        ellipses += codes[i] == _ELLIPSIS
        brackets += (codes[i] == _OPENING) | (codes[i] == _CLOSING)
        replacements += codes[i] == _REPLACEMENT
    groups, urls = _count_dotted(codes)
    return feeds, hashes, ellipses + groups, brackets, replacements, urls


@njit(cache=True, nogil=True)
def _count_dotted(codes: Codes) -> tuple[int, int]:
    """Return groups of three full stops that do not overlap, and addresses."""
    groups = urls = dots = 0
    for i in range(len(codes) - 1):
        if codes[i] == _STOP:
            dots = dots + 1 if i > 0 and codes[i - 1] == _STOP else 1
            groups += dots % 3 == 0
            if i > 2 and codes[i - 1] == codes[i - 2] == codes[i - 3] == _W:  # www.
                urls += i < 6 or not _opens_address(codes, i - 4)
        elif codes[i] == _SLASH:
            urls += i > 1 and _opens_address(codes, i)
    return groups, urls


@njit(cache=True, nogil=True)
def _opens_address(codes: Codes, i: int) -> bool:
    """Whether :// ends here."""
    return bool(codes[i] == _SLASH and codes[i - 1] == _SLASH and codes[i - 2] == _COLON)
