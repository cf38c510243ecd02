"""Files of documents: Parquet as a release has them."""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from florilegium.manifests.location import Location
from florilegium.manifests.schema import DOCUMENT_SCHEMA
from florilegium.manifests.tables import parquet

_REPEATING = [
    "host", "domain", "published", "lang", "lang_second", "license", "license_tier",
    "extractor", "charset", "charset_method", "warc",
]  # fmt: skip


class ColumnsError(ValueError):
    """A file whose columns are not those of a document."""


def writer(path: Path) -> pq.ParquetWriter:
    """Return a writer of documents as a release has them: zstd, page index, sorted by id."""
    return pq.ParquetWriter(
        path,
        DOCUMENT_SCHEMA,
        compression="zstd",
        compression_level=3,
        use_dictionary=_REPEATING,
        write_page_index=True,
        sorting_columns=[pq.SortingColumn(DOCUMENT_SCHEMA.get_field_index("id"))],
    )


def row_groups(tables: Iterable[pa.Table], most: int) -> Iterator[pa.Table]:
    """Yield the same rows in tables whose texts reach `most` bytes, the last one excepted."""
    waiting: list[pa.Table] = []
    before = group = 0
    for table in tables:
        ends = before + np.cumsum(table.column("text_bytes").to_numpy())
        groups = ends // most
        edges = [0, *(np.flatnonzero(np.diff(groups)) + 1).tolist(), table.num_rows]
        for start, stop in itertools.pairwise(edges):
            if waiting and groups[start] != group:
                yield pa.concat_tables(waiting).combine_chunks()
                waiting = []
            group = groups[start]
            waiting.append(table.slice(start, stop - start))
        before = int(ends[-1])
    if waiting:
        yield pa.concat_tables(waiting).combine_chunks()


def documents(place: Location) -> Iterator[pa.Table]:
    """Yield the rows of a file of documents, some at a time.

    ColumnsError if its columns are others, and what reading a file raises.
    """
    with parquet(place) as file:
        if not file.schema_arrow.equals(DOCUMENT_SCHEMA):
            raise ColumnsError("its columns are not those of a document")
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, use_threads=False)
