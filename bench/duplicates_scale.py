"""Near duplicates in large numbers and odd shapes: seconds, processor time and memory.

    python bench/duplicates_scale.py shapes [--documents 100000]
    python bench/duplicates_scale.py million [--documents 1000000]

`shapes`: so many pages of one template; a chain in which every page is like the next; a bucket that
holds everything; all by both methods. `million`: documents of 2 kB from texts in Parquet to
decisions on two workers, and from signatures to decisions of a hundredth, a tenth and all of them,
what starting takes left out; with the floors of baseline.json. Needs 5 GB of disk in TMPDIR.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import floors
import numpy as np
from decide_texts import measured
from processes import Usage
from rich.console import Console
from rich.table import Table
from texts import altered, generated, write

from florilegium.dedup.bands import bands
from florilegium.dedup.decisions import stored_by
from florilegium.dedup.methods import FAST_SIMILARITY, METHODS

OURS = "fast-similarity-sketch"
EACH = 10_000
"""Documents a file."""
LEAST = 20 * EACH
"""Documents of which a tenth is more than a file."""
WORDS_OF_2_KB = 185
SHOWN = ("removed", "clusters", "largest", "least similarity")


def template(number: int) -> Iterator[str]:
    """Yield pages of which nine tenths are the same words, and the rest are their own."""
    same, *others = generated(2_000, 200)
    chance = random.Random(0)
    for _ in range(number):
        own = chance.choice(others).split(" ")
        yield " ".join([*own[:10], same, *own[-10:]])


def chain(number: int) -> Iterator[str]:
    """Yield pages of 200 words that share 190 with the one before."""
    words = " ".join(generated(number // 20 + 20, 200)).split(" ")
    for place in range(number):
        yield " ".join(words[10 * place : 10 * place + 200])


def bucket(number: int, method: str) -> np.ndarray:
    """Return signatures that agree in one band and in nothing else."""
    rng = np.random.default_rng(0)
    out = np.zeros(number, stored_by(METHODS[method]))
    for field in out.dtype.names or ():
        dtype = out.dtype[field].base
        out[field] = rng.integers(0, np.iinfo(dtype).max, out[field].shape, dtype, endpoint=True)
    out["bands"][:, 3] = 7
    return out


def crowd(number: int) -> Iterator[str]:
    """Yield texts of 2 kB; a fifth are altered copies of those of which the file before is."""
    chance = random.Random(0)
    source = generated(number, WORDS_OF_2_KB)
    before = list(islice(generated(EACH // 5, WORDS_OF_2_KB, seed=1), EACH // 5))
    for _ in range(number // EACH):
        block = list(islice(source, EACH - len(before)))
        kinds = ("edit", "wrap", "cut", "insert")
        copies = [altered(text, chance.choice(kinds), before, chance) for text in before]
        before = block[: len(before)]
        yield from (*block, *copies)


def shapes(number: int, console: Console) -> None:
    """Decide on each shape by each method, and show what it took."""
    shown = _table("shape", "method")
    for shape in ("template", "chain", "bucket"):
        for method in METHODS:
            with tempfile.TemporaryDirectory() as name:
                files = _shape(shape, number, method, Path(name))
                usage, found = measured(files, Path(name), method)
            shown.add_row(shape, method, *_row(number, usage.wall, usage.cpu, usage, found))
            print(f"{shape}, {method}: {usage.wall:.0f} s", file=sys.stderr, flush=True)
    console.print("one worker, start included")
    console.print(shown)


def _shape(shape: str, number: int, method: str, folder: Path) -> list[Path]:
    if shape == "bucket":
        return _saved(bucket(number, method), folder)
    return write({"template": template, "chain": chain}[shape](number), folder / "texts", EACH)


def _saved(rows: np.ndarray, folder: Path) -> list[Path]:
    starts = range(0, len(rows), EACH)
    files = [folder / f"{start // EACH:06d}.npy" for start in starts]
    for path, start in zip(files, starts, strict=True):
        np.save(path, rows[start : start + EACH])
    return files


def million(number: int, console: Console) -> dict[str, float]:
    """Decide on so many texts, and on signatures of three numbers; return what has a floor."""
    shown = _table("")
    with tempfile.TemporaryDirectory() as name:
        files = write(crowd(number), Path(name, "texts"), EACH)
        usage, found = measured(files, Path(name), OURS, "--workers", "2")
        shown.add_row("texts, two workers", *_row(number, usage.wall, usage.cpu, usage, found))
        print(f"texts: {usage.wall:.0f} s", file=sys.stderr, flush=True)
    seconds = {}
    with tempfile.TemporaryDirectory() as name:
        files = signed(number, Path(name))
        for chosen in (files[:1], files[: len(files) // 10], files):
            again, found = measured(chosen, Path(name), OURS, "--warm")
            size, taken = len(chosen) * EACH, found["cpu_seconds"]
            seconds[size] = taken
            row = _row(size, found["wall_seconds"], taken, again, found)
            shown.add_row("signatures, one worker, warm", *row)
    console.print(shown)
    (few, tenth, whole), taken = seconds, list(seconds.values())
    slopes = (taken[1] - taken[0]) / (tenth - few), (taken[2] - taken[1]) / (whole - tenth)
    console.print(f"a document more: {1e6 * slopes[0]:.1f} µs up to {tenth:,}", end=", ")
    console.print(f"{1e6 * slopes[1]:.1f} µs up to {whole:,}")
    return {
        "seconds for a million documents": usage.wall * 1e6 / number,
        "MiB for a million documents": usage.peak_sum,
        "cost of a document at ten times as many": slopes[1] / slopes[0],
    }


def signed(number: int, folder: Path) -> list[Path]:
    """Write signatures as of `crowd`: a fifth of a file are altered copies of the one before."""
    rng = np.random.default_rng(0)
    before = rng.integers(0, 256, (EACH // 5, FAST_SIMILARITY.stored), np.uint32)
    files = [folder / f"{n:06d}.npy" for n in range(number // EACH)]
    for path in files:
        sketches = rng.integers(0, 256, (EACH, FAST_SIMILARITY.stored), np.uint32)
        copies = np.where(rng.random(before.shape) < 0.05, sketches[-len(before) :], before)
        sketches[-len(before) :] = copies
        before = sketches[: len(before)]
        out = np.zeros(EACH, stored_by(FAST_SIMILARITY))
        out["bytes"], out["words"] = rng.integers(0, 1 << 31, EACH), 200
        out["id"] = rng.integers(0, 256, out["id"].shape)
        out["text"] = rng.integers(0, 1 << 62, out["text"].shape)
        out["sketch"] = sketches
        out["bands"] = bands(sketches, FAST_SIMILARITY.bands, FAST_SIMILARITY.rows)
        np.save(path, out)
    return files


def _table(*first: str) -> Table:
    return Table(*first, "documents", "seconds", "processor", "MiB", *SHOWN)


def _row(
    number: int, wall: float, cpu: float, usage: Usage, found: dict[str, Any]
) -> tuple[str, ...]:
    taken = (f"{number:,}", f"{wall:.1f}", f"{cpu:.1f}", f"{usage.peak_sum:.0f}")
    return *taken, *map(_said, map(found.get, SHOWN))


def _said(value: float | None) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def main() -> None:
    """Measure what is asked for; hold the floors after a million documents."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["shapes", "million"])
    parser.add_argument("--documents", type=int)
    given = parser.parse_args()
    if given.what == "million" and given.documents and given.documents < LEAST:
        parser.error(f"the slope from one number to the next needs {LEAST:,} documents")
    console = Console(highlight=False, width=130)
    if given.what == "shapes":
        shapes(given.documents or 100_000, console)
        return
    figures = million(given.documents or 1_000_000, console)
    for name, value in figures.items():
        console.print(f"{name:44} {value:10.2f}")
    sys.exit(floors.hold("duplicates at scale", figures))


if __name__ == "__main__":
    main()
