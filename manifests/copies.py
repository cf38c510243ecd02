"""Copies of what earlier releases hold: their files cannot change, so a later one counts them."""

from typing import Annotated

from msgspec import Meta, Struct

FOLDER = "audit/copies"


class Copies(Struct, frozen=True, gc=False, array_like=True, kw_only=True):
    """A document of an earlier release for which documents of this build were left out.

    In all it stands for its own `dup_size`, plus these of every later release. A page that was
    an input of both builds counts in both.
    """

    id: Annotated[bytes, Meta(description="identity of the document, as in Document.id")]
    release: Annotated[str, Meta(description="earlier release that holds it, as in dup_release")]
    copies: Annotated[int, Meta(description="documents of this build that gave way to it")]
