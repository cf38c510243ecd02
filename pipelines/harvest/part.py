"""A part: what harvest makes of one unit of input. There whole or not at all.

A part is a folder named after its unit and the fingerprint of all that went into it, so a part
that is there need not be made again. In it are `part.json` and the folder it names, of the
attempt that was finished first: `documents.parquet`, `losses.parquet`, `hosts.parquet` and
`signatures.npy` (one entry a document, in the same order). What other attempts left behind is not
looked at.
"""

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from florilegium.manifests.document import Document
from florilegium.manifests.host_record import HostRecord
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import (
    Location,
    create,
    entries,
    files,
    remove,
    remove_tree,
    replacing,
)
from florilegium.manifests.schema import DOCUMENT_SCHEMA, HOST_SCHEMA, LOSS_SCHEMA, to_table
from florilegium.manifests.scratch import mark
from florilegium.pipelines.files import read_all, save_array

BATCH = 256
RUN_CHARS = 16 << 20
_LABEL = "part.json"

_Content: TypeAlias = bytes


class Unit(Struct, frozen=True, kw_only=True):
    """One piece of input: a WARC file, or what a plan chooses of one."""

    name: str
    path: str
    """Where the file is, or the plan."""
    bytes: int
    fingerprint: str
    """Digest of the input's identity and of all that decides what harvest makes of it."""
    row: int | None = None
    """The row of the plan that says what is read; None if it is the file itself."""
    content: _Content | None = None
    """What is in the file, if it lies nowhere."""

    @property
    def folder(self) -> str:
        """Name of the folder that holds this unit's part."""
        label = hashlib.sha256(self.name.encode()).hexdigest()[:8]
        return f"{label}-{self.fingerprint[:16]}"


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a part holds, by count; `sha256` is the digest of what was read of the input."""

    unit: str
    fingerprint: str
    bytes: int
    sha256: str
    records: int
    host_records: int = 0
    """Captures of files in which hosts speak for their pages."""
    host_redirects: int = 0
    """Those of them that are redirects to other sites."""
    passed_over: int | None = None
    """Bytes that were fetched and not chosen by a plan; None if all of the file was read."""
    attempt: str = ""
    """Folder of the part's files."""
    erased: str = ""
    """Digest of the log of erasures that the part was purged of; see `purge`."""


def load(folder: Location) -> Part | None:
    """Return the finished part in this folder, or None."""
    try:
        return _read((folder / _LABEL).read_bytes())
    except FileNotFoundError:
        return None


def finished(parts: Location) -> dict[str, Part]:
    """Return all finished parts by the names of their folders."""
    labels = [path for path, _ in files(parts) if path.name == _LABEL]
    read = zip(labels, read_all(labels), strict=True)
    return {path.parent.name: part for path, label in read if (part := _read(label)) is not None}


def remove_damaged(parts: Location) -> None:
    """Remove labels that cannot be read, lest they stand in the way of whole parts.

    What lies beside one may be of an attempt that is still at work, so that stays.
    """
    labels = [path for path, _ in files(parts) if path.name == _LABEL]
    for path, label in zip(labels, read_all(labels), strict=True):
        if _read(label) is None:
            path.unlink(missing_ok=True)


def remove_left_over(parts: Location) -> None:
    """Remove what attempts left beside finished parts: failures, and folders of those that lost.

    An attempt may be at work that nobody waits for any more, on a cluster that outlived the
    command. So nothing is removed until there is a part that it can no longer become.
    """
    whole = finished(parts)
    for way in entries(parts, 2):
        folder, name = way.split("/")
        if folder in whole and name not in (_LABEL, whole[folder].attempt):
            # An attempt at work may write meanwhile; what it leaves is removed by the next build.
            with suppress(OSError):
                remove(parts / way)


class PartWriter:
    """Writes a part beside those of other attempts; whichever is finished first is the part.

    Documents are sorted by language and id in runs of bounded size, so that a range of ids can
    be read without the rest, and memory does not grow with the unit.
    """

    def __init__(self, folder: Location, stored: np.dtype[np.void]) -> None:
        self._folder = folder
        self._stored = stored
        self._attempt = mark()
        self._place = folder / self._attempt
        self._place.mkdir(parents=True)
        self._files = ExitStack()
        self._documents = self._table("documents.parquet", DOCUMENT_SCHEMA)
        self._losses = self._table("losses.parquet", LOSS_SCHEMA)
        self._hosts = self._table("hosts.parquet", HOST_SCHEMA)
        self._run: list[tuple[Document, np.void]] = []
        self._run_bytes = 0
        self._signatures: list[np.ndarray] = []

    def add(
        self,
        documents: list[Document],
        signatures: np.ndarray,
        losses: list[Loss],
        hosts: Sequence[HostRecord] = (),
    ) -> None:
        """Append a batch; one stored signature a document, losses in the order of their records."""
        self._run.extend(zip(documents, signatures, strict=True))
        self._run_bytes += sum(len(document.text) for document in documents)
        if self._run_bytes >= RUN_CHARS:
            self._flush()
        if losses:
            self._losses.write_table(to_table(losses, LOSS_SCHEMA))
        if hosts:
            self._hosts.write_table(to_table(hosts, HOST_SCHEMA))

    def commit(self, part: Part) -> Part:
        """Finish the part; return it, or the part of another attempt that was finished before."""
        self._flush()
        self._files.close()
        signatures = np.concatenate([np.empty(0, self._stored), *self._signatures])
        save_array(self._place / "signatures.npy", signatures)
        mine = msgspec.structs.replace(part, attempt=self._attempt)
        create(self._folder / _LABEL, msgspec.json.encode(mine))
        there = load(self._folder)
        if there is None or there.attempt != self._attempt:
            remove_tree(self._place)
        return there or mine

    def abandon(self, error: BaseException) -> None:
        """Remove what was written, because of an error."""
        with suppress(Exception):
            self._files.__exit__(type(error), error, error.__traceback__)
        remove_tree(self._place)

    def _table(self, name: str, schema: pa.Schema) -> pq.ParquetWriter:
        draft = self._files.enter_context(replacing(self._place / name))
        writer = pq.ParquetWriter(draft, schema, compression="zstd", compression_level=1)
        return self._files.enter_context(writer)

    def _flush(self) -> None:
        self._run.sort(key=lambda pair: (pair[0].lang, pair[0].id))
        for start in range(0, len(self._run), BATCH):
            chunk = self._run[start : start + BATCH]
            self._documents.write_table(to_table([d for d, _ in chunk], DOCUMENT_SCHEMA))
            self._signatures.append(np.array([s for _, s in chunk], self._stored))
        self._run.clear()
        self._run_bytes = 0


def _read(label: bytes) -> Part | None:
    try:
        return msgspec.json.decode(label, type=Part)
    except msgspec.MsgspecError:
        return None
