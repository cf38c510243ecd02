"""From texts in Parquet files to decisions on near duplicates, as a build would take them.

    python bench/decide_texts.py --out FOLDER [--workers N] [--method NAME] [--warm] FILE...

A file whose name ends in `.npy` has signatures instead of texts. Prints JSON: documents, how many
were removed, the most that one stands for, the least similarity at which one was removed, and
seconds. Fails if the decisions do not agree with each other. Texts alone have no addresses, so
captures of one address are not looked for. With `--warm` a small run goes before
that does not count: it loads and compiles what is needed.
"""

import argparse
import hashlib
import json
import logging
import resource
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from processes import Usage, run

from florilegium.dedup.decisions import Reason, stored_by
from florilegium.dedup.methods import METHODS
from florilegium.dedup.signature import sign
from florilegium.pipelines.duplicates.deduplicate import write_decisions
from florilegium.pipelines.duplicates.settings import Duplicates
from florilegium.pipelines.engines.embedded import Embedded

BATCH = 1_000


def sign_file(path: str, out: str, name: str) -> str:
    """Write the signatures of the texts in a file; the longer document is kept."""
    method = METHODS[name]
    found = [np.empty(0, stored_by(method))]
    for batch in pq.ParquetFile(path).iter_batches(batch_size=BATCH, columns=["id", "text"]):
        texts = batch.column("text")
        signed = sign(texts, method)
        entries = np.zeros(len(signed), stored_by(method))
        for field in signed.dtype.names or ():
            entries[field] = signed[field]
        bounds = np.frombuffer(texts.cast(pa.large_string()).buffers()[1], np.int64)
        entries["bytes"] = np.diff(bounds[texts.offset :][: len(texts) + 1])
        ids = b"".join(hashlib.md5(i.encode()).digest() for i in batch.column("id").to_pylist())
        entries["id"] = np.frombuffer(ids, np.uint8).reshape(-1, 16)
        found.append(entries)
    np.save(out, np.concatenate(found))
    return out


def decide(files: Sequence[Path], out: Path, workers: int, method: str) -> list[Path]:
    """Sign all files and decide on their documents; return where the decisions are, by file."""
    out.mkdir(parents=True)
    engine = Embedded(workers)
    signed = [
        path if path.suffix == ".npy" else out / f"signatures-{n:06d}.npy"
        for n, path in enumerate(files)
    ]
    parts = [(n, str(path)) for n, path in enumerate(signed)]
    both = [(a, b) for a, b in zip(files, signed, strict=True) if a != b]
    todo = [json.dumps([str(path), str(made)]).encode() for path, made in both]
    sizes = [path.stat().st_size for path, _ in both]
    engine.run(
        lambda root: (
            engine.spread(root, "files", todo, sizes)
            | "sign" >> beam.Map(lambda item: sign_file(*json.loads(item), method))
        )
    )
    settings = Duplicates(method=method, addresses=False)  # type: ignore[arg-type]
    engine.run(lambda root: write_decisions(root, parts, out / "decisions", settings))
    return [out / "decisions" / f"{n:06d}.npy" for n, _ in parts]


def measured(
    files: Sequence[Path], folder: Path, method: str, *more: str
) -> tuple[Usage, dict[str, Any]]:
    """Run this as a program of its own; return what that took, and what it says."""
    options = ["--method", method, "--out", str(folder / "out"), *more]
    command = [sys.executable, __file__, *options, *map(str, files)]
    usage = run(command, folder / "decide.log")
    return usage, usage.said


def removals(decisions: Sequence[Path], starts: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Yield document, document kept, reason; numbers count from the start of the first file."""
    for path in decisions:
        for one in np.load(path):
            if one["reason"] != Reason.KEPT:
                row, kept = int(one["row"]), int(one["kept_row"])
                yield (
                    starts[row >> 32] + (row & 0xFFFFFFFF),
                    starts[kept >> 32] + (kept & 0xFFFFFFFF),
                    int(one["reason"]),
                )


def summary(decisions: Sequence[Path]) -> dict[str, float | None]:
    """Return counts of decisions. AssertionError if one leads to a document that is removed."""
    whole = np.concatenate([np.load(path) for path in decisions])
    kept = whole["reason"] == Reason.KEPT
    removed = whole[~kept]
    assert np.isin(removed["kept_row"], whole["row"][kept]).all()
    assert (whole["size"][kept] - 1).sum() == len(removed)
    similarities = removed["similarity"]
    compared = similarities[~np.isnan(similarities)]
    return {
        "removed": len(removed),
        "clusters": int(kept.sum()),
        "largest": int(whole["size"].max(initial=1)),
        "least similarity": float(compared.min()) if len(compared) else None,
    }


def seconds() -> float:
    """Return the processor time of this process and of those that it waited for."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def main() -> None:
    """Decide, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="a folder that is not there")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--method", choices=METHODS, default="fast-similarity-sketch")
    parser.add_argument("--warm", action="store_true")
    parser.add_argument("files", nargs="+", type=Path)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    if given.warm:
        decide(given.files[:1], given.out / "warm", given.workers, given.method)
    cpu, wall = seconds(), time.monotonic()
    decisions = decide(given.files, given.out / "run", given.workers, given.method)
    found = {"cpu_seconds": seconds() - cpu, "wall_seconds": time.monotonic() - wall}
    print(json.dumps(summary(decisions) | found))
    shutil.rmtree(given.out)


if __name__ == "__main__":
    main()
