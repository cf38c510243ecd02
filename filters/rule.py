"""The shape of a filter: parameters that measure the facts of a document, rule by rule."""

from collections.abc import Iterator
from math import inf
from typing import Annotated

from msgspec import Meta, Struct

from florilegium.manifests.document import Facts

Share = Annotated[float, Meta(ge=0, le=1)]
"""A limit for a part of a whole."""
Amount = Annotated[float, Meta(ge=0)]
"""A limit for what may be many times its unit."""
Number = Annotated[int, Meta(ge=0)]
"""A limit for what is counted."""


class Measure(Struct, frozen=True, gc=False):
    """One number read off a document, and the range it should lie in, both ends allowed."""

    rule: str
    """Name of the rule, as the ledger has it."""
    value: float
    """What was measured."""
    low: float = -inf
    """Least value allowed."""
    high: float = inf
    """Greatest value allowed."""
    detail: str | None = None
    """What the rule saw, in a word or two."""

    @property
    def holds(self) -> bool:
        """Whether the value lies in its range, ends included."""
        return self.low <= self.value <= self.high

    @property
    def limit(self) -> float:
        """The bound that was crossed; the upper one if none was."""
        return self.low if self.value < self.low else self.high


class Filter(Struct, frozen=True, tag_field="use", forbid_unknown_fields=True):
    """Parameters of one filter, as a recipe spells them. A limit is named for what it bounds.

    Filters read facts, never the text, so a verdict can be redone by anyone who has the counts.
    A build stops at the first measure that fails, an audit reads them all: the order in which a
    filter yields them is the order of verdicts.
    """

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield what this filter looks at, in order."""
        raise NotImplementedError

    def failed(self, facts: Facts) -> Iterator[Measure]:
        """Yield the measures out of range, in order."""
        return (measure for measure in self.measures(facts) if not measure.holds)

    def __call__(self, facts: Facts) -> Measure | None:
        """Return the first measure out of range, or None to keep the document."""
        return next(self.failed(facts), None)


def share(part: int, whole: int) -> float:
    """Part of a whole, 0 to 1; 0 of nothing.

    Overlapping n-grams may add up to more than the text; that is 1.

    >>> share(1, 4), share(5, 4), share(0, 0)
    (0.25, 1.0, 0.0)
    """
    return min(1.0, part / whole) if whole else 0.0


def ratio(part: int, unit: int) -> float:
    """How many for each unit, 0 or more; with no unit at all, how many there are.

    >>> ratio(3, 2), ratio(3, 0)
    (1.5, 3.0)
    """
    return part / max(unit, 1)


def balance(good: int, bad: int, whole: int) -> float:
    """How much more there is of one part than of the other, as a share, -1 to 1; 0 of nothing.

    >>> balance(3, 1, 4), balance(0, 4, 4), balance(0, 0, 0)
    (0.5, -1.0, 0.0)
    """
    return (good - bad) / whole if whole else 0.0
