"""Seeds: the addresses that a crawl begins with."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from florilegium.pipelines.crawl import urls
from florilegium.pipelines.crawl.journal import Found
from florilegium.pipelines.crawl.languages import Languages, by_address
from florilegium.pipelines.crawl.settings import Crawl
from florilegium.pipelines.crawl.urls import Url


class SeedError(ValueError):
    """Seeds that cannot be used; the message says where, and what to do."""


def seeds(named: Iterable[str]) -> list[Url]:
    """Return the seeds that are named: addresses, or files with one a line; `#` begins a remark.

    Each once, sorted. SeedError if one is neither, or if there is none.
    """
    found: dict[str, Url] = {}
    for name, place in _lines(named):
        url = urls.read(name)
        if url is None:
            raise SeedError(f"{place}: {name!r} is no address to crawl: write https://HOST/…")
        found[url.href] = url
    if not found:
        raise SeedError("there are no seeds: name an address, or a file with one a line")
    return [found[href] for href in sorted(found)]


def _lines(named: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in named:
        if "://" in name:
            yield name, "seeds"
            continue
        try:
            text = Path(name).read_text("utf-8")
        except UnicodeDecodeError:
            raise SeedError(f"{name}: is no text in UTF-8") from None
        except FileNotFoundError:
            raise SeedError(
                f"{name}: there is no such file, and an address begins with https://"
            ) from None
        for number, line in enumerate(text.splitlines(), 1):
            if said := line.partition("#")[0].strip() if line.startswith("#") else line.strip():
                yield said, f"{name}, line {number}"


def as_found(seed: Url, settings: Crawl) -> Found:
    """Return a seed as an address of the frontier."""
    lang = by_address(seed.host, seed.target)
    rank = Languages(settings).rank(lang)
    return Found(seed.href, seed.host, 0, 0, "seed", "", lang, rank)
