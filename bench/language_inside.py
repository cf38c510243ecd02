"""Counts kept documents of which less than half is in the language they count for.

    python bench/language_inside.py RELEASE

RELEASE is the folder of a build. Paragraphs that are too short or too uncertain to have a
language of their own are left out on both sides, and so are languages easily mistaken for that of
the document: a document fails if more than half of the characters that have a language are in
others. A document of which nothing has a language of its own is counted apart. Prints a row for
each language, the worst first.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from florilegium.filters.language import Identifier
from florilegium.filters.paragraphs import paragraphs

GOAL = 0.03
_COLUMNS = ["lang", "text"]


def documents(release: Path) -> Iterator[tuple[str, str]]:
    """Yield language and text of all documents of a release."""
    for shard in sorted(release.glob("data/*/*.parquet")):
        for batch in pq.ParquetFile(shard).iter_batches(columns=_COLUMNS):
            for row in batch.to_pylist():
                yield row["lang"], row["text"]


def share_inside(text: str, lang: str, identifier: Identifier) -> float | None:
    """Return the share of characters in the language, 0 to 1, among those in any; None if none."""
    told = [one for one in paragraphs(text, identifier) if one.lang]
    whole = sum(len(one.text) for one in told)
    foreign = sum(len(one.text) for one in told if one.is_foreign(lang))
    return 1 - foreign / whole if whole else None


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("release", type=Path)
    release = parser.parse_args().release
    identifier = Identifier.packaged()
    kept: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    untold: Counter[str] = Counter()
    for lang, text in documents(release):
        share = share_inside(text, lang, identifier)
        kept[lang] += 1
        failed[lang] += share is not None and share < 0.5
        untold[lang] += share is None
    print("language   documents  less than half    share  nothing to tell by")
    for lang in sorted(kept, key=lambda lang: (-failed[lang] / kept[lang], lang)):
        share = failed[lang] / kept[lang]
        print(f"{lang:9} {kept[lang]:10,} {failed[lang]:15,} {share:8.1%} {untold[lang]:19,}")
    whole, missed = kept.total(), failed.total()
    print(f"{'all':9} {whole:10,} {missed:15,} {missed / max(1, whole):8.1%} {untold.total():19,}")
    above = [lang for lang in kept if failed[lang] > GOAL * kept[lang]]
    print(f"above {GOAL:.0%}: {', '.join(sorted(above)) or 'none'}")


if __name__ == "__main__":
    main()
