"""Tables of data, told apart from tables that lay out a page."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from florilegium.pipelines.blocks.page import Page
from florilegium.pipelines.blocks.source import attributes, name, nearest
from florilegium.pipelines.blocks.tags import CONTEXTS, TAGS
from florilegium.pipelines.blocks.walk import CONTAINER, CONTEXT, LAST, OWN, PARENT, SOLID, TAG

MAX_CELL_CHARACTERS: Final = 600
MAX_CELL_BLOCKS: Final = 4
MAX_COLUMNS: Final = 100
MAX_EMPTY: Final = 3
"""A table with a longer cell, text in a further column, or more empty places for each with text, is
layout: its cells are blocks like others."""

_TABLE, _PRE = (1 << CONTEXTS.index(each) for each in ("table", "pre"))
_TD, _TH = TAGS.index("td"), TAGS.index("th")
_HEADINGS: Final = (TAGS.index("h1"), TAGS.index("h6"))

_Marks = NDArray[np.bool_]
_Numbers = NDArray[np.int64]


class Grid(NamedTuple):
    """A table of data."""

    container: int
    first: int
    """The first of its blocks that are kept."""
    rows: list[list[str]]
    """One or more, of cells as one line each, "" where there is none; each ends in a cell with text
    (so that none is without)."""
    headed: bool
    """Whether the first row names the columns."""


class Tables:
    """The tables of data on a page, as far as their blocks are kept."""

    def __init__(self, page: Page, kept: _Marks) -> None:
        self._page = page
        containers = page.containers
        tag = containers[:, TAG]
        self._cells = (tag == _TD) | (tag == _TH)
        self._grids: dict[int, Grid] = {}
        if not self._cells.any():
            return
        first = page.blocks[:, CONTAINER]
        table_of = nearest((containers[:, OWN] & _TABLE) != 0, containers)
        cell, table = nearest(self._cells, containers)[first], table_of[first]
        inside = (cell > table) & (table >= 0)
        data = self._data(table_of, cell, inside, kept)
        numbers: dict[int, list[int]] = {}
        # Of blocks in no table the place is -1: the last mark, which is not set.
        for number in np.flatnonzero(kept & inside & data[table]).tolist():
            numbers.setdefault(int(table[number]), []).append(number)
        for place, within in numbers.items():
            if grid := self._grid(place, within, cell[within].tolist()):
                self._grids.update(dict.fromkeys(within, grid))

    def _data(self, table_of: _Numbers, cell: _Numbers, inside: _Marks, kept: _Marks) -> _Marks:
        """Mark the tables that may hold data, by their number; the last mark is for no table."""
        containers, blocks = self._page.containers, self._page.blocks
        size, parent = len(containers), containers[:, PARENT]
        own = blocks[:, CONTAINER]
        cell = np.where(inside, cell, size)
        count = np.bincount(cell, minlength=size + 1)[:size]
        characters = np.bincount(cell, blocks[:, SOLID], size + 1)[:size]
        no_cell = (containers[own, CONTEXT] & _PRE) != 0
        no_cell |= (containers[own, TAG] >= _HEADINGS[0]) & (containers[own, TAG] <= _HEADINGS[1])
        layout = np.zeros(size + 1, np.bool_)
        layout[table_of[own[inside & no_cell]]] = True
        layout[table_of[(count > MAX_CELL_BLOCKS) | (characters > MAX_CELL_CHARACTERS)]] = True
        tables = np.flatnonzero(containers[:, OWN] & _TABLE)
        layout[table_of[parent[tables]]] = True
        shown = np.bincount(cell[kept & inside], minlength=size + 1)[:size] > 0
        several = _rows(self._cells & (count > 0), table_of, parent) >= 2
        data: _Marks = several & (_rows(shown, table_of, parent) >= 1) & ~layout
        data[-1] = False
        return data

    def grid_of(self, number: int) -> Grid | None:
        """Return the table of data that a kept block stands in."""
        return self._grids.get(number)

    def _grid(self, table: int, blocks: list[int], cells: list[int]) -> Grid | None:
        """Return a table of these blocks, which stand in these cells; None if it is layout."""
        texts: dict[int, list[str]] = {}
        for number, cell in zip(blocks, cells, strict=True):
            texts.setdefault(cell, []).append(self._page.texts[number])
        most = (1 + MAX_EMPTY) * len(texts)
        written: list[list[str]] = []
        headed = False
        section = -1
        taken = [0] * MAX_COLUMNS  # the row up to which a cell above reaches down in each column
        for at, (row, inside) in enumerate(self._rows_of(table).items()):
            before, section = section, int(self._page.containers[row, PARENT])
            if section != before:
                taken = [0] * MAX_COLUMNS
            line = self._row(at, inside, taken, texts)
            most -= len(line or ())
            if line is None or most < 0:
                return None
            if line:
                headed = headed or (not written and self._is_head(row, inside))
                written.append(line)
        return Grid(table, blocks[0], written, headed) if written else None

    def _rows_of(self, table: int) -> dict[int, list[int]]:
        """Return the rows of a table, those without cells too, and the cells in each."""
        containers = self._page.containers
        rows: dict[int, list[int]] = {}
        for inner in range(table + 1, int(containers[table, LAST])):
            if self._cells[inner]:
                rows.setdefault(int(containers[inner, PARENT]), []).append(inner)
            elif name(self._page, inner) == "tr":
                rows[inner] = []
        return rows

    def _row(
        self, row: int, cells: list[int], taken: list[int], texts: dict[int, list[str]]
    ) -> list[str] | None:
        """Return the cells of a row up to the last with text; None if one finds no place."""
        line: list[str] = []
        column = 0
        for cell in cells:
            while column < MAX_COLUMNS and taken[column] > row:
                column += 1
            text = " ".join(" ".join(texts.get(cell, ())).split())
            if column >= MAX_COLUMNS:
                if text:
                    return None
                continue
            given = attributes(self._page, cell)
            end = min(column + _span(given.get("colspan"), MAX_COLUMNS), MAX_COLUMNS)
            below = row + _span(given.get("rowspan"), 65_534)
            taken[column:end] = [below] * (end - column)
            if text:
                line += [""] * (column - len(line))
                line.append(text)
            column = end
        return line

    def _is_head(self, row: int, cells: list[int]) -> bool:
        parent = int(self._page.containers[row, PARENT])
        tags = self._page.containers[cells, TAG]
        return bool((tags == _TH).all()) or name(self._page, parent) == "thead"


def _rows(cells: _Marks, table_of: _Numbers, parent: _Numbers) -> _Numbers:
    """Return for each table how many rows have two or more of these cells; the last: for none."""
    size = len(parent)
    rows = np.flatnonzero(np.bincount(parent[cells], minlength=size) >= 2)
    counted: _Numbers = np.bincount(table_of[rows] % (size + 1), minlength=size + 1)
    return counted


def _span(written: str | None, most: int) -> int:
    written = (written or "").strip()
    plain = written.isascii() and written.isdigit() and len(written) < 10
    return min(max(int(written), 1), most) if plain else 1
