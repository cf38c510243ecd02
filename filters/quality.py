"""Texts that a scorer of the recipe thinks little of."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, field

from florilegium.filters.rule import Filter, Measure
from florilegium.manifests.document import Facts

Score = Annotated[float, Meta(ge=0, le=1)]


class Quality(Filter, frozen=True, tag="quality"):
    """Score of the recipe's scorer for the language, 0 to 1; texts without one pass.

    The deciles in the manifest say what share of a language a limit would leave.
    """

    min_quality: Score = 0.0
    """For languages that have no limit of their own."""
    min_qualities: dict[str, Score] = field(default_factory=dict)
    """By language, as `deu_Latn = 0.4`."""

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield the score, if there is one."""
        if facts.quality is not None:
            low = self.min_qualities.get(facts.lang, self.min_quality)
            yield Measure("quality", facts.quality, low=low)
