"""Florilegium: text corpora for European language models, to build, to check and to read.

>>> import florilegium
>>> release = florilegium.open("corpora/european/latest")  # doctest: +SKIP
>>> release.sample(tokens=1_000_000).to_polars()           # doctest: +SKIP
>>> list(florilegium.verify("corpora/european/latest"))    # doctest: +SKIP
>>> florilegium.open_corpus("corpora/european/latest").tokens  # doctest: +SKIP

These names, and those of `florilegium.filters.rule` for filters of one's own, are what others may
rely on; docs/api.md describes them. Corpora are built by the command. Importing this loads nothing
else; what is asked for is loaded then.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from florilegium.manifests.corpus import Corpus as Corpus
    from florilegium.manifests.corpus import open_corpus as open_corpus
    from florilegium.manifests.counts import Counts as Counts
    from florilegium.manifests.differences import Differences as Differences
    from florilegium.manifests.document import Document as Document
    from florilegium.manifests.document import Facts as Facts
    from florilegium.manifests.keys import load_public as read_key
    from florilegium.manifests.ledger import Loss as Loss
    from florilegium.manifests.manifest import Language as Language
    from florilegium.manifests.manifest import Manifest as Manifest
    from florilegium.manifests.manifest import Shard as Shard
    from florilegium.manifests.release import Documents as Documents
    from florilegium.manifests.release import Drawn as Drawn
    from florilegium.manifests.release import Release as Release
    from florilegium.manifests.release import open_release as open
    from florilegium.manifests.samples import Asked as Asked
    from florilegium.manifests.samples import Sample as Sample
    from florilegium.manifests.selection import DamagedError as DamagedError
    from florilegium.manifests.selection import EmptySampleError as EmptySampleError
    from florilegium.manifests.stats import Group as Group
    from florilegium.manifests.stats import Spread as Spread
    from florilegium.manifests.verify import verify as verify

__all__ = [
    "Asked",
    "Corpus",
    "Counts",
    "DamagedError",
    "Differences",
    "Document",
    "Documents",
    "Drawn",
    "EmptySampleError",
    "Facts",
    "Group",
    "Language",
    "Loss",
    "Manifest",
    "Release",
    "Sample",
    "Shard",
    "Spread",
    "open",
    "open_corpus",
    "read_key",
    "verify",
]

_PLACES = {
    "manifests.corpus": ("Corpus", "open_corpus"),
    "manifests.counts": ("Counts",),
    "manifests.differences": ("Differences",),
    "manifests.document": ("Document", "Facts"),
    "manifests.keys": ("read_key",),
    "manifests.ledger": ("Loss",),
    "manifests.manifest": ("Language", "Manifest", "Shard"),
    "manifests.release": ("Documents", "Drawn", "Release", "open"),
    "manifests.samples": ("Asked", "Sample"),
    "manifests.selection": ("DamagedError", "EmptySampleError"),
    "manifests.stats": ("Group", "Spread"),
    "manifests.verify": ("verify",),
}
_THERE = {"open": "open_release", "read_key": "load_public"}
"""What goes by another name in its module."""


def __getattr__(name: str) -> object:
    for module, names in _PLACES.items():
        if name in names:
            return getattr(import_module(f"florilegium.{module}"), _THERE.get(name, name))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
