"""Decide: the recipe's rules and the duplicates, applied to the facts of each part.

No text is read. Each part gets a verdict: which of its documents stay and for how many copies
each stands, a file of the ledger with everything it lost, and counts by language and id bucket.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

import apache_beam as beam
import msgspec
import numpy as np
from apache_beam.pvalue import TaggedOutput
from msgspec import Struct

from florilegium.dedup.decisions import Reason
from florilegium.dedup.methods import METHODS
from florilegium.manifests import deciles, months
from florilegium.manifests import domains as domain_table
from florilegium.manifests.buckets import Bucket, bucket
from florilegium.manifests.document import Facts
from florilegium.manifests.failed_rule import FailedRule
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location, locate, replacing
from florilegium.manifests.manifest import Alarm, Table
from florilegium.manifests.schema import from_table
from florilegium.manifests.tables import batches
from florilegium.pipelines.duplicates.copies import EarlierFile, write_copies
from florilegium.pipelines.duplicates.index import write_index
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.engines.packed import Keyed
from florilegium.pipelines.files import load_array, save_array
from florilegium.pipelines.gates import canaries
from florilegium.pipelines.harvest.part import load
from florilegium.pipelines.mixture.results import left_out
from florilegium.pipelines.overlay import overlay_of
from florilegium.pipelines.recipe import Recipe
from florilegium.pipelines.rights.judged import refusals_of
from florilegium.pipelines.verdicts import domains, failing
from florilegium.pipelines.verdicts.alarms import (
    Alarms,
    Hosts,
    first,
    of_hosts,
    of_source,
    scattered,
)
from florilegium.pipelines.verdicts.judgement import Earlier, failed, lost, removed
from florilegium.pipelines.verdicts.ledger import write_ledger
from florilegium.pipelines.verdicts.loss_examples import Candidate, candidate, fewest
from florilegium.pipelines.verdicts.verdict import Verdict, added, counted, licensed, read_verdict

_HOSTS = "hosts.msgpack"
_PARTS_A_PARTITION = 32

_ToHosts: TypeAlias = TaggedOutput[Literal["hosts"], Keyed]
_ToDomains: TypeAlias = TaggedOutput[Literal["domains"], Keyed]

_ADDED_AT_A_TIME = 64
"""Verdicts that wait: taking the sum apart for each would take longer than deciding."""


class PartToDecide(Struct, frozen=True, kw_only=True):
    """Where a part is, where its duplicates were noted, and where its verdict goes."""

    ordinal: int
    part: str
    decisions: str
    verdict: str
    release: str
    ledger: str
    """Path in the release."""
    earlier: Earlier = ()
    lines: str | None = None
    """Folder of what was found of repeated lines, if they were looked for."""
    licences: str | None = None
    """Folder of what hosts say of licences, if they were asked."""
    judged: str | None = None
    """Folder of what was judged of rights, if it was."""
    assessed: str | None = None
    """Folder of what was told of texts, if the recipe asks for more than counts."""
    mixed: str | None = None
    """Folder of what was found of the mixture, if the recipe has one."""


class LostRecordsError(RuntimeError):
    """Records that are neither in a part's documents nor in its losses."""


