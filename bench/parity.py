"""Holds our verdicts against datatrove's, on the same texts with the same words and limits.

    python bench/parity.py FILE...               pages of bench/quality_pages.py, clean and dirty
    python bench/parity.py --golden              writes tests/golden/datatrove.json anew

Needs the peer in build/peer (`make bench-peer`). Texts are as a build measures them, normalised.
Exits 1 if one verdict differs, be it in its reason alone.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from florilegium.filters.catalogue import PROFILES
from florilegium.filters.limits import limits
from florilegium.filters.measures import counts, customs, measure
from florilegium.filters.normalise import normalise
from florilegium.filters.segment import profile, words_in
from florilegium.manifests.counts import Counts
from florilegium.manifests.document import Facts

ROOT = Path(__file__).parents[1]
PEER = ROOT / "build" / "peer" / "bin" / "python"
ORACLE = Path(__file__).with_name("datatrove_verdicts.py")
GOLDEN = ROOT / "tests" / "golden" / "datatrove.json"
TEXTS = ROOT / "tests" / "data" / "datatrove.toml"
_CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")

Verdicts = dict[str, str | None]


class Text(NamedTuple):
    """A normalised text and its language."""

    text: str
    lang: str


def request(one: Text) -> str:
    """Return what the oracle needs to know of a text, as JSON."""
    lines = (_CITATION.sub("", line.strip()) for line in one.text.splitlines())
    distinct = list(dict.fromkeys(lines))
    rows = measure(distinct)
    sentences = Counts.__struct_fields__.index("sentences")
    return json.dumps(
        {
            "text": one.text,
            "words": words_in(one.text, profile(one.lang)),
            "sentences": {
                line: int(row[sentences]) for line, row in zip(distinct, rows, strict=True)
            },
            "stop_words": limits(one.lang).stop_words,
        }
    )


def theirs(texts: Sequence[Text]) -> list[Verdicts]:
    """Return datatrove's verdicts."""
    told = subprocess.run(
        [PEER, ORACLE], input="\n".join(map(request, texts)), capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip
    return [json.loads(line) for line in told.splitlines()]


def ours(texts: Sequence[Text]) -> list[Verdicts]:
    """Return the verdicts of the profile `datatrove`."""
    rows = measure([one.text for one in texts], [customs(one.lang) for one in texts])
    return [verdicts(counts(row)) for row in rows]


def verdicts(counted: Counts) -> Verdicts:
    """Return the reason of each filter of the profile, None to keep."""
    known = dict.fromkeys(Facts.__struct_fields__) | {"counts": counted}
    facts = Facts(**known)  # type: ignore[arg-type]
    found = {}
    for keep in PROFILES["datatrove"]:
        failed = keep(facts)
        found[str(keep.__struct_config__.tag)] = failed.rule if failed else None
    return found


def read(files: Iterable[Path]) -> list[Text]:
    """Return the clean and the dirty texts of pages."""
    pages = [json.loads(line) for path in files for line in path.open(encoding="utf-8")]
    return [
        Text(text, page["lang"])
        for page in pages
        for text in (page["clean"], page["dirty"])
        if text
    ]


def show(texts: Sequence[Text], mine: Sequence[Verdicts], peer: Sequence[Verdicts]) -> int:
    """Print how verdicts agree, and return how many differ."""
    languages = Counter(one.lang for one in texts)
    many = sum(number >= 20 for number in languages.values())
    print(f"{len(texts)} texts in {len(languages)} languages, {many} of them with 20 or more")
    differing = 0
    for name in mine[0]:
        reasons: defaultdict[str, int] = defaultdict(int)
        for one, two in zip(mine, peer, strict=True):
            reasons[two[name] or "kept"] += 1
            if one[name] != two[name]:
                differing += 1
                print(f"  {name}: {one[name]} here, {two[name]} there")
        told = ", ".join(f"{reason} {times}" for reason, times in sorted(reasons.items()))
        print(f"{name}: {told}")
    print(f"{differing} verdicts differ")
    return differing


def golden() -> None:
    """Write datatrove's verdicts on texts of our own."""
    written = tomllib.loads(TEXTS.read_text(encoding="utf-8"))
    texts = [Text(normalise(text), "eng_Latn") for text in written.values()]
    found = dict(zip(written, theirs(texts), strict=True))
    GOLDEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Compare verdicts, or write the golden ones."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--golden", action="store_true")
    parser.add_argument("files", nargs="*", type=Path)
    given = parser.parse_args()
    if given.golden:
        golden()
        return
    texts = read(given.files)
    sys.exit(bool(show(texts, ours(texts), theirs(texts))))


if __name__ == "__main__":
    main()
