"""What a manifest says in sum after an erasure: languages, months, licences, domains and alarms."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from florilegium.manifests import deciles
from florilegium.manifests import distributions as distribution_table
from florilegium.manifests import domains as domain_table
from florilegium.manifests.buckets import Bucket, sum_of
from florilegium.manifests.domains import Domain
from florilegium.manifests.entries import entry
from florilegium.manifests.location import Location, replacing
from florilegium.manifests.manifest import Alarm, Language, Licence, Manifest, Shard, Table
from florilegium.manifests.tables import batches
from florilegium.pipelines.erasure.blocked import Blocked
from florilegium.pipelines.erasure.ledger import Written
from florilegium.pipelines.erasure.shards import linked
from florilegium.pipelines.erasure.tables import Change
from florilegium.pipelines.verdicts.alarms import of_release


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
            deciles.count_all(counted, table.column("quality").to_pylist())
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
    manifest: Manifest, change: Change, written: Sequence[Written], blocked: Blocked
) -> tuple[tuple[Alarm, ...], dict[str, int]]:
    """Return the alarms of a release, counted again; those in the name of what is gone are too.

    `written` are the files of the ledger, in the order of the inputs.
    """
    gone = change.gone
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
    left = manifest.documents - len(gone) + len(change.added)
    for alarm in of_release(manifest.records, left):
        kept.append(alarm)
        raised[alarm.kind] = 1
    return tuple(kept), {kind: number for kind, number in raised.items() if number}


def _is_of_erased(alarm: Alarm, blocked: Blocked) -> bool:
    if alarm.kind == "component":
        return blocked.by_id(bytes.fromhex(alarm.name)) is not None
    return alarm.kind == "host" and blocked.by_host(alarm.name) is not None


def captured(manifest: Manifest, change: Change) -> dict[str, int]:
    """Return how many documents of a release were captured in each month."""
    months = Counter(manifest.captured)
    months.subtract(f"{one.crawl_time:%Y-%m}" for one in change.gone)
    months.update(f"{datetime.fromtimestamp(one.crawl_time, UTC):%Y-%m}" for one in change.added)
    return {month: number for month, number in sorted(months.items()) if number}


def distributions(
    parent: Location, release: Location, shards: Sequence[Shard], change: Change
) -> Table:
    """Write the distributions of a release, counted anew where a document is gone or new."""
    held = distribution_table.read(parent)
    for lang in {one.lang for one in change.gone} | {one.lang for one in change.added}:
        held[lang] = distribution_table.added(
            distribution_table.of_rows(rows)
            for shard in shards
            if shard.lang == lang
            for rows in batches(release / shard.path, list(distribution_table.COLUMNS))
        )
    path = distribution_table.PATH
    with replacing(release / path) as draft:
        kept = {lang: one for lang, one in held.items() if one}
        return entry(path, distribution_table.write(kept, draft), draft)


def domains(
    parent: Location,
    release: Location,
    manifest: Manifest,
    change: Change,
    written: Sequence[Written],
) -> list[Table]:
    """Write the table of domains of a release; files in which nothing changes are linked."""
    more = _more_of_domains(change, written)
    made = []
    for table in domain_table.tables(manifest):
        number = int(table.path.rpartition("/")[2].removesuffix(".parquet"))
        of = domain_table.files(len(manifest.inputs))
        mine = {name: one for name, one in more.items() if domain_table.file_of(name, of) == number}
        if not mine:
            linked(parent / table.path, release / table.path)
            made.append(table)
            continue
        whole = domain_table.added([dict(domain_table.rows(parent / table.path)), mine])
        kept = {name: one for name, one in whole.items() if one != Domain()}
        (release / table.path).parent.mkdir(parents=True, exist_ok=True)
        with replacing(release / table.path) as draft:
            made.append(entry(table.path, domain_table.write(kept, draft), draft))
    return made


def _more_of_domains(change: Change, written: Sequence[Written]) -> dict[str, Domain]:
    return domain_table.added(
        [
            *({one.domain: Domain(-1, -one.tokens, -one.text_bytes)} for one in change.gone),
            *({one.domain: Domain(1, one.tokens, one.text_bytes)} for one in change.added),
            *({name: Domain(lost=more)} for file in written for name, more in file.domains),
        ]
    )
