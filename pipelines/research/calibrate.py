"""Limits of certainty for each language, from the scores of what was harvested.

A limit is the median less one standard deviation, kept within 0.3 and 0.9, after FineWeb2
(arXiv:2506.20920). Too few texts give no limit.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from florilegium.filters.catalogue import AnyFilter
from florilegium.filters.certainty import Certainty, Limit, tier
from florilegium.manifests.location import Location
from florilegium.manifests.tables import batches

LOWEST, HIGHEST = 0.3, 0.9
MIN_DOCUMENTS = 30
_STEPS = 10_000  # scores have four decimals, so that counting them loses nothing

Histogram = NDArray[np.int64]
Limits = dict[str, dict[str, Limit]]


def calibrate(documents: Iterable[Location]) -> Limits:
    """Return limits by language and length from the tables of documents of some parts."""
    counted: defaultdict[tuple[str, str], Histogram]
    counted = defaultdict(lambda: np.zeros(_STEPS + 1, np.int64))
    for place in documents:
        for table in batches(place, ["lang", "lang_score", "chars"]):
            columns = [table.column(name).to_pylist() for name in table.column_names]
            for lang, score, chars in zip(*columns, strict=True):
                counted[lang, tier(chars)][round(score * _STEPS)] += 1
    limits: Limits = {}
    for (lang, length), histogram in sorted(counted.items()):
        if (size := int(histogram.sum())) >= MIN_DOCUMENTS:
            limits.setdefault(lang, {})[length] = Limit(limit(histogram), size)
    return limits


def limit(histogram: Histogram) -> float:
    """Return the limit that scores, counted by ten-thousandths, come to; two decimals."""
    size = histogram.sum()
    scores = np.arange(_STEPS + 1) / _STEPS
    middle = np.searchsorted(np.cumsum(histogram), [(size + 1) // 2, size // 2 + 1])
    mean = (scores * histogram).sum() / size
    deviation = np.sqrt(((scores - mean) ** 2 * histogram).sum() / size)
    found = scores[middle].mean() - deviation
    return round(float(min(max(found, LOWEST), HIGHEST)), 2)


def with_limits(filters: Sequence[AnyFilter], limits: Limits) -> tuple[AnyFilter, ...]:
    """Return the filters with these limits of certainty, in one of their own if there is none."""
    if not any(isinstance(rule, Certainty) for rule in filters):
        filters = (Certainty(), *filters)
    return tuple(
        replace(rule, min_scores=limits) if isinstance(rule, Certainty) else rule
        for rule in filters
    )
