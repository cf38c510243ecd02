"""What hosts said before: it holds for their new pages, until the host says something else.

The input of a month need not hold what every host says, and a page of a host that is known to have
refused is not published for that. Of each file the last answer in the chain is taken, unless the
input has an answer of its own.
"""

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from florilegium.filters.optouts.origin import host_of, origin, site
from florilegium.filters.optouts.timeline import Place, either
from florilegium.manifests.chain import Chain
from florilegium.manifests.entries import entry
from florilegium.manifests.location import Location, replacing
from florilegium.manifests.manifest import Table
from florilegium.manifests.schema import HOST_SCHEMA
from florilegium.manifests.tables import batches
from florilegium.pipelines.erasure.blocked import Blocked
from florilegium.pipelines.months.captures import Said, captures, led_from, tables_of

PATH = "audit/rights/earlier.parquet"
"""Where in a release stands what hosts of earlier documents said anew."""
_ANSWERS = ("present", "none", "redirect")


def remembered(parts: Sequence[Location], chain: Chain, place: Location) -> int:
    """Write the last answers of the hosts of new documents to `place`; return how many there are.

    Those of hosts to which they redirect are among them.
    """
    new = [one for part in parts for one in captures(part / "hosts.parquet")]
    answered = {
        where
        for one in new
        if one.state in _ANSWERS
        for where in either((one.origin, one.resource))
    }
    tables = tables_of(chain)
    redirects = [one.leads for one in new if one.state == "redirect"]
    redirects += [one.leads for one in _redirects(tables)]
    sites = led_from(_sites(parts), redirects)
    last: dict[Place, tuple[int, int]] = {}
    for number, table in enumerate(tables):
        for one in captures(table):
            key = one.origin, one.resource
            if one.state in _ANSWERS and key not in answered and site(one.origin) in sites:
                last[key] = max(last.get(key, (0, 0)), (one.fetched, number))
    return _write(place, tables, last)


def passed_on(heard: Location, release: Location, blocked: Blocked | None) -> list[Table]:
    """Write to a release what hosts of earlier documents said anew, so that later builds heed it.

    Of hosts that were erased nothing is written. Returns how the manifest names it, if it is there.
    """
    names = {name for table in batches(heard, ["origin"]) for name in table["origin"].to_pylist()}
    if blocked is not None:
        names = {name for name in names if blocked.by_host(host_of(name)) is None}
    if not names:
        return []
    written = 0
    (release / PATH).parent.mkdir(parents=True, exist_ok=True)
    with replacing(release / PATH) as draft:
        with pq.ParquetWriter(draft, HOST_SCHEMA, compression="zstd") as writer:
            for table in batches(heard):
                kind = table.schema.field("origin").type
                mine = pc.is_in(table["origin"], value_set=pa.array(sorted(names), kind))
                some = table.filter(mine).cast(HOST_SCHEMA)
                writer.write_table(some)
                written += some.num_rows
        return [entry(PATH, written, draft)]


def _redirects(tables: Iterable[Location]) -> Iterable[Said]:
    return (one for table in tables for one in captures(table, ()))


def _sites(parts: Iterable[Location]) -> set[str]:
    hosts: set[str] = set()
    for part in parts:
        for table in batches(part / "documents.parquet", ["host"]):
            hosts.update(pc.unique(table["host"]).to_pylist())
    return {site(origin(f"https://{host}/") or "") for host in hosts}


def _write(place: Location, tables: list[Location], last: dict[Place, tuple[int, int]]) -> int:
    """Write the captures that are last; tables that have none of them are not read again."""
    written = 0
    with (
        replacing(place) as draft,
        pq.ParquetWriter(draft, HOST_SCHEMA, compression="zstd") as writer,
    ):
        for number in sorted({number for _, number in last.values()}):
            for rows in batches(tables[number]):
                times = rows["fetched"].cast(pa.int64()).to_pylist()
                keys = zip(rows["origin"].to_pylist(), rows["resource"].to_pylist(), strict=True)
                mine = [
                    last.get(key) == (time, number) for key, time in zip(keys, times, strict=True)
                ]
                if any(mine):
                    some = rows.filter(pa.array(mine)).cast(HOST_SCHEMA)
                    writer.write_table(some)
                    written += some.num_rows
    return written
