"""The tree of a release as a file: what each shard contributes to the Merkle tree.

With it the root can be computed, and a document proven, without the rows of other shards.
"""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from florilegium.manifests.location import Location
from florilegium.manifests.merkle import Node, Span
from florilegium.manifests.tables import described, parquet

PATH = "audit/tree.parquet"
"""Where in a release it is."""
SCHEMA = pa.schema(
    [
        described("start", pa.int64(), "number of the first leaf of the subtree", False),
        described("height", pa.int32(), "its height; it has 2 to this power leaves", False),
        described("sha256", pa.binary(32), "its hash", False),
    ]
)
"""A row for each subtree, from left to right."""


def nodes_of(spans: Iterable[Span]) -> list[Node]:
    """Return the subtrees of the spans of all shards, in their order."""
    return [node for span in spans for node in span.nodes()]


def write(nodes: Iterable[Node], path: Path) -> int:
    """Write the subtrees to a file and return how many there are."""
    rows = [dict(zip(SCHEMA.names, node, strict=True)) for node in nodes]
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), path, compression="zstd")
    return len(rows)


def read(release: Location) -> list[Node]:
    """Return the subtrees of a release. ValueError if the file has other columns."""
    with parquet(release / PATH) as file:
        if not file.schema_arrow.equals(SCHEMA):
            raise ValueError("its columns are not those of the tree")
        table = file.read(use_threads=False)
    columns = (table.column(name).to_pylist() for name in SCHEMA.names)
    return [Node(*row) for row in zip(*columns, strict=True)]
