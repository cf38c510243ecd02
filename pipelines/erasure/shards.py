"""Shards of a release after an erasure: written anew where it touches them, linked elsewhere."""

import os
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec
import pyarrow as pa
from msgspec import Struct
from msgspec.structs import replace

from florilegium.manifests import tree
from florilegium.manifests.document import Document
from florilegium.manifests.leaves import leaves
from florilegium.manifests.location import Location, locate, replacing
from florilegium.manifests.manifest import Manifest, Shard
from florilegium.manifests.merkle import Node, Span, span
from florilegium.manifests.schema import DOCUMENT_SCHEMA, from_table, to_table
from florilegium.manifests.tables import batches
from florilegium.pipelines.engines.each import each
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.erasure.rows import Gone
from florilegium.pipelines.files import fetched
from florilegium.pipelines.publishing.shard_plans import ShardPlan
from florilegium.pipelines.publishing.shards import PublishedShard, write_shard
from florilegium.pipelines.recipe import Shards

_Key = tuple[str, int]
"""Language of a shard, and its number among those of the language."""


class Places(Struct, frozen=True):
    """Where shards come from and go to, by name."""

    parent: str
    release: str
    notes: str


class _Job(Struct, frozen=True):
    """A shard as it is to be."""

    plan: ShardPlan
    before: Shard | None
    gone: list[bytes]
    added: bytes
    """Documents to be added, as an Arrow file; nothing if there are none."""
    subtrees: list[tuple[int, bytes]] | None
    """What it adds to the tree, if that is known."""


def rewrite(
    manifest: Manifest,
    gone: Sequence[Sequence[Gone]],
    added: Sequence[Document],
    places: Places,
    shards: Shards,
    engine: Engine,
) -> tuple[tuple[Shard, ...], list[Span]]:
    """Make the shards of a release without what is gone, and with what is added.

    Returns them with what each contributes to the tree. Those before the first that is touched are
    not read, those behind it are read for the tree, since their leaves have other numbers.
    """
    jobs = list(_jobs(manifest, gone, added, locate(places.parent)))
    items = [msgspec.msgpack.encode(job) for job in jobs]
    sizes = [job.plan.bytes for job in jobs]
    answers = each(engine, items, sizes, partial(_make, places, shards), locate(places.notes))
    made = [msgspec.json.decode(answer, type=PublishedShard) for answer in answers]
    spans = [Span(job.plan.first_leaf, one.subtrees) for job, one in zip(jobs, made, strict=True)]
    return tuple(one.shard for one in made), spans


def _jobs(
    manifest: Manifest, gone: Sequence[Sequence[Gone]], added: Sequence[Document], parent: Location
) -> Iterator[_Job]:
    before = {(shard.lang, shard.index): shard for shard in manifest.shards}
    lost = {
        (shard.lang, shard.index): some for shard, some in zip(manifest.shards, gone, strict=True)
    }
    ways = {shard.lang: shard.of for shard in manifest.shards}
    new: dict[_Key, list[Document]] = defaultdict(list)
    for document in sorted(added, key=lambda one: one.id):
        of = ways.setdefault(document.lang, 1)
        new[document.lang, int.from_bytes(document.id) * of >> 128].append(document)
    nodes = tree.read(parent)
    leaf = 0
    for key in sorted(before.keys() | new.keys()):
        old, leaving, coming = before.get(key), lost.get(key, []), new.get(key, [])
        documents = (old.rows if old else 0) - len(leaving) + len(coming)
        size = (old.text_bytes if old else 0) - sum(one.text_bytes for one in leaving)
        plan = ShardPlan(
            lang=key[0], index=key[1], of=ways[key[0]], first_leaf=leaf, documents=documents,
            bytes=size + sum(one.text_bytes for one in coming),
        )  # fmt: skip
        leaf += documents
        if documents:
            known = None
            if old and not leaving and not coming and old.first_leaf == plan.first_leaf:
                known = _subtrees(nodes, old)
            yield _Job(plan, old, [one.id for one in leaving], _packed(coming), known)


def _subtrees(nodes: Sequence[Node], shard: Shard) -> list[tuple[int, bytes]]:
    end = shard.first_leaf + shard.rows
    return [(node.height, node.digest) for node in nodes if shard.first_leaf <= node.start < end]


def _packed(documents: list[Document]) -> bytes:
    if not documents:
        return b""
    sink = pa.BufferOutputStream()
    table = to_table(documents, DOCUMENT_SCHEMA)
    with pa.ipc.new_file(sink, table.schema) as file:
        file.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _make(places: Places, shards: Shards, item: bytes) -> bytes:
    job = msgspec.msgpack.decode(item, type=_Job)
    release, notes = locate(places.release), locate(places.notes)
    if job.before is None or job.gone or job.added:
        tables = _rows(job, locate(places.parent))
        return msgspec.json.encode(write_shard(job.plan, tables, shards, release, notes))
    source = locate(places.parent) / job.before.path
    linked(source, release / job.before.path)
    subtrees = job.subtrees
    if subtrees is None:
        whole = Span(job.plan.first_leaf)
        for table in batches(source):
            whole.extend(span(leaves(table), whole.end))
        subtrees = whole.subtrees
    shard = replace(job.before, first_leaf=job.plan.first_leaf)
    return msgspec.json.encode(PublishedShard(shard=shard, subtrees=subtrees, distribution=[]))


def _rows(job: _Job, parent: Location) -> Iterator[pa.Table]:
    """Yield the rows of a shard in the order of ids: those that stay, and those that come."""
    coming = _unpacked(job.added)
    lost = set(job.gone)
    if job.before is not None:
        for table in batches(parent / job.before.path):
            ids = table.column("id").to_pylist()
            table = table.filter(pa.array([one not in lost for one in ids], pa.bool_()))
            place = next((n for n, one in enumerate(coming) if one.id > ids[-1]), len(coming))
            if here := coming[:place]:
                table = pa.concat_tables([table, to_table(here, DOCUMENT_SCHEMA)]).sort_by("id")
                coming = coming[place:]
            if table.num_rows:
                yield table.cast(DOCUMENT_SCHEMA)
    if coming:
        yield to_table(coming, DOCUMENT_SCHEMA)


def _unpacked(content: bytes) -> list[Document]:
    if not content:
        return []
    with pa.ipc.open_file(content) as file:
        return from_table(file.read_all(), Document)


def linked(source: Location, target: Location) -> None:
    """Let a file be in another place too: by a link where that can be, else by a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as draft:
        if isinstance(source, Path):
            try:
                os.link(source, draft)
            except OSError:
                shutil.copyfile(source, draft)
            return
        with fetched(source) as file:
            shutil.copyfile(file, draft)
