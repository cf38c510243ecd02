"""Connected components of a graph given as pairs, the same whatever the order of the pairs."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


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
