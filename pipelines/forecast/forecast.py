"""What `florilegium plan` says: what a build would do, and what it takes, with a margin."""

from collections import Counter
from collections.abc import Iterator
from typing import get_args

from msgspec import Struct
from msgspec.structs import replace

from florilegium.pipelines.forecast import costs as constants
from florilegium.pipelines.forecast.estimate import Estimate, Language, Workload, estimate
from florilegium.pipelines.forecast.margins import COPIES, margins
from florilegium.pipelines.forecast.places import PLACES
from florilegium.pipelines.forecast.prices import Prices
from florilegium.pipelines.forecast.sample import Piece, Sample, sample, together
from florilegium.pipelines.harvest.stages import Tools
from florilegium.pipelines.planning import Plan
from florilegium.pipelines.rights import optouts
from florilegium.pipelines.steps import Search


class Read(Struct, frozen=True, kw_only=True):
    """What a forecast goes by: the part of the input that was read."""

    files: int
    places: int
    bytes: int
    records: int
    pages: int
    documents: int
    seconds: float
    """Processor seconds of harvest."""
    assess_seconds: float
    """Processor seconds of what the recipe lets look at texts once more."""


class Forecast(Struct, frozen=True, kw_only=True):
    """A plan, what was read for it, and what the whole is estimated to take."""

    recipe: str
    build_id: str
    release: str
    units: int
    units_done: int
    bytes: int
    engine: str
    workers: int
    read: Read
    prices: Prices
    estimate: Estimate
    least: Estimate
    """The same figures, at the lower ends of their margins."""
    most: Estimate
    mixture: bool
    """Whether the recipe has a mixture, which leaves out more than is known before."""


def forecast(plan: Plan, engine: str, workers: int, prices: Prices) -> Forecast:
    """Harvest a share of a plan's input and reckon from it; OSError if that fails."""
    with Tools(plan.recipe) as tools:
        taken = sample(plan.units, sum(unit.bytes for unit in plan.pending()), tools)
    return reckoned(plan, taken, engine, workers, prices)


def reckoned(plan: Plan, taken: Sample, engine: str, workers: int, prices: Prices) -> Forecast:
    """Return what a plan takes whose input is like a sample of it."""
    lying = [unit for unit in plan.units if unit.content is None]
    pending = [unit.bytes for unit in plan.pending()]
    size = sum(unit.bytes for unit in lying)
    left, longest = sum(pending), max(pending, default=0)
    read = taken.whole
    asked = frozenset(_asked(plan, read))

    def of(piece: Piece) -> Estimate:
        """Return the estimate from some of what was read."""
        part = taken.part_bytes * piece.text_bytes / max(1, read.text_bytes)
        work = extrapolated(piece, part, len(plan.units), size, left, longest)
        work = replace(work, asked=asked)
        return estimate(work, plan.recipe.shards, constants.load(), prices, workers)

    made, share = of(read), read.bytes / size
    groups = [together(taken.pieces[turn::PLACES]) for turn in range(PLACES)]
    groups = [group for group in groups if group.records] if share < 1 else []
    others = [of(together(other for other in groups if other is not one)) for one in groups]
    # How much a mixture leaves out depends on all that there is.
    may_go = COPIES if plan.mixed is None else 1.0
    places = Counter(lang for group in groups for lang in group.passing)
    found = margins(made, others, share, may_go, places)
    return Forecast(
        recipe=plan.recipe.name,
        build_id=plan.build_id,
        release=str(plan.release),
        units=len(plan.units),
        units_done=len(plan.units) - len(pending),
        bytes=size,
        engine=engine,
        workers=workers,
        read=_read(taken),
        prices=prices,
        estimate=made,
        least=found.least,
        most=found.most,
        mixture=plan.mixed is not None,
    )


def _read(taken: Sample) -> Read:
    whole = taken.whole
    return Read(
        files=taken.files,
        places=len(taken.pieces),
        bytes=whole.bytes,
        records=whole.records,
        pages=whole.pages,
        documents=whole.documents,
        seconds=whole.seconds,
        assess_seconds=whole.assess_seconds,
    )


def _asked(plan: Plan, read: Piece) -> Iterator[str]:
    """Yield the steps that not every build has, if this one has them as far as can be told.

    Whether hosts say anything shows in all records; a few that do are enough.
    """
    searches: tuple[Search, ...] = get_args(Search)
    yield from (step for step in searches if plan.found_by(step) is not None)
    if plan.assessed is not None:
        yield "assess"
    if plan.mixed is not None:
        yield "mix"
    if read.host_records or optouts.matter((), plan.recipe.rights):
        yield "rights"


def extrapolated(
    read: Piece, part_bytes: float, units: int, whole: int, left: int, longest: int
) -> Workload:
    """Return the workload that what was read stands for, by bytes of input.

    `part_bytes` is what a part of it takes on the disk. `left` bytes are still to be harvested; the
    longest unit among them is so many bytes.
    """
    share = 1 / read.bytes if read.bytes else 0.0
    factor = whole * share
    return Workload(
        units=units,
        bytes=whole,
        records=read.records * factor,
        pages=read.pages * factor,
        documents=read.documents * factor,
        text_bytes=read.text_bytes * factor,
        passing={
            lang: Language(one.documents * factor, one.tokens * factor, one.bytes * factor)
            for lang, one in read.passing.items()
        },
        harvest_seconds=read.seconds * left * share,
        longest_unit_seconds=read.seconds * longest * share,
        part_bytes=part_bytes * factor,
        assess_seconds=read.assess_seconds * factor,
    )
