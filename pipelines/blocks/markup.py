"""Compiled readers of single pieces of serialised markup: names, attributes, entities, ends.

A page is an array of code points as a parser writes them: every attribute quoted with `"`, only
`& < > nbsp` escaped. Each reader ends at the end of the page whatever the page holds.
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from florilegium.pipelines.blocks.tags import packed

CLASS, CLASS_END, ID, ID_END, ROLE, ROLE_END, HIDDEN, KEEPS_LINES = range(8)
"""What is noted of the attributes of an element: stretches of the page, and two flags."""
ATTRIBUTES: Final = 8

_LT, _GT, _SLASH, _EQUALS, _QUOTE, _AMPERSAND, _DASH = 60, 62, 47, 61, 34, 38, 45
_NO_BREAK_SPACE = 160
_NAME_CLASS, _NAME_ID, _NAME_ROLE = packed("class"), packed("id"), packed("role")
_NAME_PROPERTY, _NAME_STYLE = packed("itemprop"), packed("style")
_NAME_HIDDEN, _NAME_ARIA_HIDDEN = packed("hidden"), packed("aria-hidden")
_TRUE, _NO_DISPLAY, _NO_VISIBILITY = packed("true"), packed("display:none"), packed("ility:hidden")
_PRE_SPACE, _BREAK_SPACES = packed("white-space:pre"), packed("white-space:break")

_Codes = NDArray[np.uint32]


@njit(cache=True, nogil=True)
def entity(page: _Codes, at: int) -> tuple[int, int]:
    """Return the character an ampersand stands for and where the text goes on."""
    rest = len(page) - at
    if rest > 3 and page[at + 2] == 116 and page[at + 3] == 59:  # &lt; &gt;
        if page[at + 1] == 108:
            return _LT, at + 4
        if page[at + 1] == 103:
            return _GT, at + 4
    if rest > 4 and page[at + 1] == 97 and page[at + 2] == 109 and page[at + 4] == 59:  # &amp;
        return _AMPERSAND, at + 5
    if rest > 5 and page[at + 1] == 110 and page[at + 2] == 98 and page[at + 5] == 59:  # &nbsp;
        return _NO_BREAK_SPACE, at + 6
    return _AMPERSAND, at + 1


@njit(cache=True, nogil=True)
def word(page: _Codes, start: int, end: int) -> np.uint64:
    """Return the last eight letters of a stretch in one word, in lower case, spaces left out."""
    letters = np.uint64(0)
    for at in range(start, end):
        code = page[at]
        if code > 32:
            if 65 <= code <= 90:
                code |= np.uint32(32)
            letters = (letters << np.uint64(8)) | np.uint64(code & np.uint32(0xFF))
    return letters


@njit(cache=True, nogil=True)
def _styled(page: _Codes, start: int, end: int, found: NDArray[np.int64]) -> None:
    """Note whether a style hides the element, and whether it keeps the ends of lines."""
    letters = np.uint64(0)
    for at in range(start, end):
        if page[at] > 32:
            code = (page[at] | np.uint32(32)) & np.uint32(0xFF)
            letters = (letters << np.uint64(8)) | np.uint64(code)
            if letters in (_NO_DISPLAY, _NO_VISIBILITY):
                found[HIDDEN] = 1
            elif letters in (_PRE_SPACE, _BREAK_SPACES):
                found[KEEPS_LINES] = 1


@njit(cache=True, nogil=True)
def attributes(page: _Codes, at: int, found: NDArray[np.int64]) -> int:
    """Note class, id, role and hiding of a start tag in `found`; return where the tag is over."""
    size = len(page)
    found[:] = 0
    while at < size and page[at] != _GT:
        if page[at] <= 32 or page[at] == _SLASH:
            at += 1
            continue
        begin = at
        at += 1
        while at < size and page[at] > 32 and page[at] != _GT and page[at] != _EQUALS:
            at += 1
        name = word(page, begin, at)
        start = end = at
        if at + 1 < size and page[at] == _EQUALS and page[at + 1] == _QUOTE:
            start = end = at + 2
            while end < size and page[end] != _QUOTE:
                end += 1
            at = end + 1
        if name == _NAME_CLASS:
            found[CLASS], found[CLASS_END] = start, end
        elif name == _NAME_ID:
            found[ID], found[ID_END] = start, end
        elif name == _NAME_ROLE or (name == _NAME_PROPERTY and found[ROLE] == found[ROLE_END]):
            found[ROLE], found[ROLE_END] = start, end
        elif name == _NAME_STYLE:
            _styled(page, start, end, found)
        elif name == _NAME_HIDDEN or (
            name == _NAME_ARIA_HIDDEN and word(page, start, end) == _TRUE
        ):
            found[HIDDEN] = 1
    return at + 1


@njit(cache=True, nogil=True)
def tag_end(page: _Codes, at: int) -> int:
    """Return where the name of a tag that begins at `at` is over."""
    while at < len(page) and page[at] > 32 and page[at] != _GT and page[at] != _SLASH:
        at += 1
    return at


@njit(cache=True, nogil=True)
def raw_end(page: _Codes, at: int, name: np.uint64) -> int:
    """Return where the end tag of a raw element (a script, say) begins, or the end of the page."""
    size = len(page)
    while at + 1 < size:
        if (
            page[at] == _LT
            and page[at + 1] == _SLASH
            and word(page, at + 2, tag_end(page, at + 2)) == name
        ):
            return at
        at += 1
    return size


@njit(cache=True, nogil=True)
def comment_end(page: _Codes, at: int) -> int:
    """Return where a comment or declaration that begins with `<!` or `<?` is over."""
    size = len(page)
    comment = at + 3 < size and page[at + 2] == _DASH and page[at + 3] == _DASH
    at += 4 if comment else 2
    while at < size:
        if page[at] == _GT and (not comment or (page[at - 1] == _DASH and page[at - 2] == _DASH)):
            return at + 1
        at += 1
    return size
