"""Two releases of the same input, joined by the ids of documents.

Shards are sorted by id, so a range of ids is read of each; ledgers are not, so they are dealt to
files by range first. A copy is looked up in the range of the document it gave way to, after all
else.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from florilegium.manifests import differences
from florilegium.manifests.funnel import STAGES
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.schema import DOCUMENT_SCHEMA, LOSS_SCHEMA
from florilegium.manifests.scratch import scratch
from florilegium.manifests.tables import batches
from florilegium.pipelines.compare.dealing import MOST_RANGES, Dealt, deal
from florilegium.pipelines.compare.tally import Tally

OTHER_LANGUAGE = "other_language"
"""Stands for a rule where nothing was lost but both disagree on the language."""
_READ = ["id", "lang", "tokens", "chars"]
_REASON = ["stage", "rule", "value", "limit", "detail", "dup_of"]


def _nullable(schema: pa.Schema, *names: str) -> list[pa.Field]:
    return [pa.field(name, schema.field(name).type) for name in names]


_LOSSES = pa.schema(_nullable(LOSS_SCHEMA, "id", *_REASON))
_UNRESOLVED = pa.schema(
    [
        *_nullable(DOCUMENT_SCHEMA, "id", "lang", "tokens"),
        *_nullable(LOSS_SCHEMA, *_REASON),
        pa.field("side", pa.int8()),
    ]
)
_NO_REASON = {"stage": "", "rule": ""}


class Joined(NamedTuple):
    """What each of two releases keeps, and how many texts that both keep differ in length."""

    sides: tuple[Tally, Tally]
    lengths_differ: int


def join(one: tuple[Location, Manifest], other: tuple[Location, Manifest], examples: int) -> Joined:
    """Return what became of each document of two releases in the other one.

    Of each rule so many documents are picked. OSError if a file cannot be read or written,
    ValueError if one is damaged.
    """
    rows = sum(m.documents + sum(t.rows for t in m.ledger) for _, m in (one, other))
    ranges = differences.ranges_of_ids(rows)
    if len(ranges) > MOST_RANGES:
        raise ValueError(f"{rows:,} documents and losses are too many to be joined here")
    with scratch() as folder:
        joining = _Joining(one, other, ranges, folder, examples)
        unresolved = deal(joining.first(), _UNRESOLVED, "dup_of", len(ranges), folder / "copies")
        joining.resolve(unresolved)
        return Joined(joining.sides, joining.lengths_differ)


class _Joining:
    def __init__(
        self,
        one: tuple[Location, Manifest],
        other: tuple[Location, Manifest],
        ranges: list[tuple[int, int]],
        folder: Path,
        examples: int,
    ) -> None:
        pair = one, other
        self.sides = Tally(examples), Tally(examples)
        self.lengths_differ = 0
        self._ranges = ranges
        self._documents = [differences.Side(*release) for release in pair]
        self._ledgers = [
            deal(_losses(*release), _LOSSES, "id", len(ranges), folder / f"losses-{number}")
            for number, release in enumerate(pair)
        ]

    def first(self) -> Iterator[pa.Table]:
        """Count all documents but copies of others; yield the copies that one of two lost."""
        for number, (low, high) in enumerate(self._ranges):
            tables = [side.rows(_READ, low, high) for side in self._documents]
            for side in (0, 1):
                yield self._compare(side, number, tables[side], tables[1 - side])

    def _compare(self, side: int, number: int, mine: pa.Table, theirs: pa.Table) -> pa.Table:
        places = pc.index_in(mine["id"], value_set=theirs["id"].combine_chunks())
        there = theirs.take(places)
        alike = pc.fill_null(pc.equal(mine["lang"], there["lang"]), False)
        tally = self.sides[side]
        tally.count("both", mine.filter(alike))
        if side == 0:
            differ = pc.and_(
                alike, pc.fill_null(pc.not_equal(mine["chars"], there["chars"]), False)
            )
            self.lengths_differ += differ.combine_chunks().true_count
        elsewhere = pc.and_(pc.is_valid(places), pc.invert(alike))
        moved = _with(
            mine.filter(elsewhere), stage="identify", rule=OTHER_LANGUAGE,
            detail=there["lang"].filter(elsewhere),
        )  # fmt: skip
        tally.count("other_language", moved)
        tally.count_lost(moved)
        alone = mine.filter(pc.is_null(places))
        lost = _explained(alone, self._ledgers[1 - side].of(number))
        copy = pc.and_(pc.equal(lost["stage"], "duplicates"), pc.is_valid(lost["dup_of"]))
        self._settle(side, lost.filter(pc.invert(copy)))
        copies = lost.filter(copy)
        return copies.append_column("side", pa.array([side] * len(copies), pa.int8()))

    def resolve(self, unresolved: Dealt) -> None:
        """Count copies, now that the documents they gave way to can be looked at."""
        for number, (low, high) in enumerate(self._ranges):
            copies = unresolved.of(number)
            if not len(copies):
                continue
            held = [side.rows(["id"], low, high)["id"].combine_chunks() for side in self._documents]
            for side in (0, 1):
                mine = copies.filter(pc.equal(copies["side"], side)).drop(["side"])
                kept = pc.is_in(mine["dup_of"], held[1 - side])
                also = pc.is_in(mine["dup_of"], held[side])
                self.sides[side].count("another_copy", mine.filter(pc.and_not(kept, also)))
                self._settle(side, mine.filter(pc.and_(kept, also)))
                self._gone(side, mine.filter(pc.invert(kept)), self._ledgers[1 - side].of(number))

    def _gone(self, side: int, copies: pa.Table, losses: pa.Table) -> None:
        """Count copies of documents that were not kept either, by what became of these."""
        found = _looked_up(copies["dup_of"], losses)
        told = pc.and_(
            pc.is_valid(found["stage"]),
            pc.fill_null(pc.not_equal(found["stage"], "duplicates"), False),
        )
        self._settle(side, copies.filter(pc.invert(told)))
        copies, found = copies.filter(told), found.filter(told)
        for name in _REASON[:-1]:
            place = copies.schema.get_field_index(name)
            copies = copies.set_column(place, copies.schema.field(name), found[name])
        self._settle(side, copies, by_copy=True)

    def _settle(self, side: int, lost: pa.Table, by_copy: bool = False) -> None:
        self.sides[side].count("only", lost)
        self.sides[side].count_lost(lost, by_copy)


def _losses(release: Location, manifest: Manifest) -> Iterator[pa.Table]:
    """Yield the ledger. A capture found twice is not lost, so of that it says nothing here."""
    for table in manifest.ledger:
        for losses in batches(release / table.path, _LOSSES.names):
            yield losses.filter(pc.not_equal(losses["rule"], "same_capture")).cast(_LOSSES)


def _explained(rows: pa.Table, losses: pa.Table) -> pa.Table:
    """Return documents with what a ledger says of them."""
    found = _looked_up(rows["id"], losses)
    said = {
        name: pc.fill_null(found[name], _NO_REASON[name]) if name in _NO_REASON else found[name]
        for name in _REASON
    }
    return _with(rows, **said)


def _looked_up(ids: pa.ChunkedArray, losses: pa.Table) -> pa.Table:
    """Return what a ledger says of each id, nulls if nothing.

    Of an id that was lost several times, since its capture was found as often, it is the loss at
    the last stage.
    """
    known = losses.filter(pc.is_in(losses["id"], ids.combine_chunks()))
    stage = pc.index_in(known["stage"], value_set=pa.array(STAGES, known["stage"].type))
    order = pc.sort_indices(
        known.append_column("order", stage),
        sort_keys=[("order", "descending"), ("rule", "ascending"), ("dup_of", "ascending")],
    )
    known = known.take(order)
    return known.take(pc.index_in(ids, value_set=known["id"].combine_chunks()))


def _with(rows: pa.Table, **columns: pa.ChunkedArray | str) -> pa.Table:
    """Return id, language and tokens of documents, with the columns of a reason."""
    made = rows.select(["id", "lang", "tokens"])
    for name in _REASON:
        kind = _LOSSES.field(name).type
        value = columns.get(name)
        if value is None or isinstance(value, str):
            value = pa.array([value] * len(rows), kind)
        made = made.append_column(name, value)
    return made
