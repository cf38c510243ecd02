"""Parquet files, read wherever they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from florilegium.manifests.location import Location


@contextmanager
def parquet(location: Location) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file; of one in a store, only what is asked for is read."""
    if isinstance(location, Path):
        with pq.ParquetFile(location) as file:
            yield file
        return
    with location.open("rb") as stream, pq.ParquetFile(stream, pre_buffer=True) as file:
        yield file


def batches(location: Location, columns: list[str] | None = None) -> Iterator[pa.Table]:
    """Yield a Parquet file row group by row group."""
    with parquet(location) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=columns, use_threads=False)
