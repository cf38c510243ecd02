"""The arithmetic of a mixture, on arrays of what was measured: nothing is read or written.

A document stays if its lot is below a limit, which every rule of the mixture makes smaller: what a
rule draws, it draws from what those before it left. Limits of budgets are found by counting tokens
in cells of lots, each 1/4096 of its lower end wide, so that a small budget of a large language is
met as closely as a large one.
"""

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from florilegium.manifests.mixture import (
    RULES,
    STEPS,
    WHOLE,
    Mixed,
    asked,
    border_share,
    kept_below,
    weighed,
)
from florilegium.pipelines.mixture.settings import Domains, Mixture

MEASURED = np.dtype(
    [
        ("row", "<u4"),
        ("lang", "<u4"),
        ("tokens", "<u8"),
        ("step", "<i2"),
        ("lot", "<f8"),
        ("domain", "<u8"),
    ]
)
"""A document that passed the rules: its row in the part, the place of its language in the recipe,
the thousandth of its score (`NO_SCORE` without one), and a hash of its language and domain."""
NO_SCORE = -1
LARGE = np.dtype([("domain", "<u8"), ("documents", "<u8")])
"""A domain in a language that has more documents than are left whole."""

_OCTAVES = 40
_CELLS_AN_OCTAVE = 12
"""As a power of two."""
_DROPPED = 52 - _CELLS_AN_OCTAVE
_FIRST = (1023 - _OCTAVES) << _CELLS_AN_OCTAVE
CELLS = (_OCTAVES << _CELLS_AN_OCTAVE) + 1
"""Cells of lots. The first has all lots below 2^-40."""
_BELOW_ONE = float(np.nextafter(1.0, 0.0))
_POWERS = Context(prec=28)


