"""Measures what checking a release takes at each depth, beside SHA-256 alone.

    python bench/verify_speed.py [--documents N] [--rounds N] [--rows]

Makes a release of made-up words in build/verify-speed, if it is not there, of about a gigabyte.
Each round reads all shards by hashlib alone and then verifies the release, so that both have the
same machine. What is counted is the time at which a core was at work, not that of a disk.
"""

import argparse
import hashlib
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import synthetic_release

from florilegium.manifests import manifest as manifests
from florilegium.manifests.location import Location
from florilegium.manifests.verify import Depth, verify

ROOT = Path(__file__).parents[1]
_BUFFER = 1 << 20


def worked(work: Callable[[], object]) -> float:
    """Return for how many seconds this process was at work."""
    before = time.process_time()
    work()
    return time.process_time() - before


def hashed(release: Location) -> None:
    """Read every file of a release and do nothing but hash it."""
    for entry in manifests.read(release).files:
        digest = hashlib.sha256()
        with (release / entry.path).open("rb") as stream:
            while data := stream.read(_BUFFER):
                digest.update(data)
        assert digest.hexdigest() == entry.sha256


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=800_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", action="store_true", help="also verify every row, once")
    options = parser.parse_args()
    home = ROOT / "build" / "verify-speed" / str(options.documents)
    release = synthetic_release.make(home, options.documents, 32 << 20, synthetic_release.LANGUAGES)
    manifest = manifests.read(release)
    size = sum(entry.file_bytes for entry in manifest.files) / 1e9
    print(f"{size:.2f} GB in {len(manifest.files)} files, {manifest.documents:,} documents")
    rounds = [
        (
            worked(lambda: hashed(release)),
            worked(lambda: _verified(release, "files")),
            worked(lambda: _verified(release, "tables")),
        )
        for _ in range(options.rounds)
    ]
    alone, files, tables = (statistics.median(times) for times in zip(*rounds, strict=True))
    ratio = statistics.median(mine / beside for beside, mine, _ in rounds)
    print(f"SHA-256 alone    {size / alone:6.2f} GB/s of a core")
    print(f"verify, files    {size / files:6.2f} GB/s of a core, {ratio:.2f} times the work")
    print(f"verify, tables   {tables:6.2f} s")
    if options.rows:
        rows = worked(lambda: _verified(release, "rows"))
        print(f"verify, rows     {size / rows:6.3f} GB/s of a core")


def _verified(release: Location, depth: Depth) -> None:
    assert list(verify(release, depth=depth)) == []


if __name__ == "__main__":
    main()
