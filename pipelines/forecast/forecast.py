"""What `build --dry-run` says: the plan, and what it takes as far as a few records can tell."""

from collections.abc import Callable, Iterator, Mapping
from typing import get_args

import msgspec
from rich.console import Console
from rich.table import Table

from florilegium.pipelines.forecast import costs as constants
from florilegium.pipelines.forecast.costs import Prices
from florilegium.pipelines.forecast.estimate import Estimate, Language, Workload, estimate
from florilegium.pipelines.forecast.sample import Sample, sample
from florilegium.pipelines.harvest.stages import Tools
from florilegium.pipelines.planning import Plan
from florilegium.pipelines.rights import optouts
from florilegium.pipelines.steps import Search


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, what was read for it, and what the whole is estimated to take."""

    recipe: str
    languages: int
    units: int
    units_done: int
    bytes: int
    workers: int
    engine: str
    release: str
    sample: Sample
    prices: Prices
    estimate: Estimate


def dry_run(plan: Plan, engine: str, workers: int, price_core_hour: float | None) -> DryRun:
    """Harvest a few records of a plan's input and reckon from them; OSError if that fails.

    A price given is that of a core with its memory.
    """
    with Tools(plan.recipe) as tools:
        taken = sample(plan.units, tools)
    prices = constants.PRICES[engine]
    if price_core_hour is not None:
        prices = msgspec.structs.replace(prices, vcpu_hour=price_core_hour, memory_gb_hour=0.0)
    return reckoned(plan, taken, engine, workers, prices)


def reckoned(plan: Plan, taken: Sample, engine: str, workers: int, prices: Prices) -> DryRun:
    """Return what a plan takes whose input is like a sample of it."""
    pending = plan.pending()
    whole, left = (sum(unit.bytes for unit in units) for units in (plan.units, pending))
    longest = max((unit.bytes for unit in pending), default=0)
    work = extrapolated(taken, len(plan.units), whole, left, longest)
    work = msgspec.structs.replace(work, asked=frozenset(_asked(plan, taken)))
    return DryRun(
        recipe=plan.recipe.name,
        languages=len(plan.recipe.languages),
        units=len(plan.units),
        units_done=len(plan.units) - len(pending),
        bytes=whole,
        workers=workers,
        engine=engine,
        release=str(plan.release),
        sample=taken,
        prices=prices,
        estimate=estimate(work, plan.recipe.shards, constants.load(), prices, workers),
    )


def _asked(plan: Plan, taken: Sample) -> Iterator[str]:
    """Yield the steps that not every build has, if this one has them as far as can be told.

    Whether hosts say anything shows in all records; a few that do are enough.
    """
    searches: tuple[Search, ...] = get_args(Search)
    yield from (step for step in searches if plan.found_by(step) is not None)
    if plan.assessed is not None:
        yield "assess"
    if plan.mixed is not None:
        yield "mix"
    if taken.host_records or optouts.matter((), plan.recipe.rights):
        yield "rights"


def extrapolated(taken: Sample, units: int, whole: int, left: int, longest: int) -> Workload:
    """Return the workload that a sample stands for, by bytes of input.

    `left` bytes are still to be harvested; the longest unit among them is so many bytes.
    """
    share = 1 / taken.bytes if taken.bytes else 0.0
    factor = whole / taken.bytes if taken.bytes else 0.0
    return Workload(
        units=units,
        bytes=whole,
        records=taken.records * factor,
        pages=taken.pages * factor,
        documents=taken.documents * factor,
        text_bytes=taken.text_bytes * factor,
        passing={
            lang: Language(one.documents * factor, one.tokens * factor, one.bytes * factor)
            for lang, one in taken.passing.items()
        },
        harvest_seconds=taken.seconds * left * share,
        longest_unit_seconds=taken.seconds * longest * share,
        part_bytes=taken.part_bytes * factor,
        assess_seconds=taken.assess_seconds * factor,
    )


def show(found: DryRun, console: Console) -> None:
    """Print it for a person."""
    for name in ("recipe", "languages", "units", "units_done", "bytes", "workers", "release"):
        console.print(f"{name.replace('_', ' '):11} {getattr(found, name)}", soft_wrap=True)
    read = found.sample
    console.print(
        f"\nEstimated from {read.records:,} records in {read.files:,} of the files, "
        f"{read.bytes / found.bytes:.2%} of all bytes.",
        soft_wrap=True,
    )
    if not read.records:
        console.print("No whole record was found in them: nothing can be said.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    for row in _rows(found):
        table.add_row(*row)
    console.print(table)


def _rows(found: DryRun) -> Iterator[tuple[str, str, str]]:
    about = found.estimate
    memory = about.worker_memory_bytes
    most = max(memory, key=memory.__getitem__)
    yield "records", f"{about.records:,.0f}", f"{about.pages:,.0f} of them HTML pages"
    yield "documents", f"{about.documents:,.0f}", f"with {_size(about.text_bytes)} of text"
    yield (
        "published",
        f"{about.published_at_most:,.0f}",
        "at most: which are copies shows when all are known",
    )
    yield "text", _size(about.published_text_bytes_at_most), "at most, before it is compressed"
    yield "tokens", f"{about.tokens_at_most:,.0f}", "at most"
    yield "core time", _time(sum(about.core_hours.values())), _shares(about.core_hours, _time)
    moved = about.shuffled_bytes
    yield "shuffled", _size(sum(moved.values())), _shares(moved, _size)
    yield "memory", _size(memory[most]), f"of a worker at most, in {most}"
    yield "parts", _size(about.parts_bytes), "of disk, for the time of the build"
    yield "release", _size(about.release_bytes), f"at most, in {about.shards:,} shards"
    yield "time", _time(about.wall_hours), f"on {found.workers:,} workers ({found.engine})"
    yield (
        "euros",
        f"{about.euros:,.2f}",
        f"at {found.prices.core_hour:.3f} a core hour (assumptions: docs/scale.md)",
    )


def _shares(amounts: Mapping[str, float], said: Callable[[float], str]) -> str:
    """Return what is worth a mention of a sum."""
    whole = sum(amounts.values())
    return ", ".join(f"{name} {said(one)}" for name, one in amounts.items() if one > whole / 100)


def _time(hours: float) -> str:
    for unit, size in (("h", 1.0), ("min", 1 / 60)):
        if hours >= 2 * size:
            return f"{hours / size:,.0f} {unit}"
    return f"{hours * 3600:.0f} s"


def _size(size: float) -> str:
    for unit, one in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if size >= one:
            return f"{size / one:,.1f} {unit}"
    return f"{size / 1e3:,.1f} kB"
