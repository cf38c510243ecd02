"""Seal: counts merged, the law checked, the manifest written. Small, on the driver."""

from collections import Counter
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from florilegium.manifests import manifest as manifests
from florilegium.manifests.funnel import LossKey, funnel
from florilegium.manifests.manifest import Input, Language, Manifest, Shard, Table
from florilegium.manifests.merkle import Span
from florilegium.pipelines import provenance
from florilegium.pipelines.decide import Bucket, Verdict
from florilegium.pipelines.files import replacing, sha256
from florilegium.pipelines.part import Part
from florilegium.pipelines.publish import PublishedShard, ShardPlan, note_path
from florilegium.pipelines.recipe import Recipe, resolved


class Draft(Struct, frozen=True):
    """A release about to be sealed: where it is, and what each of its units came to."""

    folder: Path
    build_id: str
    recipe: Recipe
    parts: list[Part]
    verdicts: list[Verdict]
    plans: list[ShardPlan]
    notes: Path


def seal(draft: Draft) -> Manifest:
    """Write `audit/buckets.parquet` and the manifest of a release, and clear away drafts.

    ValueError if anything that was counted twice was not counted alike.
    """
    shards, root = _shards(draft)
    losses: Counter[LossKey] = Counter()
    for verdict in draft.verdicts:
        for stage, rule, lang, number in verdict.losses:
            losses[stage, rule, lang] += number
    kept = merge_buckets(draft.verdicts)
    languages = tuple(_language(lang, kept[lang]) for lang in sorted(kept))
    made = Manifest(
        name=draft.recipe.name,
        build_id=draft.build_id,
        root=root,
        records=sum(part.records for part in draft.parts),
        documents=sum(shard.rows for shard in shards),
        recipe=resolved(draft.recipe),
        recipe_sha256=provenance.digest(resolved(draft.recipe)),
        code=provenance.code(),
        environment=provenance.environment(),
        resources=provenance.used(draft.recipe),
        tokens_counted="exactly",
        inputs=tuple(
            Input(name=p.unit, bytes=p.bytes, sha256=p.sha256, records=p.records)
            for p in draft.parts
        ),
        funnel=funnel(losses, {language.lang: language.documents for language in languages}),
        languages=languages,
        shards=shards,
        ledger=tuple(_table(draft.folder, ledger_path(n)) for n in range(len(draft.parts))),
        tables=(_buckets(draft.folder, kept),),
    )
    _clear_drafts(draft.folder)
    with replacing(draft.folder / manifests.NAME) as path:
        path.write_bytes(manifests.encode(made))
    return made


def _clear_drafts(release: Path) -> None:
    """Remove what a worker that was killed left half written: it belongs to no release."""
    for path in release.rglob(".*"):
        if path.is_file():
            path.unlink()


def ledger_path(ordinal: int) -> str:
    """Return where in a release the losses of a unit are."""
    return f"audit/losses/{ordinal:05d}.parquet"


def merge_buckets(verdicts: list[Verdict]) -> dict[str, dict[int, Bucket]]:
    """Return what all parts together keep, by language and bucket."""
    merged: dict[str, dict[int, Bucket]] = {}
    for verdict in verdicts:
        for lang, buckets in verdict.kept.items():
            mine = merged.setdefault(lang, {})
            for number, bucket in buckets.items():
                mine[number] = _sum([mine.get(number, Bucket()), bucket])
    return merged


def _sum(buckets: list[Bucket]) -> Bucket:
    columns = zip(*(msgspec.structs.astuple(bucket) for bucket in buckets), strict=True)
    return Bucket(*(sum(column) for column in columns))


def _shards(draft: Draft) -> tuple[tuple[Shard, ...], str]:
    """Return the shards as they were written, and the root of the tree over all their rows."""
    tree = Span()
    shards = []
    for plan in draft.plans:
        note = note_path(draft.notes, plan).read_bytes()
        published = msgspec.json.decode(note, type=PublishedShard)
        tree.extend(Span(plan.first_leaf, published.subtrees))
        shards.append(published.shard)
    return tuple(shards), tree.root().hex()


def _language(lang: str, buckets: dict[int, Bucket]) -> Language:
    total = _sum([Bucket(), *buckets.values()])
    return Language(
        lang=lang,
        documents=total.documents,
        tokens=total.tokens,
        chars=total.chars,
        text_bytes=total.bytes,
    )


def _buckets(release: Path, kept: dict[str, dict[int, Bucket]]) -> Table:
    rows = [
        {"lang": lang, "bucket": number, **msgspec.structs.asdict(kept[lang][number])}
        for lang in sorted(kept)
        for number in sorted(kept[lang])
    ]
    counts = [(name, pa.int64()) for name in Bucket.__struct_fields__]
    schema = pa.schema([("lang", pa.string()), ("bucket", pa.int32()), *counts])
    path = release / "audit" / "buckets.parquet"
    with replacing(path) as draft:
        pq.write_table(pa.Table.from_pylist(rows, schema), draft, compression="zstd")
    return _table(release, "audit/buckets.parquet")


def _table(release: Path, path: str) -> Table:
    file = release / path
    return Table(
        path=path,
        rows=pq.read_metadata(file).num_rows,
        file_bytes=file.stat().st_size,
        sha256=sha256(file),
    )
