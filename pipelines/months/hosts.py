"""What hosts say anew, and lists, held against the documents of a chain."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from msgspec import Struct

from florilegium.filters.optouts.origin import origin, site
from florilegium.filters.optouts.policy import Rights
from florilegium.filters.optouts.timeline import MAX_REDIRECTS
from florilegium.manifests.carried import Carried
from florilegium.manifests.chain import Chain
from florilegium.manifests.location import Location, locate, replacing
from florilegium.manifests.manifest import read as read_manifest
from florilegium.manifests.schema import HOST_SCHEMA
from florilegium.manifests.tables import batches, parquet
from florilegium.pipelines.engines.each import each
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.months.captures import Said, captures, led_from, tables_of
from florilegium.pipelines.rights.judged import read_judged
from florilegium.pipelines.rights.optouts import (
    JudgeSettings,
    PartToJudge,
    judge_documents,
    partitions_for,
)
from florilegium.pipelines.rights.replay import OptOutList, listed, told_later

HEARD = "heard.parquet"
"""Where captures are, in the folder, that say something new of the sites of earlier documents."""
_DOCUMENT = ["id", "url", "crawl_time", "rights"]


class _Shard(Struct, frozen=True, array_like=True):
    """A shard to be asked for the documents of some hosts."""

    number: int
    place: str
    release: str


def of_hosts(
    parts: Sequence[Location],
    chain: Chain,
    policy: Rights,
    lists: Sequence[OptOutList],
    folder: Location,
    engine: Engine,
) -> Iterator[Carried]:
    """Yield the documents of a chain that are opted out of by what hosts say anew, or by lists."""
    if not chain.links:
        return
    new = [place / "hosts.parquet" for place in parts]
    tables = tables_of(chain)
    sites, leads = _new_words(new, tables)
    if not sites and not lists:
        return
    shards = [
        _Shard(0, str(link.place / shard.path), link.origin)
        for link in chain.links
        for shard in read_manifest(link.place).shards
    ]
    shards = [msgspec.structs.replace(one, number=n) for n, one in enumerate(shards)]
    items = [msgspec.msgpack.encode(one) for one in shards]
    work = partial(_documents, frozenset(sites), list(lists), str(folder))
    answers = each(engine, items, [1] * len(items), work, folder / "shards")
    for answer in answers:
        yield from msgspec.msgpack.decode(answer, type=list[Carried])
    places = [(one, folder / f"of-{one.number:06d}.parquet") for one in shards]
    there = [(one, place) for one, place in places if place.is_file()]
    if not there or not sites:
        return
    here = {_site(host) for _, place in there for host in _hosts(place)}
    _write_records(folder / HEARD, new, led_from(here, leads))
    records = folder / "hosts.parquet"
    captures = _write_records(records, [*tables, *new], led_from(sites, leads))
    todo = [PartToJudge(documents=str(place)) for _, place in there]
    todo.append(PartToJudge(hosts=str(records)))
    settings = JudgeSettings(told_later(policy), str(folder / "judged"))
    groups = partitions_for(len(todo), captures)
    engine.run(lambda root: judge_documents(root, todo, groups, settings), "months")
    for number, (shard, place) in enumerate(there):
        verdicts = read_judged(folder / "judged", number).to_pylist()
        ids = [one for table in batches(place, ["id"]) for one in table["id"].to_pylist()]
        for identity, verdict in zip(ids, verdicts, strict=True):
            # Bits of the page itself were judged when it came, by the recipe of then.
            if verdict["rule"] is not None and verdict["source"]:
                yield Carried(
                    id=identity,
                    release=shard.release,
                    fate="opted_out",
                    rule=verdict["rule"],
                    detail=verdict["detail"],
                    source=verdict["source"],
                )


def _hosts(place: Location) -> set[str]:
    return {host for table in batches(place, ["host"]) for host in table["host"].to_pylist()}


def _new_words(
    new: Sequence[Location], known: Sequence[Location]
) -> tuple[set[str], list[tuple[str, str]]]:
    """Return the sites that say something the corpus does not know, and which leads where.

    A file that is gone or cannot be had opts out of nothing. A host that redirects says what is
    said there.
    """
    said = [one for place in new for one in captures(place)]
    heard = {(one.origin, one.resource) for one in said}
    origins = {name for name, _ in heard}
    before: dict[tuple[str, str], Said] = {}
    redirects = [one for one in said if one.state == "redirect"]
    for place in known:
        for one in captures(place, origins):
            key = one.origin, one.resource
            if key in heard and (key not in before or before[key].fetched <= one.fetched):
                before[key] = one
            if one.state == "redirect":
                redirects.append(one)
    sites = {site(one.origin) for one in said if _is_new(one, before)}
    leads = [one.leads for one in redirects]
    for _ in range(MAX_REDIRECTS):
        sites |= {here for here, there in leads if there in sites}
    return sites, leads


def _is_new(one: Said, before: dict[tuple[str, str], Said]) -> bool:
    last = before.get((one.origin, one.resource))
    if one.state not in ("present", "redirect"):
        return one.state == "revisit" and last is None
    return last is None or (last.state, last.location, last.sha256) != (
        one.state,
        one.location,
        one.sha256,
    )


def _write_records(place: Location, tables: Iterable[Location], sites: set[str]) -> int:
    """Write all captures of some sites and return their number; files of others are not decoded."""
    written = 0
    with (
        replacing(place) as draft,
        pq.ParquetWriter(draft, HOST_SCHEMA, compression="zstd") as writer,
    ):
        for table in tables:
            with parquet(table) as file:
                for group in range(file.num_row_groups):
                    names = file.read_row_group(group, ["origin"], use_threads=False)["origin"]
                    mine = [name for name in pc.unique(names).to_pylist() if site(name) in sites]
                    if mine:
                        rows = file.read_row_group(group, use_threads=False)
                        wanted = pc.is_in(rows["origin"], value_set=pa.array(mine, names.type))
                        rows = rows.filter(wanted).cast(HOST_SCHEMA)
                        writer.write_table(rows)
                        written += rows.num_rows
    return written


def _documents(sites: frozenset[str], lists: list[OptOutList], folder: str, item: bytes) -> bytes:
    """Write what judging takes of a shard's documents on some sites; return those on lists."""
    shard = msgspec.msgpack.decode(item, type=_Shard)
    named: list[Carried] = []
    some: list[pa.Table] = []
    with parquet(locate(shard.place)) as file:
        for group in range(file.num_row_groups):
            hosts = file.read_row_group(group, ["host"], use_threads=False)["host"]
            distinct = pc.unique(hosts).to_pylist()
            mine = [host for host in distinct if _site(host) in sites]
            on_lists = [host for host in distinct if any(one.may_name(host) for one in lists)]
            if not mine and not on_lists:
                continue
            rows = file.read_row_group(group, [*_DOCUMENT, "host"], use_threads=False)
            for one in _chosen(rows, on_lists).select(["id", "url"]).to_pylist():
                if (found := listed(one["url"], lists)) is not None:
                    rule, detail, source = found
                    named.append(
                        Carried(
                            id=one["id"], release=shard.release, fate="opted_out", rule=rule,
                            detail=detail, source=source,
                        )
                    )  # fmt: skip
            if mine:
                some.append(_chosen(rows, mine).select([*_DOCUMENT, "host"]))
    if some:
        with replacing(locate(folder) / f"of-{shard.number:06d}.parquet") as draft:
            pq.write_table(pa.concat_tables(some), draft, compression="zstd")
    return msgspec.msgpack.encode(named)


def _chosen(rows: pa.Table, hosts: list[str]) -> pa.Table:
    kind = rows.schema.field("host").type
    return rows.filter(pc.is_in(rows["host"], value_set=pa.array(hosts, kind)))


def _site(host: str) -> str:
    return site(origin(f"https://{host}/") or "")
