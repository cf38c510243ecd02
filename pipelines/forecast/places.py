"""Places in the input where a sample is taken, and what stands there.

They are spread evenly over all bytes, at distances that follow from digests of the input: the same
input has the same places, and no pattern in it meets them again and again.
"""

import hashlib
import itertools
from bisect import bisect
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from florilegium.manifests.location import locate
from florilegium.pipelines.commoncrawl.members import fetched_row
from florilegium.pipelines.harvest.part import Unit
from florilegium.pipelines.harvest.warc import Damage, Record, read_from, read_stream

PLACES: Final = 32
SHARE: Final = 0.01
"""Of the bytes that are still to be harvested."""
MIN_BYTES: Final = 4 << 20
"""About 500 pages; input of no more is read as a whole."""
MAX_PIECE: Final = 16 << 20
SEARCHED: Final = 4 << 20
"""Bytes after a place in which a record must begin, or else the next file is read."""


class Place(NamedTuple):
    """Bytes of a unit, and of those after it if it has not so many."""

    unit: int
    byte: int
    bytes: int


def places(units: Sequence[Unit], pending: int) -> list[Place]:
    """Return where to read of units of which so many bytes are still to be harvested.

    If the sample would be all of the input, each unit is a place.
    """
    whole = sum(unit.bytes for unit in units)
    size = min(MAX_PIECE, max(MIN_BYTES, int(pending * SHARE)) // PLACES)
    if whole <= PLACES * size:
        return [Place(number, 0, unit.bytes) for number, unit in enumerate(units) if unit.bytes]
    ends = list(itertools.accumulate(unit.bytes for unit in units))
    lots = _lots("".join(unit.fingerprint for unit in units))
    found = []
    for turn in range(PLACES):
        first, after = whole * turn // PLACES, whole * (turn + 1) // PLACES
        byte = first + int(next(lots) * (after - first - size))
        number = bisect(ends, byte)
        found.append(Place(number, byte - ends[number] + units[number].bytes, size))
    return found


def _lots(seed: str) -> Iterator[float]:
    """Yield numbers from 0 to below 1."""
    for turn in itertools.count():
        digest = hashlib.sha256(f"{turn}/{seed}".encode()).digest()
        yield int.from_bytes(digest[:6], "big") / (1 << 48)


def there(units: Sequence[Unit], place: Place) -> Iterator[tuple[Unit, Record | Damage]]:
    """Yield what begins at a place, with its unit, to the end of the last that begins in it.

    After the last unit comes the first, and so on until the unit of the place was read twice. Of
    damage, what lies in the place. OSError if a unit cannot be read.
    """
    left = place.bytes
    start = place.byte
    for number in (*range(place.unit, len(units)), *range(place.unit + 1)):
        for item in _items(units[number], start, left):
            if isinstance(item, Damage):
                item = replace(item, length=min(item.length, left))
            yield units[number], item
            if (left := left - item.length) <= 0:
                return
        start = 0


def _items(unit: Unit, start: int, size: int) -> Iterator[Record | Damage]:
    """Yield what begins in a unit from a byte on, at least as much as begins in so many bytes."""
    if unit.row is not None:
        yield from _chosen(unit, start, size)
        return
    with locate(unit.path).open("rb") as stream:
        stop = min(unit.bytes, start + size + SEARCHED)
        if start:
            yield from read_from(stream, stop, start, SEARCHED)
        else:
            yield from read_stream(stream, stop)


def _chosen(unit: Unit, start: int, size: int) -> Iterator[Record | Damage]:
    assert unit.row is not None
    some = slice(start, start + size)
    with fetched_row(locate(unit.path), unit.row, 1, some) as chosen:
        if chosen.row.requests.mode != "all":
            yield from chosen.items()
            return
        items = list(chosen.items())
        torn = chosen.path.stat().st_size if some.stop < unit.bytes else None
        # What is cut off by the ends of the range is no record of this file.
        while items and torn and (isinstance(items[-1], Damage) or _end(items[-1]) == torn):
            items.pop()
        whole = itertools.dropwhile(lambda one: start and isinstance(one, Damage), items)
        yield from (replace(item, offset=start + item.offset) for item in whole)


def _end(item: Record) -> int:
    return item.offset + item.length
