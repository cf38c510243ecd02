"""What reading the indexes of earlier releases costs a month, by the document they know.

New documents and indexes are random, but for a share of the new that are known already; what is
timed is what a build with a parent does before its shuffles. Prints microseconds of processor time
for each earlier document, and how many of them go on.
"""

import argparse
import hashlib
import tempfile
import time
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from florilegium.dedup.methods import METHODS
from florilegium.pipelines.duplicates.entries import View
from florilegium.pipelines.duplicates.index import IndexFile
from florilegium.pipelines.duplicates.settings import Duplicates
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.months.narrow import only_needed


def rows(number: int, kind: np.dtype[np.void], chance: np.random.Generator) -> NDArray[np.void]:
    """Return so many rows of an index, all bytes of which are chance."""
    return np.frombuffer(chance.bytes(number * kind.itemsize), kind).copy()


def main() -> None:
    """Time it for some sizes of what there is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--new", type=int, default=20_000, help="new documents")
    parser.add_argument("--known", type=float, default=0.3, help="share of them known already")
    parser.add_argument("--file", type=int, default=100_000, help="documents in a file of an index")
    parser.add_argument("--earlier", type=int, nargs="+", default=[200_000, 400_000, 800_000])
    asked = parser.parse_args()
    settings, chance = Duplicates(), np.random.default_rng(1)
    method = METHODS[settings.method]
    new = rows(asked.new, method.stored, chance)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "new.npy", new)
        for earlier in asked.earlier:
            files = []
            for start in range(0, earlier, asked.file):
                some = rows(min(asked.file, earlier - start), method.stored, chance)
                if not start:
                    some[: int(asked.known * asked.new)] = new[: int(asked.known * asked.new)]
                place = folder / f"{earlier}-{start}.npy"
                np.save(place, some)
                digest = hashlib.sha256(place.read_bytes()).hexdigest()
                one = IndexFile(str(place), digest, "corpus/release")
                files.append(msgspec.json.encode(one).decode())
            view = View(method, "longest", settings.scope, 1, "")
            work = folder / f"of-{earlier}"
            begun = time.process_time()
            needed = only_needed([(0, str(folder / "new.npy"))], files, view, work, Embedded(1))
            seconds = time.process_time() - begun
            kept = sum(len(np.load(msgspec.json.decode(one)["path"])) for one in needed if one)
            each = 1e6 * seconds / earlier
            print(f"{earlier:10,} earlier documents: {each:.2f} µs each; {kept:,} of them go on")


if __name__ == "__main__":
    main()
