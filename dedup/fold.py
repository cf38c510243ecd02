"""Texts reduced to what makes two of them the same: bare lower-case words, digits as one class."""

import unicodedata
from itertools import pairwise

import numpy as np
from numba import njit
from numpy.typing import NDArray

from florilegium.dedup.kernels import compiled

SEPARATOR = 0
"""Ends a word."""
SKIP = 1
"""Leaves no trace: combining marks, soft hyphens, invisible format characters."""
DIGIT = ord("0")
"""Stands for any run of digits."""

_SOFT_HYPHEN = "\u00ad"
_APOSTROPHE_LETTER = "\u02bc"
_STROKES = str.maketrans("øđðłħŧ\u0131", "oddlhti", _APOSTROPHE_LETTER) | {
    ord("æ"): "ae",
    ord("œ"): "oe",
}
# Every Python carries Unicode 3.2 beside its own version. Signatures made years apart, by
# different Pythons, can only be compared if the table never moves.
_UNICODE = unicodedata.ucd_3_2_0


def _is_mark(character: str) -> bool:
    return _UNICODE.category(character) in ("Mn", "Me")


def _letters(character: str) -> tuple[int, ...]:
    """Return the codes that one character of the Basic Multilingual Plane folds to."""
    kind = _UNICODE.category(character)
    if _is_mark(character) or kind == "Cf" or character == _SOFT_HYPHEN:
        return (SKIP,)
    if kind == "Cn":  # letters that Unicode took in later stand for themselves
        return (ord("s"), ord("s")) if character == "ẞ" else (ord(character),)
    if kind[0] not in "LNM" or character == _APOSTROPHE_LETTER:
        return (SEPARATOR,)
    bare = "".join(c for c in _UNICODE.normalize("NFKD", character) if not _is_mark(c))
    letters: list[int] = []
    for part in _UNICODE.normalize("NFKD", bare.casefold()).translate(_STROKES):
        kind = _UNICODE.category(part)
        if kind[0] == "N":
            letters += [DIGIT] * (DIGIT not in letters[-1:])
        elif kind[0] in "LM" and not _is_mark(part) and ord(part) < 0x10000:
            letters.append(ord(part))
    # No character yields more codes than it has bytes, so the output needs no second bound.
    return tuple(letters[: len(character.encode())]) or (SEPARATOR,)


def _table() -> NDArray[np.uint16]:
    table = np.zeros((0x10000, 3), np.uint16)
    for code in range(0x10000):
        letters = _letters(chr(code))
        table[code, : len(letters)] = letters
    return table


TABLE: NDArray[np.uint16] = _table()
"""What each BMP character folds to: SEPARATOR, SKIP, or up to three letters (the rest zero)."""


@njit(cache=True, nogil=True)
def _decode(data: NDArray[np.uint8], position: int, stop: int) -> tuple[np.uint64, int]:
    """Return the code point that starts at a byte, and its bytes; a space for what is not BMP."""
    code = np.uint64(data[position])
    if code < 0x80:
        return code, 1
    if code < 0xE0 and position + 1 < stop:
        second = np.uint64(data[position + 1] & np.uint8(0x3F))
        return (code & np.uint64(0x1F)) << np.uint64(6) | second, 2
    if code < 0xF0 and position + 2 < stop:
        second = np.uint64(data[position + 1] & np.uint8(0x3F))
        third = np.uint64(data[position + 2] & np.uint8(0x3F))
        return (code & np.uint64(0x0F)) << np.uint64(12) | second << np.uint64(6) | third, 3
    return np.uint64(0x20), 4


