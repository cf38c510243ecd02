"""The plan: a Parquet file that says which records of which files are read, and by what requests.

A row stands for a WARC file and becomes one unit of a build. What is read of the file is in itself
a WARC file, the chosen records one after the other; its name is that of the file in the archive.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from msgspec import Struct
from numpy.typing import NDArray

from florilegium.manifests.location import Location, locate, replacing, sha256
from florilegium.manifests.manifest import Resource
from florilegium.manifests.tables import parquet
from florilegium.pipelines.commoncrawl.choose import Integers, Mode, Requests
from florilegium.pipelines.commoncrawl.grouping import InFile
from florilegium.pipelines.commoncrawl.sources import Place, checked
from florilegium.pipelines.harvest.part import Unit

SUFFIX = ".parquet"
_KEY = b"florilegium.plan"
_ROWS_IN_A_GROUP = 32
"""A worker reads a group to get its row, and what says where all groups are: a few megabytes."""
_SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("subset", pa.string()),
        ("version", pa.string()),
        ("records", pa.int64()),
        ("bytes", pa.int64()),
        ("mode", pa.string()),
        ("starts", pa.list_(pa.int64())),
        ("stops", pa.list_(pa.int64())),
        ("offsets", pa.list_(pa.int64())),
        ("lengths", pa.list_(pa.int32())),
        ("digests", pa.list_(pa.uint64())),
    ]
)


class PlanError(ValueError):
    """A file that is no plan of this program; the message says what to do."""


class Totals(Struct, kw_only=True):
    """A plan in numbers."""

    pages: int = 0
    """Pages that are chosen."""
    robots: int = 0
    """Captures of robots.txt that are chosen."""
    files: int = 0
    """WARC files that are read."""
    requests: int = 0
    wanted_bytes: int = 0
    """Bytes of the chosen records."""
    read_bytes: int = 0
    """Bytes that come for them, gaps included."""
    files_bytes: int = 0
    """Bytes of these files as a whole, as far as the index tells."""
    index_bytes: int = 0
    """Bytes of the index that came to find this out."""
    snapshot_pages: int = 0
    snapshot_files: int = 0
    snapshot_bytes: int = 0
    """About, by the mean size of files that the index tells of."""
    modes: dict[str, int] = {}
    """Files by how they are read."""
    languages: dict[str, int] = {}
    """Chosen pages by the first language that the index names."""
    lost: dict[str, int] = {}
    """Captures that were looked at and not chosen, by the first test that they failed."""


class Head(Struct, frozen=True, kw_only=True):
    """What holds for all of a plan."""

    format: int = 1
    snapshot: str
    place: Place
    requests_per_second: float
    totals: Totals


class Row(Struct, frozen=True, kw_only=True):
    """What is read of one file."""

    head: Head
    file: str
    subset: str
    requests: Requests
    offsets: Integers
    lengths: Integers


class Listed(Struct, frozen=True):
    """A row of a plan in short."""

    file: str
    version: str
    bytes: int


def row_of(found: InFile, subset: str, requests: Requests) -> dict[str, Any]:
    """Return the row of a file of which some records are read."""
    return {
        "file": found.file,
        "subset": subset,
        "version": _version(found.file, found.offsets, found.lengths),
        "records": len(found.offsets),
        "bytes": int(found.lengths.sum()),
        "mode": requests.mode,
        "starts": requests.starts,
        "stops": requests.stops,
        "offsets": found.offsets,
        "lengths": found.lengths.astype(np.int32),
        "digests": found.digests,
    }


def row_of_whole(file: str, subset: str, size: int) -> dict[str, Any]:
    """Return the row of a file that is read from its first byte to its last."""
    none: NDArray[np.int64] = np.empty(0, np.int64)
    return {
        "file": file,
        "subset": subset,
        "version": _version(file, none, np.array([size])),
        "records": 0,
        "bytes": size,
        "mode": "all",
        "starts": np.array([0]),
        "stops": np.array([size]),
        "offsets": none,
        "lengths": none.astype(np.int32),
        "digests": none.astype(np.uint64),
    }


def write(place: Location, rows: Iterable[dict[str, Any]], head: Head) -> None:
    """Write a plan, whole or not at all; `head` is looked at when all rows are there."""
    with replacing(place) as draft, _writer(draft) as writer:
        waiting: list[dict[str, Any]] = []
        for row in rows:
            waiting.append(row)
            if len(waiting) == _ROWS_IN_A_GROUP:
                writer.write_table(pa.Table.from_pylist(waiting, _SCHEMA))
                waiting.clear()
        if waiting:
            writer.write_table(pa.Table.from_pylist(waiting, _SCHEMA))
        writer.add_key_value_metadata({_KEY: msgspec.json.encode(head)})


def _writer(path: Path) -> pq.ParquetWriter:
    return pq.ParquetWriter(path, _SCHEMA, compression="zstd", write_statistics=False)


def read_head(place: Location) -> Head:
    """Return what holds for all of a plan; PlanError if the file is none."""
    with _opened(place) as file:
        return _head(file, place)


def listed(place: Location) -> Iterator[Listed]:
    """Yield the rows of a plan in short, in their order; PlanError if the file is none."""
    with _opened(place) as file:
        _head(file, place)
        for batch in file.iter_batches(columns=["file", "version", "bytes"]):
            for row in batch.to_pylist():
                yield Listed(checked(row["file"]), row["version"], row["bytes"])


def digests(place: Location) -> NDArray[np.uint64]:
    """Return what a plan knows of the digests of its pages, in order; PlanError if it is none."""
    with _opened(place) as file:
        _head(file, place)
        found: NDArray[np.uint64] = np.empty(0, np.uint64)
        for batch in file.iter_batches(columns=["subset", "digests"]):
            pages = batch.filter(pc.equal(batch["subset"], "warc"))
            found = np.unique(np.concatenate([found, np.asarray(pages["digests"].flatten())]))
    return found[found > 0]


def read_row(place: Location, number: int) -> Row:
    """Return one row of a plan, counted from 0; PlanError if there is none."""
    with _opened(place) as file:
        head = _head(file, place)
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if number < rows:
                columns = [name for name in _SCHEMA.names if name != "digests"]
                return _row(head, file.read_row_group(group, columns=columns).slice(number, 1))
            number -= rows
    raise PlanError(f"{place} has no such row; run `florilegium select` again")


def plans_of(units: Iterable[Unit]) -> tuple[Resource, ...]:
    """Return the plans that units come from, by snapshot and digest."""
    found = {(read_head(place).snapshot, sha256(place)) for place in _places(units)}
    return tuple(Resource(name=f"plan of {name}", sha256=digest) for name, digest in sorted(found))


def archives_of(units: Iterable[Unit]) -> list[Location]:
    """Return where the archives of units lie, those on the web left out."""
    bases = {read_head(place).place.base for place in _places(units)}
    return [locate(base) for base in sorted(bases) if not base.startswith(("https:", "http:"))]


def _places(units: Iterable[Unit]) -> list[Location]:
    return [locate(path) for path in sorted({one.path for one in units if one.row is not None})]


def _row(head: Head, found: pa.Table) -> Row:
    lists = {
        name: np.asarray(found[name].combine_chunks().flatten()).astype(np.int64)
        for name in ("starts", "stops", "offsets", "lengths")
    }
    mode: Mode = found["mode"][0].as_py()
    return Row(
        head=head,
        file=checked(found["file"][0].as_py()),
        subset=found["subset"][0].as_py(),
        requests=Requests(mode, lists["starts"], lists["stops"]),
        offsets=lists["offsets"],
        lengths=lists["lengths"],
    )


@contextmanager
def _opened(place: Location) -> Iterator[pq.ParquetFile]:
    try:
        with parquet(place) as file:
            yield file
    except pa.ArrowInvalid as error:
        raise PlanError(f"{place} is no plan: {error}") from error


def _head(file: pq.ParquetFile, place: Location) -> Head:
    said = (file.schema_arrow.metadata or {}).get(_KEY) or (file.metadata.metadata or {}).get(_KEY)
    if said is None:
        raise PlanError(f"{place} is no plan: plans are what `florilegium select` writes")
    try:
        return msgspec.json.decode(said, type=Head)
    except msgspec.MsgspecError as error:
        raise PlanError(f"{place} is no plan that can be used, select again: {error}") from error


def _version(file: str, offsets: Integers, lengths: Integers) -> str:
    """Return a digest of what is read, however it is read."""
    hasher = hashlib.sha256(f"{file}\n{len(offsets)}\n".encode())
    for numbers in (offsets, lengths):
        hasher.update(numbers.astype("<i8").tobytes())
    return hasher.hexdigest()


def is_plan(place: Location) -> bool:
    """Say whether a file is a plan by its name."""
    return Path(place.name).suffix == SUFFIX
