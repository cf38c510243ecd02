"""The language model of a recipe: ours, or another by its place and digest."""

from florilegium.filters.language import Identifier, LanguageIdentifier
from florilegium.filters.language_other import OtherIdentifier
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


def used(chosen: LanguageModel) -> tuple[Resource, ...]:
    """Return the models that a recipe's labels rest on."""
    if chosen.path:
        return (Resource(name=f"language model {chosen.path}", sha256=chosen.sha256),)
    found = Identifier.packaged().digests
    return tuple(Resource(name=name, sha256=digest) for name, digest in found.items())
