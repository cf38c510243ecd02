"""Examples of losses: a few documents of each rule that removed some, for people to judge it."""

from typing import Annotated

from msgspec import Meta, Struct

PATH = "audit/examples.parquet"
"""Where in a release they are."""
EACH = 3
"""The most there are of a stage and rule: those with the smallest ids, as good as drawn by lot."""
CHARS = 200
"""The most characters of an excerpt."""


class LossExample(Struct, frozen=True, gc=False, array_like=True, kw_only=True):
    """How the text of a lost document begins.

    There are none of documents whose rights are reserved, nor of records that were lost before
    they had a text.
    """

    id: Annotated[bytes, Meta(description="identity of the document, as in the ledger")]
    stage: Annotated[str, Meta(description="stage that dropped it: `duplicates` or `quality`")]
    rule: Annotated[str, Meta(description="rule that dropped it")]
    lang: Annotated[str, Meta(description="its language")]
    domain: Annotated[str, Meta(description="registrable domain of its host")]
    excerpt: Annotated[
        str,
        Meta(description="first 200 characters of its text on one line, personal data masked"),
    ]