def decide(
    root: beam.Pipeline,
    parts: list[PartToDecide],
    sizes: list[int],
    recipe: Recipe,
    total: Location,
    engine: Engine,
    earlier: Sequence[EarlierFile] = (),
) -> None:
    """Lay out the pipeline that writes verdict and ledger of each part, and the sum of verdicts.

    What gave way to documents of earlier releases is counted for each file of their indexes.
    """
    listed = [msgspec.json.encode(part) for part in parts]
    partitions = -(-len(parts) // _PARTS_A_PARTITION) or 1
    decided = engine.spread(root, "parts", listed, sizes) | "decide" >> beam.ParDo(
        _Decide(msgspec.json.encode(recipe), partitions, domain_table.files(len(parts)))
    ).with_outputs("hosts", "domains", main="verdicts")
    alarms = (
        decided.hosts
        | "by host" >> beam.GroupByKey()
        | "alarms" >> beam.ParDo(_HostAlarms(msgspec.json.encode(recipe.alarms)))
    )
    tables = (
        decided.domains
        | "by domain" >> beam.GroupByKey()
        | "domains" >> beam.ParDo(_WriteDomains(parts[0].release if parts else ""))
    )
    found = [decided.verdicts, alarms, tables]
    if earlier:
        files = [msgspec.json.encode(file) for file in earlier]
        spread = engine.spread(root, "earlier", files, [1] * len(files))
        found.append(spread | "copies" >> beam.Map(_count_copies))
    _ = (
        found
        | "verdicts and alarms" >> beam.Flatten()
        | "add up" >> beam.CombineGlobally(_Sum()).without_defaults()
        | "write" >> beam.ParDo(_WriteTotal(str(total)))
    )


class _Decide(beam.DoFn):
    def __init__(self, recipe: bytes, partitions: int, files: int) -> None:
        self._recipe = recipe
        self._partitions, self._files = partitions, files

    def process(self, encoded: bytes) -> Iterator[bytes | _ToHosts | _ToDomains]:
        part = msgspec.json.decode(encoded, type=PartToDecide)
        done = read_verdict(locate(part.verdict))
        yield msgspec.json.encode(
            done or decide_part(part, msgspec.json.decode(self._recipe, type=Recipe))
        )
        counted = (locate(part.verdict) / _HOSTS).read_bytes()
        hosts = msgspec.msgpack.decode(counted, type=Hosts)
        for keyed in scattered(hosts, self._partitions):
            yield _to_hosts(keyed)
        for keyed in domains.scattered(domains.load(locate(part.verdict)), self._files):
            yield _to_domains(keyed)


def _to_hosts(keyed: Keyed) -> _ToHosts:
    return TaggedOutput("hosts", keyed)


def _to_domains(keyed: Keyed) -> _ToDomains:
    return TaggedOutput("domains", keyed)


def _count_copies(encoded: bytes) -> bytes:
    file = msgspec.json.decode(encoded, type=EarlierFile)
    return msgspec.json.encode(Verdict(copies=write_copies(file)))


class _HostAlarms(beam.DoFn):
    def __init__(self, settings: bytes) -> None:
        self._settings = settings

    def process(self, keyed: tuple[int, Iterable[bytes]]) -> Iterator[bytes]:
        found = of_hosts(keyed[1], msgspec.json.decode(self._settings, type=Alarms))
        if found:
            yield msgspec.json.encode(
                Verdict(alarms=first(found), alarms_raised={"host": len(found)})
            )


class _WriteDomains(beam.DoFn):
    def __init__(self, release: str) -> None:
        self._release = release

    def process(self, keyed: tuple[int, Iterable[bytes]]) -> Iterator[bytes]:
        table = domains.write_file(*keyed, locate(self._release))
        yield msgspec.json.encode(Verdict(domains=[table]))


class _Sum(beam.CombineFn):
    """Adds up verdicts, in whatever order they come, many at a time."""

    def create_accumulator(self) -> list[bytes]:
        return []

    def add_input(self, accumulator: list[bytes], verdict: bytes) -> list[bytes]:
        accumulator.append(verdict)
        return accumulator if len(accumulator) < _ADDED_AT_A_TIME else [_sum_of(accumulator)]

    def merge_accumulators(self, accumulators: Iterable[list[bytes]]) -> list[bytes]:
        return [_sum_of(one for accumulator in accumulators for one in accumulator)]

    def compact(self, accumulator: list[bytes]) -> list[bytes]:
        return [_sum_of(accumulator)]

    def extract_output(self, accumulator: list[bytes]) -> bytes:
        return _sum_of(accumulator)


def _sum_of(verdicts: Iterable[bytes]) -> bytes:
    return msgspec.json.encode(added(msgspec.json.decode(one, type=Verdict) for one in verdicts))


class _WriteTotal(beam.DoFn):
    def __init__(self, place: str) -> None:
        self._place = place

    def process(self, total: bytes) -> Iterator[str]:
        with replacing(locate(self._place)) as draft:
            draft.write_bytes(total)
        yield self._place


def decide_part(part: PartToDecide, recipe: Recipe) -> Verdict:
    """Write the verdict of one part; LostRecordsError if its counts do not add up."""
    folder = locate(part.part)
    made = load(folder)
    if made is None:
        raise LostRecordsError(f"{folder.name}: the part is gone; run the build again")
    files = folder / made.attempt
    decisions = load_array(locate(part.decisions))
    decided = dict(zip(decisions["row"].tolist(), decisions, strict=True))
    losses = [
        loss for table in batches(files / "losses.parquet") for loss in from_table(table, Loss)
    ]
    reasons: list[FailedRule] = []
    kept: dict[str, dict[int, Bucket]] = defaultdict(dict)
    licences: list[tuple[str, str, int, int]] = []
    sizes: list[int] = []
    hosts: Hosts = {}
    quality: dict[str, dict[int, int]] = defaultdict(dict)
    of_domains: domains.Counted = {}
    days: Counter[int] = Counter()
    largest: list[Alarm] = []
    examples: list[Candidate] = []
    refusals = refusals_of(locate(part.judged), part.ordinal) if part.judged else {}
    planted = canaries.left_in(part, files) if made.unit == canaries.NAME else None
    mixed = locate(part.mixed) if part.mixed and planted is None else None
    mixture = left_out(mixed, part.ordinal, recipe)
    for facts in _facts(part, files):
        if (refusal := refusals.get(len(sizes))) is not None:
            losses.append(lost(facts, "rights", refusal[0], detail=refusal[1]))
            sizes.append(0)
            continue
        decision = decided.get(part.ordinal << 32 | len(sizes))
        _check_made_for(facts, decision, made.unit)
        loss = removed(facts, decision, recipe, part.earlier) or failed(facts, recipe.filters)
        if planted is not None:
            loss = loss or lost(facts, *canaries.FATE, detail=planted[len(sizes)])
        loss = loss or mixture.loss(len(sizes), facts)
        size = 1 if decision is None else int(decision["size"])
        sizes.append(size if loss is None else 0)
        copy = loss is not None and loss.stage == "duplicates"
        before = hosts.get(facts.host, (0, 0))
        if planted is None:
            hosts[facts.host] = before[0] + 1, before[1] + copy
        if decision is not None and decision["size"] >= recipe.alarms.min_documents:
            largest.append(_component(facts, int(decision["size"])))
        if loss is not None:
            losses.append(loss)
            if planted is None:
                examples.append(candidate(loss, part.ordinal, len(sizes) - 1))
            if recipe.reasons == "all" and loss.stage != canaries.FATE[0]:
                reasons += failing.reasons(loss, facts, recipe.filters)
        else:
            _count(kept[facts.lang].setdefault(bucket(facts.id), Bucket()), facts)
            domains.count(of_domains, facts)
            days[months.day(facts.crawl_time)] += 1
            licences.append((facts.license or "", facts.license_tier or "", 1, facts.tokens))
            if facts.quality is not None:
                deciles.count(quality[facts.lang], facts.quality)
    staying = sum(b.documents for buckets in kept.values() for b in buckets.values())
    if staying + len(losses) != made.records:
        raise LostRecordsError(
            f"{made.unit}: {made.records} records read, but {staying} kept and {len(losses)} lost: "
            f"{made.records - staying - len(losses)} unaccounted for"
        )
    domains.count_lost(of_domains, losses)
    verdict = Verdict(
        records=made.records,
        losses=counted((x.stage, x.rule, x.lang, 1) for x in losses),
        kept=kept,
        licences=licensed(licences),
        quality=quality,
        captured=months.by_month(days),
        ledger=[write_ledger(losses, part.ledger, locate(part.release))],
        index=[_write_index(part, files, sizes, recipe)]
        if recipe.duplicates.index and planted is None
        else [],
        reasons=[failing.write(part.release, part.ledger, reasons)]
        if recipe.reasons == "all"
        else [],
        alarms=(alarms := of_source(made.unit, hosts, recipe.alarms)),
        alarms_raised={"source": 1} if alarms else {},
        largest=first(largest),
        examples=fewest(examples),
    )
    _write(locate(part.verdict), verdict, sizes, hosts, of_domains)
    return verdict


def _component(facts: Facts, size: int) -> Alarm:
    return Alarm(kind="component", name=facts.id.hex(), documents=size, removed=size - 1)


def _facts(part: PartToDecide, files: Location) -> Iterator[Facts]:
    with overlay_of(part) as overlay:
        yield from overlay.facts(files / "documents.parquet")


def _check_made_for(facts: Facts, decision: np.void | None, unit: str) -> None:
    """Refuse decisions that were made for other documents than a part now holds."""
    if decision is None or decision["reason"] != Reason.KEPT:
        return
    if decision["kept_id"].tobytes() != facts.id:
        raise LostRecordsError(f"{unit}: its duplicates were decided for another part; remove work")


def _count(into: Bucket, facts: Facts) -> None:
    into.documents += 1
    into.tokens += facts.tokens
    into.chars += facts.chars
    into.bytes += facts.text_bytes


def _write_index(part: PartToDecide, files: Location, sizes: list[int], recipe: Recipe) -> Table:
    signatures, method = files / "signatures.npy", METHODS[recipe.duplicates.method]
    return write_index(locate(part.release), part.ordinal, signatures, sizes, method)


def _write(
    folder: Location,
    verdict: Verdict,
    sizes: list[int],
    hosts: Hosts,
    of_domains: domains.Counted,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    domains.save(folder, of_domains)
    save_array(folder / "sizes.npy", np.array(sizes, np.uint32))
    with replacing(folder / _HOSTS) as draft:
        draft.write_bytes(msgspec.msgpack.encode(dict(sorted(hosts.items()))))
    with replacing(folder / "verdict.json") as draft:
        draft.write_bytes(msgspec.json.encode(verdict))
