"""Mixture: which share of what passed the rules a release holds, language by language.

Every document has a lot, a number from 0 to 1 that follows from its id. What a recipe draws at
random are the documents with the smallest lots, so that a larger share holds all of a smaller one.
"""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from msgspec import Struct

from florilegium.manifests.location import Location
from florilegium.manifests.tables import described, parquet

PATH = "audit/mixture.parquet"
"""Where in a release it says what was drawn."""
STAGE = "mixture"
"""The stage at which documents are lost that passed all rules."""
RULES = ("quality_share", "sampled", "domain_share", "token_budget", "weight")
"""Rules of that stage, in the order in which they apply."""
DEFAULT = "default"
"""Stands in a table of languages for all that it does not name."""
STEPS = 1000
"""Scores are compared by the thousandths they round to."""
WHOLE = 1.0
"""The limit of lots that cuts nothing off: all are below it."""

_MOST = (1 << 63) - 1
"""The most that a column of the table can hold."""
_SEED = 0x6D697874757265
"""Lots have nothing to do with the ranges of ids that shards and samples are made of."""

Value = TypeVar("Value")


class Mixed(Struct, kw_only=True):
    """What a language brought, what was asked of it, and where it was cut: see `SCHEMA`."""

    lang: str
    documents: int = 0
    tokens: int = 0
    scored: int = 0
    best_share: float | None = None
    border: float | None = None
    above: int = 0
    at_border: int = 0
    border_share: float = WHOLE
    unscored_share: float = WHOLE
    share: float = WHOLE
    drawn_tokens: int = 0
    max_tokens: int | None = None
    token_limit: float = WHOLE
    budget_tokens: int = 0
    weight: float | None = None
    weight_tokens: int | None = None
    weight_limit: float = WHOLE


SCHEMA = pa.schema(
    [
        described("lang", pa.string(), "language", nullable=False),
        described("documents", pa.int64(), "documents that passed the rules", nullable=False),
        described("tokens", pa.int64(), "tokens in their texts", nullable=False),
        described("scored", pa.int64(), "those documents that have a quality", nullable=False),
        described("best_share", pa.float64(), "share of them that is wanted, the best first"),
        described("border", pa.float64(), "quality, in thousandths, at which that share ends"),
        described("above", pa.int64(), "documents of better quality", nullable=False),
        described("at_border", pa.int64(), "documents of just this quality", nullable=False),
        described("border_share", pa.float64(), "share of these that is drawn", nullable=False),
        described(
            "unscored_share", pa.float64(), "share of documents without a quality that is drawn",
            nullable=False,
        ),
        described("share", pa.float64(), "share of the rest that is drawn", nullable=False),
        described(
            "drawn_tokens", pa.int64(), "tokens of what that and the domains leave", nullable=False
        ),
        described("max_tokens", pa.int64(), "the most tokens that are wanted"),
        described(
            "token_limit", pa.float64(), "limit of lots that keeps to it, 1 if none is needed",
            nullable=False,
        ),
        described("budget_tokens", pa.int64(), "tokens below that limit", nullable=False),
        described("weight", pa.float64(), "weight of the language among others"),
        described("weight_tokens", pa.int64(), "the most tokens that this weight allows"),
        described(
            "weight_limit", pa.float64(), "limit of lots that keeps to it, 1 if none is needed",
            nullable=False,
        ),
    ]
)  # fmt: skip


def lot(identity: bytes) -> float:
    """Return the lot of a document, from 0 to less than 1: 53 bits of XXH3-64 of its id.

    >>> lot(bytes(16))
    0.12825199177166957
    """
    return (xxhash.xxh3_64_intdigest(identity, seed=_SEED) >> 11) / (1 << 53)


def step(score: float) -> int:
    """Return the thousandth that a score rounds to."""
    return round(score * STEPS)


def asked(table: Mapping[str, Value], lang: str) -> Value | None:
    """Return what a table of languages says of one; None if it says nothing."""
    return table.get(lang, table.get(DEFAULT))


def border_share(best_share: float, scored: int, above: int, at_border: int) -> float:
    """Return which share of the documents at the border is drawn, to have the wanted share of all.

    Less than 0 or more than 1 if this is not the border.
    """
    return float((Fraction(best_share) * scored - above) / at_border) if at_border else WHOLE


def weighed(weights: Mapping[str, float], tokens: Mapping[str, int]) -> dict[str, int]:
    """Return the most tokens that weights allow each language that has one.

    Languages that `weights` names are to stand to each other as their weights do; of those the one
    that has least for its weight is left whole. Others, of the weight `default`, get no more than
    theirs, and may have less. A language without tokens binds nobody.

    >>> weighed({"deu_Latn": 2, "default": 1}, {"deu_Latn": 10, "fra_Latn": 7, "mlt_Latn": 1})
    {'deu_Latn': 10, 'fra_Latn': 5, 'mlt_Latn': 5}
    """
    having = {lang: number for lang, number in tokens.items() if number}
    named = [Fraction(having[lang]) / Fraction(weights[lang]) for lang in having if lang in weights]
    if not named:
        return {}
    each = {lang: asked(weights, lang) for lang in having}
    return {
        lang: min(int(min(named) * Fraction(weight)), _MOST)
        for lang, weight in each.items()
        if weight is not None
    }


def kept_below(mixed: Mixed, score: float | None) -> tuple[float, float]:
    """Return the lots below which a document of a language is left by its quality, and by chance.

    Chance comes after quality: the second is at most the first.
    """
    best = unscored = WHOLE
    if mixed.best_share is not None:
        if score is None:
            unscored = mixed.unscored_share
        elif mixed.border is not None:
            place, border = step(score), step(mixed.border)
            best = WHOLE if place > border else mixed.border_share if place == border else 0.0
    return best, best * unscored * mixed.share


def stays(mixed: Mixed, identity: bytes, score: float | None) -> bool:
    """Return whether a document may stay, as far as can be told without its domain."""
    _, chance = kept_below(mixed, score)
    mine = lot(identity)
    limit = min(mixed.token_limit, mixed.weight_limit)
    return mine < chance and (limit == WHOLE or mine / chance < limit)


def write(languages: list[Mixed], path: Path) -> int:
    """Write what was drawn to a file, a row for each language; return how many."""
    rows = [msgspec.structs.asdict(one) for one in sorted(languages, key=lambda one: one.lang)]
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), path, compression="zstd")
    return len(rows)


def read(release: Location) -> dict[str, Mixed]:
    """Return what was drawn, by language.

    ValueError if the file has other columns, a language twice or numbers that cannot be.
    """
    with parquet(release / PATH) as file:
        if not file.schema_arrow.equals(SCHEMA):
            raise ValueError("its columns are not those of a mixture")
        rows: list[dict[str, Any]] = file.read(use_threads=False).to_pylist()
    found = [msgspec.convert(row, Mixed) for row in rows]
    if len({one.lang for one in found}) != len(found):
        raise ValueError("a language has two rows")
    return {one.lang: one for one in found}
