"""What a recipe says of Common Crawl: which snapshot, which part of it, and how fast."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class CommonCrawl(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `florilegium select` takes of Common Crawl, and how plans of it are read.

    A page is chosen if all of these hold: it lies under one of `tlds` or `domains`, if any are
    named; `status` and `mime` have what the index says of it; it is whole, unless
    `keep_truncated`; and it is in one of the languages, or under one of `any_language_tlds`.
    """

    snapshot: Annotated[str, Meta(pattern=r"^(CC-MAIN-\d{4}-[0-9A-Z-]{2,20})?\Z")] = ""
    """Name of the snapshot, as in `CC-MAIN-2026-43`."""
    base: str = "https://data.commoncrawl.org"
    """Where the archive is: `https://…`, `s3://commoncrawl` (which wants credentials), or a folder
    with the same layout."""
    index: str = ""
    """Where its columnar index is, if it is elsewhere."""
    endpoint: str = ""
    """Address of a server that speaks S3, if it is not Amazon's."""
    anonymous: bool = False
    """Whether requests to S3 go without credentials."""
    contact: Annotated[str, Meta(max_length=200, pattern=r"^[\x20-\x7e]*\Z")] = ""
    """Address or page by which whoever runs the archive can reach you; it is sent along."""
    read: Literal["pages", "warc", "wet"] = "pages"
    """`pages` that the index says are wanted; or all records of whole `warc` or `wet` files."""
    languages: tuple[Annotated[str, Meta(pattern=r"^[a-z]{3}\Z")], ...] = ()
    """ISO 639-3 codes as the index has them, which knows 160; those of the recipe's languages if
    none are named. One of the three that the index names for a page is enough."""
    tlds: tuple[str, ...] = ()
    """Top-level domains, as in `mt`: nothing else is looked at."""
    domains: tuple[str, ...] = ()
    """Registered domains, as in `example.co.uk`: nothing else is looked at."""
    any_language_tlds: tuple[str, ...] = ()
    """Top-level domains whose pages are chosen whatever their language."""
    mime: tuple[str, ...] = ("text/html", "application/xhtml+xml")
    """Media types, as detected by the crawler."""
    status: tuple[int, ...] = (200,)
    """Statuses of HTTP."""
    robots: bool = True
    """Whether robots.txt of the chosen pages' hosts is chosen too."""
    max_files: Annotated[int, Meta(ge=0)] = 0
    """WARC files to choose from, the first by name, to try things out; all of them if 0."""
    requests_per_second: Annotated[float, Meta(gt=0, le=1000)] = 20.0
    """Requests of all workers together. Any error makes them fewer for a while."""
    megabytes_per_second: Annotated[float, Meta(gt=0)] = 80.0
    """What the line carries: a gap is read over if that takes less time than one more request."""

    def __post_init__(self) -> None:
        for place in (self.base, self.index, self.endpoint):
            check_place(place)
        if self.endpoint and not self.endpoint.startswith(("http://", "https://")):
            raise ValueError(f"`endpoint` {self.endpoint!r} is no address: name it by https://")

    @property
    def break_even(self) -> int:
        """Bytes that take as long as one more request."""
        return int(self.megabytes_per_second * 1e6 / self.requests_per_second)


def check_place(place: str) -> None:
    """Raise ValueError, with what to write instead, unless an archive may be at a place."""
    scheme = place.partition("://")[0].lower() if "://" in place else ""
    if scheme not in ("", "s3", "https", "http"):
        raise ValueError(f"{place!r}: name a folder, s3://BUCKET or https://HOST")
    if scheme == "s3" and not urlsplit(place).netloc:
        raise ValueError(f"{place!r} names no bucket: write s3://BUCKET")
    if scheme == "http" and urlsplit(place).hostname not in _LOOPBACK:
        raise ValueError(f"{place!r}: name it by https://")
