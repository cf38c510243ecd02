"""What licences the pages of WARC files state, and what it costs to look.

    python bench/licences.py WARC … [--seed 1] [--list 50] [--runs 5]

Prints pages by licence, class and tier, and by the places of evidence; how many disagree; then the
speed of the look that tells pages without any candidate, beside a plain search for
`creativecommons.org` and a search for the same strings by one RE2 pattern, all in turns, in MB a
second of UTF-8 and as ratios. `--list` shows so many pages with evidence, drawn by the seed, with
all of it, to be judged by reading. Exits 1 if pages without candidates take more than a
millisecond a megabyte.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import re2
from decoding_samples import captured

from florilegium.filters.licence import Flag, Licence, explained, header_evidence, licence
from florilegium.filters.licence_names import terms
from florilegium.pipelines.pages.decode import Decoded, decode
from florilegium.pipelines.pages.licence_page import may_name_one
from florilegium.pipelines.pages.metadata import parse, read
from florilegium.pipelines.pages.page import Page
from florilegium.pipelines.pages.sniffing import content_type, looks_binary, sniff_html

MIN_SPEED = 1_000.0
_SAME = re2.compile("icen")


def pages(files: list[Path]) -> Iterator[tuple[Page, str]]:
    """Yield the HTML pages of WARC files with their text."""
    for file in files:
        for page in captured(file):
            if not sniff_html(page.payload, page.content_type) or looks_binary(page.payload):
                continue
            found = decode(page.payload, content_type(page.content_type).charset)
            if isinstance(found, Decoded):
                yield page, found.text


def mark_of(page: Page, html: str) -> Licence | None:
    """Return the licence of a page."""
    about = read(html, parse(html))
    return licence(
        (*about.licences, *header_evidence(page.headers)), page.url, about.canonical or ""
    )


def table(title: str, counted: Counter[str]) -> None:
    """Print counts, the largest first."""
    print(f"\n{title}")
    for name, number in sorted(counted.items(), key=lambda one: (-one[1], one[0])):
        print(f"{number:7,}  {name}")


def speeds(texts: list[str], runs: int) -> dict[str, float]:
    """Return the median MB a second of each way to look, all in turns."""
    ways: dict[str, Callable[[str], object]] = {
        "creativecommons.org in page": lambda html: "creativecommons.org" in html,
        "one RE2 pattern": lambda html: _SAME.search(html),
        "may_name_one": may_name_one,
    }
    size = sum(len(html.encode("utf-8", "replace")) for html in texts) / 1e6
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, look in ways.items():
            before = time.process_time()
            for html in texts:
                look(html)
            taken[name].append(size / (time.process_time() - before))
    return {name: median(found) for name, found in taken.items()}


def show_speed(texts: list[str], runs: int) -> float:
    """Print the speeds; return that of the look."""
    plain = [html for html in texts if not may_name_one(html)]
    print(f"\n{len(plain):,} of {len(texts):,} pages have no candidate; on these")
    found = speeds(plain, runs)
    for name, speed in found.items():
        print(f"{speed:9,.0f} MB/s  {speed / found['may_name_one']:5.2f}  {name}")
    return found["may_name_one"]


def main() -> int:
    """Read, count, list and time."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("warc", nargs="+", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", type=int, default=0, metavar="PAGES")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    found = [(page, html, mark_of(page, html)) for page, html in pages(options.warc)]
    marks = [mark for *_, mark in found if mark is not None]
    names = Counter(f"{m.tier}  {m.spdx} ({terms(m.spdx)})" for m in marks if m.spdx)
    print(f"{len(found):,} pages, {len(marks):,} with evidence, {names.total():,} with a licence")
    table("tier, licence", names)
    table("tier", Counter(m.tier for m in marks if m.spdx))
    table("class", Counter(terms(m.spdx) for m in marks))
    table("places of evidence", Counter(one.place for m in marks for one in m.evidence))
    table("flags", Counter(flag.name or "" for m in marks for flag in Flag if flag in m.flags))
    some = [(page, mark) for page, _, mark in found if mark is not None]
    for page, mark in random.Random(options.seed).sample(some, min(options.list, len(some))):
        print(f"\n{page.url}")
        for line in explained(mark):
            print(f"    {line}")
    return 0 if show_speed([html for _, html, _ in found], options.runs) >= MIN_SPEED else 1


if __name__ == "__main__":
    sys.exit(main())
