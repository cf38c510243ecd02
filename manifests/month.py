"""A month: what a build on a parent changed in the corpus as a whole."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace


class Amount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Documents, and the tokens in their texts."""

    documents: int = 0
    tokens: int = 0


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An earlier release of the corpus, as it was when this one was built."""

    build_id: str
    """Name of its build."""
    documents: int
    """Documents in it."""
    tokens: int
    """Tokens in their texts."""


class Month(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came, went and changed: a build with a `parent` against all earlier releases together.

    A page is an address as it was captured. Numbers are of documents of the releases, or of those
    that the new input would have given if there were no earlier release. What gave way to releases
    elsewhere, that it was built against, is counted too; these are no part of the corpus.
    """

    made_of: str
    """Digest of the recipe, of its lists, and of the names, sizes and times of the inputs: a build
    that is made of the same adds nothing to the corpus."""
    came: Amount
    """What this release holds, all of it new."""
    unchanged: int
    """Pages that an earlier release holds with the same words."""
    changed: int
    """Pages that an earlier release holds with other words; the earlier version stays."""
    copies: int
    """Documents that gave way to one of another address in an earlier release."""
    gone: int
    """Documents of earlier releases whose address answers 404 or 410 by now."""
    opted_out: int
    """Documents of earlier releases that are opted out of by now."""
    erased: int
    """Documents that earlier releases lost to erasure since the parent was built, those that this
    build erased among them."""
    earlier: tuple[Part, ...]
    """The earlier releases of the corpus, oldest first."""
    whole: Amount
    """What the corpus holds with this release."""

    def check(self, held: Amount, against: Iterable[tuple[str, int]]) -> None:
        """Raise ValueError unless the sums agree with what the release holds.

        `against` are names and documents of the releases that it was built against.
        """
        if self.came != held:
            raise ValueError(f"month: {_said(self.came)} came, and there are {_said(held)}")
        if not {(one.build_id, one.documents) for one in self.earlier} <= set(against):
            raise ValueError("month: the earlier releases are not among those built against")
        whole = added([self.came, *self.earlier])
        if self.whole != whole:
            raise ValueError(f"month: {_said(self.whole)} in all, and {_said(whole)} are counted")
        numbers = (self.unchanged, self.changed, self.copies, self.gone, self.opted_out)
        if min(numbers) < 0:
            raise ValueError("month: less than nothing is counted")

    def of(self, held: Amount) -> "Month":
        """Return the same of a release that holds another amount, since something was erased."""
        return replace(self, came=held, whole=added([held, *self.earlier]))


def added(some: Iterable[Amount | Part]) -> Amount:
    """Return the sum."""
    listed = list(some)
    return Amount(
        documents=sum(one.documents for one in listed), tokens=sum(one.tokens for one in listed)
    )


def _said(amount: Amount) -> str:
    return f"{amount.documents} documents of {amount.tokens} tokens"
