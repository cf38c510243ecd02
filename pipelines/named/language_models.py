"""The language models of a recipe: ours, or another by its place and digest, and a second one."""

from collections.abc import Iterable

from florilegium.filters import language_second
from florilegium.filters.language import Identifier, LanguageIdentifier
from florilegium.filters.language_other import OtherIdentifier
from florilegium.filters.language_second import SecondIdentifier
from florilegium.filters.language_table import MACRO, packaged_labels
from florilegium.manifests.manifest import Resource
from florilegium.pipelines.named.files import NamedFileError, opened
from florilegium.pipelines.named.texts import LanguageModel


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


def load_second(chosen: LanguageModel) -> SecondIdentifier | None:
    """Return the second identifier a recipe asks for, if any; it takes memory when first asked.

    LanguageModelError if it is not installed.
    """
    if not chosen.second:
        return None
    try:
        return SecondIdentifier()
    except ImportError as error:
        raise LanguageModelError(
            f"language_model.second: {chosen.second} is not installed: "
            f"pip install 'florilegium[{chosen.second}]', on every worker"
        ) from error


def check(chosen: LanguageModel, languages: Iterable[str]) -> None:
    """Raise what `load` and `load_second` do, or LanguageModelError if languages cannot be told.

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
    load_second(chosen)


def used(chosen: LanguageModel) -> tuple[Resource, ...]:
    """Return the models that a recipe's labels rest on."""
    second = second_used(chosen)
    if chosen.path:
        return (Resource(name=f"language model {chosen.path}", sha256=chosen.sha256), *second)
    found = Identifier.packaged().digests
    return (*(Resource(name=name, sha256=digest) for name, digest in found.items()), *second)


def second_used(chosen: LanguageModel) -> tuple[Resource, ...]:
    """Return the second model, named with its version, if there is one."""
    second = load_second(chosen)
    if second is None:
        return ()
    name = f"language model {chosen.second} {second.version}"
    return (Resource(name=name, sha256=language_second.digest()),)
