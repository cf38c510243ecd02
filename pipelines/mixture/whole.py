"""A mixture of all parts at once, in one process: for questions, where a build would run steps."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from florilegium.manifests.document import Facts
from florilegium.manifests.ledger import Loss
from florilegium.manifests.mixture import Mixed
from florilegium.pipelines.mixture.arithmetic import LARGE, MEASURED, Limits, budgeted, lost_to
from florilegium.pipelines.mixture.mix import (
    cells_by_language,
    language_of,
    record,
    scores_of,
    whole_of,
)
from florilegium.pipelines.mixture.results import Left
from florilegium.pipelines.mixture.settings import Mixture
from florilegium.pipelines.recipe import Recipe


class Whole:
    """Documents that pass the rules of a recipe, and which of them its mixture leaves out."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._places = {lang: number for number, lang in enumerate(recipe.languages)}
        self._pending: list[tuple[int | float, ...]] = []
        self._measured: dict[int, NDArray[np.void]] = {}
        self._left: dict[int, Left] = {}

    def add(self, row: int, facts: Facts) -> None:
        """Take a document of the part that is at hand."""
        if self._recipe.mixture is not None:
            self._pending.append(record(row, facts, self._places))

    def end_part(self, number: int) -> None:
        """Note that all documents of a part were taken."""
        self._measured[number] = np.array(self._pending, MEASURED)
        self._pending = []

    def settle(self) -> None:
        """Find the limits, once all parts were taken."""
        if (mixture := self._recipe.mixture) is None:
            return
        languages, parts = self._recipe.languages, self._measured
        found = mixed(parts, languages, mixture)
        large = _large(parts, languages, found, mixture)
        for number, measured in parts.items():
            limits = Limits(measured, languages, found, mixture.domains, large)
            self._left[number] = Left(lost_to(limits, measured, languages, found))

    def loss(self, part: int, row: int, facts: Facts) -> Loss | None:
        """Return the loss of a document that was taken; None if it stays."""
        return self._left[part].loss(row, facts) if part in self._left else None


def mixed(
    parts: dict[int, NDArray[np.void]], languages: tuple[str, ...], mixture: Mixture
) -> dict[str, Mixed]:
    """Return what is found of each language of which parts have documents."""
    scores, cells = defaultdict(list), defaultdict(list)
    for measured in parts.values():
        counted = scores_of(measured)
        for lang in np.unique(counted["lang"]).tolist():
            scores[lang].append(counted[counted["lang"] == lang])
    found = {languages[n]: language_of(languages[n], some, mixture) for n, some in scores.items()}
    large = _large(parts, languages, found, mixture)
    for measured in parts.values():
        limits = Limits(measured, languages, found, mixture.domains, large)
        for lang, some in cells_by_language(measured, limits).items():
            cells[languages[lang]].append(some)
    tokens = {lang: whole_of(some) for lang, some in cells.items()}
    settled = budgeted([found[lang] for lang in sorted(found)], tokens, mixture)
    return {one.lang: one for one in settled}


def _large(
    parts: dict[int, NDArray[np.void]],
    languages: tuple[str, ...],
    found: dict[str, Mixed],
    mixture: Mixture,
) -> NDArray[np.void]:
    nothing = np.zeros(0, LARGE)
    if mixture.domains is None:
        return nothing
    there = [
        measured["domain"][Limits(measured, languages, found, None, nothing).left]
        for measured in parts.values()
    ]
    domains, documents = np.unique(np.concatenate(there), return_counts=True)
    large = documents > mixture.domains.max_whole
    counted = np.zeros(int(large.sum()), LARGE)
    counted["domain"], counted["documents"] = domains[large], documents[large]
    return counted
