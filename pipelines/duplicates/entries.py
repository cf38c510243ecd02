"""Stored documents as deduplication reads them: with rows, ranked as the recipe wants."""

from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from florilegium.dedup.decisions import DECISION, entry_of, part_of, stored_by
from florilegium.dedup.methods import FAST_SIMILARITY, Method
from florilegium.dedup.policy import Keep, priorities
from florilegium.manifests.location import locate
from florilegium.pipelines.duplicates.index import read_index
from florilegium.pipelines.duplicates.settings import Scope
from florilegium.pipelines.engines.packed import Joined, Keyed, gather, scatter
from florilegium.pipelines.files import load_array
from florilegium.pipelines.rights.judged import refused

_ROW = np.dtype("<u8")
_NEW = np.uint64(1 << 63)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_NO_PART = 1 << 31


class View(Struct, frozen=True):
    """How stored documents are seen: what is known of them, which is better, and who may meet."""

    method: Method = FAST_SIMILARITY
    keep: Keep = "longest"
    scope: Scope = "global"
    published: int = _NO_PART
    """Ordinal of the first part that is an index of an earlier release; all later ones are."""
    judged: str = ""
    """Folder of what was judged of rights, if it was: a document that is refused has no copies."""

    @property
    def first_published(self) -> int:
        """Return the first row that is of an earlier release."""
        return self.published << 32


def read_entries(ordinal: int, about: str, view: View) -> NDArray[np.void]:
    """Return the documents of a part as entries of the method.

    `about` is the path of an array of what `stored_by` the method says, or an IndexFile as JSON if
    the part is published. ValueError if the file holds other rows.

    Published documents are better than all others. Where texts are not compared, no claim to
    another address counts. In a snapshot everything that could be equal is mixed with the month of
    capture, so that documents of different months never are.
    """
    stored = _stored(ordinal, about, view)
    entries = np.empty(len(stored), entry_of(view.method))
    entries["row"] = np.arange(len(stored), dtype=np.uint64) + np.uint64(ordinal << 32)
    entries["priority"] = priorities(stored, view.keep)
    if ordinal < view.published:
        entries["priority"] |= _NEW
    for field in set(stored.dtype.names or ()) & set(entries.dtype.names or ()):
        entries[field] = stored[field]
    if not view.method.verifies:
        entries["address"] = entries["url"]
    if view.scope == "snapshot":
        month = _months(stored["time"]) * _SPREAD
        for field in ("text", "bands", "url", "address"):
            entries[field] ^= month if entries[field].ndim == 1 else month[:, None]
    if view.judged and ordinal < view.published:
        entries = entries[~refused(locate(view.judged), ordinal)]
    return entries


def _stored(ordinal: int, about: str, view: View) -> NDArray[np.void]:
    if ordinal >= view.published:
        return read_index(about, view.method)
    stored: NDArray[np.void] = load_array(locate(about))
    if stored.dtype != stored_by(view.method):
        raise ValueError(f"{about}: rows of {stored.dtype}, expected {stored_by(view.method)}")
    return stored


def gone(packed: bytes, first_published: int) -> Iterator[Keyed]:
    """Packed removals -> the rows that they remove, by part; published ones stay."""
    rows = gather([packed], DECISION)["row"].copy()
    rows = rows[rows < np.uint64(first_published)]
    yield from scatter(rows, part_of(rows))


def remaining(joined: Joined, view: View) -> NDArray[np.void]:
    """Return the entries of a part, given its `path`, that have words and are not in `gone`."""
    ordinal, inputs = joined
    (path,) = inputs["path"]
    entries = read_entries(ordinal, path.decode(), view)
    rows = gather(inputs["gone"], _ROW)
    return entries[(entries["words"] > 0) & ~np.isin(entries["row"], rows)]


def fields(entries: NDArray[np.void], dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """Return some fields of the entries, packed."""
    return entries[list(dtype.names or ())].astype(dtype)


def _months(seconds: NDArray[np.integer]) -> NDArray[np.uint64]:
    """Return the months since 1970 of times in seconds, UTC."""
    times = seconds.astype(np.int64).astype("datetime64[s]")
    return times.astype("datetime64[M]").astype(np.int64).astype(np.uint64)
