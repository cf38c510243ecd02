"""Failed rules: every rule that a lost document fails, where the ledger names only the first."""

from typing import Annotated

from msgspec import Meta, Struct


class FailedRule(Struct, frozen=True, gc=False, array_like=True, kw_only=True):
    """A rule that a document fails, by what value and limit.

    A document that harvest made and that is in no shard has a row for what decided, and one for
    each rule of the recipe that it fails, in the order of the recipe.
    """

    id: Annotated[bytes, Meta(description="identity of the document, as in the ledger")]
    lang: Annotated[str, Meta(description="language of the document")]
    stage: Annotated[
        str, Meta(description="stage of the rule: `duplicates`, `quality` or `mixture`")
    ]
    rule: Annotated[str, Meta(description="rule that the document fails")]
    value: Annotated[float | None, Meta(description="what the rule measured")] = None
    limit: Annotated[float | None, Meta(description="the bound that the value crosses")] = None
    detail: Annotated[str | None, Meta(description="what the rule saw, in a word or two")] = None
    decides: Annotated[bool, Meta(description="whether the ledger names this rule")] = False
