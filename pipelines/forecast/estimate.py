"""From a workload to what it takes: core hours, shuffles, memory, disk, time and money.

One formula for every forecast. What a page costs is told by whoever asks, since it differs most;
what a document costs later on are the constants of `costs`.
"""

from collections.abc import Mapping

from msgspec import Struct

from florilegium.manifests.buckets import BUCKETS
from florilegium.pipelines.forecast.costs import AT_WORK, COPIES_HELD, Costs
from florilegium.pipelines.forecast.prices import Prices
from florilegium.pipelines.recipe import Shards
from florilegium.pipelines.steps import STEPS

HOUR = 3600
ON_REQUEST = ("rights", "lines", "licences", "assess", "mix")
"""Steps that not every build has."""


class Language(Struct, frozen=True):
    """What passes the rules in one language, copies included."""

    documents: float
    tokens: float
    text_bytes: float


class Workload(Struct, frozen=True, kw_only=True):
    """A build as a number of everything that costs."""

    units: int
    bytes: float
    records: float
    pages: float
    documents: float
    """That harvest makes."""
    text_bytes: float
    passing: Mapping[str, Language]
    harvest_seconds: float
    """Processor seconds of the units that are still to be harvested."""
    longest_unit_seconds: float = 0.0
    part_bytes: float
    """Disk that all parts take."""
    asked: frozenset[str] = frozenset()
    """Those steps of `ON_REQUEST` that the build has."""
    assess_seconds: float = 0.0
    """Processor seconds in which texts are looked at once more, reading and writing apart."""

    def takes(self, step: str) -> bool:
        """Return whether a build of this workload has a step."""
        return step in self.asked or step not in ON_REQUEST


class Step(Struct, frozen=True, kw_only=True):
    """What a step takes."""

    core_hours: float
    wall_hours: float
    shuffled_bytes: float
    disk_bytes: float
    """Of what it leaves on the disk."""
    euros: float
    watt_hours: float


class Estimate(Struct, frozen=True, kw_only=True):
    """What a build takes. No copies are counted out: how many there are shows when they meet."""

    records: float
    pages: float
    documents: float
    """That harvest makes."""
    text_bytes: float
    published: float
    """Documents that pass the rules; those that are copies of another one are among them."""
    published_text_bytes: float
    tokens: float
    languages: dict[str, Language]
    """What is published, by language."""
    shards: int
    steps: dict[str, Step]
    """`start` is what all workers take before their first page."""
    worker_memory_bytes: dict[str, float]
    """Of one worker, by step."""
    parts_bytes: float
    """Disk for the parts and for what is noted on them; can be removed after the build."""
    release_bytes: float
    core_hours: float
    wall_hours: float
    shuffled_bytes: float
    euros: float
    watt_hours: float
    euros_a_month: float
    """For keeping the release."""


def estimate(
    work: Workload, shards: Shards, costs: Costs, prices: Prices, workers: int
) -> Estimate:
    """Return what a workload takes on so many workers at these prices."""
    passing = list(work.passing.values())
    published = sum(one.documents for one in passing)
    text = sum(one.text_bytes for one in passing)
    number = sum(shards_of(one, shards) for one in passing)
    steps = _steps(work, costs, prices, number, workers)
    release = steps["publish"].disk_bytes + steps["seal"].disk_bytes
    return Estimate(
        records=work.records,
        pages=work.pages,
        documents=work.documents,
        text_bytes=work.text_bytes,
        published=published,
        published_text_bytes=text,
        tokens=sum(one.tokens for one in passing),
        languages=dict(work.passing),
        shards=number,
        steps=steps,
        worker_memory_bytes=_memory(work, costs),
        parts_bytes=sum(step.disk_bytes for step in steps.values()) - release,
        release_bytes=release,
        core_hours=sum(step.core_hours for step in steps.values()),
        wall_hours=sum(step.wall_hours for step in steps.values()),
        shuffled_bytes=sum(step.shuffled_bytes for step in steps.values()),
        euros=sum(step.euros for step in steps.values()),
        watt_hours=sum(step.watt_hours for step in steps.values()),
        euros_a_month=release / 1e9 * prices.storage_gb_month,
    )


