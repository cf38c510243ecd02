"""What a build leaves to its driver, or brings to one worker, measured on made-up parts.

Such things do not show in a small build: they grow with the number of units, or up to a bound.
"""

import hashlib
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from florilegium.filters.language_table import european
from florilegium.manifests import manifest as manifests
from florilegium.manifests.buckets import BUCKETS, Bucket
from florilegium.manifests.manifest import Shard, Table
from florilegium.pipelines.harvest.part import Part, Unit
from florilegium.pipelines.publishing.publish import PartToPublish
from florilegium.pipelines.publishing.seal import Draft, ledger_path, seal
from florilegium.pipelines.publishing.shard_plans import ShardPlan
from florilegium.pipelines.publishing.shards import PublishedShard, note_path
from florilegium.pipelines.recipe import load
from florilegium.pipelines.verdicts.decide import PartToDecide
from florilegium.pipelines.verdicts.verdict import Verdict, added

UNITS, SHARDS = 2_000, 2_000
FULL = Bucket(documents=9_000, tokens=9_000_000, chars=30_000_000, bytes=33_000_000)
"""A bucket of a large language in a snapshot."""
VERDICTS = 5


def measure() -> dict[str, Any]:
    """Return what `florilegium.pipelines.forecast.costs.Ends` holds."""
    return {"listed": listed(), **verdicts(), **sealing()}


def listed() -> dict[str, float]:
    """Return the compressed bytes of a unit in the graph of each step, as engines get lists."""
    items: dict[str, list[bytes]] = {"harvest": [], "decide": [], "publish": []}
    work, release = "s3://corpora/european/work", "s3://corpora/european/0123456789ab"
    for number in range(UNITS):
        unit = _unit(number)
        verdict = f"{work}/builds/0123456789ab/verdicts/{number:06d}"
        items["harvest"].append(msgspec.json.encode(unit))
        decide = PartToDecide(
            ordinal=number,
            part=f"{work}/parts/{unit.folder}",
            decisions=f"{work}/decisions/0123456789abcdef/{number:06d}.npy",
            verdict=verdict,
            release=release,
            ledger=ledger_path(number),
        )
        items["decide"].append(msgspec.json.encode(decide))
        documents = f"{decide.part}/{unit.fingerprint[20:32]}/documents.parquet"
        publish = PartToPublish(documents=documents, verdict=verdict)
        items["publish"].append(msgspec.json.encode(publish))
    return {
        step: len(zlib.compress(msgspec.msgpack.encode(all_of))) / UNITS
        for step, all_of in items.items()
    }


def verdicts() -> dict[str, Any]:
    """Return what a bucket adds to the sum of verdicts, and to the time it takes to add one."""
    buckets = len(european()) * BUCKETS
    full = Verdict(kept={lang: dict.fromkeys(range(BUCKETS), FULL) for lang in european()})
    whole = msgspec.json.encode(full)
    one = msgspec.json.encode(
        Verdict(kept={lang: dict.fromkeys(range(0, BUCKETS, 40), FULL) for lang in european()})
    )
    with _timed() as taken:
        for _ in range(VERDICTS):
            both = [msgspec.json.decode(each, type=Verdict) for each in (whole, one)]
            msgspec.json.encode(added(both))
    return {"bucket": len(whole) / buckets, "bucket_seconds": taken[0] / VERDICTS / buckets}


def sealing() -> dict[str, Any]:
    """Return what sealing takes for a unit and a shard, and how long the manifest gets."""
    with tempfile.TemporaryDirectory() as folder:
        draft = _draft(Path(folder), UNITS, SHARDS)
        with _timed() as taken:
            seal(draft)
        whole = _manifest_bytes(draft)
        few = _draft(Path(folder, "few"), UNITS // 2, SHARDS)
        seal(few)
        half = _manifest_bytes(few)
        none = _draft(Path(folder, "none"), 0, 0)
        seal(none)
        rest = _manifest_bytes(none)
    unit = (whole - half) / (UNITS - UNITS // 2)
    return {
        "seal_seconds": taken[0] / UNITS,
        "manifest_unit": unit,
        "manifest_shard": (whole - rest - unit * UNITS) / SHARDS,
    }


def _draft(home: Path, units: int, shards: int) -> Draft:
    """Write the notes of shards that nobody wrote, and return what is to be sealed of them."""
    release, notes = home / "release", home / "notes"
    (release / "audit" / "losses").mkdir(parents=True)
    notes.mkdir()
    plans = [
        ShardPlan(
            lang="deu_Latn", index=n, of=BUCKETS, first_leaf=n << 16, documents=1 << 16, bytes=1
        )
        for n in range(shards)
    ]
    for plan in plans:
        shard = Shard(
            path=f"data/{plan.label}", lang=plan.lang, index=plan.index, of=plan.of,
            rows=plan.documents, first_leaf=plan.first_leaf, tokens=1, text_bytes=1,
            file_bytes=1, sha256=_digest(plan.label),
        )  # fmt: skip
        note = PublishedShard(shard=shard, subtrees=[(16, bytes.fromhex(shard.sha256))])
        note_path(notes, plan).write_bytes(msgspec.json.encode(note))
    documents = shards << 16
    kept = {"deu_Latn": {0: Bucket(documents, shards, 1, shards)}} if shards else {}
    tables = [
        Table(path=ledger_path(n), rows=0, file_bytes=20_000, sha256=_digest(f"ledger {n}"))
        for n in range(units)
    ]
    parts = [_part(number) for number in range(units)]
    if units:
        parts[0] = msgspec.structs.replace(parts[0], records=documents)
    total = Verdict(
        records=documents,
        kept=kept,
        captured={"2026-01": documents} if documents else {},
        licences=[("", "", documents, shards)],
        ledger=tables,
    )
    return Draft(release, "0123456789ab", load("european"), parts, total, plans, notes)


def _manifest_bytes(draft: Draft) -> int:
    return (draft.folder / manifests.NAME).stat().st_size  # type: ignore[union-attr]


def _unit(number: int) -> Unit:
    name = f"CC-MAIN-20260115{number % 24:02d}0000-20260116000000-{number:05d}.warc.gz"
    path = (
        f"s3://commoncrawl/crawl-data/CC-MAIN-2026-03/segments/1768{number % 100:09d}/warc/{name}"
    )
    return Unit(name=name, path=path, bytes=1_000_000_000 + number, fingerprint=_digest(name))


def _part(number: int) -> Part:
    unit = _unit(number)
    return Part(
        unit=unit.name,
        fingerprint=unit.fingerprint,
        bytes=unit.bytes,
        sha256=_digest(unit.fingerprint),
        records=0,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def _timed() -> Iterator[list[float]]:
    """Give a list that gets the processor seconds of the block."""
    taken: list[float] = []
    started = time.process_time()
    yield taken
    taken.append(time.process_time() - started)
