"""A share of the input, really harvested: what it comes to, and what that takes.

Nothing is written but to a temporary folder. Of a file in a store only some ranges are read.
"""

import itertools
import os
import resource
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from florilegium.dedup.decisions import stored_by
from florilegium.dedup.methods import METHODS
from florilegium.dedup.signature import sign
from florilegium.filters.measures import customs, measure
from florilegium.filters.paragraphs import paragraphs
from florilegium.manifests.buckets import Bucket, sum_of
from florilegium.manifests.document import Document
from florilegium.manifests.scratch import scratch
from florilegium.pipelines.forecast.places import Place, places, there
from florilegium.pipelines.harvest.harvest import harvest_batch, stored
from florilegium.pipelines.harvest.part import Part, PartWriter, Unit
from florilegium.pipelines.harvest.progress import UnitProgress
from florilegium.pipelines.harvest.stages import Tools
from florilegium.pipelines.harvest.warc import Damage, Record

SECONDS = 120.0
"""Processor seconds, models not yet loaded apart; a batch that was begun is finished."""
BATCH = 16


class Piece(Struct, frozen=True, kw_only=True):
    """What was read at one place, or at several, what came of it, and what it took."""

    bytes: int = 0
    records: int = 0
    pages: int = 0
    """HTML pages: records that reached the decoder and went on."""
    documents: int = 0
    text_bytes: int = 0
    passing: Mapping[str, Bucket] = {}
    """Documents that pass the recipe's rules, by language."""
    seconds: float = 0.0
    """Processor seconds of harvest."""
    assess_seconds: float = 0.0
    """Processor seconds of what the recipe lets look at texts once more, all documents taken."""
    host_records: int = 0
    """Records that say what hosts allow."""


class Sample(Struct, frozen=True, kw_only=True):
    """All pieces, and the part that they make."""

    pieces: tuple[Piece, ...]
    files: int
    part_bytes: int
    """Disk that a part of these records takes."""

    @property
    def whole(self) -> Piece:
        """All pieces as one."""
        return together(self.pieces)


def sample(units: Sequence[Unit], pending: int, tools: Tools) -> Sample:
    """Harvest what stands at some places of units; OSError if one cannot be read.

    So many bytes of the units are still to be harvested: the sample is to be a small share of that.
    """
    lying = [unit for unit in units if unit.content is None]
    with scratch() as folder:
        _warm(tools)
        taken = _Taken(lying, tools, folder)
        chosen = places(lying, pending)
        for turn, place in enumerate(chosen):
            taken.add(place, (SECONDS - taken.seconds) / (len(chosen) - turn))
        return taken.summed_up()


def together(pieces: Iterable[Piece]) -> Piece:
    """Return pieces as one."""
    pieces = list(pieces)
    sums = {
        name: sum(getattr(piece, name) for piece in pieces)
        for name in Piece.__struct_fields__
        if name != "passing"
    }
    passing = {
        lang: sum_of(piece.passing.get(lang, Bucket()) for piece in pieces)
        for lang in sorted({lang for piece in pieces for lang in piece.passing})
    }
    return Piece(passing=passing, **sums)


