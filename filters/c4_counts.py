"""What C4 keeps of a text (arXiv:1910.10683, section 2.2): counted by line, nothing removed."""

import numpy as np
import numpy.typing as npt
from numba import njit

from florilegium.filters.characters import DIGIT, SPACE, Codes, Flags
from florilegium.filters.segment import Offsets
from florilegium.filters.sentence_counts import count_sentences

Phrase = npt.NDArray[np.uint32]


def _phrase(text: str) -> Phrase:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


PHRASES = (
    *("lorem ipsum", "javascript", "terms of use", "privacy policy", "cookie policy"),
    *("uses cookies", "use of cookies", "use cookies"),
)
_PHRASES = tuple(map(_phrase, PHRASES))
_PLACEHOLDER, _SCRIPT = 1, 2  # the other phrases are bits above
_LAST_LETTERS = sum(1 << ord(letter) - 97 for letter in "mtesy")
_LETTERS_BEFORE = sum(1 << ord(letter) - 97 for letter in "upsec")
_EDIT = _phrase("[edit]")
_CITATION_NEEDED = _phrase("[citation needed]")
_MIN_WORDS = 3
_MAX_WORD = 1000
_BRACE = ord("{")
_OPEN, _CLOSE = ord("["), ord("]")
_STOP = ord(".")


@njit(cache=True, nogil=True)
def count_c4(
    codes: Codes, flags: Flags, heads: Offsets, ends: Offsets
) -> tuple[int, int, int, int, int]:
    """Lines C4 keeps, their characters and sentences, and if a placeholder or a brace made it stop.

    Every step is as in datatrove's class, its order included, but for two: letters are folded in
    ASCII only, and sentences are counted by `count_sentences`.
    """
    lines = chars = sentences = 0
    for k in range(len(heads)):
        line, kinds, start, end = codes, flags, heads[k], ends[k]
        # Citations may stand anywhere, but only one at the end changes how the line ends.
        if codes[end - 1] != _CLOSE and not _ends_like_prose(codes, start, end):
            continue
        if not _reads_like_prose(flags, start, end):
            continue
        if _holds(codes, start, end, _OPEN):
            line, kinds = _without_citations(codes[start:end], flags[start : end + 1])
            start, end = 0, len(line)
        if not _ends_like_prose(line, start, end):
            continue
        found = _find(line, start, end)
        if found & _PLACEHOLDER:
            return lines, chars, sentences, 1, 0
        if found & _SCRIPT:
            continue
        if _holds(line, start, end, _BRACE):
            return lines, chars, sentences, 0, 1
        if not found:
            lines += 1
            chars += end - start
            sentences += count_sentences(line, kinds, start, end)
    return lines, chars, sentences, 0, 0


@njit(cache=True, nogil=True)
def _holds(codes: Codes, start: int, end: int, code: int) -> bool:
    for i in range(start, end):  # noqa: SIM110 - numba compiles no generators in any()
        if codes[i] == code:
            return True
    return False


@njit(cache=True, nogil=True)
def _without_citations(line: Codes, kinds: Flags) -> tuple[Codes, Flags]:
    """Copy a line without marks such as [1], [], [edit]; its flags go one character beyond."""
    kept, kept_kinds = np.empty_like(line), np.empty_like(kinds)
    count = i = 0
    while i < len(line):
        length = _citation(line, kinds, i) if line[i] == _OPEN else 0
        if length:
            i += length
            continue
        kept[count], kept_kinds[count] = line[i], kinds[i]
        count += 1
        i += 1
    kept_kinds[count] = SPACE
    return kept[:count], kept_kinds[: count + 1]


@njit(cache=True, nogil=True)
def _citation(line: Codes, kinds: Flags, i: int) -> int:
    """Length of the citation mark that begins here, 0 if none does."""
    end = i + 1
    while end < len(line) and kinds[end] & DIGIT:
        end += 1
    if end < len(line) and line[end] == _CLOSE:
        return end + 1 - i
    for mark in (_EDIT, _CITATION_NEEDED):
        end = i + len(mark)
        if end <= len(line) and bool(np.all(line[i:end] == mark)):
            return len(mark)
    return 0


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
    """Return a bit for each phrase in the line, in upper or lower case."""
    found = 0
    before = 0
    for i in range(start, end):
        letter = _lower(codes[i]) - 97
        if 0 <= letter < 26:
            letter = 1 << letter
            if letter & _LAST_LETTERS and before & _LETTERS_BEFORE:
                for k in range(len(_PHRASES)):
                    if _ends_with(codes, start, i + 1, _PHRASES[k]):
                        found |= 1 << k
            before = letter
        else:
            before = 0
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
    lower = int(code)
    return lower + 32 if 65 <= lower <= 90 else lower
