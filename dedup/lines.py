"""Lines that stand on many pages of a host: menus, notices and calls that extraction let through.

A line is what stands between two line breaks, without the white space around it; blank ones do
not count. It is known by a 64-bit hash that the host is mixed into.
"""

import numpy as np
import xxhash
from numpy.typing import NDArray

_SPREAD = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1

COUNTED = np.dtype([("line", "<u8"), ("pages", "<u4"), ("least", "<u4"), ("part", "<u4")])
"""A line, on how many pages of a part it stands, and on how many of the host it must to count."""


def host_hash(host: str) -> int:
    """Return XXH3-64 of a host's name."""
    return xxhash.xxh3_64_intdigest(host.encode("utf-8", "replace"))


def lines_of(text: str, host: int) -> list[int]:
    """Return one number for each line of a page, in order, given the hash of its host."""
    mixed = host * _SPREAD & _WORD
    stripped = (line.strip() for line in text.split("\n"))
    return [
        xxhash.xxh3_64_intdigest(line.encode("utf-8", "replace")) ^ mixed
        for line in stripped
        if line
    ]


def least_pages(pages: int, min_share: float, min_pages: int) -> int:
    """Return on how many of a host's pages a line must stand to count as repeated."""
    return max(min_pages, int(np.ceil(min_share * pages)))


def repeated(counted: NDArray[np.void]) -> NDArray[np.void]:
    """Return those of the COUNTED lines that stand on enough pages of all parts together."""
    _, place = np.unique(counted["line"], return_inverse=True)
    pages = np.zeros(int(place.max(initial=-1)) + 1, np.int64)
    np.add.at(pages, place, counted["pages"])
    return counted[pages[place] >= counted["least"]]


def share_of(lines: list[int], among: frozenset[int]) -> float:
    """Return the share of a page's lines, 0 to 1, that are among the repeated ones."""
    return sum(line in among for line in lines) / len(lines) if lines else 0.0


def without(text: str, host: int, among: frozenset[int]) -> str:
    """Return the text without its repeated lines, and without space at its ends."""
    numbers = iter(lines_of(text, host))
    kept = [line for line in text.split("\n") if not line.strip() or next(numbers) not in among]
    return "\n".join(kept).strip()
