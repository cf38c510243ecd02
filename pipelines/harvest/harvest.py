"""Harvest: WARC files to parts, one unit of input at a time.

No text leaves the worker: what a unit yields is written where it is made, and a part that is
already there is not made again.
"""

from collections.abc import Iterator, Mapping
from itertools import islice

import apache_beam as beam
import msgspec
import numpy as np
from msgspec import Struct

from florilegium.dedup.addresses import hashed
from florilegium.dedup.decisions import stored_by
from florilegium.dedup.methods import METHODS, Method
from florilegium.dedup.policy import quantised
from florilegium.dedup.signature import sign
from florilegium.filters.address import address
from florilegium.filters.licence_names import strictness
from florilegium.filters.measures import counts, customs, measure
from florilegium.filters.optouts.timeline import leaves
from florilegium.filters.standing import standing
from florilegium.manifests.document import Document
from florilegium.manifests.host_record import HostRecord
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location, locate
from florilegium.pipelines.commoncrawl.fetch import RefusedError
from florilegium.pipelines.commoncrawl.sources import GoneError, OtherFileError
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.files import TRY_AGAIN
from florilegium.pipelines.gates import canaries
from florilegium.pipelines.harvest.host_records import read_host_record
from florilegium.pipelines.harvest.part import Part, PartWriter, Unit, load
from florilegium.pipelines.harvest.progress import UnitProgress
from florilegium.pipelines.harvest.stages import Tools, harvest_page, page_of
from florilegium.pipelines.harvest.units import opened
from florilegium.pipelines.harvest.warc import Damage, Record
from florilegium.pipelines.pages.page import Page
from florilegium.pipelines.recipe import Recipe

RECORDS_PER_BATCH = 256
ATTEMPTS = 3


class UnitError(RuntimeError):
    """Units that could not be harvested; the message names each and says what stopped it."""


def harvest_unit(
    unit: Unit, tools: Tools, parts: Location, progress: Location, workers: int = 1
) -> Part:
    """Read one unit to its end and write its part; return what the part holds.

    So many `workers` share what may be asked of an archive. OSError if the file cannot be read or
    the part cannot be written.
    """
    method = METHODS[tools.recipe.duplicates.method]
    writer = PartWriter(parts / unit.folder, stored_by(method))
    records, host_records, host_redirects = 0, 0, 0
    try:
        with UnitProgress(progress, unit) as shown, opened(unit, workers) as source:
            for batch in _batches(source.items(), RECORDS_PER_BATCH):
                found = harvest_batch(batch, unit.name, tools, shown)
                signatures = stored(found.documents, method)
                if unit.name == canaries.NAME:
                    canaries.set_apart(found.documents, signatures)
                writer.add(found.documents, signatures, found.losses, found.hosts)
                records += len(batch)
                host_records += len(found.hosts)
                host_redirects += sum(map(leaves, found.hosts))
            part = Part(
                unit=unit.name,
                fingerprint=unit.fingerprint,
                bytes=unit.bytes,
                sha256=source.sha256(),
                records=records,
                host_records=host_records,
                host_redirects=host_redirects,
                passed_over=source.passed_over,
            )
            return writer.commit(part)
    except BaseException as error:
        writer.abandon(error)
        raise


class Harvested(Struct, frozen=True):
    """Documents and losses, together one for each record; and what some of the lost ones said."""

    documents: list[Document]
    losses: list[Loss]
    hosts: list[HostRecord]


def harvest_batch(
    batch: list[Record | Damage], warc: str, tools: Tools, shown: UnitProgress
) -> Harvested:
    """Return what comes of some records."""
    documents: list[Document] = []
    losses: list[Loss] = []
    hosts: list[HostRecord] = []
    for item in batch:
        found: Document | Loss
        if said := read_host_record(item, warc):
            hosts.append(said[0])
            found = said[1]
        else:
            page = page_of(item, warc, tools.recipe)
            found = harvest_page(page, tools) if isinstance(page, Page) else page
        if isinstance(found, Loss):
            losses.append(found)
        else:
            documents.append(found)
        shown.add(item, found)
    return Harvested(measured(documents), losses, hosts)


