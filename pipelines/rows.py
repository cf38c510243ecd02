"""Single rows of Parquet files, without reading more than their row group."""

import bisect
import itertools

import pyarrow.parquet as pq


def group_of(file: pq.ParquetFile, row: int) -> tuple[int, int]:
    """Return the row group that holds a row, and the number of its first row."""
    about = file.metadata
    sizes = (about.row_group(number).num_rows for number in range(about.num_row_groups))
    firsts = [0, *itertools.accumulate(sizes)]
    group = bisect.bisect_right(firsts, row) - 1
    return group, firsts[group]


def text_of(file: pq.ParquetFile, row: int) -> str:
    """Return the text of a document."""
    group, first = group_of(file, row)
    texts = file.read_row_group(group, columns=["text"], use_threads=False).column("text")
    text: str = texts[row - first].as_py()
    return text
