"""Decide: the recipe's rules and the duplicates, applied to the facts of each part.

No text is read. Each part gets a verdict: which of its documents stay and for how many copies
each stands, a file of the ledger with everything it lost, and counts by language and id bucket.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import apache_beam as beam
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from florilegium.dedup.decisions import Reason
from florilegium.manifests.document import Facts
from florilegium.manifests.ledger import Loss
from florilegium.manifests.schema import LOSS_SCHEMA, from_table, to_table
from florilegium.pipelines.engine import Engine
from florilegium.pipelines.files import replacing
from florilegium.pipelines.part import batches, load
from florilegium.pipelines.recipe import Recipe

BUCKETS = 4096
"""Ranges into which ids are divided: the finest unit of shards and samples."""


class Bucket(Struct, array_like=True):
    """Documents of one language whose ids lie in one range."""

    documents: int = 0
    tokens: int = 0
    chars: int = 0
    bytes: int = 0


class Verdict(Struct, frozen=True, kw_only=True):
    """What a part comes to: its losses, and what it keeps by language and bucket."""

    records: int
    losses: list[tuple[str, str, str | None, int]]
    """Stage, rule, language, number."""
    kept: dict[str, dict[int, Bucket]]
    ledger_rows: int


class PartToDecide(Struct, frozen=True, kw_only=True):
    """Where a part is, where its duplicates were noted, and where its verdict goes."""

    ordinal: int
    part: str
    decisions: str
    verdict: str
    ledger: str


class LostRecordsError(RuntimeError):
    """Records that are neither in a part's documents nor in its losses."""


def bucket(identity: bytes) -> int:
    """Return the bucket of an id, 0 to BUCKETS - 1."""
    return int.from_bytes(identity[:2], "big") * BUCKETS >> 16


def decide(
    root: beam.Pipeline, parts: list[PartToDecide], sizes: list[int], recipe: Recipe, engine: Engine
) -> None:
    """Lay out the pipeline that writes the verdict and the ledger file of each part."""
    listed = [msgspec.json.encode(part) for part in parts]
    spread = engine.spread(root, "parts", listed, sizes)
    _ = spread | "decide" >> beam.ParDo(_Decide(msgspec.json.encode(recipe)))


class _Decide(beam.DoFn):
    def __init__(self, recipe: bytes) -> None:
        self._recipe = recipe

    def process(self, encoded: bytes) -> Iterator[bytes]:
        part = msgspec.json.decode(encoded, type=PartToDecide)
        decide_part(part, msgspec.json.decode(self._recipe, type=Recipe))
        yield encoded


def decide_part(part: PartToDecide, recipe: Recipe) -> Verdict:
    """Write the verdict of one part; LostRecordsError if its counts do not add up."""
    folder = Path(part.part)
    made = load(folder)
    if made is None:
        raise LostRecordsError(f"{folder.name}: the part is gone; run the build again")
    decisions = np.load(part.decisions, allow_pickle=False)
    decided = dict(zip(decisions["row"].tolist(), decisions, strict=True))
    losses = [
        loss for table in batches(folder / "losses.parquet") for loss in from_table(table, Loss)
    ]
    kept: dict[str, dict[int, Bucket]] = defaultdict(dict)
    sizes: list[int] = []
    for facts in _facts(folder):
        decision = decided.get(part.ordinal << 32 | len(sizes))
        _check_made_for(facts, decision, made.unit)
        loss, size = _judge(facts, decision, recipe)
        sizes.append(size)
        if loss is not None:
            losses.append(loss)
        else:
            _count(kept[facts.lang].setdefault(bucket(facts.id), Bucket()), facts)
    staying = sum(b.documents for buckets in kept.values() for b in buckets.values())
    if staying + len(losses) != made.records:
        raise LostRecordsError(
            f"{made.unit}: {made.records} records read, but {staying} kept and {len(losses)} lost: "
            f"{made.records - staying - len(losses)} unaccounted for"
        )
    verdict = Verdict(
        records=made.records,
        losses=[(*key, n) for key, n in Counter((x.stage, x.rule, x.lang) for x in losses).items()],
        kept=kept,
        ledger_rows=len(losses),
    )
    _write(part, verdict, sizes, losses)
    return verdict


def read_verdict(folder: Path) -> Verdict | None:
    """Return the verdict written in a folder, or None if it is not finished."""
    try:
        return msgspec.json.decode((folder / "verdict.json").read_bytes(), type=Verdict)
    except FileNotFoundError:
        return None


def _facts(folder: Path) -> Iterator[Facts]:
    columns = list(Facts.__struct_fields__)
    for table in batches(folder / "documents.parquet", columns):
        yield from from_table(table, Facts)


def _check_made_for(facts: Facts, decision: np.void | None, unit: str) -> None:
    """Refuse decisions that were made for other documents than a part now holds."""
    if decision is None or decision["reason"] != Reason.KEPT:
        return
    if decision["kept_id"].tobytes() != facts.id:
        raise LostRecordsError(f"{unit}: its duplicates were decided for another part; remove work")


def _judge(facts: Facts, decision: np.void | None, recipe: Recipe) -> tuple[Loss | None, int]:
    """Return the loss of a document, or None and the number of copies it stands for."""
    if decision is not None and decision["reason"] != Reason.KEPT:
        return (
            _loss(
                facts,
                "duplicates",
                Reason(int(decision["reason"])).name.lower(),
                value=round(float(decision["similarity"]), 4),
                limit=recipe.duplicates.min_similarity,
                dup_of=decision["kept_id"].tobytes(),
            ),
            0,
        )
    failed = next((m for rule in recipe.filters if (m := rule(facts)) is not None), None)
    if failed is not None:
        return _loss(facts, "quality", failed.rule, value=failed.value, limit=failed.limit), 0
    return None, 1 if decision is None else int(decision["size"])


def _loss(facts: Facts, stage: str, rule: str, **details: object) -> Loss:
    return Loss(
        id=facts.id,
        warc=facts.warc,
        warc_offset=facts.warc_offset,
        size=facts.text_bytes,
        stage=stage,
        rule=rule,
        host=facts.host,
        domain=facts.domain,
        lang=facts.lang,
        **details,  # type: ignore[arg-type]
    )


def _count(into: Bucket, facts: Facts) -> None:
    into.documents += 1
    into.tokens += facts.tokens
    into.chars += facts.chars
    into.bytes += facts.text_bytes


def _write(part: PartToDecide, verdict: Verdict, sizes: list[int], losses: list[Loss]) -> None:
    folder = Path(part.verdict)
    folder.mkdir(parents=True, exist_ok=True)
    losses.sort(key=lambda loss: loss.warc_offset)
    table: pa.Table = to_table(losses, LOSS_SCHEMA)
    with replacing(Path(part.ledger)) as draft:
        pq.write_table(table, draft, compression="zstd", compression_level=3)
    with replacing(folder / "sizes.npy") as draft, draft.open("wb") as stream:
        np.save(stream, np.array(sizes, np.uint32), allow_pickle=False)
    with replacing(folder / "verdict.json") as draft:
        draft.write_bytes(msgspec.json.encode(verdict))
