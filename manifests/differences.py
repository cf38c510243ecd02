"""What became of documents from one release to another: what came, went, changed, and why."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from numpy.typing import NDArray

from florilegium.manifests import erasures
from florilegium.manifests.allotment import ALL
from florilegium.manifests.location import Location
from florilegium.manifests.lookup import may_hold
from florilegium.manifests.manifest import Manifest, Parent, Shard
from florilegium.manifests.samples import Asked, Held, parent_of
from florilegium.manifests.schema import DOCUMENT_SCHEMA
from florilegium.manifests.selection import checked
from florilegium.manifests.tables import batches, parquet

Way: TypeAlias = Literal["same", "changed", "renewed", "came", "went"]
WAYS: tuple[Way, ...] = ("same", "changed", "renewed", "came", "went")
ROWS_AT_A_TIME = 1 << 20
_NOT_COMPARED = {"id", "text", "warc", "warc_offset", "warc_length"}
_PLACED = ["id", "lang", "domain", "tokens"]
Bools: TypeAlias = NDArray[np.bool_]


class Amount(Struct):
    """Documents, and the tokens in their texts."""

    documents: int = 0
    """So many documents."""
    tokens: int = 0
    """Tokens in their texts."""


class Reason(Struct, frozen=True):
    """Why documents went or came: what the ledger of the other release says of them."""

    way: Literal["came", "went"]
    """What became of them."""
    lang: str
    """Their language."""
    stage: str
    """Stage at which the other release lost them; empty if its ledger has no such record."""
    rule: str
    """Rule by which it lost them; of what was erased empty if there are several."""
    documents: int
    """So many documents."""


Ways: TypeAlias = dict[Way, Amount]


class Differences(Struct):
    """What became of documents, from one release to another.

    `same` and `changed` are captures that are in both; a capture that went is `renewed` if another
    one of the same address came. Tokens are those of the later release, of what went those of the
    earlier one.
    """

    before: Parent
    """The earlier release."""
    after: Parent
    """The later one."""
    languages: dict[str, Ways]
    """Amounts by language; that of the later release, if it changed."""
    domains: dict[str, Ways]
    """Amounts by domain, without what is the same."""
    columns: dict[str, int]
    """Changed documents by column that changed; the place in WARC files is not compared."""
    reasons: list[Reason]
    """Why documents came and went, as far as releases have a ledger."""

    @property
    def total(self) -> Ways:
        """Amounts in all languages together."""
        found: Ways = {way: Amount() for way in WAYS}
        for ways in self.languages.values():
            for way, amount in ways.items():
                found[way].documents += amount.documents
                found[way].tokens += amount.tokens
        return found


def differences(
    before: tuple[Location, Held], after: tuple[Location, Held], texts: bool = False
) -> Differences:
    """Return what became of documents from one release to another.

    All columns but the text are read; `counts` among them, from which hardly any change of a text
    is hidden. With `texts` these are compared too. Shards that are the same file are not read.
    """
    found = _Found([*_compared(), *(["text"] if texts else [])])
    sides = [Side(*before), Side(*after)]
    alike = {s.sha256 for s in sides[0].shards} & {s.sha256 for s in sides[1].shards}
    for shard in sides[1].shards:
        if shard.sha256 in alike:
            found.add_shard(shard)
    for side in sides:
        side.shards = [shard for shard in side.shards if shard.sha256 not in alike]
    for low, high in ranges_of_ids(sum(shard.rows for side in sides for shard in side.shards)):
        one, other = (side.rows(found.read, low, high) for side in sides)
        found.compare(one, other)
    return Differences(
        before=parent_of(before[1]),
        after=parent_of(after[1]),
        languages={lang: dict(ways) for lang, ways in sorted(found.languages.items())},
        domains={domain: dict(ways) for domain, ways in sorted(found.domains.items())},
        columns=dict(sorted(found.columns.items())),
        reasons=[
            *_reasons("went", found.went, *after, before[1]),
            *_reasons("came", found.came, *before, after[1]),
        ],
    )


def ranges_of_ids(rows: int) -> list[tuple[int, int]]:
    """Return the least and the greatest id, as numbers, of ranges that make up all ids.

    They are equal, a power of two in number, and of so many rows hold `ROWS_AT_A_TIME` or fewer
    each, up to chance; none if there are no rows.
    """
    number = 1 << (max(0, rows - 1) // ROWS_AT_A_TIME).bit_length() if rows else 0
    return [(n * ALL // number, (n + 1) * ALL // number - 1) for n in range(number)]


def _compared() -> list[str]:
    return [name for name in DOCUMENT_SCHEMA.names if name not in _NOT_COMPARED]


class Side:
    """One of two releases."""

    def __init__(self, release: Location, held: Held) -> None:
        self.release, self.shards = release, checked(held, Asked(fraction=1))

    def rows(self, columns: list[str], low: int, high: int) -> pa.Table:
        """Return all rows whose ids are from `low` to `high`."""
        schema = pa.schema([DOCUMENT_SCHEMA.field(name) for name in columns])
        first, last = low.to_bytes(16), high.to_bytes(16)
        return pa.concat_tables([schema.empty_table(), *self._pieces(columns, first, last)])

    def _pieces(self, columns: list[str], first: bytes, last: bytes) -> Iterator[pa.Table]:
        low, high = int.from_bytes(first), int.from_bytes(last)
        for shard in self.shards:
            if not low * shard.of // ALL <= shard.index <= high * shard.of // ALL:
                continue
            with parquet(self.release / shard.path) as file:
                for group in range(file.num_row_groups):
                    if may_hold(file, group, first, last):
                        rows = file.read_row_group(group, columns, use_threads=False)
                        ids = rows.column("id").to_pylist()
                        start, stop = bisect_left(ids, first), bisect_right(ids, last)
                        yield rows.slice(start, stop - start)


class _Found:
    """What was found so far."""

    def __init__(self, compared: list[str]) -> None:
        self.read = [*dict.fromkeys([*_PLACED, *compared])]
        self.languages: dict[str, Ways] = {}
        self.domains: dict[str, Ways] = {}
        self.columns: Counter[str] = Counter()
        self.went: list[pa.Table] = []
        self.came: list[pa.Table] = []
        self._compared = compared

    def add_shard(self, shard: Shard) -> None:
        """Count a shard that is in both."""
        mine = self.languages.setdefault(shard.lang, {}).setdefault("same", Amount())
        mine.documents += shard.rows
        mine.tokens += shard.tokens

    def compare(self, before: pa.Table, after: pa.Table) -> None:
        """Compare all rows of a range of ids."""
        places = pc.index_in(before["id"], value_set=after["id"].combine_chunks())
        both = np.asarray(places.is_valid())
        earlier = before.filter(pa.array(both))
        later = after.take(places.drop_null())
        changed = np.zeros(later.num_rows, np.bool_)
        for name in self._compared:
            differs = _differ(earlier[name], later[name])
            changed |= differs
            self.columns[name] += int(differs.sum())
        self.columns += Counter()
        went = before.filter(pa.array(~both))
        came = after.filter(pc.invert(pc.is_in(after["id"], before["id"].combine_chunks())))
        addresses = np.intersect1d(_addresses(went), _addresses(came))
        gone, renewed = (np.isin(_addresses(rows), addresses) for rows in (went, came))
        went = went.filter(pa.array(~gone))
        self._count("same", later.filter(pa.array(~changed)))
        self._count("changed", later.filter(pa.array(changed)))
        self._count("renewed", came.filter(pa.array(renewed)))
        came = came.filter(pa.array(~renewed))
        self._count("came", came)
        self._count("went", went)
        self.went.append(went.select(["id", "lang"]))
        self.came.append(came.select(["id", "lang"]))

    def _count(self, way: Way, rows: pa.Table) -> None:
        for column, into in (("lang", self.languages), ("domain", self.domains)):
            if column == "domain" and way == "same":
                continue
            added = rows.group_by(column, use_threads=False).aggregate(
                [([], "count_all"), ("tokens", "sum")]
            )
            names = (column, "count_all", "tokens_sum")
            for of, documents, tokens in zip(*(added[n].to_pylist() for n in names), strict=True):
                mine = into.setdefault(of, {}).setdefault(way, Amount())
                mine.documents += documents
                mine.tokens += tokens


def _addresses(rows: pa.Table) -> NDArray[np.uint64]:
    """Return the half of each id that is of the address."""
    raw = b"".join(rows["id"].to_pylist())
    return np.frombuffer(raw, np.uint64).reshape(-1, 2)[:, 0]


def _differ(one: pa.ChunkedArray, other: pa.ChunkedArray) -> Bools:
    if pa.types.is_struct(one.type):
        pairs = zip(one.flatten(), other.flatten(), strict=True)
        differing: Bools = np.any([_differ(mine, theirs) for mine, theirs in pairs], axis=0)
        return differing
    unequal = pc.fill_null(pc.not_equal(one, other), False)
    differs: Bools = np.asarray(pc.or_(unequal, pc.xor(one.is_null(), other.is_null())))
    return differs


def _reasons(
    way: Literal["came", "went"], moved: list[pa.Table], release: Location, held: Held, other: Held
) -> Iterator[Reason]:
    """Yield what the ledger of a release says of documents that only the other one holds."""
    if not isinstance(held, Manifest) or not sum(rows.num_rows for rows in moved):
        return
    rows = pa.concat_tables(moved).combine_chunks()
    ids, langs = rows["id"].combine_chunks(), rows["lang"].to_pylist()
    told = np.zeros(len(langs), np.bool_)
    counted: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for table in held.ledger:
        for losses in batches(release / table.path, ["id", "stage", "rule"]):
            places = pc.index_in(losses["id"], value_set=ids)
            known = losses.append_column("place", places).filter(places.is_valid())
            names = ("place", "stage", "rule")
            for place, stage, rule in zip(*(known[n].to_pylist() for n in names), strict=True):
                if not told[place]:
                    told[place] = True
                    counted[langs[place], stage, rule] += 1
    for place in np.flatnonzero(~told):
        counted[langs[place], *_untold(held, other, langs[place])] += 1
    for (lang, stage, rule), documents in sorted(counted.items()):
        yield Reason(way, lang, stage, rule, documents)


def _untold(held: Manifest, other: Held, lang: str) -> tuple[str, str]:
    """Return stage and rule of documents of the other release that the ledger does not name.

    It names what was erased by keyed hashes. All other records of its inputs it names by their ids.
    """
    erased = {
        rule
        for step in held.funnel
        if (step.stage, step.lang) == (erasures.STAGE, lang)
        for rule, number in step.lost.items()
        if number
    }
    read = {one.sha256 for one in held.inputs}
    whole = isinstance(other, Manifest) and read >= {one.sha256 for one in other.inputs}
    if not (erased and whole):
        return "", ""
    return erasures.STAGE, erased.pop() if len(erased) == 1 else ""
