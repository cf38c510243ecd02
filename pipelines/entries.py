"""Stored documents as deduplication reads them: with rows, ranked as the recipe wants."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from florilegium.dedup.decisions import DECISION, ENTRY, STORED, part_of
from florilegium.dedup.policy import Keep, priorities
from florilegium.manifests.location import locate
from florilegium.pipelines.files import load_array
from florilegium.pipelines.packed import Joined, Keyed, gather, scatter

_ROW = np.dtype("<u8")


def read_entries(ordinal: int, path: str, keep: Keep) -> NDArray[np.void]:
    """Return the signatures of a part as ENTRYs. Raises ValueError if the file holds others."""
    stored = load_array(locate(path))
    if stored.dtype != STORED:
        raise ValueError(f"{path}: rows of {stored.dtype}, expected {STORED}")
    entries = np.empty(len(stored), ENTRY)
    entries["row"] = np.arange(len(stored), dtype=np.uint64) + np.uint64(ordinal << 32)
    entries["priority"] = priorities(stored, keep)
    for field in STORED.names or ():
        if field in (ENTRY.names or ()):
            entries[field] = stored[field]
    return entries


def gone(packed: bytes) -> Iterator[Keyed]:
    """Packed removals -> the rows that they remove, by part."""
    rows = gather([packed], DECISION)["row"].copy()
    yield from scatter(rows, part_of(rows))


def remaining(joined: Joined, keep: Keep) -> NDArray[np.void]:
    """Return the entries of a part, given its `path`, that have words and are not in `gone`."""
    ordinal, inputs = joined
    (path,) = inputs["path"]
    entries = read_entries(ordinal, path.decode(), keep)
    rows = gather(inputs["gone"], _ROW)
    return entries[(entries["words"] > 0) & ~np.isin(entries["row"], rows)]


def fields(entries: NDArray[np.void], dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """Return some fields of the entries, packed."""
    return entries[list(dtype.names or ())].astype(dtype)
