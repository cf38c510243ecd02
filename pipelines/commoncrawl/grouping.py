"""Captures in the order of the index, brought together by the file they are in.

An index is sorted by address, and a snapshot has some 90,000 files, so neighbours are far apart.
Captures go into buckets on disk by their file, and a bucket at a time is put in order.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from florilegium.pipelines.commoncrawl.index import DIGEST, FILE, LENGTH, OFFSET, SnapshotError
from florilegium.pipelines.commoncrawl.sources import checked

BUCKETS = 128
"""Of the European part of a snapshot, one holds some five million captures."""
_SCHEMA = pa.schema(
    [
        ("file", pa.dictionary(pa.int32(), pa.string())),
        ("offset", pa.int64()),
        ("length", pa.int64()),
        ("digest", pa.uint64()),
    ]
)
_DIGEST_CHARS = 32
_READ = 12
"""Characters of a digest that are kept: 60 bits."""
_FIVE_BITS = np.zeros(256, np.uint64)
_FIVE_BITS[np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", np.uint8)] = np.arange(32)


class InFile(NamedTuple):
    """The chosen captures of one file, in their order: none overlaps another."""

    file: str
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]
    digests: NDArray[np.uint64]
    """The beginning of the digest of each payload; 0 where the index has none."""


class Buckets:
    """Takes captures in any order, and gives them back file by file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = ExitStack()
        options = pa.ipc.IpcWriteOptions(compression="lz4", emit_dictionary_deltas=False)
        self._writers = [
            self._files.enter_context(pa.ipc.new_stream(self._path(n), _SCHEMA, options=options))
            for n in range(BUCKETS)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.close()

    def add(self, rows: pa.Table) -> None:
        """Take in rows of the index."""
        files = pc.dictionary_encode(_whole(rows[FILE]))
        batch = pa.record_batch(
            [
                files.cast(_SCHEMA.field("file").type),
                _whole(rows[OFFSET]).cast(pa.int64()),
                _whole(rows[LENGTH]).cast(pa.int64()),
                pa.array(digests_of(_whole(rows[DIGEST]))),
            ],
            schema=_SCHEMA,
        )
        into = np.array([crc32(name.encode()) % BUCKETS for name in files.dictionary.to_pylist()])
        into = into[np.asarray(files.indices)]
        for number in np.unique(into):
            self._writers[number].write_batch(batch.filter(pa.array(into == number)))

    def in_files(self) -> Iterator[InFile]:
        """Yield what was taken in, file by file, always in the same order.

        SnapshotError if captures overlap.
        """
        self._files.close()
        for number in range(BUCKETS):
            with pa.OSFile(self._path(number)) as source, pa.ipc.open_stream(source) as reader:
                rows = reader.read_all()
            plain = rows.set_column(0, "file", rows["file"].cast(pa.string()))
            yield from _in_files(plain.sort_by([("file", "ascending"), ("offset", "ascending")]))

    def _path(self, number: int) -> str:
        return str(self._folder / f"{number:03d}.arrows")


def _in_files(rows: pa.Table) -> Iterator[InFile]:
    if not len(rows):
        return
    runs = pc.run_end_encode(_whole(rows["file"]))
    starts = np.concatenate(([0], np.asarray(runs.run_ends)))
    columns = [np.asarray(_whole(rows[name])) for name in ("offset", "length", "digest")]
    for place, name in enumerate(runs.values.to_pylist()):
        run = slice(starts[place], starts[place + 1])
        offsets, lengths, digests = (column[run] for column in columns)
        # An index may list a capture twice.
        first = np.concatenate(([True], offsets[1:] != offsets[:-1]))
        found = InFile(checked(name), offsets[first], lengths[first], digests[first])
        _check(found)
        yield found


def _check(found: InFile) -> None:
    ends = found.offsets + found.lengths
    if found.offsets[0] < 0 or (found.lengths < 1).any() or (ends[:-1] > found.offsets[1:]).any():
        raise SnapshotError(f"the index contradicts itself on {found.file}: records overlap")


def digests_of(column: pa.Array) -> NDArray[np.uint64]:
    """Return the first 60 bits of SHA-1 digests in Base32; 0 for what is none."""
    known = np.asarray(pc.equal(pc.fill_null(pc.binary_length(column), 0), _DIGEST_CHARS))
    found = np.zeros(len(column), np.uint64)
    joined = b"".join(one.encode() for one in column.filter(pa.array(known)).to_pylist())
    if len(joined) != _DIGEST_CHARS * known.sum():
        return found
    letters = np.frombuffer(joined, np.uint8).reshape(-1, _DIGEST_CHARS)[:, :_READ]
    bits = np.zeros(len(letters), np.uint64)
    for place in range(_READ):
        bits = bits << np.uint64(5) | _FIVE_BITS[letters[:, place]]
    found[known] = bits
    return found


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
