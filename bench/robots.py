"""Measure robots.txt: files read a second, decisions a second, beside other parsers for Python.

usage: python bench/robots.py [--files N] [--rounds N] [WARC ...]

Files are taken from WARC files, such as those that Common Crawl has for robots.txt; without any,
they are written here, as long and as varied as crawlers find them. A decision is whether one of the
agents in question may fetch one path. All parsers get the same files, paths and agents, in turn, in
every round; the median of the rounds is printed, and how often their answers differ from ours.
"""

import argparse
import hashlib
import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.robotparser import RobotFileParser

from florilegium.filters.optouts.agents import LISTS
from florilegium.filters.optouts.judge import ROBOTS, Judge
from florilegium.filters.optouts.pattern import path_of
from florilegium.filters.optouts.policy import Rights
from florilegium.filters.optouts.robots_txt import EVERYONE, RobotsTxt
from florilegium.manifests.host_record import HostRecord
from florilegium.pipelines.harvest.host_records import read_host_record
from florilegium.pipelines.harvest.warc import read

AGENTS = (EVERYONE, *LISTS["training"])
PATHS = 20
HOST = "https://a.example"
Ask = Callable[[str, str], bool]

_FOLDERS = ("wp-admin", "search", "cart", "user", "tmp", "api", "tag", "feed", "login", "private")


def written(number: int, chance: random.Random) -> Iterator[bytes]:
    """Yield files: short ones of a content system, long ones of shops, and lists of crawlers."""
    for _ in range(number):
        lines = ["User-agent: *"]
        for _ in range(int(chance.paretovariate(1.1))):
            folder = chance.choice(_FOLDERS)
            end = chance.choice(["/", "", "/*?sort=", "/*.php$", f"/{chance.randrange(100)}"])
            lines.append(f"{chance.choice(['Disallow', 'Disallow', 'Allow'])}: /{folder}{end}")
        if chance.random() < 0.4:
            named = chance.sample(LISTS["training"], chance.randrange(1, 8))
            lines += ["", *(f"User-agent: {agent}" for agent in named), "Disallow: /"]
        lines += ["", f"Sitemap: {HOST}/sitemap.xml"]
        yield "\n".join(lines[:2_000]).encode()


def captured(places: list[Path], most: int) -> Iterator[bytes]:
    """Yield files as hosts gave them."""
    left = most
    for place in places:
        for item in read(place):
            found = read_host_record(item, place.name)
            if found and found[0].resource == "/robots.txt" and found[0].state == "present":
                yield found[0].body
                left -= 1
            if not left:
                return


def ours(data: bytes) -> Ask:
    """Read a file by the parser of this package."""
    file = RobotsTxt(data)

    def ask(agent: str, url: str) -> bool:
        rule = file.decisive(agent if file.names(agent) else EVERYONE, path_of(url))
        return rule is None or rule.allows

    return ask


def of_python(data: bytes) -> Ask:
    """Read a file by urllib.robotparser."""
    parser = RobotFileParser()
    parser.parse(data.decode("utf-8", "replace").splitlines())
    return parser.can_fetch


def protego() -> Callable[[bytes], Ask] | None:
    """Return the reader of Protego, if that is installed."""
    try:
        from protego import Protego  # type: ignore[import-not-found]
    except ImportError:
        return None

    def read_by(data: bytes) -> Ask:
        parser = Protego.parse(data.decode("utf-8", "replace"))
        return lambda agent, url: bool(parser.can_fetch(url, agent))

    return read_by


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("warc", nargs="*", type=Path)
    options.add_argument("--files", type=int, default=300)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    chance = random.Random(9309)
    source = captured(given.warc, given.files) if given.warc else written(given.files, chance)
    files = list(source)
    urls = [
        f"{HOST}/{chance.choice(_FOLDERS)}/{chance.randrange(100)}?sort={chance.randrange(9)}"
        for _ in range(PATHS)
    ]
    readers = {"florilegium": ours, "urllib.robotparser": of_python, "protego": protego()}
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in readers}
    answers: dict[str, list[bool]] = {}
    for _ in range(given.rounds):
        for name, reader in readers.items():
            if reader is None:
                continue
            started = time.process_time()
            asked = [reader(data) for data in files]
            parsed = time.process_time()
            answers[name] = [ask(a, url) for ask in asked for url in urls for a in AGENTS]
            seconds[name].append((parsed - started, time.process_time() - parsed))
    size = sum(map(len, files))
    print(
        f"{len(files)} files of {size / len(files):,.0f} bytes, {PATHS} paths, {len(AGENTS)} agents"
    )
    print(f"{'parser':20} {'files/s':>10} {'MB/s':>8} {'decisions/s':>12} {'differs':>9}")
    for name, rounds in seconds.items():
        if not rounds:
            print(f"{name:20} is not installed")
            continue
        read_in, decided_in = (statistics.median(column) for column in zip(*rounds, strict=True))
        pairs = zip(answers[name], answers["florilegium"], strict=True)
        differ = sum(one != other for one, other in pairs)
        print(
            f"{name:20} {len(files) / read_in:10,.0f} {size / read_in / 1e6:8.1f} "
            f"{len(answers[name]) / decided_in:12,.0f} {differ / len(answers[name]):9.2%}"
        )
    started = time.process_time()
    for number, data in enumerate(files):
        judge = Judge([_said(number, data)], Rights())
        for url in urls:
            judge.judge(url, 1, 0)
    took = time.process_time() - started
    print(
        f"whole judgements, at crawl and at build, files read: {len(files) * PATHS / took:,.0f}/s"
    )


def _said(number: int, data: bytes) -> HostRecord:
    return HostRecord(
        origin=HOST,
        resource=ROBOTS,
        fetched=number,
        status=200,
        state="present",
        size=len(data),
        sha256=hashlib.sha256(data).digest(),
        body=data,
        warc="",
        warc_offset=0,
        warc_length=0,
    )


if __name__ == "__main__":
    main()
