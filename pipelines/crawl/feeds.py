"""Feeds: the addresses of entries in RSS (0.9 to 2.0, also RDF) and Atom (RFC 4287)."""

from collections.abc import Iterator
from typing import Final

from florilegium.pipelines.crawl.sitemaps import parsed

MAX_ENTRIES: Final = 1_000
_ROOTS: Final = (b"<rss", b"<feed", b"<rdf:RDF")
_TAGS: Final = ("{*}item", "{*}entry")


def is_feed(start: bytes) -> bool:
    """Say by its first thousand bytes whether a body is a feed."""
    return start.startswith(b"<") and any(root in start for root in _ROOTS)


def addresses(body: bytes) -> Iterator[str]:
    """Yield the address of each entry. Never raises; of a damaged file, those before the damage."""
    for number, entry in enumerate(parsed(body, _TAGS)):
        if number >= MAX_ENTRIES:
            return
        for link in entry.iter("{*}link"):
            target = link.get("href") if link.get("rel", "alternate") == "alternate" else None
            if target := (target or link.text or "").strip():
                yield target
                break
