"""The trained model: two ensembles of small trees in one file.

Trees ask the same question on a level (oblivious trees, Prokhorenkova et al. 2018), so that a
path is a number and an ensemble is a few arrays.
"""

import hashlib
import io
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from florilegium.pipelines.blocks.layout import Row

_PARTS: Final = ("first", "second")
_DECIMALS: Final = 4  # of a probability; hides the last bits in which machines' exp differs
STEPS: Final = 2048
"""How many steps of a leaf are one unit of log odds. Whole numbers add up the same in any order."""


class Trees(NamedTuple):
    """Gradient-boosted oblivious trees for a yes or no."""

    feature: NDArray[np.int32]
    """(tree, level): the row of the features asked about."""
    threshold: NDArray[np.float32]
    """(tree, level): more than this is a yes."""
    leaf: NDArray[np.int16]
    """(tree, path): what a path adds to the log odds, in `STEPS`; bit 0 is the first level."""
    bias: float
    """Log odds before any tree."""

    def probability(self, rows: NDArray[np.float32]) -> Row:
        """Return the probability of yes for each column of the rows of features."""
        steps = np.zeros(rows.shape[1], np.int32)
        _add_leaves(rows, self.feature, self.threshold, self.leaf, steps)
        likely: Row = np.round(1.0 / (1.0 + np.exp(-self.bias - steps / STEPS)), _DECIMALS)
        return likely


class Model(NamedTuple):
    """Two ensembles, and what they were made for."""

    first: Trees
    """Is a block main text, by its own features?"""
    second: Trees
    """Is it, given what the first thinks of the blocks around?"""
    features: tuple[str, ...]
    """Names of the features the first ensemble was trained on, in order."""
    digest: str
    """SHA-256 of the file, in hexadecimal."""


@njit(cache=True, nogil=True)
def _add_leaves(
    rows: NDArray[np.float32],
    feature: NDArray[np.int32],
    threshold: NDArray[np.float32],
    leaf: NDArray[np.int16],
    steps: NDArray[np.int32],
) -> None:
    count = rows.shape[1]
    path = np.zeros(count, np.int32)
    for tree in range(len(feature)):
        path[:] = 0
        for level in range(feature.shape[1]):
            row, limit = rows[feature[tree, level]], threshold[tree, level]
            for block in range(count):
                path[block] |= np.int32(row[block] > limit) << level
        leaves = leaf[tree]
        for block in range(count):
            steps[block] += leaves[path[block]]


def to_bytes(parts: dict[str, Trees], features: tuple[str, ...]) -> bytes:
    """Return the file of a model, the same bytes for the same trees."""
    arrays: dict[str, NDArray[np.generic]] = {"features": np.array(features)}
    for part in _PARTS:
        for field, value in parts[part]._asdict().items():
            arrays[f"{part}_{field}"] = np.asarray(value)
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def from_bytes(data: bytes) -> Model:
    """Return the model in a file. Raises ValueError or KeyError if it is none."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        first, second = (
            Trees(
                arrays[f"{part}_feature"],
                arrays[f"{part}_threshold"],
                arrays[f"{part}_leaf"],
                float(arrays[f"{part}_bias"]),
            )
            for part in _PARTS
        )
        names = tuple(str(name) for name in arrays["features"])
    return Model(first, second, names, hashlib.sha256(data).hexdigest())


@cache
def shipped_model() -> Model:
    """Return the model of the package."""
    return from_bytes(resources.files(__package__).joinpath("blocks.npz").read_bytes())
