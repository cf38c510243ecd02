"""Which rows of a release a sample consists of, read with as little else as can be.

A limit to ids takes whole row groups and the beginning of one more for each language: a budget is
met by the table of buckets alone, but for one bucket. Parts by quality, domain or licence are not
in that table: their column and tokens are read of all rows, then the row groups in which some are
wanted.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from florilegium.manifests import buckets
from florilegium.manifests.allotment import ALL, Allotment, allotments, shares
from florilegium.manifests.buckets import Bucket, Kept
from florilegium.manifests.layout import PARQUET
from florilegium.manifests.location import Location
from florilegium.manifests.lookup import may_hold
from florilegium.manifests.manifest import Language, Shard
from florilegium.manifests.samples import Asked, Held
from florilegium.manifests.tables import first_rows, parquet

Mask = NDArray[np.bool_]
_COLUMN = {"quality": "quality", "domain": "domain", "licence": "license"}


class EmptySampleError(ValueError):
    """A sample that would hold nothing."""


class DamagedError(ValueError):
    """A release whose rows are not what its tables say."""


class Chosen(NamedTuple):
    """Rows of a shard that are in a sample, in their order."""

    shard: Shard
    rows: pa.Table


class _Choice(Protocol):
    """Tells of the row groups of a language, in the order of ids, which rows are in a sample."""

    columns: list[str]

    def over(self, file: pq.ParquetFile, group: int) -> bool:
        """Say whether nothing from here on is wanted."""

    def mask(self, rows: pa.Table) -> Mask:
        """Return which rows are wanted; `rows` has the columns."""


def checked(held: Held, asked: Asked) -> list[Shard]:
    """Return the shards of the languages asked for.

    ValueError if one is not there, or if documents are not in Parquet.
    """
    there = {language.lang for language in held.languages if language.documents}
    if unknown := sorted(set(asked.languages) - there):
        raise ValueError(f"it holds nothing in {unknown[0]}: there is {', '.join(sorted(there))}")
    if any(not shard.path.endswith(PARQUET) for shard in held.shards):
        raise ValueError(
            "its documents are JSON lines: ask the release or sample it was drawn from"
        )
    wanted = set(asked.languages) or there
    return [shard for shard in held.shards if shard.lang in wanted]


def plan(release: Location, held: Held, asked: Asked) -> dict[str, Allotment]:
    """Return what is taken of each language, by the table of buckets.

    Not for parts by quality, domain or licence. Errors as `selected`.
    """
    shards = checked(held, asked)
    kept = _kept(release, {shard.lang for shard in shards})
    planned = allotments(release, shards, kept, asked)
    if not any(one.most.documents for one in planned.values()):
        raise EmptySampleError("the sample would hold no document")
    return planned


def selected(
    release: Location, held: Held, asked: Asked, columns: list[str] | None = None
) -> Iterator[Chosen]:
    """Yield the rows of a sample by language and id, all columns or some.

    ValueError if a language is not there or has no scores of quality, EmptySampleError if there is
    no row, DamagedError if there are not as many as the tables of the release say.
    """
    shards = checked(held, asked)
    found: Counter[str] = Counter()
    planned: dict[str, Allotment] = {}
    choices: Mapping[str, _Choice]
    if asked.by in (None, "language"):
        planned = plan(release, held, asked)
        choices = {lang: _Below(one.below) for lang, one in planned.items()}
    else:
        choices = _by_parts(release, held, shards, asked)
    for shard in shards:
        for rows in _rows(release, shard, choices[shard.lang], columns):
            found[shard.lang] += rows.num_rows
            yield Chosen(shard, rows)
    for lang, one in planned.items():
        if not one.least.documents <= found[lang] <= one.most.documents:
            raise DamagedError(
                f"{lang}: {found[lang]} documents were read, where the table of buckets has "
                f"{one.least.documents} to {one.most.documents}; `florilegium verify` says more"
            )
    if not found.total():
        raise EmptySampleError("the sample would hold no document")


def _kept(release: Location, langs: set[str]) -> Kept:
    found = buckets.read(release)
    if missing := sorted(langs - found.keys()):
        raise DamagedError(f"{buckets.PATH}: it says nothing of {missing[0]}")
    return {lang: found[lang] for lang in sorted(langs)}


def _rows(
    release: Location, shard: Shard, choice: _Choice, columns: list[str] | None
) -> Iterator[pa.Table]:
    if isinstance(choice, _Below) and shard.index * ALL // shard.of >= choice.below:
        return
    place = release / shard.path
    with parquet(place) as file:
        for group in range(file.num_row_groups):
            if choice.over(file, group):
                return
            mask = choice.mask(file.read_row_group(group, choice.columns, use_threads=False))
            if mask.any():
                last = int(np.flatnonzero(mask)[-1]) + 1
                rows = first_rows(place, file, group, last, columns)
                yield rows if mask[:last].all() else rows.filter(pa.array(mask[:last]))


class _Below:
    """Documents whose ids are below a limit."""

    def __init__(self, below: int) -> None:
        self.below = below
        self.columns = ["id"]
        self._last = (below - 1).to_bytes(16) if below else b""

    def over(self, file: pq.ParquetFile, group: int) -> bool:
        return not may_hold(file, group, b"", self._last)

    def mask(self, rows: pa.Table) -> Mask:
        stop = bisect_right(rows.column("id").to_pylist(), self._last)
        return np.arange(rows.num_rows) < stop


class _OfParts:
    """Documents of each part of a language, until there are enough."""

    def __init__(self, parts: "_Parts", targets: Mapping[str, int], unit: str) -> None:
        self._parts, self._unit = parts, unit
        self._left = dict(targets)
        self._open = {part for part, target in targets.items() if target}
        self.columns = parts.columns

    def over(self, file: pq.ParquetFile, group: int) -> bool:
        return not self._open

    def mask(self, rows: pa.Table) -> Mask:
        wanted = np.zeros(rows.num_rows, np.bool_)
        names, tokens = self._parts.of(rows), rows.column("tokens").to_pylist()
        for place, (part, number) in enumerate(zip(names, tokens, strict=True)):
            if part in self._open:
                cost = number if self._unit == "tokens" else 1
                if cost <= self._left[part]:
                    wanted[place] = True
                    self._left[part] -= cost
                    cost = 0
                if cost or not self._left[part]:
                    self._open.discard(part)
        return wanted


class _Parts:
    """Into what parts a language is divided."""

    def __init__(self, by: str, language: Language) -> None:
        self._column = _COLUMN[by]
        self.columns = [self._column, "tokens"]
        self._scores = language.quality_deciles or ()

    def of(self, rows: pa.Table) -> list[str]:
        """Return the part of each row; tenths by quality are numbered from 1."""
        values: list[Any] = rows.column(self._column).to_pylist()
        if self._column != "quality":
            return [value or "" for value in values]
        inner = self._scores[1:-1]
        return ["" if v is None else str(1 + bisect_left(inner, round(v, 3))) for v in values]


def _by_parts(
    release: Location, held: Held, shards: list[Shard], asked: Asked
) -> dict[str, _Choice]:
    assert asked.by is not None
    langs = sorted({shard.lang for shard in shards})
    about = {language.lang: language for language in held.languages}
    if asked.by == "quality" and not any(about[lang].quality_deciles for lang in langs):
        raise ValueError("no document has a score of quality: ask for other parts")
    parts = {lang: _Parts(asked.by, about[lang]) for lang in langs}
    unit = "tokens" if asked.tokens is not None else "documents"
    targets = shares(asked, _sizes(release, shards, parts, unit))
    return {
        lang: _OfParts(parts[lang], {p: n for (of, p), n in targets.items() if of == lang}, unit)
        for lang in langs
    }


def _sizes(
    release: Location, shards: list[Shard], parts: Mapping[str, _Parts], unit: str
) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], Bucket] = {}
    for shard in shards:
        mine = parts[shard.lang]
        with parquet(release / shard.path) as file:
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group, mine.columns, use_threads=False)
                tokens = rows.column("tokens").to_pylist()
                for part, number in zip(mine.of(rows), tokens, strict=True):
                    size = found.setdefault((shard.lang, part), Bucket())
                    size.documents += 1
                    size.tokens += number
    return {part: getattr(size, unit) for part, size in found.items()}
