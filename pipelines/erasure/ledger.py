"""The ledger of a release after an erasure: a line for all that is gone, and none names it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from msgspec.structs import replace

from florilegium.manifests import erasures
from florilegium.manifests.entries import entry
from florilegium.manifests.erasures import Basis
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location, locate
from florilegium.manifests.manifest import Manifest, Table
from florilegium.manifests.schema import from_table
from florilegium.manifests.tables import batches
from florilegium.pipelines.engines.each import each
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.erasure.blocked import Blocked, Noted
from florilegium.pipelines.erasure.purge import blocked_by
from florilegium.pipelines.erasure.rows import Gone
from florilegium.pipelines.erasure.shards import Places, linked
from florilegium.pipelines.verdicts.ledger import write_ledger

_COPIES = "duplicates"


class Follower(Struct, frozen=True, array_like=True):
    """A document that gave way to one of this release."""

    id: bytes
    warc: str
    of: bytes
    """Id of that one."""


class Written(Struct, frozen=True):
    """A file of the ledger, and how what it says differs from what it said."""

    table: Table
    losses: list[tuple[str, str, str | None, int]]
    """Stage, rule, language, and how many more there are."""
    late: list[tuple[str, int, int]]
    """Host, how many fewer of its documents there are at `duplicates`, and fewer of its copies."""
    masked: list[bytes]
    """Ids of lines that are of something erased now."""
    followers: list[tuple[bytes, int]]
    """Ids of documents, and how many fewer gave way to each."""
    succeeded: list[bytes] = []
    """Ids of lines that give way to an heir, so that nothing says any more how like they are."""
    domains: list[tuple[str, int]] = []
    """Domains, and how many more lines name each."""


class _Job(Struct, frozen=True):
    path: str
    gone: list[tuple[bytes, str, str, Basis]]
    """Id, input, language and basis of documents that are to be in the file."""


def followers(
    release: Location, manifest: Manifest, ids: Iterable[bytes], engine: Engine, notes: Location
) -> list[Follower]:
    """Return the documents that gave way to some of the same release."""
    wanted = sorted(ids)
    items = [str(release / table.path).encode() for table in manifest.ledger]
    sizes = [table.rows for table in manifest.ledger]
    answers = each(engine, items, sizes, partial(_followers, wanted), notes)
    return [
        one for answer in answers for one in msgspec.msgpack.decode(answer, type=list[Follower])
    ]


def _followers(wanted: list[bytes], path: bytes) -> bytes:
    found = []
    ids = pa.array(wanted, pa.binary(16))
    for table in batches(locate(path.decode()), ["id", "warc", "dup_of", "dup_release"]):
        of_these = pc.is_in(table.column("dup_of"), ids)
        rows = table.filter(pc.and_(of_these, pc.is_null(table.column("dup_release"))))
        columns = (rows.column(name).to_pylist() for name in ("id", "warc", "dup_of"))
        found += [Follower(*row) for row in zip(*columns, strict=True)]
    return msgspec.msgpack.encode(found)


def rewrite(
    manifest: Manifest,
    gone: Sequence[Sequence[Gone]],
    heirs: Mapping[bytes, bytes],
    places: Places,
    noted: Noted,
    engine: Engine,
) -> list[Written]:
    """Make the ledger of a release in which some documents are gone.

    `heirs` are the ids of documents that took the place of others, by those of the others. They
    leave the ledger, and what gave way to the others gives way to them.
    """
    by_warc: dict[str, list[tuple[bytes, str, str, Basis]]] = defaultdict(list)
    for some in gone:
        for one in some:
            by_warc[one.warc].append((one.id, one.warc, one.lang, one.basis))
    items = [
        msgspec.msgpack.encode(_Job(table.path, by_warc[source.name]))
        for table, source in zip(manifest.ledger, manifest.inputs, strict=True)
    ]
    sizes = [table.rows for table in manifest.ledger]
    work = partial(_write, places, noted, dict(heirs))
    answers = each(engine, items, sizes, work, locate(places.notes))
    return [msgspec.json.decode(answer, type=Written) for answer in answers]


def _write(places: Places, noted: Noted, heirs: dict[bytes, bytes], item: bytes) -> bytes:
    job = msgspec.msgpack.decode(item, type=_Job)
    source, target = locate(places.parent) / job.path, locate(places.release) / job.path
    blocked = blocked_by(noted)
    before = [loss for table in batches(source) for loss in from_table(table, Loss)]
    after = [blocked.erased(*about) for about in job.gone]
    written = _Difference()
    written.counts.update((erasures.STAGE, one.rule, one.lang) for one in after)
    promoted = set(heirs.values())
    for loss in before:
        if loss.id in promoted:
            written.away(loss)
        else:
            after.append(now := _succeeded(blocked.loss(loss), loss, heirs, blocked))
            written.changed(loss, now)
    if after == before:
        linked(source, target)
        table = entry(job.path, len(before), source)
    else:
        table = write_ledger(after, job.path, locate(places.release))
    named = Counter(loss.domain for loss in after if loss.domain)
    named.subtract(loss.domain for loss in before if loss.domain)
    more = [(name, number) for name, number in sorted(named.items()) if number]
    succeeded = [loss.id for loss in before if _is_succeeded(loss, heirs)]
    return msgspec.json.encode(replace(written.of(table), domains=more, succeeded=succeeded))


def _succeeded(now: Loss, before: Loss, heirs: dict[bytes, bytes], blocked: Blocked) -> Loss:
    """Return a line whose document gives way to an heir, to which nobody has compared it."""
    if now.stage != _COPIES or before.dup_of is None or not _is_succeeded(before, heirs):
        return now
    return replace(now, dup_of=heirs[before.dup_of], value=None, limit=None)


def _is_succeeded(before: Loss, heirs: Mapping[bytes, bytes]) -> bool:
    return before.stage == _COPIES and not before.dup_release and before.dup_of in heirs


class _Difference:
    """What a file of the ledger says more and less than it did."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str, str | None]] = Counter()
        self._late: Counter[str] = Counter()
        self._copies: Counter[str] = Counter()
        self._masked: list[bytes] = []
        self._followers: Counter[bytes] = Counter()

    def away(self, loss: Loss) -> None:
        """Note that a line is there no more."""
        self.counts[loss.stage, loss.rule, loss.lang] -= 1
        self._masked.append(loss.id)
        if loss.stage == _COPIES:
            self._copies[loss.host] += 1
            if loss.dup_of is not None:
                self._followers[loss.dup_of] += 1

    def changed(self, before: Loss, now: Loss) -> None:
        """Note that a line may be another."""
        if now.stage != before.stage:
            self.away(before)
            self.counts[now.stage, now.rule, now.lang] += 1
            self._late[before.host] += 1

    def of(self, table: Table) -> Written:
        """Return it as what was written."""
        hosts = sorted(self._late.keys() | self._copies.keys())
        return Written(
            table=table,
            losses=[(*key, number) for key, number in self.counts.items() if number],
            late=[(host, self._late[host], self._copies[host]) for host in hosts],
            masked=self._masked,
            followers=sorted(self._followers.items()),
        )


def added(written: Iterable[Written], losses: Counter[tuple[str, str, str | None]]) -> None:
    """Add what is said more to counted losses, and take away what is said less."""
    for one in written:
        for stage, rule, lang, number in one.losses:
            losses[stage, rule, lang] += number


def masked(written: Iterable[Written]) -> Iterator[bytes]:
    """Yield the ids of all lines that are of something erased, or promoted, now."""
    for one in written:
        yield from one.masked


def unfollowed(written: Iterable[Written]) -> dict[bytes, int]:
    """Return how many fewer lines give way to documents, of this release or another, by id."""
    found: Counter[bytes] = Counter()
    for one in written:
        found.update(dict(one.followers))
    return dict(found)
