"""Harvest: WARC files to parts, one unit of input at a time.

No text leaves the worker: what a unit yields is written where it is made, and a part that is
already there is not made again.
"""

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import apache_beam as beam
import msgspec
import numpy as np

from florilegium.dedup.decisions import STORED
from florilegium.dedup.signature import sign
from florilegium.filters.measures import counts, measure, profile
from florilegium.manifests.document import Document
from florilegium.manifests.ledger import Loss
from florilegium.pipelines.engine import Engine
from florilegium.pipelines.page import Page, read_page
from florilegium.pipelines.part import Part, PartWriter, Unit
from florilegium.pipelines.progress import UnitProgress
from florilegium.pipelines.recipe import Recipe
from florilegium.pipelines.stages import Tools, harvest_page
from florilegium.pipelines.warc import Damage, Record, read

RECORDS_PER_BATCH = 256


class UnitError(RuntimeError):
    """A unit that cannot be harvested; the message names it and says what to do."""


def harvest_unit(unit: Unit, tools: Tools, parts: Path, progress: Path) -> Part:
    """Read one unit to its end and write its part; return what the part holds.

    UnitError if the file cannot be read or the part cannot be written.
    """
    writer = PartWriter(parts / unit.folder)
    records = 0
    try:
        with UnitProgress(progress, unit) as shown:
            for batch in _batches(read(Path(unit.path)), RECORDS_PER_BATCH):
                documents, losses = harvest_batch(batch, unit.name, tools, shown)
                writer.add(documents, stored(documents, tools.recipe.keep), losses)
                records += len(batch)
        part = Part(
            unit=unit.name,
            fingerprint=unit.fingerprint,
            bytes=unit.bytes,
            sha256=_sha256(Path(unit.path)),
            records=records,
        )
        writer.commit(part)
    except OSError as error:
        writer.abandon()
        raise UnitError(f"{unit.name}: {error}") from error
    except BaseException:
        writer.abandon()
        raise
    return part


def harvest_batch(
    batch: list[Record | Damage], warc: str, tools: Tools, shown: UnitProgress
) -> tuple[list[Document], list[Loss]]:
    """Return the documents and the losses of some records: together one for each."""
    documents: list[Document] = []
    losses: list[Loss] = []
    for item in batch:
        page = read_page(item, warc, tools.recipe.keep_truncated)
        found = harvest_page(page, tools) if isinstance(page, Page) else page
        if isinstance(found, Loss):
            losses.append(found)
        else:
            documents.append(found)
        shown.add(item, found)
    return _measured(documents), losses


def stored(documents: list[Document], keep: str) -> np.ndarray:
    """Return what deduplication needs to know of each document, as STORED entries."""
    entries = np.zeros(len(documents), STORED)
    signatures = sign([document.text for document in documents])
    for name in signatures.dtype.names:
        entries[name] = signatures[name]
    for entry, document in zip(entries, documents, strict=True):
        entry["id"] = np.frombuffer(document.id, np.uint8)
        entry["priority"] = _priority(document, keep)
    return entries


def _priority(document: Document, keep: str) -> int:
    """Return a number that is smaller the sooner the document is kept."""
    size = 0xFFFFFFFF - min(document.text_bytes, 0xFFFFFFFF)
    time = min(max(document.crawl_time, 0), 0xFFFFFFFF)
    if keep == "longest":
        return size << 32 | time
    return (time if keep == "earliest" else 0xFFFFFFFF - time) << 32 | size


def _measured(documents: list[Document]) -> list[Document]:
    """Return the documents with their counts."""
    profiles = np.array([profile(document.lang) for document in documents], np.uint8)
    rows = measure([document.text for document in documents], profiles)
    return [
        msgspec.structs.replace(document, counts=counts(row))
        for document, row in zip(documents, rows, strict=True)
    ]


class _Harvest(beam.DoFn):
    def __init__(self, recipe: bytes, parts: str, progress: str) -> None:
        self._recipe = recipe
        self._parts = parts
        self._progress = progress
        self._tools: Tools | None = None

    def process(self, unit: bytes) -> Iterator[bytes]:
        if self._tools is None:
            self._tools = Tools(msgspec.json.decode(self._recipe, type=Recipe))
        one = msgspec.json.decode(unit, type=Unit)
        part = harvest_unit(one, self._tools, Path(self._parts), Path(self._progress))
        yield msgspec.json.encode(part)

    def teardown(self) -> None:
        if self._tools is not None:
            self._tools.close()


def harvest(
    root: beam.Pipeline,
    units: list[Unit],
    recipe: Recipe,
    parts: Path,
    progress: Path,
    engine: Engine,
) -> None:
    """Lay out the pipeline that writes the part of each unit into the folder `parts`."""
    listed = [msgspec.json.encode(unit) for unit in units]
    spread = engine.spread(root, "units", listed, [unit.bytes for unit in units])
    work = _Harvest(msgspec.json.encode(recipe), str(parts), str(progress))
    _ = spread | "harvest" >> beam.ParDo(work)


def _batches(items: Iterator[Record | Damage], size: int) -> Iterator[list[Record | Damage]]:
    while batch := list(islice(items, size)):
        yield batch


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
