"""Publish: the documents that stay, moved once, into shards sized for the trainer.

A shard is a range of ids in one language, its rows sorted by id: a shuffle of the corpus that is
the same on every engine, from which nested samples can be read as ranges. Texts travel as Arrow
batches keyed by shard, in waves, so that memory does not grow with the corpus.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import apache_beam as beam
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from msgspec import Struct

from florilegium.manifests.leaves import leaves
from florilegium.manifests.location import Location, locate, replacing, sha256
from florilegium.manifests.manifest import Shard, shard_path
from florilegium.manifests.merkle import span
from florilegium.manifests.schema import DOCUMENT_SCHEMA
from florilegium.manifests.tables import parquet
from florilegium.pipelines.decide import BUCKETS, Bucket, bucket
from florilegium.pipelines.engine import Engine
from florilegium.pipelines.files import load_array
from florilegium.pipelines.recipe import Shards

MESSAGE_BYTES = 4 << 20
_WIRE = pa.schema([field.remove_metadata() for field in DOCUMENT_SCHEMA])
_REPEATING = [
    "host", "domain", "published", "lang", "lang_second", "license", "license_tier",
    "extractor", "charset", "charset_method", "warc",
]  # fmt: skip


class ShardPlan(Struct, frozen=True, kw_only=True):
    """A shard to write: a range of buckets of one language, and where its leaves begin."""

    lang: str
    index: int
    of: int
    first_leaf: int
    documents: int
    bytes: int

    @property
    def label(self) -> str:
        """Path of the shard below `data/`."""
        return shard_path(self.lang, self.index, self.of).removeprefix("data/")


class PublishedShard(Struct, frozen=True, kw_only=True):
    """A shard that was written, and what it adds to the Merkle tree."""

    shard: Shard
    subtrees: list[tuple[int, bytes]]


class PartToPublish(Struct, frozen=True, kw_only=True):
    """A part and the verdict on its documents."""

    documents: str
    verdict: str


def plan_shards(kept: dict[str, dict[int, Bucket]], shards: Shards) -> list[ShardPlan]:
    """Return the shards of a release, by language and range of ids, without empty ones.

    A language gets a power of two of shards, at most BUCKETS, so that none should exceed the
    size by more than chance; ranges halve, so that shards of two releases nest.
    """
    plans: list[ShardPlan] = []
    leaf = 0
    for lang in sorted(kept):
        buckets = kept[lang]
        size = sum(b.bytes if shards.unit == "bytes" else b.tokens for b in buckets.values())
        of = 1
        while of * shards.size < size and of < BUCKETS:
            of *= 2
        for index in range(of):
            mine = [b for number, b in buckets.items() if number * of // BUCKETS == index]
            documents = sum(b.documents for b in mine)
            if documents:
                plans.append(
                    ShardPlan(
                        lang=lang,
                        index=index,
                        of=of,
                        first_leaf=leaf,
                        documents=documents,
                        bytes=sum(b.bytes for b in mine),
                    )
                )
            leaf += documents
    return plans


def waves(
    plans: Iterable[ShardPlan], most_bytes: int | None, fewest: int
) -> Iterator[list[ShardPlan]]:
    """Yield the shards in groups of about `most_bytes` of text, or of `fewest` large ones.

    All in one if there is no limit.
    """
    wave: list[ShardPlan] = []
    for plan in plans:
        full = most_bytes is not None and sum(p.bytes for p in wave) + plan.bytes > most_bytes
        if full and len(wave) >= fewest:
            yield wave
            wave = []
        wave.append(plan)
    if wave:
        yield wave


def publish(
    root: beam.Pipeline,
    parts: list[PartToPublish],
    sizes: list[int],
    wave: list[ShardPlan],
    shards: Shards,
    release: Location,
    notes: Location,
    engine: Engine,
) -> None:
    """Lay out the pipeline that writes the shards of one wave, with a note on each."""
    listed = [msgspec.json.encode(part) for part in parts]
    plans = msgspec.json.encode(wave)
    spread = engine.spread(root, "parts", listed, sizes)
    _ = (
        spread
        | "read" >> beam.ParDo(_Read(plans))
        | "by shard" >> beam.GroupByKey()
        | "write" >> beam.ParDo(_Write(plans, shards, str(release), str(notes)))
    )


class _Read(beam.DoFn):
    def __init__(self, plans: bytes) -> None:
        self._plans = plans

    def process(self, encoded: bytes) -> Iterator[tuple[str, bytes]]:
        part = msgspec.json.decode(encoded, type=PartToPublish)
        plans = msgspec.json.decode(self._plans, type=list[ShardPlan])
        yield from read_part(part, plans)


def read_part(part: PartToPublish, plans: list[ShardPlan]) -> Iterator[tuple[str, bytes]]:
    """Yield what a part adds to each shard: the shard's label and an Arrow record batch."""
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
            for label, rows in _by_shard(table, wanted):
                waiting[label].append(rows)
                if sum(t.nbytes for t in waiting[label]) > MESSAGE_BYTES:
                    yield label, _pack(waiting.pop(label))
    for label in sorted(waiting):
        yield label, _pack(waiting[label])


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


