"""Twins of the kernels of `character_counts` in whole-array steps and strings: equal integers."""

import numpy as np

from florilegium.filters.character_counts import SIGNS, Scripts
from florilegium.filters.characters import (
    DIGIT,
    LETTER,
    MARK,
    MISREAD_FIRST,
    MISREAD_NEXT,
    PICTURE,
    SPACE,
    UPPER,
    Codes,
    Flags,
)
from florilegium.filters.groups import Mask
from florilegium.filters.plain_segment import edges, is_any, text_of, total


def count_characters(
    codes: Codes, flags: Flags, script_of: Scripts, script: int
) -> tuple[int, ...]:
    """Return what the kernel returns, in its order."""
    codes, kinds = codes[:-1], flags[:-1]
    letters, spaces = is_any(kinds, LETTER), is_any(kinds, SPACE)
    others = 0
    if script:
        scripts = script_of.take(codes)
        others = total(letters & (scripts != script) & (scripts != 0))
    misread = is_any(kinds, MISREAD_FIRST) & is_any(flags[1:], MISREAD_NEXT)
    return (
        total(letters),
        total(letters & is_any(kinds, UPPER)),
        others,
        *(total(is_any(kinds, kind)) for kind in (DIGIT, MARK, PICTURE)),
        total(spaces),
        total(misread),
        _longest_run(codes, spaces),
    )


def _longest_run(codes: Codes, spaces: Mask) -> int:
    again = np.flatnonzero((codes[1:] == codes[:-1]) & ~spaces[1:])
    if len(again) == 0:
        return int(len(spaces) > total(spaces))
    bounds = edges(again - np.arange(len(again)))
    return 1 + int((bounds[1:] - bounds[:-1]).max())


def count_signs(codes: Codes) -> tuple[int, ...]:
    """Return what the kernel returns, in its order."""
    text = text_of(codes)
    feeds, hashes, opening, closing, replacements = (text.count(chr(sign)) for sign in SIGNS)
    ellipses = text.count("\u2026") + text.count("...")
    urls = text.count("://") + text.count("www.") - text.count("://www.")
    return feeds, hashes, ellipses, opening + closing, replacements, urls
