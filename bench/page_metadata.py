"""What it costs to read what a page declares of itself.

    python bench/page_metadata.py WARC … [--most 2000]

Reads the HTML pages of WARC files, at most so many of each, and prints milliseconds of processor
time a page for the parse alone and for the metadata with its own parse; then for a first look
(metadata and main text) with a parse for each of the two, and with one for both. All take turns,
and both looks must find the same. Then how many pages declare what. Exits 1 if the metadata with
its parse take more than 1.5 ms a page on average.
"""

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from statistics import mean, median

import msgspec
from decoding_samples import captured
from selectolax.lexbor import LexborHTMLParser

from florilegium.pipelines.blocks.extract import main_text
from florilegium.pipelines.pages.decode import Decoded, decode
from florilegium.pipelines.pages.metadata import Metadata, parse, read
from florilegium.pipelines.pages.sniffing import content_type, looks_binary, sniff_html

MOST_MS = 1.5


def pages(file: Path) -> Iterator[str]:
    """Yield the text of the HTML pages of a WARC file."""
    for page in captured(file):
        if not sniff_html(page.payload, page.content_type) or looks_binary(page.payload):
            continue
        found = decode(page.payload, content_type(page.content_type).charset)
        if isinstance(found, Decoded):
            yield found.text


def looks(html: str) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return two ways to look at a page: with a parse for each reader, and with one for both."""

    def twice() -> object:
        return read(html), main_text(html)

    def once() -> object:
        tree = parse(html)
        return read(html, tree), main_text(html, tree=tree)

    return twice, once


def times_the_parse(texts: Iterable[str]) -> float:
    """Return the processor time of the metadata, with their parse, in parses of the same pages."""
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    for html in texts:
        timed(seconds["parse"], lambda html=html: LexborHTMLParser(html))
        timed(seconds["metadata"], lambda html=html: read(html))
    return sum(seconds["metadata"]) / sum(seconds["parse"])


def timed(seconds: list[float], work: Callable[[], object]) -> object:
    """Do the work and note its processor time."""
    before = time.process_time()
    done = work()
    seconds.append(time.process_time() - before)
    return done


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("warc", type=Path, nargs="+")
    parser.add_argument("--most", type=int, default=2_000, help="pages of a file")
    options = parser.parse_args()
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    declared: Counter[str] = Counter()
    count = 0
    for file in options.warc:
        for html in islice(pages(file), options.most):
            if not seconds:
                main_text(html)  # what is loaded and compiled once
            timed(seconds["parse"], lambda html=html: LexborHTMLParser(html))
            about = timed(seconds["metadata"], lambda html=html: read(html))
            count += 1
            twice, once = looks(html)
            turns = [("look, two parses", twice), ("look, one parse", once)][:: (-1) ** count]
            found = [timed(seconds[name], look) for name, look in turns]
            assert found[0] == found[1], "the tree that is shared gives something else"
            assert isinstance(about, Metadata)
            declared.update(name for name, value in msgspec.structs.asdict(about).items() if value)
    if not seconds:
        print("there is no HTML page in these files")
        return 1
    print(f"{count} pages; ms a page {'mean':>8}{'p50':>8}{'p99':>8}")
    for name, taken in seconds.items():
        high = sorted(taken)[int(0.99 * count)]
        values = (mean(taken), median(taken), high)
        print(f"  {name:20}" + "".join(f"{1000 * value:8.3f}" for value in values))
    print("declared by " + ", ".join(f"{n} {name}" for name, n in declared.most_common()))
    return 0 if 1000 * mean(seconds["metadata"]) <= MOST_MS else 1


if __name__ == "__main__":
    sys.exit(main())
