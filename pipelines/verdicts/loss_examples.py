"""Examples of losses: chosen where documents are decided on, read when the release is sealed."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter

import pyarrow.parquet as pq
from msgspec import Struct

from florilegium.filters import personal
from florilegium.manifests import loss_example
from florilegium.manifests.entries import entry
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location, replacing
from florilegium.manifests.loss_example import LossExample
from florilegium.manifests.manifest import Table
from florilegium.manifests.schema import LOSS_EXAMPLE_SCHEMA, to_table
from florilegium.manifests.tables import parquet
from florilegium.pipelines.rows import text_of

_READ = 4 * loss_example.CHARS
"""Characters in which personal data are looked for: none that begins in an excerpt is cut off."""


class Candidate(Struct, frozen=True, array_like=True, kw_only=True):
    """A lost document that may serve as an example: its row in a part, not yet its text."""

    id: bytes
    stage: str
    rule: str
    lang: str
    domain: str
    part: int
    row: int


def candidate(loss: Loss, part: int, row: int) -> Candidate:
    """Return the document that was lost as a candidate."""
    return Candidate(
        id=loss.id,
        stage=loss.stage,
        rule=loss.rule,
        lang=loss.lang or "",
        domain=loss.domain,
        part=part,
        row=row,
    )


def fewest(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return of each rule those with the smallest ids, by stage, rule and id."""
    by_rule: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for one in candidates:
        mine = by_rule[one.stage, one.rule]
        mine.append(one)
        if len(mine) > 16 * loss_example.EACH:
            mine[:] = _smallest(mine)
    return [one for key in sorted(by_rule) for one in _smallest(by_rule[key])]


def _smallest(candidates: list[Candidate]) -> list[Candidate]:
    return heapq.nsmallest(loss_example.EACH, candidates, key=attrgetter("id", "part", "row"))


def write_examples(
    candidates: Iterable[Candidate], documents: Sequence[Location], release: Location
) -> Table:
    """Write `audit/examples.parquet` from the documents of each part; return how it is named."""
    made = []
    for one in candidates:
        with parquet(documents[one.part]) as file:
            made.append(_example(one, file))
    with replacing(release / loss_example.PATH) as draft:
        pq.write_table(to_table(made, LOSS_EXAMPLE_SCHEMA), draft, compression="zstd")
        return entry(loss_example.PATH, len(made), draft)


def _example(one: Candidate, file: pq.ParquetFile) -> LossExample:
    beginning = " ".join(text_of(file, one.row)[:_READ].split())
    masked = personal.mask(beginning, personal.find(beginning))
    return LossExample(
        id=one.id,
        stage=one.stage,
        rule=one.rule,
        lang=one.lang,
        domain=one.domain,
        excerpt=masked[: loss_example.CHARS],
    )
