"""The columnar index of a snapshot: which captures are wanted, and where they are.

Rows are sorted by address, so statistics of row groups rule most of them out where domains are
named, and none by language. What is left is read in two steps: the columns that decide, and, of row
groups in which anything is wanted, those that say where it is. The columns are those of
https://github.com/commoncrawl/cc-index-table.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from msgspec import Struct
from numpy.typing import NDArray

from florilegium.pipelines.commoncrawl.fetch import ArchiveFile, Fetcher
from florilegium.pipelines.commoncrawl.settings import CommonCrawl
from florilegium.pipelines.commoncrawl.sources import checked

LANGUAGES, MIME, STATUS = "content_languages", "content_mime_detected", "fetch_status"
TLD, DOMAIN, HOST = "url_host_tld", "url_host_registered_domain", "url_host_name"
FILE, OFFSET, LENGTH = "warc_filename", "warc_record_offset", "warc_record_length"
DIGEST, TRUNCATED = "content_digest", "content_truncated"

Mask = NDArray[np.bool_]


class SnapshotError(ValueError):
    """A snapshot, or its index, that is not there or not as it should be; says what to do."""


class Wanted(Struct, frozen=True):
    """What is wanted of the pages of a snapshot."""

    settings: CommonCrawl
    languages: tuple[str, ...]
    """As the index names them."""
    keep_truncated: bool = False

    @property
    def columns(self) -> list[str]:
        """Columns that decide."""
        said = self.settings
        asked = {
            STATUS: True,
            MIME: True,
            LANGUAGES: True,
            TRUNCATED: not self.keep_truncated,
            TLD: bool(said.tlds or said.any_language_tlds),
            DOMAIN: bool(said.domains),
        }
        return [name for name, needed in asked.items() if needed]

    def chosen(self, rows: pa.Table, lost: Counter[str]) -> Mask:
        """Return which rows are wanted; count, of the others, the first test that each fails."""
        said = self.settings
        left = np.ones(len(rows), bool)
        for name, passed in (
            ("place", self._in_place(rows)),
            ("status", _is_in(rows[STATUS], said.status)),
            ("mime", _is_in(rows[MIME], said.mime)),
            ("truncated", self.keep_truncated or np.asarray(pc.is_null(rows[TRUNCATED]))),
            ("language", self._in_language(rows)),
        ):
            both = left & passed
            lost[name] += int(left.sum() - both.sum())
            left = both
        return left

    def _in_place(self, rows: pa.Table) -> Mask | bool:
        places = _places(self.settings)
        found = [_is_in(rows[column], values) for column, values in places]
        return np.logical_or.reduce(found) if found else True

    def _in_language(self, rows: pa.Table) -> Mask:
        """Return whether any language that the index names for a page is wanted."""
        wanted = set(self.languages)
        named = [one for one in pc.unique(rows[LANGUAGES]).to_pylist() if one is not None]
        found = _is_in(rows[LANGUAGES], [one for one in named if wanted & set(one.split(","))])
        anyway = self.settings.any_language_tlds
        return found | _is_in(rows[TLD], anyway) if anyway else found


def ignore(done: int, whole: int) -> None:
    """Do nothing."""


class Seen(Struct):
    """What was seen of an index."""

    rows: int = 0
    """Captures in it, those in row groups that were not read included."""
    row_groups: int = 0
    row_groups_read: int = 0
    bytes: int = 0
    """Bytes that came of it."""
    watch: Callable[[int, int], None] = ignore
    """Told, after each file of the index, how many are read and how many there are."""
    ends: dict[str, int] = {}
    """Of each file, the last byte that a capture takes, wanted or not, in what was read."""


def parts_of(fetcher: Fetcher, snapshot: str, subset: str) -> list[str]:
    """Return the keys of the Parquet files of an index; SnapshotError if there are none."""
    listed = paths_of(fetcher, snapshot, "cc-index-table")
    folder = f"cc-index/table/cc-main/warc/crawl={snapshot}/subset={subset}/"
    found = [checked(key) for key in listed if key.startswith(folder)]
    if not found:
        raise SnapshotError(f"the index of {snapshot} has no subset {subset!r}: name another one")
    return sorted(found)


def paths_of(fetcher: Fetcher, snapshot: str, kind: str) -> list[str]:
    """Return the keys that a list of the snapshot names; SnapshotError if there is none."""
    key = f"crawl-data/{snapshot}/{kind}.paths.gz"
    try:
        return [checked(one) for one in fetcher.lines(key)]
    except FileNotFoundError as error:
        raise SnapshotError(
            f"there is no snapshot {snapshot!r}: {error.filename} is missing; look at `base`, "
            "and at https://index.commoncrawl.org/collinfo.json for those there are"
        ) from error


def wanted_rows(
    fetcher: Fetcher, keys: Sequence[str], wanted: Wanted, lost: Counter[str], seen: Seen
) -> Iterator[pa.Table]:
    """Yield where the captures are that are wanted: a table for each row group that has any."""
    where = [FILE, OFFSET, LENGTH, DIGEST, HOST, LANGUAGES]
    decide: Callable[[pa.Table], Mask] = lambda rows: wanted.chosen(rows, lost)  # noqa: E731
    yield from _rows(fetcher, keys, wanted.settings, (wanted.columns, where), decide, seen)


def robots_rows(
    fetcher: Fetcher,
    keys: Sequence[str],
    settings: CommonCrawl,
    is_of_ours: Callable[[pa.ChunkedArray], Mask],
    seen: Seen,
) -> Iterator[pa.Table]:
    """Yield where the captures of robots.txt are whose hosts are wanted."""
    where = [FILE, OFFSET, LENGTH, DIGEST]
    decide: Callable[[pa.Table], Mask] = lambda rows: is_of_ours(rows[HOST])  # noqa: E731
    yield from _rows(fetcher, keys, settings, ([HOST], where), decide, seen)


def _rows(
    fetcher: Fetcher,
    keys: Sequence[str],
    settings: CommonCrawl,
    columns: tuple[list[str], list[str]],
    decide: Callable[[pa.Table], Mask],
    seen: Seen,
) -> Iterator[pa.Table]:
    deciding, where = columns
    for number_read, key in enumerate(keys, 1):
        raw = fetcher.open(key)
        with _opened(raw, key) as file:
            _check(file.schema_arrow.names, {*deciding, *where}, key)
            seen.rows += file.metadata.num_rows
            for number in range(file.num_row_groups):
                seen.row_groups += 1
                if not _may_hold(file, number, settings):
                    continue
                seen.row_groups_read += 1
                mask = decide(file.read_row_group(number, columns=deciding))
                if not mask.any():
                    continue
                rows = file.read_row_group(number, columns=where)
                _note_ends(rows, seen.ends)
                yield rows.filter(pa.array(mask))
        seen.bytes += raw.came
        seen.watch(number_read, len(keys))


def _opened(raw: ArchiveFile, key: str) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(pa.PythonFile(raw, mode="r"), pre_buffer=True)
    except pa.ArrowInvalid as error:
        raise SnapshotError(f"{key} is no Parquet file: {error}") from error


def _check(there: Sequence[str], needed: set[str], key: str) -> None:
    if missing := sorted(needed - set(there)):
        raise SnapshotError(
            f"{key} has no column {missing[0]!r}: snapshots before CC-MAIN-2019-47 lack some; "
            "name a newer one"
        )


def _may_hold(file: pq.ParquetFile, number: int, settings: CommonCrawl) -> bool:
    """Say whether a row group may have captures in the places that are named."""
    places = _places(settings)
    return not places or any(
        _between(file, number, column, sorted(values)) for column, values in places
    )


def _between(file: pq.ParquetFile, number: int, column: str, values: list[str]) -> bool:
    place = file.schema_arrow.names.index(column)
    known = file.metadata.row_group(number).column(place).statistics
    if known is None or not known.has_min_max:
        return True
    first = bisect_left(values, known.min)
    return first < len(values) and values[first] <= known.max


def _places(settings: CommonCrawl) -> list[tuple[str, tuple[str, ...]]]:
    """Return columns of places and what they may hold; one of them is enough."""
    named = ((TLD, settings.tlds), (DOMAIN, settings.domains))
    return [(column, values) for column, values in named if values]


def _note_ends(rows: pa.Table, ends: dict[str, int]) -> None:
    stops = pc.add(rows[OFFSET].cast(pa.int64()), rows[LENGTH].cast(pa.int64()))
    last = (
        pa.table({"file": rows[FILE], "stop": stops}).group_by("file").aggregate([("stop", "max")])
    )
    for name, stop in zip(last["file"].to_pylist(), last["stop_max"].to_pylist(), strict=True):
        ends[name] = max(stop, ends.get(name, 0))


def _is_in(column: pa.ChunkedArray, values: Sequence[Any]) -> Mask:
    """Return which values of a column are among these; null never is."""
    found: Mask = np.asarray(pc.is_in(column, pa.array(values, column.type)))
    return found
