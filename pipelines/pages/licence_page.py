"""Evidence of a licence in a page: tags for machines, links, and words.

Most pages name no licence at all, and a look for a few strings tells. Links and words are weighed
by what they stand in and by the sentence around them.
"""

import bisect
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import re2
from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from florilegium.filters.licence import Evidence, Place, evidence
from florilegium.filters.licence_names import RESERVED, at, family
from florilegium.filters.licence_words import Mention, mentions, named, subject
from florilegium.filters.licence_words import said as patterns_of
from florilegium.pipelines.pages import licence_surroundings as surroundings
from florilegium.pipelines.pages.linked_data import Role, licensed

_META: Final = (
    "license", "licence", "cc:license", "og:license", "article:license", "rights", "copyright",
    "dc.rights", "dc.rights.license", "dc.license", "dcterms.rights", "dcterms.license",
    "dcterms.accessrights", "dc:rights", "dct:license", "dcterms:license", "rights-standard",
)  # fmt: skip
_RELATIONS: Final = frozenset(
    ("license", "cc:license", "dct:license", "dcterms:license", "dc:license", "schema:license")
)
_PLACES: Final[dict[Role, Place]] = {"page": "json-ld", "site": "site", "other": "other"}
_LINKS: Final = ", ".join(
    [
        *(
            f'a[href*="{part}" i]'
            for part in ("licen", "creativecommons.org/", "rightsstatements.org/", "dl-de/",
                         "/nlod/", "/mpl/", "copyleft/", "eupl")
        ),
        '[itemprop~="license" i]',
        '[property~="license" i]',
        *(f'[property~="{name}" i]' for name in sorted(_RELATIONS) if ":" in name),
    ]
)  # fmt: skip
_FOOTERS: Final = (
    'footer, [role="contentinfo" i], [id*="footer" i], [class*="footer" i], '
    '[id*="copyright" i], [class*="copyright" i]'
)
_TEXT: Final = "body"
_MAX_LINKS: Final = 100
_MAX_FOOTERS: Final = 20
_MAX_FOOTER: Final = 4_000
_MAX_NODES: Final = 40_000
_MAX_TEXT: Final = 400_000
_MAX_EVIDENCE: Final = 60
_TAIL: Final = 0.9
_UNREAD: Final = frozenset(("script", "style", "template", "noscript", "textarea", "svg"))

_UTF8: Final = re2.Options()
_UTF8.encoding = re2.Options.Encoding.UTF8
_UTF8.case_sensitive = False
_AT_THE_END: Final = re2.compile(
    (
        "reative ?commons|licen[csz]|lizen|lisen|CC[ -]BY|CC0|rightsstatements|dl-de|"
        f"nlod|eupl|/mpl/|gfdl|copyleft/|{patterns_of('reserved')}"
    ).encode(),
    _UTF8,
)


class _Text(Struct, frozen=True):
    """The words of a page, and the node in which those that start at each position stand."""

    whole: str
    starts: list[int]
    nodes: list[LexborNode]

    def node_at(self, position: int) -> LexborNode:
        return self.nodes[bisect.bisect_right(self.starts, position) - 1]


def may_name_one(html: str) -> bool:
    """Say whether links and words of a page are worth reading: few pages name a licence.

    One string is looked for everywhere: nearly every address and tag of a licence has it. What has
    not is found in the last tenth only, where pages say such things, in any language.
    """
    if "icen" in html:
        return True
    tail = html[int(len(html) * _TAIL) :].encode("utf-8", "replace")
    return _AT_THE_END.search(tail) is not None


def licences(
    page: LexborHTMLParser,
    html: str,
    metas: Iterable[tuple[str, str]],
    links: Iterable[dict[str, str | None]],
    linked_data: Sequence[Any],
) -> tuple[Evidence, ...]:
    """Return all that a page says of licences, the strongest places first, sixty at most.

    Takes time linear in the page, whose tree is bounded.
    """
    found = [*_for_machines(metas, links), *_in_linked_data(linked_data)]
    if may_name_one(html):
        html = _encodable(html)
        found += _in_links(page, html)
        found += _in_words(page, html, found)
    return tuple(dict.fromkeys(found))[:_MAX_EVIDENCE]


