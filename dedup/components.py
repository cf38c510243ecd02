"""Connected components of a graph given as pairs, the same whatever the order of the pairs."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from florilegium.dedup.bands import stars

_SPREAD = 0x9E3779B97F4A7C15
_SPREAD_INVERSE = pow(_SPREAD, -1, 1 << 64)


def vertices_of(rows: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the rows' numbers as vertices: spread evenly over 64 bits, one to one.

    So the smallest vertex of a component may be any of its rows, not always one of the first
    part, whose worker would have all the work.
    """
    return rows * np.uint64(_SPREAD)


def rows_of(vertices: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the rows of vertices."""
    return vertices * np.uint64(_SPREAD_INVERSE)


@njit(cache=True, nogil=True)
def _roots(pairs: NDArray[np.int64], vertices: int) -> NDArray[np.int64]:
    """Union-find with path halving; the smaller root wins, so a root is its component's least."""
    parent = np.arange(vertices)
    for pair in range(pairs.shape[0]):
        one, other = pairs[pair, 0], pairs[pair, 1]
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        while parent[other] != other:
            parent[other] = parent[parent[other]]
            other = parent[other]
        if one < other:
            parent[other] = one
        else:
            parent[one] = other
    for vertex in range(vertices):  # a parent is smaller, hence already at its root
        parent[vertex] = parent[parent[vertex]]
    return parent


def forest(pairs: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return (vertex, root) for each vertex that is not a root, sorted by vertex; shape (n, 2).

    The root of a component is its smallest vertex. A forest is itself a graph with the same
    components, so forests of parts of a graph can be joined and reduced again, in any order.
    """
    if len(pairs) == 0:
        return np.empty((0, 2), np.uint64)
    vertices, dense = np.unique(pairs, return_inverse=True)
    roots = _roots(dense.reshape(pairs.shape), vertices.size)
    (members,) = np.nonzero(roots != np.arange(vertices.size))
    return np.stack([vertices[members], vertices[roots[members]]], axis=1)


def roots_of(vertices: NDArray[np.uint64], labels: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the root of each vertex by labels (vertex, root), itself if it has no label."""
    if len(labels) == 0:
        return vertices.copy()
    labels = labels[np.argsort(labels[:, 0])]
    place = np.searchsorted(labels[:, 0], vertices).clip(max=len(labels) - 1)
    return np.where(labels[place, 0] == vertices, labels[place, 1], vertices)


def connected(vertices: NDArray[np.uint64], bands: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the root of each vertex, where any two that share a band, a column, are linked."""
    links = [stars(hashes, vertices) for hashes in bands.T]
    return roots_of(vertices, forest(np.concatenate(links)))


def eliminate(links: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Take the vertices that have no larger neighbour out of a graph; return them and the rest.

    Links are (vertex, smaller neighbour); a vertex that has a larger one is also linked to itself.
    All links of a vertex to smaller ones must be there. The first result is (vertex, smallest
    neighbour) for each that was taken out, the second the links among the others: those they had,
    and one from each neighbour of a vertex taken out to its smallest. Components stay as they were.
    """
    links = links[np.lexsort((links[:, 1], links[:, 0]))]
    links = links[_changes(links[:, 0]) | _changes(links[:, 1])]
    itself = links[:, 0] == links[:, 1]
    inner, links = links[itself, 0], links[~itself]
    outer = ~np.isin(links[:, 0], inner)
    rest, links = links[~outer], links[outer]
    first = _changes(links[:, 0])
    out = links[first]
    smallest = out[np.cumsum(first) - 1, 1]
    bridges = np.stack([links[~first, 1], smallest[~first]], axis=1)
    return out, np.concatenate([rest, bridges])


def lead(out: NDArray[np.uint64], labels: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return (vertex, root) of vertices taken out, from (vertex, neighbour) and labels of these."""
    return np.stack([out[:, 0], roots_of(out[:, 1], labels)], axis=1)


def _changes(values: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return whether each value differs from the one before; the first does."""
    changes = np.ones(len(values), np.bool_)
    changes[1:] = values[1:] != values[:-1]
    return changes
