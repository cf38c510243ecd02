"""Characters, words and lines counted by kind (Gopher, arXiv:2112.11446; FineWeb, 2406.17557)."""

import numpy as np
import numpy.typing as npt
from numba import njit

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
from florilegium.filters.segment import COLON_ENDS, SEMICOLON_ENDS, Offsets

Scripts = npt.NDArray[np.uint8]

SHORT_LINE, LONG_LINE = 30, 250
_STOP, _COLON, _SEMICOLON, _ELLIPSIS = 0x2E, 0x3A, 0x3B, 0x2026
_SLASH, _W = 0x2F, 0x77
_BULLET, _DASH = 0x2022, 0x2D
_FIRST_BITS = 10
SIGNS = _FEED, _HASH, _OPENING, _CLOSING, _REPLACEMENT = 0x0A, 0x23, 0x7B, 0x7D, 0xFFFD


@njit(cache=True, nogil=True)
def count_characters(
    codes: Codes, flags: Flags, script_of: Scripts, script: int
) -> tuple[int, int, int, int, int, int, int, int, int]:
    """Letters, in upper case, of another script; digits, marks, pictures, spaces; misread; run.

    `script_of` has the script of each code point; 0 stands for none, and as `script` for any.
    """
    letters = capitals = others = digits = marks = pictures = spaces = misread = 0
    longest = run = 0
    for i in range(len(flags) - 1):
        kind = flags[i]
        if kind & LETTER:
            letters += 1
            capitals += (kind & UPPER) > 0
            if script and script_of[codes[i]] != script and script_of[codes[i]]:
                others += 1
        digits += (kind & DIGIT) > 0
        marks += (kind & MARK) > 0
        pictures += (kind & PICTURE) > 0
        spaces += (kind & SPACE) > 0
        misread += (kind & MISREAD_FIRST) > 0 and (flags[i + 1] & MISREAD_NEXT) > 0
        run = run + 1 if i and codes[i] == codes[i - 1] else 1
        if run > longest and not kind & SPACE:
            longest = run
    return letters, capitals, others, digits, marks, pictures, spaces, misread, longest


@njit(cache=True, nogil=True)
def count_signs(codes: Codes) -> tuple[int, int, int, int, int, int]:
    """Line feeds, number signs, ellipses, curly brackets, replacement characters, addresses."""
    feeds = hashes = ellipses = brackets = replacements = urls = dots = 0
    for i in range(len(codes) - 1):
        code = codes[i]
        if code == _STOP:
            dots += 1
            if dots % 3 == 0:
                ellipses += 1
            if i > 2 and codes[i - 1] == codes[i - 2] == codes[i - 3] == _W:  # www.
                urls += i < 6 or not _opens_address(codes, i - 4)
            continue
        dots = 0
        feeds += code == _FEED
        hashes += code == _HASH
        ellipses += code == _ELLIPSIS
        brackets += code in (_OPENING, _CLOSING)
        replacements += code == _REPLACEMENT
        urls += code == _SLASH and i > 1 and _opens_address(codes, i)
    return feeds, hashes, ellipses, brackets, replacements, urls


@njit(cache=True, nogil=True)
def _opens_address(codes: Codes, i: int) -> bool:
    """Whether :// ends here."""
    return bool(codes[i] == _SLASH and codes[i - 1] == _SLASH and codes[i - 2] == _COLON)


@njit(cache=True, nogil=True)
def count_words(
    flags: Flags, starts: Offsets, ends: Offsets
) -> tuple[int, int, int, int, int, int, int]:
    """Non-symbol and unlisted words, characters of each; with a letter; in capitals; longest."""
    spoken = spoken_chars = unlisted = unlisted_chars = alpha = capital = longest = 0
    for k in range(len(starts)):
        length = ends[k] - starts[k]
        longest = max(longest, length)
        symbols = listed = letters = capitals = 0
        for i in range(starts[k], ends[k]):
            symbols += (flags[i] & SYMBOL) > 0
            listed += (flags[i] & LISTED_SYMBOL) > 0
            letters += (flags[i] & LETTER) > 0
            capitals += (flags[i] & (LETTER | UPPER)) == (LETTER | UPPER)
        if symbols < length:
            spoken += 1
            spoken_chars += length
        if listed < length:
            unlisted += 1
            unlisted_chars += length
        alpha += letters > 0
        capital += letters > 1 and letters == capitals
    return spoken, spoken_chars, unlisted, unlisted_chars, alpha, capital, longest


@njit(cache=True, nogil=True)
def count_listed(words: Hashes, listed: Hashes) -> tuple[int, int]:
    """Words that are on a list of sorted hashes, and how many different ones."""
    met, some = np.zeros(len(listed), np.bool_), np.zeros(1 << _FIRST_BITS, np.bool_)
    found = different = 0
    shift = np.uint64(64 - _FIRST_BITS)
    for k in range(len(listed)):
        some[listed[k] >> shift] = True
    for k in range(len(words)):
        if not some[words[k] >> shift]:  # most words are on no list
            continue
        place = np.searchsorted(listed, words[k])
        if place < len(listed) and listed[place] == words[k]:
            found += 1
            different += not met[place]
            met[place] = True
    return found, different


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
        letters = capitals = digits = 0
        for i in range(head, end):
            letters += (flags[i] & LETTER) > 0
            capitals += (flags[i] & (LETTER | UPPER)) == (LETTER | UPPER)
            digits += (flags[i] & DIGIT) > 0
        capital += 2 * capitals > letters
        digit += 5 * digits > length
    return sentence, punctuated, short, long_chars, bullet, dash, ellipsis, capital, digit


@njit(cache=True, nogil=True)
def count_duplicates(starts: Offsets, ends: Offsets, numbers: Numbers) -> tuple[int, int]:
    """Spans met before, and their characters; equal spans have equal numbers."""
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
