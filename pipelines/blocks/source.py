"""What the markup says of a container beyond what the walk noted: attributes, language of code."""

import re
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from florilegium.pipelines.blocks.page import Page
from florilegium.pipelines.blocks.walk import BEGIN, PARENT

_MAX_TAG: Final = 1_000
_MAX_AROUND: Final = 3
"""How many elements around a listing may name its language."""

# Each of them takes one way through a tag, so no match can backtrack far.
_NAME = re.compile(r"<([^\s/>]*)")
_ATTRIBUTE = re.compile(r'\s+([^\s"=>/]+)(?:="([^"]*)")?')
_CODE = re.compile(r"\s*(<code)(?=[\s>])")
_DECLARED = re.compile(r"[a-z][a-z0-9+#.-]{0,19}")
_LANGUAGE = re.compile(
    r"(?:^|\s)(?:lang(?:uage)?-|highlight-(?:source-)?|source-?code\s+|brush:\s?)"
    r"([a-z][a-z0-9+#.]{0,19})(?=[\s;-]|$)"
)
_NO_LANGUAGE: Final = frozenset(
    ("default", "nohighlight", "none", "plain", "plaintext", "text", "txt", "source")
)


@njit(cache=True, nogil=True)
def nearest(marked: NDArray[np.bool_], containers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each container the innermost marked one that it is or stands in, or -1."""
    near = np.full(len(marked), -1, np.int64)
    for number in range(len(marked)):  # a parent stands before its children
        if marked[number]:
            near[number] = number
        elif number:
            near[number] = near[containers[number, PARENT]]
    return near


def name(page: Page, container: int) -> str:
    """Return the name of an element, "" of the body."""
    found = _NAME.match(page.markup, _begin(page, container)) if container else None
    return found[1][:_MAX_TAG] if found else ""


def attributes(page: Page, container: int) -> dict[str, str]:
    """Return the attributes in the first thousand characters of a start tag, none of the body's."""
    return _attributes(page.markup, _begin(page, container)) if container else {}


def language(page: Page, listing: int) -> str:
    """Return the programming language that the class of a `<pre>`, or one near it, names, or ""."""
    begin = _begin(page, listing)
    tags = [begin]
    if inside := _CODE.match(page.markup, _tag_end(page.markup, begin)):
        tags.append(inside.start(1))
    around = listing
    for _ in range(_MAX_AROUND):
        around = int(page.containers[around, PARENT])
        if around:
            tags.append(_begin(page, around))
    for at in tags:
        if found := _declared(_attributes(page.markup, at)):
            return found
    return ""


def _declared(given: dict[str, str]) -> str:
    for key in ("data-lang", "data-language"):
        if _DECLARED.fullmatch(value := given.get(key, "").lower()):
            return "" if value in _NO_LANGUAGE else value
    for found in _LANGUAGE.findall(given.get("class", "").lower()):
        if found not in _NO_LANGUAGE:
            return str(found)
    return ""


def _begin(page: Page, container: int) -> int:
    return int(page.containers[container, BEGIN])


def _attributes(markup: str, begin: int) -> dict[str, str]:
    found: dict[str, str] = {}
    end = begin + _MAX_TAG
    at = _name_end(markup, begin)
    while one := _ATTRIBUTE.match(markup, at, end):
        found.setdefault(one[1], one[2] or "")
        at = one.end()
    return found


def _tag_end(markup: str, begin: int) -> int:
    """Return where a start tag is over, if that is within a thousand characters."""
    end, at = begin + _MAX_TAG, _name_end(markup, begin)
    while one := _ATTRIBUTE.match(markup, at, end):
        at = one.end()
    return at + 1


def _name_end(markup: str, begin: int) -> int:
    found = _NAME.match(markup, begin)
    return found.end() if found else begin
