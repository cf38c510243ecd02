"""Texts to which a filter of datatrove objects."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta, field

from florilegium.filters.rule import Filter, Measure
from florilegium.manifests.document import Facts


class Datatrove(Filter, frozen=True, tag="datatrove", kw_only=True):
    """A filter of datatrove (`pip install florilegium[datatrove]`), as it is.

    It is shown the text, and `url`, `language`, `language_score` and `date` as metadata. Its
    verdict counts, and its reason is in the ledger as `detail`; what it does to the text does not.
    What it fetches when it runs, it fetches on every worker. One that decides by chance needs a
    seed among its arguments, or two builds differ.
    """

    filter: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_.]{0,199}\Z")]
    """Name of a class in `datatrove.pipeline.filters`, or of any other with its module."""
    arguments: dict[str, Any] = field(default_factory=dict)
    """What the class is made with."""
    languages: tuple[str, ...] = ()
    """Languages whose documents it sees; all if empty."""
    label: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{0,60}\Z")] = ""
    """What the ledger calls the rule. The name of the class if empty."""

    @property
    def name(self) -> str:
        """What the ledger calls the rule."""
        return self.label or self.filter.rpartition(".")[2]

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield its objection, if it has one."""
        if facts.objections is not None:
            reasons = msgspec.json.decode(facts.objections, type=dict[str, str])
            if (reason := reasons.get(self.name)) is not None:
                yield Measure(self.name, 1, high=0, detail=reason)
