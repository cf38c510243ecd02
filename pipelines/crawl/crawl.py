"""The crawl, told from top to bottom: rounds of fetching, until nothing is left to be asked for.

All that it knows lies in its folder, so it goes on where it was, whatever ended it.
"""

import shutil
import time
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from florilegium.pipelines.crawl import frontier, rounds, update
from florilegium.pipelines.crawl.frontier import WAITING, partition_of
from florilegium.pipelines.crawl.places import Job, Places, Round, note
from florilegium.pipelines.crawl.rounds import Stats
from florilegium.pipelines.crawl.seeds import as_found
from florilegium.pipelines.crawl.settings import Crawl
from florilegium.pipelines.crawl.urls import Url
from florilegium.pipelines.crawl.watch import Watch
from florilegium.pipelines.crawl.writer import OPEN
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.lock import lock


class UnfinishedError(ValueError):
    """A further visit was asked for before this one is over."""


class Summary(Struct, frozen=True, kw_only=True):
    """How a crawl ended, and what it knows."""

    end: str
    """`done`, `stopped`, `waiting` for hosts that asked for rest, or the budget that is spent."""
    visit: int
    rounds: int
    rounds_run: int
    """Those of this run of the command."""
    stats: Stats
    files: list[str]
    """The WARC files, sorted."""


def crawl(
    folder: Path,
    settings: Crawl,
    seeds: list[Url],
    engine: Engine,
    watch: Watch,
    again: bool = False,
) -> Summary:
    """Crawl from seeds into a folder, or go on with what is there; return how it ended.

    `again` begins a further visit to all that is known. LockedError if another crawl is at work in
    the folder, UnfinishedError if a visit is not over that another is to follow.
    """
    places = Places(folder)
    with lock(places.lock):
        places.stop.unlink(missing_ok=True)
        now = _taken_up(places, settings, seeds, again)
        settings, first = replace(settings, partitions=now.partitions), now.number
        try:
            with watch.stopping(places.stop):
                end, now = _rounds(places, settings, seeds, now, engine, watch)
        finally:
            places.stop.unlink(missing_ok=True)
        _close_files(places)
        summary = _summary(places, end, now, now.number - first)
        note(folder / "crawl.json", summary)
        return summary


def _taken_up(places: Places, settings: Crawl, seeds: list[Url], again: bool) -> Round:
    """Return the round to go on with: one that was interrupted, or the next, with all seeds."""
    last = places.last()
    if last is None:
        first = Round(number=1, visit=1, visit_began=time.time(), partitions=settings.partitions)
        return _prepared(places, first, settings, seeds, again=False)
    waits = rounds.total(places.round(last.number)).states.get(WAITING)
    if again and (last.began or waits):
        raise UnfinishedError("this visit is not over: go on with it first, without --again")
    if last.began:
        return last
    visit, began = (last.visit + 1, time.time()) if again else (last.visit, last.visit_began)
    following = replace(last, number=last.number + 1, visit=visit, visit_began=began)
    return _prepared(places, following, settings, seeds, again)


def _prepared(places: Places, now: Round, settings: Crawl, seeds: list[Url], again: bool) -> Round:
    """Write the frontier of a round: that of the one before, and the seeds that are new."""
    before, after = places.round(now.number - 1), places.round(now.number)
    found = [as_found(seed, settings) for seed in seeds]
    for number in range(now.partitions):
        rows, hosts, origins = (
            frontier.read(before, table, number) for table in ("frontier", "hosts", "origins")
        )
        if again:
            rows, hosts = update.again(rows, hosts)
        here = (one for one in found if partition_of(one.host, now.partitions) == number)
        rows = update.grown(rows, here, settings.budget)
        for name, table in (("frontier", rows), ("hosts", hosts), ("origins", origins)):
            frontier.write(after, name, number, table)
        passed_by = rounds.known(before, number).passed_by
        rounds.write_stats(after, number, rounds.stats(rows, hosts, settings, passed_by))
    return _next(places, now)


def _next(places: Places, now: Round) -> Round:
    """Make a round the next one: its frontier is whole. What is older is not needed any more."""
    note(places.round(now.number) / "round.json", now)
    for path in places.rounds.glob("[0-9]*"):
        if path.name < places.round(now.number).name:
            shutil.rmtree(path)
    return now


def _rounds(
    places: Places, settings: Crawl, seeds: list[Url], now: Round, engine: Engine, watch: Watch
) -> tuple[str, Round]:
    """Go from round to round; return what ended that, and the round that is next."""
    deadline = time.time() + settings.budget.seconds
    while True:
        stats = rounds.total(places.round(now.number))
        if not now.began:
            if end := _end(settings, stats, deadline):
                return end, now
            if watch.wait(stats.next_due - time.time()):
                return "stopped", now
            now = replace(now, began=time.time(), shards=engine.workers)
            note(places.round(now.number) / "round.json", now)
        jobs = _jobs(places, settings, seeds, now, stats, deadline)
        with watch.round(places.progress(now.number), now, stats):
            if not _fetched(places, jobs, engine, watch):
                return "stopped", now
        engine.run(lambda root: rounds.bring_up_to_date(root, jobs, engine), "frontier")  # noqa: B023
        now = _next(places, replace(now, number=now.number + 1, began=0.0, shards=0))


def _end(settings: Crawl, stats: Stats, deadline: float) -> str:
    """Return what ends a crawl before its next round, if anything does."""
    budget = settings.budget
    if not stats.states.get(WAITING):
        return "done"
    if stats.asked >= budget.pages:
        return "budget: pages"
    if stats.bytes >= budget.bytes:
        return "budget: bytes"
    if time.time() >= deadline:
        return "budget: seconds"
    if stats.next_due > min(deadline, time.time() + settings.patience):
        return "waiting"
    return ""


def _jobs(
    places: Places, settings: Crawl, seeds: list[Url], now: Round, stats: Stats, deadline: float
) -> list[Job]:
    """Return the shares of a round. What is left of a budget is divided evenly."""
    budget = settings.budget
    return [
        Job(
            folder=str(places.folder.absolute()),
            round=now,
            shard=number,
            settings=settings,
            seeds=tuple(seed.href for seed in seeds),
            until=min(deadline, now.began + budget.seconds_per_round),
            pages=-(-(budget.pages - stats.asked) // now.shards),
            bytes=-(-(budget.bytes - stats.bytes) // now.shards),
        )
        for number in range(now.shards)
    ]


def _fetched(places: Places, jobs: list[Job], engine: Engine, watch: Watch) -> bool:
    """Fetch what is planned; return whether all of it is done."""
    try:
        engine.run(lambda root: rounds.fetch(root, jobs, engine), "fetch")
    except RuntimeError:
        if not watch.stopped:  # the same signal may have ended workers
            raise
    return all(places.done(job.round.number, job.shard).exists() for job in jobs)


def _close_files(places: Places) -> None:
    """Give all WARC files the names by which others know that they are whole."""
    for path in places.warc.glob(f"*{OPEN}"):
        path.rename(path.with_name(path.name.removesuffix(OPEN)))


def _summary(places: Places, end: str, now: Round, run: int) -> Summary:
    return Summary(
        end=end,
        visit=now.visit,
        rounds=now.number - 1,
        rounds_run=run,
        stats=rounds.total(places.round(now.number)),
        files=sorted(path.name for path in places.warc.glob("*.warc.gz")),
    )
