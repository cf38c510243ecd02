"""Publish: the documents that stay, moved once, into shards sized for the trainer.

A shard is a range of ids in one language, its rows sorted by id: a shuffle of the corpus that is
the same on every engine, from which nested samples can be read as ranges. Texts travel as Arrow
batches keyed by slice of a shard, since an engine may hold all that has one key; the slices wait
in files until their shard is put together from them, in the order of ids.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import apache_beam as beam
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from msgspec import Struct

from florilegium.manifests.location import Location, locate
from florilegium.manifests.schema import DOCUMENT_SCHEMA
from florilegium.manifests.tables import parquet
from florilegium.pipelines.decide import BUCKETS, bucket
from florilegium.pipelines.engine import Engine
from florilegium.pipelines.files import load_array
from florilegium.pipelines.recipe import Shards
from florilegium.pipelines.shard_plans import ShardPlan, slice_of
from florilegium.pipelines.shards import note_path, read_slice, write_shard, write_slice

MESSAGE_BYTES = 1 << 20
"""Of Arrow in one message; a hundred of them may wait between an engine and a worker."""
_WIRE = pa.schema([field.remove_metadata() for field in DOCUMENT_SCHEMA])


class Places(Struct, frozen=True, kw_only=True):
    """Where shards go, notes on finished ones, and slices until then."""

    release: str
    notes: str
    slices: str


class PartToPublish(Struct, frozen=True, kw_only=True):
    """A part and the verdict on its documents."""

    documents: str
    verdict: str


def publish(
    root: beam.Pipeline,
    parts: list[PartToPublish],
    sizes: list[int],
    wave: list[ShardPlan],
    shards: Shards,
    places: Places,
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

    def process(self, encoded: bytes) -> Iterator[tuple[str, bytes]]:
        part = msgspec.json.decode(encoded, type=PartToPublish)
        plans = msgspec.json.decode(self._plans, type=list[ShardPlan])
        yield from read_part(part, plans)


def read_part(part: PartToPublish, plans: list[ShardPlan]) -> Iterator[tuple[str, bytes]]:
    """Yield what a part adds to each slice: its name, LABEL#NUMBER, and an Arrow record batch."""
    wanted: dict[str, dict[int, ShardPlan]] = defaultdict(dict)
    for plan in plans:
        wanted[plan.lang][plan.index] = plan
    sizes = load_array(locate(part.verdict) / "sizes.npy")
    waiting: dict[str, list[pa.Table]] = defaultdict(list)
    with parquet(locate(part.documents)) as file:
        row = 0
        for group in range(file.num_row_groups):
            about = file.metadata.row_group(group)
            mine = sizes[row : row + about.num_rows]
            row += about.num_rows
            if not mine.any() or not _may_hold(about, wanted):
                continue
            table = file.read_row_group(group, use_threads=False).replace_schema_metadata()
            table = _with_sizes(table.cast(_WIRE), mine)
            for name, rows in _by_slice(table, wanted):
                waiting[name].append(rows)
                if sum(t.nbytes for t in waiting[name]) > MESSAGE_BYTES:
                    yield name, _pack(waiting.pop(name))
    for name in sorted(waiting):
        yield name, _pack(waiting[name])


def _may_hold(group: pq.RowGroupMetaData, wanted: dict[str, dict[int, ShardPlan]]) -> bool:
    """Say whether a row group of a part, sorted by language and id, may hold wanted rows."""
    names = [group.column(i).path_in_schema for i in range(group.num_columns)]
    langs = group.column(names.index("lang")).statistics
    ids = group.column(names.index("id")).statistics
    if langs is None or ids is None or not (langs.has_min_max and ids.has_min_max):
        return True
    if langs.min != langs.max:
        return any(langs.min <= lang <= langs.max for lang in wanted)
    first, last = bucket(ids.min), bucket(ids.max)
    return any(
        first * plan.of // BUCKETS <= plan.index <= last * plan.of // BUCKETS
        for plan in wanted.get(langs.min, {}).values()
    )


def _with_sizes(table: pa.Table, sizes: np.ndarray) -> pa.Table:
    """Return the rows that stay, each with the number of copies it stands for."""
    place = table.schema.get_field_index("dup_size")
    column = pa.array(sizes.astype(np.int64))
    return table.set_column(place, _WIRE.field(place), column).filter(pa.array(sizes > 0))


def _by_slice(
    table: pa.Table, wanted: dict[str, dict[int, ShardPlan]]
) -> Iterator[tuple[str, pa.Table]]:
    names: list[str | None] = []
    for lang, identity in zip(
        table.column("lang").to_pylist(), table.column("id").to_pylist(), strict=True
    ):
        plans = wanted.get(lang)
        of = next(iter(plans.values())).of if plans else 1
        plan = plans.get(bucket(identity) * of // BUCKETS) if plans else None
        names.append(f"{plan.label}#{slice_of(identity, plan)}" if plan else None)
    for name in sorted({name for name in names if name is not None}):
        yield name, table.filter(pc.equal(pa.array(names), name))


def _pack(tables: list[pa.Table]) -> bytes:
    (batch,) = pa.concat_tables(tables).combine_chunks().to_batches()
    message = batch.serialize()
    size: bytes = message.size.to_bytes(8, "big")
    packed: bytes = pa.compress(message, codec="zstd", asbytes=True)
    return size + packed


def _unpack(packed: bytes) -> pa.RecordBatch:
    size = int.from_bytes(packed[:8], "big")
    return pa.ipc.read_record_batch(pa.decompress(packed[8:], size, codec="zstd"), _WIRE)


class _WriteSlice(beam.DoFn):
    def __init__(self, places: Places) -> None:
        self._places = places

    def process(self, keyed: tuple[str, Iterable[bytes]]) -> Iterator[tuple[str, int]]:
        name, messages = keyed
        label, _, number = name.rpartition("#")
        place = _slice_path(self._places, label, int(number))
        place.parent.mkdir(parents=True, exist_ok=True)
        write_slice(_arranged(messages), place)
        yield label, int(number)


class _WriteShard(beam.DoFn):
    def __init__(self, plans: bytes, shards: Shards, places: Places) -> None:
        self._plans = {p.label: p for p in msgspec.json.decode(plans, type=list[ShardPlan])}
        self._shards = shards
        self._places = places

    def process(self, keyed: tuple[str, Iterable[int]]) -> Iterator[str]:
        label, numbers = keyed
        plan = self._plans[label]
        release, notes = locate(self._places.release), locate(self._places.notes)
        # An engine that starts work over may do so when the slices are gone already.
        if not note_path(notes, plan).exists():
            slices = [_slice_path(self._places, label, number) for number in sorted(set(numbers))]
            rows = (table for place in slices for table in read_slice(place))
            write_shard(plan, rows, self._shards, release, notes)
            for place in slices:
                place.unlink(missing_ok=True)
        yield label


def _slice_path(places: Places, label: str, number: int) -> Location:
    return locate(places.slices) / label.removesuffix(".parquet") / f"{number:04d}.arrow"


def _arranged(messages: Iterable[bytes]) -> pa.Table:
    """Return the rows of all messages sorted by id; what they came in is let go of on return."""
    arrived = pa.Table.from_batches([_unpack(message) for message in messages], _WIRE)
    return arrived.sort_by("id").cast(DOCUMENT_SCHEMA)