def _by_shard(
    table: pa.Table, wanted: dict[str, dict[int, ShardPlan]]
) -> Iterator[tuple[str, pa.Table]]:
    labels: list[str | None] = []
    for lang, identity in zip(
        table.column("lang").to_pylist(), table.column("id").to_pylist(), strict=True
    ):
        plans = wanted.get(lang)
        of = next(iter(plans.values())).of if plans else 1
        plan = plans.get(bucket(identity) * of // BUCKETS) if plans else None
        labels.append(plan.label if plan else None)
    for label in sorted({label for label in labels if label is not None}):
        yield label, table.filter(pc.equal(pa.array(labels), label))


def _pack(tables: list[pa.Table]) -> bytes:
    (batch,) = pa.concat_tables(tables).combine_chunks().to_batches()
    message = batch.serialize()
    size: bytes = message.size.to_bytes(8, "big")
    packed: bytes = pa.compress(message, codec="zstd", asbytes=True)
    return size + packed


def _unpack(packed: bytes) -> pa.RecordBatch:
    size = int.from_bytes(packed[:8], "big")
    return pa.ipc.read_record_batch(pa.decompress(packed[8:], size, codec="zstd"), _WIRE)


class _Write(beam.DoFn):
    def __init__(self, plans: bytes, shards: Shards, release: str, notes: str) -> None:
        self._plans = {p.label: p for p in msgspec.json.decode(plans, type=list[ShardPlan])}
        self._shards = shards
        self._release = release
        self._notes = notes

    def process(self, keyed: tuple[str, Iterable[bytes]]) -> Iterator[str]:
        label, messages = keyed
        table = _arranged(messages)
        write_shard(
            self._plans[label], table, self._shards, locate(self._release), locate(self._notes)
        )
        yield label


def _arranged(messages: Iterable[bytes]) -> pa.Table:
    """Return the rows of all messages sorted by id; what they came in is let go of on return."""
    arrived = pa.Table.from_batches([_unpack(message) for message in messages], _WIRE)
    return arrived.sort_by("id").cast(DOCUMENT_SCHEMA)


def write_shard(
    plan: ShardPlan, table: pa.Table, shards: Shards, release: Location, notes: Location
) -> PublishedShard:
    """Write one shard from its rows, sorted by id, and the note that it is finished.

    ValueError if the rows are not those of the plan.
    """
    if table.num_rows != plan.documents:
        raise ValueError(
            f"{plan.label}: {plan.documents} documents expected, {table.num_rows} arrived"
        )
    path = release / "data" / plan.label
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as draft:
        write_parquet(table, draft, shards.row_group_bytes)
        digest, file_bytes = sha256(draft), draft.stat().st_size
    published = PublishedShard(
        shard=Shard(
            path=f"data/{plan.label}",
            lang=plan.lang,
            index=plan.index,
            of=plan.of,
            rows=table.num_rows,
            first_leaf=plan.first_leaf,
            tokens=pc.sum(table.column("tokens")).as_py(),
            text_bytes=pc.sum(table.column("text_bytes")).as_py(),
            file_bytes=file_bytes,
            sha256=digest,
        ),
        subtrees=span(leaves(table), plan.first_leaf).subtrees,
    )
    with replacing(note_path(notes, plan)) as draft:
        draft.write_bytes(msgspec.json.encode(published))
    return published


def note_path(notes: Location, plan: ShardPlan) -> Location:
    """Return where the note on a finished shard is."""
    return notes / f"{plan.label.replace('/', '-').removesuffix('.parquet')}.json"


def write_parquet(table: pa.Table, path: Path, row_group_bytes: int) -> None:
    """Write documents as a release has them: zstd, row groups of so much text, page index."""
    columns = [name for name in _REPEATING if name in table.column_names]
    order = [pq.SortingColumn(table.schema.get_field_index("id"))]
    with pq.ParquetWriter(
        path,
        table.schema,
        compression="zstd",
        compression_level=3,
        use_dictionary=columns,
        write_page_index=True,
        sorting_columns=order,
    ) as writer:
        for start, stop in _row_groups(table.column("text_bytes").to_numpy(), row_group_bytes):
            rows = table.slice(start, stop - start)
            writer.write_table(rows, row_group_size=max(1, rows.num_rows))


def _row_groups(sizes: np.ndarray, most: int) -> Iterator[tuple[int, int]]:
    """Yield runs of rows whose texts reach `most` bytes, the last one excepted."""
    group = np.cumsum(sizes) // most
    edges = [0, *(np.flatnonzero(np.diff(group)) + 1).tolist(), len(sizes)]
    yield from itertools.pairwise(edges)
