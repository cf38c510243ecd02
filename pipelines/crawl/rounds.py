"""The pipelines of a round: fetch what is planned, then bring the frontier up to date.

Fetching is shared out by site, so that one worker serves a host. What was found is shuffled to the
part of the frontier that it belongs to.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import apache_beam as beam
import msgspec
import pyarrow.compute as pc
from msgspec import Struct

from florilegium.pipelines.crawl import frontier, shard, update
from florilegium.pipelines.crawl.frontier import WAITING, partition_of
from florilegium.pipelines.crawl.journal import Answered, Done, Found, Note, Outcome, Rested, notes
from florilegium.pipelines.crawl.places import Job, Places, note, noted
from florilegium.pipelines.crawl.settings import Crawl
from florilegium.pipelines.engines.engine import Engine

_BATCH: Final = 2_000
_NEVER: Final = 1e18
_Batch = tuple[int, bytes]


class Stats(Struct, frozen=True, kw_only=True):
    """What a part of the frontier holds after a round."""

    states: dict[str, int] = {}
    reasons: dict[str, int] = {}
    """By state and the first words of the reason."""
    asked: int = 0
    """Requests for its addresses in this visit."""
    bytes: int = 0
    """Bytes received for them in this visit."""
    hosts: int = 0
    passed_by: dict[str, int] = {}
    """Links that do not belong to the crawl, by the reason, since it began."""
    next_due: float = _NEVER
    """Seconds since 1970 at which the next of what waits can be asked for."""


def fetch(root: beam.Pipeline, jobs: list[Job], engine: Engine) -> None:
    """Lay out the pipeline in which each worker does its share of a round."""
    listed = [msgspec.json.encode(job) for job in jobs]
    spread = engine.spread(root, "shares", listed, [1] * len(listed))
    _ = spread | "fetch" >> beam.Map(_fetched)


def bring_up_to_date(root: beam.Pipeline, jobs: list[Job], engine: Engine) -> None:
    """Lay out the pipeline that writes the frontier of the next round."""
    listed = [msgspec.json.encode(job) for job in jobs]
    spread = engine.spread(root, "notes", listed, [1] * len(listed))
    job = msgspec.json.encode(jobs[0])
    parts = root | "parts" >> beam.Create(
        [(number, b"") for number in range(jobs[0].settings.partitions)], reshuffle=False
    )
    _ = (
        (spread | "read" >> beam.FlatMap(_batches), parts)
        | "together" >> beam.Flatten()
        | "by part" >> beam.GroupByKey()
        | "update" >> beam.Map(_brought_up_to_date, job)
    )


def _fetched(encoded: bytes) -> bool:
    return shard.run(msgspec.json.decode(encoded, type=Job))


def _batches(encoded: bytes) -> Iterator[_Batch]:
    """Yield what a worker noted, in batches by the part of the frontier that it is about."""
    job = msgspec.json.decode(encoded, type=Job)
    waiting: dict[int, list[Any]] = defaultdict(list)
    for one in notes(Places(Path(job.folder)).journal(job.round.number, job.shard)):
        for number, item in _routed(one, job.settings.partitions):
            waiting[number].append(item)
            if len(waiting[number]) >= _BATCH:
                yield number, _encoded(waiting.pop(number))
    for number, items in waiting.items():
        yield number, _encoded(items)


def _routed(one: Note, partitions: int) -> Iterator[tuple[int, Note | Found]]:
    if isinstance(one, Done):
        return
    if isinstance(one, Outcome | Answered):
        for found in one.found:
            yield partition_of(found.host, partitions), found
        one = msgspec.structs.replace(one, found=[])
    yield partition_of(one.host, partitions), one


class _Batched(Struct, array_like=True, gc=False):
    notes: list[Outcome | Answered | Rested] = []
    found: list[Found] = []


def _encoded(items: list[Any]) -> bytes:
    found = [item for item in items if isinstance(item, Found)]
    others = [item for item in items if not isinstance(item, Found)]
    return msgspec.msgpack.encode(_Batched(others, found))


def _brought_up_to_date(part: tuple[int, Iterable[bytes]], encoded: bytes) -> int:
    """Write a part of the next frontier, and what it holds."""
    number, batches = part
    job = msgspec.json.decode(encoded, type=Job)
    settings, places = job.settings, Places(Path(job.folder))
    read = [msgspec.msgpack.decode(batch, type=_Batched) for batch in batches if batch]
    noted_ones = [one for batch in read for one in batch.notes]
    outcomes = [one for one in noted_ones if isinstance(one, Outcome)]
    before, after = places.round(job.round.number), places.round(job.round.number + 1)
    rows = frontier.read(before, "frontier", number)
    rows = update.updated(rows, outcomes, job.round.visit)
    rows = update.grown(rows, (one for batch in read for one in batch.found), settings.budget)
    hosts = update.with_hosts(
        frontier.read(before, "hosts", number),
        [one for one in noted_ones if isinstance(one, Rested)],
        outcomes,
    )
    origins = update.with_origins(
        frontier.read(before, "origins", number),
        [one for one in noted_ones if isinstance(one, Answered)],
    )
    rows = update.bounded(rows, hosts, settings.budget)
    for name, table in (("frontier", rows), ("hosts", hosts), ("origins", origins)):
        frontier.write(after, name, number, table)
    passed_by = Counter(known(before, number).passed_by)
    for one in outcomes:
        passed_by.update(one.passed_by)
    write_stats(after, number, stats(rows, hosts, settings, passed_by))
    return number


def known(folder: Path, number: int) -> Stats:
    """Return what a part of the frontier of a round holds."""
    path = _stats_path(folder, number)
    return noted(path, Stats) if path.exists() else Stats()


def write_stats(folder: Path, number: int, found: Stats) -> None:
    """Write down what a part of the frontier of a round holds."""
    note(_stats_path(folder, number), found)


def _stats_path(folder: Path, number: int) -> Path:
    return folder / "stats" / f"{number:05d}.json"


def stats(rows: Any, hosts: Any, settings: Crawl, passed_by: Mapping[str, int]) -> Stats:  # noqa: ANN401
    """Return what a part of the frontier holds."""
    kinds = pc.replace_substring_regex(rows["reason"], r"^([^:]*(: status [0-9]+)?).*$", r"\1")
    counted = (
        rows.set_column(0, "kind", kinds).group_by(["state", "kind"]).aggregate([([], "count_all")])
    )
    states: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for row in counted.to_pylist():
        states[row["state"]] += row["count_all"]
        reasons[f"{row['state']}: {row['kind']}".removesuffix(": ")] += row["count_all"]
    waits = rows.filter(pc.equal(rows["state"], WAITING))
    at = pc.index_in(waits["host"], value_set=hosts["host"].combine_chunks())
    rests = hosts["not_before"].combine_chunks().take(at) if len(hosts) else None
    due = waits["not_before"]
    if rests is not None:
        rest = pc.subtract(pc.coalesce(rests, 0.0), settings.max_delay)
        due = pc.max_element_wise(due, rest)
    return Stats(
        states=dict(sorted(states.items())),
        reasons=dict(sorted(reasons.items())),
        asked=pc.sum(rows["asked"]).as_py() or 0,
        bytes=pc.sum(hosts["bytes"]).as_py() or 0,
        hosts=pc.count_distinct(rows["host"]).as_py(),
        passed_by=dict(sorted(passed_by.items())),
        next_due=pc.min(due).as_py() if len(waits) else _NEVER,
    )


def total(folder: Path) -> Stats:
    """Return what the whole frontier of a round holds."""
    states: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    passed_by: Counter[str] = Counter()
    parts = [noted(path, Stats) for path in sorted((folder / "stats").glob("*.json"))]
    for part in parts:
        states.update(part.states)
        reasons.update(part.reasons)
        passed_by.update(part.passed_by)
    return Stats(
        states=dict(states),
        reasons=dict(reasons),
        asked=sum(part.asked for part in parts),
        bytes=sum(part.bytes for part in parts),
        hosts=sum(part.hosts for part in parts),
        passed_by=dict(sorted(passed_by.items())),
        next_due=min((part.next_due for part in parts), default=_NEVER),
    )
