"""Decisions: for whom each copy gives way, and how many documents a kept one stands for."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from florilegium.dedup.methods import Method
from florilegium.dedup.policy import RANKED

PLACED = np.dtype([("url", "<u8"), ("address", "<u8")])
"""Where a page was captured, and the address it goes by: see `addresses.hashed`."""

NO_ROW = (1 << 64) - 1
"""A row that no document has."""

DECISION = np.dtype(
    [
        ("row", "<u8"),
        ("kept_row", "<u8"),
        ("kept_id", "u1", (16,)),
        ("similarity", "<f4"),  # estimated, to the kept document, 0 to 1; NaN if not compared
        ("reason", "u1"),
        ("size", "<u4"),  # rows a kept document stands for, itself included; 0 if removed
    ]
)
"""What became of a document. One that has no decision is kept and stands for itself alone."""


class Reason(IntEnum):
    """Why a document was removed."""

    KEPT = 0
    SAME_CAPTURE = 1
    """The same record of the web, found in two WARC files."""
    EXACT_DUPLICATE = 2
    """The same words."""
    NEAR_DUPLICATE = 3
    """Nearly the same words, by the sketch."""
    SAME_ADDRESS = 4
    """Another capture of the same address, whatever it says."""
    SAME_CANONICAL = 5
    """A page that goes by the same address, as it declares, and says much the same."""


def stored_by(method: Method) -> np.dtype[np.void]:
    """Return the type of a document as harvest stores it.

    It says who the document is, what it is worth, where it was captured and what it says.
    """
    identity = ("id", "u1", (16,))
    return np.dtype([identity, *RANKED.descr, *PLACED.descr, *method.signature.descr])


def entry_of(method: Method) -> np.dtype[np.void]:
    """Return the type of a stored document with its row in the build and its priority.

    The row is ordinal of its part << 32 | place in the part. Of several copies that of the smallest
    priority is kept.
    """
    who = [("row", "<u8"), ("priority", "<u8"), ("id", "u1", (16,))]
    return np.dtype([*who, *PLACED.descr, *method.signature.descr])


def part_of(rows: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the ordinals of the parts that rows lie in."""
    return rows >> np.uint64(32)


def ranking(entries: NDArray[np.void]) -> NDArray[np.int64]:
    """Return the places of the entries from the best to the worst: by priority, id, row."""
    high, low = halves(entries["id"])
    order: NDArray[np.int64] = np.lexsort((entries["row"], low, high, entries["priority"]))
    return order


def halves(digests: NDArray[np.void]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return 16-byte values as two integers each, which sort as the bytes do."""
    words = np.ascontiguousarray(digests).view(">u8").reshape(-1, 2).astype(np.uint64)
    return words[:, 0], words[:, 1]


def removals(
    removed: NDArray[np.void], kept: NDArray[np.void], similarity: object, reason: Reason
) -> NDArray[np.void]:
    """Return decisions that remove each entry in favour of the kept one in the same place."""
    out = np.zeros(len(removed), DECISION)
    out["row"] = removed["row"]
    out["kept_row"] = kept["row"]
    out["kept_id"] = kept["id"]
    out["similarity"] = similarity
    out["reason"] = reason
    return out


def redirect(decisions: NDArray[np.void], onward: NDArray[np.void]) -> NDArray[np.void]:
    """Return the decisions with every kept document that was removed itself replaced by its heir.

    `onward` holds at most one decision a row. The similarity becomes that of the document given
    way to with the heir; the reason stays that of the first step.
    """
    out = decisions.copy()
    if len(onward) == 0:
        return out
    onward = onward[np.argsort(onward["row"])]
    place = np.searchsorted(onward["row"], out["kept_row"]).clip(max=len(onward) - 1)
    moved = onward["row"][place] == out["kept_row"]
    for field in ("kept_row", "kept_id", "similarity"):
        out[field][moved] = onward[field][place[moved]]
    return out


def credits(removed: NDArray[np.void]) -> NDArray[np.void]:
    """Return for each kept document named in removals a decision that keeps it.

    Its size is the number of these removals: a share of what it stands for, see `totals`.
    """
    rows, first, counts = np.unique(removed["kept_row"], return_index=True, return_counts=True)
    out = np.zeros(len(rows), DECISION)
    out["row"] = out["kept_row"] = rows
    out["kept_id"] = removed["kept_id"][first]
    out["similarity"] = 1.0
    out["reason"] = Reason.KEPT
    out["size"] = counts
    return out


def totals(shares: NDArray[np.void]) -> NDArray[np.void]:
    """Return one decision for each kept document from all its credits; it stands for itself too."""
    _, first, place = np.unique(shares["row"], return_index=True, return_inverse=True)
    out = shares[first].copy()
    out["size"] = 1
    np.add.at(out["size"], place, shares["size"])
    return out
