"""The frontier: every address that a crawl knows, its state, and the reason for it.

It lies in Parquet, in parts by site, so that all of a host is in one part and a part fits into
memory. What is to be fetched next follows from it alone.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash
from msgspec import Struct

from florilegium.manifests.location import replacing
from florilegium.pipelines.crawl.scope import domain_of
from florilegium.pipelines.crawl.settings import Crawl

WAITING: Final = "waiting"
"""To be asked for, now or at `not_before`."""
FETCHED: Final = "fetched"
REDIRECTED: Final = "redirected"
GONE: Final = "gone"
"""The host says that there is no such page (404, 410)."""
FAILED: Final = "failed"
REFUSED: Final = "refused"
"""By the host's robots.txt, or because it must not be dialled."""
LEFT: Final = "left"
"""Over a budget, or in a trap."""

FRONTIER: Final = pa.schema(
    [
        ("url", pa.string()),
        ("host", pa.string()),
        ("depth", pa.int32()),
        ("hops", pa.int32()),
        ("source", pa.string()),
        ("via", pa.string()),
        ("lang", pa.string()),
        ("priority", pa.int32()),
        ("state", pa.string()),
        ("reason", pa.string()),
        ("visit", pa.int32()),  # in which it was last asked for, or refused
        ("asked", pa.int32()),  # requests for it in that visit
        ("not_before", pa.float64()),
        ("time", pa.float64()),
        ("status", pa.int32()),
        ("bytes", pa.int64()),
        ("digest", pa.string()),
        ("etag", pa.string()),
        ("last_modified", pa.string()),
        ("captured", pa.float64()),  # when what `digest` and `record` name was captured
        ("rights", pa.int64()),
        ("warc", pa.string()),
        ("offset", pa.int64()),
        ("length", pa.int64()),
        ("record", pa.string()),
    ]
)
HOSTS: Final = pa.schema(
    [
        ("host", pa.string()),
        ("not_before", pa.float64()),
        ("bytes", pa.int64()),  # in this visit
        ("why", pa.string()),
    ]
)
ORIGINS: Final = pa.schema(
    [
        ("origin", pa.string()),
        ("host", pa.string()),
        ("fetched", pa.float64()),
        ("state", pa.string()),
        ("detail", pa.string()),
        ("body", pa.binary()),
    ]
)
TABLES: Final = {"frontier": FRONTIER, "hosts": HOSTS, "origins": ORIGINS}


class Task(Struct, frozen=True, gc=False):
    """An address to be asked for, and what is known of it."""

    url: str
    depth: int
    hops: int
    lang: str
    asked: int
    digest: str
    etag: str
    last_modified: str
    captured: float
    record: str


class HostPlan(Struct, frozen=True):
    """What is to be asked of a host in a round, in order."""

    host: str
    tasks: list[Task]
    not_before: float
    bytes_left: int


def partition_of(host: str, partitions: int) -> int:
    """Return the part of the frontier that a host is in, with all hosts of its domain."""
    return xxhash.xxh3_64_intdigest(domain_of(host).encode()) % partitions


def read(folder: Path, table: str, partition: int) -> pa.Table:
    """Return one part of a table; an empty one if it has not been written."""
    path = folder / table / f"{partition:05d}.parquet"
    schema = TABLES[table]
    return pq.read_table(path, schema=schema) if path.exists() else schema.empty_table()


def write(folder: Path, table: str, partition: int, rows: pa.Table) -> None:
    """Write one part of a table, whole or not at all."""
    path = folder / table / f"{partition:05d}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as draft:
        pq.write_table(rows.cast(TABLES[table]), draft, compression="zstd")


def due(frontier: pa.Table, hosts: pa.Table, settings: Crawl, now: float) -> pa.Table:
    """Return what may be asked for now: what waits, of hosts that do not rest for longer.

    A rest of `max_delay` at most is waited for within a round.
    """
    ready = pc.and_(
        pc.equal(frontier["state"], WAITING), pc.less_equal(frontier["not_before"], now)
    )
    resting = hosts.filter(pc.greater(hosts["not_before"], now + settings.max_delay))["host"]
    may = pc.invert(pc.is_in(frontier["host"], value_set=resting.combine_chunks()))
    return frontier.filter(pc.and_(ready, may))


def plan(folder: Path, partition: int, settings: Crawl, now: float) -> Iterator[HostPlan]:
    """Yield what is to be asked of each host in a round that begins now.

    Hosts with languages that come first come first. The same frontier gives the same plan.
    """
    frontier = read(folder, "frontier", partition)
    hosts = read(folder, "hosts", partition)
    ready = due(frontier, hosts, settings, now)
    order = [("priority", "ascending"), ("depth", "ascending"), ("url", "ascending")]
    ready = ready.sort_by([("host", "ascending"), *order])
    if not ready.num_rows:
        return
    received = dict(zip(*(hosts[name].to_pylist() for name in ("host", "bytes")), strict=True))
    rests = dict(zip(*(hosts[name].to_pylist() for name in ("host", "not_before")), strict=True))
    told, asked = ready.select(Task.__struct_fields__), _sums(frontier)
    names = ready["host"].dictionary_encode().combine_chunks()
    ends = _ends(names)
    spans = sorted(
        (ready["priority"][start].as_py(), ready["host"][start].as_py(), start, end)
        for start, end in ends
    )
    for _, host, start, end in spans:
        budget = settings.budget
        most = min(end - start, budget.pages_per_round, budget.pages_per_host - asked[host])
        tasks = [Task(**row) for row in told.slice(start, most).to_pylist()]
        left = budget.bytes_per_host - received.get(host, 0)
        yield HostPlan(host, tasks, rests.get(host, 0.0), left)


def _sums(frontier: pa.Table) -> dict[str, int]:
    """Return the requests for addresses of each host in this visit."""
    sums = frontier.group_by("host").aggregate([("asked", "sum")])
    return dict(zip(sums["host"].to_pylist(), sums["asked_sum"].to_pylist(), strict=True))


def _ends(names: pa.DictionaryArray) -> list[tuple[int, int]]:
    """Return where runs of the same name begin and end."""
    runs = pc.run_end_encode(names.indices)
    ends = runs.run_ends.to_pylist()
    return list(zip([0, *ends[:-1]], ends, strict=True))
