"""Sitemaps (sitemaps.org, 0.9): the addresses that a site lists, in XML or as lines, also packed.

With the extensions for news and for other languages (`xhtml:link`, `hreflang`).
"""

import io
import zlib
from collections.abc import Iterator
from typing import Final

from lxml import etree

from florilegium.pipelines.crawl.languages import tag_of
from florilegium.pipelines.pages.page import MAX_PAYLOAD

MAX_ENTRIES: Final = 50_000
_GZIP: Final = b"\x1f\x8b"
_TAGS: Final = ("{*}url", "{*}sitemap")


def unpacked(body: bytes) -> bytes:
    """Return a body that is a gzip file, unpacked as far as a payload may be large."""
    if not body.startswith(_GZIP):
        return body
    try:
        return zlib.decompressobj(wbits=31).decompress(body, MAX_PAYLOAD)
    except zlib.error:
        return b""


def is_sitemap(start: bytes) -> bool:
    """Say by its first thousand bytes whether a body is a sitemap, or an index of them."""
    return start.startswith(b"<") and (b"<urlset" in start or b"<sitemapindex" in start)


def addresses(body: bytes) -> Iterator[tuple[str, str]]:
    """Yield the addresses of a sitemap, each with its language if that is said. Never raises.

    Of a file that is damaged or cut off, those before the damage. No entity is resolved.
    """
    number = 0
    for entry in parsed(body, _TAGS):
        for found in entry.iter("{*}loc", "{*}link"):
            if found.tag.endswith("}loc") or found.tag == "loc":
                target, lang = (found.text or "").strip(), ""
            else:
                target, lang = found.get("href") or "", tag_of(found.get("hreflang"))
            if target:
                yield target, lang
                number += 1
            if number >= MAX_ENTRIES:
                return


def parsed(body: bytes, tags: tuple[str, ...]) -> Iterator[etree._Element]:
    """Yield each element of these tags; what was read before is forgotten, errors end it."""
    events = etree.iterparse(
        io.BytesIO(body), tag=tags, recover=True, resolve_entities=False, no_network=True,
        huge_tree=False, load_dtd=False,
    )  # fmt: skip
    try:
        for _, element in events:
            yield element
            element.clear()
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
    except etree.XMLSyntaxError:
        return
