"""Pages of one address: captures of the same place, and pages that go by another's name.

That a page was captured at an address is a fact; the canonical address that it declares is a
claim. Templates are known that declare the home page on every page of a site, so a claim counts
only between texts that are alike, and with a method that compares no texts not at all.
"""

from math import nan

import numpy as np
import xxhash
from numpy.typing import NDArray

from florilegium.dedup.decisions import NO_ROW, Reason, entry_of, ranking, removals
from florilegium.dedup.methods import Method
from florilegium.dedup.minhash import similarity


def hashed(address: str) -> int:
    """Return XXH3-64 of an address in normal form."""
    return xxhash.xxh3_64_intdigest(address.encode("utf-8", "replace"))


def resident_of(method: Method) -> np.dtype[np.void]:
    """Return the type of what `same_address` needs of a document, at most 304 bytes."""
    entry = entry_of(method)
    names = ("row", "priority", "id", "url", "address", "sketch")
    return np.dtype([(name, entry[name]) for name in names])


def same_address(
    residents: NDArray[np.void], min_similarity: float, published: int = NO_ROW
) -> NDArray[np.void]:
    """Return removals among all residents of some addresses; at most one a document.

    Of the captures of one place under one address the best stays, whatever their texts. Of what is
    left of an address, in the order of `ranking`, a document joins the most similar one that is
    kept, if their estimated similarity is `min_similarity` (0 to 1) or more; otherwise it stays.
    Rows from `published` on give way to none. Time grows with the square of the different
    places of an address.

    Residents without a sketch cannot be compared: only captures give way, their similarity is NaN.
    """
    captures, stays = _captures(residents, np.uint64(published))
    if not _are_comparable(residents):
        return captures
    left = residents[stays]
    left = left[ranking(left)]
    order = np.argsort(left["address"], kind="stable")
    edges = np.flatnonzero(np.diff(left["address"][order])) + 1
    claims = [
        _claims(left[group], min_similarity, published)
        for group in np.split(order, edges)
        if len(group) > 1
    ]
    return np.concatenate([captures, *claims])


def _captures(
    residents: NDArray[np.void], published: np.uint64
) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
    """Return removals of all but the best capture of each place, and a mask of those that stay."""
    ranked = ranking(residents)
    urls, addresses = residents["url"][ranked], residents["address"][ranked]
    grouped = np.lexsort((urls, addresses))  # stable: within a group the best comes first
    urls, addresses, ranked = urls[grouped], addresses[grouped], ranked[grouped]
    first = np.ones(len(residents), np.bool_)
    first[1:] = (urls[1:] != urls[:-1]) | (addresses[1:] != addresses[:-1])
    best = ranked[np.flatnonzero(first)[np.cumsum(first) - 1]]
    stays = residents["row"] >= published
    stays[ranked[first]] = True
    goes = ~stays[ranked]
    removed, kept = residents[ranked[goes]], residents[best[goes]]
    alike = similarity(removed["sketch"], kept["sketch"]) if _are_comparable(residents) else nan
    return removals(removed, kept, alike, Reason.SAME_ADDRESS), stays


def _are_comparable(residents: NDArray[np.void]) -> bool:
    return bool(residents.dtype["sketch"].itemsize)


def _claims(group: NDArray[np.void], min_similarity: float, published: int) -> NDArray[np.void]:
    """Return removals among the documents of one address, given from the best to the worst."""
    kept, removed, heirs, alike = [0], [], [], []
    for place in range(1, len(group)):
        found = np.atleast_1d(similarity(group["sketch"][kept], group["sketch"][place]))
        most = int(np.argmax(found))
        if found[most] >= min_similarity and group["row"][place] < np.uint64(published):
            removed.append(place)
            heirs.append(kept[most])
            alike.append(found[most])
        else:
            kept.append(place)
    return removals(group[removed], group[heirs], alike, Reason.SAME_CANONICAL)
