"""Checking a release from its files alone, without trust in who made it."""

import itertools
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from florilegium.manifests import funnel
from florilegium.manifests import manifest as manifests
from florilegium.manifests.funnel import LossKey
from florilegium.manifests.leaves import leaves
from florilegium.manifests.location import Location, files, relative, sha256
from florilegium.manifests.manifest import Input, Manifest, Shard, Table
from florilegium.manifests.merkle import Span, span
from florilegium.manifests.schema import DOCUMENT_SCHEMA, LOSS_SCHEMA
from florilegium.manifests.tables import parquet

_UNREADABLE = (OSError, ValueError, KeyError, RecursionError, pa.ArrowException)
_LATE = funnel.STAGES[funnel.FIRST_WITH_LANGUAGE :]


def verify(release: Location) -> Iterator[str]:
    """Yield every finding against a release, each a sentence; none if all it says is true.

    Checked are the sums of the manifest, the digest of every file, that no file is there beside
    them, the columns, order, ranges and totals of the shards, the Merkle root over their rows,
    the losses of the ledger against the funnel, that the documents and losses of each input are
    its records, that no document is reserved by a verdict that binds, and what is said in alarms.
    What rests on a file that cannot be read is not checked.
    """
    try:
        manifest = manifests.read(release)
    except FileNotFoundError:
        yield f"{manifests.NAME}: there is none in {release}"
        return
    except _UNREADABLE as error:
        yield f"{manifests.NAME}: {error}"
        return
    yield from _strangers(release, manifest)
    seen = _Seen({(alarm.kind, alarm.name) for alarm in manifest.alarms}, _binding(manifest))
    shards_read = True
    for shard in manifest.shards:
        whole = (yield from _check_file(release, shard)) and (
            yield from _check_shard(release, shard, seen)
        )
        shards_read = shards_read and whole
    if shards_read:
        yield from _check_totals(manifest, seen)
    ledger_read = yield from _check_ledger(release, manifest, seen)
    if shards_read and ledger_read:
        yield from _check_inputs(manifest, seen)
        yield from _check_alarms(manifest, seen)
    for table in manifest.tables:
        yield from _check_file(release, table)


@dataclass
class _Seen:
    """What was read so far."""

    named: set[tuple[str, str]]
    """Kinds and names of the alarms there are; of nothing else is counted what is removed."""
    binding: list[str]
    """Columns of the verdicts on rights that no document may have against it."""
    tree: Span = field(default_factory=Span)
    languages: Counter[str] = field(default_factory=Counter)
    inputs: Counter[str] = field(default_factory=Counter)
    comparable: Counter[tuple[str, str]] = field(default_factory=Counter)
    removed: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, into: Counter[tuple[str, str]], kind: str, names: Iterable[str]) -> None:
        """Count names of a kind of which there are alarms."""
        into.update(key for name in names if (key := (kind, name)) in self.named)


def _strangers(release: Location, manifest: Manifest) -> Iterator[str]:
    known = {entry.path for entry in manifest.files}
    for folder in ("data", "audit", "index"):
        for path in sorted(_entries(release / folder), key=str):
            if (name := relative(path, release)) not in known:
                yield f"{name}: not in the manifest"


def _entries(folder: Location) -> Iterator[Location]:
    if isinstance(folder, Path):
        # Readers follow a link to a folder, so it counts as a file here.
        yield from (p for p in folder.rglob("*") if p.is_symlink() or not p.is_dir())
    else:
        yield from (path for path, _ in files(folder))


def _check_file(release: Location, entry: Shard | Table) -> Generator[str, None, bool]:
    """Check size and digest of a file; return whether it is there."""
    path = release / entry.path
    if not path.is_file():
        yield f"{entry.path}: missing"
        return False
    if (size := path.stat().st_size) != entry.file_bytes:
        yield f"{entry.path}: {size} bytes, the manifest says {entry.file_bytes}"
    if (digest := sha256(path)) != entry.sha256:
        yield f"{entry.path}: SHA-256 is {digest}, the manifest says {entry.sha256}"
    return True


def _check_shard(release: Location, shard: Shard, seen: _Seen) -> Generator[str, None, bool]:
    """Check the rows of a shard and add them to what was seen; return whether all could be read."""
    before = None
    found: Counter[str] = Counter()
    try:
        with parquet(release / shard.path) as file:
            if not file.schema_arrow.equals(DOCUMENT_SCHEMA):
                yield f"{shard.path}: its columns are not those of a document"
                return False
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group, use_threads=False)
                seen.tree.extend(span(leaves(rows), seen.tree.end))
                seen.inputs.update(sources := rows.column("warc").to_pylist())
                seen.count(seen.comparable, "source", sources)
                seen.count(seen.comparable, "host", rows.column("host").to_pylist())
                ids = rows.column("id").to_pylist()
                yield from _check_order(shard, before, ids)
                before = ids[-1] if ids else before
                _count(found, rows)
                yield from _check_values(shard, rows)
                yield from _check_rights(shard, rows, seen.binding)
    except _UNREADABLE as error:
        yield f"{shard.path}: cannot be read: {error}"
        return False
    seen.languages.update({f"{shard.lang} {what}": number for what, number in found.items()})
    for what in ("rows", "tokens", "text_bytes"):
        if found[what] != (stated := getattr(shard, what)):
            yield f"{shard.path}: {found[what]} {what}, the manifest says {stated}"
    return True


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


