"""Shards: written slice by slice, so that no worker holds a shard."""

from collections.abc import Iterable, Iterator

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from florilegium.manifests import distributions
from florilegium.manifests.leaves import leaves
from florilegium.manifests.location import Location, replacing, sha256
from florilegium.manifests.manifest import Shard
from florilegium.manifests.merkle import Span, span
from florilegium.manifests.shard_files import row_groups, writer
from florilegium.pipelines.publishing.shard_plans import ShardPlan
from florilegium.pipelines.recipe import Shards
from florilegium.pipelines.verdicts.decide import LostRecordsError

_ROWS_READ_AT_A_TIME = 256


class PublishedShard(Struct, frozen=True, kw_only=True):
    """A shard that was written, and what it adds to the Merkle tree and to the distributions."""

    shard: Shard
    subtrees: list[tuple[int, bytes]]
    distribution: list[tuple[str, float, int, int]]
    """As `distributions.listed`."""


def write_slice(table: pa.Table, path: Location) -> None:
    """Write the rows of a slice, sorted by id, for `read_slice`."""
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with replacing(path) as draft, pa.ipc.new_file(draft, table.schema, options=options) as file:
        file.write_table(table, max_chunksize=_ROWS_READ_AT_A_TIME)


def read_slice(path: Location) -> Iterator[pa.Table]:
    """Yield the rows of a slice, some at a time."""
    with path.open("rb") as stream, pa.ipc.open_file(stream) as file:
        for number in range(file.num_record_batches):
            yield pa.Table.from_batches([file.get_batch(number)])


def write_shard(
    plan: ShardPlan, tables: Iterable[pa.Table], shards: Shards, release: Location, notes: Location
) -> PublishedShard:
    """Write one shard from its rows in the order of ids, and the note that it is finished.

    LostRecordsError if there are not as many as the plan says.
    """
    path = release / "data" / plan.label
    path.parent.mkdir(parents=True, exist_ok=True)
    tree = Span(plan.first_leaf)
    tokens = text_bytes = 0
    found: distributions.Distribution = {}
    with replacing(path) as draft:
        with writer(draft) as file:
            for rows in row_groups(tables, shards.row_group_bytes):
                file.write_table(rows, row_group_size=rows.num_rows)
                tree.extend(span(leaves(rows), tree.end))
                found = distributions.added([found, distributions.of_rows(rows)])
                tokens += pc.sum(rows.column("tokens")).as_py()
                text_bytes += pc.sum(rows.column("text_bytes")).as_py()
        if (rows_written := tree.end - plan.first_leaf) != plan.documents:
            raise LostRecordsError(
                f"{plan.label}: {plan.documents} documents expected, {rows_written} arrived"
            )
        digest, file_bytes = sha256(draft), draft.stat().st_size
    published = PublishedShard(
        shard=Shard(
            path=f"data/{plan.label}",
            lang=plan.lang,
            index=plan.index,
            of=plan.of,
            rows=plan.documents,
            first_leaf=plan.first_leaf,
            tokens=tokens,
            text_bytes=text_bytes,
            file_bytes=file_bytes,
            sha256=digest,
        ),
        subtrees=tree.subtrees,
        distribution=distributions.listed(found),
    )
    with replacing(note_path(notes, plan)) as draft:
        draft.write_bytes(msgspec.json.encode(published))
    return published


def note_path(notes: Location, plan: ShardPlan) -> Location:
    """Return where the note on a finished shard is."""
    return notes / f"{plan.label.replace('/', '-').removesuffix('.parquet')}.json"
