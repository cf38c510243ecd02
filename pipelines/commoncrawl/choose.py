"""Which bytes of a file to ask for, given the records that are wanted.

Each request costs time, because requests are rationed; so does each byte, because lines are
narrow. A gap between two wanted records is read over if that costs less than another request. This
is the least cost there is, since no gap bears on another. Where it leaves one request, the file
is streamed.
"""

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Mode: TypeAlias = Literal["ranges", "stream", "all"]
"""Some ranges of a file, one from its first to its last wanted record, or the whole of it."""
Integers: TypeAlias = NDArray[np.int64]


class Requests(NamedTuple):
    """What to ask for: bytes `starts` to `stops` of a file."""

    mode: Mode
    starts: Integers
    stops: Integers

    @property
    def bytes(self) -> int:
        """Bytes that will come."""
        return int((self.stops - self.starts).sum())


def requests_for(offsets: Integers, lengths: Integers, break_even: int) -> Requests:
    """Return the requests that bring all records, which are in order and do not overlap.

    `break_even` is the length of a gap that costs as much as a request. There is at least one
    record.
    """
    ends = offsets + lengths
    apart = np.flatnonzero(offsets[1:] - ends[:-1] > break_even)
    starts = offsets[np.concatenate(([0], apart + 1))]
    stops = ends[np.concatenate((apart, [len(ends) - 1]))]
    return Requests("stream" if len(starts) == 1 else "ranges", starts, stops)
