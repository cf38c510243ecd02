"""Which addresses belong to a crawl, and which are plainly traps."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from florilegium.pipelines.crawl.settings import Crawl
from florilegium.pipelines.crawl.urls import MAX_LENGTH, Url
from florilegium.pipelines.pages.page import host_and_domain

_MAX_FOLDERS: Final = 16
_MAX_PARAMETERS: Final = 8
_MAX_REPEATED: Final = 3
_FIRST_YEAR: Final = 1990
_DATE: Final = re.compile(r"(?<![0-9])([12][0-9]{3})[-/](?:0?[1-9]|1[0-2])(?![0-9])")
_FILES: Final = frozenset(
    [
        "jpg",
        "jpeg",
        "png",
        "gif",
        "webp",
        "avif",
        "svg",
        "ico",
        "bmp",
        "tif",
        "tiff",
        "mp3",
        "mp4",
        "m4a",
        "m4v",
        "avi",
        "mov",
        "mkv",
        "webm",
        "ogg",
        "wav",
        "flac",
        "zip",
        "gz",
        "tgz",
        "bz2",
        "xz",
        "7z",
        "rar",
        "tar",
        "exe",
        "msi",
        "dmg",
        "iso",
        "apk",
        "deb",
        "rpm",
        "jar",
        "css",
        "js",
        "mjs",
        "woff",
        "woff2",
        "ttf",
        "eot",
        "pdf",
        "doc",
        "docx",
        "xls",
        "xlsx",
        "ppt",
        "pptx",
        "odt",
        "ods",
        "odp",
        "epub",
        "json",
    ]
)


def folder_of(href: str) -> str:
    """Return an address up to its last slash."""
    return href.partition("?")[0].rpartition("/")[0] + "/"


@lru_cache(maxsize=65_536)
def domain_of(host: str) -> str:
    """Return the registrable domain of a host; the host if it has none."""
    return host_and_domain(f"http://{host}/")[1] or host


class Scope:
    """Says of an address why it does not belong to a crawl with these seeds, if it does not."""

    def __init__(self, settings: Crawl, seeds: Iterable[Url], now: float) -> None:
        scope, seeds = settings.scope, list(seeds)
        self._within = scope.within
        self._hosts = {seed.host for seed in seeds}
        self._domains = {domain_of(seed.host) for seed in seeds}
        self._folders = tuple({folder_of(seed.href) for seed in seeds})
        self._added = _ends((*scope.suffixes, *scope.also))
        self._excluded = _ends(scope.excluded)
        self._last_year = datetime.fromtimestamp(now, UTC).year + 1

    def refusal(self, url: Url) -> str | None:
        """Return why an address is passed by, None if it belongs to the crawl."""
        if f".{url.host}".endswith(self._excluded) or not self._belongs(url):
            return "scope"
        return trap(url, self._last_year)

    def _belongs(self, url: Url) -> bool:
        dotted = f".{url.host}"
        if dotted.endswith(self._added):
            return True
        if self._within == "host":
            return url.host in self._hosts
        if self._within == "domain":
            return domain_of(url.host) in self._domains
        if self._within == "prefix":
            return url.href.startswith(self._folders)
        return self._within == "anywhere"


def _ends(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f".{name.lower().strip('.')}" for name in names)


def trap(url: Url, last_year: int) -> str | None:
    """Return why an address looks like one of a number without end, or like no page.

    Many folders, the same folder three times, many parameters, a calendar that has left our time.
    """
    path, _, query = url.target.partition("?")
    if len(url.href) > MAX_LENGTH:
        return "trap: long"
    folders = path.split("/")[1:-1]
    if len(folders) > _MAX_FOLDERS:
        return "trap: deep"
    if max(map(folders.count, folders), default=0) >= _MAX_REPEATED:
        return "trap: repeats"
    if query.count("&") >= _MAX_PARAMETERS:
        return "trap: parameters"
    for found in _DATE.finditer(url.target[:MAX_LENGTH]):
        if not _FIRST_YEAR <= int(found[1]) <= last_year:
            return "trap: calendar"
    name = path.rpartition("/")[2]
    if "." in name and name.rpartition(".")[2].lower() in _FILES and not name.endswith(".xml.gz"):
        return "no page"
    return None
