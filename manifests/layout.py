"""How the files of a release are laid out: where shards are, and that no two hold the same."""

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from florilegium.manifests.manifest import Shard

PARQUET, JSONL = "parquet", "jsonl"
"""Endings of the files of documents."""


def shard_path(lang: str, index: int, of: int, ending: str = PARQUET) -> str:
    """Return where in a release the documents of a language are whose ids lie in one range.

    >>> shard_path("deu_Latn", 3, 16)
    'data/deu_Latn/00003-of-00016.parquet'
    """
    return f"data/{lang}/{index:05d}-of-{of:05d}.{ending}"


def check_shards(shards: Iterable["Shard"], ending: str = PARQUET) -> None:
    """Raise ValueError if shards overlap: a file named by two of them would count twice."""
    leaf = 0
    before: Shard | None = None
    for shard in shards:
        if shard.path != (path := shard_path(shard.lang, shard.index, shard.of, ending)):
            raise ValueError(f"{shard.path}: should be {path}")
        if shard.first_leaf != leaf:
            raise ValueError(f"{shard.path}: first leaf {shard.first_leaf}, not {leaf}")
        leaf += shard.rows
        if before is not None and not _follows(before, shard):
            raise ValueError(f"{shard.path}: its range does not follow that of {before.path}")
        before = shard


def check_paths(paths: Iterable[str]) -> None:
    """Raise ValueError if a path leads out of the release, or could be written otherwise."""
    for name in paths:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f"{name}: leads out of the release")
        if str(path) != name:
            raise ValueError(f"{name}: should be written {path}")


def check_distinct(what: str, names: Iterable[str]) -> None:
    """Raise ValueError if something is named more than once."""
    if twice := [name for name, number in Counter(names).items() if number > 1]:
        raise ValueError(f"{what} {twice[0]!r} is named more than once")


def _follows(one: "Shard", other: "Shard") -> bool:
    if one.lang != other.lang:
        return one.lang < other.lang
    return one.of == other.of and one.index < other.index
