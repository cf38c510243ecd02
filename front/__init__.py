"""Florilegium: text corpora for European language models, to build, to check and to read.

>>> import florilegium
>>> release = florilegium.open("corpora/european/latest")  # doctest: +SKIP
>>> release.sample(tokens=1_000_000).to_polars()           # doctest: +SKIP

Importing this loads nothing else; what is asked for is loaded then.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from florilegium.manifests.release import Release as Release
    from florilegium.manifests.release import open_release as open

__all__ = ["Release", "open"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from florilegium.manifests import release

    return release.open_release if name == "open" else release.Release


def __dir__() -> list[str]:
    return __all__
