"""From texts in Parquet files to decisions on near duplicates, as a build would take them.

    python bench/decide_texts.py --out FOLDER [--workers N] [--method NAME] [--warm] FILE...

Prints JSON: documents, bytes of text, how many were removed, and processor seconds. With `--warm`
a small run goes before that does not count: it loads and compiles what is needed.
"""

import argparse
import hashlib
import json
import logging
import resource
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from florilegium.dedup.decisions import Reason, stored_by
from florilegium.dedup.methods import METHODS
from florilegium.dedup.signature import sign
from florilegium.pipelines.deduplicate import Duplicates, write_decisions
from florilegium.pipelines.embedded import Embedded

BATCH = 1_000


def sign_file(path: str, out: str, name: str) -> str:
    """Write the signatures of the texts in a file; the longer document is kept."""
    method = METHODS[name]
    found = [np.empty(0, stored_by(method))]
    for batch in pq.ParquetFile(path).iter_batches(batch_size=BATCH, columns=["id", "text"]):
        texts = batch.column("text")
        signed = sign(texts, method)
        entries = np.empty(len(signed), stored_by(method))
        for field in signed.dtype.names or ():
            entries[field] = signed[field]
        bounds = np.frombuffer(texts.cast(pa.large_string()).buffers()[1], np.int64)
        entries["priority"] = (1 << 32) - np.diff(bounds[texts.offset :][: len(texts) + 1])
        ids = b"".join(hashlib.md5(i.encode()).digest() for i in batch.column("id").to_pylist())
        entries["id"] = np.frombuffer(ids, np.uint8).reshape(-1, 16)
        found.append(entries)
    np.save(out, np.concatenate(found))
    return out


def decide(files: Sequence[Path], out: Path, workers: int, method: str) -> list[Path]:
    """Sign all files and decide on their documents; return where the decisions are, by file."""
    out.mkdir(parents=True)
    engine = Embedded(workers)
    parts = [(n, str(out / f"signatures-{n:06d}.npy")) for n in range(len(files))]
    todo = [
        json.dumps([str(path), part]).encode()
        for path, (_, part) in zip(files, parts, strict=True)
    ]
    sizes = [path.stat().st_size for path in files]
    engine.run(
        lambda root: engine.spread(root, "files", todo, sizes)
        | "sign" >> beam.Map(lambda item: sign_file(*json.loads(item), method))
    )
    settings = Duplicates(method=method)  # type: ignore[arg-type]
    engine.run(lambda root: write_decisions(root, parts, out / "decisions", settings))
    return [out / "decisions" / f"{n:06d}.npy" for n, _ in parts]


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
    counts = [len(np.load(path, mmap_mode="r")) for path in _signatures(given.out / "run")]
    starts = [0, *np.cumsum(counts).tolist()]
    removed = sum(1 for _ in removals(decisions, starts))
    print(json.dumps({"documents": starts[-1], "removed": removed, **found}))
    shutil.rmtree(given.out)


def _signatures(folder: Path) -> list[Path]:
    return sorted(folder.glob("signatures-*.npy"))


if __name__ == "__main__":
    main()
