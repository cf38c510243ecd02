"""What a page says of itself, apart from its text: title, dates, languages, rights, licence."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser

from florilegium.filters.licence import Evidence
from florilegium.filters.optouts.agents import MEANT
from florilegium.filters.optouts.page import signals
from florilegium.filters.optouts.signal import Found
from florilegium.pipelines.pages.licence_page import licences
from florilegium.pipelines.pages.linked_data import blocks, described

_MAX_VALUE = 500
_MAX_URL = 2_000
_MAX_NODES = 500
_MAX_TAGS = 20_000
_LONG_TAG = 20_000
_MAX_ATTRIBUTES = 5_000
_MAX_ALTERNATES = 50
_MAX_LANGUAGE = 40
_MAX_SCRIPTS = 10
_MAX_RSL = 100_000

_ROBOTS = MEANT | {"robots", "googlebot", "bingbot"}
_PUBLISHED_NAMES = (
    "date", "dc.date", "dc.date.issued", "dcterms.date", "dcterms.issued", "dcterms.created",
    "datepublished", "pubdate", "parsely-pub-date", "citation_publication_date",
)  # fmt: skip
_MODIFIED_NAMES = (
    "last-modified", "dc.date.modified", "dcterms.modified", "datemodified", "revised",
)  # fmt: skip
_PUBLISHED = (
    '[itemprop~="datePublished"], time[pubdate], article time[datetime], main time[datetime]'
)
_RSL = 'script[type^="application/rsl+xml" i]'
_MODIFIED = '[itemprop~="dateModified"]'


class Metadata(Struct, frozen=True, gc=False):
    """What a page declares. Values are as written, trimmed and cut to 500 characters.

    `published` and `modified` are real dates, YYYY-MM-DD, from 1990 to 2100. `locale` is that of
    Open Graph, as in "pt_BR". `alternates` holds the first 50 pairs of language and address of the
    same page in other languages (`hreflang`), at most one a language; addresses longer than 2,000
    characters are cut. `robots` holds the directives by the crawler they address, "robots" being
    everyone. `tdm_reservation` is "1" if any such tag says so. `rsl` is the address of a licence in
    Really Simple Licensing, `rsl_licences` are the first ten that stand in the page, 100,000
    characters of each.
    """

    title: str | None = None
    published: str | None = None
    modified: str | None = None
    canonical: str | None = None
    html_lang: str | None = None
    content_language: str | None = None
    locale: str | None = None
    alternates: tuple[tuple[str, str], ...] = ()
    robots: tuple[tuple[str, tuple[str, ...]], ...] = ()
    tdm_reservation: str | None = None
    tdm_policy: str | None = None
    rsl: str | None = None
    rsl_licences: tuple[str, ...] = ()
    licences: tuple[Evidence, ...] = ()


def parse(html: str) -> LexborHTMLParser | None:
    """Return the tree of a page for all who read it; None if `read` should see no more than a part.

    That is so of a page of more than 20,000 tags, or one with a tag of 5,000 attributes, because
    the parser is quadratic in depth and in attributes.
    """
    return _tree(html) if len(_beginning(html)) == len(html) else None


def read(html: str, tree: LexborHTMLParser | None = None) -> Metadata:
    """Return what the page declares of itself. Never raises.

    `tree` is what `parse` made of the page. Without one, only the beginning is read of a page for
    which `parse` makes none.
    """
    page = _tree(_beginning(html)) if tree is None else tree
    metas = _named_metas(page)
    links = [node.attributes for node in page.css("link[rel]")[:_MAX_NODES]]
    linked_data = blocks(page)
    things = list(described(linked_data))
    root = page.css_first("html")
    lang = root.attributes.get("lang") or root.attributes.get("xml:lang") if root else None
    return Metadata(
        title=_title(page, metas),
        published=_published(page, metas, things),
        modified=_modified(page, metas, things),
        canonical=_cut(next(_targets(links, "canonical"), None), _MAX_URL),
        html_lang=_cut(lang),
        content_language=_first(metas, "content-language"),
        locale=_first(metas, "og:locale"),
        alternates=tuple(_alternates(links)),
        robots=tuple(_robots(metas)),
        tdm_reservation=max(_every(metas, ("tdm-reservation",)), key="1".__eq__, default=None),
        tdm_policy=_first(metas, "tdm-policy"),
        rsl=_cut(next(_targets(links, "license", "application/rsl+xml"), None), _MAX_URL),
        rsl_licences=tuple(node.text()[:_MAX_RSL] for node in page.css(_RSL)[:_MAX_SCRIPTS]),
        licences=licences(page, html, metas, links, linked_data),
    )


def opt_outs(about: Metadata, headers: Sequence[tuple[str, str]], url: str) -> tuple[Found, ...]:
    """Return the opt-outs that a page and its response carry, each once. Never raises."""
    return signals(headers, about.robots, about.tdm_reservation, about.rsl, about.rsl_licences, url)


def _tree(html: str) -> LexborHTMLParser:
    return LexborHTMLParser(html.encode("utf-8", "replace"))


def _beginning(html: str) -> str:
    end = len(html)
    if html.count("<") > _MAX_TAGS:
        end = -1
        for _ in range(_MAX_TAGS + 1):
            end = html.find("<", end + 1)
    position, pieces = 0, html[:end].split(">")
    if max(map(len, pieces)) <= _LONG_TAG:
        return html[:end]
    for piece in pieces:
        opened = piece.rfind("<")
        if opened >= 0 and len(piece) - opened > _LONG_TAG and _is_crowded(piece[opened:]):
            return html[: position + opened]
        position += len(piece) + 1
    return html[:end]


def _is_crowded(tag: str) -> bool:
    """Count attributes as words outside double quotes: a long value alone costs nothing."""
    words = sum(len(part.split()) for part in tag.split('"')[::2])
    return words > _MAX_ATTRIBUTES and not tag.startswith("<!")


def _named_metas(page: LexborHTMLParser) -> list[tuple[str, str]]:
    metas = []
    for node in page.css("meta[content]")[:_MAX_NODES]:
        given = node.attributes
        name = given.get("name") or given.get("property") or given.get("http-equiv")
        name = (name or given.get("itemprop") or "").strip().lower()
        content = _cut(given.get("content"))
        if name and content:
            metas.append((name, content))
    return metas


def _every(metas: Iterable[tuple[str, str]], names: Iterable[str]) -> Iterator[str]:
    return (content for wanted in names for name, content in metas if name == wanted)


def _first(metas: Iterable[tuple[str, str]], *names: str) -> str | None:
    return next(_every(metas, names), None)


def _targets(
    links: Iterable[dict[str, str | None]], relation: str, media_type: str | None = None
) -> Iterator[str]:
    for link in links:
        kind = (link.get("type") or "").strip().lower()
        if relation in (link.get("rel") or "").lower().split() and media_type in (None, kind):
            yield link.get("href") or ""


def _alternates(links: Iterable[dict[str, str | None]]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for link in links:
        language = (link.get("hreflang") or "").strip()[:_MAX_LANGUAGE]
        address = _cut(link.get("href"), _MAX_URL)
        is_alternate = "alternate" in (link.get("rel") or "").lower().split()
        if is_alternate and language and address and language.lower() not in seen:
            seen.add(language.lower())
            yield language, address
        if len(seen) == _MAX_ALTERNATES:
            return


def _title(page: LexborHTMLParser, metas: list[tuple[str, str]]) -> str | None:
    node = page.css_first("head > title")
    return (_cut(node.text()) if node else None) or _first(metas, "og:title")


def _robots(metas: Iterable[tuple[str, str]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, content in metas:
        if name in _ROBOTS:
            yield name, tuple(content.lower().replace(",", " ").replace(";", " ").split())


def _published(
    page: LexborHTMLParser, metas: list[tuple[str, str]], things: list[dict[str, Any]]
) -> str | None:
    """Return the first real date, from the most to the least deliberate statement."""
    stated = [
        *_every(metas, ("article:published_time",)),
        *(thing.get("datePublished") for thing in things),
        *_every(metas, _PUBLISHED_NAMES),
    ]
    return _first_date(stated) or _first_date(_marked(page, _PUBLISHED))


def _modified(
    page: LexborHTMLParser, metas: list[tuple[str, str]], things: list[dict[str, Any]]
) -> str | None:
    """Return the first real date of the last change, in the same order."""
    stated = [
        *_every(metas, ("article:modified_time", "og:updated_time")),
        *(thing.get("dateModified") for thing in things),
        *_every(metas, _MODIFIED_NAMES),
    ]
    return _first_date(stated) or _first_date(_marked(page, _MODIFIED))


def _marked(page: LexborHTMLParser, selector: str) -> Iterator[str | None]:
    for node in page.css(selector)[:_MAX_NODES]:
        given = node.attributes
        yield given.get("datetime") or given.get("content")


def _first_date(stated: Iterable[object]) -> str | None:
    return next(filter(None, map(_date, stated)), None)


def _date(stated: object) -> str | None:
    """Return the date that begins a statement in year, month, day order, if it is a real one."""
    if not isinstance(stated, str):
        return None
    day = stated.strip()[:10].replace("/", "-").replace(".", "-")
    try:
        date = datetime.date.fromisoformat(day if day[4:5] == "-" else day[:8])
    except ValueError:
        return None
    return date.isoformat() if 1990 <= date.year <= 2100 else None


def _cut(value: str | None, limit: int = _MAX_VALUE) -> str | None:
    return " ".join((value or "")[: 4 * limit].split())[:limit] or None
