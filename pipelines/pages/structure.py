"""The build of a page, measured before any parser sees it.

Parsers that follow the HTML standard look through all open elements at every start tag and
compare every attribute of a tag with those before it: time grows with the square of both.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

_FAR: Final = 64
"""How many open elements an end tag looks back over; a bound on the time of a scan."""

_LT, _GT, _SLASH, _EQUALS = 0x3C, 0x3E, 0x2F, 0x3D
_BANG, _QUERY, _QUOTE, _APOSTROPHE, _DASH, _SPACE = 0x21, 0x3F, 0x22, 0x27, 0x2D, 0x20


def _names(names: str) -> NDArray[np.uint64]:
    """Return the names as the scan holds them: their last eight letters in one word."""
    return np.array([int.from_bytes(n.encode()[-8:], "big") for n in names.split()], np.uint64)


# They are empty, or the next of their kind ends them: they do not nest in themselves.
_FLAT = _names(
    "area base br col embed hr img input link meta param source track wbr "
    "a body colgroup dd dt head html li optgroup option p rp rt tbody td tfoot th thead tr"
)
_RAW = _names("script style textarea title xmp iframe noembed noframes")
_FOREIGN = _names("svg math")


class Structure(NamedTuple):
    """How deep and how wide a page is built."""

    depth: int
    """Elements open at once at the deepest place, paragraphs, items and cells aside. At most
    one more than the bound the scan was given, where it stops."""
    attributes: int
    """Attributes of the tag that has most."""


def structure(page: bytes, max_depth: int) -> Structure:
    """Scan a page in UTF-8 once, in time linear in its length.

    The scan knows tags, quotes, comments and scripts, but not the standard's rules for
    misplaced tags: depth is an estimate, right for pages that close what they open.
    """
    bytes_ = np.frombuffer(page, np.uint8)
    return Structure(*_scan(bytes_, np.zeros(max_depth + 2, np.uint64), _FLAT, _RAW, _FOREIGN))


@njit(cache=True, nogil=True)
def _scan(
    page: NDArray[np.uint8],
    stack: NDArray[np.uint64],
    flat: NDArray[np.uint64],
    raw: NDArray[np.uint64],
    foreign: NDArray[np.uint64],
) -> tuple[int, int]:
    depth = deepest = most = at = 0
    foreign_depth = -1  # where the outermost open <svg> or <math> stands in the stack
    inside_raw = np.uint64(0)
    while at < page.size - 1 and depth < stack.size - 1:
        if page[at] != _LT:
            at += 1
            continue
        closing = page[at + 1] == _SLASH
        if inside_raw and not closing:
            at += 1
            continue
        name, after = _name(page, at + 1 + closing)
        if inside_raw:
            if name == inside_raw:
                inside_raw = np.uint64(0)
            at += 1
        elif name == 0:
            at = _declaration(page, at + 1)
        elif closing:
            at = after
            for place in range(depth - 1, max(-1, depth - 1 - _FAR), -1):
                if stack[place] == name:
                    depth = place
                    break
            if depth <= foreign_depth:
                foreign_depth = -1
        else:
            count, at = _attributes(page, after)
            most = max(most, count)
            ends_itself = foreign_depth >= 0 and page[at - 2] == _SLASH
            if _among(name, raw) and foreign_depth < 0:
                inside_raw = name
            elif not ends_itself and not _among(name, flat):
                if foreign_depth < 0 and _among(name, foreign):
                    foreign_depth = depth
                stack[depth] = name
                depth += 1
                deepest = max(deepest, depth)
    return deepest, most


@njit(cache=True, nogil=True)
def _name(page: NDArray[np.uint8], at: int) -> tuple[np.uint64, int]:
    """Return the tag name that starts here, 0 if none does, and the place after it."""
    name = np.uint64(0)
    if at >= page.size or not (0x61 <= page[at] | 0x20 <= 0x7A):
        return name, at
    while at < page.size and page[at] > _SPACE and page[at] != _GT and page[at] != _SLASH:
        name = (name << np.uint64(8)) | np.uint64(page[at] | 0x20)
        at += 1
    return name, at


@njit(cache=True, nogil=True)
def _attributes(page: NDArray[np.uint8], at: int) -> tuple[int, int]:
    """Return the number of attributes up to the end of the tag, and the place after the tag."""
    count = 0
    while at < page.size:
        byte = page[at]
        if byte == _GT:
            return count, at + 1
        if byte <= _SPACE or byte == _SLASH:
            at += 1
            continue
        count += 1
        at += 1
        while at < page.size and page[at] not in (_GT, _SLASH, _EQUALS) and page[at] > _SPACE:
            at += 1
        start = at
        while at < page.size and page[at] <= _SPACE:
            at += 1
        at = _value(page, at + 1) if at < page.size and page[at] == _EQUALS else start
    return count, at


@njit(cache=True, nogil=True)
def _value(page: NDArray[np.uint8], at: int) -> int:
    """Return the place after the attribute value that starts here."""
    while at < page.size and page[at] <= _SPACE:
        at += 1
    if at < page.size and page[at] in (_QUOTE, _APOSTROPHE):
        quote = page[at]
        at += 1
        while at < page.size and page[at] != quote:
            at += 1
        return at + 1
    while at < page.size and page[at] > _SPACE and page[at] != _GT:
        at += 1
    return at


@njit(cache=True, nogil=True)
def _declaration(page: NDArray[np.uint8], at: int) -> int:
    """Return the place after the comment or declaration that starts here, if one does."""
    if page[at] not in (_BANG, _QUERY, _SLASH):
        return at
    comment = at + 2 < page.size and page[at + 1] == _DASH and page[at + 2] == _DASH
    while at < page.size:
        if page[at] == _GT and (not comment or (page[at - 1] == _DASH and page[at - 2] == _DASH)):
            return at + 1
        at += 1
    return at


@njit(cache=True, nogil=True)
def _among(name: np.uint64, names: NDArray[np.uint64]) -> bool:
    for each in names:  # noqa: SIM110  (numba compiles this, not any())
        if each == name:
            return True
    return False
