"""Finding documents by id or address: shards are ranges of ids, and their rows are sorted by id."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from florilegium.manifests.buckets import PATH, bucket
from florilegium.manifests.document import Document
from florilegium.manifests.identity import range_of
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Shard
from florilegium.manifests.schema import DOCUMENT_SCHEMA, from_table
from florilegium.manifests.tables import first_rows, parquet

_ID = DOCUMENT_SCHEMA.get_field_index("id")
_FEW = 8
"""Shards that are looked into without asking first which can hold something."""
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


Footers: TypeAlias = dict[str, pq.FileMetaData]
"""What is known of files that were looked into, by path."""


def find(
    release: Location, shards: Iterable[Shard], wanted: bytes, footers: Footers | None = None
) -> Found | None:
    """Return the document with an id, or None.

    Of each language one shard at most is looked at, the largest first, and none if the table of
    buckets says that there is nothing. In a store, several are looked into at a time. `footers`
    is for those who look up more than one: what is known of files is kept there.
    """
    return next(_between(release, shards, wanted, wanted, footers), None)


def find_address(
    release: Location, shards: Iterable[Shard], url: str, footers: Footers | None = None
) -> Iterator[Found]:
    """Yield every capture of an address, as `find` does; it must be written as it was captured."""
    return _between(release, shards, *range_of(url), footers)


def _between(
    release: Location, shards: Iterable[Shard], low: bytes, high: bytes, footers: Footers | None
) -> Iterator[Found]:
    """Yield the documents with ids from `low` to `high`, which lie in one bucket."""
    known: Footers = {} if footers is None else footers
    number = int.from_bytes(low)
    some = [shard for shard in shards if number * shard.of >> 128 == shard.index]
    if len(some) > _FEW:
        langs = _languages(release, bucket(low))
        some = [shard for shard in some if shard.lang in langs]
    some.sort(key=lambda shard: -shard.rows)
    if isinstance(release, Path):
        for shard in some:
            yield from _within(release, shard, low, high, known)
        return
    with ThreadPoolExecutor(_REQUESTS) as pool:
        for found in pool.map(lambda shard: list(_within(release, shard, low, high, known)), some):
            yield from found


def _languages(release: Location, number: int) -> set[str]:
    """Return the languages that have documents in a bucket."""
    with parquet(release / PATH) as file:
        rows = file.read(["lang", "bucket"], use_threads=False)
    return set(rows.filter(pc.equal(rows.column("bucket"), number)).column("lang").to_pylist())


def _within(
    release: Location, shard: Shard, low: bytes, high: bytes, known: Footers
) -> Iterator[Found]:
    with parquet(release / shard.path, metadata=known.get(shard.path)) as file:
        known[shard.path] = file.metadata
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
    column = file.metadata.row_group(group).column(_ID)
    known = column.statistics
    if column.path_in_schema != "id" or known is None or not known.has_min_max:
        return True
    return bool(known.min <= high and low <= known.max)
