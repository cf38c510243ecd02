"""Replay: opt-outs that came after a release, held against it. Nothing of the release is changed.

They are newer captures of what hosts say, lists of hosts and addresses, or another policy. What
comes out is which documents are to be erased, by which protocol, and what says so.

Of a release, two things are known: what its hosts said, in its table of rights, and of each page a
bit for each protocol. So hosts are judged anew by all captures, those of the release and those that
came later, since a newer one may also take back an older. What a page said of itself is taken from
its bits: that it did, not where. TDM and Content-Usage have one bit for page and host; if no
capture explains it, it is the page's.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import apache_beam as beam
import msgspec
import pyarrow.parquet as pq
from msgspec import Struct

from florilegium.filters.address import address
from florilegium.filters.optouts.origin import host_of, origin
from florilegium.filters.optouts.policy import Rights
from florilegium.manifests import manifest as manifests
from florilegium.manifests.host_record import HostRecord
from florilegium.manifests.location import Location, locate, replacing
from florilegium.manifests.manifest import Shard, Table
from florilegium.manifests.schema import HOST_SCHEMA, to_table
from florilegium.manifests.scratch import scratch
from florilegium.manifests.tables import batches
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.engines.listed import spread_parts
from florilegium.pipelines.engines.packed import Keyed
from florilegium.pipelines.files import fetched
from florilegium.pipelines.harvest.host_records import read_host_record
from florilegium.pipelines.harvest.warc import read
from florilegium.pipelines.rights.judged import read_judged
from florilegium.pipelines.rights.optouts import (
    JudgeSettings,
    PartToJudge,
    judge_documents,
    partitions_for,
)

_BATCH = 1_000


class Erasable(Struct, frozen=True):
    """A document of a release that is opted out of by now."""

    id: str
    """Its id, in hex."""
    url_sha256: str
    """SHA-256 of its address in normal form, in hex."""
    rule: str
    """What it is opted out by, as rules of the ledger are named; `list` if a list names it, and
    `noai_page` and its like if the page itself does, and another policy honours it."""
    detail: str
    """What says so: agent and line of robots.txt, or line of the list."""
    source: str
    """Where that stands: WARC file, byte and SHA-256 of the capture, or name and SHA-256 of the
    list, or of the shard if the page itself says so."""
    path: str
    """The shard that holds it."""


class ListError(ValueError):
    """A list that cannot be used; the message names file and line."""


class OptOutList:
    """A list: a host a line, `*.` before it for all below it, or an address; `#` for remarks."""

    def __init__(self, place: Location) -> None:
        data = place.read_bytes()
        self.name = f"{place.name} {hashlib.sha256(data).hexdigest()}"
        self._hosts: dict[str, int] = {}
        self._below: dict[str, int] = {}
        self._addresses: dict[str, int] = {}
        self._of_addresses: set[str] = set()
        try:
            lines = data.decode("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise ListError(f"{place}: not UTF-8: {error}") from error
        for number, line in enumerate(lines, 1):
            said = line.partition("#")[0].strip() if "//" not in line else line.strip()
            if said and not said.startswith("#"):
                self._add(said, number, place)

    def _add(self, said: str, number: int, place: Location) -> None:
        if "//" in said:
            if origin(said) is None:
                raise ListError(f"{place}, line {number}: {said!r} is no HTTP address")
            self._addresses.setdefault(address(said), number)
            self._of_addresses.add(host_of(origin(said) or ""))
            return
        name = origin(f"https://{said.removeprefix('*.')}/")
        if name is None or "/" in said or any(c.isspace() for c in said):
            raise ListError(f"{place}, line {number}: {said!r} is neither a host nor an address")
        into = self._below if said.startswith("*.") else self._hosts
        into.setdefault(host_of(name), number)

    def may_name(self, host: str) -> bool:
        """Say whether it may name an address of a host; if not, no address need be looked at."""
        host = host_of(origin(f"https://{host}/") or "")
        if host in self._hosts or host in self._of_addresses:
            return True
        while host := host.partition(".")[2]:
            if host in self._below:
                return True
        return False

    def line_of(self, url: str) -> int | None:
        """Return the line that names an address, or its host; None if there is none."""
        of = origin(url)
        if of is None:
            return None
        host = host_of(of)
        found = self._addresses.get(address(url)) or self._hosts.get(host)
        while found is None and (host := host.partition(".")[2]):
            found = self._below.get(host)
        return found


def replay(
    release: Location,
    records: Iterable[Location],
    lists: Iterable[OptOutList],
    policy: Rights | None,
    engine: Engine,
) -> Iterator[Erasable]:
    """Yield the documents of a release that are opted out of by now, by shard and id.

    What counts is what the release's own recipe honours, or another policy; captures later than a
    page count in any case, but silence does not. FileNotFoundError or ValueError if there is no
    release.
    """
    manifest = manifests.read(release)
    shards, listed = manifest.shards, list(lists)
    warcs = list(records)
    judging = bool(warcs) or policy is not None
    with scratch() as folder:
        if judging:
            said = policy or msgspec.convert(manifest.recipe.get("rights", {}), Rights)
            told = [table for table in manifest.tables if table.path.startswith("audit/rights/")]
            _judge(release, shards, told, warcs, told_later(said), folder, engine)
        for number, shard in enumerate(shards):
            yield from _of_shard(release, shard, number, folder if judging else None, listed)


def told_later(policy: Rights) -> Rights:
    """Return the policy for what came later: it counts in any case, but silence does not."""
    later = "all" if policy.retroactive == "none" else policy.retroactive
    return msgspec.structs.replace(policy, retroactive=later, missing="allow", unreachable="allow")


def _judge(
    release: Location,
    shards: tuple[Shard, ...],
    told: list[Table],
    warcs: list[Location],
    policy: Rights,
    folder: Path,
    engine: Engine,
) -> None:
    sources = [(number, str(warc)) for number, warc in enumerate(warcs)]
    engine.run(
        lambda root: spread_parts(root, sources) | beam.FlatMap(_take, str(folder)), "records"
    )
    hosts = [folder / f"hosts-{number}.parquet" for number in range(len(warcs))]
    known = sum(pq.read_metadata(place).num_rows for place in hosts)
    known += sum(table.rows for table in told)
    todo = [PartToJudge(documents=str(release / shard.path)) for shard in shards]
    todo += [PartToJudge(hosts=str(release / table.path)) for table in told]
    todo += [PartToJudge(hosts=str(place)) for place in hosts]
    settings = JudgeSettings(policy, str(folder))
    groups = partitions_for(len(todo), known)
    engine.run(lambda root: judge_documents(root, todo, groups, settings), "rights")


def _take(source: Keyed, folder: str) -> Iterator[int]:
    """Write what hosts say in a WARC file."""
    number, name = source
    warc = locate(name.decode())
    waiting: list[HostRecord] = []
    with (
        replacing(Path(folder) / f"hosts-{number}.parquet") as draft,
        pq.ParquetWriter(draft, HOST_SCHEMA, compression="zstd") as writer,
        fetched(warc) as file,
    ):
        for item in read(file):
            if found := read_host_record(item, warc.name):
                waiting.append(found[0])
            if len(waiting) == _BATCH:
                writer.write_table(to_table(waiting, HOST_SCHEMA))
                waiting.clear()
        writer.write_table(to_table(waiting, HOST_SCHEMA))
    yield number


def _of_shard(
    release: Location, shard: Shard, number: int, judged: Path | None, lists: list[OptOutList]
) -> Iterator[Erasable]:
    verdicts = read_judged(judged, number) if judged else None
    row = 0
    for table in batches(release / shard.path, ["id", "url"]):
        columns = (table.column(name).to_pylist() for name in ("id", "url"))
        known = verdicts.slice(row, table.num_rows).to_pylist() if verdicts else [None] * len(table)
        for identity, url, verdict in zip(*columns, known, strict=True):
            if verdict is not None and verdict["rule"] is not None:
                source = verdict["source"] or f"{shard.path} {shard.sha256}"
                why = verdict["rule"], verdict["detail"], source
            elif (named := listed(url, lists)) is not None:
                why = named
            else:
                continue
            hashed = hashlib.sha256(address(url).encode("utf-8", "replace")).hexdigest()
            yield Erasable(identity.hex(), hashed, *why, shard.path)
        row += table.num_rows


def listed(url: str, lists: Iterable[OptOutList]) -> tuple[str, str, str] | None:
    """Return rule, line and list if one of some lists names an address, or its host."""
    for one in lists:
        if (line := one.line_of(url)) is not None:
            return "list", f"line {line}", one.name
    return None
