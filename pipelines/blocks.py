"""Find the main text of a page with a small trained model that knows no language.

One parse, one walk, two looks at every block: the first by its own features, the second also by
what the first thought of the blocks around it. How it was trained: `bench/train_blocks.py`.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from selectolax.lexbor import LexborHTMLParser

from florilegium.pipelines.block_context import Expected, expect, with_context
from florilegium.pipelines.block_features import features
from florilegium.pipelines.block_layout import Row
from florilegium.pipelines.block_model import Model, shipped_model
from florilegium.pipelines.block_page import Page, read_page
from florilegium.pipelines.block_tags import TAGS
from florilegium.pipelines.block_walk import CONTAINER, ITEMS, PARENT, TAG

_CELLS: Final = tuple(TAGS.index(name) for name in ("td", "th"))
_ITEM: Final = TAGS.index("li")


class MainText(NamedTuple):
    """The main text of a page and how sure the model is of it."""

    text: str
    """One line a block or more; cells of a row are parted by " | ", items begin with "- "."""
    confidence: float
    """The expected F1 of the text, 0 to 1."""


def main_text(
    html: str, model: Model | None = None, tree: LexborHTMLParser | None = None
) -> MainText:
    """Return the main text of a page, "" if it has no text or is built too big. Never raises.

    The same page gives the same text whatever was read before it, and time is linear in the size
    of what the parser makes of it. `tree` is that of the page, if somebody has parsed it already.
    """
    page = read_page(html, tree)
    if page is None:
        return MainText("", 0.0)
    expected, likely = judge(page, model or shipped_model())
    return MainText(write(page, likely >= expected.limit), expected.f1)


def judge(page: Page, model: Model) -> tuple[Expected, Row]:
    """Return the probability of each block to be main text, and what to expect of a choice."""
    found = features(page)
    likely = model.first.probability(found.rows)
    likely = model.second.probability(with_context(found, likely))
    return expect(likely, found.layout.characters), likely


def write(page: Page, kept: NDArray[np.bool_]) -> str:
    """Return the blocks kept as one text."""
    pieces: list[str] = []
    row_before = -1
    for number in np.flatnonzero(kept).tolist():
        container = page.blocks[number, CONTAINER]
        tag = page.containers[container, TAG]
        row = int(page.containers[container, PARENT]) if tag in _CELLS else -1
        text = page.texts[number]
        if tag == _ITEM:
            text = "- " + (text.replace("\n", "\n- ") if page.blocks[number, ITEMS] > 1 else text)
        if pieces:
            pieces.append(" | " if row == row_before >= 0 else "\n")
        pieces.append(text)
        row_before = row
    return "".join(pieces)
