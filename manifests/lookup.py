"""Finding a document by its id: shards are ranges of ids, and their rows are sorted by id."""

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from florilegium.manifests.document import Document
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest, Shard
from florilegium.manifests.schema import from_table
from florilegium.manifests.tables import parquet


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


def identity(text: str) -> bytes:
    """Return the id that is written in hex. ValueError if none is."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 16:
        raise ValueError(f"{text!r} is no id: an id is 32 hexadecimal digits")
    return found


def find(release: Location, manifest: Manifest, wanted: bytes) -> Found | None:
    """Return the document with an id, or None. Of each language one shard at most is looked at."""
    for shard in _shards_for(manifest, wanted):
        with parquet(release / shard.path) as file:
            column = file.schema_arrow.get_field_index("id")
            before = 0
            for group in range(file.num_row_groups):
                about = file.metadata.row_group(group)
                known = about.column(column).statistics
                if known is None or not known.has_min_max or known.min <= wanted <= known.max:
                    ids = file.read_row_group(group, ["id"], use_threads=False).column("id")
                    place = bisect_left(ids.to_pylist(), wanted)
                    if place < len(ids) and ids[place].as_py() == wanted:
                        rows = file.read_row_group(group, use_threads=False)
                        return Found(rows.slice(place, 1), shard, before + place)
                before += about.num_rows
    return None


def _shards_for(manifest: Manifest, wanted: bytes) -> Iterator[Shard]:
    number = int.from_bytes(wanted)
    return (s for s in manifest.shards if number * s.of >> 128 == s.index)
