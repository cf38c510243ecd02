"""Writes the texts of WARC files as harvest leaves them, unmasked, to measure personal data on.

    python bench/personal_texts.py --out FILE.parquet WARC...

A row a document: address, language and text. The file holds personal data: it is for measuring on
the spot, never for publishing.
"""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from msgspec.structs import replace

from florilegium.manifests.document import Document
from florilegium.pipelines import recipe
from florilegium.pipelines.harvest.stages import Tools, harvest_page
from florilegium.pipelines.harvest.warc import read
from florilegium.pipelines.pages.page import Page, read_page


def documents(warcs: Iterable[Path]) -> Iterator[Document]:
    """Yield the documents that harvest keeps of WARC files, personal data left as it is."""
    unmasked = replace(recipe.load("european"), personal="count")
    with Tools(unmasked) as tools:
        for warc in warcs:
            for item in read(warc):
                page = read_page(item, warc.name)
                found = harvest_page(page, tools) if isinstance(page, Page) else page
                if isinstance(found, Document):
                    yield found


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("warcs", nargs="+", type=Path)
    given = parser.parse_args()
    rows = [{"url": one.url, "lang": one.lang, "text": one.text} for one in documents(given.warcs)]
    given.out.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), given.out, compression="zstd")
    print(f"{len(rows):,} documents, {sum(len(row['text'].encode()) for row in rows) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
