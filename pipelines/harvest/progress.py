"""Progress of a harvest: each worker notes how far it is, and the driver shows the notes.

Notes are files beside the work, so they look the same whatever process or engine does the work.
They are for people only: no count in a release comes from them.
"""

import time
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from msgspec import Struct

from florilegium.manifests.document import Document
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location, files, replacing
from florilegium.pipelines.files import read_all
from florilegium.pipelines.harvest.part import Unit
from florilegium.pipelines.harvest.warc import Damage, Record

_SECONDS_BETWEEN_NOTES = 0.5
_SECONDS_BETWEEN_NOTES_IN_A_STORE = 15.0


class Note(Struct, frozen=True):
    """How far units are: how many are finished, and what was read, found and lost by stage."""

    units: int = 0
    bytes: int = 0
    records: int = 0
    documents: int = 0
    losses: dict[str, int] = {}


class UnitProgress:
    """Keeps the note of one unit up to date while it is harvested."""

    def __init__(self, folder: Location, unit: Unit) -> None:
        self._pause = seconds_between_notes(folder)
        self._path = folder / f"{unit.folder}.json"
        self._chosen = unit.row is not None
        self._bytes = 0
        self._documents = 0
        self._losses: Counter[str] = Counter()
        self._written = 0.0

    def add(self, item: Record | Damage, found: Document | Loss) -> None:
        """Count one record and what became of it."""
        # Where a plan chooses, places in the file say nothing of how much is done.
        self._bytes = item.length + (self._bytes if self._chosen else item.offset)
        if isinstance(found, Loss):
            self._losses[found.stage] += 1
        else:
            self._documents += 1
        if time.monotonic() - self._written > self._pause:
            self._write()

    def __enter__(self) -> Self:
        self._write()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._write(finished=1)

    def _write(self, finished: int = 0) -> None:
        self._written = time.monotonic()
        records = self._documents + self._losses.total()
        note = Note(finished, self._bytes, records, self._documents, dict(self._losses))
        with replacing(self._path) as draft:
            draft.write_bytes(msgspec.json.encode(note))


def seconds_between_notes(folder: Location) -> float:
    """Return how often notes are written: requests to a store take time, and cost."""
    local = isinstance(folder, Path)
    return _SECONDS_BETWEEN_NOTES if local else _SECONDS_BETWEEN_NOTES_IN_A_STORE


def total(folder: Location) -> Note:
    """Return the sum of all notes in a folder."""
    losses: Counter[str] = Counter()
    units = read = records = documents = 0
    notes = [path for path, _ in files(folder) if path.suffix == ".json"]
    for written in read_all(notes):
        note = msgspec.json.decode(written, type=Note)
        units += note.units
        read += note.bytes
        records += note.records
        documents += note.documents
        losses.update(note.losses)
    return Note(units, read, records, documents, dict(losses))