def stored(documents: list[Document], method: Method) -> np.ndarray:
    """Return what deduplication needs to know of each document, as `stored_by` the method."""
    entries = np.zeros(len(documents), stored_by(method))
    signatures = sign([document.text for document in documents], method)
    for name in signatures.dtype.names or ():
        entries[name] = signatures[name]
    for entry, document in zip(entries, documents, strict=True):
        entry["id"] = np.frombuffer(document.id, np.uint8)
        entry["bytes"] = min(document.text_bytes, 0xFFFFFFFF)
        entry["time"] = min(max(document.crawl_time, 0), 0xFFFFFFFF)
        entry["quality"] = quantised(standing(document))
        entry["licence"] = strictness(document.license, document.license_tier)
        entry["url"] = hashed(address(document.url))
        entry["address"] = hashed(address(document.canonical or document.url))
    return entries


def measured(documents: list[Document]) -> list[Document]:
    """Return the documents with their counts."""
    languages = [customs(document.lang) for document in documents]
    rows = measure([document.text for document in documents], languages)
    return [
        msgspec.structs.replace(document, counts=counts(row))
        for document, row in zip(documents, rows, strict=True)
    ]


class _Harvest(beam.DoFn):
    def __init__(self, recipe: bytes, parts: str, progress: str, workers: int) -> None:
        self._recipe = recipe
        self._workers = workers
        self._parts = locate(parts)
        self._progress = locate(progress)
        self._tools: Tools | None = None

    def process(self, encoded: bytes) -> Iterator[str]:
        unit = msgspec.json.decode(encoded, type=Unit)
        for attempt in range(ATTEMPTS):
            # An engine that lost a worker starts its work over, and another attempt may have
            # been faster; what was finished stays.
            if load(self._parts / unit.folder) is not None:
                yield unit.name
                return
            try:
                harvest_unit(unit, self._ready(), self._parts, self._progress, self._workers)
            except RefusedError:
                raise  # and let all others stop as well: the archive wants no more requests
            except (GoneError, OtherFileError) as error:
                self._note_failure(unit, error)
                return
            except Exception as error:
                # No fault of the unit, and there may be no room for a note either.
                if isinstance(error, OSError) and error.errno in TRY_AGAIN:
                    raise
                self.teardown()
                if attempt == ATTEMPTS - 1:
                    self._note_failure(unit, error)
            else:
                _failure_note(self._parts, unit).unlink(missing_ok=True)
                yield unit.name
                return

    def _note_failure(self, unit: Unit, error: Exception) -> None:
        (self._parts / unit.folder).mkdir(parents=True, exist_ok=True)
        _failure_note(self._parts, unit).write_text(f"{type(error).__name__}: {error}")

    def _ready(self) -> Tools:
        if self._tools is None:
            self._tools = Tools(msgspec.json.decode(self._recipe, type=Recipe))
        return self._tools

    def teardown(self) -> None:
        if self._tools is not None:
            self._tools.close()
            self._tools = None


def problems_of(units: list[Unit], parts: Location) -> dict[str, str]:
    """Return what stopped each of the units that have no part, by their names."""
    notes = {unit.name: _failure_note(parts, unit) for unit in units}
    return {
        name: note.read_text() if note.exists() else "the worker ended without a word"
        for name, note in notes.items()
    }


def failures(problems: Mapping[str, str]) -> str:
    """Return what is to be said of units that have no part: which, and what stopped each."""
    number = len(problems)
    lines = [f"{number} of the units could not be harvested; all others are finished and kept:"]
    lines += [f"  {name}: {problem}" for name, problem in problems.items()]
    lines.append("Mend or leave out these files and run the same command again.")
    return "\n".join(lines)


def _failure_note(parts: Location, unit: Unit) -> Location:
    return parts / unit.folder / "failed"


def harvest(
    root: beam.Pipeline,
    units: list[Unit],
    recipe: Recipe,
    parts: Location,
    progress: Location,
    engine: Engine,
) -> None:
    """Lay out the pipeline that writes the part of each unit into the folder `parts`."""
    listed = [msgspec.json.encode(unit) for unit in units]
    spread = engine.spread(root, "units", listed, [unit.bytes for unit in units])
    work = _Harvest(msgspec.json.encode(recipe), str(parts), str(progress), engine.workers)
    _ = spread | "harvest" >> beam.ParDo(work)


def _batches(items: Iterator[Record | Damage], size: int) -> Iterator[list[Record | Damage]]:
    while batch := list(islice(items, size)):
        yield batch
