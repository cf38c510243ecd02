"""The further files of a release after an erasure, and what its manifest says in sum."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from msgspec import Struct
from numpy.typing import NDArray

from florilegium.filters.optouts.origin import host_of
from florilegium.manifests import (
    buckets,
    carried,
    copies,
    distributions,
    domains,
    erasures,
    loss_example,
    mixture,
    tree,
)
from florilegium.manifests.buckets import Bucket, bucket, sum_of
from florilegium.manifests.document import Document
from florilegium.manifests.entries import entry
from florilegium.manifests.location import Location, replacing
from florilegium.manifests.manifest import Manifest, Table
from florilegium.manifests.merkle import Span
from florilegium.manifests.tables import parquet
from florilegium.pipelines.erasure.blocked import Blocked
from florilegium.pipelines.erasure.rows import INDEX, Gone
from florilegium.pipelines.erasure.shards import linked
from florilegium.pipelines.files import load_array

LICENCES, RIGHTS, REASONS = "audit/licences/", "audit/rights/", "audit/reasons/"
_MADE_ANEW = (buckets.PATH, tree.PATH, erasures.PATH, distributions.PATH)


class Change(Struct, frozen=True):
    """All that an erasure changes in the tables of a release."""

    gone: list[Gone]
    masked: set[bytes]
    """Ids of lines of the ledger that are of something erased, or promoted, now."""
    added: list[Document]
    indexed: dict[str, NDArray[np.void]]
    """Rows for the index of documents that are added, by input."""
    succeeded: set[bytes] = set()
    """Ids of lines of the ledger that give way to an heir now."""
    unfollowed: Mapping[bytes, int] = {}
    """How many fewer lines of the ledger give way to documents, by their ids."""


def tables(
    parent: Location, release: Location, manifest: Manifest, change: Change, blocked: Blocked
) -> tuple[list[Table], list[str]]:
    """Make the further files of a release; return them, and the names of those left out.

    Left out is what nobody here knows to be free of what is erased.
    """
    made, left_out = [], []
    ids = {one.id for one in change.gone}
    for table in manifest.tables:
        path = table.path
        if path in _MADE_ANEW:
            continue
        if path.startswith(f"{domains.FOLDER}/"):
            continue
        if path.startswith(INDEX):
            made.append(_index(parent, release, manifest, table, ids, change.indexed))
        elif (keep := _keeper(path, ids, change, blocked)) is not None:
            made.append(_filtered(parent, release, table, keep))
        else:
            left_out.append(path)
    return made, left_out


_Keep = Callable[[pa.Table], pa.Table]


def _keeper(path: str, ids: set[bytes], change: Change, blocked: Blocked) -> _Keep | None:
    """Return what makes of the rows of a file those that may stay; None for an unknown file."""
    no_more = ids | change.masked
    if path == mixture.PATH:
        return lambda rows: rows
    if path == loss_example.PATH:
        return lambda rows: _without(rows, "id", lambda one: one in no_more)
    if path.startswith(REASONS):
        return lambda rows: _not_compared(
            _without(rows, "id", lambda one: one in no_more), change.succeeded
        )
    if path.startswith(RIGHTS):
        return lambda rows: _without(
            rows, "origin", lambda one: blocked.by_host(host_of(one)) is not None
        )
    if path.startswith(LICENCES):
        return lambda rows: _without(rows, "host", lambda one: blocked.by_host(one) is not None)
    if path == carried.PATH:
        return lambda rows: _without(rows, "id", lambda one: blocked.by_id(one) is not None)
    if path.startswith(f"{copies.FOLDER}/"):
        return lambda rows: _with_masks(_fewer(rows, change.unfollowed), blocked)
    return None


def _without(rows: pa.Table, column: str, goes: Callable[[Any], bool]) -> pa.Table:
    stays = [not goes(one) for one in rows.column(column).to_pylist()]
    return rows if all(stays) else rows.filter(pa.array(stays))


def _not_compared(rows: pa.Table, succeeded: Collection[bytes]) -> pa.Table:
    """Return reasons in which documents that give way to an heir have no measure of it."""
    columns = (rows.column(name).to_pylist() for name in ("id", "stage", "decides"))
    silent = [
        decides and stage == "duplicates" and identity in succeeded
        for identity, stage, decides in zip(*columns, strict=True)
    ]
    if not any(silent):
        return rows
    for name in ("value", "limit"):
        place = rows.schema.get_field_index(name)
        kept = pc.if_else(pa.array(silent), None, rows.column(name))
        rows = rows.set_column(place, rows.schema.field(name), kept)
    return rows


def _fewer(rows: pa.Table, unfollowed: Mapping[bytes, int]) -> pa.Table:
    """Return rows on documents of earlier releases, less what gives way to them no more."""
    ids, numbers = (rows.column(name).to_pylist() for name in ("id", "copies"))
    left = [n - unfollowed.get(one, 0) for one, n in zip(ids, numbers, strict=True)]
    if left == numbers:
        return rows
    place = rows.schema.get_field_index("copies")
    field = rows.schema.field(place)
    rows = rows.set_column(place, field, pa.array(left, field.type))
    return rows.filter(pa.array([number > 0 for number in left]))


def _with_masks(rows: pa.Table, blocked: Blocked) -> pa.Table:
    """Return rows on documents of earlier releases, without the ids of those that are erased."""
    ids = rows.column("id").to_pylist()
    masked = [blocked.masked(one) if blocked.by_id(one) else one for one in ids]
    if masked == ids:
        return rows
    field = rows.schema.field("id")
    return rows.set_column(0, field, pa.array(masked, field.type)).sort_by("id")


def _filtered(parent: Location, release: Location, table: Table, keep: _Keep) -> Table:
    with parquet(parent / table.path) as file:
        before = file.read(use_threads=False)
        after = keep(before)
    if after is before:
        linked(parent / table.path, release / table.path)
        return table
    place = release / table.path
    place.parent.mkdir(parents=True, exist_ok=True)
    with replacing(place) as draft:
        pq.write_table(after, draft, compression="zstd", compression_level=3)
        return entry(table.path, after.num_rows, draft)


def _index(
    parent: Location,
    release: Location,
    manifest: Manifest,
    table: Table,
    ids: Collection[bytes],
    indexed: Mapping[str, NDArray[np.void]],
) -> Table:
    rows = load_array(parent / table.path)
    stays = np.array([one.tobytes() not in ids for one in rows["id"]], np.bool_)
    ordinal = int(table.path.rpartition("/")[2].removesuffix(".npy"))
    more = indexed.get(manifest.inputs[ordinal].name)
    if stays.all() and more is None:
        linked(parent / table.path, release / table.path)
        return table
    after = np.concatenate([rows[stays], *([] if more is None else [more.astype(rows.dtype)])])
    place = release / table.path
    place.parent.mkdir(parents=True, exist_ok=True)
    with replacing(place) as draft:
        with draft.open("wb") as stream:
            np.save(stream, after, allow_pickle=False)
        return entry(table.path, len(after), draft)


def made_anew(
    parent: Location, release: Location, change: Change, spans: Sequence[Span], log: bytes
) -> list[Table]:
    """Write buckets, tree and log of a release."""
    held = buckets.read(parent)
    for one in change.gone:
        _add(held, one.lang, one.id, Bucket(-1, -one.tokens, -one.chars, -one.text_bytes))
    for new in change.added:
        _add(held, new.lang, new.id, Bucket(1, new.tokens, new.chars, new.text_bytes))
    kept = {
        lang: {number: one for number, one in some.items() if one.documents}
        for lang, some in held.items()
    }
    made = []
    (release / "audit").mkdir(parents=True, exist_ok=True)
    with replacing(release / buckets.PATH) as draft:
        made.append(entry(buckets.PATH, buckets.write(kept, draft), draft))
    with replacing(release / tree.PATH) as draft:
        made.append(entry(tree.PATH, tree.write(tree.nodes_of(spans), draft), draft))
    with replacing(release / erasures.PATH) as draft:
        draft.write_bytes(log)
        made.append(entry(erasures.PATH, log.count(b"\n"), draft))
    return made


def _add(held: dict[str, dict[int, Bucket]], lang: str, identity: bytes, more: Bucket) -> None:
    mine, number = held.setdefault(lang, {}), bucket(identity)
    mine[number] = sum_of([mine.get(number, Bucket()), more])