def cells_of(lots: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the cells of lots, 0 to CELLS - 1; a greater lot is never in a lower cell."""
    bits = np.ascontiguousarray(lots, np.float64).view(np.int64) >> _DROPPED
    cells: NDArray[np.int64] = np.maximum(bits - _FIRST + 1, 0)
    return cells


def edge(cell: int) -> float:
    """Return the least lot of a cell; 1 for the one after the last."""
    if cell == 0:
        return 0.0
    return float(np.array((_FIRST + cell - 1) << _DROPPED, np.int64).view(np.float64))


def limit(tokens: NDArray[np.uint64], most: int) -> tuple[float, int]:
    """Return below which lot there are at most so many tokens, and how many there are.

    `tokens` are those of each cell. The limit is the lower end of a cell, or 1.
    """
    below = np.cumsum(tokens, dtype=np.uint64)
    if (total := int(below[-1])) <= most:
        return WHOLE, total
    cell = int(np.searchsorted(below, np.uint64(most), side="right"))
    return edge(cell), int(below[cell - 1]) if cell else 0


def brought(
    lang: str, documents: int, tokens: int, scores: NDArray[np.int64], mixture: Mixture
) -> Mixed:
    """Return what a language brings and which share of it is wanted, and so the border of quality.

    `scores` says how many documents have a score of each thousandth, from 0 to `STEPS`.
    """
    share = asked(mixture.share, lang)
    found = Mixed(
        lang=lang,
        documents=documents,
        tokens=tokens,
        scored=int(scores.sum()),
        best_share=asked(mixture.quality, lang),
        share=WHOLE if share is None else share,
    )
    if found.best_share is None:
        return found
    found.unscored_share = mixture.unscored
    if not found.scored:
        return found
    wanted = Fraction(found.best_share) * found.scored
    for place in np.flatnonzero(scores)[::-1].tolist():
        found.at_border = int(scores[place])
        found.border = place / STEPS
        if found.above + found.at_border >= wanted:
            break
        found.above += found.at_border
    found.border_share = border_share(found.best_share, found.scored, found.above, found.at_border)
    return found


def budgeted(
    brought: Sequence[Mixed], tokens: Mapping[str, NDArray[np.uint64]], mixture: Mixture
) -> list[Mixed]:
    """Return the same languages with the limits that keep to budgets and weights.

    `tokens` are those of each cell of lots that are left, by language.
    """
    nothing = np.zeros(CELLS, np.uint64)
    for one in brought:
        mine = tokens.get(one.lang, nothing)
        one.drawn_tokens = one.budget_tokens = int(mine.sum())
        one.max_tokens = asked(mixture.tokens, one.lang)
        if one.max_tokens is not None:
            one.token_limit, one.budget_tokens = limit(mine, one.max_tokens)
        one.weight = asked(mixture.weights, one.lang)
    most = weighed(mixture.weights, {one.lang: one.budget_tokens for one in brought})
    for one in brought:
        one.weight_tokens = most.get(one.lang)
        if one.weight_tokens is not None and one.weight_tokens < one.budget_tokens:
            one.weight_limit, _ = limit(tokens.get(one.lang, nothing), one.weight_tokens)
    return list(brought)


class Limits:
    """Limits of lots for documents as they were measured, one column after the other."""

    def __init__(
        self,
        measured: NDArray[np.void],
        languages: Sequence[str],
        mixed: Mapping[str, Mixed],
        domains: Domains | None,
        large: NDArray[np.void],
    ) -> None:
        """Take documents, what was found of their languages, and the large ones of their domains.

        `languages` are those of the recipe, in its order.
        """
        self.quality, self.chance = _by_kind(measured, languages, mixed)
        """Limits by quality, and by quality and chance."""
        self.documents = documents_of(measured, large)
        """How many documents the domain has, 0 if it is not large."""
        self.domain = self.chance * _tempered(self.documents, domains)
        """Limits by domains, and all that comes before."""
        self.left = measured["lot"] < self.domain
        """Which documents stay so far."""
        place = np.full(len(measured), WHOLE)
        np.divide(measured["lot"], self.domain, out=place, where=self.left)
        self.place = np.where(self.left, np.minimum(place, _BELOW_ONE), WHOLE)
        """The lots of documents that stay so far among each other, from 0 to less than 1."""


def _by_kind(
    measured: NDArray[np.void], languages: Sequence[str], mixed: Mapping[str, Mixed]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    kinds, place = np.unique(measured[["lang", "step"]], return_inverse=True)
    limits = [
        kept_below(mixed[languages[lang]], None if step == NO_SCORE else step / STEPS)
        for lang, step in kinds.tolist()
    ]
    found = np.array(limits, np.float64).reshape(-1, 2)[place.reshape(-1)]
    return found[:, 0], found[:, 1]


def documents_of(measured: NDArray[np.void], large: NDArray[np.void]) -> NDArray[np.uint64]:
    """Return how many documents the domain of each has; 0 if it is not among the large ones."""
    if not len(large):
        return np.zeros(len(measured), np.uint64)
    large = np.sort(large, order="domain")
    place = np.minimum(np.searchsorted(large["domain"], measured["domain"]), len(large) - 1)
    there = large["domain"][place] == measured["domain"]
    return np.where(there, large["documents"][place], np.uint64(0)).astype(np.uint64)


def _tempered(documents: NDArray[np.uint64], domains: Domains | None) -> NDArray[np.float64]:
    if domains is None:
        return np.ones(len(documents))
    numbers, place = np.unique(documents, return_inverse=True)
    shares = [tempered(int(number), domains.max_whole, domains.exponent) for number in numbers]
    return np.array(shares, np.float64)[place.reshape(-1)]


@lru_cache(65_536)
def tempered(documents: int, max_whole: int, exponent: float) -> float:
    """Return which share of the documents of a domain is drawn, more than 0 and at most 1.

    Reckoned in decimals: powers of binary numbers differ in the last place between machines.
    """
    if documents <= max_whole:
        return WHOLE
    ratio = _POWERS.divide(Decimal(max_whole), Decimal(documents))
    return float(_POWERS.power(ratio, Decimal(1) - Decimal(str(exponent))))


def cell_tokens(
    lots: NDArray[np.float64], tokens: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return the cells in which there are lots, and the tokens in each."""
    cells, place = np.unique(cells_of(lots), return_inverse=True)
    sums = np.zeros(len(cells), np.uint64)
    np.add.at(sums, place.reshape(-1), tokens)
    return cells, sums


def lost_to(
    limits: Limits, measured: NDArray[np.void], languages: Sequence[str], mixed: Mapping[str, Mixed]
) -> dict[int, dict[str, Any]]:
    """Return rule, value, limit and detail of the documents that the mixture leaves out, by row."""
    found: dict[int, dict[str, Any]] = {}
    by_language = [mixed.get(lang, Mixed(lang=lang)) for lang in languages]
    budget = np.array([one.token_limit for one in by_language])[measured["lang"]]
    weight = np.array([one.weight_limit for one in by_language])[measured["lang"]]
    lots, place = measured["lot"], limits.place
    border = np.array([one.border or 0.0 for one in by_language])[measured["lang"]]
    score = measured["step"] / STEPS
    judged = (
        (lots >= limits.quality, score, border),
        (lots >= limits.chance, lots, limits.chance),
        (~limits.left, lots, limits.domain),
        (place >= budget, place, budget),
        (place >= weight, place, weight),
    )
    open_still = np.ones(len(measured), np.bool_)
    for rule, (over, value, most) in zip(RULES, judged, strict=True):
        for n in np.flatnonzero(over & open_still).tolist():
            found[int(measured["row"][n])] = {
                "rule": rule,
                "value": float(value[n]),
                "limit": float(most[n]),
                "detail": _detail(rule, int(limits.documents[n])),
            }
        open_still &= ~over
    return found


def _detail(rule: str, documents: int) -> str | None:
    return f"of {documents} documents" if rule == "domain_share" else None
