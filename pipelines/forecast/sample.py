"""A few records of the input, really harvested: what they come to, and what that takes.

Nothing is written but to a temporary folder. Of a file in a store only the beginning is read.
"""

import itertools
import os
import resource
import tempfile
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location, locate
from florilegium.pipelines.commoncrawl.members import fetched_row
from florilegium.pipelines.harvest.harvest import harvest_batch, stored
from florilegium.pipelines.harvest.part import Part, PartWriter, Unit
from florilegium.pipelines.harvest.progress import UnitProgress
from florilegium.pipelines.harvest.stages import Tools
from florilegium.pipelines.harvest.warc import Damage, Record, read

FILES = 4
RECORDS = 400
SECONDS = 20.0
"""Processor seconds, models not yet loaded apart; a batch that was begun is finished."""
HEAD_BYTES = 8 << 20
"""What is read of a file in a store."""
BATCH = 16


class Sample(Struct, frozen=True, kw_only=True):
    """What was read, what came of it, and what it took."""

    files: int
    bytes: int
    records: int
    pages: int
    """HTML pages: records that reached the decoder and went on."""
    documents: int
    text_bytes: int
    passing: Mapping[str, Bucket]
    """Documents that pass the recipe's rules, by language."""
    seconds: float
    """Processor seconds of harvest."""
    assess_seconds: float = 0.0
    """Processor seconds of what the recipe lets look at texts once more, all documents taken."""
    host_records: int = 0
    """Records that say what hosts allow."""
    part_bytes: int
    """Disk that a part of these records takes."""


def sample(units: Sequence[Unit], tools: Tools) -> Sample:
    """Harvest the first records of a few units; OSError if one cannot be read."""
    chosen = spread(units, FILES)
    with tempfile.TemporaryDirectory(prefix="florilegium-") as folder:
        _warm(tools)
        taken = _Taken(tools, Path(folder))
        for turn, unit in enumerate(chosen):
            left = len(chosen) - turn
            taken.add(unit, (RECORDS - taken.records) // left, (SECONDS - taken.seconds) / left)
        return taken.summed_up(len(chosen))


def spread(units: Sequence[Unit], most: int) -> list[Unit]:
    """Return at most so many units, in their order: those at even distances in all the bytes."""
    ends = list(itertools.accumulate(unit.bytes for unit in units))
    if len(units) <= most or not ends[-1]:
        return list(units[:most])
    middles = [ends[-1] * (2 * turn + 1) // (2 * most) for turn in range(most)]
    return [units[place] for place in sorted({bisect(ends, middle) for middle in middles})]


def _first_items(unit: Unit) -> Iterator[Record | Damage]:
    if unit.row is None:
        yield from first_records(locate(unit.path))
        return
    with fetched_row(locate(unit.path), unit.row, 1, HEAD_BYTES) as chosen:
        yield from _whole(list(chosen.items()), chosen.path.stat().st_size if chosen.cut else None)


def first_records(location: Location) -> Iterator[Record | Damage]:
    """Yield what a file holds, in order; of a file in a store, what is whole in its beginning."""
    with _head(location) as (path, cut):
        if not cut:
            yield from read(path)
            return
        yield from _whole(list(read(path)), path.stat().st_size)


def _whole(items: list[Record | Damage], cut: int | None) -> list[Record | Damage]:
    """Return the items of a file that are in there as a whole, if it is cut off at a byte."""
    # The last record, and whatever its torn end looks like, is not.
    while items and cut and (isinstance(items[-1], Damage) or _end(items[-1]) == cut):
        items.pop()
    return items


def _end(item: Record) -> int:
    return item.offset + item.length


@contextmanager
def _head(location: Location) -> Iterator[tuple[Path, bool]]:
    """Give a local file that begins like this one, and whether it is cut off."""
    if isinstance(location, Path):
        yield location, False
        return
    with tempfile.TemporaryDirectory(prefix="florilegium-") as folder:
        head = Path(folder, "head")
        with location.open("rb") as source:
            head.write_bytes(source.read(HEAD_BYTES))
            yield head, bool(source.read(1))


class _Taken:
    """The sample while it grows."""

    def __init__(self, tools: Tools, folder: Path) -> None:
        self._tools, self._folder = tools, folder
        self._method = METHODS[tools.recipe.duplicates.method]
        self._writer = PartWriter(folder / "part", stored_by(self._method))
        self._documents: list[Document] = []
        self._losses: list[Loss] = []
        self._bytes = 0
        self._host_records = 0
        self.seconds = self.assess_seconds = 0.0
        self._warm = False

    @property
    def records(self) -> int:
        """Records harvested so far."""
        return len(self._documents) + len(self._losses)

    def add(self, unit: Unit, records: int, seconds: float) -> None:
        """Harvest records of one unit until there are enough or it took too long."""
        shown = UnitProgress(self._folder, unit)
        until = self.seconds + seconds
        items = itertools.islice(_first_items(unit), records)
        while self.seconds < until:
            started = _seconds()
            if not (batch := list(itertools.islice(items, BATCH))):
                break
            found = harvest_batch(batch, unit.name, self._tools, shown)
            signatures = stored(found.documents, self._method)
            self._writer.add(found.documents, signatures, found.losses, found.hosts)
            self.seconds += _seconds() - started
            self._documents += self._assessed(found.documents)
            self._losses += found.losses
            self._host_records += len(found.hosts)
            self._bytes += sum(item.length for item in batch)

    def _assessed(self, documents: list[Document]) -> list[Document]:
        """Return the documents with all that is told of them, as far as the recipe asks for it."""
        if not (looking := self._tools.assessors):
            return documents
        if not self._warm and documents:
            # What is compiled or loaded once is not of each text.
            for by in looking:
                by.assess(documents[0])
            self._warm = True
        started = _seconds()
        told = [
            replace(one, **{name: fact for by in looking for name, fact in by.assess(one).items()})
            for one in documents
        ]
        self.assess_seconds += _seconds() - started
        return told

    def summed_up(self, files: int) -> Sample:
        """Finish the part and return what all of it came to."""
        started = _seconds()
        part = Part(unit="", fingerprint="", bytes=self._bytes, sha256="", records=self.records)
        self._writer.commit(part)
        self.seconds += _seconds() - started
        lost = [loss for loss in self._losses if loss.stage != "read" and loss.rule != "not_html"]
        return Sample(
            files=files,
            bytes=self._bytes,
            records=self.records,
            pages=len(self._documents) + len(lost),
            documents=len(self._documents),
            text_bytes=sum(document.text_bytes for document in self._documents),
            passing=self._passing(),
            seconds=self.seconds,
            assess_seconds=self.assess_seconds,
            host_records=self._host_records,
            part_bytes=sum(p.stat().st_size for p in self._folder.rglob("*.*") if p.is_file()),
        )

    def _passing(self) -> dict[str, Bucket]:
        found: dict[str, Bucket] = {}
        for one in self._documents:
            if all(rule(one) is None for rule in self._tools.recipe.filters):
                mine = Bucket(1, one.tokens, one.chars, one.text_bytes)
                found[one.lang] = sum_of([found.get(one.lang, Bucket()), mine])
        return found


def _warm(tools: Tools) -> None:
    """Load, and where nobody did before compile, what no page is to be charged with."""
    text = "A sentence of no importance. " * 10
    tools.extractor.look(f"<p>{text}</p>")
    lang = min(tools.languages)
    paragraphs(text, tools.identifier)
    measure([text], [customs(lang)])
    sign([text], METHODS[tools.recipe.duplicates.method])
    _ = tools.assessors


def _seconds() -> float:
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
