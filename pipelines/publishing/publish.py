"""Publish: the documents that stay, moved once, into shards sized for the trainer.

A shard is a range of ids in one language, its rows sorted by id: a shuffle of the corpus that is
the same on every engine, from which nested samples can be read as ranges. Texts travel as Arrow
batches keyed by slice of a shard, since an engine may hold all that has one key; the slices wait
in files until their shard is put together from them, in the order of ids.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator

import apache_beam as beam
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from florilegium.manifests.location import Location, locate
from florilegium.manifests.schema import DOCUMENT_SCHEMA
from florilegium.manifests.tables import parquet
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.files import load_array
from florilegium.pipelines.overlay import overlay_of
from florilegium.pipelines.publishing.shard_plans import ShardPlan, SliceName, Wanted
from florilegium.pipelines.publishing.shards import note_path, read_slice, write_shard, write_slice
from florilegium.pipelines.recipe import Shards

MESSAGE_BYTES = 1 << 20
"""Of Arrow in one message; a hundred of them may wait between an engine and a worker."""
WAITING_BYTES = 64 << 20
"""Of rows that a part holds back, in order to send those of one slice together."""

# Texts travel without what the schema says about itself: it would be in every message.
_WIRE = pa.schema([field.remove_metadata() for field in DOCUMENT_SCHEMA])


class PublishPlaces(Struct, frozen=True, kw_only=True):
    """Where shards go, notes on finished ones, and slices until then."""

    release: str
    notes: str
    slices: str


class PartToPublish(Struct, frozen=True, kw_only=True):
    """A part and the verdict on its documents."""

    documents: str
    verdict: str
    lines: str | None = None
    """Folder of what was found of repeated lines, if they were looked for."""
    licences: str | None = None
    """Folder of what hosts say of licences, if they were asked."""
    assessed: str | None = None
    """Folder of what was told of texts, if the recipe asks for more than counts."""
    ordinal: int = 0
    judged: str | None = None
    """Folder of what was judged of rights, if it was."""


def publish(
    root: beam.Pipeline,
    parts: list[PartToPublish],
    sizes: list[int],
    wave: list[ShardPlan],
    shards: Shards,
    places: PublishPlaces,
    engine: Engine,
) -> None:
    """Lay out the pipeline that writes the shards of one wave, with a note on each."""
    listed = [msgspec.json.encode(part) for part in parts]
    plans = msgspec.json.encode(wave)
    spread = engine.spread(root, "parts", listed, sizes)
    _ = (
        spread
        | "read" >> beam.ParDo(_Read(plans))
        | "by slice" >> beam.GroupByKey()
        | "write slices" >> beam.ParDo(_WriteSlice(places))
        | "by shard" >> beam.GroupByKey()
        | "write shards" >> beam.ParDo(_WriteShard(plans, shards, places))
    )


class _Read(beam.DoFn):
    def __init__(self, plans: bytes) -> None:
        self._plans = plans

    def setup(self) -> None:
        self._wanted = Wanted(msgspec.json.decode(self._plans, type=list[ShardPlan]))

    def process(self, encoded: bytes) -> Iterator[tuple[SliceName, bytes]]:
        part = msgspec.json.decode(encoded, type=PartToPublish)
        yield from read_part(part, self._wanted)


def read_part(part: PartToPublish, wanted: Wanted) -> Iterator[tuple[SliceName, bytes]]:
    """Yield what a part adds to each slice, some at a time, as Arrow record batches."""
    waiting: dict[SliceName, list[pa.Table]] = defaultdict(list)
    waiting_bytes = 0
    for table in _rows_that_stay(part, wanted):
        for name, rows in _by_slice(table, wanted):
            waiting[name].append(rows)
        waiting_bytes += table.nbytes
        if waiting_bytes > WAITING_BYTES:
            yield from _messages(waiting)
            waiting.clear()
            waiting_bytes = 0
    yield from _messages(waiting)


def _rows_that_stay(part: PartToPublish, wanted: Wanted) -> Iterator[pa.Table]:
    """Yield the rows of a part for these shards and perhaps some more, each with its copies."""
    sizes = load_array(locate(part.verdict) / "sizes.npy")
    with parquet(locate(part.documents)) as file, overlay_of(part) as overlay:
        row = 0
        for group in range(file.num_row_groups):
            about = file.metadata.row_group(group)
            mine = sizes[row : row + about.num_rows]
            row += about.num_rows
            if mine.any() and _may_hold(about, wanted):
                table = file.read_row_group(group, use_threads=False).replace_schema_metadata()
                table = overlay.applied(table.cast(_WIRE), row - about.num_rows)
                yield _with_sizes(table, mine)


def _may_hold(group: pq.RowGroupMetaData, wanted: Wanted) -> bool:
    """Say whether a row group of a part, sorted by language and id, may hold rows of a shard."""
    names = [group.column(i).path_in_schema for i in range(group.num_columns)]
    langs = group.column(names.index("lang")).statistics
    ids = group.column(names.index("id")).statistics
    if langs is None or ids is None or not (langs.has_min_max and ids.has_min_max):
        return True
    if langs.min != langs.max:
        return wanted.any_of_languages(langs.min, langs.max)
    return wanted.any_of_ids(langs.min, ids.min, ids.max)


def _with_sizes(table: pa.Table, sizes: np.ndarray) -> pa.Table:
    """Return the rows that stay, each with the number of copies it stands for."""
    place = table.schema.get_field_index("dup_size")
    column = pa.array(sizes.astype(np.int64))
    return table.set_column(place, _WIRE.field(place), column).filter(pa.array(sizes > 0))


def _by_slice(table: pa.Table, wanted: Wanted) -> Iterator[tuple[SliceName, pa.Table]]:
    """Cut a table, sorted by language and id, where one slice ends and the next begins."""
    langs, ids = table.column("lang").to_pylist(), table.column("id").to_pylist()
    start = 0
    for name, rows in itertools.groupby(map(wanted.slice_of, langs, ids)):
        number = len(list(rows))
        if name is not None:
            yield name, table.slice(start, number)
        start += number


def _messages(waiting: dict[SliceName, list[pa.Table]]) -> Iterator[tuple[SliceName, bytes]]:
    for name, tables in sorted(waiting.items()):
        for piece in _cut(pa.concat_tables(tables)):
            yield name, _pack(piece)


def _cut(table: pa.Table) -> Iterator[pa.Table]:
    """Yield the rows in tables of at most MESSAGE_BYTES, or of a single row."""
    if table.num_rows == 1 or table.nbytes <= MESSAGE_BYTES:
        yield table
    else:
        half = table.num_rows // 2
        yield from _cut(table.slice(0, half))
        yield from _cut(table.slice(half))


def _pack(table: pa.Table) -> bytes:
    (batch,) = table.combine_chunks().to_batches()
    message = batch.serialize()
    size: bytes = message.size.to_bytes(8, "big")
    packed: bytes = pa.compress(message, codec="zstd", asbytes=True)
    return size + packed


def _unpack(packed: bytes) -> pa.RecordBatch:
    size = int.from_bytes(packed[:8], "big")
    return pa.ipc.read_record_batch(pa.decompress(packed[8:], size, codec="zstd"), _WIRE)


class _WriteSlice(beam.DoFn):
    def __init__(self, places: PublishPlaces) -> None:
        self._places = places

    def process(self, keyed: tuple[SliceName, Iterable[bytes]]) -> Iterator[tuple[str, int]]:
        (label, number), messages = keyed
        place = _slice_path(self._places, label, number)
        # A slice that is there is this one: another attempt, or a killed build, came so far.
        if not place.is_file():
            place.parent.mkdir(parents=True, exist_ok=True)
            write_slice(_arranged(messages), place)
        yield label, number


class _WriteShard(beam.DoFn):
    def __init__(self, plans: bytes, shards: Shards, places: PublishPlaces) -> None:
        self._encoded = plans
        self._shards = shards
        self._places = places

    def setup(self) -> None:
        plans = msgspec.json.decode(self._encoded, type=list[ShardPlan])
        self._plans = {plan.label: plan for plan in plans}

    def process(self, keyed: tuple[str, Iterable[int]]) -> Iterator[str]:
        label, numbers = keyed
        plan = self._plans[label]
        release, notes = locate(self._places.release), locate(self._places.notes)
        if not note_path(notes, plan).is_file():
            slices = [_slice_path(self._places, label, number) for number in sorted(set(numbers))]
            rows = (table for place in slices for table in read_slice(place))
            write_shard(plan, rows, self._shards, release, notes)
        yield label


def _slice_path(places: PublishPlaces, label: str, number: int) -> Location:
    return locate(places.slices) / label.removesuffix(".parquet") / f"{number:04d}.arrow"


def _arranged(messages: Iterable[bytes]) -> pa.Table:
    """Return the rows of all messages sorted by id; what they came in is let go of on return."""
    arrived = pa.Table.from_batches([_unpack(message) for message in messages], _WIRE)
    return arrived.sort_by("id").cast(DOCUMENT_SCHEMA)
