"""In which language a page is before it is fetched: by what links to it, or by its address.

A hint is a BCP 47 tag, of which the first part counts. It orders the frontier and narrows a crawl;
what a page is written in is found out when the corpus is built.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from florilegium.filters.language_table import LANGUAGES
from florilegium.pipelines.crawl.settings import Crawl

FIRST: Final = 0
UNKNOWN: Final = 1
LATER: Final = 2
_TAGS: Final = frozenset(language.bcp47.partition("-")[0] for language in LANGUAGES.values())
_BY_SUFFIX: Final = {
    "mt": "mt", "is": "is", "fo": "fo", "lu": "lb", "ee": "et", "lv": "lv", "lt": "lt",
    "si": "sl", "sk": "sk", "cz": "cs", "hu": "hu", "ro": "ro", "bg": "bg", "hr": "hr",
    "rs": "sr", "mk": "mk", "al": "sq", "gr": "el", "fi": "fi", "dk": "da", "se": "sv",
    "no": "no", "nl": "nl", "pl": "pl", "pt": "pt", "es": "es", "it": "it", "fr": "fr",
    "de": "de", "at": "de", "ua": "uk", "by": "be", "cat": "ca", "eus": "eu", "gal": "gl",
    "bzh": "br", "cymru": "cy", "frl": "fy", "scot": "gd",
}  # fmt: skip
_TAG: Final = re.compile(r"[A-Za-z]{2,3}(?![A-Za-z0-9])")


def tag_of(declared: str | None) -> str:
    """Return the language of a tag such as `de-AT` or `DE_at`; empty if it is none that we know.

    >>> tag_of("mt-MT"), tag_of("x-default"), tag_of(None)
    ('mt', '', '')
    """
    if not declared:
        return ""
    found = _TAG.match(declared.strip()[:40].replace("_", "-"))
    tag = found[0].lower() if found else ""
    return tag if tag in _TAGS else ""


def by_address(host: str, target: str) -> str:
    """Return the language that an address names: by its folder, the host's name, or its country.

    >>> by_address("www.example.mt", "/en/a"), by_address("ga.example.org", "/")
    ('en', 'ga')
    """
    folder = target[1:].partition("/")[0].partition("?")[0]
    if 2 <= len(folder) <= 5 and (tag := tag_of(folder)):
        return tag
    return _by_host(host)


@lru_cache(maxsize=65_536)
def _by_host(host: str) -> str:
    first, _, rest = host.partition(".")
    if len(first) <= 3 and "." in rest and first in _TAGS:
        return first
    return _BY_SUFFIX.get(host.rpartition(".")[2], "")


class Languages:
    """Which languages a crawl wants, and which of them first."""

    def __init__(self, settings: Crawl) -> None:
        self._wanted = frozenset(_tags(settings.scope.languages))
        self._first = frozenset(_tags(settings.scope.first))

    def wants(self, tag: str) -> bool:
        """Say whether a page with this hint belongs to the crawl; one without a hint does."""
        return not tag or not self._wanted or tag in self._wanted

    def rank(self, tag: str) -> int:
        """Return when pages with this hint are fetched: `FIRST`, `UNKNOWN` or `LATER`."""
        if tag in self._first:
            return FIRST
        return LATER if tag else UNKNOWN


def _tags(codes: Iterable[str]) -> Iterable[str]:
    return (LANGUAGES[code].bcp47.partition("-")[0] for code in codes)
