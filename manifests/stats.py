"""What is in a release, by language, domain or licence, and how a measure is spread."""

from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
from msgspec import Struct
from numpy.typing import NDArray

from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Shard
from florilegium.manifests.samples import Asked, Held
from florilegium.manifests.schema import DOCUMENT_SCHEMA
from florilegium.manifests.selection import checked
from florilegium.manifests.tables import batches

Grouping: TypeAlias = Literal["language", "domain", "licence"]
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
"""Shares of documents whose measure is at most the values of a `Spread`."""
_COLUMN = {"domain": "domain", "licence": "license"}
_SIZES = ["tokens", "chars", "text_bytes"]


class Group(Struct):
    """What there is of one language, domain or licence."""

    of: str
    """Its name; empty for documents without a licence."""
    documents: int = 0
    """Its documents."""
    tokens: int = 0
    """Tokens in their texts."""
    chars: int = 0
    """Code points of their texts."""
    text_bytes: int = 0
    """Bytes of their texts in UTF-8."""


class Spread(Struct, frozen=True):
    """How a measure is spread over the documents of a language."""

    lang: str
    """The language."""
    documents: int
    """Documents that have it."""
    without: int
    """Documents that do not."""
    mean: float
    """Mean over these documents."""
    quantiles: tuple[float, ...]
    """Its least value, the values that 5, 25, 50, 75 and 95 % of documents do not exceed, and its
    greatest."""


def groups(
    release: Location, held: Held, by: Grouping, languages: Iterable[str] = ()
) -> list[Group]:
    """Return what there is of each group, those with most tokens first.

    Of languages the manifest knows; of others four columns are read.
    """
    shards = checked(held, Asked(fraction=1, languages=tuple(languages)))
    found: dict[str, Group] = {}
    if by == "language":
        wanted = {shard.lang for shard in shards}
        for one in held.languages:
            if one.lang in wanted:
                found[one.lang] = Group(
                    one.lang, one.documents, one.tokens, one.chars, one.text_bytes
                )
    else:
        for rows in _columns(release, shards, [_COLUMN[by], *_SIZES]):
            _add(found, rows, _COLUMN[by])
    return sorted(found.values(), key=lambda one: (-one.tokens, one.of))


def spread(
    release: Location, held: Held, measure: str, languages: Iterable[str] = ()
) -> list[Spread]:
    """Return how a measure is spread in each language.

    A measure is a column of numbers, such as `tokens` or `counts.words`, or a share of two of them,
    as `counts.sentence_lines/counts.lines`; of nothing it is 0. ValueError if there is none.
    """
    names = [_number(name.strip()) for name in measure.split("/", 1)]
    shards = checked(held, Asked(fraction=1, languages=tuple(languages)))
    found: dict[str, list[NDArray[np.float64]]] = {}
    for shard in shards:
        found.setdefault(shard.lang, []).extend(
            _values(rows, names) for rows in _columns(release, [shard], names)
        )
    return [_spread(lang, np.concatenate(parts)) for lang, parts in found.items()]


def _columns(release: Location, shards: Iterable[Shard], names: list[str]) -> Iterator[pa.Table]:
    return (rows for shard in shards for rows in batches(release / shard.path, names))


def _add(found: dict[str, Group], rows: pa.Table, column: str) -> None:
    sums = [*((name, "sum") for name in _SIZES), ([], "count_all")]
    added = rows.group_by(column, use_threads=False).aggregate(sums)
    names = (column, "count_all", *(f"{name}_sum" for name in _SIZES))
    for of, *sizes in zip(*(added.column(name).to_pylist() for name in names), strict=True):
        mine = found.setdefault(of or "", Group(of or ""))
        for field, size in zip(("documents", *_SIZES), sizes, strict=True):
            setattr(mine, field, getattr(mine, field) + size)


def _number(name: str) -> str:
    column, _, field = name.partition(".")
    kind = DOCUMENT_SCHEMA.field(column).type if column in DOCUMENT_SCHEMA.names else None
    if field and kind is not None and pa.types.is_struct(kind):
        kind = kind.field(field).type if kind.get_field_index(field) >= 0 else None
    if kind is None or not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise ValueError(
            f"{name!r} is no measure: name a column of numbers, such as tokens or counts.words"
        )
    return name


def _values(rows: pa.Table, names: list[str]) -> NDArray[np.float64]:
    """Return the measure of each row, NaN where there is none."""
    numbers = [_array(rows, name) for name in names]
    if len(numbers) == 1:
        return numbers[0]
    above, below = numbers
    return np.divide(above, below, out=np.zeros(len(above)), where=below != 0)


def _array(rows: pa.Table, name: str) -> NDArray[np.float64]:
    column, _, field = name.partition(".")
    values = rows.column(column).combine_chunks()
    if field:
        values = values.field(field)
    return np.asarray(values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))


def _spread(lang: str, values: NDArray[np.float64]) -> Spread:
    known = np.sort(values[~np.isnan(values)])
    without = len(values) - len(known)
    if not len(known):
        return Spread(lang, 0, without, 0.0, ())
    ranks = [max(0, -(-len(known) * int(share * 100) // 100) - 1) for share in QUANTILES]
    return Spread(
        lang, len(known), without, float(known.mean()), tuple(known[rank] for rank in ranks)
    )
