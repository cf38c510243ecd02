"""Texts under terms that a corpus may not take, or whose terms are not sure enough."""

from collections.abc import Iterator
from typing import Literal

from florilegium.filters.licence import TIERS, Flag, Tier
from florilegium.filters.licence_names import TERMS, Terms
from florilegium.filters.rule import Filter, Measure
from florilegium.manifests.document import Facts


class Licensed(Filter, frozen=True, tag="licence"):
    """What the licence of a page asks for, and how well it is evidenced.

    Classes are numbered from 0 (`permissive`) to 5 (`unknown`), tiers from 1 (A) to 4 (D). By
    default only what is permissive, well evidenced and uncontradicted stays: the terms on which
    GPT-NL takes texts. A build has this filter only if its recipe names it.
    """

    max_class: Terms = "permissive"
    """The last class that stays, of `permissive` (public domain or attribution), `share-alike`,
    `non-commercial`, `no-derivatives`, `reserved` and `unknown` (no licence at all)."""
    min_tier: Tier = "B"
    """The weakest evidence that counts, A to D; a page of the class `unknown` has none."""
    max_disagreement: Literal[0, 1] = 0
    """1 lets a page stay that names licences of different strictness, under the strictest."""

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield class, tier and disagreement, in numbers."""
        number = TERMS.index(facts.license_class)
        yield Measure("licence_class", number, high=TERMS.index(self.max_class))
        if facts.license_tier in TIERS:
            weakest = TIERS.index(self.min_tier) + 1
            yield Measure("licence_tier", TIERS.index(facts.license_tier) + 1, high=weakest)
            contradicted = facts.license_flags & Flag.DISAGREEMENT
            yield Measure("licence_disagreement", int(contradicted), high=self.max_disagreement)
