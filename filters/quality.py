"""Texts that a scorer of the recipe thinks little of."""

from collections.abc import Iterator

from msgspec import field

from florilegium.filters.language_table import LANGUAGES
from florilegium.filters.rule import Filter, Measure, Share
from florilegium.manifests.document import Facts


class Quality(Filter, frozen=True, tag="quality"):
    """Score of the recipe's scorer for the language, 0 to 1; texts without one pass.

    The deciles in the manifest say what share of a language a limit would leave.
    """

    min_quality: Share = 0.0
    """For languages that have no limit of their own."""
    min_qualities: dict[str, Share] = field(default_factory=dict)
    """By language, as `deu_Latn = 0.4`."""

    def __post_init__(self) -> None:
        if unknown := sorted(self.min_qualities.keys() - LANGUAGES.keys()):
            raise ValueError(f"`min_qualities` for an unknown language {unknown[0]!r}")

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield the score, if there is one."""
        if facts.quality is not None:
            low = self.min_qualities.get(facts.lang, self.min_quality)
            yield Measure("quality", facts.quality, low=low)
