"""The language model of a recipe: ours, or another by its place and digest."""

from collections.abc import Iterable

from florilegium.filters.language import Identifier, LanguageIdentifier
from florilegium.filters.language_other import OtherIdentifier
from florilegium.filters.languages import MACRO, packaged_labels
from florilegium.manifests.manifest import Resource
from florilegium.pipelines.named_files import NamedFileError, opened
from florilegium.pipelines.recipe import LanguageModel


class LanguageModelError(NamedFileError):
    """A language model that is not the one the recipe names, or none at all."""


def load(chosen: LanguageModel) -> LanguageIdentifier:
    """Return the identifier a recipe asks for.

    LanguageModelError if the file is another than the recipe says, or no model whose labels are
    known; OSError if it cannot be read.
    """
    if not chosen.path:
        return Identifier.packaged()
    with opened(chosen.path, chosen.sha256, "language model", LanguageModelError) as file:
        try:
            return OtherIdentifier(file, chosen.labels)
        except ValueError as error:
            raise LanguageModelError(f"{chosen.path}: {error}") from error


def check(chosen: LanguageModel, languages: Iterable[str]) -> None:
    """Raise LanguageModelError where `load` would, or if languages asked for cannot be told.

    Ours must have a label for each of them, or for a member of a macro language. Another model,
    which need not have all that `european` stands for, must for one at least.
    """
    labels = load(chosen).labels if chosen.path else packaged_labels()
    told = {*labels, *(MACRO.get(label, label) for label in labels)}
    untold = [code for code in languages if code not in told]
    if chosen.path and told.isdisjoint(languages):
        raise LanguageModelError(f"{chosen.path} has no label for {', '.join(untold[:5])}")
    if untold and not chosen.path:
        raise LanguageModelError(
            f"our language model has no label for {', '.join(untold)}: leave that out, or name a "
            "model that has one in [language_model]"
        )


def used(chosen: LanguageModel) -> tuple[Resource, ...]:
    """Return the models that a recipe's labels rest on."""
    if chosen.path:
        return (Resource(name=f"language model {chosen.path}", sha256=chosen.sha256),)
    found = Identifier.packaged().digests
    return tuple(Resource(name=name, sha256=digest) for name, digest in found.items())
