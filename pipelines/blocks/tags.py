"""What the elements of HTML mean for finding blocks of text.

A name travels through compiled code as one word, its last eight letters.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

TRANSPARENT, LINK, BOLD, SKIPPED, BREAK, PREFORMATTED, RAW, VOID, LINED = (
    1 << bit for bit in range(9)
)
"""How an element behaves. One that is none of these is a container: it ends the block before it,
and its own text is a block. `LINED` is no matter of the name but of the style."""

TAGS: Final = (
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "td", "th", "pre", "blockquote", "figcaption",
    "dt", "dd", "div", "section", "article", "body",
)  # fmt: skip
"""Containers told apart by name; any other counts as a `div`."""

CONTEXTS: Final = (
    "article", "main", "nav", "header", "footer", "aside", "form", "table", "ul", "ol", "figure",
    "blockquote", "pre", "dl", "details", "dialog", "address", "noscript",
)  # fmt: skip
"""Elements that say something about all text inside them."""

ANY_TAG: Final = TAGS.index("div")
BODY: Final = TAGS.index("body")
ITEM: Final = TAGS.index("li")

_MEANINGS: Final = {
    TRANSPARENT: "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark "
    "nobr q rp rt ruby s samp small span strike strong sub sup time tt u var wbr",
    LINK: "a",
    BOLD: "b strong",
    SKIPPED: "script style svg template iframe head select option textarea object embed video "
    "audio canvas map button datalist meter progress input img picture source link meta math "
    "title frameset noembed noframes",
    BREAK: "br",
    PREFORMATTED: "pre xmp plaintext",
    RAW: "script style iframe xmp noembed noframes plaintext",
    VOID: "area base basefont bgsound br col embed frame hr img input keygen link meta param "
    "source track wbr",
}


def packed(name: str) -> np.uint64:
    """Return the last eight letters of a name in one word."""
    return np.uint64(int.from_bytes(name.encode()[-8:], "big"))


def tag_table() -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the known names in ascending order and, a row each, meaning, tag and context bits."""
    names = {name for group in _MEANINGS.values() for name in group.split()}
    ordered = sorted(names | set(TAGS) | set(CONTEXTS), key=packed)
    rows = [
        (
            sum(meaning for meaning, group in _MEANINGS.items() if name in group.split()),
            TAGS.index(name) if name in TAGS else ANY_TAG,
            1 << CONTEXTS.index(name) if name in CONTEXTS else 0,
        )
        for name in ordered
    ]
    return np.array([packed(name) for name in ordered]), np.array(rows, np.int64)