def _steps(
    work: Workload, costs: Costs, prices: Prices, shards: int, workers: int
) -> dict[str, Step]:
    published = sum(one.documents for one in work.passing.values())
    text = sum(one.text_bytes for one in work.passing.values())
    shuffled = _shuffled(work, costs, text)
    left = {
        "harvest": work.part_bytes,
        "deduplicate": costs.storage.decision * work.documents,
        "publish": costs.storage.published_text_byte * text,
        "seal": costs.storage.ledger * max(0.0, work.records - published),
    }
    steps = {}
    for name, seconds in _seconds(work, costs, shards, workers).items():
        paid = seconds / HOUR / AT_WORK * prices.cores_paid
        moved = shuffled.get(name, 0.0)
        steps[name] = Step(
            core_hours=seconds / HOUR,
            wall_hours=_wall(name, seconds, work, workers) / HOUR,
            shuffled_bytes=moved,
            disk_bytes=left.get(name, 0.0),
            euros=paid * prices.core_hour + moved / 1e9 * prices.shuffled_gb,
            watt_hours=paid * prices.core_watts,
        )
    return steps


def shards_of(language: Language, shards: Shards) -> int:
    """Return how many shards a language gets: a power of two, see `shard_plans.plan_shards`."""
    size = language.text_bytes if shards.unit == "bytes" else language.tokens
    of = 1
    while of * shards.size < size and of < BUCKETS:
        of *= 2
    return int(min(of, language.documents))


def buckets_of(work: Workload) -> float:
    """Return how many buckets the sum of verdicts has: filled ones, of all languages."""
    return sum(min(one.documents, BUCKETS) for one in work.passing.values())


def _seconds(work: Workload, costs: Costs, shards: int, workers: int) -> dict[str, float]:
    """Return processor seconds by step, in the order of a build."""
    after: dict[str, float] = {
        step: costs.steps[step] * work.documents / 1000
        for step in STEPS
        if step in costs.steps and work.takes(step)
    }
    if "assess" in after:
        after["assess"] += work.assess_seconds
    after["decide"] += work.units * costs.ends.bucket_seconds * buckets_of(work)
    return {
        "start": workers * costs.start_seconds,
        "harvest": work.harvest_seconds,
        **after,
        "seal": costs.ends.seal_seconds * (work.units + shards) / 2,
    }


def _wall(step: str, seconds: float, work: Workload, workers: int) -> float:
    """Return seconds on the clock: all share the work but the seal, and none shares a unit."""
    if step == "seal":
        return seconds
    longest = work.longest_unit_seconds if step == "harvest" else 0.0
    return max(seconds / workers, longest) / AT_WORK


def _shuffled(work: Workload, costs: Costs, text: float) -> dict[str, float]:
    """Return bytes by step. What is published goes by the length of its texts."""
    known = costs.measured
    alike = text * known.documents / sum(known.published_text_bytes.values())
    moved: dict[str, float] = {}
    for shuffle in filter(lambda one: work.takes(one.step), costs.shuffles):
        documents = alike if shuffle.step == "publish" else work.documents
        number = documents if shuffle.each == "document" else work.units
        moved[shuffle.step] = moved.get(shuffle.step, 0.0) + shuffle.bytes * number
    return moved


def _memory(work: Workload, costs: Costs) -> dict[str, float]:
    """Return the peak of one worker in each step, its extraction child included."""
    memory = costs.memory
    hashes = [s for s in costs.shuffles if (s.step, s.each) == ("deduplicate", "document")]
    widest = max(s.bytes for s in hashes if not s.together)
    partition = work.documents * min(1.0, memory.parts_a_partition / max(1, work.units)) * widest
    together = work.documents * sum(s.bytes for s in hashes if s.together)
    return {
        "harvest": memory.harvest + memory.extraction,
        "deduplicate": memory.worker + COPIES_HELD * max(partition, together),
        "publish": memory.worker + memory.publish,
    }
