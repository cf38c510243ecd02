"""Near duplicates: what each method removes, removes wrongly and leaves, and how fast it signs.

    python bench/duplicates.py [--documents N] [--seed N] [--no-plant] [FILE...]

FILEs are WARC, Parquet or JSON lines with a column `text`, or plain text; without any, texts are
made up. Two altered copies of each text are planted, see texts.py, and decisions are taken as in a
build. Similarity is that of the whole sets of shingles. Prints tables, and exits 1 if a floor of
baseline.json is broken. With `--no-plant` copies are those found by the bands of either method,
for a look at a corpus as it is; no floor is held.
"""

import argparse
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import floors
import numpy as np
import pyarrow as pa
from decide_texts import decide, removals
from rich.console import Console
from rich.table import Table
from texts import Sets, generated, plant, texts_of, write

from florilegium.dedup.bands import stars
from florilegium.dedup.methods import FAST_SIMILARITY, METHODS
from florilegium.dedup.minhash import similarity
from florilegium.dedup.signature import sign

FILES = 5
HIGH, LOW = 0.8, 0.7
"""A pair that is as similar should not be left; one that is less should not be removed."""
SAID = {
    "false": f"removed, similarity below {LOW}",
    "far off": "removed, similarity below 0.5",
    "similar pairs": f"pairs of {HIGH} or more",
    "left": "of these, both left",
    "error": "error of the estimate (RMSE)",
}
ROUNDS = 7


def missing(_: Path) -> str | None:
    """Return what the measurement lacks: nothing, since texts can be made up."""
    return None


def identity(_: Path) -> dict[str, Any]:
    """Return the models and data that figures depend on: none."""
    return {}


def measure(_: Path) -> dict[str, float]:
    """Return the figures that have a floor in the section `duplicates`, in under a minute."""
    texts, pairs = plant(list(generated(1_500, 320)))
    return figures(quality(texts, pairs, "fast-similarity-sketch"), texts)


def figures(found: Mapping[str, float], texts: Sequence[str]) -> dict[str, float]:
    """Return what has a floor, from the quality of the method that verifies."""
    return {
        "share of similar pairs left": found["left"] / max(found["similar pairs"], 1),
        "share of removals that are false": found["false"] / max(found["removed"], 1),
        "error of the estimate": found["error"],
        "MB/s signed by a core": speed(texts, ROUNDS),
        "MB/s signed without numba": speed_without_numba(),
    }


def quality(
    texts: Sequence[str], pairs: Iterable[tuple[int, int]], method: str
) -> dict[str, float]:
    """Return what a method makes of texts: counts, and the error of its estimates (RMSE).

    Pairs that may have been left are those given; false removals are of a similarity below LOW to
    the document that was kept.
    """
    sets = Sets(texts)
    gone = dict(_removed(texts, method))
    kept = [sets.similarity(*one) for one in gone.items()]
    of_pairs = {pair: sets.similarity(*pair) for pair in pairs}
    left = [s for (a, b), s in of_pairs.items() if a not in gone and b not in gone]
    return {
        "documents": len(texts),
        "removed": len(gone),
        "false": sum(s < LOW for s in kept),
        "far off": sum(s < 0.5 for s in kept),
        "similar pairs": sum(s >= HIGH for s in of_pairs.values()),
        "left": sum(s >= HIGH for s in left),
        "error": _error(texts, of_pairs) if METHODS[method].verifies else float("nan"),
    }


def _removed(texts: Sequence[str], method: str) -> list[tuple[int, int]]:
    with tempfile.TemporaryDirectory() as folder:
        each = -(-len(texts) // FILES)
        files = write(texts, Path(folder, "texts"), each)
        decisions = decide(files, Path(folder, "out"), 1, method)
        starts = [n * each for n in range(len(files))]
        return [(one, kept) for one, kept, _ in removals(decisions, starts)]


def _error(texts: Sequence[str], similarities: Mapping[tuple[int, int], float]) -> float:
    sketches = sign(texts, FAST_SIMILARITY)["sketch"]
    ones, others = np.array(list(similarities)).T
    estimates = similarity(sketches[ones], sketches[others])
    return float(np.sqrt(np.mean((estimates - np.array(list(similarities.values()))) ** 2)))


def candidates(texts: Sequence[str]) -> set[tuple[int, int]]:
    """Return the pairs that bands of either method link to the first of their bucket."""
    found: set[tuple[int, int]] = set()
    for method in METHODS.values():
        entries = sign(texts, method)
        numbers = np.flatnonzero(entries["words"] > 0).astype(np.uint64)
        for hashes in entries["bands"][entries["words"] > 0].T:
            found.update((int(a), int(b)) for b, a in stars(hashes, numbers))
    return found


def speed(texts: Sequence[str], rounds: int) -> float:
    """Return the most megabytes of text signed in a second of processor time in any round."""
    array = pa.array(texts, pa.large_string())
    sign(array[:10], FAST_SIMILARITY)
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        sign(array, FAST_SIMILARITY)
        taken.append(time.process_time() - start)
    return sum(len(text.encode()) for text in texts) / min(taken) / 1e6


def speed_without_numba() -> float:
    """Return the same of a process in which numba is switched off."""
    done = subprocess.run(
        [sys.executable, __file__, "--sign"],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout)


def table(found: Mapping[str, Mapping[str, float]]) -> Table:
    """Return what the methods came to, side by side."""
    shown = Table("", *found, title="near duplicates")
    for name in next(iter(found.values())):
        form = ",.4f" if name == "error" else ","
        shown.add_row(SAID.get(name, name), *(format(one[name], form) for one in found.values()))
    return shown


def main() -> None:
    """Measure, show, and hold the floors where copies were planted."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, default=2_000, help="at most so many originals")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-plant", dest="plant", action="store_false")
    parser.add_argument("--sign", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("files", nargs="*", type=Path)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    if given.sign:
        print(speed(list(generated(800, 320)), 3))
        return
    source = texts_of(given.files) if given.files else generated(given.documents, 320, given.seed)
    texts = list(islice(source, given.documents))
    pairs: Iterable[tuple[int, int]]
    if given.plant:
        texts, pairs = plant(texts, given.seed)
    else:
        pairs = candidates(texts)
    console = Console(highlight=False)
    found = {name: quality(texts, pairs, name) for name in METHODS}
    console.print(table(found))
    values = figures(found["fast-similarity-sketch"], texts)
    for name, value in values.items():
        console.print(f"{name:34} {value:10.5f}")
    sys.exit(given.plant and floors.hold("duplicates", values))


if __name__ == "__main__":
    main()
