"""Lists of bad words: the share of a text that they make up, by language. It is only measured."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from florilegium.filters.groups import Hashes
from florilegium.filters.ngrams import Runs, runs_of, word_hashes
from florilegium.filters.rule import share
from florilegium.manifests.document import Document
from florilegium.manifests.manifest import Resource
from florilegium.pipelines.named.files import NamedFileError, opened
from florilegium.pipelines.named.texts import WordList

_MAX_LINE = 4096
_MOST_WORDS = 10


class WordLists:
    """All word lists of a recipe, loaded."""

    def __init__(self, chosen: Iterable[WordList]) -> None:
        """Read the lists. NamedFileError if one is not what the recipe says, or names nothing."""
        self._lists = [(one.languages, _entries(one)) for one in chosen]
        self._by_language: dict[str, list[Runs]] = {}

    def assess(self, document: Document) -> dict[str, Any]:
        """Return the share of words on a list for the language; nothing if there is no list."""
        if not (lists := self._runs(document.lang)):
            return {}
        words = word_hashes(document.text)
        found = sum(int(runs.shared(words)[0]) * runs.length for runs in lists)
        return {"bad_word_share": share(found, len(words))}

    def _runs(self, lang: str) -> list[Runs]:
        if lang not in self._by_language:
            together: defaultdict[int, list[Hashes]] = defaultdict(list)
            for languages, entries in self._lists:
                for length, hashes in entries.items() if not languages or lang in languages else ():
                    together[length].append(hashes)
            self._by_language[lang] = [
                Runs(length, [(0, np.concatenate(hashes))])
                for length, hashes in sorted(together.items())
            ]
        return self._by_language[lang]


def used(chosen: Iterable[WordList]) -> tuple[Resource, ...]:
    """Return what was measured with, as the manifest names it."""
    return tuple(Resource(name=f"word list {one.path}", sha256=one.sha256) for one in chosen)


def _entries(one: WordList) -> dict[int, Hashes]:
    """Return the entries of a list, hashed, by how many words they have."""
    found: defaultdict[int, list[Hashes]] = defaultdict(list)
    for line in _lines(one):
        words = word_hashes(line)
        if 0 < len(words) <= _MOST_WORDS:
            found[len(words)].append(runs_of(words, len(words)))
        elif len(words):
            raise NamedFileError(
                f"{one.path} is no word list: {line[:60]!r} has more than {_MOST_WORDS} words"
            )
    if not found:
        raise NamedFileError(f"{one.path} is no word list: there is no word in it")
    return {length: np.concatenate(hashes) for length, hashes in found.items()}


def _lines(one: WordList) -> Iterator[str]:
    with opened(one.path, one.sha256, "word list") as file, file.open("rb") as stream:
        while line := stream.readline(_MAX_LINE):
            text = line.decode("utf-8", "replace").strip()
            if not text.startswith("#"):
                yield text
