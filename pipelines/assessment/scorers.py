"""Scorers: fastText models that tell good text from bad, named by a recipe with their digest."""

from collections.abc import Iterable, Sequence
from typing import Any

import fasttext

from florilegium.manifests.document import Document
from florilegium.manifests.manifest import Resource
from florilegium.pipelines.named.files import NamedFileError, opened
from florilegium.pipelines.named.texts import Scorer

MAX_CHARACTERS = 100_000
"""Of a text that are scored."""
_PREFIX = "__label__"


class Scorers:
    """All scorers of a recipe, loaded. They cannot be pickled."""

    def __init__(self, chosen: Sequence[Scorer]) -> None:
        """Load the models. NamedFileError if one is another than the recipe says."""
        self._general: Model | None = None
        named = [lang for one in chosen for lang in one.languages or ("all others",)]
        if twice := [lang for lang in named if named.count(lang) > 1]:
            raise NamedFileError(f"two scorers are for {twice[0]}: name one for each language")
        self._by_language: dict[str, Model] = {}
        for one in chosen:
            with opened(one.path, one.sha256, "scorer") as file:
                model = Model(str(file), one.label, one.path)
            if not one.languages:
                self._general = model
            self._by_language.update(dict.fromkeys(one.languages, model))

    def assess(self, document: Document) -> dict[str, Any]:
        """Return the score of a document; nothing if no scorer is for its language."""
        model = self._by_language.get(document.lang, self._general)
        return {} if model is None else {"quality": model.score(document.text)}


class Model:
    """A loaded model that gives one score."""

    def __init__(self, file: str, label: str, name: str = "") -> None:
        """Load a model. NamedFileError if it is none, or does not have the label."""
        try:
            model = fasttext.load_model(file)
            labels = [one.removeprefix(_PREFIX) for one in model.get_labels()]
        except (ValueError, RuntimeError) as error:
            why = str(error).replace(file, "it")  # it may be a copy, under another name
            raise NamedFileError(f"{name or file} is no scorer: {why}") from error
        if label not in labels:
            raise NamedFileError(
                f"{name or file} has no label {label!r}; it has: {', '.join(sorted(labels)[:20])}"
            )
        self._model, self._label, self._labels = model.f, _PREFIX + label, len(labels)

    def score(self, text: str) -> float:
        """Return the probability of the label for a text of any kind, 0 to 1, four decimals."""
        found = self._model.predict(line_of(text) + "\n", self._labels, 0.0, "strict")
        score = next((score for score, label in found if label == self._label), 0.0)
        return round(min(max(score, 0.0), 1.0), 4)  # fastText's may exceed 1 by a little


def line_of(text: str) -> str:
    """Return the start of a text on one line, without what fastText would not take for a word."""
    start = text[:MAX_CHARACTERS].encode("utf-8", "replace").decode()
    return " ".join(start.replace(_PREFIX, " ").replace("</s>", " ").split())


def used(chosen: Iterable[Scorer]) -> tuple[Resource, ...]:
    """Return what scores rest on, as the manifest names it."""
    return tuple(Resource(name=f"scorer {one.path}", sha256=one.sha256) for one in chosen)
