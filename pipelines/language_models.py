"""The language model of a recipe: ours, or another by its place and digest."""

from florilegium.filters.language import Identifier, LanguageIdentifier
from florilegium.filters.language_other import OtherIdentifier
from florilegium.manifests.location import Location, locate, sha256
from florilegium.manifests.manifest import Resource
from florilegium.pipelines.download import DownloadError, downloaded, is_web_address
from florilegium.pipelines.files import fetched
from florilegium.pipelines.recipe import LanguageModel


class LanguageModelError(ValueError):
    """A language model that is not the one the recipe names, or none at all."""


def load(chosen: LanguageModel) -> LanguageIdentifier:
    """Return the identifier a recipe asks for.

    LanguageModelError if the file is another than the recipe says, or no model whose labels are
    known; OSError if it cannot be read.
    """
    if not chosen.path:
        return Identifier.packaged()
    with fetched(_located(chosen)) as file:
        if (found := sha256(file)) != chosen.sha256:
            raise LanguageModelError(
                f"{chosen.path} is not the language model of the recipe: its SHA-256 is {found}, "
                f"not {chosen.sha256}"
            )
        try:
            return OtherIdentifier(file, chosen.labels)
        except ValueError as error:
            raise LanguageModelError(f"{chosen.path}: {error}") from error


def _located(chosen: LanguageModel) -> Location:
    """Return where the file is, once it is fetched if it is on the web."""
    if not is_web_address(chosen.path):
        return locate(chosen.path)
    try:
        return downloaded(chosen.path, chosen.sha256)
    except DownloadError as error:
        raise LanguageModelError(str(error)) from error


def used(chosen: LanguageModel) -> tuple[Resource, ...]:
    """Return the models that a recipe's labels rest on."""
    if chosen.path:
        return (Resource(name=f"language model {chosen.path}", sha256=chosen.sha256),)
    found = Identifier.packaged().digests
    return tuple(Resource(name=name, sha256=digest) for name, digest in found.items())
