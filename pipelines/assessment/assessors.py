"""What a recipe wants to know of texts beyond counts, and the models, lists and programs it takes.

Each is loaded once a process, from files that the recipe names by digest.
"""

from typing import Any, Protocol

import msgspec

from florilegium.manifests.document import Document
from florilegium.manifests.manifest import Resource
from florilegium.pipelines.assessment import benchmarks, datatrove_filters, scorers, word_lists
from florilegium.pipelines.recipe import Recipe


class Assessor(Protocol):
    """Looks at one document after another."""

    def assess(self, document: Document) -> dict[str, Any]:
        """Return facts of a document by name, of those in `ASSESSED_SCHEMA`."""
        ...


def asked(recipe: Recipe) -> list[Any]:
    """Return all that decides what is said of a text, as plain values; empty if nothing is asked.

    DatatroveError if a filter of datatrove is asked for and it is not installed.
    """
    others = datatrove_filters.of(recipe.filters)
    named = [*recipe.scorers, *recipe.word_lists, *recipe.benchmarks, *others]
    if not named:
        return []
    return [
        [msgspec.to_builtins(one) for one in named],
        datatrove_filters.version() if others else "",
    ]


def used(recipe: Recipe) -> tuple[Resource, ...]:
    """Return the models, lists and programs that it rests on."""
    return (
        *scorers.used(recipe.scorers),
        *word_lists.used(recipe.word_lists),
        *benchmarks.used(recipe.benchmarks),
        *datatrove_filters.used(datatrove_filters.of(recipe.filters)),
    )


def pinned(recipe: Recipe) -> Recipe:
    """Return the recipe with the digests of all files, each of which was compared with its file.

    NamedFileError if one is another than the recipe says or cannot be used, OSError if it is gone.
    """
    made = _with_digests(recipe)
    assessors(made)  # what cannot be read is better said now than by every worker
    return made


def loaded(recipe: Recipe) -> list[Assessor]:
    """Return everything that a recipe lets look at a text, whether or not it says all digests.

    Raises what `pinned` does.
    """
    return assessors(_with_digests(recipe))


def _with_digests(recipe: Recipe) -> Recipe:
    return msgspec.structs.replace(recipe, benchmarks=benchmarks.pinned(recipe.benchmarks))


def assessors(recipe: Recipe) -> list[Assessor]:
    """Return everything that a recipe lets look at a text, loaded."""
    found: list[Assessor] = []
    if recipe.scorers:
        found.append(scorers.Scorers(recipe.scorers))
    if recipe.word_lists:
        found.append(word_lists.WordLists(recipe.word_lists))
    if recipe.benchmarks:
        found.append(benchmarks.Contamination(recipe.benchmarks))
    if others := datatrove_filters.of(recipe.filters):
        found.append(datatrove_filters.DatatroveFilters(others))
    return found
