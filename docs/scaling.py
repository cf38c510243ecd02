"""The page `docs/scale.md`: what was measured, and what a large build takes by the same formula.

Its words are in `scale.template`; numbers and tables are made here.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from wording import descriptions

from florilegium.dedup.methods import FAST_SIMILARITY
from florilegium.manifests.buckets import BUCKETS
from florilegium.pipelines.forecast import costs as constants
from florilegium.pipelines.forecast.costs import AT_WORK, COPIES_HELD, Costs
from florilegium.pipelines.forecast.estimate import (
    ON_REQUEST,
    Estimate,
    Language,
    Workload,
    buckets_of,
    estimate,
)
from florilegium.pipelines.forecast.margins import COPIES, SIZE, TIME
from florilegium.pipelines.forecast.places import MAX_PIECE, MIN_BYTES, PLACES, SHARE
from florilegium.pipelines.forecast.prices import PRICES, Prices
from florilegium.pipelines.forecast.sample import SECONDS
from florilegium.pipelines.publishing.shard_plans import SLICE_BYTES
from florilegium.pipelines.recipe import Shards

GB, TB = 10**9, 10**12
MIB, GIB, TIB = 1 << 20, 1 << 30, 1 << 40
CORES, TERABYTE_CORES = 1_000, 16
FILES, PAGES = 90_000, 2_700_000_000
FILE_BYTES = GB
RECORDS_A_PAGE = 3
HEADER_BYTES = 20
"""Assumed: what Beam adds to an element: key, time, window and lengths."""
LINKS_LEFT, LINKS_LEFT_OF = 885, 230_000
"""Links that came to one worker, of so many planted pages: see `pipelines/engines/connect.py`."""
LINK_BYTES = 16
ENGINES = {"embedded": "one machine or several", "flink": "Flink", "dataflow": "Dataflow"}

Row = tuple[str, ...]


def page() -> Iterator[str]:
    """Yield the lines of the page."""
    costs = constants.load()
    template = Path(__file__).with_name("scale.template").read_text("utf-8")
    yield from template.format(**_numbers(costs), **_tables(costs)).splitlines()


def workload(costs: Costs, pages: float, size: float, units: int, by_byte: bool) -> Workload:
    """Return what so many pages in so many bytes are like, going by the sample.

    A page costs and says as much as one of the sample; or else, `by_byte`, a byte does.
    """
    known = costs.measured
    number = pages / known.pages
    length = size / known.bytes if by_byte else number
    documents, records = known.documents * number, pages * RECORDS_A_PAGE
    seconds = costs.harvest_seconds * known.pages / 1000 * length
    disk = costs.storage
    return Workload(
        units=units,
        bytes=size,
        records=records,
        pages=pages,
        documents=documents,
        text_bytes=known.text_bytes * length,
        passing=_languages(costs, number, length),
        harvest_seconds=seconds,
        longest_unit_seconds=seconds / units,
        part_bytes=disk.document * known.documents * length
        + disk.signature * documents
        + disk.loss * (records - documents),
    )


def _languages(costs: Costs, number: float, length: float) -> dict[str, Language]:
    known = costs.measured
    texts = known.published_text_bytes
    whole = sum(texts.values())
    return {
        lang: Language(
            documents=known.published * text / whole * number,
            tokens=known.tokens * text / whole * length,
            text_bytes=text * length,
        )
        for lang, text in texts.items()
    }


def _snapshot(costs: Costs, by_byte: bool = False) -> Workload:
    return workload(costs, PAGES, FILES * FILE_BYTES, FILES, by_byte)


def _numbers(costs: Costs) -> dict[str, str]:
    known = costs.measured
    work = _snapshot(costs)
    made = estimate(work, Shards(), costs, PRICES["embedded"], CORES)
    return {
        "machine": known.machine,
        "files": f"{known.files:,}",
        "megabytes": f"{known.bytes / 1e6:,.1f}",
        "pages": f"{known.pages:,}",
        "page_kilobytes": f"{known.bytes / known.pages / 1000:,.1f}",
        "documents": f"{known.documents:,}",
        "document_bytes": f"{known.text_bytes / known.documents:,.0f}",
        "published": f"{known.published:,}",
        "slice_megabytes": f"{SLICE_BYTES / MIB:.0f}",
        "parts_a_partition": f"{costs.memory.parts_a_partition}",
        "snapshot_files": f"{FILES:,}",
        "snapshot_pages": f"{PAGES:,}",
        "snapshot_kilobytes": f"{FILES * FILE_BYTES / PAGES / 1000:.1f}",
        "snapshot_cores": f"{CORES:,}",
        "snapshot_shards": f"{made.shards:,}",
        "file_gigabytes": f"{FILE_BYTES / GB:.0f}",
        "records_a_page": f"{RECORDS_A_PAGE}",
        "terabyte_cores": f"{TERABYTE_CORES}",
        "buckets": f"{BUCKETS:,}",
        "largest_language": f"{BUCKETS * Shards().size / TIB:.0f}",
        "left": f"{_left(costs):,.1f} bytes a document were left"
        if _left(costs)
        else "none was left",
        "links_left_of": f"{LINKS_LEFT_OF:,}",
        "sample_share": f"{known.bytes / (FILES * FILE_BYTES):.1e}",
        "yield_": f"{known.documents / known.pages:.0%}",
        "sampled": f"{SHARE:.0%}",
        "places": f"{PLACES}",
        "least_sampled": f"{MIN_BYTES / MIB:.0f}",
        "most_sampled": f"{PLACES * MAX_PIECE / MIB:,.0f}",
        "seconds_sampled": f"{SECONDS:.0f}",
        "time_factor": f"{TIME:g}",
        "size_factor": f"{SIZE:g}",
        "copies_share": f"{COPIES:.0%}",
        "core_watts": f"{PRICES['embedded'].core_watts:.2f}",
        "read_speed": f"{work.bytes / work.harvest_seconds * CORES * AT_WORK / GB:.1f}",
    }


def _left(costs: Costs) -> float:
    """Return the bytes a document that deduplicate brought to one worker."""
    return sum(one.bytes for one in costs.shuffles if one.together and one.step == "deduplicate")


def _tables(costs: Costs) -> dict[str, str]:
    rows = {
        "stages": _stages(costs),
        "steps": _steps(costs),
        "shuffles": _shuffles(costs),
        "disk": _disk(costs),
        "memory": _memory(costs),
        "assumed": _assumed(),
        "prices": _prices(),
        "snapshot": _both(costs, PAGES, FILES * FILE_BYTES, FILES, CORES),
        "terabyte": _both(
            costs, PAGES / FILES / FILE_BYTES * TB, TB, TB // FILE_BYTES, TERABYTE_CORES
        ),
        "together": _together(costs),
    }
    return {name: "\n".join(_table(list(found))) for name, found in rows.items()}


def _stages(costs: Costs) -> Iterator[Row]:
    total = costs.harvest_seconds
    yield "harvest", "seconds for 1,000 pages", "share"
    for name, taken in costs.stages.items():
        yield name, f"{taken:.2f}", f"{taken / total:.0%}"
    yield "together", f"{total:.2f}", "100%"


def _steps(costs: Costs) -> Iterator[Row]:
    ends = costs.ends
    yield "after it, and before", "seconds"
    for step, taken in costs.steps.items():
        asked = ", if the build has it" * (step in ON_REQUEST)
        asked += ", without what looks at texts" * (step == "assess")
        yield f"{step}: 1,000 documents{asked}", f"{taken:.2f}"
    yield "decide: adding the verdict on a part, 1,000 buckets", f"{1000 * ends.bucket_seconds:.4f}"
    yield "seal: 1,000 parts and 1,000 shards", f"{1000 * ends.seal_seconds:.2f}"
    yield "start of a worker, until its first page", f"{costs.start_seconds:.1f}"


def _shuffles(costs: Costs) -> Iterator[Row]:
    yield "shuffle", "bytes", "for each"
    for one in costs.shuffles:
        yield (
            f"{one.step}: {one.name}",
            f"{one.bytes:,.1f}",
            "part" * (one.each == "unit") or one.each,
        )


def _disk(costs: Costs) -> Iterator[Row]:
    disk = costs.storage
    yield "on disk", "bytes"
    yield "part: a document", f"{disk.document:,.0f}"
    yield "part: the signature of a document", f"{disk.signature:,.0f}"
    yield "part: a lost record", f"{disk.loss:,.0f}"
    yield "beside the parts: what is decided on a document", f"{disk.decision:,.0f}"
    yield "release: a byte of text, in its shard", f"{disk.published_text_byte:.2f}"
    yield "release: a lost record, in the ledger", f"{disk.ledger:,.0f}"


def _memory(costs: Costs) -> Iterator[Row]:
    memory = costs.memory
    publish = memory.worker + memory.publish
    yield "at the peak", "MiB"
    yield "with everything imported, idle", f"{memory.worker / MIB:,.0f}"
    yield "harvest, with all that it gathers before it writes", f"{memory.harvest / MIB:,.0f}"
    yield "harvest: the extraction child beside it", f"{memory.extraction / MIB:,.0f}"
    yield "publish, with a slice of a shard, of any size", f"{publish / MIB:,.0f}"


def _assumed() -> Iterator[Row]:
    yield "what", "value"
    yield "share of the time in which a core that is paid for works", f"{AT_WORK}"
    yield "copies of what it groups that a worker of deduplicate holds", f"{COPIES_HELD}"
    yield "bytes that Beam adds to an element", f"{HEADER_BYTES}"


def _prices() -> Iterator[Row]:
    yield "key", *ENGINES.values(), "meaning"
    # A table of TOML has no room for line breaks, and neither has one of Markdown.
    for name, meaning in descriptions(Prices).items():
        values = (f"{getattr(PRICES[engine], name):g}" for engine in ENGINES)
        yield f"`{name}`", *values, " ".join(meaning.split())


def _both(costs: Costs, pages: float, size: float, units: int, workers: int) -> Iterator[Row]:
    columns = []
    for by_byte in (False, True):
        work = workload(costs, pages, size, units, by_byte)
        made = {e: estimate(work, Shards(), costs, PRICES[e], workers) for e in ENGINES}
        columns.append(list(_taken(made, workers)))
    yield "", "a page as in the sample", "a byte as in the sample"
    for (name, left), (_, right) in zip(*columns, strict=True):
        yield name, left, right


def _taken(made: dict[str, Estimate], workers: int) -> Iterator[Row]:
    one = made["embedded"]
    yield "million pages", f"{one.pages / 1e6:,.1f}"
    yield "million documents, copies included", f"{one.documents / 1e6:,.1f}"
    for name, step in one.steps.items():
        hours = step.core_hours
        yield f"core hours: {name}", f"{hours:,.2f}" if hours < 10 else f"{hours:,.0f}"
    yield "**core hours**", f"**{one.core_hours:,.0f}**"
    for name in ("deduplicate", "decide", "publish"):
        yield f"GB shuffled: {name}", f"{one.steps[name].shuffled_bytes / GB:,.1f}"
    yield "**TB shuffled**", f"**{one.shuffled_bytes / TB:,.2f}**"
    yield "TB of parts, for the time of the build", f"{one.parts_bytes / TB:,.2f}"
    yield "TB of release", f"{one.release_bytes / TB:,.2f}"
    yield "shards", f"{one.shards:,}"
    yield f"**wall hours on {workers:,} cores**", f"**{one.wall_hours:,.1f}**"
    for step, size in one.worker_memory_bytes.items():
        yield f"GiB of memory of a worker: {step}", f"{size / GIB:,.1f}"
    for engine, name in ENGINES.items():
        yield f"**euros, {name}**", f"**{made[engine].euros:,.0f}**"
    for engine, name in ENGINES.items():
        yield f"kWh, {name}", f"{made[engine].watt_hours / 1000:,.1f}"
    yield "euros a month for keeping the release", f"{one.euros_a_month:,.2f}"


def _together(costs: Costs) -> Iterator[Row]:
    work = _snapshot(costs)
    made = estimate(work, Shards(), costs, PRICES["embedded"], CORES)
    ends, buckets = costs.ends, buckets_of(work)
    yield "what", "grows by", "at a snapshot"
    for step, size in ends.listed.items():
        grows = f"{size:.0f} bytes a part, compressed"
        yield f"graph, from the driver: list of {step}", grows, f"{size * FILES / 1e6:,.1f} MB"
    for one in costs.shuffles:
        if one.together and one.each == "document":
            grown = f"{one.bytes * work.documents / GB:,.1f} GB"
            yield (
                f"to one worker: {one.step}, {one.name}",
                f"{one.bytes:,.1f} bytes a document",
                grown,
            )
    links = LINKS_LEFT / LINKS_LEFT_OF
    grows = f"{1e6 * links:,.0f} links a million documents, {LINK_BYTES} bytes each"
    grown = f"{links * LINK_BYTES * work.documents / 1e6:,.0f} MB"
    yield "to one worker: links of near duplicates that are left, planted pages", grows, grown
    size, taken = ends.bucket * buckets, ends.bucket_seconds * buckets
    grows = f"{ends.bucket:.0f} bytes a bucket, {BUCKETS:,} a language"
    yield "one worker, then the driver: sum of verdicts", grows, f"{size / 1e6:,.1f} MB"
    grows = f"{1e6 * ends.bucket_seconds:.1f} µs a bucket"
    yield "whoever adds a verdict to that sum", grows, f"{taken:,.2f} s a part"
    grows = f"{ends.manifest_shard:.0f} bytes a shard"
    notes = ends.manifest_shard * made.shards
    yield "driver: notes on shards", grows, f"{notes / 1e6:,.1f} MB"
    grows = f"the same, and {ends.manifest_unit:.0f} bytes a part"
    yield "driver: manifest", grows, f"{(notes + ends.manifest_unit * FILES) / 1e6:,.1f} MB"
    grows = f"{1e3 * ends.seal_seconds:.2f} ms a part and shard"
    yield "driver: seal", grows, f"{made.steps['seal'].core_hours * 3600:,.0f} s"
    partitions = -(-FILES // costs.memory.parts_a_partition)
    pieces = min(FILES * partitions, work.documents) * (FAST_SIMILARITY.bands + 2)
    grown = f"{pieces / 1e9:,.1f} billion, {pieces * HEADER_BYTES / GB:,.0f} GB of headers"
    yield "all workers: elements of deduplicate", "parts, partitions and groupings", grown


def _table(rows: Iterable[Row]) -> Iterator[str]:
    head, *rest = rows
    for row in (head, ("---", *("---:" for _ in head[1:])), *rest):
        yield f"| {' | '.join(row)} |"
