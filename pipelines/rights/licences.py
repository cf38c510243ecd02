"""Licences of hosts: what its pages state together, from which the tier of each page follows.

It comes after the duplicates, so a page captured ten times is one voice. Counts of hosts move,
packed; no text is read. A part writes `<ordinal>.npy`: the tier and the flags of those of its
documents that became others, after the number of the row. The table of hosts goes into the
release, a file for each range of hosts, with a note on it for the manifest.
"""

import zlib
from collections.abc import Iterable, Iterator

import apache_beam as beam
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from florilegium.dedup.decisions import Reason
from florilegium.filters.licence_hosts import Hosts, Licences, Steps, added, count, settled, steps
from florilegium.manifests.entries import entry
from florilegium.manifests.location import Location, locate, replacing
from florilegium.manifests.manifest import Table
from florilegium.manifests.tables import batches, described
from florilegium.pipelines.duplicates.lines import PartWithLines
from florilegium.pipelines.engines.listed import Listed, spread_parts
from florilegium.pipelines.engines.packed import PIECE_BYTES, Joined, Keyed
from florilegium.pipelines.files import load_array, save_array
from florilegium.pipelines.overlay import moves_of
from florilegium.pipelines.recipe import Recipe
from florilegium.pipelines.rights.judged import refusals_of

_PARTS_A_PARTITION = 32
_HOSTS_AT_A_TIME = PIECE_BYTES // 1024
_COLUMNS = ["host", "license", "license_tier", "license_flags"]
_MOVED = np.dtype([("row", "<u8"), ("tier", "S1"), ("flags", "<i8")])
HOSTS_SCHEMA = pa.schema(
    [
        described("host", pa.string(), "host"),
        described("pages", pa.int64(), "pages of the host that are no copies"),
        described("license", pa.string(), "SPDX identifier of a licence that some of them state"),
        *(
            described(f"tier_{tier.lower()}", pa.int64(), f"pages with evidence of tier {tier}")
            for tier in "ABC"
        ),
        described("step", pa.int8(), "by how many tiers it is moved: -1 is stronger, 1 weaker"),
    ]
)


def find_licences(
    root: beam.Pipeline,
    parts: list[PartWithLines],
    recipe: Recipe,
    out: Location,
    release: Location,
) -> None:
    """Lay out the pipeline that writes what hosts say of the licences of each part."""
    for folder in (out, out / "tables", release / "audit" / "licences"):
        folder.mkdir(parents=True, exist_ok=True)
    partitions = -(-len(parts) // _PARTS_A_PARTITION) or 1
    listed: list[Listed] = [
        (number, msgspec.json.encode(part).decode()) for number, part in enumerate(parts)
    ]
    files = spread_parts(root, listed)
    hosts = (
        files
        | "Pages" >> beam.FlatMap(_pages, partitions)
        | "GroupByHost" >> beam.GroupByKey()
        | "Hosts" >> beam.ParDo(_Settle(msgspec.json.encode(recipe.licences), out, release))
    )
    _ = (
        {"part": files, "hosts": hosts}
        | "JoinHosts" >> beam.CoGroupByKey()
        | "Write" >> beam.Map(_write, str(out))
    )


def tables(folder: Location | None) -> list[Table]:
    """Return the files of the table of hosts, in order; none if hosts were not asked."""
    if folder is None:
        return []
    notes = sorted(path.name for path in (folder / "tables").glob("*.json"))
    return [
        msgspec.json.decode((folder / "tables" / name).read_bytes(), type=Table) for name in notes
    ]


def _staying(part: PartWithLines, ordinal: int) -> Iterator[tuple[int, str, str | None, str, int]]:
    """Yield row, host, licence, tier and flags of documents that are neither copies nor refused."""
    decisions = load_array(locate(part.decisions))
    removed = decisions["row"][decisions["reason"] != Reason.KEPT] - np.uint64(ordinal << 32)
    refused = refusals_of(locate(part.judged), ordinal) if part.judged else {}
    gone = set(removed.tolist()) | refused.keys()
    row = 0
    for table in batches(locate(part.documents), _COLUMNS):
        columns = (table.column(name).to_pylist() for name in _COLUMNS)
        for values in zip(*columns, strict=True):
            if row not in gone:
                yield row, *values
            row += 1


def _pages(part: Keyed, partitions: int) -> Iterator[Keyed]:
    """Part -> its hosts with their pages and licences, by range of hosts."""
    ordinal, about = part
    staying = _staying(msgspec.json.decode(about, type=PartWithLines), ordinal)
    hosts = count((host, spdx, tier) for _, host, spdx, tier, _ in staying)
    by_key: dict[int, Hosts] = {}
    for host in sorted(hosts):
        by_key.setdefault(zlib.crc32(host.encode()) % partitions, {})[host] = hosts[host]
    for key, mine in by_key.items():
        names = list(mine)
        for start in range(0, len(names), _HOSTS_AT_A_TIME):
            some = {name: mine[name] for name in names[start : start + _HOSTS_AT_A_TIME]}
            yield key, msgspec.msgpack.encode((ordinal, some))


class _Settle(beam.DoFn):
    """Some hosts of all parts -> how their licences move, to every part that has such pages."""

    def __init__(self, settings: bytes, out: Location, release: Location) -> None:
        self._settings = settings
        self._out, self._release = str(out), str(release)

    def process(self, group: tuple[int, Iterable[bytes]]) -> Iterator[Keyed]:
        settings = msgspec.json.decode(self._settings, type=Licences)
        key, packed = group
        counted = [msgspec.msgpack.decode(one, type=tuple[int, Hosts]) for one in packed]
        whole = added(hosts for _, hosts in counted)
        found = {host: steps(*whole[host], settings) for host in sorted(whole)}
        _write_hosts(whole, found, key, locate(self._out), locate(self._release))
        for ordinal, hosts in counted:
            mine = {host: found[host] for host in hosts if found[host] and hosts[host][1]}
            if mine:
                yield ordinal, msgspec.msgpack.encode(mine)


def _write_hosts(
    whole: Hosts, found: dict[str, Steps], key: int, out: Location, release: Location
) -> None:
    rows = [
        {"host": host, "pages": whole[host][0], "license": name, "step": found[host].get(name, 0)}
        | dict(zip(("tier_a", "tier_b", "tier_c"), tiers, strict=True))
        for host in sorted(whole)
        for name, tiers in sorted(whole[host][1].items())
    ]
    path = f"audit/licences/{key:05d}.parquet"
    with replacing(release / path) as draft:
        pq.write_table(pa.Table.from_pylist(rows, HOSTS_SCHEMA), draft, compression="zstd")
        about = entry(path, len(rows), draft)
    with replacing(out / "tables" / f"{key:05d}.json") as draft:
        draft.write_bytes(msgspec.json.encode(about))


def _write(joined: Joined, out: str) -> int:
    """Write which documents of a part have another tier than their page alone would give them."""
    ordinal, inputs = joined
    hosts: dict[str, Steps] = {}
    for packed in inputs["hosts"]:
        hosts |= msgspec.msgpack.decode(packed, type=dict[str, Steps])
    (about,) = inputs["part"]
    rows = []
    for row, host, spdx, tier, flags in _staying(
        msgspec.json.decode(about, type=PartWithLines), ordinal
    ):
        if spdx is not None and host in hosts:
            found = settled(spdx, tier, flags, hosts[host])  # type: ignore[arg-type]
            if found != (tier, flags):
                rows.append((row, found[0].encode(), int(found[1])))
    save_array(moves_of(locate(out), ordinal), np.array(rows, _MOVED))
    return ordinal
