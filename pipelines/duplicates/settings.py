"""What a recipe says of copies: which are compared, and which are removed."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

Scope: TypeAlias = Literal["global", "release", "snapshot"]
"""Which documents are compared."""


class Duplicates(Struct, frozen=True, forbid_unknown_fields=True):
    """Which copies are removed. The same capture found twice always is."""

    exact: Annotated[bool, Meta(description="remove documents with the same words")] = True
    addresses: Annotated[
        bool, Meta(description="remove all but one of the captures of an address")
    ] = True
    min_canonical_similarity: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="similarity that makes a copy, instead of `min_similarity`, where a page "
            "declares the address of another as its own (rel=canonical); `minhash`, which compares "
            "no texts, believes no such page",
        ),
    ] = 0.5
    near: Annotated[bool, Meta(description="remove documents with nearly the same words")] = True
    method: Annotated[
        Literal["fast-similarity-sketch", "minhash"],
        Meta(
            description="how documents with nearly the same words are found: each compared to the "
            "one that is kept, or, with `minhash`, any that 14 bands of 8 connect, uncompared, as "
            "FineWeb does"
        ),
    ] = "fast-similarity-sketch"
    min_similarity: Annotated[
        float,
        Meta(
            ge=0.5,
            le=1,
            description="Jaccard similarity of word 5-grams that makes a copy; `minhash` does not "
            "look at it",
        ),
    ] = 0.75
    scope: Annotated[
        Scope,
        Meta(
            description="which documents are compared: those of this build and of the releases "
            "it is built `--against` (`global`), those of this build (`release`), or of both those "
            "captured in the same month (`snapshot`)"
        ),
    ] = "global"
    index: Annotated[
        bool,
        Meta(
            description="write what later builds by the same `method` need to leave out copies of "
            "this release"
        ),
    ] = True
