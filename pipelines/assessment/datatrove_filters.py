"""datatrove's own filters, run on our documents.

datatrove is an extra, since it brings a tokenizer for each language along, and is imported where a
recipe asks for it only.
"""

import hashlib
import importlib
from collections.abc import Callable, Iterable, Sequence
from importlib import metadata
from typing import Any

import msgspec

from florilegium.filters.datatrove import Datatrove
from florilegium.filters.rule import Filter
from florilegium.manifests.document import Document
from florilegium.manifests.manifest import Resource
from florilegium.pipelines.named.files import NamedFileError

_HOME = "datatrove.pipeline.filters"


class DatatroveError(NamedFileError):
    """A filter of datatrove that cannot be run; the message says what to do."""


def of(filters: Iterable[Filter]) -> list[Datatrove]:
    """Return those of some filters that are datatrove's."""
    return [one for one in filters if isinstance(one, Datatrove)]


def version() -> str:
    """Return the version of datatrove; DatatroveError if it is not installed."""
    try:
        return metadata.version("datatrove")
    except metadata.PackageNotFoundError as error:
        raise DatatroveError(
            "the recipe has filters of datatrove, which is not installed: "
            "pip install 'florilegium[datatrove]', on every worker"
        ) from error


class DatatroveFilters:
    """All filters of datatrove in a recipe, made with their arguments. They cannot be pickled."""

    def __init__(self, chosen: Sequence[Datatrove]) -> None:
        """Make the filters. DatatroveError if one is none, or its arguments do not fit."""
        version()
        names = [one.name for one in chosen]
        if twice := [name for name in names if names.count(name) > 1]:
            raise DatatroveError(f"two filters are called {twice[0]}: give each a `label`")
        self._filters = [(one, _made(one)) for one in chosen]
        self._document = importlib.import_module("datatrove.data").Document

    def assess(self, document: Document) -> dict[str, Any]:
        """Return the objections to a document as JSON, by filter; nothing if there are none."""
        found = {}
        for one, verdict in self._filters:
            if not one.languages or document.lang in one.languages:
                shown = self._document(
                    text=document.text, id=document.id.hex(), metadata=_metadata(document)
                )
                if (reason := _objection(one, verdict, shown)) is not None:
                    found[one.name] = reason
        return {"objections": msgspec.json.encode(found).decode()} if found else {}


def used(chosen: Iterable[Datatrove]) -> tuple[Resource, ...]:
    """Return class and version of each filter, with the digest of its arguments as JSON."""
    return tuple(
        Resource(
            name=f"datatrove {version()} {one.filter}",
            sha256=hashlib.sha256(msgspec.json.encode(one.arguments, order="sorted")).hexdigest(),
        )
        for one in chosen
    )


def _made(one: Datatrove) -> Callable[[Any], Any]:
    module, _, name = one.filter.rpartition(".")
    try:
        kind = getattr(importlib.import_module(module or _HOME), name)
        base = importlib.import_module(f"{_HOME}.base_filter").BaseFilter
    except (ImportError, AttributeError) as error:
        known = [n for n in dir(importlib.import_module(_HOME)) if n.endswith("Filter")]
        raise DatatroveError(
            f"there is no filter {one.filter!r} in datatrove {version()} ({error}); "
            f"there are: {', '.join(known)}"
        ) from error
    if not (isinstance(kind, type) and issubclass(kind, base)):
        raise DatatroveError(f"{one.filter} is no filter of datatrove")
    try:
        made = kind(**one.arguments)
    except Exception as error:  # whatever somebody else's class thinks of its arguments
        raise DatatroveError(f"{one.filter} cannot be made with its arguments: {error}") from error
    verdict: Callable[[Any], Any] = made.filter
    return verdict


def _metadata(document: Document) -> dict[str, Any]:
    return {
        "url": document.url,
        "language": document.lang.partition("_")[0],
        "language_script": document.lang.partition("_")[2],
        "language_score": document.lang_score,
        "date": document.crawl_time,
    }


def _objection(one: Datatrove, verdict: Callable[[Any], Any], shown: Any) -> str | None:  # noqa: ANN401
    """Return why a filter objects, None if it does not; a filter that fails objects to the text."""
    try:
        said = verdict(shown)
    except (ImportError, OSError) as error:  # no fault of the page: it would lose all others, too
        raise DatatroveError(f"{one.filter} cannot run: {error}") from error
    except Exception as error:  # a page must not stop a build, and its loss says what happened
        return f"{type(error).__name__}: {error}"[:80]
    keep, reason = said if isinstance(said, tuple) else (said, "")
    return None if keep else str(reason or "no reason given")[:80]
