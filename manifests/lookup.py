"""Finding documents by id or address: shards are ranges of ids, and their rows are sorted by id."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from florilegium.manifests.document import Document
from florilegium.manifests.identity import range_of
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Shard
from florilegium.manifests.schema import from_table
from florilegium.manifests.tables import first_rows, parquet

_REQUESTS = 16
"""Shards in a store that are looked into at the same time."""


class Found(NamedTuple):
    """A document, the shard it is in, and its number among the rows of that."""

    table: pa.Table
    """The document as the one row of a table."""
    shard: Shard
    row: int

    @property
    def document(self) -> Document:
        """The document as a record."""
        return from_table(self.table, Document)[0]


def find(release: Location, shards: Iterable[Shard], wanted: bytes) -> Found | None:
    """Return the document with an id, or None. Of each language one shard at most is looked at.

    Largest shards come first; in a store, several are looked into at a time.
    """
    return next(_between(release, shards, wanted, wanted), None)


def find_address(release: Location, shards: Iterable[Shard], url: str) -> Iterator[Found]:
    """Yield every capture of an address, as `find` does; it must be written as it was captured."""
    return _between(release, shards, *range_of(url))


def _between(
    release: Location, shards: Iterable[Shard], low: bytes, high: bytes
) -> Iterator[Found]:
    """Yield the documents with ids from `low` to `high`, which lie in one bucket."""
    number = int.from_bytes(low)
    some = [shard for shard in shards if number * shard.of >> 128 == shard.index]
    some.sort(key=lambda shard: -shard.rows)
    if isinstance(release, Path):
        for shard in some:
            yield from _within(release, shard, low, high)
        return
    with ThreadPoolExecutor(_REQUESTS) as pool:
        for found in pool.map(lambda shard: list(_within(release, shard, low, high)), some):
            yield from found


def _within(release: Location, shard: Shard, low: bytes, high: bytes) -> Iterator[Found]:
    with parquet(release / shard.path) as file:
        before = 0
        for group in range(file.num_row_groups):
            if may_hold(file, group, low, high):
                ids = file.read_row_group(group, ["id"], use_threads=False).column("id").to_pylist()
                start, stop = bisect_left(ids, low), bisect_right(ids, high)
                if start < stop:
                    rows = first_rows(release / shard.path, file, group, stop)
                    for place in range(start, stop):
                        yield Found(rows.slice(place, 1), shard, before + place)
            before += file.metadata.row_group(group).num_rows


def may_hold(file: pq.ParquetFile, group: int, low: bytes, high: bytes) -> bool:
    """Say, by its statistics, whether a row group may hold ids from `low` to `high`."""
    column = file.schema_arrow.get_field_index("id")
    known = file.metadata.row_group(group).column(column).statistics
    if known is None or not known.has_min_max:
        return True
    return bool(known.min <= high and low <= known.max)
