"""Decide: the recipe's rules and the duplicates, applied to the facts of each part.

No text is read. Each part gets a verdict: which of its documents stay and for how many copies
each stands, a file of the ledger with everything it lost, and counts by language and id bucket.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import apache_beam as beam
import msgspec
import numpy as np
import pyarrow.parquet as pq
from msgspec import Struct

from florilegium.dedup.decisions import Reason
from florilegium.manifests.document import Facts
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location, locate, replacing, sha256
from florilegium.manifests.manifest import Table
from florilegium.manifests.schema import LOSS_SCHEMA, from_table, to_table
from florilegium.manifests.tables import batches
from florilegium.pipelines.engine import Engine
from florilegium.pipelines.files import load_array, save_array
from florilegium.pipelines.part import load
from florilegium.pipelines.recipe import Recipe

BUCKETS = 4096
"""Ranges into which ids are divided: the finest unit of shards and samples."""


_ADDED_AT_A_TIME = 64
"""Verdicts that wait: taking the sum apart for each would take longer than deciding."""


class Bucket(Struct, array_like=True):
    """Documents of one language whose ids lie in one range."""

    documents: int = 0
    tokens: int = 0
    chars: int = 0
    bytes: int = 0


class Verdict(Struct, frozen=True, kw_only=True):
    """What a part, or several, come to: losses, and what is kept by language and bucket."""

    records: int = 0
    losses: list[tuple[str, str, str | None, int]] = []
    """Stage, rule, language, number."""
    kept: dict[str, dict[int, Bucket]] = {}
    ledger: list[Table] = []
    """The files of the ledger, one a part."""


class PartToDecide(Struct, frozen=True, kw_only=True):
    """Where a part is, where its duplicates were noted, and where its verdict goes."""

    ordinal: int
    part: str
    decisions: str
    verdict: str
    release: str
    ledger: str
    """Path in the release."""


class LostRecordsError(RuntimeError):
    """Records that are neither in a part's documents nor in its losses."""


def bucket(identity: bytes) -> int:
    """Return the bucket of an id, 0 to BUCKETS - 1."""
    return int.from_bytes(identity[:2], "big") * BUCKETS >> 16


def decide(
    root: beam.Pipeline,
    parts: list[PartToDecide],
    sizes: list[int],
    recipe: Recipe,
    total: Location,
    engine: Engine,
) -> None:
    """Lay out the pipeline that writes verdict and ledger of each part, and the sum of verdicts."""
    listed = [msgspec.json.encode(part) for part in parts]
    spread = engine.spread(root, "parts", listed, sizes)
    _ = (
        spread
        | "decide" >> beam.ParDo(_Decide(msgspec.json.encode(recipe)))
        | "add up" >> beam.CombineGlobally(_Sum()).without_defaults()
        | "write" >> beam.ParDo(_WriteTotal(str(total)))
    )


class _Decide(beam.DoFn):
    def __init__(self, recipe: bytes) -> None:
        self._recipe = recipe

    def process(self, encoded: bytes) -> Iterator[bytes]:
        part = msgspec.json.decode(encoded, type=PartToDecide)
        done = read_verdict(locate(part.verdict))
        yield msgspec.json.encode(
            done or decide_part(part, msgspec.json.decode(self._recipe, type=Recipe))
        )


class _Sum(beam.CombineFn):
    """Adds up verdicts, in whatever order they come, many at a time."""

    def create_accumulator(self) -> list[bytes]:
        return []

    def add_input(self, accumulator: list[bytes], verdict: bytes) -> list[bytes]:
        accumulator.append(verdict)
        return accumulator if len(accumulator) < _ADDED_AT_A_TIME else [_sum_of(accumulator)]

    def merge_accumulators(self, accumulators: Iterable[list[bytes]]) -> list[bytes]:
        return [_sum_of(one for accumulator in accumulators for one in accumulator)]

    def compact(self, accumulator: list[bytes]) -> list[bytes]:
        return [_sum_of(accumulator)]

    def extract_output(self, accumulator: list[bytes]) -> bytes:
        return _sum_of(accumulator)


def _sum_of(verdicts: Iterable[bytes]) -> bytes:
    return msgspec.json.encode(added(msgspec.json.decode(one, type=Verdict) for one in verdicts))


class _WriteTotal(beam.DoFn):
    def __init__(self, place: str) -> None:
        self._place = place

    def process(self, total: bytes) -> Iterator[str]:
        with replacing(locate(self._place)) as draft:
            draft.write_bytes(total)
        yield self._place


