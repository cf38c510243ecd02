"""Near duplicates side by side with the peer: from texts to decisions, on one core.

    python bench/duplicates_peer.py [--documents N] [FILE...]

The peer is datatrove's MinHash, once as it comes and once with words parted at white space; see
peer_duplicates.py. All sides read the same Parquet files and run one after the other, each after a
small run that loads and compiles what it needs. Time is that of the processor. Every other side
runs between two of ours and is held against their mean, for a busy machine is not equally busy all
the time. A second of ours is Beam's own whatever the number of documents, so the ratios grow with
it; the floors are for the default. That takes some five minutes, nearly all of it the peer's.
FILEs are as for duplicates.py. Prints each ratio as it is known and a table, and exits 1 if a floor
of baseline.json is broken.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import floors
from decide_texts import measured
from processes import run
from rich.console import Console
from rich.table import Table
from texts import generated, plant, texts_of, write

ROOT = Path(__file__).parent.parent
PEER = ROOT / "build" / "peer" / "bin" / "python"
OURS, MINHASH = "fast-similarity-sketch", "minhash"
PEERS = {"datatrove, split": ["--split"], "datatrove as it comes": []}
EACH = 3_000
"""Documents a file, and in the run that does not count."""


def ours(files: Sequence[Path], folder: Path, method: str = OURS) -> dict[str, Any]:
    """Return what one of our methods says of itself."""
    return measured(files, folder, method, "--warm")[1]


def theirs(files: Sequence[Path], folder: Path, options: Sequence[str]) -> dict[str, Any]:
    """Return what the peer says of itself."""
    script = str(ROOT / "bench" / "peer_duplicates.py")
    command = [str(PEER), script, *options, "--out", str(folder / "peer"), *map(str, files)]
    return run(command, folder / "peer.log").said


def compare(files: Sequence[Path], folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what each side says of itself, with how many times our time it took; ours last."""
    rounds = [ours(files, folder)]
    for side in (MINHASH, *PEERS):
        found = theirs(files, folder, PEERS[side]) if side in PEERS else ours(files, folder, side)
        rounds.append(ours(files, folder))
        beside = statistics.mean(one["cpu_seconds"] for one in rounds[-2:])
        yield side, found | {"times": found["cpu_seconds"] / beside}
    middle = statistics.median(one["cpu_seconds"] for one in rounds)
    yield OURS, rounds[0] | {"cpu_seconds": middle, "times": 1.0}


def main() -> None:
    """Measure, show, and hold the ratios against their floors."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, default=45_000, help="copies included")
    parser.add_argument("files", nargs="*", type=Path)
    given = parser.parse_args()
    if not PEER.exists():
        parser.error("the peer is not installed: make bench-peer does it")
    number = given.documents // 3
    source = texts_of(given.files) if given.files else generated(number, 320)
    texts, _ = plant(list(islice(source, number)))
    size = sum(len(text.encode()) for text in texts) / 1e6
    console = Console(highlight=False)
    console.print(f"{len(texts):,} documents, {size:.1f} MB, from texts to decisions")
    shown = Table("", "processor seconds", "times ours", "MB/s", "removed")
    figures = {}
    with tempfile.TemporaryDirectory() as name:
        files = write(texts, Path(name, "texts"), EACH)
        for side, found in compare(files, Path(name)):
            taken, times = found["cpu_seconds"], found["times"]
            print(f"{side}: {taken:.2f} s, {times:.1f} times ours", file=sys.stderr, flush=True)
            values = (f"{taken:.2f}", f"{times:.1f}", f"{size / taken:.1f}")
            shown.add_row(side, *values, f"{found['removed']:,.0f}")
            if side in PEERS:
                figures[f"times as fast as {side}"] = times
    console.print(shown)
    sys.exit(floors.hold("duplicates beside the peer", figures))


if __name__ == "__main__":
    main()
