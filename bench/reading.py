"""Measures what reading a release takes: samples by bytes read, documents by time.

    python bench/reading.py [--documents N] [--one-language] [--store s3://BUCKET/FOLDER]

Makes a release of made-up words in build/reading, if it is not there. Bytes are those that the
process asks the system for, caches or not, as a share of all that is in the shards. With --store
the release is copied there, if need be, and read from there too; bytes are then not counted.
"""

import argparse
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import synthetic_release
from synthetic_release import LANGUAGES

import florilegium
from florilegium.manifests.location import locate
from florilegium.manifests.release import Release

ROOT = Path(__file__).parents[1]
SAMPLES: tuple[dict[str, Any], ...] = (
    {"fraction": 0.001},
    {"fraction": 0.01},
    {"fraction": 0.01, "by": "language"},
    {"tokens": 1_000_000},
    {"fraction": 0.1},
    {"fraction": 0.01, "by": "domain"},
    {"fraction": 1.0},
)


def bytes_read() -> int:
    """Return how many bytes this process has read so far, from anywhere."""
    said = Path("/proc/self/io").read_text().split()
    return int(said[said.index("rchar:") + 1])


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return how many milliseconds some work took, and what it gave."""
    start = time.perf_counter()
    found = work()
    return (time.perf_counter() - start) * 1000, found


def worked(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Return the same, with how many milliseconds this process was at work, in the middle."""
    before = time.process_time()
    took, found = timed(work)
    return took, (time.process_time() - before) * 1000, found


def samples(release: Release) -> None:
    """Print what drawing samples reads."""
    whole = sum(shard.file_bytes for shard in release.manifest.shards)
    print(f"{'sample':38} {'documents':>9} {'tokens':>12} {'of bytes':>9} {'read':>8} {'ms':>8}")
    for asked in SAMPLES:
        before = bytes_read()
        took, table = timed(lambda asked=asked: release.sample(**asked).to_arrow())
        read = bytes_read() - before
        tokens = sum(table["tokens"].to_pylist())
        share = sum(table["text_bytes"].to_pylist()) / sum(
            one.text_bytes for one in release.languages.values()
        )
        name = ", ".join(f"{key} {value}" for key, value in asked.items())
        print(
            f"{name:38} {table.num_rows:9,} {tokens:12,} {share:9.2%} {read / whole:8.2%} "
            f"{took:8,.0f}"
        )


def lookups(release: Release, number: int) -> None:
    """Print how long it takes to get documents."""
    rows = release.sample(documents=5_000, columns=["id", "url"]).to_arrow().to_pylist()
    spread = release.documents(["id", "url"]).to_arrow().to_pylist() if number > 50 else rows
    chosen = random.Random(1).sample(spread, number)
    release.get(chosen[0]["url"])
    for what, wanted in (
        ("by id", [row["id"] for row in chosen]),
        ("by address", [row["url"] for row in chosen]),
        ("not there", [f"https://nowhere.example/{n}" for n in range(number)]),
    ):
        taken, at_work = [], []
        for one in wanted:
            took, busy, found = worked(lambda one=one: release.get(one))
            assert (found is None) == (what == "not there")
            taken.append(took)
            at_work.append(busy)
        worst = sorted(taken)[int(0.95 * len(taken))]
        print(
            f"get {what:12} {statistics.median(taken):8.1f} ms median {worst:8.1f} ms 95 %, "
            f"{statistics.median(at_work):6.1f} ms of the processor"
        )


def main() -> None:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=240_000)
    parser.add_argument("--one-language", action="store_true", help="not three")
    parser.add_argument("--row-group-mib", type=int, default=32)
    parser.add_argument("--store")
    asked = parser.parse_args()
    langs = LANGUAGES[: 1 if asked.one_language else None]
    name = f"{asked.documents}-{asked.row_group_mib}-{len(set(langs))}"
    home = ROOT / "build" / "reading" / name
    took, folder = timed(
        lambda: synthetic_release.make(home, asked.documents, asked.row_group_mib << 20, langs)
    )
    release = florilegium.open(folder)
    text = sum(one.text_bytes for one in release.languages.values())
    files = sum(shard.file_bytes for shard in release.manifest.shards)
    print(
        f"{len(release):,} documents, {text / 1e6:,.0f} MB of text, {files / 1e6:,.0f} MB in "
        f"{len(release.manifest.shards)} shards; made in {took / 1000:.0f} s\n"
    )
    samples(release)
    print()
    lookups(release, 200)
    if asked.store:
        place = locate(asked.store)
        if not (place / "manifest.json").exists():
            for path in sorted(folder.rglob("*.*")):
                (place / str(path.relative_to(folder))).upload(path)
        print(f"\n{asked.store}")
        lookups(florilegium.open(asked.store), 40)
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch, "sample")
            took, made = timed(
                lambda: florilegium.open(asked.store).sample(0.01, by="language").write(out)
            )
            print(f"1 % written from the store: {made.documents:,} documents in {took:,.0f} ms")
            shutil.rmtree(out)


if __name__ == "__main__":
    main()
