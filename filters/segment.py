"""A text cut into words and lines.

The rules look two characters back and one ahead, nothing more, so they hold for every language
with spaces between words, cost the same for any text and can be read in a minute. They follow
the customs of the rule-based tokenizers behind the published thresholds.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

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
    count_any,
    flag_table,
)

Offsets = npt.NDArray[np.int32]

ELISION = 1
"""An apostrophe between letters ends the word: l' / homme."""
KEEP_HYPHEN = 2
"""A hyphen between letters stays in the word."""
KEEP_SLASH = 4
"""A slash before a letter stays in the word."""
COLON_ENDS = 8
"""A colon may end a sentence: typed for the Armenian full stop."""
SEMICOLON_ENDS = 16
"""A semicolon ends a question: the Greek question mark."""

_CUSTOMS = {
    ELISION: "cat fra ita oci",
    KEEP_HYPHEN: "bos cat dan deu fin gsw hun ltz mlt nld nno nob por ron spa srp swe",
    KEEP_SLASH: "deu fin gsw hun ltz nld por ron swe tat",
    COLON_ENDS: "hye",
    SEMICOLON_ENDS: "ell",
}
_PROFILES: dict[str, int] = {}
for _bit, _languages in _CUSTOMS.items():
    for _language in _languages.split():
        _PROFILES[_language] = _PROFILES.get(_language, 0) | _bit

_APART, _INSIDE, _LAST, _SPACE = 0, 1, 2, 3
_FEED, _STOP, _HYPHEN, _SLASH = ord("\n"), ord("."), ord("-"), ord("/")
_BARRIER = SPACE | HARD
_EDGE, _BLANK = SPACE | MARK, SPACE | LINE_BREAK
_NAMING = LETTER | DIGIT


def profile(lang: str) -> int:
    """Bits of the spelling customs of a language (`deu_Latn` or `deu`), 0 to 31; 0 if unknown."""
    return _PROFILES.get(lang.partition("_")[0], 0)


@njit(cache=True, nogil=True)
def split_words(codes: Codes, flags: Flags, profile: int) -> tuple[Offsets, Offsets]:
    """Return starts and ends of the words; the arrays carry one space beyond the text."""
    starts, ends = np.empty(len(codes), np.int32), np.empty(len(codes), np.int32)
    count = start = 0
    for i in _edges(flags):
        if i < start:  # in an ellipsis
            continue
        kind = _SPACE if flags[i] & SPACE else _place(codes, flags, i, profile)
        if kind == _INSIDE:
            continue
        end = i + 1 if kind == _LAST else i
        if end > start:
            starts[count], ends[count] = start, end
            count += 1
        start = i if kind == _APART else i + 1
        if kind == _APART:
            while codes[end] == _STOP and codes[end + 1] == _STOP:  # an ellipsis is one word
                end += 1
            starts[count], ends[count] = start, end + 1
            count += 1
            start = end + 1
    return starts[:count], ends[:count]


@njit(cache=True, nogil=True)
def _edges(flags: Flags) -> Offsets:
    """Return the places of white space and marks, where words may end."""
    edges = np.empty(len(flags), np.int32)
    count = 0
    for i in range(len(flags)):
        edges[count] = i
        count += (flags[i] & _EDGE) > 0
    return edges[:count]


def words_in(text: str, profile: int) -> list[str]:
    """Return the words of a text as strings, for others that count them."""
    codes = np.frombuffer((text + " ").encode("utf-32-le", "surrogatepass"), np.uint32)
    starts, ends = split_words(codes, flag_table().take(codes), profile)
    return [text[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


@njit(cache=True, nogil=True)
def split_lines(codes: Codes, flags: Flags) -> tuple[Offsets, Offsets, Offsets]:
    """Return starts, first characters that are no white space, and ends of the lines.

    White space at the end of a line is left out, and so are blank lines.
    """
    size = len(codes) - 1
    breaks = count_any(flags, LINE_BREAK)
    starts = np.empty(breaks + 1, np.int32)
    heads, ends = np.empty_like(starts), np.empty_like(starts)
    count = start = 0
    while start < size:
        head = start
        while head < size and flags[head] & _BLANK == SPACE:
            head += 1
        next_ = head
        while next_ < size and not flags[next_] & LINE_BREAK:
            next_ += 1
        end = next_
        while end > head and flags[end - 1] & SPACE:
            end -= 1
        if end > head:
            starts[count], heads[count], ends[count] = start, head, end
            count += 1
        start = next_ + 1
    return starts[:count], heads[:count], ends[:count]


@njit(cache=True, nogil=True)
def split_paragraphs(codes: Codes, starts: Offsets, ends: Offsets) -> tuple[Offsets, Offsets]:
    """Return starts and ends of the paragraphs that lines form, between blank ones."""
    firsts, lasts = np.empty_like(starts), np.empty_like(ends)
    count = 0
    for k in range(len(starts)):
        feeds = 2 * (k == 0)
        if k > 0:
            for i in range(ends[k - 1], starts[k]):
                feeds += codes[i] == _FEED
        if feeds > 1:
            firsts[count] = starts[k]
            count += 1
        lasts[count - 1] = ends[k]
    return firsts[:count], lasts[:count]


@njit(cache=True, nogil=True)
def _place(codes: Codes, flags: Flags, i: int, profile: int) -> int:
    """Whether a mark stands apart, lies inside a word, or lies inside and is its last."""
    kind, code = flags[i], codes[i]
    if kind & PICTURE:
        return _APART
    before = flags[i - 1] if i > 0 else np.uint16(SPACE)
    after = flags[i + 1]
    if code == _STOP:
        earlier = flags[i - 2] if i > 1 else np.uint16(SPACE)
        return _place_of_stop(earlier, before, after, codes[i + 1])
    if kind & HARD:
        return _place_of_hard_mark(code, before, after, profile)
    letters = before & LETTER and after & LETTER
    if code == _HYPHEN:
        range_of_numbers = before & DIGIT and after & DIGIT
        return _APART if range_of_numbers or (letters and not profile & KEEP_HYPHEN) else _INSIDE
    if code == _SLASH and before & _NAMING and after & LETTER and not profile & KEEP_SLASH:
        return _APART
    return _INSIDE


@njit(cache=True, nogil=True)
def _place_of_stop(
    earlier: np.uint16, before: np.uint16, after: np.uint16, following: np.uint32
) -> int:
    if after & _BARRIER:
        initial = before & UPPER and not earlier & UPPER and following != _STOP
        return _INSIDE if initial else _APART
    if before & SPACE:  # .net
        return _INSIDE
    missing_space = before & LOWER and after & UPPER
    return _APART if before & HARD or missing_space else _INSIDE


@njit(cache=True, nogil=True)
def _place_of_hard_mark(code: np.uint32, before: np.uint16, after: np.uint16, profile: int) -> int:
    if before & _BARRIER or after & _BARRIER:
        return _APART
    letters = before & LETTER and after & LETTER
    if code == 0x27 or code == 0x2019:  # ' and its curly form
        return _LAST if letters and profile & ELISION else _INSIDE
    if code == 0x2C or code == 0x2013 or code == 0x2014 or code == 0x7E:  # , en dash, em dash, ~
        return _APART if letters else _INSIDE
    if code == 0x3A or 0x3C <= code <= 0x3E:  # : < = >
        return _APART if before & _NAMING and after & LETTER else _INSIDE
    return _INSIDE
