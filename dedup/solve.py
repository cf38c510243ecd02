"""Who is kept: of equal documents the best, of similar ones the best that nothing better covers."""

from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from florilegium.dedup.decisions import NO_ROW, Reason, entry_of, ranking, removals
from florilegium.dedup.methods import FAST_SIMILARITY
from florilegium.dedup.minhash import SIZE, from_matches

_ENTRY = entry_of(FAST_SIMILARITY)
MEMBER = np.dtype([(name, _ENTRY[name]) for name in ("row", "priority", "id", "bands", "sketch")])
"""What `solve` needs of a document, 384 bytes."""

_MOST_KEPT = 16
"""Kept documents remembered per bucket: bounds the time of a bucket that holds a whole template."""


def collapse(
    entries: NDArray[np.void],
    key: Literal["id", "text", "root"],
    reason: Reason,
    similarity: float = 1.0,
) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
    """Return removals of all but the best entry of each key, and a mask of the entries that stay.

    The entries need the fields row, priority, id and the key.
    """
    ranked = ranking(entries)
    keys = np.ascontiguousarray(entries[key][ranked]).view("<u8")
    keys = keys.reshape(len(entries), entries.dtype[key].itemsize // 8)
    grouped = np.lexsort(keys.T)  # stable: within a group the best comes first
    keys, ranked = keys[grouped], ranked[grouped]
    first = np.ones(len(entries), np.bool_)
    first[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    best = ranked[np.flatnonzero(first)[np.cumsum(first) - 1]]
    stays = np.zeros(len(entries), np.bool_)
    stays[ranked[first]] = True
    removed = removals(entries[ranked[~first]], entries[best[~first]], similarity, reason)
    return removed, stays


@njit(cache=True, nogil=True)
def _greedy(
    sketches: NDArray[np.uint8],
    buckets: NDArray[np.int64],
    sizes: NDArray[np.int64],
    least: int,
    fixed: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For documents in order, the kept one each joins (itself if kept), and places that match.

    The first `fixed` ones are kept.
    """
    documents = sketches.shape[0]
    starts = np.zeros(sizes.size + 1, np.int64)
    starts[1:] = np.cumsum(np.minimum(sizes, _MOST_KEPT))
    members = np.empty(starts[-1], np.int64)
    filled = starts[:-1].copy()
    seen = np.full(documents, -1)
    joins = np.arange(documents)
    matched = np.full(documents, SIZE)
    for document in range(documents):
        kept, most = document, least
        for bucket in buckets[document]:
            if document < fixed:
                break
            for place in range(starts[bucket], filled[bucket]):
                other = members[place]
                if seen[other] == document:
                    continue
                seen[other] = document
                matches = 0
                for value in range(SIZE):
                    matches += sketches[document, value] == sketches[other, value]
                if matches > most or (matches == most and other < kept):
                    kept, most = other, matches
        if kept != document:
            joins[document], matched[document] = kept, most
            continue
        for bucket in buckets[document]:
            if filled[bucket] < starts[bucket + 1]:
                members[filled[bucket]] = document
                filled[bucket] += 1
    return joins, matched


def solve(
    members: NDArray[np.void], min_similarity: float, published: int = NO_ROW
) -> NDArray[np.void]:
    """Return removals of near duplicates among whole components of MEMBERs.

    In the order of `ranking`, a document joins the most similar kept document with which it
    shares a band, if their estimated similarity is `min_similarity` (0 to 1) or more; otherwise
    it is kept. So nothing is removed through a chain: each removal was measured against a
    document that stays. Of equally similar ones the better is joined. A bucket recalls its best
    16 kept documents, which makes the time linear in the members. Rows from `published` on are
    kept; they must be better than all others.
    """
    if len(members) == 0:
        return removals(members, members, 0.0, Reason.NEAR_DUPLICATE)
    ranked = ranking(members)
    bands = members["bands"][ranked]
    # A band hash carries the number of its band, so equal values are one bucket.
    _, buckets, sizes = np.unique(bands, return_inverse=True, return_counts=True)
    least = int(np.argmax(from_matches(np.arange(SIZE + 1)) >= min_similarity))
    fixed = int((members["row"] >= np.uint64(published)).sum())
    joins, matched = _greedy(
        members["sketch"][ranked], buckets.reshape(bands.shape), sizes, least, fixed
    )
    (removed,) = np.nonzero(joins != np.arange(len(members)))
    similarity = from_matches(matched[removed])
    kept = members[ranked[joins[removed]]]
    return removals(members[ranked[removed]], kept, similarity, Reason.NEAR_DUPLICATE)
