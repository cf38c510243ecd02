"""What C4 keeps of a text (arXiv:1910.10683, section 2.2): counted by line, nothing removed."""

import numpy as np
import numpy.typing as npt
from numba import njit

from florilegium.filters.characters import (
    DIGIT,
    MARK,
    SPACE,
    TERMINAL,
    UPPER,
    Codes,
    Flags,
)
from florilegium.filters.segment import Offsets

Phrase = npt.NDArray[np.uint32]


def _phrase(text: str) -> Phrase:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


_PHRASES = (
    _phrase("lorem ipsum"),
    _phrase("javascript"),
    _phrase("terms of use"),
    _phrase("privacy policy"),
    _phrase("cookie policy"),
    _phrase("uses cookies"),
    _phrase("use of cookies"),
    _phrase("use cookies"),
)
_PLACEHOLDER, _SCRIPT, _BRACE_FOUND = 1, 2, 1 << 8  # the other phrases are bits in between
_LAST_LETTERS = sum(1 << ord(letter) - 97 for letter in "mtesy")
_EDIT = _phrase("[edit]")
_CITATION_NEEDED = _phrase("[citation needed]")
_MIN_WORDS = 3
_MAX_WORD = 1000
_BRACE = ord("{")
_OPEN, _CLOSE = ord("["), ord("]")
_STOP = ord(".")


@njit(cache=True, nogil=True)
def count_c4(
    codes: Codes, flags: Flags, starts: Offsets, ends: Offsets
) -> tuple[int, int, int, int, int]:
    """Lines C4 keeps, their characters and sentences; lines with a placeholder, with a brace."""
    lines = chars = sentences = placeholders = braces = 0
    for k in range(len(starts)):
        start, end = starts[k], _before_citations(codes, flags, starts[k], ends[k])
        if not (_ends_like_prose(codes, start, end) and _reads_like_prose(flags, start, end)):
            continue
        found = _find(codes, start, end)
        if found & _PLACEHOLDER:
            placeholders += 1
        elif found & _BRACE_FOUND and not found & _SCRIPT:
            braces += 1
        elif not found:
            lines += 1
            chars += end - start
            sentences += _count_sentences(codes, flags, start, end)
    return lines, chars, sentences, placeholders, braces


@njit(cache=True, nogil=True)
def _before_citations(codes: Codes, flags: Flags, start: int, end: int) -> int:
    """End of the line without the footnote marks that follow its last sentence."""
    while end > start and codes[end - 1] == _CLOSE:
        opening = end - 2
        while opening > start and flags[opening] & DIGIT:
            opening -= 1
        if opening < start or codes[opening] != _OPEN:
            if _ends_with(codes, start, end, _EDIT):
                opening = end - len(_EDIT)
            elif _ends_with(codes, start, end, _CITATION_NEEDED):
                opening = end - len(_CITATION_NEEDED)
            else:
                return end
        end = opening
        while end > start and flags[end - 1] & SPACE:
            end -= 1
    return end


@njit(cache=True, nogil=True)
def _ends_like_prose(codes: Codes, start: int, end: int) -> bool:
    if end == start:
        return False
    last = codes[end - 1]
    if last == _STOP:
        return not (end - start >= 3 and codes[end - 2] == _STOP and codes[end - 3] == _STOP)
    return bool(last == 0x3F or last == 0x21 or last == 0x22 or last == 0x27)  # ? ! " '


@njit(cache=True, nogil=True)
def _reads_like_prose(flags: Flags, start: int, end: int) -> bool:
    """Whether the line has enough words, by white space, and none of absurd length."""
    words = length = 0
    for i in range(start, end):
        if flags[i] & SPACE:
            length = 0
            continue
        words += length == 0
        length += 1
        if length > _MAX_WORD:
            return False
    return words >= _MIN_WORDS


@njit(cache=True, nogil=True)
def _find(codes: Codes, start: int, end: int) -> int:
    """Return a bit for each phrase in the line, in upper or lower case, and one for a brace."""
    found = 0
    for i in range(start, end):
        letter = _lower(codes[i])
        if letter == _BRACE:
            found |= _BRACE_FOUND
        elif 97 <= letter <= 122 and _LAST_LETTERS >> (letter - 97) & 1:
            for k in range(len(_PHRASES)):
                if _ends_with(codes, start, i + 1, _PHRASES[k]):
                    found |= 1 << k
    return found


@njit(cache=True, nogil=True)
def _ends_with(codes: Codes, start: int, end: int, phrase: Phrase) -> bool:
    if end - start < len(phrase):
        return False
    for i in range(1, len(phrase) + 1):  # noqa: SIM110 - numba compiles no generators in all()
        if _lower(codes[end - i]) != phrase[-i]:
            return False
    return True


@njit(cache=True, nogil=True)
def _lower(code: int) -> int:
    return code + 32 if 65 <= code <= 90 else code


@njit(cache=True, nogil=True)
def _count_sentences(codes: Codes, flags: Flags, start: int, end: int) -> int:
    """One, and one more each time text goes on after the end of a sentence."""
    sentences, ended = 1, False
    for i in range(start, end):
        if flags[i] & TERMINAL:
            ended = ended or _ends_a_sentence(codes, flags, i, start, end)
        elif ended and not flags[i] & (SPACE | MARK):
            sentences += 1
            ended = False
    return sentences


@njit(cache=True, nogil=True)
def _ends_a_sentence(codes: Codes, flags: Flags, i: int, start: int, end: int) -> bool:
    """Whether a terminal mark stands free: not in a number, an address, an ellipsis, an initial."""
    free = i + 1 == end or (flags[i + 1] & (SPACE | MARK)) > 0
    if codes[i] != _STOP or not free:
        return free
    if (i > start and codes[i - 1] == _STOP) or (i + 1 < end and codes[i + 1] == _STOP):
        return False
    capital = i > start and (flags[i - 1] & UPPER) > 0
    return not capital or (i - 1 > start and (flags[i - 2] & UPPER) > 0)
