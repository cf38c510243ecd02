"""Deduplicate: signatures of all parts to decisions. Only hashes move; texts are not read.

Rows are numbered by part, so the part is the partition of everything keyed by row, and what a
stage needs of a signature it reads from the part's own file. Elements are packed arrays: one per
partition and bundle, never one per document or band.

No key gathers what many pages have in common. Equal documents are collapsed where they are before
one is sent on, documents of a part that share a band are sent on as one, and a part asks once
after the fate of a document that others gave way to. So with 50,000 documents in a part a key has
about 100 MB, to which the most common text, band or kept document adds at most 100 bytes a part.
Two things have no such bound. Documents that are connected by shared bands are solved together:
384 bytes each in the shuffle, so that 1.4 million fill 512 MiB, and 1.8 kB in memory. And what is
left of these components when they have been shrunk comes together on one worker: see `connect`.
"""

from collections.abc import Iterator, Sequence
from math import nan
from typing import Literal, TypeAlias

import apache_beam as beam
import numpy as np
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.typehints.decorators import no_annotations
from numpy.typing import NDArray

from florilegium.dedup.bands import stars
from florilegium.dedup.components import connected, roots_of, rows_of, vertices_of
from florilegium.dedup.decisions import (
    DECISION,
    Reason,
    credits,
    halves,
    part_of,
    redirect,
    totals,
)
from florilegium.dedup.methods import METHODS
from florilegium.dedup.policy import Keep
from florilegium.dedup.solve import MEMBER, collapse, solve
from florilegium.manifests.location import Location, locate
from florilegium.pipelines.duplicates.addresses import same_addresses
from florilegium.pipelines.duplicates.entries import (
    View,
    fields,
    gone,
    read_entries,
    remaining,
)
from florilegium.pipelines.duplicates.settings import Duplicates
from florilegium.pipelines.duplicates.settle import settle
from florilegium.pipelines.engines.connect import connect, partition_of
from florilegium.pipelines.engines.listed import spread_parts
from florilegium.pipelines.engines.packed import (
    Group,
    Joined,
    Keyed,
    gather,
    gather_pairs,
    pieces,
    scatter,
)
from florilegium.pipelines.files import save_array

_WHO = np.dtype([("row", "<u8"), ("priority", "<u8"), ("id", "u1", (16,))])
_HEAD = np.dtype([*_WHO.descr, ("text", "<u8", (2,)), ("words", "<u4")])
_CLUSTERED = np.dtype([*_WHO.descr, ("root", "<u8")])
_POINT = np.dtype([("hash", "<u8"), ("vertex", "<u8")])

_Sent: TypeAlias = Iterator[Keyed | TaggedOutput[Literal["removed"], bytes]]

_PARTS_A_PARTITION = 32
"""Fewer would make smaller groups of more elements: a part sends some to every partition."""
_SOLVED_A_PARTITION = 8
"""Groups of components a partition, since a member is so much larger than a head or a point."""