def decide_part(part: PartToDecide, recipe: Recipe) -> Verdict:
    """Write the verdict of one part; LostRecordsError if its counts do not add up."""
    folder = locate(part.part)
    made = load(folder)
    if made is None:
        raise LostRecordsError(f"{folder.name}: the part is gone; run the build again")
    files = folder / made.attempt
    decisions = load_array(locate(part.decisions))
    decided = dict(zip(decisions["row"].tolist(), decisions, strict=True))
    losses = [
        loss for table in batches(files / "losses.parquet") for loss in from_table(table, Loss)
    ]
    kept: dict[str, dict[int, Bucket]] = defaultdict(dict)
    sizes: list[int] = []
    for facts in _facts(files):
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
        losses=_counted((x.stage, x.rule, x.lang, 1) for x in losses),
        kept=kept,
        ledger=[_write_ledger(part, losses)],
    )
    _write(locate(part.verdict), verdict, sizes)
    return verdict


def added(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the sum of verdicts; their order makes no difference."""
    whole = list(verdicts)
    kept: dict[str, dict[int, Bucket]] = {}
    for verdict in whole:
        for lang, buckets in verdict.kept.items():
            mine = kept.setdefault(lang, {})
            for number, one in buckets.items():
                mine[number] = sum_of([mine.get(number, Bucket()), one])
    return Verdict(
        records=sum(verdict.records for verdict in whole),
        losses=_counted(loss for verdict in whole for loss in verdict.losses),
        kept=kept,
        ledger=sorted((t for verdict in whole for t in verdict.ledger), key=lambda t: t.path),
    )


def sum_of(buckets: Iterable[Bucket]) -> Bucket:
    """Return the sum of some buckets."""
    columns = zip(*(msgspec.structs.astuple(bucket) for bucket in buckets), strict=True)
    return Bucket(*(sum(column) for column in columns))


def _counted(
    losses: Iterable[tuple[str, str, str | None, int]],
) -> list[tuple[str, str, str | None, int]]:
    numbers: Counter[tuple[str, str, str | None]] = Counter()
    for stage, rule, lang, number in losses:
        numbers[stage, rule, lang] += number
    return [(*key, numbers[key]) for key in sorted(numbers, key=str)]


def read_verdict(folder: Location) -> Verdict | None:
    """Return the verdict written in a folder, or None if it is not finished."""
    return read_total(folder / "verdict.json")


def read_total(place: Location) -> Verdict | None:
    """Return a sum of verdicts, or None if it is not finished."""
    try:
        return msgspec.json.decode(place.read_bytes(), type=Verdict)
    except FileNotFoundError:
        return None


def _facts(folder: Location) -> Iterator[Facts]:
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
                limit=_limit(Reason(int(decision["reason"])), recipe),
                dup_of=decision["kept_id"].tobytes(),
            ),
            0,
        )
    failed = next((m for rule in recipe.filters if (m := rule(facts)) is not None), None)
    if failed is not None:
        return _loss(facts, "quality", failed.rule, value=failed.value, limit=failed.limit), 0
    return None, 1 if decision is None else int(decision["size"])


def _limit(reason: Reason, recipe: Recipe) -> float | None:
    """Return the least similarity at which a document was removed; None if none was asked for."""
    match reason:
        case Reason.NEAR_DUPLICATE:
            return recipe.duplicates.min_similarity
        case Reason.SAME_CANONICAL:
            return recipe.duplicates.min_canonical_similarity
        case Reason.SAME_ADDRESS:
            return None
    return 1.0


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


def _write_ledger(part: PartToDecide, losses: list[Loss]) -> Table:
    """Write the losses of a part; return how the manifest names the file."""
    losses.sort(key=lambda loss: loss.warc_offset)
    place = locate(part.release) / part.ledger
    with replacing(place) as draft:
        pq.write_table(
            to_table(losses, LOSS_SCHEMA), draft, compression="zstd", compression_level=3
        )
        return Table(
            path=part.ledger,
            rows=len(losses),
            file_bytes=draft.stat().st_size,
            sha256=sha256(draft),
        )


def _write(folder: Location, verdict: Verdict, sizes: list[int]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    save_array(folder / "sizes.npy", np.array(sizes, np.uint32))
    with replacing(folder / "verdict.json") as draft:
        draft.write_bytes(msgspec.json.encode(verdict))
