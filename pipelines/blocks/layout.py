"""Where blocks stand: in which containers, in which groups of the same kind, near what.

Everything here is a row of numbers, one a block, for the features built on top.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from florilegium.pipelines.blocks.page import Page
from florilegium.pipelines.blocks.walk import CONTAINER, LAST, PARENT, SOLID

Row = NDArray[np.float64]
Index = NDArray[np.int64]


class Layout(NamedTuple):
    """The places of the blocks of one page."""

    characters: Row
    """Characters other than white space."""
    containers: tuple[Index, Index, Index, Index]
    """The container of each block, the one around it, and so on."""
    last: Index
    """For each container, one behind the last container inside."""
    kind: Index
    """Number of the group of blocks in containers of the same name and class."""
    pair: Index
    """The same, told apart by the container around as well."""

    @property
    def size(self) -> int:
        """Return how many blocks there are."""
        return len(self.characters)

    def inside(self, values: Row) -> Row:
        """Return, for each container, the sum over all blocks in it at any depth."""
        direct = np.bincount(self.containers[0], values, len(self.last))
        running = np.concatenate(([0.0], np.cumsum(direct)))
        sums: Row = running[self.last] - running[:-1]
        return sums

    def over(self, groups: Index, values: Row) -> Row:
        """Return, for each block, the sum over all blocks of its group."""
        return np.bincount(groups, values).astype(np.float64)[groups]


def layout(page: Page) -> Layout:
    """Return the places of the blocks of a page."""
    parent = page.containers[:, PARENT]
    first = page.blocks[:, CONTAINER]
    second = parent[first]
    third = parent[second]
    groups = page.groups
    _, pair = np.unique(groups[first] * len(groups) + groups[second], return_inverse=True)
    _, kind = np.unique(groups[first], return_inverse=True)
    return Layout(
        page.blocks[:, SOLID].astype(np.float64),
        (first, second, third, parent[third]),
        page.containers[:, LAST],
        kind,
        pair,
    )


def share(part: Row, whole: Row | float) -> Row:
    """Return part by whole, 0 where there is nothing."""
    shares: Row = part / np.maximum(whole, 1e-9)
    return shares


def magnitude(values: Row) -> Row:
    """Return a logarithm to the base 2 of 1 + value, straight between powers of two.

    It uses exact operations only, so that it is the same on every machine.
    """
    mantissa, exponent = np.frexp(values + 1.0)
    logarithm: Row = exponent + 2.0 * mantissa - 2.0
    return logarithm


def signed_distance(size: int, marks: Index) -> Row:
    """Return how far each block stands behind the last mark before it, or else before the first.

    As a magnitude, negative before the first mark; -20 if there is none.
    """
    if not len(marks):
        return np.full(size, -20.0)
    places = np.arange(size)
    before = np.searchsorted(marks, places, side="right") - 1
    distance = (places - marks[np.maximum(before, 0)]).astype(np.float64)
    signed: Row = np.sign(distance) * magnitude(np.abs(distance))
    return signed


def window(values: Row, reach: int) -> Row:
    """Return the sum over each block and so many before and behind it."""
    places = np.arange(len(values))
    running = np.concatenate(([0.0], np.cumsum(values)))
    ends, starts = np.minimum(places + reach + 1, len(values)), np.maximum(places - reach, 0)
    sums: Row = running[ends] - running[starts]
    return sums


def shifted(rows: NDArray[np.float32], by: int) -> NDArray[np.float32]:
    """Return what stands so many blocks further on (or, negative, before); -1 off the page."""
    moved = np.full_like(rows, -1)
    if by > 0:
        moved[:, :-by] = rows[:, by:]
    else:
        moved[:, -by:] = rows[:, :by]
    return moved
