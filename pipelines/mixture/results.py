"""What was found of a mixture: where it lies, and which documents it leaves out."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from florilegium.manifests.document import Facts
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location
from florilegium.manifests.mixture import STAGE, Mixed
from florilegium.pipelines.files import load_array
from florilegium.pipelines.mixture.arithmetic import Limits, lost_to
from florilegium.pipelines.recipe import Recipe
from florilegium.pipelines.verdicts.judgement import lost

LIMITS = "mixed.json"
"""What was found of all languages; written last."""


def measured_of(folder: Location, ordinal: int) -> Location:
    """Return where what was measured of a part's documents is."""
    return folder / f"{ordinal:06d}.npy"


def domains_of(folder: Location, ordinal: int) -> Location:
    """Return where the large domains of a part are."""
    return folder / f"{ordinal:06d}.domains.npy"


def read_measured(folder: Location, ordinal: int) -> NDArray[np.void]:
    """Return what was measured of a part's documents that pass the rules."""
    return load_array(measured_of(folder, ordinal))


def read_large(folder: Location, ordinal: int) -> NDArray[np.void]:
    """Return the large domains that a part has documents of."""
    return load_array(domains_of(folder, ordinal))


def read_mixed(folder: Location) -> list[Mixed]:
    """Return what was found of each language."""
    return msgspec.json.decode((folder / LIMITS).read_bytes(), type=list[Mixed])


class Left:
    """Which documents of a part a mixture leaves out."""

    def __init__(self, by_row: dict[int, dict[str, Any]]) -> None:
        self._by_row = by_row

    def loss(self, row: int, facts: Facts) -> Loss | None:
        """Return the loss of a document that passed the rules; None if it stays."""
        if (found := self._by_row.get(row)) is None:
            return None
        return lost(facts, STAGE, **found)


def left_out(folder: Location | None, ordinal: int, recipe: Recipe) -> Left:
    """Return what a mixture leaves out of a part; nothing if the recipe has none."""
    if folder is None or recipe.mixture is None:
        return Left({})
    measured = read_measured(folder, ordinal)
    mixed = {one.lang: one for one in read_mixed(folder)}
    large = read_large(folder, ordinal)
    limits = Limits(measured, recipe.languages, mixed, recipe.mixture.domains, large)
    return Left(lost_to(limits, measured, recipe.languages, mixed))
