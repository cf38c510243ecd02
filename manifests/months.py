"""Months of capture: what a release holds of each, in UTC."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

_SECONDS_A_DAY = 86_400


def day(time: int) -> int:
    """Return the day of a time in seconds since 1970, counted from then."""
    return time // _SECONDS_A_DAY


def by_month(days: Mapping[int, int]) -> dict[str, int]:
    """Return what was counted by day, by month, as `2026-03`; in their order.

    >>> by_month({0: 1, 30: 2, 31: 4})
    {'1970-01': 3, '1970-02': 4}
    """
    months: Counter[str] = Counter()
    for number, documents in sorted(days.items()):
        months[str(np.datetime64(number, "D").astype("datetime64[M]"))] += documents
    return dict(months)


def of_documents(table: pa.Table) -> dict[str, int]:
    """Return how many of some documents were captured in each month."""
    times = table.column("crawl_time").to_numpy().astype("datetime64[M]")
    found, numbers = np.unique(times, return_counts=True)
    return {str(month): int(number) for month, number in zip(found, numbers, strict=True)}
