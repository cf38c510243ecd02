"""Parquet files, read wherever they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from florilegium.manifests.location import Location

_LONG = "text"
"""The one column of which a few rows may be worth reading without the others."""
_BUFFER = 1 << 18


def described(name: str, kind: pa.DataType, about: str, nullable: bool = True) -> pa.Field:
    """Return a column that says what it means."""
    return pa.field(name, kind, nullable=nullable, metadata={"description": about})


@contextmanager
def parquet(
    location: Location, buffer: int = 0, metadata: pq.FileMetaData | None = None
) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file; of one in a store, only what is asked for is read.

    With a `buffer`, columns are read so many bytes at a time, as far as they are needed. With its
    `metadata`, these are not read again.
    """
    how = {"buffer_size": buffer, "pre_buffer": not buffer, "metadata": metadata}
    if isinstance(location, Path):
        with pq.ParquetFile(location, **how) as file:
            yield file
        return
    with location.open("rb") as stream, pq.ParquetFile(stream, **how) as file:
        yield file


def batches(location: Location, columns: list[str] | None = None) -> Iterator[pa.Table]:
    """Yield a Parquet file row group by row group."""
    with parquet(location) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=columns, use_threads=False)


def first_rows(
    location: Location,
    file: pq.ParquetFile,
    group: int,
    number: int,
    columns: list[str] | None = None,
) -> pa.Table:
    """Return the first rows of a row group; of long texts no more is read than these take.

    `file` is the file at `location`, as `parquet` opens it.
    """
    names = file.schema_arrow.names if columns is None else columns
    rows = file.metadata.row_group(group).num_rows
    if _LONG not in names or number * 2 > rows:
        return file.read_row_group(group, names, use_threads=False).slice(0, number)
    others = [name for name in names if name != _LONG]
    short = file.read_row_group(group, others, use_threads=False).slice(0, number)
    with parquet(location, _BUFFER, file.metadata) as again:
        some = again.iter_batches(number, [group], [_LONG], use_threads=False)
        texts = pa.Table.from_batches([next(some)])
    place = names.index(_LONG)
    return short.add_column(place, texts.schema.field(_LONG), texts.column(_LONG))
