"""Hold a release of the shared sample against the answers planted in its index.

usage: python bench/sample.py RELEASE INDEX.tsv

Prints one line for each kind of planted page: how many there are, how many the release treats as
expected, and where the others went, so that every difference can be explained. Then, row by row,
what became of all HTML responses, and how much text a parser sees on those that were lost as empty
or too short.

Exits 1 if a row of the index has no record or a record no row, if a record has no fate or more than
one, a document no text, a loss no reason, or one that the index contradicts.
"""

import argparse
import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
from selectolax.lexbor import LexborHTMLParser

from florilegium.pipelines.harvest.warc import Record, read
from florilegium.pipelines.pages.decode import Decoded, decode
from florilegium.pipelines.pages.page import Page, read_page
from florilegium.pipelines.pages.sniffing import content_type

PLACE = ["warc", "warc_offset"]
VISIBLE, SHOWN = 1_000, 15
Fate = tuple[str, str, str]
"""Stage, rule and detail of a loss; ("kept", language, charset) for a document."""

TAGS = {where: (f"noai_{where}", f"noindex_{where}") for where in ("header", "meta")}
EXPECTED: dict[str, tuple[str, Callable[[Fate], bool]]] = {
    "truncated": ("INJECTED WARC-Truncated", lambda fate: fate[1] == "truncated"),
    "error status": ("INJECTED status", lambda fate: fate[1] == "http_status"),
    "X-Robots-Tag": ("INJECTED X-Robots-Tag", lambda fate: fate[1] in TAGS["header"]),
    "robots meta": ("INJECTED meta robots", lambda fate: fate[1] in TAGS["meta"]),
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
    columns = [*PLACE, "lang", "charset"]
    for row in pq.read_table(release / "data", columns=columns).to_pylist():
        found[row["warc"], row["warc_offset"]] = ("kept", row["lang"], row["charset"])
    for row in pq.read_table(release / "audit" / "losses").to_pylist():
        loss = (row["stage"], row["rule"], row["detail"] or "")
        found[row["warc"], row["warc_offset"]] = loss
    return found


def responses(folder: Path) -> Iterator[tuple[str, Record]]:
    """Yield each response of the sample with the name of its file."""
    for path in sorted(folder.glob("sample-*.warc.gz")):
        for item in read(path):
            if isinstance(item, Record) and item.kind == "response":
                yield path.name, item


def faults(release: Path) -> Iterator[str]:
    """Yield what is wrong with single fates: two of one record, no text, no reason."""
    # By name and place: records that are compressed together have one place for all.
    ends: Counter[tuple[str, int, bytes]] = Counter()
    columns = [*PLACE, "id", "chars", "text"]
    for row in pq.read_table(release / "data", columns=columns).to_pylist():
        ends[row["warc"], row["warc_offset"], row["id"]] += 1
        if not row["text"].strip() or row["chars"] != len(row["text"]):
            yield f"{row['warc']} {row['warc_offset']}: a document without its text"
    for row in pq.read_table(release / "audit" / "losses").to_pylist():
        ends[row["warc"], row["warc_offset"], row["id"]] += 1
        measured = row["stage"] == "quality" or row["rule"].startswith("too_")
        if not (row["stage"] and row["rule"]):
            yield f"{row['warc']} {row['warc_offset']}: a loss without a reason"
        elif measured and (row["value"] is None or row["limit"] is None):
            yield f"{row['warc']} {row['warc_offset']}: {row['rule']} without what was measured"
    for (warc, offset, _), count in ends.items():
        if count > 1:
            yield f"{warc} {offset}: {count} fates"


def contradicted(row: dict[str, str], fate: Fate) -> bool:
    """Tell whether the index says otherwise of a page that was refused as it was read."""
    if row["status"] != "200":
        return fate[1] not in ("http_status", "truncated")
    return "INJECTED" not in row["notes"] and fate[0] == "read" and fate[1] != "empty"


def visible(record: Record, warc: str) -> int:
    """Return how many characters of a page a parser takes for text, furniture and all."""
    page = read_page(record, warc)
    if not isinstance(page, Page):
        return 0
    decoded = decode(page.payload, content_type(page.content_type).charset)
    if not isinstance(decoded, Decoded):
        return 0
    parser = LexborHTMLParser(decoded.text)
    parser.strip_tags(["script", "style", "noscript", "template", "select", "textarea", "svg"])
    return len(" ".join(parser.body.text(separator=" ").split())) if parser.body else 0


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


def _planted(
    rows: list[dict[str, str]],
    offsets: dict[tuple[str, str], list[int]],
    known: dict[tuple[str, int], Fate],
) -> None:
    """Print how the planted pages of each kind ended."""
    for name, (mark, expected) in EXPECTED.items():
        counted: Counter[Fate] = Counter()
        planted = [row for row in rows if mark in row["notes"]]
        for row in planted:
            for offset in offsets[row["warc"], row["url"]][:1]:
                counted[known.get((row["warc"], offset), ("astray", "", ""))] += 1
        right = sum(number for fate, number in counted.items() if expected(fate))
        others = [(f"{fate[0]}:{fate[1]}", n) for fate, n in counted.items() if not expected(fate)]
        went = ", ".join(f"{where} {n}" for where, n in sorted(others))
        print(f"{name:18} {len(planted):5} planted {right:5} as expected   {went}")
    print(_pairs(rows, offsets, known))


OPT_OUTS = ("X-Robots-Tag", "robots meta", "TDM header", "TDM meta")


def _opted_out(
    rows: list[dict[str, str]],
    offsets: dict[tuple[str, str], list[int]],
    known: dict[tuple[str, int], Fate],
) -> dict[tuple[str, int], Fate]:
    """Print by what pages were lost to opt-outs that nobody planted; return where these are."""
    planted = [EXPECTED[name][0] for name in OPT_OUTS]
    others = {}
    for row in rows:
        for offset in offsets[row["warc"], row["url"]]:
            fate = known.get((row["warc"], offset), ("", "", ""))
            if fate[0] == "rights" and not any(mark in row["notes"] for mark in planted):
                others[row["warc"], offset] = fate
    print(f"{len(others)} pages lost to opt-outs that were not planted: ", end="")
    rules = Counter(f"{rule}: {detail}" for _, rule, detail in others.values())
    print(", ".join(f"{rule} {number}" for rule, number in rules.most_common()))
    return others


def _unfounded(others: dict[tuple[str, int], Fate], folder: Path) -> Iterator[str]:
    """Yield pages that say nothing of the kind: bytes are searched, none of our readers asked."""
    for warc, record in responses(folder):
        fate = others.get((warc, record.offset))
        if fate is None or fate[1] not in (
            *TAGS["header"],
            *TAGS["meta"],
            "tdm_header",
            "tdm_meta",
        ):
            continue
        page = read_page(record, warc)
        said = record.block + (page.payload if isinstance(page, Page) else b"")
        field = b"tdm-reservation" if fate[1].startswith("tdm") else b"robots"
        if not (field in said.lower() and fate[2].encode() in said.lower()):
            yield f"{warc} {record.offset}: lost by {fate[1]}, but it does not say {fate[2]}"


def _each(
    rows: list[dict[str, str]],
    offsets: dict[tuple[str, str], list[int]],
    known: dict[tuple[str, int], Fate],
) -> list[str]:
    """Print what became of the HTML responses; return what is wrong, row by row."""
    ends: Counter[str] = Counter()
    wrong: list[str] = []
    for row in rows:
        found = offsets[row["warc"], row["url"]]
        name = f"{row['warc']} {row['url'][:80]}"
        if not found:
            wrong.append(f"{name}: no record")
        for offset in found:
            fate = known.get((row["warc"], offset))
            if fate is None:
                wrong.append(f"{name}: neither in a shard nor in the ledger")
            elif contradicted(row, fate):
                wrong.append(f"{name}: {fate[0]}:{fate[1]}, but {row['status']} in the index")
            if fate and row["content_type"].startswith("text/html"):
                ends["document" if fate[0] == "kept" else f"{fate[0]}:{fate[1]}"] += 1
    print(f"{sum(ends.values())} HTML responses: ", end="")
    print(", ".join(f"{where} {number}" for where, number in ends.most_common()))
    return wrong


def main() -> int:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("release", type=Path)
    parser.add_argument("index", type=Path)
    options = parser.parse_args()
    known = fates(options.release)
    with options.index.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in rows:  # the index writes blanks where the files write %20
        row["url"] = row["url"].replace(" ", "%20")
    listed = {(row["warc"], row["url"]) for row in rows}
    offsets: dict[tuple[str, str], list[int]] = defaultdict(list)
    wrong: list[str] = []
    seen: dict[str, list[tuple[int, str]]] = {"empty": [], "too_short": []}
    for warc, record in responses(options.index.parent):
        url = record.headers["warc-target-uri"]
        offsets[warc, url].append(record.offset)
        if (warc, url) not in listed:
            wrong.append(f"{warc} {url[:80]}: a response that is in no row")
        stage, rule, _ = known.get((warc, record.offset), ("", "", ""))
        if stage == "extract" and rule in seen:
            seen[rule].append((visible(record, warc), url))
    _planted(rows, offsets, known)
    wrong += _each(rows, offsets, known)
    wrong += _unfounded(_opted_out(rows, offsets, known), options.index.parent)
    for rule, pages in seen.items():
        long = sorted(((size, url) for size, url in pages if size >= VISIBLE), reverse=True)
        print(f"{len(pages)} {rule}, {len(long)} of them with {VISIBLE} visible characters or more")
        for size, url in long[:SHOWN]:
            print(f"  {size:7} {url[:100]}")
    wrong += faults(options.release)
    for one in wrong:
        print(one)
    print(f"{len(rows)} rows in the index, {len(known)} fates, {len(wrong)} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
