"""The frontier after a round: what became of each address, what was found, and what is given up."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from florilegium.pipelines.crawl.frontier import (
    FETCHED,
    FRONTIER,
    HOSTS,
    LEFT,
    ORIGINS,
    WAITING,
)
from florilegium.pipelines.crawl.journal import Answered, Found, Outcome, Rested
from florilegium.pipelines.crawl.settings import Budget

_SOURCES: Final = ("seed", "sitemap", "alternate", "link", "redirect", "feed", "robots")
_TOP_FOLDER: Final = r"^(https?://[^/]+/[^/?]*).*$"
_VALUE: Final = r"=[^&]*"


def updated(frontier: pa.Table, outcomes: Iterable[Outcome], visit: int) -> pa.Table:
    """Return the frontier with what became of some of its addresses."""
    latest = {one.url: one for one in sorted(outcomes, key=lambda one: one.time)}
    if not latest:
        return frontier
    changed = list(latest.values())
    changes = pa.table({name: [of(one) for one in changed] for name, of in _CHANGES.items()})
    changes = changes.append_column("visit", pa.array([visit] * len(changed), pa.int32()))
    at = pc.index_in(frontier["url"], value_set=changes["url"].combine_chunks())
    hit = pc.is_valid(at)
    columns = []
    for field in FRONTIER:
        old = frontier[field.name]
        if field.name in ("url", "host") or field.name not in changes.column_names:
            columns.append(old)
            continue
        new = changes[field.name].cast(field.type).combine_chunks().take(at)
        if field.name == "asked":
            columns.append(pc.add(old, pc.coalesce(new, pa.scalar(0, pa.int32()))))
        else:
            columns.append(pc.if_else(pc.and_(hit, pc.is_valid(new)), new, old))
    return pa.table(columns, schema=FRONTIER)


_CHANGES: Final[dict[str, Callable[[Outcome], Any]]] = {
    "url": lambda one: one.url,
    "state": lambda one: one.state,
    "reason": lambda one: one.reason,
    "asked": lambda one: int(one.asked),
    "not_before": lambda one: one.not_before,
    "time": lambda one: one.time,
    "status": lambda one: one.status,
    "bytes": lambda one: one.bytes,
    "digest": lambda one: one.digest or None,
    "etag": lambda one: one.etag if one.digest else one.etag or None,
    "last_modified": lambda one: one.last_modified if one.digest else one.last_modified or None,
    "captured": lambda one: one.time if one.digest else None,
    "rights": lambda one: one.rights if one.state == FETCHED else None,
    "warc": lambda one: one.warc or None,
    "offset": lambda one: one.offset if one.warc else None,
    "length": lambda one: one.length if one.warc else None,
    "record": lambda one: one.record if one.digest else None,
}
"""The columns that an outcome sets, and to what; None leaves one as it is."""


def grown(frontier: pa.Table, found: Iterable[Found], budget: Budget) -> pa.Table:
    """Return the frontier with the addresses that were found and are not in it.

    Of several ways to an address, the one of the fewest links counts.
    """
    best: dict[str, Found] = {}
    for one in found:
        if one.url not in best or _way(one) < _way(best[one.url]):
            best[one.url] = one
    if not best:
        return frontier
    names = pa.array(sorted(best))
    new = names.filter(pc.invert(pc.is_in(names, value_set=frontier["url"].combine_chunks())))
    table = _rows([best[url] for url in new.to_pylist()], budget)
    return pa.concat_tables([frontier, table]).sort_by("url")


def _way(found: Found) -> tuple[int, int, int, str]:
    return found.depth, found.hops, _SOURCES.index(found.source), found.via


def _rows(found: list[Found], budget: Budget) -> pa.Table:
    """Return rows of addresses that nothing is known of but how they were found."""
    deep = [one.depth > budget.depth for one in found]
    known = {name: [getattr(one, name) for one in found] for name in Found.__struct_fields__}
    known["state"] = [LEFT if over else WAITING for over in deep]
    known["reason"] = ["budget: depth" if over else "" for over in deep]
    columns = []
    for field in FRONTIER:
        nothing = "" if field.type == pa.string() else 0
        columns.append(pa.array(known.get(field.name) or [nothing] * len(found), field.type))
    return pa.table(columns, schema=FRONTIER)


def bounded(frontier: pa.Table, hosts: pa.Table, budget: Budget) -> pa.Table:
    """Return the frontier with what waits given up where a host is over its budget, or a trap."""
    asked = frontier.group_by("host").aggregate([("asked", "sum")])
    over = asked.filter(pc.greater_equal(asked["asked_sum"], budget.pages_per_host))["host"]
    heavy = hosts.filter(pc.greater_equal(hosts["bytes"], budget.bytes_per_host))["host"]
    frontier = _left(frontier, _among(frontier["host"], over), "budget: pages of the host")
    frontier = _left(frontier, _among(frontier["host"], heavy), "budget: bytes of the host")
    frontier = _left(frontier, _too_many_queries(frontier, budget.queries), "trap: queries")
    return _left(frontier, _copies(frontier, budget.copies), "trap: copies")


def _too_many_queries(frontier: pa.Table, most: int) -> pa.ChunkedArray:
    """Say of which addresses enough others differ in the values of their parameters only."""
    asks = pc.match_substring(frontier["url"], "?")
    shapes = pc.if_else(asks, pc.replace_substring_regex(frontier["url"], _VALUE, "="), "")
    table = pa.table({"shape": shapes, "place": pa.array(range(len(frontier)))})
    table = table.append_column("waits", pc.equal(frontier["state"], WAITING))
    table = table.filter(pc.not_equal(table["shape"], ""))
    counts = table.group_by("shape").aggregate([("place", "count")])
    crowded = counts.filter(pc.greater(counts["place_count"], most))["shape"]
    if not len(crowded):
        return pa.chunked_array([pa.array([False] * len(frontier), pa.bool_())])
    rows = table.filter(_among(table["shape"], crowded))
    rows = rows.sort_by([("shape", "ascending"), ("waits", "ascending"), ("place", "ascending")])
    over, seen = set(), dict.fromkeys(crowded.to_pylist(), 0)
    for shape, place in zip(rows["shape"].to_pylist(), rows["place"].to_pylist(), strict=True):
        seen[shape] += 1
        if seen[shape] > most:
            over.add(place)
    return pa.chunked_array([pa.array([place in over for place in range(len(frontier))])])


def _copies(frontier: pa.Table, most: int) -> pa.ChunkedArray:
    """Say of which addresses half of the folder, and `most` at least, are the same page."""
    tops = pc.replace_substring_regex(frontier["url"], _TOP_FOLDER, r"\1")
    table = pa.table({"top": tops, "digest": frontier["digest"]})
    table = table.filter(pc.equal(frontier["state"], FETCHED))
    same = table.group_by(["top", "digest"]).aggregate([([], "count_all")])
    same = same.group_by("top").aggregate([("count_all", "max"), ("count_all", "sum")])
    trapped = pc.and_(
        pc.greater_equal(same["count_all_max"], most),
        pc.greater_equal(pc.multiply(same["count_all_max"], 2), same["count_all_sum"]),
    )
    return _among(tops, same.filter(trapped)["top"])


def _among(values: pa.ChunkedArray, some: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.is_in(values, value_set=some.combine_chunks())


def _left(frontier: pa.Table, which: pa.ChunkedArray, reason: str) -> pa.Table:
    which = pc.and_(which, pc.equal(frontier["state"], WAITING))
    state = pc.if_else(which, LEFT, frontier["state"])
    said = pc.if_else(which, reason, frontier["reason"])
    for name, column in (("state", state), ("reason", said)):
        frontier = frontier.set_column(frontier.schema.get_field_index(name), name, column)
    return frontier


def with_hosts(hosts: pa.Table, rested: Iterable[Rested], outcomes: Iterable[Outcome]) -> pa.Table:
    """Return the hosts with what was noted of them in a round, and what they sent."""
    rows = {row["host"]: row for row in hosts.to_pylist()}
    sent: Counter[str] = Counter()
    for outcome in outcomes:
        sent[outcome.host] += outcome.bytes
    for note in rested:
        before = rows.get(note.host, {}).get("bytes", 0)
        values = note.host, note.not_before, before + sent[note.host], note.why
        rows[note.host] = dict(zip(HOSTS.names, values, strict=True))
    return pa.Table.from_pylist([rows[host] for host in sorted(rows)], schema=HOSTS)


def with_origins(origins: pa.Table, answered: Sequence[Answered]) -> pa.Table:
    """Return the origins with what they said last."""
    rows = {row["origin"]: row for row in origins.to_pylist()}
    for note in sorted(answered, key=lambda note: note.fetched):
        rows[note.origin] = {name: getattr(note, name) for name in ORIGINS.names}
    return pa.Table.from_pylist([rows[origin] for origin in sorted(rows)], schema=ORIGINS)


def again(frontier: pa.Table, hosts: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return frontier and hosts for a further visit: everything waits, and budgets begin anew."""
    rows = len(frontier)
    for name, value in (("state", WAITING), ("reason", ""), ("asked", 0), ("not_before", 0.0)):
        field = FRONTIER.field(name)
        column = pa.array([value] * rows, field.type)
        frontier = frontier.set_column(FRONTIER.get_field_index(name), field, column)
    nothing = pa.array([0] * len(hosts), pa.int64())
    return frontier, hosts.set_column(HOSTS.get_field_index("bytes"), HOSTS.field("bytes"), nothing)