def _fold_all(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    table: NDArray[np.uint16],
    letters: NDArray[np.uint16],
    bounds: NDArray[np.int64],
) -> None:
    starts = _starts(data, offsets)
    # After each text comes a space, which closes its last word.
    ends = np.searchsorted(starts, offsets[1:])
    codes = np.insert(_codes(data, starts, offsets), ends, 0x20)
    lengths = (table != 0).sum(axis=1) + (table[:, 0] == SEPARATOR)
    lengths[table[:, 0] == SKIP] = 0
    counts = lengths[codes]
    before = np.cumsum(counts) - counts
    places = np.arange(counts.sum()) - np.repeat(before, counts)
    folded = table[np.repeat(codes, counts), places]
    stays = np.ones(folded.size, np.bool_)
    stays[1:] = folded[1:] != folded[:-1]
    stays |= (folded != SEPARATOR) & (folded != DIGIT)
    stays[:1] &= folded[:1] != SEPARATOR
    closed = before[ends + np.arange(ends.size)] + 1  # letters up to each of those spaces
    bounds[1:] = np.cumsum(stays)[closed - 1]
    letters[: bounds[-1]] = folded[stays]


def _starts(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where the characters of all texts start, as `_decode` steps through them."""
    first, last = int(offsets[0]), int(offsets[-1])
    (starts,) = np.nonzero((data[first:last] & np.uint8(0xC0)) != 0x80)
    try:
        data[first:last].tobytes().decode()
        if np.isin(offsets[:-1] - first, np.append(starts, last - first)).all():
            return starts + first
    except UnicodeDecodeError:
        pass
    walked: list[int] = []
    for start, stop in pairwise(offsets.tolist()):
        position = start
        while position < stop:
            walked.append(position)
            code = int(data[position])
            width = 1 + (code >= 0x80) + (code >= 0xE0)
            position += width if code < 0xF0 and position + width <= stop else 4
    return np.array(walked, np.int64)


def _codes(
    data: NDArray[np.uint8], starts: NDArray[np.int64], offsets: NDArray[np.int64]
) -> NDArray[np.uint32]:
    """Return the code points that start there; a space for what is not BMP or cut off."""
    codes = data[starts].astype(np.uint32)
    left = offsets[np.searchsorted(offsets, starts, side="right")] - starts
    widths = np.searchsorted([0x80, 0xE0, 0xF0], codes, side="right") + 1
    codes[(widths == 4) | (widths > left)] = 0x20
    for width, mask in ((2, 0x1F), (3, 0x0F)):
        (chosen,) = np.nonzero((widths == width) & (widths <= left))
        value = codes[chosen] & np.uint32(mask)
        for place in range(1, width):
            value = value << np.uint32(6) | (data[starts[chosen] + place] & np.uint8(0x3F))
        codes[chosen] = value
    return codes


@compiled(twin=_fold_all)
def _fold(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    table: NDArray[np.uint16],
    letters: NDArray[np.uint16],
    bounds: NDArray[np.int64],
) -> None:
    written = 0
    for document in range(offsets.size - 1):
        position, stop = offsets[document], offsets[document + 1]
        last = np.uint16(SEPARATOR)
        while position < stop:
            code, width = _decode(data, position, stop)
            position += width
            first = table[code, 0]
            if first == SKIP or (first == last and first in (SEPARATOR, DIGIT)):
                continue
            letters[written] = last = first
            written += 1
            if code < 0x80:
                continue
            for place in range(1, 3):
                if table[code, place] == 0:
                    break
                letters[written] = last = table[code, place]
                written += 1
        if last != SEPARATOR:
            letters[written] = SEPARATOR
            written += 1
        bounds[document + 1] = written


def fold(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """Return the words of UTF-8 texts as letters, each word closed by SEPARATOR, and the bounds.

    Text `i` is `data[offsets[i]:offsets[i + 1]]`; its words are `letters[bounds[i]:bounds[i + 1]]`.
    Case, diacritics, punctuation, white space and the digits of numbers are gone; characters
    beyond the Basic Multilingual Plane part words. Malformed UTF-8 folds to something, safely.
    """
    texts = offsets.size - 1
    letters = np.empty(int(offsets[-1] - offsets[0]) + texts, np.uint16)
    bounds = np.zeros(texts + 1, np.int64)
    _fold(data, offsets, TABLE, letters, bounds)
    return letters[: bounds[-1]], bounds
