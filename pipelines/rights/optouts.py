"""Opt-outs of hosts: what hosts said of the use of their pages, joined to these over all parts.

Robots.txt and its like may be in any WARC file, before or after the pages or in files of their own.
So captures of them and what must be known of each document, its address above all, meet by site: a
host, with or without `www.`, under either scheme, so that the redirects there usually are do not
lead out of it. Texts do not move, nor do captures to the parts: an address is a tenth of a
robots.txt, and each file is read once for all pages of its site.

A part gets `<ordinal>.parquet`, the verdicts on its documents. Captures of sites with documents,
and those elsewhere that they redirect to, become the table of rights of the release.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import apache_beam as beam
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from msgspec import Struct

from florilegium.filters.optouts.judge import ROBOTS, Judge
from florilegium.filters.optouts.origin import origin, site
from florilegium.filters.optouts.policy import Rights
from florilegium.filters.optouts.timeline import NEWEST, Place, Timeline, reached
from florilegium.manifests.entries import entry
from florilegium.manifests.host_record import HostRecord
from florilegium.manifests.location import Location, files, locate, replacing
from florilegium.manifests.manifest import Table
from florilegium.manifests.schema import HOST_SCHEMA, from_table, to_table
from florilegium.manifests.tables import batches
from florilegium.pipelines.engines.bundles import bundled, group_of, unbundled
from florilegium.pipelines.engines.listed import Listed, spread_parts
from florilegium.pipelines.engines.packed import Joined, Keyed
from florilegium.pipelines.files import read_all
from florilegium.pipelines.harvest.part import Part
from florilegium.pipelines.rights.judged import SCHEMA, judged_path
from florilegium.pipelines.rights.redirects import captures_led_to

_PARTS_A_PARTITION: Final = 16
_RECORDS_A_PARTITION: Final = 25_000
"""Some 50 MB: a robots.txt has 2 kB or less, as a rule."""
_PACKED_BYTES: Final = 4 << 20
_ROWS_A_GROUP: Final = 1_000
_JUDGES: Final = 4_096
"""Sites whose files are held as they were read; others are read again."""
_RESULTS: Final = 65_536
"""Pages after which their verdicts are passed on."""

_Page = tuple[int, int, str, int, int]
"""Ordinal of the part, row there, address, time of capture, bits of its own opt-outs."""
_Verdicts = tuple[int, str, str, str | None, str | None, str | None]
_Result = tuple[int, int, str, str, str | None, str | None, str | None]
"""Row, then what `judged.SCHEMA` says."""


class PartToJudge(Struct, frozen=True, kw_only=True):
    """Where documents and captures of hosts' files are; a part may have only one of them."""

    documents: str | None = None
    hosts: str | None = None


class JudgeSettings(Struct, frozen=True):
    """By what documents are judged, and where things go."""

    policy: Rights
    out: str
    """Folder of the verdicts."""
    release: str | None = None
    """Release that gets the table of rights; None if there is to be none."""
    planted: int | None = None
    """Ordinal of the part of canaries, of whose sites nothing is noted."""


class SitesNote(Struct, frozen=True, kw_only=True):
    """What is known of some sites: where their captures went, and the state of their robots.txt."""

    table: Table | None
    origins: dict[str, int]
    """Origins of documents by what is known last of their robots.txt."""