def _binding(manifest: Manifest) -> list[str]:
    if manifest.opt_outs is None or manifest.opt_outs.regime != "commercial_art4":
        return []
    later = ["rights_build"] if manifest.opt_outs.retroactive == "all" else []
    return ["rights_crawl", *later]


def _check_rights(shard: Shard, rows: pa.Table, binding: list[str]) -> Iterator[str]:
    for name in binding:
        if reserved := rows.column(name).to_pylist().count("reserved"):
            yield f"{shard.path}: {reserved} documents whose {name} is reserved"


def _check_totals(manifest: Manifest, seen: _Seen) -> Iterator[str]:
    for language in manifest.languages:
        for what, stated in (
            ("rows", language.documents),
            ("tokens", language.tokens),
            ("chars", language.chars),
            ("text_bytes", language.text_bytes),
        ):
            if (found := seen.languages[f"{language.lang} {what}"]) != stated:
                yield f"{language.lang}: {found} {what} in its shards, the manifest says {stated}"
    if (root := seen.tree.root().hex()) != manifest.root:
        yield f"root: the rows of the shards give {root}, the manifest says {manifest.root}"


def _check_ledger(release: Location, manifest: Manifest, seen: _Seen) -> Generator[str, None, bool]:
    """Check the losses of each input; return whether all could be read."""
    lost: Counter[LossKey] = Counter()
    ledger_read = True
    for table, source in zip(manifest.ledger, manifest.inputs, strict=True):
        whole = (yield from _check_file(release, table)) and (
            yield from _check_losses(release, table, source, lost, seen)
        )
        ledger_read = ledger_read and whole
        seen.inputs[source.name] += table.rows
    if not ledger_read:
        return False
    stated = {
        (step.stage, rule, step.lang): number
        for step in manifest.funnel
        for rule, number in step.lost.items()
    }
    for key in sorted(lost.keys() | stated.keys(), key=str):
        if lost[key] != (expected := stated.get(key, 0)):
            stage, rule, lang = key
            where = f"{stage} by {rule}" + (f" in {lang}" if lang else "")
            yield f"ledger: {lost[key]} losses at {where}, the funnel says {expected}"
    return True


def _check_losses(
    release: Location, table: Table, source: Input, lost: Counter[LossKey], seen: _Seen
) -> Generator[str, None, bool]:
    """Check one file of the ledger and count its losses; return whether it could be read."""
    try:
        with parquet(release / table.path) as file:
            if not file.schema_arrow.equals(LOSS_SCHEMA):
                yield f"{table.path}: its columns are not those of a loss"
                return False
            names = ["warc", "stage", "rule", "lang", "host", "dup_of"]
            rows = file.read(names, use_threads=False)
        columns = [rows.column(name).to_pylist() for name in ("stage", "rule", "lang")]
        sources = set(rows.column("warc").to_pylist())
        _count_removed(rows, seen)
    except _UNREADABLE as error:
        yield f"{table.path}: cannot be read: {error}"
        return False
    if rows.num_rows != table.rows:
        yield f"{table.path}: {rows.num_rows} rows, the manifest says {table.rows}"
    if sources - {source.name}:
        yield f"{table.path}: holds losses of other inputs than {source.name}"
    for stage, rule, lang in zip(*columns, strict=True):
        lost[stage, rule, lang if stage in _LATE else None] += 1
    return True


def _count_removed(rows: pa.Table, seen: _Seen) -> None:
    """Count the losses in whose name there are alarms."""
    columns = (rows.column(name).to_pylist() for name in ("stage", "warc", "host", "dup_of"))
    late = [row for row in zip(*columns, strict=True) if row[0] in ("duplicates", "quality")]
    copies = [row for row in late if row[0] == "duplicates"]
    for into, some in ((seen.comparable, late), (seen.removed, copies)):
        seen.count(into, "source", (source for _, source, _, _ in some))
        seen.count(into, "host", (host for _, _, host, _ in some))
    seen.count(seen.removed, "component", (kept.hex() for *_, kept in copies if kept))


def _check_alarms(manifest: Manifest, seen: _Seen) -> Iterator[str]:
    late = sum(s.received for s in manifest.funnel if s.stage == "duplicates")
    for alarm in manifest.alarms:
        key = alarm.kind, alarm.name
        documents = late if alarm.kind == "component" else seen.comparable[key]
        if (documents, seen.removed[key]) != (alarm.documents, alarm.removed):
            yield f"alarm: {alarm}; counted are {seen.removed[key]} of {documents}"


def _check_inputs(manifest: Manifest, seen: _Seen) -> Iterator[str]:
    for source in manifest.inputs:
        if (found := seen.inputs[source.name]) != source.records:
            yield (
                f"{source.name}: {found} documents and losses, "
                f"the manifest says {source.records} records"
            )
