"""How many clean texts the default rules keep, and how many dirty ones they reject.

    python bench/even_limits.py FILE...          pages of bench/quality_pages.py

For each candidate of `filters.lines.min_prose_lines`, on two halves of the domains: the limit is
chosen on the first and read off on the second. A text is dirty if at most a given part of it is
main text. At most five pages of a domain count, so that no site decides.
"""

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from florilegium.filters.catalogue import PROFILES, AnyFilter
from florilegium.filters.certainty import Certainty
from florilegium.filters.foreign import Foreign
from florilegium.filters.host_lines import HostLines
from florilegium.filters.lines import Lines
from florilegium.filters.measures import counts, customs, measure
from florilegium.manifests.counts import Counts
from florilegium.manifests.document import Facts

MOST_OF_DOMAIN = 5
PARTS = (0.5, 2 / 3)
LEAST_REJECTED = 0.85
CANDIDATES = np.round(np.arange(-0.8, 0.01, 0.05), 2).tolist()


class Page(NamedTuple):
    """Facts of a page in both texts, the half it is in, and its part of main text."""

    clean: Facts
    dirty: Facts
    half: int
    main: float


def judged(profile: str, min_prose_lines: float | None = None) -> list[AnyFilter]:
    """Return the filters of a profile that judge the text alone."""
    other = Certainty | Foreign | HostLines
    filters = [one for one in PROFILES[profile] if not isinstance(one, other)]
    if min_prose_lines is None:
        return filters
    return [
        replace(one, min_prose_lines=min_prose_lines) if isinstance(one, Lines) else one
        for one in filters
    ]


def facts(counted: Counts, lang: str) -> Facts:
    """Return a document of which only counts and language are known."""
    known = dict.fromkeys(Facts.__struct_fields__) | {"counts": counted, "lang": lang}
    return Facts(**known)  # type: ignore[arg-type]


def facts_of(texts: Sequence[str], langs: Sequence[str]) -> list[Facts]:
    """Return what is measured of texts."""
    rows = measure(texts, [customs(lang) for lang in langs])
    return [facts(counts(row), lang) for row, lang in zip(rows, langs, strict=True)]


def passes(known: Facts, filters: Sequence[AnyFilter]) -> bool:
    """Return whether a text is kept."""
    return all(keep(known) is None for keep in filters)


def read(files: Iterable[Path]) -> list[Page]:
    """Return the pages of files."""
    of_domain: Counter[str] = Counter()
    pages = []
    for path in files:
        for line in path.open(encoding="utf-8"):
            page = json.loads(line)
            of_domain[page["domain"]] += 1
            if of_domain[page["domain"]] <= MOST_OF_DOMAIN and page["dirty"]:
                pages.append(page)
    langs = [page["lang"] for page in pages]
    clean = facts_of([page["clean"] for page in pages], langs)
    dirty = facts_of([page["dirty"] for page in pages], langs)
    return [
        Page(one, two, _half(page["domain"]), one.counts.chars / two.counts.chars)
        for page, one, two in zip(pages, clean, dirty, strict=True)
    ]


def _half(domain: str) -> int:
    return hashlib.sha256(domain.encode()).digest()[0] % 2


def rates(pages: Sequence[Page], filters: Sequence[AnyFilter]) -> tuple[float, ...]:
    """Return the share of clean texts kept, and of dirty ones rejected for each of `PARTS`."""
    kept = np.mean([passes(page.clean, filters) for page in pages])
    rejected = (
        np.mean([not passes(page.dirty, filters) for page in pages if page.main <= part])
        for part in PARTS
    )
    return (float(kept), *map(float, rejected))


def main() -> None:
    """Print the table and the laxest limit that rejects enough, with a standard error to spare."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    pages = read(parser.parse_args().files)
    halves = [[page for page in pages if page.half == half] for half in (0, 1)]
    print(f"{len(halves[0])} pages to choose on, {len(halves[1])} held out")
    print("limit   kept  rejected ≤1/2  ≤2/3 | held out: kept  rejected ≤1/2  ≤2/3")
    size = sum(page.main <= PARTS[0] for page in halves[0])
    least = LEAST_REJECTED + (LEAST_REJECTED * (1 - LEAST_REJECTED) / size) ** 0.5
    chosen = None
    for candidate in CANDIDATES:
        first, second = (rates(half, judged("even", candidate)) for half in halves)
        if chosen is None and first[1] >= least:
            chosen = candidate
        print(f"{candidate:5.2f}   {first[0]:.3f}  {first[1]:.3f}  {first[2]:.3f}   "
              f"| {second[0]:.3f}  {second[1]:.3f}  {second[2]:.3f}")  # fmt: skip
    print(f"chosen: {chosen}")
    for profile in PROFILES:
        print(profile, *(f"{rate:.3f}" for rate in rates(halves[1], judged(profile))))


if __name__ == "__main__":
    main()
