"""A simulated year: twelve monthly builds, every third one killed and run again.

Prints what each month came to and what it cost, in seconds of processor time for each new record,
and how that grows with the corpus. `--undisturbed` kills none; then a record of the last month may
cost a quarter more than one of the second at most, by the line through all of them. All invariants
that the tests hold are checked here too; the first one broken ends the run with an error.
"""

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
from click.testing import CliRunner
from written_year import Said, Sizes, Year

from florilegium.manifests import manifest as manifests
from florilegium.manifests.corpus import Corpus, open_corpus
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.verify import verify
from florilegium.pipelines.cli.main import main as command_line

RECIPE = """
name = "year"
languages = ["deu_Latn", "fra_Latn", "pol_Latn", "fin_Latn"]
parent = "latest"
[[filters]]
use = "length"
min_chars = 200
"""
PROGRAM = [sys.executable, "-m", "florilegium.pipelines.cli.main"]
MONTHS = 12
MOST_GROWTH = 1.25
"""How many times as much a record of the last month may cost as one of the second."""


class BrokenError(AssertionError):
    """Something that must hold in every month, and does not."""


def hold(said: bool, what: str) -> None:
    """Raise BrokenError unless it is so."""
    if not said:
        raise BrokenError(what)


class Run:
    """A year in a folder."""

    def __init__(self, folder: Path, sizes: Sizes, seed: int, disturbed: bool) -> None:
        self.year = Year(sizes, seed)
        self.home = folder / "corpora" / "year"
        self.killed: list[int] = []
        self.roots: list[list[str]] = []
        self._folder, self._disturbed = folder, disturbed
        self._known: dict[str, str] = {}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "year.toml").write_text(RECIPE)

    def month(self) -> tuple[Manifest, float]:
        """Build the next month and check all that must hold; return it and what it cost.

        The processor time is that of the build alone, of one that was not killed.
        """
        crawled, said = self.year.crawl()
        warc = self._folder / f"{self.year.month:02d}.warc.gz"
        warc.write_bytes(crawled)
        words = ["build", self._folder / "year.toml", "--input", warc, "--workers", "1",
                 "--out", self._folder / "corpora", "--output", "json"]  # fmt: skip
        if self._disturbed and self.year.month % 3 == 0:
            self._kill([str(word) for word in words])
        before = _processor()
        self._do(*words)
        cost = _processor() - before
        manifest = manifests.read((self.home / "latest").resolve())
        self._check(manifest, said)
        if self.year.month % 4 == 0:
            self._do(*words, code=3)
        if self.year.month % 2 == 0:
            self._erase()
        corpus = open_corpus(self.home / "latest")
        self.roots.append([one.manifest.root for one in corpus.releases])
        self._check_held(corpus)
        return manifest, cost

    def _do(self, *words: object, code: int = 0) -> None:
        done = CliRunner().invoke(command_line, [str(word) for word in words])
        hold(done.exit_code == code, f"{words[0]} ended with {done.exit_code}: {done.output}")

    def _erase(self) -> None:
        url = self.year.erase()
        corpus = open_corpus(self.home / "latest")
        (holder,) = (one for one in corpus.releases if one.find(url))
        self._do("erase", holder.place, "--url", url, "--basis", "gdpr-17", "--everywhere")

    def _kill(self, words: list[str]) -> None:
        """Start a build and end its process without a warning, at another moment each time."""
        moments = list(self._moments())
        reached = moments[(self.year.month // 3 - 1) % len(moments)]
        running = subprocess.Popen(
            [*PROGRAM, *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while running.poll() is None and not reached():
            time.sleep(0.001)
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
        hold(running.wait() == -signal.SIGKILL, f"month {self.year.month}: ended before the kill")
        self.killed.append(self.year.month)

    def _moments(self) -> Iterator[Callable[[], bool]]:
        """Yield what shows that a build has come so far: in harvest, erasing or later."""
        work, label = self.home / "work", f"{self.year.month:02d}.warc.gz"
        name = sha256(label.encode()).hexdigest()[:8]
        releases = len(list(self.home.glob("*/manifest.json")))
        yield lambda: any((work / "parts").glob(f"{name}-*/*/documents.parquet"))
        yield lambda: len(list(self.home.glob("*/manifest.json"))) > releases
        yield lambda: any((work / "builds").glob("*/earlier/rows/*.npy"))
        yield lambda: any((work / "builds").glob("*/release/data/*/*.parquet"))

    def _check(self, manifest: Manifest, said: Said) -> None:
        month = manifest.month
        assert month
        for what in ("unchanged", "changed", "copies", "gone", "opted_out"):
            found, expected = getattr(month, what), getattr(said, what)
            hold(found == expected, f"{self.year.month}: {found} {what}, not {expected}")
        hold(month.came.documents == said.came, f"{month.came} came, not {said.came}")
        lost = sum(table.rows for table in manifest.ledger)
        hold(manifest.documents + lost == manifest.records, "records are lost")
        corpus = open_corpus(self.home / "latest")
        hold(len(corpus) == month.whole.documents, "the corpus is not what its months come to")

    def _check_held(self, corpus: Corpus) -> None:
        rows = corpus.documents(["id", "url", "text"]).to_arrow().to_pylist()
        urls = [row["url"] for row in rows]
        hold(len(set(urls)) == len(urls), "an address is there twice")
        hold(len({row["id"] for row in rows}) == len(rows), "an id is there twice")
        hold(len({row["text"] for row in rows}) == len(rows), "a text is there twice")
        hold(not self.year.opted_out & set(urls), "something is there that is opted out of")
        hold(not self.year.erased & set(urls), "something is there that was erased")
        hold(set(urls) == self.year.held.keys(), "other pages are there than should be")
        for row in rows:
            first = self.year.held[row["url"]][0]
            hold(first in row["text"], f"{row['url']} is there in another version")
        for place in sorted(self.home.glob("*/manifest.json")):
            if place.parent.name == "latest":
                continue
            release = place.parent
            digest = sha256(place.read_bytes()).hexdigest()
            depth = "files" if release.name in self._known else "rows"
            found = list(verify(release, depth=depth))
            hold(not found, f"{release.name}: {found[:3]}")
            known = self._known.setdefault(release.name, digest)
            hold(known == digest, f"{release.name} was changed")
        hold(all((self.home / name).is_dir() for name in self._known), "an earlier release is gone")


def _processor() -> float:
    """Return seconds of processor time of this process and of those that it started and ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def fit(costs: list[tuple[int, float]]) -> tuple[float, float]:
    """Return the line through costs by documents there were: at none, and more for each one."""
    documents, seconds = np.array(costs).T
    slope, start = np.polyfit(documents, seconds, 1)
    return float(start), float(slope)


def main() -> None:
    """Run a year and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--new", type=int, default=200, help="new pages a month")
    parser.add_argument("--again", type=int, default=100, help="pages a month captured again")
    parser.add_argument("--months", type=int, default=MONTHS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--undisturbed", action="store_true", help="kill nothing")
    asked = parser.parse_args()
    sizes = Sizes(
        new=asked.new, again=asked.again, changed=asked.again // 10, vanished=asked.again // 20,
        reserved=asked.again // 50, copied=asked.again // 10,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder), sizes, asked.seed, not asked.undisturbed)
        costs = []
        print("month  records  earlier  came  changed  gone  opted out  erased  CPU s  ms a record")
        for number in range(1, asked.months + 1):
            made, seconds = run.month()
            month = made.month
            assert month
            earlier = sum(one.documents for one in month.earlier)
            killed = "  killed and run again" if number in run.killed else ""
            print(
                f"{number:5}  {made.records:7}  {earlier:7}  {month.came.documents:4}"
                f"  {month.changed:7}  {month.gone:4}  {month.opted_out:9}  {month.erased:6}"
                f"  {seconds:5.2f}  {1_000 * seconds / made.records:11.2f}{killed}",
                flush=True,
            )
            if number > 1 and not killed:
                costs.append((earlier, 1_000 * seconds / made.records))
        start, slope = fit(costs)
        print(
            f"a new record: {start:.2f} ms, and {slope * 1_000:+.2f} ms for 1,000 earlier documents"
        )
        if asked.undisturbed and len(costs) > 2:
            first, last = (start + slope * costs[place][0] for place in (0, -1))
            said = f"a record of the last month costs {last / first:.2f} times one of the second"
            hold(last <= MOST_GROWTH * first, said)
            print(said)


if __name__ == "__main__":
    main()
