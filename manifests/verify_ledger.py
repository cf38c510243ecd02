"""Checking the ledger: what was lost, and by which rule."""

from collections import Counter
from collections.abc import Generator, Iterator

import pyarrow as pa

from florilegium.manifests import funnel
from florilegium.manifests.domains import Domain
from florilegium.manifests.funnel import LossKey
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Input, Manifest, Table
from florilegium.manifests.schema import LOSS_SCHEMA
from florilegium.manifests.tables import parquet
from florilegium.manifests.verify_examples import not_lost, strike_out
from florilegium.manifests.verify_files import UNREADABLE, check_file
from florilegium.manifests.verify_shards import Seen

_READ = ["id", "warc", "stage", "rule", "lang", "host", "domain", "dup_of", "dup_release"]
_LATE = funnel.STAGES[funnel.FIRST_WITH_LANGUAGE :]


def check_ledger(release: Location, manifest: Manifest, seen: Seen) -> Generator[str, None, bool]:
    """Check the losses of each input; return whether all could be read."""
    lost: Counter[LossKey] = Counter()
    ledger_read = True
    for table, source in zip(manifest.ledger, manifest.inputs, strict=True):
        whole = (yield from check_file(release, table)) and (
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
    if lost == Counter(stated):
        yield from not_lost(seen.examples)
    for key in sorted(lost.keys() | stated.keys(), key=str):
        if lost[key] != (expected := stated.get(key, 0)):
            stage, rule, lang = key
            where = f"{stage} by {rule}" + (f" in {lang}" if lang else "")
            yield f"ledger: {lost[key]} losses at {where}, the funnel says {expected}"
    return True


def _check_losses(
    release: Location, table: Table, source: Input, lost: Counter[LossKey], seen: Seen
) -> Generator[str, None, bool]:
    """Check one file of the ledger and count its losses; return whether it could be read."""
    try:
        with parquet(release / table.path) as file:
            if not file.schema_arrow.equals(LOSS_SCHEMA):
                yield f"{table.path}: its columns are not those of a loss"
                return False
            rows = file.read(_READ, use_threads=False)
        columns = [rows.column(name).to_pylist() for name in ("stage", "rule", "lang")]
        sources = set(rows.column("warc").to_pylist())
        _count_removed(rows, seen)
        strike_out(seen.examples, rows)
        for name, number in Counter(rows.column("domain").to_pylist()).items():
            if name:
                seen.domains.count(name, Domain(lost=number))
        seen.left_out.update(name for name in rows.column("dup_release").to_pylist() if name)
    except UNREADABLE as error:
        yield f"{table.path}: cannot be read: {error}"
        return False
    if rows.num_rows != table.rows:
        yield f"{table.path}: {rows.num_rows} rows, the manifest says {table.rows}"
    if sources - {source.name}:
        yield f"{table.path}: holds losses of other inputs than {source.name}"
    for stage, rule, lang in zip(*columns, strict=True):
        lost[stage, rule, lang if stage in _LATE else None] += 1
    return True


def _count_removed(rows: pa.Table, seen: Seen) -> None:
    """Count the losses in whose name there are alarms."""
    columns = (rows.column(name).to_pylist() for name in ("stage", "warc", "host", "dup_of"))
    late = [row for row in zip(*columns, strict=True) if row[0] in funnel.COMPARED]
    copies = [row for row in late if row[0] == "duplicates"]
    for into, some in ((seen.comparable, late), (seen.removed, copies)):
        seen.count(into, "source", (source for _, source, _, _ in some))
        seen.count(into, "host", (host for _, _, host, _ in some))
    seen.count(seen.removed, "component", (kept.hex() for *_, kept in copies if kept))


def check_alarms(manifest: Manifest, seen: Seen) -> Iterator[str]:
    """Check that what alarms say is what was counted."""
    late = sum(s.received for s in manifest.funnel if s.stage == "duplicates")
    if not manifest.documents and not any(alarm.kind == "empty" for alarm in manifest.alarms):
        yield "alarm: there is none, though the release is empty"
    for alarm in manifest.alarms:
        key = alarm.kind, alarm.name
        if alarm.kind == "empty":
            lost = manifest.records - manifest.documents
            if manifest.documents or (alarm.documents, alarm.removed) != (manifest.records, lost):
                yield f"alarm: {alarm}; lost are {lost:,} of {manifest.records:,}"
            continue
        documents = late if alarm.kind == "component" else seen.comparable[key]
        if (documents, seen.removed[key]) != (alarm.documents, alarm.removed):
            yield f"alarm: {alarm}; counted are {seen.removed[key]} of {documents}"


def check_inputs(manifest: Manifest, seen: Seen) -> Iterator[str]:
    """Check that each input has as many documents and losses as records."""
    for source in manifest.inputs:
        if (found := seen.inputs[source.name]) != source.records:
            yield (
                f"{source.name}: {found} documents and losses, "
                f"the manifest says {source.records} records"
            )
