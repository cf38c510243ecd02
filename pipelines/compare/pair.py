"""Two builds of the same input in one place, so that they share whatever both of them need.

Everything in a work folder is named after a digest of what it was made of. Two recipes that work
in the same one share their parts if they harvest alike, and copies found, if these are sought
alike.
"""

from typing import NamedTuple

import msgspec
from msgspec import UNSET

from florilegium.manifests.location import Location
from florilegium.pipelines import build as builds
from florilegium.pipelines.harvest.inputs import Input
from florilegium.pipelines.months.parents import LATEST
from florilegium.pipelines.planning import Plan
from florilegium.pipelines.provenance import harvest_settings
from florilegium.pipelines.recipe import Recipe

FOLDER = "_compare"
"""Name of the place. No corpus can have it, so nobody's `latest` is touched."""


class SameError(ValueError):
    """Two recipes that are the same."""


class Pair(NamedTuple):
    """Two builds, and by which keys they differ in what they harvest."""

    a: Plan
    b: Plan
    apart: list[str]


def pair(a: Recipe, b: Recipe, files: list[Input], out: Location) -> Pair:
    """Return the builds of two recipes from the same files, in one place below `out`.

    Gates, with the pages that they plant, and `parent = "latest"` are left out: they look at a
    corpus, and here is none.
    SameError if both are the same; other errors as `build.plan`.
    """
    alone = [_alone(recipe) for recipe in (a, b)]
    plans = [builds.plan(recipe, files, out, home=out / FOLDER) for recipe in alone]
    if plans[0].build_id == plans[1].build_id:
        raise SameError(f"both recipes are {a.name}, to the last setting: there is no difference")
    mine, theirs = (harvest_settings(plan.recipe) for plan in plans)
    apart = [key for key in mine if mine[key] != theirs[key]]
    if not apart and plans[0].units != plans[1].units:
        apart = ["language_model"]  # of two that are named alike, what is there by now decides
    return Pair(plans[0], plans[1], apart)


def _alone(recipe: Recipe) -> Recipe:
    """Return a recipe that has nothing to do with other releases of its corpus."""
    parent = UNSET if recipe.parent == LATEST else recipe.parent
    return msgspec.structs.replace(recipe, gates=None, parent=parent)