class _Taken:
    """The sample while it grows."""

    def __init__(self, units: Sequence[Unit], tools: Tools, folder: Path) -> None:
        self._units, self._tools, self._folder = units, tools, folder
        self._method = METHODS[tools.recipe.duplicates.method]
        self._writer = PartWriter(folder / "part", stored_by(self._method))
        self._pieces: list[Piece] = []
        self._seen: set[tuple[str, int]] = set()
        self.seconds = 0.0
        self._warm = False

    def add(self, place: Place, seconds: float) -> None:
        """Harvest what stands at a place, until it took so many processor seconds."""
        until = self.seconds + seconds
        found: list[Piece] = []
        for unit, batch in self._batches(place):
            if self.seconds >= until:
                break
            found.append(self._harvested(unit, batch))
        if found:
            self._pieces.append(together(found))

    def _batches(self, place: Place) -> Iterator[tuple[Unit, list[Record | Damage]]]:
        for unit, items in itertools.groupby(self._new(place), key=itemgetter(0)):
            while batch := [item for _, item in itertools.islice(items, BATCH)]:
                yield unit, batch

    def _new(self, place: Place) -> Iterator[tuple[Unit, Record | Damage]]:
        """Yield what stands at a place, up to what was read before."""
        for unit, item in there(self._units, place):
            if (known := (unit.name, item.offset)) in self._seen:
                return
            self._seen.add(known)
            yield unit, item

    def _harvested(self, unit: Unit, batch: list[Record | Damage]) -> Piece:
        shown = UnitProgress(self._folder, unit)
        started = seconds()
        found = harvest_batch(batch, unit.name, self._tools, shown)
        signatures = stored(found.documents, self._method)
        self._writer.add(found.documents, signatures, found.losses, found.hosts)
        taken = seconds() - started
        self.seconds += taken
        documents, assessing = self._assessed(found.documents)
        lost = [loss for loss in found.losses if loss.stage != "read" and loss.rule != "not_html"]
        return Piece(
            bytes=sum(item.length for item in batch),
            records=len(batch),
            pages=len(documents) + len(lost),
            documents=len(documents),
            text_bytes=sum(document.text_bytes for document in documents),
            passing=self._passing(documents),
            seconds=taken,
            assess_seconds=assessing,
            host_records=len(found.hosts),
        )

    def _assessed(self, documents: list[Document]) -> tuple[list[Document], float]:
        """Return the documents with all that the recipe asks of them, and the seconds it took."""
        if not (looking := self._tools.assessors):
            return documents, 0.0
        if not self._warm and documents:
            # What is compiled or loaded once is not of each text.
            for by in looking:
                by.assess(documents[0])
            self._warm = True
        started = seconds()
        told = [
            replace(one, **{name: fact for by in looking for name, fact in by.assess(one).items()})
            for one in documents
        ]
        return told, seconds() - started

    def _passing(self, documents: list[Document]) -> dict[str, Bucket]:
        found: dict[str, Bucket] = {}
        for one in documents:
            if all(rule(one) is None for rule in self._tools.recipe.filters):
                mine = Bucket(1, one.tokens, one.chars, one.text_bytes)
                found[one.lang] = sum_of([found.get(one.lang, Bucket()), mine])
        return found

    def summed_up(self) -> Sample:
        """Finish the part and return what all of it came to."""
        read = together(self._pieces)
        part = Part(unit="", fingerprint="", bytes=read.bytes, sha256="", records=read.records)
        self._writer.commit(part)
        written = (path for path in (self._folder / "part").rglob("*") if path.is_file())
        return Sample(
            pieces=tuple(self._pieces),
            files=len({name for name, _ in self._seen}),
            part_bytes=sum(path.stat().st_size for path in written),
        )


def _warm(tools: Tools) -> None:
    """Load, and where nobody did before compile, what no page is to be charged with."""
    text = "A sentence of no importance. " * 10
    tools.extractor.look(f"<p>{text}</p>")
    lang = min(tools.languages)
    paragraphs(text, tools.identifier)
    measure([text], [customs(lang)])
    sign([text], METHODS[tools.recipe.duplicates.method])
    _ = tools.assessors


def seconds() -> float:
    """Return processor seconds of this process and of its children, those at work included."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    ended = sum(usage.ru_utime + usage.ru_stime for usage in both)
    return ended + sum(_seconds_of(child) for child in _children())


def _children() -> Iterator[str]:
    for listed in Path("/proc/self/task").glob("*/children"):
        yield from listed.read_text().split()


def _seconds_of(process: str) -> float:
    # The name, in brackets, may hold blanks; user and system time are the 14th and 15th field.
    fields = Path("/proc", process, "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
