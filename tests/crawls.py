"""Crawls of the loopback web of `bench/crawl_web.py`, as tests need them."""

import json
import signal
import subprocess
import sys
from collections import defaultdict
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pyarrow.parquet as pq
from crawl_web import CRAWL_DELAY, RETRY_AFTER, SLOW, World
from rich.console import Console

from florilegium.pipelines.crawl.crawl import crawl
from florilegium.pipelines.crawl.seeds import seeds
from florilegium.pipelines.crawl.settings import Budget, Crawl, Limits, Network
from florilegium.pipelines.crawl.watch import Watch
from florilegium.pipelines.engines.embedded import Embedded

SERVER = Path(__file__).parent.parent / "bench" / "crawl_web.py"
DELAY = 0.02
TOLERANCE = 0.002
"""Seconds by which a request may arrive earlier than it was sent after the one before."""


class Web:
    """A running web, and its log when it has ended."""

    def __init__(self, world, port, log):
        self.world, self.port, self._log = world, port, log

    def seeds(self):
        """The front page of each host, by name."""
        return [f"http://{self.world.name(n)}:{self.port}/" for n in range(self.world.hosts)]

    def hosts_file(self, folder):
        """A file that says which address each host has."""
        path = folder / "hosts"
        lines = [f"{self.world.address(n)} {self.world.name(n)}" for n in range(self.world.hosts)]
        path.write_text("\n".join(lines))
        return path

    def requests(self):
        """Every request: time, host, path, requests of the host at the time, status."""
        return [json.loads(line) for line in self._log.read_text().splitlines()]


@contextmanager
def serving(folder, hosts, pages, paragraphs=3, port=0):
    """Serve a web while something goes on; the log can be read afterwards."""
    log = folder / "web.log"
    numbers = ["--hosts", str(hosts), "--pages", str(pages), "--paragraphs", str(paragraphs)]
    numbers += ["--port", str(port)]
    command = [sys.executable, str(SERVER), *numbers, "--log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            port = int(server.stdout.readline())
            yield Web(World(hosts, pages, paragraphs), port, log)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(20)


def settings(web, folder, **changes):
    """Settings that reach the web, and that wait no longer than a test may."""
    network = Network(ports=(), open=("127.0.0.0/8",), hosts=str(web.hosts_file(folder)))
    chosen = Crawl(
        contact="https://crawl.example/about",
        delay=DELAY,
        max_delay=5.0,
        network=network,
        budget=Budget(depth=7, pages_per_round=40),
        limits=Limits(idle_seconds=1.0, seconds=3.0, retry_seconds=0.1),
        partitions=3,
    )
    return msgspec.structs.replace(chosen, **changes)


def crawled(folder, chosen, starts, engine=None, again=False):
    """Crawl in this process; return the summary."""
    quiet = Watch(Console(quiet=True))
    return crawl(folder, chosen, seeds(starts), engine or Embedded(workers=1), quiet, again)


def frontier(folder):
    """The rows of the frontier, by address."""
    last = max((folder / "state").glob("[0-9]*"))
    rows = []
    for path in sorted((last / "frontier").glob("*.parquet")):
        rows += pq.read_table(path).to_pylist()
    return {row["url"]: row for row in rows}


def paths(rows, number, world, state="fetched"):
    """Paths of a host's addresses in a state."""
    mine = [urlsplit(row["url"]) for row in rows.values() if row["state"] == state]
    return {parts.path for parts in mine if parts.hostname == world.name(number)}


def impolite(requests, world, delay=DELAY):
    """What the server saw that a polite crawler does not do, from its log."""
    found = []
    by_host = defaultdict(list)
    for entry in sorted(requests):
        by_host[entry[1]].append(entry)
    for number, entries in by_host.items():
        kind = world.kind(number)
        if any(entry[3] > 1 for entry in entries):
            found.append((number, kind, "two at a time"))
        if entries[0][2] != "/robots.txt":
            found.append((number, kind, "no robots.txt first"))
        for before, after in pairwise(entries):
            least = delay
            if kind == "crawl_delay" and before[2] != "/robots.txt":
                least = CRAWL_DELAY
            if kind == "slow" and before[2].startswith("/p/"):
                least = SLOW + max(delay, SLOW)  # it rests as long as it took
            if before[4] == 429:
                least = RETRY_AFTER
            if after[0] - before[0] < least - TOLERANCE:
                found.append((number, kind, before[2], after[2], round(after[0] - before[0], 4)))
        paths_asked = {entry[2] for entry in entries}
        if kind == "robots_down" and paths_asked != {"/robots.txt"}:
            found.append((number, kind, "asked although robots.txt could not be had"))
        if kind != "no_robots" and any(path.startswith("/private/") for path in paths_asked):
            found.append((number, kind, "forbidden"))
    return found