def partitions_for(parts: int, records: int) -> int:
    """Return into how many groups sites are divided, so that one fits into memory."""
    return max(1, -(-parts // _PARTS_A_PARTITION), -(-records // _RECORDS_A_PARTITION))


def judge_documents(
    root: beam.Pipeline,
    parts: list[PartToJudge],
    partitions: int,
    settings: JudgeSettings,
    redirected: bool = True,
) -> None:
    """Lay out the pipeline that writes the verdicts on the documents of all parts.

    `redirected` says whether any capture may be of a redirect out of its site.
    """
    locate(settings.out).mkdir(parents=True, exist_ok=True)
    notes_of(locate(settings.out)).mkdir(parents=True, exist_ok=True)
    packed = msgspec.json.encode(settings)
    listed: list[Listed] = [
        (number, msgspec.json.encode(part).decode()) for number, part in enumerate(parts)
    ]
    spread = spread_parts(root, listed)
    by_site = {
        "said": spread | "Said" >> beam.FlatMap(_said, partitions),
        "pages": spread | "Pages" >> beam.FlatMap(_pages, partitions),
    }
    if redirected:
        by_site["brought"] = captures_led_to(spread, by_site["said"], _redirects, partitions)
    judged = by_site | "JoinSites" >> beam.CoGroupByKey() | "Judge" >> beam.FlatMap(_judge, packed)
    _ = (
        {"part": spread, "judged": judged}
        | "JoinJudged" >> beam.CoGroupByKey()
        | "Write" >> beam.FlatMap(_write, packed)
    )


def laid_out(
    places: list[Location],
    parts: list[Part],
    settings: JudgeSettings,
    known: tuple[Location, int] | None = None,
) -> Callable[[beam.Pipeline], None]:
    """Return what lays out the pipeline for parts whose files are in these places.

    `known` is where other captures are that count as well, and how many.
    """
    todo = [
        PartToJudge(documents=str(place / "documents.parquet"), hosts=str(place / "hosts.parquet"))
        for place in places
    ]
    records = sum(part.host_records for part in parts)
    redirected = any(part.host_redirects for part in parts)
    if known is not None:
        todo.append(PartToJudge(hosts=str(known[0])))
        records, redirected = records + known[1], True
    groups = partitions_for(len(todo), records)
    return lambda root: judge_documents(root, todo, groups, settings, redirected)


def matter(parts: Iterable[Part], policy: Rights) -> bool:
    """Say whether documents are to be judged: if a host said something, or silence costs a place.

    Where neither is so, harvest has said all there is to be said.
    """
    silence = policy.missing != "allow" and policy.regime == "commercial_art4"
    return silence or any(part.host_records for part in parts)


def judged(folder: Location, parts: int) -> bool:
    """Say whether the documents of all parts were judged."""
    there = {path.name for path in folder.glob("*.parquet")}
    return all(judged_path(folder, number).name in there for number in range(parts))


def sites_known(folder: Location | None) -> list[SitesNote]:
    """Return the notes on all sites, in their order; none if there is no folder of them."""
    places = [path for path, _ in files(notes_of(folder))] if folder else []
    return [msgspec.json.decode(note, type=SitesNote) for note in read_all(places)]


def notes_of(folder: Location) -> Location:
    """Return where the notes on sites are, one for each group of them."""
    return folder / "sites"


def _part(packed: bytes) -> PartToJudge:
    return msgspec.json.decode(packed, type=PartToJudge)


def _said(part: Keyed, partitions: int) -> Iterator[Keyed]:
    """Part -> captures of hosts' files, by site."""
    if (place := _part(part[1]).hosts) is None:
        return
    waiting: dict[int, list[HostRecord]] = defaultdict(list)
    for table in batches(locate(place)):
        for record in from_table(table, HostRecord):
            waiting[group_of(record.origin, partitions)].append(record)
        if sum(len(one.body) for some in waiting.values() for one in some) > _PACKED_BYTES:
            yield from bundled(waiting)
            waiting.clear()
    yield from bundled(waiting)


def _redirects(part: Keyed) -> Iterator[HostRecord]:
    """Yield the captures of a part that are redirects."""
    if (place := _part(part[1]).hosts) is not None:
        for table in batches(locate(place)):
            yield from from_table(table.filter(pc.field("state") == "redirect"), HostRecord)


def _pages(part: Keyed, partitions: int) -> Iterator[Keyed]:
    """Part -> what judging its documents takes, by site."""
    waiting: dict[int, list[_Page]] = defaultdict(list)
    for page in _pages_of(part[0], _part(part[1])):
        of = origin(page[2])
        if of is not None:
            waiting[group_of(of, partitions)].append(page)
    yield from bundled(waiting)


def _pages_of(ordinal: int, part: PartToJudge) -> Iterator[_Page]:
    if part.documents is None:
        return
    row = 0
    for table in batches(locate(part.documents), ["url", "crawl_time", "rights"]):
        urls, rights = (table.column(name).to_pylist() for name in ("url", "rights"))
        seconds = pc.divide(table.column("crawl_time").cast(pa.int64()), 1_000).to_pylist()
        for url, time, bits in zip(urls, seconds, rights, strict=True):
            yield ordinal, row, url, time, bits
            row += 1


def _judge(joined: Joined, packed: bytes) -> Iterator[Keyed]:
    """Judge pages of some sites by captures of their files: verdicts, where these said anything.

    The captures are held in memory, the pages pass by: of a large host there may be millions.
    """
    settings = msgspec.json.decode(packed, type=JudgeSettings)
    key, inputs = joined
    said: dict[str, list[HostRecord]] = defaultdict(list)
    for record in unbundled(inputs["said"], HostRecord):
        said[site(record.origin)].append(record)
    brought: dict[Place, list[HostRecord]] = defaultdict(list)
    for record in unbundled(inputs.get("brought", ()), HostRecord):
        brought[record.origin, record.resource].append(record)
    if brought:
        said |= {name: [*some, *reached(some, brought)] for name, some in said.items()}
    judges: dict[str, Judge] = {}
    waiting: dict[int, list[_Result]] = defaultdict(list)
    origins: set[str] = set()
    for number, (ordinal, row, url, time, rights) in enumerate(
        unbundled(inputs["pages"], _Page), 1
    ):
        of = origin(url) or ""
        if ordinal != settings.planted:
            origins.add(of)
        if (name := site(of)) in said:
            if name not in judges:
                if len(judges) == _JUDGES:
                    judges.clear()
                judges[name] = Judge(said[name], settings.policy)
            waiting[ordinal].append((row, *_verdicts(judges[name], url, time, rights)))
        if number % _RESULTS == 0:
            yield from bundled(waiting)
            waiting.clear()
    yield from bundled(waiting)
    _note(settings, key, said, origins)


def _verdicts(judge: Judge, url: str, time: int, rights: int) -> _Verdicts:
    found = judge.judge(url, time, rights)
    return (
        int(found.rights), found.crawl, found.build, found.rule, found.detail, found.source
    )  # fmt: skip


def _note(
    settings: JudgeSettings, key: int, said: dict[str, list[HostRecord]], origins: set[str]
) -> None:
    """Write down the captures of sites that have pages, and the state of these."""
    heard: dict[str, list[str]] = defaultdict(list)
    for of in origins:
        heard[site(of)].append(of)
    states: Counter[str] = Counter()
    for name, some in heard.items():
        timeline = Timeline(said.get(name, ()))
        states.update(timeline.at(of, ROBOTS, NEWEST).state for of in some)
    table = None
    if settings.release is not None:
        records = (record for name in heard for record in said.get(name, ()))
        table = _write_table(locate(settings.release), key, records)
    note = SitesNote(table=table, origins=dict(sorted(states.items())))
    with replacing(notes_of(locate(settings.out)) / f"{key:06d}.json") as draft:
        draft.write_bytes(msgspec.json.encode(note))


def _write_table(release: Location, key: int, records: Iterable[HostRecord]) -> Table | None:
    ordered = sorted(
        set(records), key=lambda r: (r.origin, r.resource, r.fetched, r.warc, r.warc_offset)
    )
    if not ordered:
        return None
    path = f"audit/rights/{key:05d}.parquet"
    (release / "audit" / "rights").mkdir(parents=True, exist_ok=True)
    with replacing(release / path) as draft:
        with pq.ParquetWriter(draft, HOST_SCHEMA, compression="zstd") as writer:
            for start in range(0, len(ordered), _ROWS_A_GROUP):
                writer.write_table(to_table(ordered[start : start + _ROWS_A_GROUP], HOST_SCHEMA))
        return entry(path, len(ordered), draft)


def _write(joined: Joined, packed: bytes) -> Iterator[int]:
    """Verdicts on some documents of a part -> those on all: of other hosts nothing is known."""
    settings = msgspec.json.decode(packed, type=JudgeSettings)
    ordinal, inputs = joined
    (encoded,) = inputs["part"]
    nothing = Judge((), settings.policy)
    known = {result[0]: result[1:] for result in unbundled(inputs["judged"], _Result)}
    rows = [
        known.get(row) or _verdicts(nothing, url, time, rights)
        for _, row, url, time, rights in _pages_of(ordinal, _part(encoded))
    ]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(SCHEMA)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    with replacing(judged_path(locate(settings.out), ordinal)) as draft:
        pq.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA), draft, compression="zstd")
    yield ordinal
