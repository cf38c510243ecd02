"""The Merkle tree over the documents of a release (RFC 9162, section 2.1).

Shards are written apart, yet the tree spans all documents in their one order. A `Span`
holds what a contiguous run of leaves contributes to the tree, in at most 2 log2(n) hashes
(the "compact range" of certificate-transparency logs), so that neighbours can be joined
without their leaves, and the root does not depend on where shards begin and end.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the 32-byte hash of one leaf: SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Node(NamedTuple):
    """A whole subtree: the number of its first leaf, its height and its 32-byte hash."""

    start: int
    height: int
    digest: bytes


@dataclass
class Span:
    """The leaves `begin` to `end` (exclusive) of the tree, as hashes of whole subtrees.

    A subtree is kept as `(height, hash)`; subtrees are joined as soon as two of the same
    height are siblings, that is, when the left one starts at a multiple of their double size.
    """

    begin: int = 0
    end: int = field(init=False)
    subtrees: list[tuple[int, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.end = self.begin + sum(1 << height for height, _ in self.subtrees)

    def append(self, leaf: bytes) -> None:
        """Add the next leaf, given its leaf hash."""
        self._push(0, leaf)

    def extend(self, other: "Span") -> None:
        """Join the span that begins where this one ends; ValueError if it does not."""
        if other.begin != self.end:
            raise ValueError(f"a span that begins at leaf {other.begin} cannot follow {self.end}")
        for height, digest in other.subtrees:
            self._push(height, digest)

    def root(self) -> bytes:
        """Return the 32-byte root of the whole tree; ValueError unless the span begins at 0."""
        if self.begin != 0:
            raise ValueError(f"the tree begins at leaf 0, this span at {self.begin}")
        return _joined(self.subtrees) if self.subtrees else EMPTY_ROOT

    def nodes(self) -> Iterator["Node"]:
        """Yield the subtrees with the numbers of their first leaves, from left to right."""
        start = self.begin
        for height, digest in self.subtrees:
            yield Node(start, height, digest)
            start += 1 << height

    def _push(self, height: int, digest: bytes) -> None:
        start = self.end
        self.end += 1 << height
        while self.subtrees and self.subtrees[-1][0] == height and start >> height & 1:
            left = self.subtrees.pop()[1]
            start -= 1 << height
            digest = node_hash(left, digest)
            height += 1
        self.subtrees.append((height, digest))


def span(leaves: Iterable[bytes], begin: int = 0) -> Span:
    """Return the span of these leaf hashes, the first of which is leaf number `begin`."""
    result = Span(begin)
    for leaf in leaves:
        result.append(leaf)
    return result


def joined(nodes: Iterable[Node]) -> Span:
    """Return the span of neighbouring subtrees, from left to right; ValueError if one is missing.

    A subtree has to begin at a multiple of its size.
    """
    result: Span | None = None
    for start, height, digest in nodes:
        if start % (1 << height):
            raise ValueError(f"no subtree of height {height} begins at leaf {start}")
        result = Span(start) if result is None else result
        result.extend(Span(start, [(height, digest)]))
    return Span() if result is None else result


def inclusion_path(index: int, size: int, nodes: Sequence[Node]) -> list[bytes]:
    """Return the inclusion path of a leaf in a tree of `size` leaves (RFC 9162, section 2.1.3.1).

    `nodes` are subtrees from left to right that make up the whole tree, the leaf itself among
    them as a subtree of height 0. Of the other leaves of its shard every one is needed, of the
    other shards what their spans hold. ValueError if they do not suffice.
    """
    starts = [node.start for node in nodes]
    at = bisect_left(starts, index)
    if not 0 <= index < size or at == len(nodes) or nodes[at][:2] != (index, 0):
        raise ValueError(f"leaf {index} of {size} is not among the subtrees")
    path: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + (1 << (end - begin - 1).bit_length() - 1)
        if index < middle:
            other, end = (middle, end), middle
        else:
            other, begin = (begin, middle), middle
        inside = nodes[bisect_left(starts, other[0]) : bisect_left(starts, other[1])]
        whole = joined(inside)
        if (whole.begin, whole.end) != other:
            raise ValueError(f"the subtrees do not make up the leaves {other[0]} to {other[1]}")
        path.append(_joined(whole.subtrees))
    return path[::-1]


def root_by_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root that a leaf hash and its inclusion path come to (RFC 9162, 2.1.3.2).

    ValueError if no path of that length belongs to this leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    place, last, root = index, size - 1, leaf
    for digest in path:
        if last == 0:
            raise ValueError("the path is too long")
        if place & 1 or place == last:
            root = node_hash(digest, root)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, digest)
        place, last = place >> 1, last >> 1
    if last:
        raise ValueError("the path is too short")
    return root


def _joined(subtrees: Sequence[tuple[int, bytes]]) -> bytes:
    *rest, (_, root) = subtrees
    for _, left in reversed(rest):
        root = node_hash(left, root)
    return root
