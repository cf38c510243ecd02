"""What stands around a link or a word: what it is in, the sentence it is part of, a picture."""

from collections.abc import Iterator
from itertools import islice
from typing import Final, Literal

import re2
from msgspec import Struct
from selectolax.lexbor import LexborNode

_MAX_ANCESTORS: Final = 40
_MAX_SIBLINGS: Final = 20
_MAX_NODES: Final = 2_000
_BEFORE: Final = 200
_AFTER: Final = 100
# A single letter before a full stop is somebody's initial.
_ENDS: Final = re2.compile(r"(?:[^\s.]{2}|\d)[.!?]\s|[;|•·\n]")

_ASIDE_TAGS: Final = frozenset(("figure", "figcaption", "picture", "video", "audio", "iframe"))
_ASIDE_LABELS: Final = frozenset(
    (
        "caption", "figcaption", "gallery", "lightbox", "thumb", "thumbnail", "photo", "photos",
        "image", "images", "img", "comment", "comments", "commentlist", "respond", "leaflet", "ol",
        "map", "embed", "player", "carousel", "slider", "credit", "credits", "attribution",
        "video", "audio",
    )
)  # fmt: skip
_FOOTER_LABELS: Final = ("footer", "colophon", "impressum")
_TERMS_LABELS: Final = ("copyright", "licen", "lizenz")
_INLINE: Final = frozenset(
    (
        "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "dfn", "em", "font", "i", "img",
        "ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time",
        "u", "var", "wbr", "-text",
    )
)  # fmt: skip
_BADGES: Final = (
    "creativecommons", "creative commons", "licen", "88x31", "80x15", "by-sa", "by-nc", "by-nd",
    "/by", "cc-", "cc_", "ccby", "cc0", "zero",
)  # fmt: skip
_PAGES: Final = (
    "article", "page", "posting", "website", "blog", "creativework", "report", "recipe", "book",
    "learningresource", "howto", "course",
)  # fmt: skip


class Around(Struct, frozen=True, gc=False):
    """What a node stands in. `about` is the address that an ancestor says it is about (RDFa).

    `scope` is what the microdata around it describes, `aside` something beside the text: a figure,
    its caption, a comment, a map.
    """

    aside: bool = False
    footer: bool = False
    about: str | None = None
    scope: Literal["page", "other"] | None = None


def of(node: LexborNode) -> Around:
    """Return what a node stands in, looking up to forty elements up, the body left out."""
    aside = footer = False
    about = scope = None
    for above in _upwards(node):
        given = above.attributes
        labels = f"{given.get('id') or ''} {given.get('class') or ''}".lower()
        is_footer = (
            above.tag == "footer"
            or given.get("role") == "contentinfo"
            or any(word in labels for word in _FOOTER_LABELS)
        )
        if above.tag in _ASIDE_TAGS or (not is_footer and labels != " " and _is_aside(labels)):
            aside = True
        footer = footer or is_footer or any(word in labels for word in _TERMS_LABELS)
        about = about or given.get("about") or given.get("itemid") or None
        if scope is None and "itemscope" in given:
            scope = _scope((given.get("itemtype") or "").lower())
    return Around(aside, footer, about, scope)


def sentence(node: LexborNode) -> str:
    """Return the clause around a link, its own words included, as far as it stands in one block."""
    before = after = ""
    inner: LexborNode | None = node
    while inner is not None and inner.tag in _INLINE and len(before) < _BEFORE:
        before = _beside(inner, backwards=True) + before
        after += _beside(inner, backwards=False)
        inner = inner.parent
    own = words(node, _AFTER)
    before = before[-_BEFORE:]
    whole = f"{before}{own}{after[:_AFTER]}"
    return clause(whole, len(before), len(before) + len(own))


def clause(text: str, start: int, end: int) -> str:
    """Return the clause of a text in which something stands from `start` to `end`.

    >>> clause("Photo: CC0. Text: CC BY 4.0; map", 18, 27)
    'Text: CC BY 4.0;'
    """
    before, after = text[max(0, start - _BEFORE) : start], text[end : end + _AFTER]
    first = _ENDS.search(after)
    last = [found.end() for found in _ENDS.finditer(before)]
    whole = (
        (before[last[-1] :] if last else before)
        + text[start:end]
        + (after[: first.end()] if first else after)
    )
    return whole.strip()


def beside_picture(node: LexborNode) -> bool:
    """Say whether a picture that is no badge of a licence stands in the same block as a link.

    A link that is itself a badge is a notice of its own.
    """
    if any(_is_badge(picture) for picture in _pictures(node)):
        return False
    inner: LexborNode | None = node
    while inner is not None and inner.tag in _INLINE:
        for other in (*_siblings(inner, backwards=True), *_siblings(inner, backwards=False)):
            if any(not _is_badge(picture) for picture in _pictures(other)):
                return True
        inner = inner.parent
    return False


def words(node: LexborNode, most: int) -> str:
    """Return the words in an element, without scripts, at most so many characters."""
    pieces: list[str] = []
    size = 0
    for inner in islice(node.traverse(include_text=True), _MAX_NODES):
        if size > most:
            break
        if inner.is_text_node and not (inner.parent and inner.parent.tag in ("script", "style")):
            piece = inner.text_content or ""
            pieces.append(piece)
            size += len(piece)
    return "".join(pieces)[:most]


def continues(node: LexborNode) -> bool:
    """Say whether words stand in the same block as those before them."""
    inside = node.parent is not None and node.parent.tag in _INLINE
    return inside or (node.prev is not None and node.prev.tag in _INLINE)


def _upwards(node: LexborNode) -> Iterator[LexborNode]:
    above: LexborNode | None = node
    for _ in range(_MAX_ANCESTORS):
        if above is None or above.tag in ("body", "html"):
            return
        if not above.is_text_node:
            yield above
        above = above.parent


def _is_aside(labels: str) -> bool:
    for label in labels.split():
        if label.startswith(("has-", "no-", "with-", "hide-")):
            continue
        if "caption" in label or _ASIDE_LABELS & set(label.replace("_", "-").split("-")):
            return True
    return False


def _scope(kind: str) -> Literal["page", "other"]:
    return "page" if kind.rstrip("/").endswith(_PAGES) else "other"


def _siblings(node: LexborNode, backwards: bool) -> Iterator[LexborNode]:
    other = node.prev if backwards else node.next
    for _ in range(_MAX_SIBLINGS):
        if other is None or (other.tag not in _INLINE and other.tag != "br"):
            return
        yield other
        other = other.prev if backwards else other.next


def _beside(node: LexborNode, backwards: bool) -> str:
    pieces = []
    for other in _siblings(node, backwards):
        if other.tag == "br":
            break
        pieces.append(words(other, _BEFORE))
    return "".join(reversed(pieces) if backwards else pieces)


def _pictures(node: LexborNode) -> list[LexborNode]:
    return [node] if node.tag == "img" else node.css("img")[:_MAX_SIBLINGS]


def _is_badge(picture: LexborNode) -> bool:
    given = picture.attributes
    about = f"{given.get('src') or ''} {given.get('alt') or ''} {given.get('class') or ''}".lower()
    return any(part in about for part in _BADGES)
