"""Texts under terms that a corpus may not take, or whose terms are not sure enough."""

from collections.abc import Iterator
from math import inf

from florilegium.filters.licence import TIERS, Flag, Tier
from florilegium.filters.licence_names import TERMS, Terms
from florilegium.filters.rule import Filter, Measure
from florilegium.manifests.document import Facts


class Licensed(Filter, frozen=True, tag="licence"):
    """What the licence of a page asks for, and how well it is evidenced.

    Classes are numbered as in `license_class`, from 0 (`permissive`) to 5 (`unknown`), tiers from
    1 (A) to 4 (D). By default only what is permissive, well evidenced and uncontradicted stays,
    which is how GPT-NL chooses its sources. A build has this filter only if its recipe names it.
    """

    classes: tuple[Terms, ...] = ("permissive",)
    """Classes that stay: any of `permissive` (public domain or attribution), `share-alike`,
    `non-commercial`, `no-derivatives`, `reserved` and `unknown`."""
    min_tier: Tier = "B"
    """The weakest evidence that counts, A to D; a page of the class `unknown` has none."""
    disagreement: bool = False
    """Whether a page that names licences of different strictness stays, under the strictest."""

    def __post_init__(self) -> None:
        if not self.classes:
            raise ValueError("a licence filter needs at least one of the `classes`")

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield class, tier and disagreement, in numbers."""
        yield self._class(facts.license_class)
        if facts.license_tier in TIERS:
            weakest = TIERS.index(self.min_tier) + 1
            yield Measure("licence_tier", TIERS.index(facts.license_tier) + 1, high=weakest)
            contradicted = bool(facts.license_flags & Flag.DISAGREEMENT)
            yield Measure("licence_disagreement", contradicted, high=float(self.disagreement))

    def _class(self, name: str) -> Measure:
        """Return the class and its nearest neighbours among those that stay."""
        value = TERMS.index(name)
        allowed = [TERMS.index(one) for one in self.classes]
        below = [one for one in allowed if one <= value]
        high = max(below, default=inf)
        return Measure("licence_class", value, low=-inf if below else min(allowed), high=high)
