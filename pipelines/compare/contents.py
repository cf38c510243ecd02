"""What a comparison of two recipes says."""

from msgspec import Struct, field

from florilegium.manifests.differences import Amount


class Kept(Struct):
    """What one recipe keeps in a language, by what the other does with it.

    The four amounts add up to what the release of the recipe holds in that language.
    """

    both: Amount = field(default_factory=Amount)
    """Captures that the other keeps in the same language."""
    other_language: Amount = field(default_factory=Amount)
    """Captures that the other keeps in another language."""
    another_copy: Amount = field(default_factory=Amount)
    """Captures of which the other keeps a copy that this one does not."""
    only: Amount = field(default_factory=Amount)
    """Captures that the other lost."""

    @property
    def all(self) -> Amount:
        """What the recipe keeps."""
        return added(self.both, self.other_language, self.another_copy, self.only)


class Stage(Struct, frozen=True):
    """A stage of the funnel of a recipe, all languages together."""

    stage: str
    received: int
    lost: int
    kept: int


class Reason(Struct):
    """What one recipe keeps in a language and the other lost by one rule."""

    lang: str
    stage: str
    """Stage at which the other lost it; `identify` with the rule `other_language` if it did not,
    but took it for another language. Empty if its ledger has no such record."""
    rule: str
    documents: int = 0
    tokens: int = 0
    by_copy: int = 0
    """Documents among them that gave way to a copy, which the rule then removed."""


class Example(Struct, frozen=True, kw_only=True):
    """A document that one recipe keeps and the other lost."""

    id: str
    lang: str
    url: str
    words: str
    """How its text begins."""
    stage: str
    rule: str
    value: float | None
    limit: float | None
    detail: str | None
    copy: str | None
    """Id of the document to which it gave way, if it is a copy."""


class Side(Struct, kw_only=True):
    """One of two recipes, and its release."""

    name: str
    build_id: str
    release: str
    root: str
    records: int
    documents: int
    tokens: int
    stages: list[Stage]
    texts: dict[str, int]
    """Documents whose language was told, by that; keep-rates are shares of these."""
    languages: dict[str, Kept]
    lost_by_other: list[Reason]
    """Why the other has not what only this one keeps, the most frequent rules first."""
    examples: list[Example]
    """Some documents for each of the most frequent rules."""


class Comparison(Struct, frozen=True, kw_only=True):
    """Two recipes on the same input."""

    a: Side
    b: Side
    apart: list[str]
    """Keys of the recipe for which the input had to be harvested for each; none if both were made
    of the same parts."""
    lengths_differ: int
    """Documents that both keep in the same language, but with texts of another length."""


def added(*amounts: Amount) -> Amount:
    """Return the sum of amounts."""
    return Amount(sum(one.documents for one in amounts), sum(one.tokens for one in amounts))
