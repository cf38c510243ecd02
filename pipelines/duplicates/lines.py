"""Lines: what stands on many pages of a host is measured and, if the recipe wants, cut.

It comes after the duplicates: a page captured ten times would else be a page of repeated lines.
Only hashes of lines move, packed, and only of hosts with enough pages; texts are read where they
are. A line is grouped by its own hash, so the lines of a large host come to many keys. A part
writes `<ordinal>.npy`, the share of repeated lines of each of its documents, NaN where it was not
measured, and, where lines are cut, `<ordinal>.parquet`: the documents that became others, each
after the number of its row.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from math import nan

import apache_beam as beam
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.typehints.decorators import no_annotations
from msgspec import Struct
from numpy.typing import NDArray

from florilegium.dedup.decisions import Reason
from florilegium.dedup.lines import (
    COUNTED,
    host_hash,
    least_pages,
    lines_of,
    repeated,
    share_of,
    without,
)
from florilegium.manifests.document import Document
from florilegium.manifests.location import Location, locate, replacing
from florilegium.manifests.schema import DOCUMENT_SCHEMA, from_table, to_table
from florilegium.manifests.tables import batches
from florilegium.pipelines.engines.listed import Listed, spread_parts
from florilegium.pipelines.engines.packed import Group, Joined, Keyed, gather, scatter
from florilegium.pipelines.files import load_array, save_array
from florilegium.pipelines.harvest.recut import Recutter
from florilegium.pipelines.overlay import cuts_of, shares_of
from florilegium.pipelines.recipe import Recipe
from florilegium.pipelines.rights.judged import refused

_PARTS_A_PARTITION = 4
"""Fewer than for documents: a part has many more lines."""
_HOST = np.dtype([("host", "<u8"), ("pages", "<u8"), ("part", "<u4")])
_LINE = np.dtype("<u8")
_ROW = pa.field("row", pa.int64(), nullable=False)
_CUT_SCHEMA = pa.schema([_ROW, *(field.remove_metadata() for field in DOCUMENT_SCHEMA)])


class PartWithLines(Struct, frozen=True):
    """The documents of a part, and what was decided on its duplicates."""

    documents: str
    decisions: str
    judged: str | None = None
    """Folder of what was judged of rights, if it was."""


def find_lines(
    root: beam.Pipeline, parts: list[PartWithLines], recipe: Recipe, out: Location
) -> None:
    """Lay out the pipeline that writes what each part has of repeated lines into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    partitions = -(-len(parts) // _PARTS_A_PARTITION) or 1
    packed = msgspec.json.encode(recipe)
    listed: list[Listed] = [
        (number, msgspec.json.encode(part).decode()) for number, part in enumerate(parts)
    ]
    files = spread_parts(root, listed)
    hosts = (
        files
        | "Pages" >> beam.FlatMap(_pages, partitions)
        | "GroupByHost" >> beam.GroupByKey()
        | "Hosts" >> beam.FlatMap(_hosts, recipe.lines.min_pages)
    )
    lines = (
        {"part": files, "hosts": hosts}
        | "JoinHosts" >> beam.CoGroupByKey()
        | "Lines" >> beam.FlatMap(_lines, partitions, packed)
        | "GroupByLine" >> beam.GroupByKey()
        | "Repeated" >> beam.FlatMap(_repeated)
    )
    _ = (
        {"part": files, "hosts": hosts, "lines": lines}
        | "JoinLines" >> beam.CoGroupByKey()
        | "Write" >> beam.ParDo(_Write(packed, str(out)))
    )


def _staying(
    part: PartWithLines, ordinal: int
) -> Iterator[tuple[pa.Table, NDArray[np.bool_], int]]:
    """Yield the documents of a part, which of them were not removed, and the row of the first."""
    decisions = load_array(locate(part.decisions))
    removed = decisions["row"][decisions["reason"] != Reason.KEPT] - np.uint64(ordinal << 32)
    if part.judged:
        rows = np.flatnonzero(refused(locate(part.judged), ordinal)).astype(np.uint64)
        removed = np.concatenate([removed, rows])
    row = 0
    for table in batches(locate(part.documents)):
        rows = np.arange(row, row + table.num_rows, dtype=np.uint64)
        yield table, ~np.isin(rows, removed), row
        row += table.num_rows


def _part(packed: Iterable[bytes]) -> PartWithLines:
    (encoded,) = packed
    return msgspec.json.decode(encoded, type=PartWithLines)


def _pages(part: Keyed, partitions: int) -> Iterator[Keyed]:
    """Part -> how many pages of each host it has that stay, by host."""
    pages: Counter[str] = Counter()
    for table, stays, _ in _staying(_part([part[1]]), part[0]):
        pages.update(itertools.compress(table.column("host").to_pylist(), stays))
    found = np.array([(host_hash(host), n, part[0]) for host, n in pages.items()], _HOST)
    yield from scatter(found, found["host"] % np.uint64(partitions))


def _hosts(group: Group, min_pages: int) -> Iterator[Keyed]:
    """Pages of hosts -> the hosts that have enough, with all their pages, to every part of them."""
    found = gather(group[1], _HOST)
    _, place = np.unique(found["host"], return_inverse=True)
    pages = np.zeros(int(place.max(initial=-1)) + 1, np.uint64)
    np.add.at(pages, place, found["pages"])
    large = found[pages[place] >= min_pages]
    large["pages"] = pages[place][pages[place] >= min_pages]
    yield from scatter(large, large["part"])


def _lines(joined: Joined, partitions: int, recipe: bytes) -> Iterator[Keyed]:
    """Part and large hosts -> on how many pages there each line stands, by line."""
    ordinal, inputs = joined
    settings = msgspec.json.decode(recipe, type=Recipe).lines
    large = gather(inputs["hosts"], _HOST)
    pages_of = dict(zip(large["host"].tolist(), large["pages"].tolist(), strict=True))
    if not pages_of:
        return
    found: dict[int, Counter[int]] = {host: Counter() for host in pages_of}
    for table, stays, _ in _staying(_part(inputs["part"]), ordinal):
        columns = (table.column(name).to_pylist() for name in ("host", "text"))
        for name, text in itertools.compress(zip(*columns, strict=True), stays):
            if (host := host_hash(name)) in found:
                found[host].update(set(lines_of(text, host)))
    for host, pages in sorted(found.items()):
        counted = np.zeros(len(pages), COUNTED)
        counted["line"] = list(pages.keys())
        counted["pages"] = list(pages.values())
        counted["least"] = least_pages(pages_of[host], settings.min_share, settings.min_repeats)
        counted["part"] = ordinal
        yield from scatter(counted, counted["line"] % np.uint64(partitions))


def _repeated(group: Group) -> Iterator[Keyed]:
    found = repeated(gather(group[1], COUNTED))
    yield from scatter(found["line"].copy(), found["part"])


class _Write(beam.DoFn):
    """Writes what a part has of repeated lines; what is there already was written by a twin."""

    def __init__(self, recipe: bytes, out: str) -> None:
        self._recipe = msgspec.json.decode(recipe, type=Recipe)
        self._out = out
        self._recutter: Recutter | None = None

    @no_annotations
    def process(self, joined: Joined) -> Iterator[int]:
        ordinal, inputs = joined
        hosts = frozenset(gather(inputs["hosts"], _HOST)["host"].tolist())
        among = frozenset(gather(inputs["lines"], _LINE).tolist())
        shares: list[float] = []
        with ExitStack() as files:
            writer = self._writer(ordinal, files)
            for table, stays, row in _staying(_part(inputs["part"]), ordinal):
                mine = _shares(table, stays, hosts, among)
                shares += mine
                if writer is not None:
                    _write_cuts(writer, list(self._cut(table, row, mine, among)))
        save_array(shares_of(locate(self._out), ordinal), np.array(shares, np.float32))
        yield ordinal

    def _writer(self, ordinal: int, files: ExitStack) -> pq.ParquetWriter | None:
        if self._recipe.lines.repeated != "cut":
            return None
        draft = files.enter_context(replacing(cuts_of(locate(self._out), ordinal)))
        writer = pq.ParquetWriter(draft, _CUT_SCHEMA, compression="zstd", compression_level=1)
        return files.enter_context(writer)

    def _cut(
        self, table: pa.Table, row: int, shares: list[float], among: frozenset[int]
    ) -> Iterator[tuple[int, Document]]:
        self._recutter = self._recutter or Recutter(self._recipe)
        places = [place for place, share in enumerate(shares) if share > 0]
        for place, one in zip(
            places, from_table(table.take(pa.array(places, pa.int64())), Document), strict=True
        ):
            text = without(one.text, host_hash(one.host), among)
            yield row + place, self._recutter.recut(one, text)


def _write_cuts(writer: pq.ParquetWriter, changed: list[tuple[int, Document]]) -> None:
    if changed:
        rows = pa.array([row for row, _ in changed], pa.int64())
        table = to_table([one for _, one in changed], DOCUMENT_SCHEMA).replace_schema_metadata()
        writer.write_table(table.add_column(0, _ROW, rows).cast(_CUT_SCHEMA))


def _shares(
    table: pa.Table, stays: NDArray[np.bool_], hosts: frozenset[int], among: frozenset[int]
) -> list[float]:
    columns = (table.column(name).to_pylist() for name in ("host", "text"))
    return [
        share_of(lines_of(text, host), among)
        if stay and (host := host_hash(name)) in hosts
        else nan
        for name, text, stay in zip(*columns, stays.tolist(), strict=True)
    ]
