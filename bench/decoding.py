"""How many pages in old encodings are read right, by us and by single detectors.

    python bench/decoding.py [--texts FILE] [--warc FILE … [--most N]] [--index INDEX.tsv]

Writes pages in every encoding that a language was used with, and reads them back: with nothing
declared, rightly declared and wrongly declared. A page counts as read if every character beyond
ASCII is right. The text comes from the demonstration's own pages; from FILE, JSON lines
`{"lang": "deu_Latn", "text": …}`; or, whole pages and all, from those of WARC files that are in
UTF-8 and declare their language. With the index of the shared sample, the pages that were
transcoded or wrongly declared on purpose are read too.

The detectors beside us see the same bytes in the same run; a name of theirs means what the WHATWG
says. Exits 1 if less than 99 % of undeclared or any of the rightly declared pages are read right.
"""

import argparse
import csv
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import chardet
import chardetng_py
from decoding_samples import (
    Sample,
    captured,
    from_pages,
    from_texts,
    letters,
    own_texts,
    pages_in,
    texts_in,
)
from resiliparse.parse.encoding import detect_encoding

from florilegium.pipelines.pages.charsets import charset_named, leniently
from florilegium.pipelines.pages.decode import Decoded, decode
from florilegium.pipelines.pages.sniffing import content_type

LEAST = 0.99
LATIN = ("windows-1252", "iso-8859-15")


class Way(NamedTuple):
    """A way to read a sample: its text, or None."""

    name: str
    read: Callable[[Sample], str | None]


def _ours(sample: Sample, header: str | None = None, head: str = "") -> str | None:
    found = decode(sample.payload(head), header)
    return found.text if isinstance(found, Decoded) else None


def _alone(sample: Sample, detect: Callable[[bytes], str | None]) -> str | None:
    payload = sample.payload()
    charset = charset_named(detect(payload))
    return leniently(payload, charset)[0] if charset else None


def _meta(charset: str) -> str:
    return f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">'


UNDECLARED = Way("undeclared", _ours)
DECLARED = (
    Way("by header", lambda sample: _ours(sample, sample.encoding)),
    Way("by page", lambda sample: _ours(sample, None, _meta(sample.encoding))),
)
WRONG = (
    Way("says utf-8", lambda sample: _ours(sample, "utf-8")),
    Way("says latin-1", lambda sample: _ours(sample, "iso-8859-1")),
    Way("page right", lambda sample: _ours(sample, "iso-8859-1", _meta(sample.encoding))),
)
PEERS = (
    Way("chardetng", lambda sample: _alone(sample, _chardetng)),
    Way("resiliparse", lambda sample: _alone(sample, detect_encoding)),
    Way("chardet", lambda sample: _alone(sample, lambda body: chardet.detect(body)["encoding"])),
)
WAYS = (UNDECLARED, *DECLARED, *WRONG, *PEERS)


def _chardetng(body: bytes) -> str:
    return str(chardetng_py.detect(body, allow_utf8=False))


class Tally:
    """Samples read right and read at all, and processor seconds, by way and group."""

    def __init__(self, ways: Sequence[Way] = WAYS) -> None:
        self.ways = ways
        self.right: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.all: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def read(self, sample: Sample) -> None:
        """Read a sample in every way."""
        wanted = letters(sample.html)
        for way in self.ways:
            if way.name == "says latin-1" and sample.encoding in LATIN:
                continue
            before = time.process_time()
            text = way.read(sample)
            self.seconds[way.name] += time.process_time() - before
            for group in (sample.encoding, sample.language, "all"):
                self.all[way.name, group] += 1
                self.right[way.name, group] += text is not None and letters(text) == wanted

    def share(self, way: Way, group: str = "all") -> float | None:
        """Return the share read right, None if there was none to read."""
        read = self.all[way.name, group]
        return self.right[way.name, group] / read if read else None

    def show(self) -> None:
        """Print a line for each encoding and language."""
        print(f"{'':14}" + "".join(f"{way.name:>14}" for way in self.ways) + f"{'pages':>8}")
        groups = sorted({group for _, group in self.all} - {"all"}, key=lambda g: ("_" in g, g))
        for group in [*groups, "all"]:
            shares = (self.share(way, group) for way in self.ways)
            cells = "".join(f"{'' if s is None else f'{s:.4f}':>14}" for s in shares)
            print(f"{group:14}{cells}{self.all[UNDECLARED.name, group]:8}")
        times = (1000 * self.seconds[way.name] / self.all[way.name, "all"] for way in self.ways)
        print(f"{'ms a page':14}" + "".join(f"{each:14.2f}" for each in times))


def planted(index: Path) -> tuple[int, int]:
    """Return how many pages of the sample had their encoding changed, and how many are read right.

    What was transcoded must be read in the encoding it was given. What was wrongly declared must
    be read as it is: in UTF-8, or in the encoding that the index names.
    """
    with index.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    wanted = {(row["warc"], row["url"].replace(" ", "%20")): _planted(row["notes"]) for row in rows}
    right, seen = 0, 0
    for name in sorted({warc for (warc, _), charset in wanted.items() if charset}):
        for page in captured(index.parent / name):
            if charset := wanted.get((name, page.url)):
                found = decode(page.payload, content_type(page.content_type).charset)
                text = leniently(page.payload.translate(None, b"\0"), charset)[0]
                same = isinstance(found, Decoded) and letters(found.text) == letters(text)
                seen += 1
                right += same
                if not same:
                    read = found.charset if isinstance(found, Decoded) else found.detail
                    print(f"{page.url}: {charset} was read as {read}")
    return seen, right


def _planted(notes: str) -> str | None:
    if "INJECTED transcoded to " in notes:
        return charset_named(notes.partition("INJECTED transcoded to ")[2].partition(",")[0])
    if "INJECTED wrong charset" not in notes:
        return None
    legacy = re.search(r"legacy encoding (iso-8859-\d+)", notes)
    return charset_named(legacy.group(1)) if legacy else "utf-8"


def measure(name: str, samples: Iterable[Sample]) -> bool:
    """Read the samples, print how it went, and return whether it went well enough."""
    tally = Tally()
    for sample in samples:
        tally.read(sample)
    print(f"{name}: {tally.all[UNDECLARED.name, 'all']} pages")
    if not tally.all:
        return False
    tally.show()
    declared = all(tally.share(way) == 1 for way in DECLARED)
    return declared and (tally.share(UNDECLARED) or 0) >= LEAST


def main() -> int:
    """Measure what the options name."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=Path, help="JSON lines to write pages around")
    parser.add_argument("--warc", type=Path, nargs="+", default=[], help="whole pages to re-encode")
    parser.add_argument("--most", type=int, default=8, help="pages of a language and encoding")
    parser.add_argument("--index", type=Path, help="the index of the shared sample")
    options = parser.parse_args()
    texts = texts_in(options.texts) if options.texts else own_texts()
    passed = measure(str(options.texts or "own texts"), from_texts(texts))
    if options.warc:
        passed &= measure("whole pages", from_pages(pages_in(options.warc), options.most))
    if options.index:
        seen, right = planted(options.index)
        print(f"planted: {right} of {seen} pages read right")
        passed &= right == seen > 0
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
