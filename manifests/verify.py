"""Checking a release from its files alone, without trust in who made it."""

import itertools
from collections import Counter
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from florilegium.manifests import funnel
from florilegium.manifests import manifest as manifests
from florilegium.manifests.leaves import leaves
from florilegium.manifests.manifest import Manifest, Shard, Table
from florilegium.manifests.merkle import Span, leaf_hash, span
from florilegium.manifests.schema import DOCUMENT_SCHEMA, LOSS_SCHEMA

_UNREADABLE = (OSError, ValueError, KeyError, pa.ArrowException)


def verify(release: Path) -> Iterator[str]:
    """Yield every finding against a release, each a sentence; none if all it says is true.

    Checked are the sums of the manifest, the digest of every file, that no file is there beside
    them, the columns, order, ranges and totals of the shards, the Merkle root over their rows,
    and the losses of the ledger against the funnel.
    """
    try:
        manifest = manifests.read(release)
    except FileNotFoundError:
        yield f"{manifests.NAME}: there is none in {release}"
        return
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        yield f"{manifests.NAME}: {error}"
        return
    yield from _strangers(release, manifest)
    tree = Span()
    seen: Counter[str] = Counter()
    for shard in manifest.shards:
        yield from _check_file(release, shard)
        yield from _check_shard(release, shard, tree, seen)
    yield from _check_languages(manifest, seen)
    if (root := tree.root().hex()) != manifest.root:
        yield f"root: the rows of the shards give {root}, the manifest says {manifest.root}"
    yield from _check_ledger(release, manifest)
    for table in manifest.tables:
        yield from _check_file(release, table)


def _strangers(release: Path, manifest: Manifest) -> Iterator[str]:
    known = {entry.path for entry in manifest.files}
    for folder in ("data", "audit"):
        for path in sorted((release / folder).rglob("*")):
            name = path.relative_to(release).as_posix()
            if path.is_file() and name not in known:
                yield f"{name}: not in the manifest"


def _check_file(release: Path, entry: Shard | Table) -> Iterator[str]:
    path = release / entry.path
    if not path.is_file():
        yield f"{entry.path}: missing"
        return
    if (size := path.stat().st_size) != entry.file_bytes:
        yield f"{entry.path}: {size} bytes, the manifest says {entry.file_bytes}"
    with path.open("rb") as stream:
        if (digest := file_digest(stream, "sha256").hexdigest()) != entry.sha256:
            yield f"{entry.path}: SHA-256 is {digest}, the manifest says {entry.sha256}"


def _check_shard(release: Path, shard: Shard, tree: Span, seen: Counter[str]) -> Iterator[str]:
    """Check the rows of a shard and add them to the tree; rows that cannot be read add nothing."""
    before = None
    found: Counter[str] = Counter()
    part = Span(tree.end)
    try:
        with pq.ParquetFile(release / shard.path) as file:
            if not file.schema_arrow.equals(DOCUMENT_SCHEMA):
                yield f"{shard.path}: its columns are not those of a document"
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group, use_threads=False)
                part.extend(span(leaves(rows), part.end))
                ids = rows.column("id").to_pylist()
                yield from _check_order(shard, before, ids)
                before = ids[-1] if ids else before
                _count(found, rows)
                yield from _check_values(shard, rows)
    except _UNREADABLE as error:
        yield f"{shard.path}: cannot be read: {error}"
        part = span([leaf_hash(b"unreadable")] * shard.rows, tree.end)
    tree.extend(part)
    seen.update({f"{shard.lang} {what}": number for what, number in found.items()})
    for what in ("rows", "tokens", "text_bytes"):
        if found[what] != (stated := getattr(shard, what)):
            yield f"{shard.path}: {found[what]} {what}, the manifest says {stated}"


def _count(found: Counter[str], rows: pa.Table) -> None:
    texts = rows.column("text").to_pylist()
    found.update(
        rows=rows.num_rows,
        tokens=sum(rows.column("tokens").to_pylist()),
        text_bytes=sum(len(text.encode()) for text in texts),
        chars=sum(len(text) for text in texts),
    )


def _check_order(shard: Shard, before: bytes | None, ids: list[bytes]) -> Iterator[str]:
    chain = ids if before is None else [before, *ids]
    if any(one >= other for one, other in itertools.pairwise(chain)):
        yield f"{shard.path}: its rows are not in ascending order of distinct ids"
    if any(int.from_bytes(i) * shard.of >> 128 != shard.index for i in ids):
        yield f"{shard.path}: holds ids outside its range"


def _check_values(shard: Shard, rows: pa.Table) -> Iterator[str]:
    if set(rows.column("lang").to_pylist()) - {shard.lang}:
        yield f"{shard.path}: holds documents of another language than {shard.lang}"
    sizes = zip(
        rows.column("text").to_pylist(),
        rows.column("chars").to_pylist(),
        rows.column("text_bytes").to_pylist(),
        strict=True,
    )
    if any(len(text) != chars or len(text.encode()) != size for text, chars, size in sizes):
        yield f"{shard.path}: states lengths that its texts do not have"


def _check_languages(manifest: Manifest, seen: Counter[str]) -> Iterator[str]:
    for language in manifest.languages:
        for what, stated in (
            ("rows", language.documents),
            ("tokens", language.tokens),
            ("chars", language.chars),
            ("text_bytes", language.text_bytes),
        ):
            if (found := seen[f"{language.lang} {what}"]) != stated:
                yield f"{language.lang}: {found} {what} in its shards, the manifest says {stated}"


def _check_ledger(release: Path, manifest: Manifest) -> Iterator[str]:
    lost: Counter[tuple[str, str]] = Counter()
    for table, source in zip(manifest.ledger, manifest.inputs, strict=True):
        yield from _check_file(release, table)
        try:
            rows = pq.read_table(release / table.path, use_threads=False)
        except _UNREADABLE as error:
            yield f"{table.path}: cannot be read: {error}"
            continue
        if not rows.schema.equals(LOSS_SCHEMA):
            yield f"{table.path}: its columns are not those of a loss"
            continue
        if rows.num_rows != table.rows:
            yield f"{table.path}: {rows.num_rows} rows, the manifest says {table.rows}"
        if set(rows.column("warc").to_pylist()) - {source.name}:
            yield f"{table.path}: holds losses of other inputs than {source.name}"
        pairs = zip(rows.column("stage").to_pylist(), rows.column("rule").to_pylist(), strict=True)
        lost.update(pairs)
    stated = funnel.by_rule(manifest.funnel)
    for stage, rule in sorted(lost.keys() | stated.keys()):
        if lost[stage, rule] != stated[stage, rule]:
            yield (
                f"ledger: {lost[stage, rule]} losses at {stage} by {rule}, "
                f"the funnel says {stated[stage, rule]}"
            )
