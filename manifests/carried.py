"""What new input says of documents of earlier releases, and how many of its own gave way."""

from typing import Annotated, Literal

import numpy as np
import pyarrow as pa
from msgspec import Meta, Struct

from florilegium.manifests.identity import LENGTH
from florilegium.manifests.location import Location
from florilegium.manifests.tables import batches

PATH = "audit/carried.parquet"
"""Where in a release the table is; there is none if nothing was said."""
Fate = Literal["gone", "opted_out"]
_SAME = ("same_capture", "exact_duplicate")
_COLUMNS = ["id", "rule", "dup_of", "dup_release"]
_HALF = LENGTH // 2


class Carried(Struct, frozen=True, gc=False, array_like=True, kw_only=True):
    """A document of an earlier release of the corpus that the input of this build speaks of.

    One that was erased by this build is not listed, since nobody shall find it.
    """

    id: Annotated[bytes, Meta(description="identity of the document, as in Document.id")]
    release: Annotated[str, Meta(description="build that the document was first published by")]
    fate: Annotated[
        Fate,
        Meta(
            description="`gone`: its address answers 404 or 410 by now; `opted_out`: of its use, "
            "by what its page or its host says by now, or by a list"
        ),
    ]
    rule: Annotated[str, Meta(description="what says so, as rules of the ledger are named")]
    detail: Annotated[str | None, Meta(description="agent and line, or line of the list")] = None
    source: Annotated[str, Meta(description="capture or list where that stands")] = ""


class Tally(Struct):
    """How many documents of an input gave way to earlier releases of the corpus."""

    unchanged: int = 0
    changed: int = 0
    copies: int = 0


def tally(ledger: Location, names: set[str]) -> Tally:
    """Count the lines of a file of the ledger that name a document of some releases.

    A page is `unchanged` if that document is of the same address and has the same words, `changed`
    if it has others; all else are `copies`.
    """
    found = Tally()
    for table in batches(ledger, _COLUMNS):
        for identity, rule, of, name in zip(*(_values(table, c) for c in _COLUMNS), strict=True):
            if name not in names:
                continue
            here = rule == "same_address" or (of is not None and identity[:_HALF] == of[:_HALF])
            if not here:
                found.copies += 1
            elif rule in _SAME:
                found.unchanged += 1
            else:
                found.changed += 1
    return found


def _values(table: pa.Table, column: str) -> list[object]:
    values: list[object] = table.column(column).to_pylist()
    return values


def address_halves(ids: object) -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
    """Return of ids, packed one after the other, the half that is of the address."""
    return np.frombuffer(ids, np.uint64).reshape(-1, 2)[:, 0]  # type: ignore[call-overload,no-any-return]
