"""The domains that most of a release comes from, as the form of the Commission asks for them."""

import heapq
from collections.abc import Iterator

from florilegium.manifests import domains
from florilegium.manifests.derived import Source
from florilegium.manifests.domains import Domain

MOST_FOR_SMES = 1_000


def cuts(number: int) -> tuple[int, int]:
    """Return how many of so many domains have to be listed: by anyone, and by an SME.

    A tenth of them; of an SME a twentieth, or 1,000 if that is less. Rounded up.

    >>> cuts(0), cuts(1), cuts(139), cuts(1_000_000)
    ((0, 0), (1, 1), (14, 7), (100000, 1000))
    """
    return -(-number // 10), min(-(-number // 20), MOST_FOR_SMES)


def number_of(source: Source) -> int:
    """Return how many domains have documents in a release."""
    return sum(1 for _ in _there(source))


def largest(source: Source, most: int) -> list[tuple[str, Domain]]:
    """Return the domains with most bytes of text, the largest first; of equals, by name.

    So many are in memory, and no more.
    """
    return heapq.nsmallest(most, _there(source), key=lambda one: (-one[1].bytes, one[0]))


def _there(source: Source) -> Iterator[tuple[str, Domain]]:
    for table in domains.tables(source.manifest):
        for name, one in domains.rows(source.release / table.path):
            if one.documents:
                yield name, one
