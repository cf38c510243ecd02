"""Which of several copies is kept: facts of a document, ranked as a recipe wants them."""

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Keep: TypeAlias = Literal["best", "longest", "earliest", "latest", "licence"]
"""What makes one copy better than another."""

RANKED = np.dtype(
    [
        ("bytes", "<u4"),  # of text
        ("time", "<u4"),  # of capture, seconds since 1970 UTC
        ("licence", "u1"),  # 0 the most permissive, 15 at most
        ("quality", "u1"),  # see `quantised`
    ]
)
"""What the choice rests on."""

_TIME = np.uint64(0xFFFFFFFF)
_BITS = 31
_LICENCE_BITS = 4
_QUALITY_BITS = 8
_BEST = (1 << _QUALITY_BITS) - 1


def quantised(quality: float | None) -> int:
    """Return a score of quality, 0 to 1, as an integer from 0 to 255; without a score 0.

    So scores that differ by less than rounding do, on another machine, say, are equal.
    """
    return 0 if quality is None else round(_BEST * quality)


def priorities(documents: NDArray[np.void], keep: Keep) -> NDArray[np.uint64]:
    """Return a number below 2^63 for each document with the fields of RANKED: the least is kept.

    Of those of the same quality or under the same licence the longest is kept, of equally long ones
    the earliest, of those captured in the same second the longest. Lengths are told apart up to
    2 GiB, with `licence` up to 128 MiB, with `best` up to 8 MiB.
    """
    if keep == "best":
        return _ranked(np.uint64(_BEST) - documents["quality"], _QUALITY_BITS, documents)
    if keep == "licence":
        return _ranked(documents["licence"], _LICENCE_BITS, documents)
    if keep == "longest":
        return _ranked(np.zeros(len(documents), np.uint64), 0, documents)
    time = documents["time"].astype(np.uint64)
    when = time if keep == "earliest" else _TIME - time
    return when << np.uint64(_BITS) | _shortness(documents, _BITS)


def _ranked(
    rank: NDArray[np.integer], bits: int, documents: NDArray[np.void]
) -> NDArray[np.uint64]:
    """Return priorities by a rank below 2^bits, then length, then time of capture."""
    left = _BITS - bits
    first = rank.astype(np.uint64) << np.uint64(left) | _shortness(documents, left)
    return first << np.uint64(32) | documents["time"].astype(np.uint64)


def _shortness(documents: NDArray[np.void], bits: int) -> NDArray[np.uint64]:
    most = np.uint64((1 << bits) - 1)
    return most - np.minimum(documents["bytes"].astype(np.uint64), most)
