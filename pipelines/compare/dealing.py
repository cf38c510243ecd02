"""Rows dealt to files on this machine by ranges of ids, so that one range at a time is in memory.

What is joined by id need not be sorted then, nor fit into memory.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.feather as feather
from numpy.typing import NDArray

from florilegium.manifests.identity import LENGTH

_NUMBER = "range"
MOST_RANGES = 1 << 16
_OPEN_FILES = 256
_ROWS_AT_LEAST = 1 << 12
"""Rows that are written at a time, unless there are fewer."""


class Dealt:
    """Rows by the range in which an id of theirs lies."""

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self._folder, self._schema = folder, schema

    def of(self, number: int) -> pa.Table:
        """Return the rows of a range, in no order."""
        files = sorted((self._folder / str(number)).glob("*.feather"))
        tables = [feather.read_table(file, use_threads=False) for file in files]
        return pa.concat_tables([self._schema.empty_table(), *tables])


def deal(
    tables: Iterable[pa.Table], schema: pa.Schema, by: str, ranges: int, folder: Path
) -> Dealt:
    """Write rows to files below a folder, by the range of the ids in a column.

    There are so many equal ranges, a power of two, at most `MOST_RANGES`.
    """
    numbered = schema.append(pa.field(_NUMBER, pa.int32()))
    folder.mkdir(parents=True)
    ds.write_dataset(
        _numbered(tables, by, ranges),
        folder,
        format="feather",
        schema=numbered,
        partitioning=[_NUMBER],
        use_threads=False,
        max_partitions=ranges,
        max_open_files=_OPEN_FILES,
        min_rows_per_group=_ROWS_AT_LEAST,
        max_rows_per_group=max(1 << 20, _ROWS_AT_LEAST),
    )
    return Dealt(folder, schema)


def _numbered(tables: Iterable[pa.Table], by: str, ranges: int) -> Iterator[pa.RecordBatch]:
    for table in tables:
        numbers = pa.array(_range_of(table[by], ranges), pa.int32())
        yield from table.append_column(_NUMBER, numbers).to_batches()


def _range_of(ids: pa.ChunkedArray, ranges: int) -> NDArray[np.int32]:
    """Return the number of the range in which each id lies."""
    raw = np.frombuffer(b"".join(ids.to_pylist()), ">u2").reshape(-1, LENGTH // 2)
    return (raw[:, 0].astype(np.int32) * ranges) >> 16
