"""The Merkle tree over the documents of a release (RFC 9162, section 2.1).

Shards are written apart, yet the tree spans all documents in their one order. A `Span`
holds what a contiguous run of leaves contributes to the tree, in at most 2 log2(n) hashes
(the "compact range" of certificate-transparency logs), so that neighbours can be joined
without their leaves, and the root does not depend on where shards begin and end.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the 32-byte hash of one leaf: SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


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
        if not self.subtrees:
            return EMPTY_ROOT
        *rest, (_, root) = self.subtrees
        for _, left in reversed(rest):
            root = node_hash(left, root)
        return root

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
