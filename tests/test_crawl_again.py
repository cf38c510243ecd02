"""Crawls that are stopped, killed, or made again a month later."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
from crawls import DELAY, crawled, frontier, impolite, paths, serving, settings
from fastwarc.warc import ArchiveIterator

from florilegium.pipelines.crawl.crawl import UnfinishedError
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.harvest.warc import Damage, read

HOSTS, PAGES = 8, 160


def command(web, folder, *more):
    chosen = {
        "delay": DELAY,
        "max_delay": 5,
        "network.ports": "[]",
        "network.open": '["127.0.0.0/8"]',
        "network.hosts": f'"{web.hosts_file(folder)}"',
        "budget.depth": 7,
        "limits.idle_seconds": 1,
        "limits.seconds": 3,
        "limits.retry_seconds": 0.1,
        "partitions": 3,
    }
    changes = [part for key, value in chosen.items() for part in ("--set", f"{key}={value}")]
    florilegium = [sys.executable, "-m", "florilegium.pipelines.cli.main", "crawl", *web.seeds()]
    out = ["--out", str(folder / "out"), "--contact", "https://crawl.example/about"]
    return [*florilegium, *out, *changes, *more]


def pages_written(folder):
    """How many bytes of WARC files there are."""
    return sum(path.stat().st_size for path in (folder / "out" / "warc").glob("*.gz*"))


def all_records(folder):
    files = sorted((folder / "out" / "warc").glob("*.warc.gz"))
    return [item for path in files for item in read(path)]


def targets(folder):
    items = (item for item in all_records(folder) if item.kind == "response")
    return Counter(item.headers["warc-target-uri"] for item in items)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_crawl_that_is_ended_goes_on_and_fetches_nothing_twice(tmp_path, number):
    with serving(tmp_path, HOSTS, PAGES) as web:
        with subprocess.Popen(command(web, tmp_path), stderr=subprocess.PIPE, text=True) as first:
            while pages_written(tmp_path) < 60_000 and first.poll() is None:
                time.sleep(0.01)
            first.send_signal(number)
            first.wait(60)
            ended = time.time()
            said = first.stderr.read()
        assert first.returncode == (-number if number == signal.SIGKILL else 143), said
        before = pages_written(tmp_path)
        second = subprocess.run(command(web, tmp_path), capture_output=True, text=True, check=False)
        assert second.returncode == 0, second.stderr
        third = subprocess.run(command(web, tmp_path), capture_output=True, text=True, check=False)
        assert third.returncode == 3, third.stderr
    assert before > 60_000
    requests, world = web.requests(), web.world
    assert any(entry[0] < ended for entry in requests)
    assert any(entry[0] > ended for entry in requests)
    rows = frontier(tmp_path / "out")
    for host in range(HOSTS):
        assert world.expected(host) <= paths(rows, host, world)
    assert impolite(requests, world) == []
    again = {url for url, times in targets(tmp_path).items() if times > 1}
    assert {url.rpartition("/")[2] for url in again} <= {"busy", "short", "chunks"}
    # Only what was under way when it ended was asked for once more: one page a host at most.
    asked = Counter((entry[1], entry[2]) for entry in requests)
    repeated = Counter(
        host for (host, path), times in asked.items() if times > 1 and path.startswith("/p/")
    )
    assert max(repeated.values(), default=0) <= 1


def test_what_was_written_but_not_noted_is_taken_from_the_files(tmp_path):
    with serving(tmp_path, HOSTS, PAGES) as web:
        with subprocess.Popen(command(web, tmp_path), stderr=subprocess.DEVNULL) as first:
            while pages_written(tmp_path) < 90_000 and first.poll() is None:
                time.sleep(0.01)
            first.kill()
        journal = max((tmp_path / "out" / "state").glob("*/journal/00000"))
        notes = journal.read_bytes()
        journal.write_bytes(notes[: len(notes) // 2])
        warc = next((tmp_path / "out" / "warc").glob("*.open"))
        whole = warc.stat().st_size
        with warc.open("ab") as stream:
            stream.write(b"\x1f\x8b\x08 a record that was not written to its end")
        summary = crawled(tmp_path / "out", settings(web, tmp_path), web.seeds())
    assert summary.end == "done"
    asked = Counter((entry[1], entry[2]) for entry in web.requests())
    repeated = [place for place, times in asked.items() if times > 1 and "/p/" in place[1]]
    assert len(repeated) <= HOSTS
    assert all(not isinstance(item, Damage) for item in all_records(tmp_path))
    assert whole > 90_000
    rows = frontier(tmp_path / "out")
    for host in range(HOSTS):
        assert web.world.expected(host) <= paths(rows, host, web.world)
    places = {(item.offset, item.headers["warc-target-uri"]) for item in all_records(tmp_path)[1:]}
    fetched = [row for row in rows.values() if row["state"] == "fetched"]
    assert all((row["offset"], row["url"]) in places for row in fetched)


class Shares(Embedded, frozen=True):
    """So many shares, which one process does one after the other."""

    def run(self, lay_out, step=""):
        Embedded(workers=1).run(lay_out, step)


def test_the_outcome_of_a_crawl_does_not_depend_on_how_it_is_shared_out(tmp_path):
    told = []
    for shares in (1, 3):
        folder = tmp_path / str(shares)
        folder.mkdir()
        with serving(folder, HOSTS, 80) as web:
            crawled(folder / "out", settings(web, folder), web.seeds(), Shares(workers=shares))
        rows = frontier(folder / "out").values()
        told.append({
            (row["url"].replace(str(web.port), "PORT"), row["state"], row["depth"], row["source"])
            for row in rows
            if "/trap/" not in row["url"]
        })  # fmt: skip
    assert told[0] == told[1]


def test_a_second_visit_writes_revisits_of_what_is_unchanged_and_notes_what_is_gone(tmp_path):
    out = tmp_path / "out"
    with serving(tmp_path, 4, 40) as web:
        chosen = settings(web, tmp_path)
        files = set(crawled(out, chosen, web.seeds()).files)
    rows = frontier(out)
    with serving(tmp_path, 4, 32, port=web.port) as fewer:
        second = crawled(out, chosen, fewer.seeds(), again=True)
    assert second.visit == 2
    now = frontier(out)
    assert set(rows) <= set(now)
    gone = {url for url, row in now.items() if row["state"] == "gone"}
    assert {url.rpartition("/")[2] for url in gone} == {"8", "9"}
    assert all(now[url]["digest"] == rows[url]["digest"] for url in gone)
    statuses = Counter()
    for name in set(second.files) - files:
        with (out / "warc" / name).open("rb") as stream:
            for record in ArchiveIterator(stream, parse_http=True):
                if record.headers["WARC-Type"] == "revisit":
                    statuses[record.http_headers.status_code] += 1
                    url = record.headers["WARC-Target-URI"]
                    assert record.headers["WARC-Refers-To"] == rows[url]["record"]
    assert statuses[304] > 5
    assert statuses[200] > 5
    # With fewer pages, what has no ETag has other links; servers say that the rest is unchanged.
    fetched = {url: row for url, row in now.items() if row["state"] == "fetched"}
    for url, row in fetched.items():
        same = row["digest"] == rows[url]["digest"]
        assert same == (row["reason"] == "unchanged"), url
    assert any(row["reason"] == "" for row in fetched.values())


def test_a_further_visit_waits_for_the_one_before(tmp_path):
    with serving(tmp_path, 2, 40) as web:
        chosen = settings(web, tmp_path)
        stop = threading.Thread(target=_stopped, args=(tmp_path,))
        stop.start()
        summary = crawled(tmp_path / "out", chosen, web.seeds())
        stop.join()
        assert summary.end == "stopped"
        with pytest.raises(UnfinishedError, match="not over"):
            crawled(tmp_path / "out", chosen, web.seeds(), again=True)


def _stopped(folder):
    while pages_written(folder) < 2_000:
        time.sleep(0.005)
    os.kill(os.getpid(), signal.SIGINT)
