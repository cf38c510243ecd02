"""The population stability index: how far a distribution has moved from another."""

from collections.abc import Iterator, Mapping, Sequence
from math import log

_SHARE = 1 / 20
"""Of the documents before and after, those that a class holds at least."""
_SMOOTHING = 0.5
"""Added to every class, so that an empty one can be compared."""


def psi(before: Mapping[float, int], after: Mapping[float, int]) -> float:
    """Return the population stability index of two distributions, 0 if they are alike.

    They are numbers of documents by the least value of a class. Neighbouring classes are put
    together until each holds a twentieth of both; half a document is added to each. The index is
    the sum of (b - a) ln(b / a) over the shares a before and b after. Below 0.1 hardly anything has
    moved, above 0.25 much has (Siddiqi, Credit Risk Scorecards, 2006).

    >>> psi({0.0: 60, 0.5: 40}, {0.0: 60, 0.5: 40})
    0.0
    >>> round(psi({0.0: 50, 0.5: 50}, {0.0: 80, 0.5: 20}), 4)
    0.4063
    """
    classes = list(_classes(before, after))
    added = _SMOOTHING * len(classes)
    wholes = [sum(one.values()) + added for one in (before, after)]
    index = 0.0
    for numbers in classes:
        a, b = (
            (number + _SMOOTHING) / whole for number, whole in zip(numbers, wholes, strict=True)
        )
        index += (b - a) * log(b / a)
    return index


def _classes(before: Mapping[float, int], after: Mapping[float, int]) -> Iterator[tuple[int, int]]:
    """Yield documents before and after in each class, small ones put together."""
    wholes = max(1, sum(before.values())), max(1, sum(after.values()))
    mine, left = [0, 0], list(wholes)
    for least in sorted(before.keys() | after.keys()):
        for place, one in enumerate((before, after)):
            mine[place] += one.get(least, 0)
            left[place] -= one.get(least, 0)
        if _enough(mine, wholes) and _enough(left, wholes):
            yield mine[0], mine[1]
            mine = [0, 0]
    yield mine[0], mine[1]


def _enough(numbers: Sequence[int], wholes: Sequence[int]) -> bool:
    """Say whether numbers before and after are together a twentieth of both."""
    shares = sum(number / whole for number, whole in zip(numbers, wholes, strict=True))
    return shares >= 2 * _SHARE