def write_decisions(
    root: beam.Pipeline,
    parts: Sequence[tuple[int, str]],
    out: Location,
    settings: Duplicates,
    keep: Keep = "longest",
    published: Sequence[str] = (),
    judged: str = "",
) -> PCollection[str]:
    """Decide on every document of the parts, and write the decisions of each part to a file.

    A part is an ordinal below 2^32 and the path of its signatures: an array of what `stored_by`
    the method says, as saved by `numpy.save`, in the order of its documents.
    `out/<ordinal:06d>.npy` holds its DECISIONs sorted by row, those of documents that are removed
    or stand for others; all others are kept. Returns the paths of the files. The decisions on
    documents do not depend on how they lie in parts.

    `published` are files of indexes of earlier releases, an IndexFile as JSON each. Their ordinals
    follow those of the parts, and so do the files that are written: of the documents for which
    new ones gave way. One without a name has no document that could be compared.
    Published documents are better than all others and stay. Nothing is written
    on documents that were refused, in the folder `judged`.
    """
    out.mkdir(parents=True, exist_ok=True)
    end = max((ordinal for ordinal, _ in parts), default=-1) + 1
    view = View(METHODS[settings.method], keep, settings.scope, end, judged)
    together = [*parts, *((n, one) for n, one in enumerate(published, end) if one)]
    for number, one in enumerate(published, end):
        if not one:
            save_array(out / f"{number:06d}.npy", np.empty(0, DECISION))
    partitions = -(-len(together) // _PARTS_A_PARTITION) or 1
    files = spread_parts(root, together)
    removed = files | "Equal" >> _equal(partitions, view, settings.exact)
    if settings.addresses:
        here = (files, removed) | "SameAddress" >> same_addresses(
            partitions, view, settings.min_canonical_similarity
        )
        removed = (removed, here) | "EqualOrHere" >> beam.Flatten()
    if settings.near:
        similar = (files, removed) | "Similar" >> _similar(
            partitions, view, settings.min_similarity
        )
        removed = (removed, similar) | "EqualOrSimilar" >> beam.Flatten()
    # Published documents of the same words give way too, so that the best of them is named.
    settled = removed | "Settle" >> settle() | "New" >> beam.Filter(_is_below, end)
    by_part = {
        "path": files,
        "removed": settled,
        "credits": settled | "Credits" >> beam.FlatMap(_credits),
    }
    written: PCollection[str] = (
        by_part | "JoinDecisions" >> beam.CoGroupByKey() | "Write" >> beam.Map(_write, str(out))
    )
    return written


@beam.ptransform_fn
@no_annotations
def _equal(files: PCollection, partitions: int, view: View, exact: bool) -> PCollection:
    """Parts -> removals of all but the best of each capture, then of each text if `exact`."""
    parts = files | "InPart" >> beam.FlatMap(_heads, partitions, view).with_outputs(
        "removed", main="heads"
    )
    captures = (
        parts.heads
        | "GroupById" >> beam.GroupByKey()
        | "SameCapture"
        >> beam.FlatMap(_captures, partitions, view, exact).with_outputs("removed", main="heads")
    )
    removed = [parts.removed, captures.removed]
    if exact:
        removed.append(
            captures.heads
            | "GroupByText" >> beam.GroupByKey()
            | "SameText" >> beam.FlatMap(_same_text)
        )
    together: PCollection = removed | beam.Flatten()
    return together


@beam.ptransform_fn
@no_annotations
def _similar(
    inputs: tuple[PCollection, PCollection], partitions: int, view: View, min_similarity: float
) -> PCollection:
    """Parts, removals so far -> removals of similar documents among the others."""
    files, removed = inputs
    rows = removed | "Gone" >> beam.FlatMap(gone, view.first_published)
    labels = (
        {"path": files, "gone": rows}
        | "JoinGone" >> beam.CoGroupByKey()
        | "Points" >> beam.FlatMap(_points, partitions, view)
        | "GroupByBand" >> beam.GroupByKey()
        | "Stars" >> beam.FlatMap(_stars)
        | "Connect" >> connect(partitions)
        | "Labels" >> beam.FlatMap(_labels)
    )
    labelled = {"path": files, "gone": rows, "labels": labels} | "JoinLabels" >> beam.CoGroupByKey()
    if view.method.verifies:
        solved: PCollection = (
            labelled
            | "Members" >> beam.FlatMap(_members, partitions, view)
            | "GroupComponents" >> beam.GroupByKey()
            | "Solve" >> beam.FlatMap(_solve, min_similarity, view.first_published)
        )
        return solved
    in_parts = labelled | "InPartClusters" >> beam.FlatMap(
        _clusters, partitions, view
    ).with_outputs("removed", main="best")
    elsewhere = (
        in_parts.best
        | "GroupClusters" >> beam.GroupByKey()
        | "Cluster" >> beam.FlatMap(_cluster, view)
    )
    clustered: PCollection = (in_parts.removed, elsewhere) | "Clustered" >> beam.Flatten()
    return clustered


def _partition(digests: NDArray[np.void], partitions: int) -> NDArray[np.uint64]:
    return halves(digests)[1] % np.uint64(partitions)


def _removed(decisions: NDArray[np.void]) -> Iterator[TaggedOutput[Literal["removed"], bytes]]:
    for piece in pieces(decisions):
        yield TaggedOutput("removed", piece)


def _same_captures(
    entries: NDArray[np.void], view: View
) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
    """Collapse entries by capture; those that are published stay."""
    removed, stays = collapse(entries, "id", Reason.SAME_CAPTURE)
    return _new(removed, view), stays | (entries["row"] >= np.uint64(view.first_published))


def _new(removed: NDArray[np.void], view: View) -> NDArray[np.void]:
    """Return the removals of documents that are not published."""
    return removed[removed["row"] < np.uint64(view.first_published)]


def _heads(part: Keyed, partitions: int, view: View) -> _Sent:
    entries = read_entries(part[0], part[1].decode(), view)
    removed, stays = _same_captures(entries, view)
    yield from _removed(removed)
    heads = fields(entries[stays], _HEAD)
    yield from scatter(heads, _partition(heads["id"], partitions))


def _captures(group: Group, partitions: int, view: View, exact: bool) -> _Sent:
    """Texts without words are all alike to the fold, yet not known to be: they are not sent on."""
    heads = gather(group[1], _HEAD)
    removed, stays = _same_captures(heads, view)
    if exact:
        heads = heads[stays & (heads["words"] > 0)]
        copies, stays = collapse(heads, "text", Reason.EXACT_DUPLICATE)
        removed = np.concatenate([redirect(removed, copies), copies])
        heads = heads[stays]
        yield from scatter(heads, _partition(heads["text"], partitions))
    yield from _removed(removed)


def _same_text(group: Group) -> Iterator[bytes]:
    removed, _ = collapse(gather(group[1], _HEAD), "text", Reason.EXACT_DUPLICATE)
    yield from pieces(removed)


def _points(joined: Joined, partitions: int, view: View) -> Iterator[Keyed]:
    """Each component inside a part is one vertex, which lies in all the buckets of its members."""
    entries = remaining(joined, view)
    roots = connected(vertices_of(entries["row"]), entries["bands"])
    for band in range(view.method.bands):
        hashes, first = np.unique(entries["bands"][:, band], return_index=True)
        points = np.empty(len(hashes), _POINT)
        points["hash"], points["vertex"] = hashes, roots[first]
        yield from scatter(points, hashes % np.uint64(partitions) + np.uint64(band * partitions))


def _stars(group: Group) -> Iterator[bytes]:
    points = gather(group[1], _POINT)
    yield from pieces(stars(points["hash"], points["vertex"]))


def _labels(packed: bytes) -> Iterator[Keyed]:
    """(vertex, root) of all vertices but roots -> those of roots too, by part."""
    labels = gather_pairs([packed])
    roots = np.unique(labels[:, 1])
    labels = np.concatenate([labels, np.stack([roots, roots], axis=1)])
    yield from scatter(labels, part_of(rows_of(labels[:, 0])))


def _linked(joined: Joined, view: View) -> tuple[NDArray[np.void], NDArray[np.uint64]]:
    """Return the documents of a part that share a band with another, and their roots."""
    entries = remaining(joined, view)
    labels = gather_pairs(joined[1]["labels"])
    here = connected(vertices_of(entries["row"]), entries["bands"])
    _, place, sizes = np.unique(here, return_inverse=True, return_counts=True)
    linked = (sizes[place] > 1) | np.isin(here, labels[:, 0])
    return entries[linked], roots_of(here[linked], labels)


def _members(joined: Joined, partitions: int, view: View) -> Iterator[Keyed]:
    """Part and labels -> the documents that share a band with another, components together."""
    entries, roots = _linked(joined, view)
    members = fields(entries, MEMBER)
    yield from scatter(members, partition_of(roots, partitions * _SOLVED_A_PARTITION))


def _solve(group: Group, min_similarity: float, published: int) -> Iterator[bytes]:
    yield from pieces(solve(gather(group[1], MEMBER), min_similarity, published))


def _is_below(group: Keyed, end: int) -> bool:
    return group[0] < end


def _clusters(joined: Joined, partitions: int, view: View) -> _Sent:
    """Part and labels -> removals of all but the best here of each component, and these."""
    entries, roots = _linked(joined, view)
    members = np.empty(len(entries), _CLUSTERED)
    for field in _WHO.names or ():
        members[field] = entries[field]
    members["root"] = roots
    removed, stays = collapse(members, "root", Reason.NEAR_DUPLICATE, nan)
    yield from _removed(_new(removed, view))
    yield from scatter(members[stays], partition_of(roots[stays], partitions))


def _cluster(group: Group, view: View) -> Iterator[bytes]:
    members = gather(group[1], _CLUSTERED)
    removed, _ = collapse(members, "root", Reason.NEAR_DUPLICATE, nan)
    yield from pieces(_new(removed, view))


def _credits(group: Keyed) -> Iterator[Keyed]:
    counted = credits(gather([group[1]], DECISION))
    yield from scatter(counted, part_of(counted["row"]))


def _write(joined: Joined, out: str) -> str:
    ordinal, inputs = joined
    removed, counted = (gather(inputs[name], DECISION) for name in ("removed", "credits"))
    decisions = np.concatenate([removed, totals(counted)])
    place = locate(out) / f"{ordinal:06d}.npy"
    save_array(place, decisions[np.argsort(decisions["row"])])
    return str(place)
