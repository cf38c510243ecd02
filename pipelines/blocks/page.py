"""A page as the classifier sees it: its blocks, what surrounds them, and what its head declares."""

import json
from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from selectolax.lexbor import LexborHTMLParser

from florilegium.pipelines.blocks.names import CONSENT, COOKIE, name_bits
from florilegium.pipelines.blocks.tags import CONTEXTS, TAGS
from florilegium.pipelines.blocks.walk import (
    CONTAINER,
    END,
    LAST,
    OWN,
    PARENT,
    SOLID,
    START,
    TAG,
    Walk,
    walk,
)

_MAX_DECLARED = 2_000
_MIN_ARTICLE, _MAX_ARTICLE = 200, 100_000
_ARTICLE_BODY: Final = '"articleBody"'
_METAS: Final = "meta[property='og:description'],meta[name='description'],meta[property='og:type']"
_KINDS: Final = ("article", "product")
_STORY: Final = sum(1 << CONTEXTS.index(name) for name in ("article", "main"))
_H1: Final = TAGS.index("h1")


class Head(NamedTuple):
    """What a page declares about itself."""

    title: str = ""
    description: str = ""
    kind: str | None = None
    """`og:type`: "article", "product" or "other"; None if undeclared."""
    article: str | None = None
    """The whole text, as JSON-LD gives it."""


class Page(NamedTuple):
    """Blocks and containers of a page. See `block_walk` for the columns."""

    head: Head
    codes: NDArray[np.uint32]
    texts: list[str]
    blocks: NDArray[np.int64]
    containers: NDArray[np.int64]
    groups: NDArray[np.int64]
    """For each container, the number of its kind: same name, same class."""
    names: NDArray[np.int64]
    """For each container, its own bits of `block_names`."""
    names_around: NDArray[np.int64]
    """The same, with those of all containers around it."""
    markup: str
    """The inside of `<body>` as the parser writes it, in which containers have their places."""
    breaks: NDArray[np.uint8]
    """For each of `codes`, how many line ends a style keeps there; empty if none does."""


def read_page(html: str, tree: LexborHTMLParser | None = None) -> Page | None:
    """Return the blocks of a page; None if there are none or it is built too big.

    `tree` is that of the page, if somebody has parsed it already.
    """
    parser = LexborHTMLParser(html) if tree is None else tree
    body = parser.body
    inside = body.inner_html if body is not None else None
    walked = walk(inside) if inside else None
    if walked is None or not inside or not len(walked.blocks):
        return None
    names = _without_stories(name_bits(inside, walked), walked.containers)
    around = inherited(names, walked.containers)
    blocks = _without_consent(walked, around)
    _, groups = np.unique(walked.signatures[:, 0], return_inverse=True)
    texts = [walked.text[start:end] for start, end in blocks[:, (START, END)].tolist()]
    head = _head(parser, html)
    return Page(
        head,
        walked.codes,
        texts,
        blocks,
        walked.containers,
        groups,
        names,
        around,
        inside,
        walked.breaks if walked.breaks.any() else walked.breaks[:0],
    )


@njit(cache=True, nogil=True)
def inherited(bits: NDArray[np.int64], containers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the bits of each container together with those of the ones around it."""
    around = bits.copy()
    for number in range(1, len(bits)):  # a parent stands before its children
        around[number] |= around[containers[number, PARENT]]
    return around


def _without_stories(names: NDArray[np.int64], containers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the names without those of consent where a story or all h1 are inside."""
    story = _inside((containers[:, OWN] & _STORY) != 0, containers)
    titles = _inside(containers[:, TAG] == _H1, containers)
    told = (story > 0) | ((titles > 0) & (titles == titles[0]))
    names[told] &= ~(CONSENT | COOKIE)
    return names


def _inside(marked: NDArray[np.bool_], containers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many marked containers each container is or has inside."""
    before = np.concatenate(([0], np.cumsum(marked)))
    inside: NDArray[np.int64] = before[containers[:, LAST]] - before[:-1]
    return inside


def _without_consent(walked: Walk, around: NDArray[np.int64]) -> NDArray[np.int64]:
    """Leave out what consent systems say, unless that is most of the page."""
    asking = (around[walked.blocks[:, CONTAINER]] & CONSENT) != 0
    solid = walked.blocks[:, SOLID]
    mostly = 2 * solid[asking].sum() > solid.sum()
    kept: NDArray[np.int64] = walked.blocks if mostly else walked.blocks[~asking]
    return kept


def _head(parser: LexborHTMLParser, html: str) -> Head:
    head = parser.head
    if head is None:
        return Head(article=_declared_article(html))
    title = head.css_first("title")
    description, kind = "", None
    for node in head.css(_METAS):
        given = node.attributes
        content = (given.get("content") or "")[:_MAX_DECLARED]
        if given.get("property") == "og:type":
            kind = next((known for known in _KINDS if known in content), "other")
        elif len(content) > len(description):
            description = content
    return Head(
        " ".join(title.text()[:_MAX_DECLARED].split()) if title is not None else "",
        " ".join(description.split()),
        kind,
        _declared_article(html),
    )


def _declared_article(html: str) -> str | None:
    at = html.find(_ARTICLE_BODY)
    if at < 0:
        return None
    at += len(_ARTICLE_BODY)
    gap = html[at : at + 20]
    at += len(gap) - len(gap.lstrip(" \t\r\n:"))
    if not html.startswith('"', at):
        return None
    try:
        article, _ = json.JSONDecoder(strict=False).raw_decode(html, at)
    except ValueError:
        return None
    return " ".join(article[:_MAX_ARTICLE].split()) if len(article) > _MIN_ARTICLE else None
