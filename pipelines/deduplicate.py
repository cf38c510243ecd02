"""Deduplicate: signatures of all parts to decisions. Only hashes move; texts are not read.

Rows are numbered by part, so the part is the partition of everything keyed by row, and what a
stage needs of a signature it reads from the part's own file. Elements are packed arrays: one per
partition and bundle, never one per document or band.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import apache_beam as beam
import numpy as np
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.typehints.decorators import no_annotations
from msgspec import Meta, Struct
from numpy.typing import NDArray

from florilegium.dedup.bands import BANDS, neighbours
from florilegium.dedup.components import forest
from florilegium.dedup.decisions import DECISION, ENTRY, STORED, Reason, credits, halves, redirect
from florilegium.dedup.solve import collapse, solve
from florilegium.manifests.location import Location, locate
from florilegium.pipelines.files import load_array, save_array

_HEAD = np.dtype([(name, ENTRY[name]) for name in ("row", "priority", "id", "text", "words")])
_POINT = np.dtype([("hash", "<u8"), ("row", "<u8")])
_Packed: TypeAlias = tuple[int, bytes]
_Group: TypeAlias = tuple[int, Iterable[bytes]]
_Joined: TypeAlias = tuple[int, dict[str, Iterable[Any]]]

_PARTS_A_PARTITION = 32
"""At 50,000 documents a part, a partition is below 100 MB in every stage."""


class Duplicates(Struct, frozen=True, forbid_unknown_fields=True):
    """Which copies are removed. The same capture found twice always is."""

    exact: Annotated[bool, Meta(description="remove documents with the same words")] = True
    near: Annotated[bool, Meta(description="remove documents with nearly the same words")] = True
    min_similarity: Annotated[
        float,
        Meta(ge=0.5, le=1, description="Jaccard similarity of word 5-grams that makes a copy"),
    ] = 0.75


def write_decisions(
    root: beam.Pipeline, parts: Sequence[tuple[int, str]], out: Location, settings: Duplicates
) -> PCollection[str]:
    """Decide on every document of the parts, and write the decisions of each part to a file.

    A part is an ordinal below 2^32 and the path of its signatures: an array of STORED as saved by
    `numpy.save`, in the order of its documents. `out/<ordinal:06d>.npy` holds its DECISIONs sorted
    by row, those of documents that are removed or stand for others; all others are kept. Returns
    the paths of the files. The decisions on documents do not depend on how they lie in parts.
    """
    out.mkdir(parents=True, exist_ok=True)
    partitions = -(-len(parts) // _PARTS_A_PARTITION) or 1
    files = root | "Parts" >> beam.Create(sorted(parts))
    captures, removed = files | "SameCaptures" >> _same_captures(partitions)
    if settings.exact:
        exact = captures | "ExactDuplicates" >> _exact_duplicates(partitions)
        removed = (removed, exact) | "GiveWayToExact" >> _give_way()
    if settings.near:
        near = (files, removed) | "NearDuplicates" >> _near_duplicates(partitions, settings)
        removed = (removed, near) | "GiveWayToNear" >> _give_way()
    by_part = {
        "path": files,
        "removed": removed | "ByRow" >> beam.FlatMap(_route, "row"),
        "copies": removed | "ByKeptRow" >> beam.FlatMap(_route, "kept_row"),
    }
    written: PCollection[str] = (
        by_part | "JoinDecisions" >> beam.CoGroupByKey() | "Write" >> beam.Map(_write, str(out))
    )
    return written


def read_entries(ordinal: int, path: str) -> NDArray[np.void]:
    """Return the signatures of a part as ENTRYs. Raises ValueError if the file holds others."""
    stored = load_array(locate(path))
    if stored.dtype != STORED:
        raise ValueError(f"{path}: rows of {stored.dtype}, expected {STORED}")
    entries = np.empty(len(stored), ENTRY)
    entries["row"] = np.arange(len(stored), dtype=np.uint64) + np.uint64(ordinal << 32)
    for field in STORED.names or ():
        entries[field] = stored[field]
    return entries


def _scatter(records: NDArray[Any], keys: NDArray[np.integer]) -> Iterator[_Packed]:
    """Yield each key and its records, packed: Beam cannot carry an integer of 2^63 or more."""
    if len(records) == 0:
        return
    order = np.argsort(keys, kind="stable")
    distinct, starts = np.unique(keys[order], return_index=True)
    for key, piece in zip(distinct, np.split(records[order], starts[1:]), strict=True):
        yield int(key), piece.tobytes()


def _gather(values: Iterable[bytes], dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.frombuffer(b"".join(values), dtype)


def _pairs(values: Iterable[bytes]) -> NDArray[np.uint64]:
    return _gather(values, np.dtype(np.uint64)).reshape(-1, 2)


def _part(rows: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return rows >> np.uint64(32)


@beam.ptransform_fn
@no_annotations
def _same_captures(files: PCollection, partitions: int) -> tuple[PCollection, PCollection]:
    """Parts -> heads of distinct captures, removals of the others."""
    collapsed = (
        files
        | "Heads" >> beam.FlatMap(_heads, partitions)
        | "GroupById" >> beam.GroupByKey()
        | "Collapse"
        >> beam.FlatMap(_collapsed, "id", Reason.SAME_CAPTURE).with_outputs("removed", main="stay")
    )
    return collapsed.stay, collapsed.removed


@beam.ptransform_fn
@no_annotations
def _exact_duplicates(heads: PCollection, partitions: int) -> PCollection:
    """Heads -> removals of all but the best document of the same words."""
    collapsed = (
        heads
        | "ByText" >> beam.FlatMap(_by_text, partitions)
        | "GroupByText" >> beam.GroupByKey()
        | "Collapse"
        >> beam.FlatMap(_collapsed, "text", Reason.EXACT_DUPLICATE).with_outputs(
            "removed", main="stay"
        )
    )
    removed: PCollection = collapsed.removed
    return removed


@beam.ptransform_fn
@no_annotations
def _near_duplicates(
    inputs: tuple[PCollection, PCollection], partitions: int, settings: Duplicates
) -> PCollection:
    """Parts, removals so far -> removals of similar documents among the others."""
    files, removed = inputs
    gone = removed | "ByRow" >> beam.FlatMap(_route, "row")
    labels = (
        {"path": files, "removed": gone}
        | "JoinRemoved" >> beam.CoGroupByKey()
        | "Bands" >> beam.FlatMap(_bands, partitions)
        | "GroupBands" >> beam.GroupByKey()
        | "Neighbours" >> beam.Map(_neighbours)
        | "Forest" >> beam.CombineGlobally(_forest).without_defaults()
        | "Labels" >> beam.FlatMap(_labels)
    )
    similar: PCollection = (
        {"path": files, "labels": labels}
        | "JoinLabels" >> beam.CoGroupByKey()
        | "Members" >> beam.FlatMap(_members, partitions)
        | "GroupComponents" >> beam.GroupByKey()
        | "Solve" >> beam.Map(_solve, settings.min_similarity)
    )
    return similar


@beam.ptransform_fn
@no_annotations
def _give_way(inputs: tuple[PCollection, PCollection]) -> PCollection:
    """Two stages of removals -> both, the first led on to where the second leads."""
    earlier, later = inputs
    by_kept = {
        "earlier": earlier | "ByKeptRow" >> beam.FlatMap(_route, "kept_row"),
        "later": later | "ByRow" >> beam.FlatMap(_route, "row"),
    }
    led_on = by_kept | "JoinLater" >> beam.CoGroupByKey() | "Redirect" >> beam.Map(_redirect)
    both: PCollection = (led_on, later) | beam.Flatten()
    return both


def _heads(part: tuple[int, str], partitions: int) -> Iterator[_Packed]:
    entries = read_entries(*part)
    heads = np.empty(len(entries), _HEAD)
    for field in _HEAD.names or ():
        heads[field] = entries[field]
    _, low = halves(heads["id"])
    yield from _scatter(heads, low % np.uint64(partitions))


def _collapsed(
    group: _Group, key: Literal["id", "text"], reason: Reason
) -> Iterator[bytes | TaggedOutput[Literal["removed"], bytes]]:
    heads = _gather(group[1], _HEAD)
    removed, stays = collapse(heads, key, reason)
    yield heads[stays].tobytes()
    yield TaggedOutput("removed", removed.tobytes())


def _by_text(packed: bytes, partitions: int) -> Iterator[_Packed]:
    """Texts without words are all alike to the fold, yet not known to be: they stay out."""
    heads = _gather([packed], _HEAD)
    heads = heads[heads["words"] > 0]
    _, low = halves(heads["text"])
    yield from _scatter(heads, low % np.uint64(partitions))


def _route(packed: bytes, field: Literal["row", "kept_row"]) -> Iterator[_Packed]:
    """Key decisions by the part of a row that they name."""
    decisions = _gather([packed], DECISION)
    yield from _scatter(decisions, _part(decisions[field]))


def _redirect(joined: _Joined) -> bytes:
    earlier, later = (_gather(joined[1][name], DECISION) for name in ("earlier", "later"))
    return redirect(earlier, later).tobytes()


def _bands(joined: _Joined, partitions: int) -> Iterator[_Packed]:
    ordinal, inputs = joined
    (path,) = inputs["path"]
    entries = read_entries(ordinal, path)
    removed = _gather(inputs["removed"], DECISION)["row"]
    entries = entries[(entries["words"] > 0) & ~np.isin(entries["row"], removed)]
    points = np.empty(len(entries), _POINT)
    points["row"] = entries["row"]
    for band in range(BANDS):
        points["hash"] = entries["bands"][:, band]
        partition = points["hash"] % np.uint64(partitions)
        yield from _scatter(points, partition + np.uint64(band * partitions))


def _neighbours(group: _Group) -> bytes:
    points = _gather(group[1], _POINT)
    return neighbours(points["hash"], points["row"]).tobytes()


def _forest(pairs: Iterable[bytes]) -> bytes:
    """Reduce packed pairs or forests of them, in any grouping and order: Beam combines with it."""
    return forest(_pairs(pairs)).tobytes()


def _labels(packed: bytes) -> Iterator[_Packed]:
    """Forest -> (row, root) of every vertex, roots included, by part."""
    labels = _pairs([packed])
    roots = np.unique(labels[:, 1])
    labels = np.concatenate([labels, np.stack([roots, roots], axis=1)])
    yield from _scatter(labels, _part(labels[:, 0]))


def _members(joined: _Joined, partitions: int) -> Iterator[_Packed]:
    """Part and labels -> the entries that have a candidate, whole components together."""
    ordinal, inputs = joined
    (path,) = inputs["path"]
    labels = _pairs(inputs["labels"])
    if len(labels):
        members = read_entries(ordinal, path)[labels[:, 0] & np.uint64(0xFFFFFFFF)]
        yield from _scatter(members, labels[:, 1] % np.uint64(partitions))


def _solve(group: _Group, min_similarity: float) -> bytes:
    return solve(_gather(group[1], ENTRY), min_similarity).tobytes()


def _write(joined: _Joined, out: str) -> str:
    ordinal, inputs = joined
    removed, copies = (_gather(inputs[name], DECISION) for name in ("removed", "copies"))
    decisions = np.concatenate([removed, credits(copies)])
    place = locate(out) / f"{ordinal:06d}.npy"
    save_array(place, decisions[np.argsort(decisions["row"])])
    return str(place)
