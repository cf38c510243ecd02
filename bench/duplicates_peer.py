"""Near duplicates side by side with the peer: from texts to decisions, on one core.

    python bench/duplicates_peer.py [--documents N] [FILE...]

The peer is datatrove's MinHash, once as it comes and once with words parted at white space; see
peer_duplicates.py. All sides read the same Parquet files and run one after the other, after a small
run that loads and compiles what they need. Time is that of the processor. A second of ours is
Beam's own whatever the number of documents, so the ratios grow with it. FILEs are as for
duplicates.py. Prints a table, and exits 1 if a floor of baseline.json is broken.
"""

import argparse
import json
import sys
import tempfile
from itertools import islice
from pathlib import Path

import floors
from processes import run
from rich.console import Console
from rich.table import Table
from texts import generated, plant, texts_of, write

ROOT = Path(__file__).parent.parent
PEER = str(ROOT / "build" / "peer" / "bin" / "python")
OURS, THEIRS = (str(ROOT / "bench" / f"{name}.py") for name in ("decide_texts", "peer_duplicates"))
SIDES = {
    "fast-similarity-sketch": [sys.executable, OURS, "--warm"],
    "minhash": [sys.executable, OURS, "--warm", "--method", "minhash"],
    "datatrove, split": [PEER, THEIRS, "--split"],
    "datatrove as it comes": [PEER, THEIRS],
}
FILES = 7


def compare(files: list[Path], folder: Path) -> dict[str, dict[str, float]]:
    """Return what each side says of itself."""
    found = {}
    for number, (name, command) in enumerate(SIDES.items()):
        words = [*command, "--out", str(folder / str(number)), *map(str, files)]
        usage = run(words, folder / f"{number}.log")
        found[name] = json.loads(usage.output.splitlines()[-1])
        print(f"{name}: {found[name]['cpu_seconds']:.2f} s", file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Measure, show, and hold the ratios against their floors."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, default=30_000, help="copies included")
    parser.add_argument("files", nargs="*", type=Path)
    given = parser.parse_args()
    number = given.documents // 3
    originals = list(
        islice(texts_of(given.files), number) if given.files else generated(number, 320)
    )
    texts, _ = plant(originals)
    size = sum(len(text.encode()) for text in texts) / 1e6
    with tempfile.TemporaryDirectory() as name:
        files = write(texts, Path(name, "texts"), FILES, -(-len(texts) // FILES))
        found = compare(files, Path(name))
    ours = found["fast-similarity-sketch"]["cpu_seconds"]
    shown = Table("", "processor seconds", "times ours", "MB/s", "removed")
    for side, one in found.items():
        taken = one["cpu_seconds"]
        values = (f"{taken:.2f}", f"{taken / ours:.1f}", f"{size / taken:.1f}")
        shown.add_row(side, *values, f"{one['removed']:,.0f}")
    console = Console(highlight=False)
    console.print(f"{len(texts):,} documents, {size:.1f} MB, from texts to decisions")
    console.print(shown)
    figures = {
        f"times as fast as {side}": found[side]["cpu_seconds"] / ours for side in list(found)[2:]
    }
    required = floors.read()["duplicates beside the peer"].required
    sentences = list(floors.broken(required, figures))
    for sentence in sentences:
        print(f"floor broken: {sentence}", file=sys.stderr)
    sys.exit(bool(sentences))


if __name__ == "__main__":
    main()
