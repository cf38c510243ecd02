"""Tables of data, told apart from tables that lay out a page."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from florilegium.pipelines.block_page import Page
from florilegium.pipelines.block_source import attributes, name, nearest
from florilegium.pipelines.block_tags import CONTEXTS, TAGS
from florilegium.pipelines.block_walk import CONTAINER, CONTEXT, LAST, OWN, PARENT, SOLID, TAG

MAX_CELL_CHARACTERS: Final = 600
MAX_CELL_BLOCKS: Final = 4
MAX_COLUMNS: Final = 100
"""A table with a longer cell, or a wider row, is layout: its cells are blocks like others."""

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
    """Cells as one line each, "" where there is none; rows without any text are left out."""
    headed: bool
    """Whether the first row names the columns."""


class Tables:
    """The tables of data on a page, as far as their blocks are kept."""

    def __init__(self, page: Page, kept: _Marks) -> None:
        self._page = page
        containers = page.containers
        tag = containers[:, TAG]
        self._cells = (tag == _TD) | (tag == _TH)
        self._table: dict[int, int] = {}
        self._texts: dict[int, list[str]] = {}
        self._first: dict[int, int] = {}
        if not self._cells.any():
            return
        first = page.blocks[:, CONTAINER]
        table_of = nearest((containers[:, OWN] & _TABLE) != 0, containers)
        cell, table = nearest(self._cells, containers)[first], table_of[first]
        inside = (cell > table) & (table >= 0)
        data = self._data(table_of, cell, inside, kept)
        # Of blocks in no table the place is -1: the last mark, which is not set.
        for number in np.flatnonzero(kept & inside & data[table]).tolist():
            place = self._table[number] = int(table[number])
            self._first.setdefault(place, number)
            self._texts.setdefault(int(cell[number]), []).append(page.texts[number])

    def _data(self, table_of: _Numbers, cell: _Numbers, inside: _Marks, kept: _Marks) -> _Marks:
        """Mark the tables that hold data, by their number; the last mark is for no table."""
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
        layout[table_of[_wide(self._cells, parent)]] = True
        tables = np.flatnonzero(containers[:, OWN] & _TABLE)
        layout[table_of[parent[tables]]] = True
        shown = np.bincount(cell[kept & inside], minlength=size + 1)[:size] > 0
        several = _rows(self._cells & (count > 0), table_of, parent) >= 2
        data: _Marks = several & (_rows(shown, table_of, parent) >= 1) & ~layout
        data[-1] = False
        return data

    def grid_of(self, number: int) -> Grid | None:
        """Return the table of data that a kept block stands in; only its first block gets rows."""
        table = self._table.get(number)
        if table is None:
            return None
        if self._first[table] != number:
            return Grid(table, self._first[table], [], False)
        return self._grid(table, number)

    def _grid(self, table: int, first: int) -> Grid:
        containers = self._page.containers
        rows: dict[int, list[int]] = {}
        inside = np.flatnonzero(self._cells[table : containers[table, LAST]]) + table
        for cell in inside.tolist():
            rows.setdefault(int(containers[cell, PARENT]), []).append(cell)
        written: list[list[str]] = []
        headed = False
        open_rows = [0] * MAX_COLUMNS  # how many more rows a cell above reaches down
        for row, cells in rows.items():
            line = self._row(cells, open_rows)
            if any(line):
                headed = headed or (not written and self._is_head(row, cells))
                written.append(line)
        return Grid(table, first, written, headed)

    def _row(self, cells: list[int], open_rows: list[int]) -> list[str]:
        """Return the cells of a row at their places, none where others reach in."""
        line: list[str] = []
        for cell in cells:
            self._skip(line, open_rows)
            given = attributes(self._page, cell)
            texts = self._texts.get(cell, [])
            down = _span(given.get("rowspan"), 65_534) - 1
            for place in range(_span(given.get("colspan"), MAX_COLUMNS)):
                if len(line) < MAX_COLUMNS:
                    open_rows[len(line)] = down
                    line.append("" if place else " ".join(" ".join(texts).split()))
        self._skip(line, open_rows)
        return line

    @staticmethod
    def _skip(line: list[str], open_rows: list[int]) -> None:
        while len(line) < MAX_COLUMNS and open_rows[len(line)]:
            open_rows[len(line)] -= 1
            line.append("")

    def _is_head(self, row: int, cells: list[int]) -> bool:
        parent = int(self._page.containers[row, PARENT])
        tags = self._page.containers[cells, TAG]
        return bool((tags == _TH).all()) or name(self._page, parent) == "thead"


def _wide(cells: _Marks, parent: _Numbers) -> _Numbers:
    """Return the rows of more cells than a table of data has."""
    return np.flatnonzero(np.bincount(parent[cells], minlength=1) > MAX_COLUMNS)


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
