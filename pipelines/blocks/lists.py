"""The lists and quotations around a block, with the markers a reader sees."""

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from florilegium.pipelines.blocks.page import Page
from florilegium.pipelines.blocks.source import attributes, nearest
from florilegium.pipelines.blocks.tags import CONTEXTS, ITEM, TAGS
from florilegium.pipelines.blocks.walk import CONTAINER, END, ITEMS, OWN, PARENT, START, TAG, walk

MAX_NESTING: Final = 8
"""Lists and quotations told around one block; of more, the innermost takes the last place."""
MAX_ITEM_BLOCKS: Final = 6
"""A list with an item of more blocks, those of lists inside it aside, is layout."""
_MAX_NUMBER: Final = 999_999_999
"""The largest number that CommonMark lets an item bear."""

_QUOTE: Final = TAGS.index("blockquote")
_HEADINGS: Final = (TAGS.index("h1"), TAGS.index("h6"))
_ORDERED: Final = 1 << CONTEXTS.index("ol")
_LIST: Final = _ORDERED | 1 << CONTEXTS.index("ul")

_Marks = NDArray[np.bool_]
_Numbers = NDArray[np.int64]


class Around(NamedTuple):
    """A list item or a quotation around a block. Two are the same if they are equal."""

    container: int
    marker: str
    """As a reader sees it: "- " or "3. " of an item, "> " of a quotation."""


class Lists:
    """What stands around the blocks of a page. Asked in the order of the page."""

    def __init__(self, page: Page) -> None:
        containers = page.containers
        self._page = page
        self._tag = containers[:, TAG]
        self._items = self._tag == ITEM
        self._arounds: dict[int, tuple[Around, ...]] = {-1: ()}
        self._counts: dict[int, tuple[int, int]] = {}
        self._apart: _Numbers | None = None
        self._lists = (containers[:, OWN] & _LIST) != 0
        if not (self._items | (self._tag == _QUOTE)).any():
            self._wrap = np.full(len(containers), -1, np.int64)
            return
        list_of = nearest(self._lists, containers)
        # A list around no list, which an item without a list has, is -1: the last mark, not set.
        wraps = (self._tag == _QUOTE) | (self._items & ~self._layout(list_of)[list_of])
        self._wrap = nearest(wraps, containers)
        self._ordinal, self._size = _ordinals(self._items, containers)

    def _layout(self, list_of: _Numbers) -> _Marks:
        """Mark the lists that hold headings or long items: there, authors lay out a page."""
        first = self._page.blocks[:, CONTAINER]
        near = nearest(self._items | self._lists, self._page.containers)
        blocks = np.bincount(near[first] + 1, minlength=len(near) + 1)[1:]
        heading = (self._tag >= _HEADINGS[0]) & (self._tag <= _HEADINGS[1])
        marks = np.zeros(len(near) + 1, np.bool_)
        marks[list_of[heading | (self._items & (blocks > MAX_ITEM_BLOCKS))]] = True
        marks[-1] = False
        return marks

    def around(self, container: int) -> tuple[Around, ...]:
        """Return the items and quotations a container is or stands in, the outermost first."""
        wrap = int(self._wrap[container])
        inner: list[int] = []
        while wrap not in self._arounds:
            inner.append(wrap)
            wrap = int(self._wrap[self._page.containers[wrap, PARENT]])
        for wrap in reversed(inner):
            outer = self._arounds[int(self._wrap[self._page.containers[wrap, PARENT]])]
            one = Around(wrap, self._marker(wrap))
            self._arounds[wrap] = (*outer[: MAX_NESTING - 1], one)
        return self._arounds[int(self._wrap[container])]

    def parts(self, number: int) -> list[tuple[int, int, int]]:
        """Return start, end and container of a block, or of each that the walk joined into it.

        A block of a page of more than `MAX_BLOCKS` such parts is returned whole.
        """
        start, end, container = self._page.blocks[number, (START, END, CONTAINER)].tolist()
        if self._page.blocks[number, ITEMS] == 1:
            return [(start, end, container)]
        if self._apart is None:
            self._apart = _apart(self._page)
        first, last = np.searchsorted(self._apart[0], (start, end))
        starts, ends, containers = self._apart[:, first:last].tolist()
        return list(zip(starts, ends, containers, strict=True)) or [(start, end, container)]

    def _marker(self, wrap: int) -> str:
        if self._tag[wrap] == _QUOTE:
            return "> "
        parent = int(self._page.containers[wrap, PARENT])
        if not self._page.containers[parent, OWN] & _ORDERED:
            return "- "
        if parent not in self._counts:
            given = attributes(self._page, parent)
            step = -1 if "reversed" in given else 1
            first = _whole(given.get("start"), 1 if step > 0 else int(self._size[parent]))
            self._counts[parent] = first, step
        first, step = self._counts[parent]
        number = first + step * int(self._ordinal[wrap])
        value = _whole(attributes(self._page, wrap).get("value"), number)
        self._counts[parent] = first + value - number, step  # those behind it go on from there
        return f"{_bounded(value)}. "


def _apart(page: Page) -> _Numbers:
    """Return starts, ends and containers of the blocks as they are before items are joined.

    The walk joins items only. By another name, as long, every place on the page stays the same.
    There are no blocks if they are more than a page may have.
    """
    markup = page.markup.replace("<li>", "<dd>").replace("<li ", "<dd ").replace("</li>", "</dd>")
    walked = walk(markup)
    blocks = page.blocks[:0] if walked is None else walked.blocks
    return np.ascontiguousarray(blocks[:, (START, END, CONTAINER)].T)


def _whole(written: str | None, otherwise: int) -> int:
    """Return a whole number as an attribute has it."""
    written = (written or "").strip()
    return (
        int(written) if written.isascii() and written.isdigit() and len(written) < 10 else otherwise
    )


def _bounded(number: int) -> int:
    return min(max(number, 0), _MAX_NUMBER)


@njit(cache=True, nogil=True)
def _ordinals(items: _Marks, containers: _Numbers) -> tuple[_Numbers, _Numbers]:
    """Return which item of its list each item is, from 0, and how many items each list has."""
    ordinal, size = np.zeros(len(items), np.int64), np.zeros(len(items), np.int64)
    for number in range(1, len(items)):
        if items[number]:
            parent = containers[number, PARENT]
            ordinal[number] = size[parent]
            size[parent] += 1
    return ordinal, size