def _for_machines(
    metas: Iterable[tuple[str, str]], links: Iterable[dict[str, str | None]]
) -> Iterator[Evidence]:
    for link in links:
        if _RELATIONS & _words(link.get("rel")) and (name := at(link.get("href") or "")):
            yield evidence(name, "link", link.get("href") or "", link.get("about"))
    for key, value in metas:
        if key in _META:
            for name in named(value):
                yield evidence(name, "meta", f"{key}: {value}")


def _in_linked_data(linked_data: Sequence[Any]) -> Iterator[Evidence]:
    for one in licensed(linked_data):
        for name in named(one.value[:_MAX_FOOTER]):
            yield evidence(name, _PLACES[one.role], one.value, one.about)


def _in_links(page: LexborHTMLParser, html: str) -> Iterator[Evidence]:
    for node in page.css(_LINKS)[-_MAX_LINKS:]:
        given = node.attributes
        href = given.get("href") or given.get("resource") or given.get("content") or ""
        names = [name] if (name := at(href)) else []
        if not names and given.get("itemprop") and not href:
            names = named(node.text()[:_MAX_FOOTER])
        for name in names:
            around = surroundings.of(node)
            late = html.rfind(href) > _TAIL * len(html)
            place = _place(node, around, around.footer or late)
            yield evidence(name, place, href or node.text(), around.about)


def _place(node: LexborNode, around: surroundings.Around, footer: bool) -> Place:
    """Tell a link about the page from one about something on it."""
    given = node.attributes
    if around.aside:
        return "other"
    if "license" in _words(given.get("itemprop")) and around.scope is not None:
        return "microdata" if around.scope == "page" else "other"
    speaks_of = subject(surroundings.sentence(node))
    if speaks_of == "other" or (not footer and surroundings.beside_picture(node)):
        return "other"
    if _RELATIONS & _words(given.get("property")):
        return "rdfa"
    if _RELATIONS & _words(given.get("rel")):
        return "a-rel-footer" if footer else "a-rel"
    if footer:
        return "a-footer"
    return "a-stated" if speaks_of == "own" else "a"


def _in_words(page: LexborHTMLParser, html: str, before: Sequence[Evidence]) -> Iterator[Evidence]:
    """Yield licences that only words name: a link says the same more surely."""
    if next(mentions(html), None) is None:
        return
    linked = {family(one.name.spdx) for one in before}
    for node in page.css(_FOOTERS)[:_MAX_FOOTERS]:
        said = surroundings.words(node, _MAX_FOOTER)
        for one in mentions(said):
            if family(one.name.spdx) not in linked:
                yield evidence(one.name, _said(one, said, footer=True), said[one.start : one.end])
    text = _text(page)
    for one in mentions(text.whole):
        around = surroundings.of(text.node_at(one.start))
        footer = around.footer or one.start > _TAIL * len(text.whole)
        # In the middle of a text, "all rights reserved" is what the text is about.
        if family(one.name.spdx) not in linked and (footer or one.name.spdx != RESERVED):
            place = "other" if around.aside else _said(one, text.whole, footer)
            yield evidence(one.name, place, text.whole[one.start : one.end])


def _said(one: Mention, text: str, footer: bool) -> Place:
    if subject(surroundings.clause(text, one.start, one.end)) == "other":
        return "other"
    if not footer:
        return "text"
    return "reserved" if one.name.spdx == RESERVED else "text-footer"


def _text(page: LexborHTMLParser) -> _Text:
    """Return the words of a page, each block on its own line."""
    pieces: list[str] = []
    starts: list[int] = []
    nodes: list[LexborNode] = []
    position = 0
    root = page.css_first(_TEXT)
    for number, node in enumerate(root.traverse(include_text=True) if root else ()):
        if number > _MAX_NODES or position > _MAX_TEXT:
            break
        if not node.is_text_node or (node.parent is not None and node.parent.tag in _UNREAD):
            continue
        piece = " ".join((node.text_content or "").split())
        if piece:
            pieces.append((" " if surroundings.continues(node) else "\n") + piece)
            starts.append(position)
            nodes.append(node)
            position += len(pieces[-1])
    return _Text("".join(pieces), starts, nodes)


def _encodable(text: str) -> str:
    """Return the text without lone surrogates, which RE2 cannot read."""
    return text.encode("utf-8", "replace").decode()


def _words(value: str | None) -> set[str]:
    return set((value or "").lower().split())
