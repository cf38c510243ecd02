"""Texts whose language is not certain enough, by limits that were measured for each language."""

from collections.abc import Iterator

from msgspec import Struct, field

from florilegium.filters.language_second import agrees
from florilegium.filters.language_table import LANGUAGES
from florilegium.filters.rule import Filter, Measure, Share
from florilegium.manifests.document import Facts

TIERS = (("short", 300), ("medium", 1_000), ("long", None))
"""Names of the lengths that have limits of their own, and the characters each stays below."""


class Limit(Struct, frozen=True, forbid_unknown_fields=True):
    """What texts of one language and length must reach, and how many that rests on."""

    min_score: Share
    documents: int


def tier(chars: int) -> str:
    """Return the name of the length of a text.

    >>> tier(299), tier(300), tier(1_000)
    ('short', 'medium', 'long')
    """
    return next(name for name, below in TIERS if below is None or chars < below)


class Certainty(Filter, frozen=True, tag="certainty"):
    """Probability of the language, 0 to 1, by language and length where limits are given.

    Where a second identifier was asked that knows the language, its word decides: 1 if it says the
    same, however probable, 0 if it says another.
    """

    min_score: Share = 0.30
    """For texts whose language and length has no limit of its own."""
    min_scores: dict[str, dict[str, Limit]] = field(default_factory=dict)
    """By language and `short`, `medium` or `long`, as `florilegium calibrate` writes them."""

    def __post_init__(self) -> None:
        for lang, limits in self.min_scores.items():
            if lang not in LANGUAGES:
                raise ValueError(f"`min_scores` for an unknown language {lang!r}")
            if unknown := sorted(limits.keys() - {name for name, _ in TIERS}):
                raise ValueError(f"`min_scores.{lang}` for an unknown length {unknown[0]!r}")

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield the probability of the language, and whether a second opinion agrees, if any."""
        limit = self.min_scores.get(facts.lang, {}).get(tier(facts.chars))
        low = limit.min_score if limit else self.min_score
        agreed = agrees(facts.lang, facts.lang_evidence)
        yield Measure("lang_score", facts.lang_score, low=0.0 if agreed else low)
        if agreed is not None:
            yield Measure("lang_second_opinion", float(agreed), low=1, detail=facts.lang_evidence)
