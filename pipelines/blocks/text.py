"""Chosen blocks to one text: as plain text, or as Markdown (CommonMark 0.31 with GFM tables)."""

import re
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from florilegium.filters.normalise import normalise
from florilegium.pipelines.blocks.lists import Around
from florilegium.pipelines.blocks.outline import Piece, outline
from florilegium.pipelines.blocks.page import Page
from florilegium.pipelines.blocks.tables import Grid

# Nothing is repeated inside a repetition: no match can backtrack far.
_MARKUP: Final = re.compile(
    r"[\\`*~\[]"
    r"|(?<!\w)_++|(?<!_)_++(?!\w)"  # a run of them inside a word means nothing
    r"|<(?=[A-Za-z/!?])"
    r"|&(?=#?\w{1,32};)"
)
_AT_START: Final = re.compile(r"[-+](?=\s|$)|>|#{1,6}(?=\s|$)|[-=|:][-=|:\s]*$")
_NUMBERED: Final = re.compile(r"(\d{1,9})([.)])(?=\s|$)", re.ASCII)
_LAST_SIGNS: Final = re.compile(r"#+$")
_FENCE: Final = re.compile(r"`{3,}")


def write(page: Page, kept: NDArray[np.bool_]) -> str:
    """Return the blocks kept as plain text, a line each.

    Items begin with "- " or their number, items of inner lists two spaces or more further in;
    cells of a row are parted by " | ". Code and verses, which have several lines, are set apart
    by blank ones.
    """
    written: list[str] = []
    before: tuple[Around, ...] = ()
    long_before = False
    for piece in outline(page, kept):
        around = piece.around and tuple(one for one in piece.around if one.marker != "> ")
        lines = _plain_rows(piece.grid) if piece.grid else piece.text.split("\n")
        long = len(lines) > 1 and piece.grid is None
        if written and (long or long_before):
            written.append("")
        written += _indented(lines, around, before)
        before, long_before = around, long
    return "\n".join(written)


def write_markdown(page: Page, kept: NDArray[np.bool_]) -> str:
    """Return the blocks kept as Markdown: headings, lists, quotations, tables, fenced code.

    What would be read as markup is escaped. The text is normalised, so that what is removed from
    it later cannot make markup of what is left. Links, pictures and emphasis are not told.
    """
    written: list[str] = []
    before: tuple[Around, ...] = ()
    for piece in outline(page, kept):
        lines = _marked_up(piece)
        if not lines:
            continue
        if written and not _is_next_item(piece.around, before):
            written.append(_indent(piece.around[: _shared(piece.around, before)]).rstrip())
        written += _indented(lines, piece.around, before)
        before = piece.around
    return "\n".join(written)


def _shared(around: tuple[Around, ...], before: tuple[Around, ...]) -> int:
    """Return how many of the outermost are the same."""
    same = 0
    for one, other in zip(around, before, strict=False):
        if one != other:
            break
        same += 1
    return same


def _indent(around: Iterable[Around]) -> str:
    """Return what stands before a line inside of these: quotations are marked on every line."""
    return "".join(one.marker if one.marker == "> " else " " * len(one.marker) for one in around)


def _indented(
    lines: list[str], around: tuple[Around, ...], before: tuple[Around, ...]
) -> list[str]:
    """Return the lines with the markers of the items that begin here, the others further in."""
    if not around:
        return lines
    same = _shared(around, before)
    indent = _indent(around)
    first = _indent(around[:same]) + "".join(one.marker for one in around[same:])
    rest = [(indent + line).rstrip() if line.strip() else indent.rstrip() for line in lines[1:]]
    return [first + lines[0], *rest]


def _is_next_item(around: tuple[Around, ...], before: tuple[Around, ...]) -> bool:
    """Tell whether an item begins that no blank line need part from the one before it."""
    same = _shared(around, before)
    begins = around[same:]
    # A paragraph may not be followed by a list from another number than one.
    number_is_safe = same < len(before) or all(one.marker in ("- ", "1. ") for one in begins)
    in_list = any(one.marker != "> " for one in before)
    return len(begins) == 1 and begins[0].marker != "> " and in_list and number_is_safe


def _plain_rows(grid: Grid) -> list[str]:
    return [
        " |".join(f" {cell}" if cell else "" for cell in row).removeprefix(" ") for row in grid.rows
    ]


def _marked_up(piece: Piece) -> list[str]:
    """Return a piece as lines of Markdown; none if nothing of it is to be seen."""
    if piece.grid:
        return _table(piece.grid)
    if piece.kind == "code":
        code = normalise("|" + piece.text)[1:]  # the bar keeps the indentation of the first line
        fence = "`" * max([3, *(len(run) + 1 for run in _FENCE.findall(code))])
        return [fence + piece.language, *code.split("\n"), fence]
    lines = [" ".join(line.split()) for line in normalise(piece.text).split("\n")]
    lines = [line for line in lines if line]
    if piece.kind == "heading" and lines:
        title = _LAST_SIGNS.sub(lambda signs: "\\" + signs[0], _escaped(" ".join(lines)))
        return ["#" * piece.level + " " + title]
    *most, last = [_escaped_line(line) for line in lines] or [""]
    return [*(line + "\\" for line in most), last] if last else []


def _table(grid: Grid) -> list[str]:
    """Return a table; where no row names the columns, with an empty one, which Markdown demands."""
    width = max(map(len, grid.rows))
    rows = [[_escaped(normalise(cell)).replace("|", "\\|") for cell in row] for row in grid.rows]
    head, body = (rows[0], rows[1:]) if grid.headed else ([], rows)
    head = head + [""] * (width - len(head))
    return [_line(head), _line(["---"] * width), *map(_line, body)]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped_line(line: str) -> str:
    """Return a line that begins no heading, no item, no quotation, no rule and no table."""
    escaped = _escaped(line)
    if _AT_START.match(escaped):
        return "\\" + escaped
    return _NUMBERED.sub(r"\1\\\2", escaped, count=1) if _NUMBERED.match(escaped) else escaped


def _escaped(text: str) -> str:
    return _MARKUP.sub(lambda found: "".join("\\" + sign for sign in found[0]), text)
