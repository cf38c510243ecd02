"""Measure the crawler beside Scrapy: pages a CPU second on one loopback web, in one run.

usage: python bench/crawl.py [--hosts N] [--pages N] [--delay SECONDS] [--peer PYTHON]

The web (`bench/crawl_web.py`) has slow hosts, traps, broken replies, and hosts that opt out. Both
follow its links from the front pages. Ours also writes WARC files, and is checked: all pages that
can be reached, none that is forbidden, and how it behaved, from the server's log.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from crawl_web import CRAWL_DELAY, FORBIDDEN, RETRY_AFTER, World

HERE = Path(__file__).resolve().parent
PEER = HERE.parent / "build" / "crawl-peer" / "bin" / "python"
DEPTH = 10
_TOLERANCE = 0.002


@contextmanager
def serving(hosts: int, pages: int, log: Path) -> Iterator[int]:
    """Serve the web in a process of its own; give its port."""
    script = [sys.executable, str(HERE / "crawl_web.py")]
    numbers = ["--hosts", str(hosts), "--pages", str(pages), "--log", str(log)]
    with subprocess.Popen([*script, *numbers], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.terminate()
            server.wait(60)


def timed(command: list[str]) -> tuple[float, float, str]:
    """Run a command; return CPU seconds of it and all its children, seconds, and its output."""
    started = time.monotonic()
    with tempfile.NamedTemporaryFile("r") as figures:
        script = "import resource,subprocess,sys;r=subprocess.run(sys.argv[2:]);"
        script += "u=resource.getrusage(resource.RUSAGE_CHILDREN);"
        script += "open(sys.argv[1],'w').write(str(u.ru_utime+u.ru_stime));sys.exit(r.returncode)"
        wrapped = [sys.executable, "-c", script, figures.name, *command]
        done = subprocess.run(wrapped, stdout=subprocess.PIPE, text=True, check=True)
        return float(figures.read()), time.monotonic() - started, done.stdout


def crawled(out: Path, seeds: Path, delay: float) -> tuple[float, float]:
    """Crawl with ours; return CPU seconds and seconds."""
    changes = {
        "delay": delay,
        "max_delay": 10,
        "network.ports": "[]",
        "network.open": '["127.0.0.0/8"]',
        "budget.depth": DEPTH,
        "limits.idle_seconds": 2,
        "limits.seconds": 5,
        "limits.retry_seconds": 0.5,
    }
    sets = [part for key, value in changes.items() for part in ("--set", f"{key}={value}")]
    command = [sys.executable, "-m", "florilegium.pipelines.cli.main", "crawl", str(seeds)]
    command += ["--out", str(out), "--contact", "https://crawl.example/about"]
    cpu, wall, _ = timed([*command, *sets])
    return cpu, wall


def fetched(out: Path, world: World) -> dict[int, set[str]]:
    """Return the paths that ours fetched, by the number of the host."""
    numbers = {world.address(number): number for number in range(world.hosts)}
    found: dict[int, set[str]] = defaultdict(set)
    last = max((out / "state").glob("[0-9]*"))
    for path in (last / "frontier").glob("*.parquet"):
        for row in pq.read_table(path, columns=["url", "host", "state"]).to_pylist():
            if row["state"] == "fetched":
                found[numbers[row["host"]]].add("/" + row["url"].split("/", 3)[3])
    return found


def misbehaved(log: Path, world: World, delay: float) -> Counter[str]:
    """Count what the server saw that a polite crawler does not do."""
    found: Counter[str] = Counter()
    by_host: dict[int, list[list[Any]]] = defaultdict(list)
    for line in log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        by_host[entry[1]].append(entry)
    for number, entries in by_host.items():
        entries.sort()
        kind = world.kind(number)
        found["two requests at a time"] += sum(entry[3] > 1 for entry in entries)
        asked = [entry[2] for entry in entries]
        if kind not in ("no_robots", "robots_down"):
            found["forbidden pages"] += sum(path.startswith(FORBIDDEN) for path in asked)
        if kind == "robots_down":
            found["pages without rules"] += sum(path != "/robots.txt" for path in asked)
        for before, after in pairwise(entries):
            least = delay
            if kind == "crawl_delay" and before[2] != "/robots.txt":
                least = CRAWL_DELAY
            if before[4] == 429:
                least = RETRY_AFTER
            found["too soon"] += after[0] - before[0] < least - _TOLERANCE
    return found


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--hosts", type=int, default=200)
    options.add_argument("--pages", type=int, default=20_000, help="of all hosts together")
    options.add_argument("--delay", type=float, default=0.02, help="seconds, of both")
    options.add_argument("--peer", type=Path, default=PEER, help="Python that has Scrapy")
    chosen = options.parse_args()
    world = World(chosen.hosts, chosen.pages)
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        with serving(chosen.hosts, chosen.pages, at / "log") as port:
            seeds = at / "seeds.txt"
            starts = (f"http://{world.address(n)}:{port}/" for n in range(chosen.hosts))
            seeds.write_text("\n".join(starts), encoding="utf-8")
            cpu, wall = crawled(at / "out", seeds, chosen.delay)
        found = fetched(at / "out", world)
        pages = sum(map(len, found.values()))
        missing = sum(len(world.expected(n) - found[n]) for n in range(chosen.hosts))
        size = sum(path.stat().st_size for path in (at / "out" / "warc").iterdir())
        print(
            f"ours    {pages:,} pages, {pages / cpu:,.0f} a CPU second, {cpu:.1f} CPU s, ", end=""
        )
        print(f"{wall:.0f} s, {size / 1e6:,.0f} MB of WARC")
        print(f"        {missing} pages missing; in the server's log: ", end="")
        seen = misbehaved(at / "log", world, chosen.delay)
        print(", ".join(f"{number} {what}" for what, number in seen.items()))
        if not chosen.peer.exists():
            print("scrapy  not installed: make bench-crawl")
            return
        with serving(chosen.hosts, chosen.pages, at / "log") as port:
            starts = (f"http://{world.address(n)}:{port}/" for n in range(chosen.hosts))
            seeds.write_text("\n".join(starts), encoding="utf-8")
            script = [str(chosen.peer), str(HERE / "crawl_scrapy.py"), str(seeds)]
            _, _, said = timed([*script, str(chosen.delay), str(DEPTH)])
        peer = json.loads(said)
        speed = peer["pages"] / peer["cpu"]
        print(f"scrapy  {peer['pages']:,} pages, {speed:,.0f} a CPU second, ", end="")
        print(f"{peer['cpu']:.1f} CPU s, {peer['wall']:.0f} s, no WARC")
        seen = misbehaved(at / "log", world, chosen.delay)
        print("        in the server's log: ", end="")
        print(", ".join(f"{number} {what}" for what, number in seen.items()))
        print(f"ours gets {pages / cpu / speed:.1f} times as many pages a CPU second")


if __name__ == "__main__":
    main()
