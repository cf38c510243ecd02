"""Assess: what a recipe wants to know of texts beyond what harvest counts.

Scorers, word lists, benchmarks and filters of datatrove look at the texts of the parts that are no
copies, as they are after `lines`. No text moves. A part gets `<ordinal>.parquet`, a row for each of
its documents in their order, so that a model or a list can be another one without a WARC being read
again. A recipe that asks for nothing of this has no such step.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from florilegium.dedup.decisions import Reason
from florilegium.manifests.document import Document
from florilegium.manifests.location import Location, locate, replacing
from florilegium.manifests.schema import from_table
from florilegium.manifests.tables import batches
from florilegium.pipelines.assessment.assessors import Assessor, assessors
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.files import load_array
from florilegium.pipelines.overlay import ASSESSED_SCHEMA, Overlay, assessed_of
from florilegium.pipelines.recipe import Recipe
from florilegium.pipelines.rights.judged import refusals_of


class PartToAssess(Struct, frozen=True, kw_only=True):
    """The documents of a part, what was decided on its duplicates, and what is repeated in it."""

    ordinal: int
    documents: str
    decisions: str
    lines: str | None = None
    """Folder of what was found of repeated lines, if they were looked for."""
    judged: str | None = None
    """Folder of what was judged of rights, if it was."""


def assess(
    root: beam.Pipeline,
    parts: list[PartToAssess],
    sizes: list[int],
    recipe: Recipe,
    out: Location,
    engine: Engine,
) -> None:
    """Lay out the pipeline that writes what is to be known of each part into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    listed = [msgspec.json.encode(part) for part in parts]
    work = _Assess(msgspec.json.encode(recipe), str(out))
    _ = engine.spread(root, "parts", listed, sizes) | "assess" >> beam.ParDo(work)


class _Assess(beam.DoFn):
    def __init__(self, recipe: bytes, out: str) -> None:
        self._recipe = recipe
        self._out = out
        self._assessors: list[Assessor] | None = None

    def process(self, encoded: bytes) -> Iterator[int]:
        part = msgspec.json.decode(encoded, type=PartToAssess)
        if self._assessors is None:
            self._assessors = assessors(msgspec.json.decode(self._recipe, type=Recipe))
        place = assessed_of(locate(self._out), part.ordinal)
        if not place.is_file():  # a twin of this attempt, or a killed build, came so far
            assess_part(part, self._assessors, place)
        yield part.ordinal


def assess_part(part: PartToAssess, looking: list[Assessor], place: Location) -> None:
    """Write what is to be known of the documents of a part that are no copies and not refused."""
    decisions = load_array(locate(part.decisions))
    removed = decisions["row"][decisions["reason"] != Reason.KEPT] - np.uint64(part.ordinal << 32)
    refused = list(refusals_of(locate(part.judged), part.ordinal)) if part.judged else []
    gone = np.union1d(removed, np.array(refused, np.uint64))
    row = 0
    with (
        replacing(place) as draft,
        pq.ParquetWriter(draft, ASSESSED_SCHEMA, compression="zstd", compression_level=3) as file,
        Overlay(locate(part.lines) if part.lines else None, part.ordinal) as overlay,
    ):
        for table in batches(locate(part.documents)):
            rows = np.arange(row, row + table.num_rows, dtype=np.uint64)
            stays = ~np.isin(rows, gone)
            file.write_table(_assessed(overlay.applied(table, row), stays, looking))
            row += table.num_rows


def _assessed(table: pa.Table, stays: np.ndarray, looking: list[Assessor]) -> pa.Table:
    """Return a row for each document; null for those that do not stay."""
    found = []
    documents = iter(from_table(table.filter(pa.array(stays)), Document))
    for stay in stays.tolist():
        facts: dict[str, Any] = {}
        for document in itertools.islice(documents, int(stay)):
            for one in looking:
                facts |= one.assess(document)
        found.append(facts)
    columns = [
        pa.array([facts.get(field.name) for facts in found], field.type)
        for field in ASSESSED_SCHEMA
    ]
    return pa.Table.from_arrays(columns, schema=ASSESSED_SCHEMA)
