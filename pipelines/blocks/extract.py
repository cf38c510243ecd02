"""Find the main text of a page with a small trained model that knows no language.

One parse, one walk, two looks at every block: the first by its own features, the second also by
what the first thought of the blocks around it. How it was trained: `bench/train_blocks.py`.
"""

from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from florilegium.pipelines.blocks.context import Expected, expect, with_context
from florilegium.pipelines.blocks.features import features
from florilegium.pipelines.blocks.layout import Row
from florilegium.pipelines.blocks.model import Model, shipped_model
from florilegium.pipelines.blocks.page import Page, read_page
from florilegium.pipelines.blocks.text import write, write_markdown


class MainText(NamedTuple):
    """The main text of a page and how sure the model is of it."""

    text: str
    """As `block_text` writes it."""
    confidence: float
    """The expected F1 of the text, 0 to 1."""


def main_text(
    html: str,
    model: Model | None = None,
    markdown: bool = False,
    tree: LexborHTMLParser | None = None,
) -> MainText:
    """Return the main text of a page, "" if it has no text or is built too big. Never raises.

    The same page gives the same text whatever was read before it, and time is linear in the size
    of what the parser makes of it. `tree` is that of the page, if somebody has parsed it already.
    """
    page = read_page(html, tree)
    if page is None:
        return MainText("", 0.0)
    expected, likely = judge(page, model or shipped_model())
    text = (write_markdown if markdown else write)(page, likely >= expected.limit)
    return MainText(text, expected.f1)


def judge(page: Page, model: Model) -> tuple[Expected, Row]:
    """Return the probability of each block to be main text, and what to expect of a choice."""
    found = features(page)
    likely = model.first.probability(found.rows)
    likely = model.second.probability(with_context(found, likely))
    return expect(likely, found.layout.characters), likely
