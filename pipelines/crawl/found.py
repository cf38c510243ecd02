"""What a response leads to: links of a page, entries of sitemaps and feeds."""

import re
from collections.abc import Container, Iterator
from typing import Final

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from florilegium.filters.optouts.agents import MEANT
from florilegium.filters.optouts.page import bits, signals
from florilegium.pipelines.crawl.feeds import addresses as feed_addresses
from florilegium.pipelines.crawl.feeds import is_feed
from florilegium.pipelines.crawl.languages import tag_of
from florilegium.pipelines.crawl.sitemaps import addresses as sitemap_addresses
from florilegium.pipelines.crawl.sitemaps import is_sitemap, unpacked
from florilegium.pipelines.pages.metadata import parse

MAX_LINKS: Final = 5_000
_MAX_PAGE: Final = 4 << 20
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_ANCHORS: Final = "a[href],area[href]"
_HEAD: Final = "frame[src],link[rel],meta[content],base[href],html[lang]"
_ROBOTS: Final = MEANT | {"robots"}
_TELLING: Final = frozenset(("x-robots-tag", "tdm-reservation", "content-usage", "link"))
_FOLLOWED: Final = frozenset(("canonical", "next", "prev", "license", "sitemap"))
_FEEDS: Final = ("application/rss+xml", "application/atom+xml")
_REFRESH: Final = re.compile(r"^\s*[0-9.]*\s*[;,]\s*url\s*=\s*[\"']?([^\"'\s]+)", re.IGNORECASE)


class Link(Struct, frozen=True, gc=False):
    """A link as it is written, with the tag of the language it is said to lead to."""

    target: str
    source: str
    lang: str = ""


class Contents(Struct, frozen=True, gc=False):
    """What a response leads to, and what it says of the use of it."""

    base: str
    """What links are relative to."""
    lang: str
    """Language that it declares."""
    links: list[Link]
    rights: int
    """Bits of `Signal`."""


def contents(
    url: str, headers: tuple[tuple[str, str], ...], body: bytes, known: Container[str] = ()
) -> Contents:
    """Return what a body leads to, whether it is a page, a sitemap or a feed. Never raises.

    A page that says `nofollow` leads nowhere, and neither does a link that does. Links of a page
    that are written as in `known` are left out.
    """
    body = unpacked(body)
    start = body[:1_000].lstrip(b"\xef\xbb\xbf \t\r\n")
    declared = next((value for name, value in headers if name.lower() == "content-type"), "")
    links: list[Link] = []
    if is_sitemap(start):
        links = [Link(to, "sitemap", lang) for to, lang in sitemap_addresses(body)]
    elif is_feed(start):
        links = [Link(to, "feed") for to in feed_addresses(body)]
    elif start.startswith(b"<") and "image" not in declared:
        tree = parse(_text(body[:_MAX_PAGE], declared))
        if tree is not None:
            return _of_page(url, headers, tree, known)
    return Contents(url, "", links, _rights(headers, [], None, None))


def _rights(
    headers: tuple[tuple[str, str], ...],
    robots: list[tuple[str, tuple[str, ...]]],
    tdm: str | None,
    licence: str | None,
) -> int:
    """Return the bits of what a response says of its use; most say nothing, which is soon seen."""
    if robots or tdm or licence or any(name.lower() in _TELLING for name, _ in headers):
        return bits(signals(headers, robots, tdm, licence))
    return 0


def _of_page(
    url: str,
    headers: tuple[tuple[str, str], ...],
    tree: LexborHTMLParser,
    known: Container[str],
) -> Contents:
    base, lang, licence = url, "", None
    links: list[Link] = []
    metas: list[tuple[str, str]] = []
    for node in tree.css(_HEAD)[:MAX_LINKS]:
        given, name = node.attributes, node.tag
        if name == "link":
            links += _of_head(given)
            if given.get("type") == "application/rsl+xml":
                licence = given.get("href")
        elif name == "meta":
            metas.append(_named(node))
        elif name == "base":
            base = given["href"] or base
        elif name == "html":
            lang = tag_of(given.get("lang"))
        else:
            links.append(Link(given.get("src") or "", "link"))
    robots = [(name, tuple(_words(said))) for name, said in metas if name in _ROBOTS]
    tdm = next((said for name, said in metas if name == "tdm-reservation"), None)
    refreshing = (_REFRESH.match(said) for name, said in metas if name == "refresh")
    links += [Link(found[1], "redirect") for found in refreshing if found]
    if any({"nofollow", "none"} & set(said) for _, said in robots):
        links = []
    else:
        links += _anchors(tree, known)
    return Contents(base, lang, links, _rights(headers, robots, tdm, licence))


def _anchors(tree: LexborHTMLParser, known: Container[str]) -> Iterator[Link]:
    for node in tree.css(_ANCHORS)[:MAX_LINKS]:
        given = node.attributes
        target = given["href"]
        if target and target not in known and "nofollow" not in (given.get("rel") or "").lower():
            yield Link(target, "link", tag_of(given.get("hreflang")))


def _of_head(given: dict[str, str | None]) -> Iterator[Link]:
    relations = set((given.get("rel") or "").lower().split())
    target = given.get("href") or ""
    if "alternate" in relations and given.get("type") in _FEEDS:
        yield Link(target, "feed")
    elif "alternate" in relations and given.get("hreflang"):
        yield Link(target, "alternate", tag_of(given.get("hreflang")))
    elif relations & _FOLLOWED:
        yield Link(target, "link")


def _named(node: LexborNode) -> tuple[str, str]:
    given = node.attributes
    name = given.get("name") or given.get("http-equiv") or ""
    return name.strip().lower(), (given.get("content") or "")[:3_000]


def _words(said: str) -> list[str]:
    return said.lower().replace(",", " ").split()


def _text(body: bytes, declared: str) -> str:
    """Return a page as text, well enough for its links: by UTF-8, or as it is declared."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        head = body[:2_000].decode("latin-1")
        named = _CHARSET.search(declared) or _CHARSET.search(head)
    try:
        return body.decode(named[1] if named else "windows-1252", "replace")
    except (LookupError, ValueError):
        return body.decode("utf-8", "replace")
