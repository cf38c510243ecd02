"""What is found in real texts, and whether it takes anything that must stay.

    python bench/personal_alarms.py FILE.parquet [--sample 20]

The file is one of personal_texts.py. Versions, sections, ISBNs, prices, dates, coordinates and DOIs
are looked for by rules of their own, with their check digits or the words beside them. Prints hits
by kind, how many of these numbers there are and how many a hit overlaps, and the forms of some
hits, chosen by chance: digits are shown as 9, letters as a, for this prints no personal data.
"""

import argparse
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from stdnum import isbn

from florilegium.filters.personal import Span, find

MONTH = r"(?:0?[1-9]|1[0-2])"
DAY = r"(?:0?[1-9]|[12][0-9]|3[01])"
_WHOLE = r"[0-9][0-9., \u00a0]{0,12}[0-9]"
STAY = {
    "version": r"(?i)\b(?:v|ver|versi\w{0,5}|release|kernel|debian|linux)"
    r"[ .:-]{0,2}([0-9]+(?:\.[0-9]+)+)",
    "section": r"(?m)^ *([0-9]{1,2}(?:\.[0-9]{1,2}){1,4})\.? +[^\W\d_]",
    "isbn": r"(?i)isbn(?:-1[03])?[: ]{0,3}((?:97[89][- ]?)?[0-9](?:[- ]?[0-9X]){8,12})",
    "price": rf"([€$£] ?{_WHOLE}|{_WHOLE} ?(?:€|EUR|USD|Kč|zł|Ft|kr\b))",
    "date": rf"\b((?:19|20)[0-9]{{2}}-{MONTH}-{DAY}|{DAY}\. ?{MONTH}\. ?(?:19|20)[0-9]{{2}}"
    rf"|{DAY}/{MONTH}/(?:19|20)[0-9]{{2}})\b",
    "coordinates": r"\b([0-9]{1,2}\.[0-9]{4,8}[°,; ]{1,3}-?[0-9]{1,3}\.[0-9]{4,8})\b",
    "doi": r"\b(10\.[0-9]{4,6}/[^\s]{4,40})",
}
"""What has to stay, as patterns; the first group is the number."""


class Hit(NamedTuple):
    """Something found, with the words before it."""

    span: Span
    item: str
    before: str


def must_stay(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield name and place of the numbers in a text that are no personal data."""
    for name, pattern in STAY.items():
        for match in re.finditer(pattern, text):
            if name != "isbn" or isbn.is_valid(match[1]):
                yield name, *match.span(1)


def overlapped(text: str, spans: Iterable[Span]) -> Iterator[tuple[str, Span | None]]:
    """Yield each number that must stay by name, with the hit that overlaps it, if one does."""
    known = list(spans)
    for name, start, end in must_stay(text):
        yield name, next((s for s in known if s.start < end and start < s.end), None)


def form(item: str) -> str:
    """Return an item with all letters and digits told alike."""
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", item))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--sample", type=int, default=20, help="hits of a kind to show")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    hits: dict[str, list[Hit]] = defaultdict(list)
    pages: dict[str, set[int]] = defaultdict(set)
    there: dict[str, int] = defaultdict(int)
    taken: dict[str, list[str]] = defaultdict(list)
    texts = pq.read_table(given.file, columns=["text"]).column("text").to_pylist()
    for number, text in enumerate(texts):
        spans = find(text)
        for span in spans:
            before = text[max(0, span.start - 12) : span.start].replace("\n", " ")
            hits[span.kind].append(Hit(span, text[span.start : span.end], before))
            pages[span.kind].add(number)
        for name, hit in overlapped(text, spans):
            there[name] += 1
            if hit:
                taken[name].append(f"{hit.kind} {form(text[hit.start : hit.end])}")
    console = Console(highlight=False)
    found = Table("kind", "hits", "pages", "different", title=f"{len(texts):,} texts")
    for kind, some in sorted(hits.items(), key=lambda one: -len(one[1])):
        found.add_row(
            kind, f"{len(some):,}", f"{len(pages[kind]):,}", f"{len({h.item for h in some}):,}"
        )
    console.print(found)
    stay = Table("must stay", "there", "overlapped by a hit", "which")
    for name in STAY:
        stay.add_row(
            name,
            f"{there[name]:,}",
            str(len(taken[name])),
            ", ".join(sorted(set(taken[name])))[:200],
        )
    console.print(stay)
    chance = random.Random(given.seed)
    for kind, some in sorted(hits.items()):
        for hit in chance.sample(some, min(given.sample, len(some))):
            print(f"{kind:16} {form(hit.before):>12}[{form(hit.item)}]")


if __name__ == "__main__":
    main()
