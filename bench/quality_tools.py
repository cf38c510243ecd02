"""What lists, benchmarks, scorers and questions cost, in processor time.

    python bench/quality_tools.py --corpus corpora/NAME [--scorer models/quality.bin]

Texts are those of the last build below the corpus. Entries of lists and runs of words that are
looked for are made up: what is not found takes as long as what is.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from florilegium.filters.blocklist import Blocklist, entry_of
from florilegium.filters.ngrams import Runs, word_hashes
from florilegium.pipelines.assessment.scorers import Model
from florilegium.pipelines.last import recall
from florilegium.pipelines.recipe import changed, load
from florilegium.pipelines.research.whatif import whatif

ROUNDS = 3


def seconds(work: Callable[[], object]) -> float:
    """Return the processor time of some work: the least of a few rounds."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def lists(urls: list[str], entries: int) -> None:
    """Print how long a list takes to load, and an address to look up."""
    draw = random.Random(1)
    names = [f"{draw.getrandbits(48):x}.{draw.choice(['de', 'fr', 'com'])}" for _ in range(entries)]
    started = time.process_time()
    known = Blocklist((entry, 0) for name in names if (entry := entry_of(name)))
    print(f"blocklist: {len(known):,} entries in {time.process_time() - started:.2f} s")
    took = seconds(lambda: each(known.find, urls))
    print(f"  {took / len(urls) * 1e6:.1f} microseconds an address, {len(urls):,} of them")


def benchmarks(texts: list[str], runs: int) -> None:
    """Print how fast texts are compared with runs of 13 words."""
    known = Runs(13, [(0, np.random.default_rng(1).integers(1, 1 << 63, runs).astype(np.uint64))])
    known.shared(word_hashes(texts[0]))  # compiles
    took = seconds(lambda: each(lambda text: known.shared(word_hashes(text)), texts))
    size = sum(len(text.encode()) for text in texts)
    each_text = f"{took / len(texts) * 1e6:.0f} microseconds a text of {size // len(texts):,} bytes"
    print(f"benchmarks: {runs:,} runs, {size / took / 1e6:,.0f} MB/s, {each_text}")


def scorer(texts: list[str], model: Path) -> None:
    """Print how long a score takes."""
    loaded = Model(str(model), "good")
    took = seconds(lambda: each(loaded.score, texts))
    print(f"scorer: {took / len(texts) * 1e6:.0f} microseconds a text")


def question(corpus: Path, recipe: str) -> None:
    """Print how long an answer takes."""
    asked = changed(load(recipe), ["filters.repetition.max_top_bigram=0.15"])
    started, clock = time.process_time(), time.perf_counter()
    answer = whatif(asked, corpus)
    took, waited = time.process_time() - started, time.perf_counter() - clock
    held = sum(count.documents for count in answer.before.values())
    would = sum(count.documents for count in answer.after.values())
    print(
        f"whatif: {held:,} documents, would be {would:,}: {took:.2f} s, {waited:.2f} s by the clock"
    )


def each(work: Callable[[str], object], among: Iterable[str]) -> None:
    """Do something with each of many."""
    for one in among:
        work(one)


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--corpus", type=Path, required=True, help="folder of a corpus")
    parser.add_argument("--recipe", default="demo", help="recipe of its last build")
    parser.add_argument("--scorer", type=Path, help="a model of train-quality")
    parser.add_argument("--entries", type=int, default=1_000_000, help="of the blocklist")
    parser.add_argument("--runs", type=int, default=10_000_000, help="of the benchmarks")
    options = parser.parse_args()
    if recall(options.corpus / "work") is None:
        parser.error(f"{options.corpus}: there is no finished build")
    table = pq.read_table(options.corpus / "latest" / "data", columns=["url", "text"])
    texts, urls = (table.column(name).to_pylist() for name in ("text", "url"))
    lists(urls, options.entries)
    benchmarks(texts, options.runs)
    if options.scorer:
        scorer(texts, options.scorer)
    question(options.corpus, options.recipe)


if __name__ == "__main__":
    main()
