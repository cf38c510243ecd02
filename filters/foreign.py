"""Texts that are mostly in another language than the one they count for."""

from collections.abc import Iterator

from florilegium.filters.rule import Filter, Measure, Share
from florilegium.manifests.document import Facts


class Foreign(Filter, frozen=True, tag="foreign"):
    """Share of characters in paragraphs of another language, 0 to 1."""

    max_foreign: Share = 0.50

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield the foreign share."""
        yield Measure("foreign_share", facts.foreign_share, high=self.max_foreign)
