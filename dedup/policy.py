"""Which of several copies is kept: facts of a document, ranked as a recipe wants them."""

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Keep: TypeAlias = Literal["longest", "earliest", "latest", "licence"]
"""What makes one copy better than another."""

RANKED = np.dtype(
    [
        ("bytes", "<u4"),  # of text
        ("time", "<u4"),  # of capture, seconds since 1970 UTC
        ("licence", "u1"),  # 0 the most permissive, 15 at most
    ]
)
"""What the choice rests on."""

_TIME = np.uint64(0xFFFFFFFF)
_BYTES = 31
_FEW_BYTES = 27


def priorities(documents: NDArray[np.void], keep: Keep) -> NDArray[np.uint64]:
    """Return a number below 2^63 for each document with the fields of RANKED: the least is kept.

    Of equally long ones the earliest is kept, of those captured in the same second the longest, of
    those under the same licence the longest and of these the earliest. Lengths are told apart up to
    2 GiB, with `licence` up to 128 MiB.
    """
    time = documents["time"].astype(np.uint64)
    if keep == "longest":
        return _shortness(documents, _BYTES) << np.uint64(32) | time
    if keep == "licence":
        rank = documents["licence"].astype(np.uint64) << np.uint64(_FEW_BYTES)
        return (rank | _shortness(documents, _FEW_BYTES)) << np.uint64(32) | time
    when = time if keep == "earliest" else _TIME - time
    return when << np.uint64(_BYTES) | _shortness(documents, _BYTES)


def _shortness(documents: NDArray[np.void], bits: int) -> NDArray[np.uint64]:
    most = np.uint64((1 << bits) - 1)
    return most - np.minimum(documents["bytes"].astype(np.uint64), most)
