"""Deciles of scores from 0 to 1, of counts by thousandths, which can be added in any order."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

Histogram = dict[int, int]
"""How many scores round to each thousandth."""

_STEPS = 1000


def count(histogram: Histogram, score: float) -> None:
    """Count one more score."""
    step = round(score * _STEPS)
    histogram[step] = histogram.get(step, 0) + 1


def count_all(histogram: Histogram, scores: Iterable[float | None]) -> None:
    """Count the scores of documents, some of which may have none."""
    for score in scores:
        if score is not None:
            count(histogram, score)


def added(histograms: Iterable[Histogram]) -> Histogram:
    """Return the sum of some counts."""
    whole: Counter[int] = Counter()
    for histogram in histograms:
        whole.update(histogram)
    return dict(sorted(whole.items()))


def deciles(histogram: Histogram) -> tuple[float, ...] | None:
    """Return eleven scores, least to greatest, that part all in tenths; None of no scores.

    The k-th is the least score that k tenths of all do not exceed.

    >>> deciles({0: 5, 500: 4, 1000: 1})
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.5, 0.5, 0.5, 1.0)
    """
    if not histogram:
        return None
    steps = sorted(histogram)
    below = np.cumsum([histogram[step] for step in steps])
    ranks = [max(1, -(-k * int(below[-1]) // 10)) for k in range(11)]
    return tuple(steps[int(place)] / _STEPS for place in np.searchsorted(below, ranks))
