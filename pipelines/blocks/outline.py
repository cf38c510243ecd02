"""The outline of a text: its blocks with the lists, quotations, tables and code they stand in.

What authors use for layout is not told as structure: lists of whole articles, tables of one row
or of long cells. Every step is linear in the size of the page.
"""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from florilegium.pipelines.blocks.lists import Around, Lists
from florilegium.pipelines.blocks.page import Page
from florilegium.pipelines.blocks.source import language, nearest
from florilegium.pipelines.blocks.tables import Grid, Tables
from florilegium.pipelines.blocks.tags import TAGS
from florilegium.pipelines.blocks.walk import CONTAINER, END, START, TAG

MAX_HEADING_BLOCKS: Final = 2
"""A heading of more blocks was not closed where it ends."""

_HEADINGS: Final = (TAGS.index("h1"), TAGS.index("h6"))
_PRE: Final = TAGS.index("pre")

_Numbers = NDArray[np.int64]


class Piece(NamedTuple):
    """A block, or all blocks of one table or listing."""

    kind: Literal["paragraph", "heading", "code", "table"]
    text: str
    """Lines parted by newlines; "" of a table."""
    around: tuple[Around, ...]
    level: int = 0
    """1 to 6 of a heading."""
    language: str = ""
    """Of code, as its author names it."""
    grid: Grid | None = None


def outline(page: Page, kept: NDArray[np.bool_]) -> Iterator[Piece]:
    """Yield the pieces of the text that the kept blocks make, in the order of the page."""
    lists, tables = Lists(page), Tables(page, kept)
    numbers = np.flatnonzero(kept)
    containers = page.blocks[numbers, CONTAINER]
    listings = nearest(page.containers[:, TAG] == _PRE, page.containers)[containers]
    levels = _levels(page)[containers]
    code: list[str] = []
    code_in = -1
    for number, listing, level in zip(
        numbers.tolist(), listings.tolist(), levels.tolist(), strict=True
    ):
        if code and listing != code_in:
            yield _code(page, lists, code_in, code)
            code = []
        if listing >= 0:
            code_in = listing
            code.append(page.texts[number])
        elif (grid := tables.grid_of(number)) is None:
            yield from _block(page, lists, number, level)
        elif grid.first == number:
            yield Piece("table", "", lists.around(grid.container), grid=grid)
    if code:
        yield _code(page, lists, code_in, code)


def _levels(page: Page) -> _Numbers:
    """Return for each container the level of the heading it is or stands in; 0 for none."""
    tag = page.containers[:, TAG]
    marked = (tag >= _HEADINGS[0]) & (tag <= _HEADINGS[1])
    if not marked.any():
        return np.zeros(len(tag), np.int64)
    heading = nearest(marked, page.containers)
    blocks = np.bincount(heading[page.blocks[:, CONTAINER]] + 1, minlength=len(tag) + 1)[1:]
    closed = (heading >= 0) & (blocks[heading] <= MAX_HEADING_BLOCKS)
    levels: _Numbers = np.where(closed, tag[heading] - _HEADINGS[0] + 1, 0)
    return levels


def _block(page: Page, lists: Lists, number: int, level: int) -> Iterator[Piece]:
    """Yield a block that stands in no table of data and no listing; joined items one by one."""
    start, end, container = page.blocks[number, (START, END, CONTAINER)].tolist()
    if level:
        text = _with_lines(page, number, start, end)
        yield Piece("heading", text, lists.around(container), level)
        return
    for start, end, container in lists.parts(number):
        text = _with_lines(page, number, start, end)
        yield Piece("paragraph", text, lists.around(container))


def _code(page: Page, lists: Lists, listing: int, texts: list[str]) -> Piece:
    return Piece("code", "\n".join(texts), lists.around(listing), language=language(page, listing))


def _with_lines(page: Page, number: int, start: int, end: int) -> str:
    """Return a stretch of a block with the ends of lines that a style keeps."""
    first = int(page.blocks[number, START])
    text = page.texts[number][start - first : end - first]
    if not page.breaks.size:
        return text
    letters = list(text)
    for at in np.flatnonzero(page.breaks[start:end]).tolist():
        letters[at] = "\n" * int(page.breaks[start + at])
    return "".join(letters)
