"""A part: what harvest makes of one unit of input. Written whole or not at all.

A part is a folder of four files: `documents.parquet` and `losses.parquet`, `signatures.npy`
(one entry a document, in the same order) and `part.json`. It is named after its unit and the
fingerprint of all that went into it, so a part that is there need not be made again.
"""

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from florilegium.dedup.decisions import STORED
from florilegium.manifests.document import Document
from florilegium.manifests.ledger import Loss
from florilegium.manifests.schema import DOCUMENT_SCHEMA, LOSS_SCHEMA, to_table

BATCH = 256
RUN_CHARS = 16 << 20


class Unit(Struct, frozen=True, kw_only=True):
    """One piece of input: a WARC file."""

    name: str
    path: str
    bytes: int
    fingerprint: str
    """Digest of the input's identity and of all that decides what harvest makes of it."""

    @property
    def folder(self) -> str:
        """Name of the folder that holds this unit's part."""
        label = hashlib.sha256(self.name.encode()).hexdigest()[:8]
        return f"{label}-{self.fingerprint[:16]}"


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a part holds, by count; `sha256` is the digest of the input file."""

    unit: str
    fingerprint: str
    bytes: int
    sha256: str
    records: int


def load(folder: Path) -> Part | None:
    """Return the finished part in this folder, or None."""
    try:
        return msgspec.json.decode((folder / "part.json").read_bytes(), type=Part)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


class PartWriter:
    """Writes a part beside its place and moves it there when it is finished.

    Documents are sorted by language and id in runs of bounded size, so that a range of ids can
    be read without the rest, and memory does not grow with the unit.
    """

    def __init__(self, folder: Path) -> None:
        self._place = folder
        self._draft = folder.with_name(f".{folder.name}-{os.getpid()}-{uuid.uuid4().hex[:8]}")
        self._draft.mkdir(parents=True)
        self._documents = _writer(self._draft / "documents.parquet", DOCUMENT_SCHEMA)
        self._losses = _writer(self._draft / "losses.parquet", LOSS_SCHEMA)
        self._run: list[tuple[Document, np.void]] = []
        self._run_bytes = 0
        self._signatures: list[np.ndarray] = []

    def add(self, documents: list[Document], signatures: np.ndarray, losses: list[Loss]) -> None:
        """Append a batch; one stored signature a document, losses in the order of their records."""
        self._run.extend(zip(documents, signatures, strict=True))
        self._run_bytes += sum(len(document.text) for document in documents)
        if self._run_bytes >= RUN_CHARS:
            self._flush()
        if losses:
            self._losses.write_table(to_table(losses, LOSS_SCHEMA))

    def commit(self, part: Part) -> None:
        """Put the finished part in its place; what was there before gives way."""
        self._flush()
        self._documents.close()
        self._losses.close()
        signatures = np.concatenate([np.empty(0, STORED), *self._signatures])
        np.save(self._draft / "signatures.npy", signatures, allow_pickle=False)
        (self._draft / "part.json").write_bytes(msgspec.json.encode(part))
        shutil.rmtree(self._place, ignore_errors=True)
        self._draft.rename(self._place)

    def abandon(self) -> None:
        """Remove the draft."""
        self._documents.close()
        self._losses.close()
        shutil.rmtree(self._draft, ignore_errors=True)

    def _flush(self) -> None:
        self._run.sort(key=lambda pair: (pair[0].lang, pair[0].id))
        for start in range(0, len(self._run), BATCH):
            chunk = self._run[start : start + BATCH]
            self._documents.write_table(to_table([d for d, _ in chunk], DOCUMENT_SCHEMA))
            self._signatures.append(np.array([s for _, s in chunk], STORED))
        self._run.clear()
        self._run_bytes = 0


def remove_drafts(parts: Path) -> None:
    """Remove what builds that were killed left unfinished."""
    for draft in parts.glob(".*"):
        shutil.rmtree(draft, ignore_errors=True)


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(path, schema, compression="zstd", compression_level=1)


def batches(path: Path, columns: list[str] | None = None) -> Iterator[pa.Table]:
    """Yield a part's Parquet file batch by batch, as it was written."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=columns, use_threads=False)
