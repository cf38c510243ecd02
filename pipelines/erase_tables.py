"""The further files of a release after an erasure, and what its manifest says in sum."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from florilegium.filters.optouts.origin import host_of
from florilegium.manifests import buckets, copies, erasures, tree
from florilegium.manifests.buckets import Bucket, bucket, sum_of
from florilegium.manifests.document import Document
from florilegium.manifests.location import Location, replacing, sha256
from florilegium.manifests.manifest import Alarm, Language, Licence, Manifest, Shard, Table
from florilegium.manifests.merkle import Span
from florilegium.manifests.tables import batches, parquet
from florilegium.pipelines import deciles
from florilegium.pipelines.blocked import Blocked
from florilegium.pipelines.erase_ledger import Written
from florilegium.pipelines.erase_rows import INDEX, Gone
from florilegium.pipelines.erase_shards import linked
from florilegium.pipelines.files import load_array

LICENCES, RIGHTS, REASONS = "audit/licences/", "audit/rights/", "audit/reasons/"
_MADE_ANEW = (buckets.PATH, tree.PATH, erasures.PATH)


class Change(Struct, frozen=True):
    """All that an erasure changes in the tables of a release."""

    gone: list[Gone]
    masked: set[bytes]
    """Ids of lines of the ledger that are of something erased, or promoted, now."""
    added: list[Document]
    indexed: dict[str, NDArray[np.void]]
    """Rows for the index of documents that are added, by input."""


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
        if path.startswith(INDEX):
            made.append(_index(parent, release, manifest, table, ids, change.indexed))
        elif (keep := _keeper(path, ids | change.masked, blocked)) is not None:
            made.append(_filtered(parent, release, table, keep))
        else:
            left_out.append(path)
    return made, left_out


_Keep = Callable[[pa.Table], pa.Table]


def _keeper(path: str, ids: Collection[bytes], blocked: Blocked) -> _Keep | None:
    """Return what makes of the rows of a file those that may stay; None for an unknown file."""
    if path.startswith(REASONS):
        return lambda rows: _without(rows, "id", lambda one: one in ids)
    if path.startswith(RIGHTS):
        return lambda rows: _without(
            rows, "origin", lambda one: blocked.by_host(host_of(one)) is not None
        )
    if path.startswith(LICENCES):
        return lambda rows: _without(rows, "host", lambda one: blocked.by_host(one) is not None)
    if path.startswith(f"{copies.FOLDER}/"):
        return lambda rows: _with_masks(rows, blocked)
    return None


def _without(rows: pa.Table, column: str, goes: Callable[[Any], bool]) -> pa.Table:
    stays = [not goes(one) for one in rows.column(column).to_pylist()]
    return rows if all(stays) else rows.filter(pa.array(stays))


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
        return _entry(table.path, after.num_rows, draft)


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
        return _entry(table.path, len(after), draft)


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
        made.append(_entry(buckets.PATH, buckets.write(kept, draft), draft))
    with replacing(release / tree.PATH) as draft:
        made.append(_entry(tree.PATH, tree.write(tree.nodes_of(spans), draft), draft))
    with replacing(release / erasures.PATH) as draft:
        draft.write_bytes(log)
        made.append(_entry(erasures.PATH, log.count(b"\n"), draft))
    return made


def _add(held: dict[str, dict[int, Bucket]], lang: str, identity: bytes, more: Bucket) -> None:
    mine, number = held.setdefault(lang, {}), bucket(identity)
    mine[number] = sum_of([mine.get(number, Bucket()), more])


def languages(
    release: Location, manifest: Manifest, shards: Sequence[Shard], change: Change
) -> list[Language]:
    """Return what a release with these shards holds of each language.

    Scores are counted anew where a document is gone or new.
    """
    held = {
        one.lang: Bucket(one.documents, one.tokens, one.chars, one.text_bytes)
        for one in manifest.languages
    }
    said = {one.lang: one.quality_deciles for one in manifest.languages}
    touched = {one.lang for one in change.gone} | {one.lang for one in change.added}
    for one in change.gone:
        less = Bucket(-1, -one.tokens, -one.chars, -one.text_bytes)
        held[one.lang] = sum_of([held[one.lang], less])
    for new in change.added:
        more = Bucket(1, new.tokens, new.chars, new.text_bytes)
        held[new.lang] = sum_of([held.get(new.lang, Bucket()), more])
    return [
        Language(
            lang=lang,
            documents=one.documents,
            tokens=one.tokens,
            chars=one.chars,
            text_bytes=one.bytes,
            quality_deciles=_deciles(release, shards, lang) if lang in touched else said.get(lang),
        )
        for lang, one in sorted(held.items())
        if one.documents
    ]


def _deciles(release: Location, shards: Sequence[Shard], lang: str) -> tuple[float, ...] | None:
    counted: deciles.Histogram = {}
    for shard in (one for one in shards if one.lang == lang):
        for table in batches(release / shard.path, ["quality"]):
            for score in table.column("quality").to_pylist():
                if score is not None:
                    deciles.count(counted, score)
    return deciles.deciles(counted)


def licences(manifest: Manifest, change: Change) -> tuple[Licence, ...]:
    """Return what a release holds under each licence and tier."""
    documents: Counter[tuple[str, str]] = Counter()
    tokens: Counter[tuple[str, str]] = Counter()
    held = [(one.license, one.tier, one.documents, one.tokens) for one in manifest.licences]
    held += [(one.license, one.license_tier, -1, -one.tokens) for one in change.gone]
    held += [(one.license, one.license_tier, 1, one.tokens) for one in change.added]
    for spdx, tier, number, length in held:
        documents[spdx or "", tier or ""] += number
        tokens[spdx or "", tier or ""] += length
    return tuple(
        Licence(license=key[0] or None, tier=key[1] or None, documents=number, tokens=tokens[key])
        for key, number in sorted(documents.items())
        if number
    )


def alarms(
    manifest: Manifest, gone: Iterable[Gone], written: Sequence[Written], blocked: Blocked
) -> tuple[tuple[Alarm, ...], dict[str, int]]:
    """Return the alarms of a release, counted again; those in the name of what is gone are too.

    `written` are the files of the ledger, in the order of the inputs.
    """
    gone = list(gone)
    hosts, sources = Counter(one.host for one in gone), Counter(one.warc for one in gone)
    less: Counter[tuple[str, str]] = Counter()
    total = len(gone)
    names = [source.name for source in manifest.inputs]
    for name, one in zip(names, written, strict=True):
        for host, late, removed in one.late:
            hosts[host] += late
            sources[name] += late
            total += late
            less["host", host] += removed
            less["source", name] += removed
        for identity, number in one.followers:
            less["component", identity.hex()] += number
    fewer = {"host": hosts, "source": sources}
    kept, raised = [], dict(manifest.alarms_raised)
    for alarm in manifest.alarms:
        documents = fewer[alarm.kind][alarm.name] if alarm.kind in fewer else total
        now = replace(
            alarm,
            documents=alarm.documents - documents,
            removed=alarm.removed - less[alarm.kind, alarm.name],
        )
        if now.removed > 0 and not _is_of_erased(alarm, blocked):
            kept.append(now)
        else:
            raised[alarm.kind] -= 1
    return tuple(kept), {kind: number for kind, number in raised.items() if number}


def _is_of_erased(alarm: Alarm, blocked: Blocked) -> bool:
    if alarm.kind == "component":
        return blocked.by_id(bytes.fromhex(alarm.name)) is not None
    return alarm.kind == "host" and blocked.by_host(alarm.name) is not None


def _entry(path: str, rows: int, draft: Path) -> Table:
    return Table(path=path, rows=rows, file_bytes=draft.stat().st_size, sha256=sha256(draft))
