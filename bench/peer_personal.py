"""The peer's masking of personal data: datatrove's PIIFormatter as it comes.

    build/peer/bin/python bench/peer_personal.py FILE.parquet
    build/peer/bin/python bench/peer_personal.py --hostile PIECE --sizes 1000 2000

Runs in the peer's environment. Prints JSON: of the texts in a file, megabytes a second of the
processor in each round; or seconds for texts of these sizes, made by repeating a piece.
"""

import argparse
import json
import time
from pathlib import Path

import pyarrow.parquet as pq
from datatrove.pipeline.formatters import PIIFormatter

ROUNDS = 3


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hostile", metavar="PIECE")
    parser.add_argument("--sizes", type=int, nargs="*", default=[])
    parser.add_argument("file", type=Path, nargs="?")
    given = parser.parse_args()
    formatter = PIIFormatter()
    if given.hostile is not None:
        for size in given.sizes:
            text = (given.hostile * (size // len(given.hostile) + 1))[:size]
            start = time.process_time()
            formatter.format(text)
            print(json.dumps({"size": size, "seconds": time.process_time() - start}), flush=True)
        return
    texts = pq.read_table(given.file, columns=["text"]).column("text").to_pylist()
    size = sum(len(text.encode()) for text in texts) / 1e6
    for _ in range(ROUNDS):
        start = time.process_time()
        for text in texts:
            formatter.format(text)
        print(json.dumps({"mb_per_second": size / (time.process_time() - start)}), flush=True)


if __name__ == "__main__":
    main()
