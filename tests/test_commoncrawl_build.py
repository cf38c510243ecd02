"""Builds from plans: the same release however the archive is read, and what becomes of an end."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from archive_web import archive_web
from archives import demo_archive, recipe
from msgspec.structs import replace
from rich.console import Console

from florilegium.manifests.verify import verify
from florilegium.pipelines import build as builds
from florilegium.pipelines import recipe as recipes
from florilegium.pipelines.commands.answers import TRY_AGAIN, stopped
from florilegium.pipelines.commands.display import Display
from florilegium.pipelines.commoncrawl import fetch
from florilegium.pipelines.commoncrawl.plan import listed
from florilegium.pipelines.commoncrawl.selection import select
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.forecast import places
from florilegium.pipelines.forecast.forecast import forecast
from florilegium.pipelines.forecast.prices import PRICES
from florilegium.pipelines.harvest.harvest import UnitError
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.research.lineage import lineage

FEW = 'languages = ["deu", "swe"]'


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return demo_archive(tmp_path_factory.mktemp("snapshot"))


@pytest.fixture
def web(archive, monkeypatch):
    monkeypatch.setattr(fetch, "FIRST_PAUSE", 0.001)
    with archive_web(archive) as server:
        yield server


def planned(folder, base, *lines):
    """Write a recipe and its plan into a folder; return both."""
    folder.mkdir(exist_ok=True)
    path = recipe(folder, base, FEW, *lines)
    select(recipes.load(str(path)), folder / "plan.parquet")
    return path, folder / "plan.parquet"


def laid_out(path, plan, out):
    chosen = replace(recipes.load(str(path)), languages=("deu_Latn", "swe_Latn"))
    return builds.plan(chosen, find_files([str(plan)]), out)


def built(path, plan, out):
    made = laid_out(path, plan, out)
    return builds.build(made, Embedded(), Display(Console(quiet=True))), made.release


@pytest.fixture(scope="module")
def local(archive, tmp_path_factory):
    """A release of the archive in a folder, streamed."""
    folder = tmp_path_factory.mktemp("local")
    path, plan = planned(folder, archive)
    return (*built(path, plan, folder / "out"), plan)


def test_every_chosen_record_is_in_a_shard_or_in_the_ledger(local):
    manifest, release, plan = local
    assert list(verify(release)) == []
    assert sorted(one.name for one in manifest.inputs) == sorted(row.file for row in listed(plan))
    assert manifest.documents > 5
    assert all(one.passed_over is not None for one in manifest.inputs)
    assert any(one.passed_over > 0 for one in manifest.inputs)
    assert any(one.name == "plan of CC-MAIN-2026-43" for one in manifest.resources)


def test_robots_txt_of_the_snapshot_is_heeded(local, archive, tmp_path):
    manifest, _, _ = local
    assert manifest.opt_outs.removed["robots_txt"] == 2
    assert manifest.opt_outs.origins["present"] > 0
    without, _ = built(*planned(tmp_path, archive, "robots = false"), tmp_path / "out")
    assert "robots_txt" not in without.opt_outs.removed
    # The two pages are copies of others, which now give way to them or take them in.
    assert without.root != manifest.root


def test_ranges_over_a_bad_line_give_the_root_of_a_stream_from_a_folder(local, web, tmp_path):
    web.fault = lambda path, number: ("slow", "cut", "reset", None)[number % 4]
    path, plan = planned(tmp_path, web.address, "megabytes_per_second = 0.001")
    manifest, release = built(path, plan, tmp_path / "out")
    assert manifest.root == local[0].root
    assert [replace(i, passed_over=0) for i in manifest.inputs] == [
        replace(i, passed_over=0) for i in local[0].inputs
    ]
    assert sum(i.passed_over for i in manifest.inputs) < sum(i.passed_over for i in local[0].inputs)
    warcs = {file.name: file.file for file in find_files([str(plan)])}
    assert list(lineage(release, 5, warcs)) == []


def test_a_refusal_stops_all_work_and_the_next_build_fetches_only_what_is_missing(
    local, web, tmp_path
):
    path, plan = planned(tmp_path, web.address)
    web.asked.clear()
    web.fault = lambda path, number: "deny" if number > 2 else None
    with pytest.raises(RuntimeError, match="wait a day"):
        built(path, plan, tmp_path / "out")
    assert len(web.asked) == 2 + fetch.DENIALS
    done = {path for path, _ in web.asked[:2]}
    web.asked.clear()
    web.fault = lambda path, number: None
    manifest, _ = built(path, plan, tmp_path / "out")
    assert manifest.root == local[0].root
    assert done.isdisjoint(path for path, _ in web.asked)


def test_a_file_that_was_moved_is_asked_for_once_and_all_others_are_finished(web, tmp_path):
    path, plan = planned(tmp_path, web.address)
    moved = next(row.file for row in listed(plan) if "/warc/" in row.file)
    web.asked.clear()
    web.fault = lambda path, number: "gone" if path == f"/{moved}" else None
    with pytest.raises(UnitError) as raised:
        built(path, plan, tmp_path / "out")
    assert f"{moved}: GoneError" in str(raised.value)
    assert "`florilegium select` again" in str(raised.value)
    assert sorted(path for path, _ in web.asked) == sorted(f"/{row.file}" for row in listed(plan))


def test_more_files_are_added_to_what_was_read_before(local, web, tmp_path):
    few, plan = planned(tmp_path / "few", web.address, "max_files = 2")
    built(few, plan, tmp_path / "out")
    web.asked.clear()
    path, plan = planned(tmp_path / "all", web.address)
    web.asked.clear()
    manifest, _ = built(path, plan, tmp_path / "out")
    assert manifest.root == local[0].root
    pages = [path for path, _ in web.asked if "/warc/" in path]
    assert len(pages) == len([i for i in local[0].inputs if "/warc/" in i.name]) - 2


def test_a_build_that_was_killed_does_not_fetch_what_was_done(web, tmp_path):
    path, plan = planned(tmp_path, web.address)
    path.write_text(path.read_text().replace('["european"]', '["deu_Latn", "swe_Latn"]'))
    command = [sys.executable, "-m", "florilegium.pipelines.cli.main", "build", str(path)]
    command += ["--input", str(plan), "--out", str(tmp_path / "out"), "--workers", "1"]
    web.asked.clear()
    web.fault = lambda path, number: "late"
    building = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    parts = tmp_path / "out" / "chosen" / "work" / "parts"
    deadline = time.monotonic() + 120
    while len(done := list(parts.glob("*/part.json"))) < 2:
        assert time.monotonic() < deadline
        assert building.poll() is None
        time.sleep(0.005)
    os.killpg(building.pid, signal.SIGKILL)
    building.wait()
    again = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stderr
    times = Counter(web.asked)
    assert len(times) == len(list(listed(plan)))
    assert sum(number > 1 for number in times.values()) <= 1
    assert len(done) < len(times)


@pytest.mark.parametrize("least", [places.MIN_BYTES, 1 << 16])
def test_a_plan_can_be_estimated_from_a_share_of_what_it_chooses(web, tmp_path, monkeypatch, least):
    monkeypatch.setattr(places, "MIN_BYTES", least)
    path, plan = planned(tmp_path, web.address)
    web.asked.clear()
    chosen = laid_out(path, plan, tmp_path / "out")
    found = forecast(chosen, "embedded", 1, PRICES["embedded"])
    assert found.bytes == sum(row.bytes for row in listed(plan))
    assert found.read.records > 0
    if least > found.bytes:
        assert found.read.bytes == found.bytes
        assert found.least.records == found.most.records == found.read.records
    else:
        assert found.read.bytes < found.bytes
        whole = forecast_of_all(chosen, monkeypatch)
        assert found.least.records <= whole.estimate.records <= found.most.records


def forecast_of_all(chosen, monkeypatch):
    monkeypatch.setattr(places, "MIN_BYTES", 1 << 40)
    return forecast(chosen, "embedded", 1, PRICES["embedded"])


def test_an_archive_that_is_overloaded_means_try_again_even_across_processes(capsys):
    busy = f"OSError: [Errno 11] {os.strerror(errno.EAGAIN)}: x answers 503, 8 times"
    assert stopped(RuntimeError(f"{busy} [while running 'harvest']")) == TRY_AGAIN
    assert capsys.readouterr().err.endswith("8 times: run the same command again later\n")
