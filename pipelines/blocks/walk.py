"""The compiled walk over a page: its blocks of text, and the elements around them.

A block is the text between two boundaries of elements that are not inline. Two line breaks end a
block, one is kept as a line; the links of one list are one block.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from florilegium.pipelines.blocks.markup import (
    ATTRIBUTES,
    CLASS,
    CLASS_END,
    HIDDEN,
    ID,
    ID_END,
    KEEPS_LINES,
    ROLE,
    ROLE_END,
    attributes,
    comment_end,
    entity,
    raw_end,
    tag_end,
    word,
)
from florilegium.pipelines.blocks.tags import (
    ANY_TAG,
    BODY,
    BOLD,
    BREAK,
    ITEM,
    LINED,
    LINK,
    PREFORMATTED,
    RAW,
    SKIPPED,
    TRANSPARENT,
    VOID,
    packed,
    tag_table,
)

MAX_DEPTH: Final = 4_096
"""Elements open at once."""
MAX_TAGS: Final = 500_000
MAX_BLOCKS: Final = 100_000

START, END, SOLID, LINKED, BOLDED, LINKS, CONTAINER, ITEMS = range(8)
"""Columns of a block: stretch of the text, characters other than white space, those of them in
links and in bold, links, index of the container, list items joined."""
PARENT, LAST, DEPTH, TAG, CONTEXT, CONCEALED, OWN, BEGIN = range(8)
"""Columns of a container: parent, one behind the last container inside, depth, name, elements
around it (bits), whether it or one around it is hidden, its own bit among the contexts, where in
the page its start tag begins."""

_LT, _BANG, _QUERY, _SLASH, _AMPERSAND = 60, 33, 63, 47, 38
_SPACE, _NEWLINE = 32, 10
_LINE, _LINES = (
    1,
    2,
)  # a gap that is a space to the classifier, and one or more line ends to readers
_LINK_ITEM, _SHORT_ITEM = 0.8, 80
_NAMES, _MEANINGS = tag_table()
_BODY_SIGNATURE = packed("body")
_SPACES = np.array([chr(code).isspace() for code in range(0x3001)])

_Table = NDArray[np.int64]


class Walk(NamedTuple):
    """What stands on a page, in the order of the page."""

    codes: NDArray[np.uint32]
    """The code points of all blocks, one after another."""
    text: str
    """The same as a string."""
    breaks: NDArray[np.uint8]
    """For each code point, how many line ends a style keeps there, 2 at most; it is a space."""
    blocks: _Table
    containers: _Table
    attributes: _Table
    """For each container, where in the page its class, id and role stand."""
    signatures: NDArray[np.uint64]
    """For each container, a digest of name and class, and one of class, id and role."""


def walk(page: str) -> Walk | None:
    """Return the blocks of the serialised inside of `<body>`; None if it is built too big.

    Time is linear in the length. Never raises but MemoryError.
    """
    codes = np.frombuffer(page.encode("utf-32-le", "replace"), np.uint32)
    tags = _start_tags(codes)
    if tags > MAX_TAGS:
        return None
    text, breaks, blocks, containers, found, signatures, whole = _walk(
        codes, tags + 2, _NAMES, _MEANINGS, _SPACES
    )
    if not whole or len(blocks) > MAX_BLOCKS:
        return None
    string = text.tobytes().decode("utf-32-le")
    return Walk(text, string, breaks, blocks, containers, found, signatures)


@njit(cache=True, nogil=True)
def _start_tags(page: NDArray[np.uint32]) -> int:
    """Return how many elements there can be at most: `<` that no `/` follows."""
    size = len(page)
    tags = int(size > 0 and page[size - 1] == _LT)
    for at in range(size - 1):
        tags += (page[at] == _LT) & (page[at + 1] != _SLASH)
    return tags


@njit(cache=True, nogil=True)
def _finish(text: NDArray[np.uint32], blocks: _Table, count: int, containers: _Table) -> int:
    """End the block being written, if it has any text; return how many blocks there are now."""
    row = blocks[count]
    if row[SOLID] == 0:
        row[END] = row[START]
        row[LINKED] = row[BOLDED] = row[LINKS] = 0
        return count
    while text[row[START]] == _NEWLINE:
        row[START] += 1
    while text[row[END] - 1] == _NEWLINE or text[row[END] - 1] == _SPACE:
        row[END] -= 1
    row[ITEMS] = 1
    end = row[END]
    text[end] = _NEWLINE
    if count > 0 and _are_links_of_one_list(blocks[count - 1], row, containers):
        for column in (SOLID, LINKED, BOLDED, LINKS, ITEMS):
            blocks[count - 1, column] += row[column]
        blocks[count - 1, END] = end
    else:
        count += 1
    blocks[count, :] = 0
    blocks[count, START] = blocks[count, END] = end + 1
    return count


@njit(cache=True, nogil=True)
def _are_links_of_one_list(
    before: NDArray[np.int64], after: NDArray[np.int64], containers: _Table
) -> bool:
    one, other = containers[before[CONTAINER]], containers[after[CONTAINER]]
    return bool(
        one[TAG] == ITEM
        and other[TAG] == ITEM
        and one[PARENT] == other[PARENT]
        and before[LINKED] >= _LINK_ITEM * before[SOLID]
        and after[LINKED] >= _LINK_ITEM * after[SOLID]
        and before[SOLID] < _SHORT_ITEM * before[ITEMS]
        and after[SOLID] < _SHORT_ITEM
    )


@njit(cache=True, nogil=True)
def _digest(seed: np.uint64, page: NDArray[np.uint32], start: int, end: int) -> np.uint64:
    """Return the FNV-1a digest of a stretch of the page, another one for each seed."""
    digest = seed ^ np.uint64(0xCBF29CE484222325)
    for at in range(start, end):
        digest = (digest ^ np.uint64(page[at])) * np.uint64(0x100000001B3)
    return digest


@njit(cache=True, nogil=True)
def _sign(
    page: NDArray[np.uint32],
    name: np.uint64,
    found: NDArray[np.int64],
    signature: NDArray[np.uint64],
) -> None:
    signature[0] = _digest(name, page, found[CLASS], found[CLASS_END])
    label = _digest(np.uint64(0), page, found[CLASS], found[CLASS_END])
    label = _digest(label, page, found[ID], found[ID_END])
    signature[1] = _digest(label, page, found[ROLE], found[ROLE_END])


@njit(cache=True, nogil=True)
def _meaning(name: np.uint64, names: NDArray[np.uint64], meanings: _Table) -> tuple[int, int, int]:
    """Return what an element means, which tag it counts as, and its bit among the contexts."""
    place = np.searchsorted(names, name)
    if place < len(names) and names[place] == name:
        return meanings[place, 0], meanings[place, 1], meanings[place, 2]
    return 0, ANY_TAG, 0


@njit(cache=True, nogil=True)
def _walk(  # one loop: splitting it would mean passing its variables around
    page: NDArray[np.uint32],
    most: int,
    names: NDArray[np.uint64],
    meanings: _Table,
    spaces: NDArray[np.bool_],
) -> tuple[NDArray[np.uint32], NDArray[np.uint8], _Table, _Table, _Table, NDArray[np.uint64], bool]:
    size = len(page)
    text = np.empty(size + 2, np.uint32)
    breaks = np.zeros(size + 2, np.uint8)
    # Each element can end a block where it starts and another where it ends.
    blocks = np.zeros((2 * most + 2, 8), np.int64)
    containers = np.zeros((most + 1, 8), np.int64)
    found = np.zeros((most + 1, ATTRIBUTES), np.int64)
    signatures = np.zeros((most + 1, 2), np.uint64)
    containers[0, TAG], signatures[0, 0] = BODY, _BODY_SIGNATURE
    open_name = np.zeros(MAX_DEPTH, np.uint64)
    open_meaning = np.zeros(MAX_DEPTH, np.int64)
    depth, made, here, count = 0, 1, 0, 0
    skipped, linked, bold, kept, lined = 0, 0, 0, 0, 0  # how many such elements are open
    gap, broken = 0, False  # white space read and not yet written; whether it was a line break
    at = literal = 0  # up to `literal`, markup is text
    whole = True
    while at < size:
        if page[at] != _LT or at < literal:
            code = int(page[at])
            if skipped:
                at += 1
                continue
            if code == _AMPERSAND and at >= literal:
                code, at = entity(page, at)
            else:
                at += 1
            row = blocks[count]
            if code < len(spaces) and spaces[code]:
                if kept:
                    text[row[END]] = code
                    row[END] += 1
                elif lined and code == _NEWLINE and gap != _NEWLINE:
                    gap = _LINES if gap in (_LINE, _LINES) else _LINE
                elif gap == 0:
                    gap = _SPACE
                continue
            if gap and row[SOLID]:
                if gap in (_LINE, _LINES):
                    gap, breaks[row[END]] = _SPACE, gap
                text[row[END]] = gap
                row[END] += 1
            if row[SOLID] == 0:
                row[CONTAINER] = here
            gap, broken = 0, False
            text[row[END]] = code
            row[END] += 1
            row[SOLID] += 1
            row[LINKED] += linked > 0
            row[BOLDED] += bold > 0
            continue
        after = page[at + 1] if at + 1 < size else 0
        if after in (_BANG, _QUERY):
            at = comment_end(page, at)
            continue
        if after == _SLASH:
            name_end = tag_end(page, at + 2)
            name = word(page, at + 2, name_end)
            at = name_end + 1
            if depth == 0 or open_name[depth - 1] != name:
                continue
            depth -= 1
            meaning = open_meaning[depth]
            lined -= meaning & LINED > 0
            if meaning & SKIPPED:
                skipped -= 1
            elif not skipped and meaning & TRANSPARENT:
                linked -= meaning & LINK > 0
                bold -= meaning & BOLD > 0
            elif not skipped:
                count, gap, broken = _finish(text, blocks, count, containers), 0, False
                kept -= meaning & PREFORMATTED > 0
                containers[here, LAST] = made
                here = containers[here, PARENT]
            continue
        begin, name_end = at, tag_end(page, at + 1)
        name = word(page, at + 1, name_end)
        meaning, tag, context = _meaning(name, names, meanings)
        at = attributes(page, name_end, found[made])
        if not skipped:
            if meaning & BREAK and kept:
                text[blocks[count, END]] = _NEWLINE
                blocks[count, END] += 1
            elif meaning & BREAK and not broken:
                gap, broken = _NEWLINE, True
            elif not meaning & (TRANSPARENT | SKIPPED):
                count, gap, broken = _finish(text, blocks, count, containers), 0, False
        if meaning & VOID:
            continue
        if depth == MAX_DEPTH:
            whole = False
            break
        if found[made, KEEPS_LINES]:
            meaning |= LINED
            lined += 1
        open_name[depth], open_meaning[depth] = name, meaning
        depth += 1
        if meaning & RAW:
            literal = raw_end(page, at, name)
            at = literal if meaning & SKIPPED else at
        if meaning & SKIPPED:
            skipped += 1
        elif not skipped and meaning & TRANSPARENT:
            linked += meaning & LINK > 0
            bold += meaning & BOLD > 0
            blocks[count, LINKS] += meaning & LINK > 0
        elif not skipped:
            kept += meaning & PREFORMATTED > 0
            row = containers[made]
            row[PARENT], row[DEPTH], row[TAG] = here, containers[here, DEPTH] + 1, tag
            row[CONTEXT], row[OWN] = containers[here, CONTEXT] | context, context
            row[BEGIN] = begin
            row[CONCEALED] = containers[here, CONCEALED] | found[made, HIDDEN]
            _sign(page, name, found[made], signatures[made])
            here = made
            made += 1
    count = _finish(text, blocks, count, containers)
    while here > 0:
        containers[here, LAST] = made
        here = containers[here, PARENT]
    containers[0, LAST] = made
    return (
        text[: blocks[count, START]],
        breaks[: blocks[count, START]],
        blocks[:count].copy(),
        containers[:made].copy(),
        found[:made].copy(),
        signatures[:made].copy(),
        whole,
    )
