"""What C4 keeps of a text (arXiv:1910.10683, section 2.2): counted by line, nothing removed."""

import numpy as np
import numpy.typing as npt
from numba import njit
from numba.extending import register_jitable

from florilegium.filters.characters import DIGIT, SPACE, Codes, Flags
from florilegium.filters.segment import Offsets
from florilegium.filters.sentence_counts import sentences_in

Phrase = npt.NDArray[np.uint32]


def _phrase(text: str) -> Phrase:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


PHRASES = (
    *("lorem ipsum", "javascript", "terms of use", "privacy policy", "cookie policy"),
    *("uses cookies", "use of cookies", "use cookies"),
)
_PHRASES = tuple(map(_phrase, PHRASES))
_PLACEHOLDER, _SCRIPT = 1, 2  # the other phrases are bits above
_PAIR_BITS = 10
_WINDOW = min(map(len, PHRASES))


def _skips() -> npt.NDArray[np.uint8]:
    """How far the nearest end of a phrase can be after each pair of characters, by its hash."""
    skips = np.full(1 << _PAIR_BITS, _WINDOW - 1, np.uint8)
    for phrase in PHRASES:
        for before_end in range(_WINDOW - 1):
            end = len(phrase) - before_end
            pair = _pair(ord(phrase[end - 2]), ord(phrase[end - 1]))
            skips[pair] = min(skips[pair], before_end)
    return skips


@register_jitable
def _pair(one: int, other: int) -> int:
    """Hash two characters, letters of either case alike."""
    return ((one | 32) * 33 ^ (other | 32)) & ((1 << _PAIR_BITS) - 1)


_SKIPS = _skips()
_EDIT = _phrase("[edit]")
_CITATION_NEEDED = _phrase("[citation needed]")
_MIN_WORDS = 3
_MAX_WORD = 1000
_BRACE = ord("{")
_OPEN, _CLOSE = ord("["), ord("]")
_STOP = ord(".")


@njit(cache=True, nogil=True)
def count_c4(
    codes: Codes, flags: Flags, heads: Offsets, ends: Offsets, of_lines: Offsets
) -> tuple[int, int, int, int, int]:
    """Lines C4 keeps, their characters and sentences, and if a placeholder or a brace made it stop.

    `of_lines` has the sentences of each line. Every step is as in datatrove's class, its order
    included, but for two: letters are folded in ASCII only, and sentences are those of
    `count_sentences`.
    """
    lines = chars = sentences = 0
    for k in range(len(heads)):
        start, end = heads[k], ends[k]
        # Citations may stand anywhere, but only one at the end changes how the line ends.
        if codes[end - 1] != _CLOSE and not _ends_like_prose(codes, start, end):
            continue
        if not _reads_like_prose(flags, start, end):
            continue
        line, inside = codes[start:end], of_lines[k]
        if _holds(line, _OPEN):
            line, kinds = _without_citations(line, flags[start : end + 1])
            inside = sentences_in(line, kinds, 0, len(line))
        if not _ends_like_prose(line, 0, len(line)):
            continue
        found = _find(line)
        if found & _PLACEHOLDER:
            return lines, chars, sentences, 1, 0
        if found & _SCRIPT:
            continue
        if _holds(line, _BRACE):
            return lines, chars, sentences, 0, 1
        if not found:
            lines += 1
            chars += len(line)
            sentences += inside
    return lines, chars, sentences, 0, 0


@njit(cache=True, nogil=True)
def _holds(line: Codes, code: int) -> bool:
    found = 0
    for i in range(len(line)):  # to the end: so many characters are looked at at a time
        found |= line[i] == code
    return found > 0


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
        if words >= _MIN_WORDS and end - start <= _MAX_WORD:
            return True
        length += 1
        if length > _MAX_WORD:
            return False
    return words >= _MIN_WORDS


@njit(cache=True, nogil=True)
def _find(line: Codes) -> int:
    """Return a bit for each phrase in the line, in upper or lower case.

    Leaps to where a phrase may end, as Wu and Manber do ("A fast algorithm for multi-pattern
    searching", 1994).
    """
    found = 0
    last = _WINDOW - 1
    while last < len(line):
        skip = _SKIPS[_pair(line[last - 1], line[last])]
        if skip == 0:
            found |= _phrases_before(line, last + 1)
            skip = 1
        last += skip
    return found


@njit(cache=True, nogil=True)
def _phrases_before(line: Codes, end: int) -> int:
    found = 0
    for k in range(len(_PHRASES)):
        if _ends_with(line, end, _PHRASES[k]):
            found |= 1 << k
    return found


@njit(cache=True, nogil=True)
def _ends_with(line: Codes, end: int, phrase: Phrase) -> bool:
    if end < len(phrase):
        return False
    for i in range(1, len(phrase) + 1):  # noqa: SIM110 - numba compiles no generators in all()
        if _lower(line[end - i]) != phrase[-i]:
            return False
    return True


@njit(cache=True, nogil=True)
def _lower(code: int) -> int:
    return code + 32 if 65 <= code <= 90 else code
