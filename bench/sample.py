"""Hold a release of the shared sample against the answers planted in its index.

usage: python bench/sample.py RELEASE INDEX.tsv

Prints one line for each kind of planted page: how many there are, how many the release treats as
expected, and where the others went, so that every difference can be explained. Exits 1 if a page
of the index is neither in a shard nor in the ledger.
"""

import argparse
import csv
import hashlib
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

from florilegium.pipelines.warc import Record, read

Fate = tuple[str, str, str]
"""Stage, rule and detail of a loss; ("kept", language, charset) for a document."""

EXPECTED: dict[str, tuple[str, Callable[[Fate], bool]]] = {
    "truncated": ("INJECTED WARC-Truncated", lambda fate: fate[1] == "truncated"),
    "error status": ("INJECTED status", lambda fate: fate[1] == "http_status"),
    "X-Robots-Tag": ("INJECTED X-Robots-Tag", lambda fate: fate[1] == "robots_header"),
    "robots meta": ("INJECTED meta robots", lambda fate: fate[1] == "robots_meta"),
    "TDM header": ("INJECTED tdm-reservation header", lambda fate: fate[1] == "tdm_header"),
    "TDM meta": ("INJECTED meta tdm-reservation", lambda fate: fate[1] == "tdm_meta"),
    "transcoded": ("INJECTED transcoded", lambda fate: fate[1] != "charset"),
    "wrong charset": ("INJECTED wrong charset", lambda fate: fate[1] != "charset"),
    "gzip body": ("INJECTED Content-Encoding gzip", lambda fate: fate[1] != "bad_encoding"),
    "chunked body": ("INJECTED Transfer-Encoding", lambda fate: fate[1] != "bad_http"),
    "not HTML": ("non-HTML/odd resource", lambda fate: fate[0] in ("decode", "read")),
}


def fates(release: Path) -> dict[tuple[str, int], Fate]:
    """Return what became of each record, by WARC file and offset."""
    found: dict[tuple[str, int], Fate] = {}
    columns = ["warc", "warc_offset", "lang", "charset"]
    for row in pq.read_table(release / "data", columns=columns).to_pylist():
        found[row["warc"], row["warc_offset"]] = ("kept", row["lang"], row["charset"])
    for row in pq.read_table(release / "audit" / "losses").to_pylist():
        loss = (row["stage"], row["rule"], row["detail"] or "")
        found[row["warc"], row["warc_offset"]] = loss
    return found


def places(folder: Path) -> dict[tuple[str, str, str], int]:
    """Return where each response of the sample begins, by file, address and payload digest."""
    found = {}
    for path in sorted(folder.glob("sample-*.warc.gz")):
        for item in read(path):
            if isinstance(item, Record) and item.kind == "response":
                url = item.headers["warc-target-uri"]
                found[path.name, url, hashlib.sha1(item.block).hexdigest()] = item.offset
    return found


def _pairs(
    rows: list[dict[str, str]],
    offsets: dict[tuple[str, str], list[int]],
    known: dict[tuple[str, int], Fate],
) -> str:
    """Say of how many planted copies at most one of the two pages was kept."""
    where = {url: (warc, found[0]) for (warc, url), found in offsets.items() if found}
    mark = "INJECTED exact-dup body of "
    pairs = [
        (where.get(row["url"]), where.get(row["notes"].split(mark)[1].split(";")[0].strip()))
        for row in rows
        if mark in row["notes"]
    ]
    both = [
        pair
        for pair in pairs
        if all(place and known.get(place, ("",))[0] == "kept" for place in pair)
    ]
    single = len(pairs) - len(both)
    return (
        f"{'exact duplicates':18} {len(pairs):5} planted {single:5} as expected   both kept: {both}"
    )


def main() -> int:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("release", type=Path)
    parser.add_argument("index", type=Path)
    options = parser.parse_args()
    known = fates(options.release)
    offsets: dict[tuple[str, str], list[int]] = defaultdict(list)
    for (warc, url, _), offset in places(options.index.parent).items():
        offsets[warc, url].append(offset)
    with options.index.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in rows:  # the index writes blanks where the files write %20
        row["url"] = row["url"].replace(" ", "%20")
    missing = [row for row in rows if not offsets[row["warc"], row["url"]]]
    astray = 0
    for name, (mark, expected) in EXPECTED.items():
        counted: Counter[Fate] = Counter()
        planted = [row for row in rows if mark in row["notes"]]
        for row in planted:
            for offset in offsets[row["warc"], row["url"]][:1]:
                fate = known.get((row["warc"], offset))
                astray += fate is None
                counted[fate or ("astray", "", "")] += 1
        right = sum(number for fate, number in counted.items() if expected(fate))
        others = [(f"{fate[0]}:{fate[1]}", n) for fate, n in counted.items() if not expected(fate)]
        went = ", ".join(f"{where} {n}" for where, n in sorted(others))
        print(f"{name:18} {len(planted):5} planted {right:5} as expected   {went}")
    print(_pairs(rows, offsets, known))
    print(f"{len(rows)} rows in the index, {len(missing)} not found by address, {astray} astray")
    return 1 if astray else 0


if __name__ == "__main__":
    sys.exit(main())
