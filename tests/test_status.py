"""The status of a corpus: written while a build runs, and read by people."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest
from msgspec.structs import replace

from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.lock import lock
from florilegium.pipelines.watch import status as statuses
from florilegium.pipelines.watch.status_file import StatusFile
from florilegium.pipelines.watch.watch import Watch

FLORILEGIUM = [sys.executable, "-m", "florilegium.pipelines.cli.main"]


def run(*words, **options):
    command = [*FLORILEGIUM, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=500, **options)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A build of one file that was watched in every way, and what it said."""
    home = tmp_path_factory.mktemp("watched")
    warc = pack(home / "warc")[0]
    asked = ["--log-format=json", f"--metrics={home / 'm.prom'}", f"--lineage={home / 'l.jsonl'}"]
    words = ["build", "demo", "--input", warc, "--out", home / "out", "--output", "json"]
    return home, words, run(*words, *asked)


def test_a_build_leaves_what_it_made(built):
    home, _, done = built
    assert done.returncode == 0, done.stderr
    answer, status = json.loads(done.stdout), statuses.read(home / "out" / "demo")
    assert (status.state, status.exit_code) == ("done", 0)
    assert (status.release.root, status.release.path) == (answer["root"], answer["release"])
    assert status.records == status.documents + sum(status.losses.values())
    assert status.units_done == status.units == 1
    assert {"harvest", "deduplicate", "decide", "publish", "seal"} <= status.seconds.keys()
    assert status.last_success is not None


def test_logs_are_one_object_a_line_and_tell_of_each_step(built):
    lines = [json.loads(line) for line in built[2].stderr.splitlines()]
    assert all({"time", "level", "event", "message"} <= line.keys() for line in lines)
    assert (lines[0]["event"], lines[-1]["event"]) == ("build_started", "build_ended")
    ended = [line["step"] for line in lines if line["event"] == "step_ended"]
    assert ended[0] == "harvest"
    assert ended[-1] == "seal"


def test_events_of_lineage_are_of_one_run_and_name_what_the_release_names(built):
    home, _, done = built
    events = [json.loads(line) for line in (home / "l.jsonl").read_text().splitlines()]
    kinds = [event["eventType"] for event in events]
    assert (kinds[0], {*kinds[1:-1]}, kinds[-1]) == ("START", {"RUNNING"}, "COMPLETE")
    assert len({event["run"]["runId"] for event in events}) == 1
    release = json.loads(done.stdout)["release"]
    exported = run("export", release, "--format", "openlineage", "--out", "-")
    told = json.loads(exported.stdout.splitlines()[-1])
    assert events[-1]["job"] == told["job"]
    assert events[-1]["inputs"] == told["inputs"]
    assert events[-1]["outputs"] == told["outputs"]
    for end in ("inputs", "outputs"):
        assert [one["name"] for one in events[0][end]] == [one["name"] for one in told[end]]


def test_status_shows_it_and_a_second_build_has_nothing_to_do(built):
    home, words, _ = built
    shown = run("status", home / "out" / "demo")
    assert shown.returncode == 0
    assert "state     done" in shown.stdout
    again = run(*words)
    assert again.returncode == 3
    status = statuses.read(home / "out" / "demo")
    assert (status.state, status.exit_code) == ("nothing_to_do", 3)
    assert "is finished already" in status.message


def test_a_wrong_input_fails_the_status_of_a_corpus_that_is_there(built, tmp_path):
    home = built[0]
    before = statuses.read(home / "out" / "demo").last_success
    failed = run("build", "demo", "--input", tmp_path / "none", "--out", home / "out")
    assert failed.returncode == 2
    status = statuses.read(home / "out" / "demo")
    assert (status.state, status.exit_code) == ("failed", 2)
    assert status.last_success == before
    assert f"florilegium: {status.message}\n" == failed.stderr


def test_a_build_that_is_locked_out_leaves_the_status_alone(built):
    place = built[0] / "out" / "demo"
    before = (place / statuses.NAME).read_bytes()
    with lock(place / "work" / "lock"):
        watch = Watch([StatusFile()])
        watch.corpus("demo", place)
        watch.end(1, "something")
        watch.end(5, "locked")
    assert (place / statuses.NAME).read_bytes() == before


def test_there_is_nothing_to_show_where_no_build_was(tmp_path):
    asked = run("status", tmp_path)
    assert asked.returncode == 2
    assert "there is no status.json" in asked.stderr


def test_a_build_whose_process_is_gone_looks_dead(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    statuses.write(tmp_path, replace(statuses.fresh("x", 2.0), state="running", pid=child.pid))
    shown = run("status", tmp_path, "--output", "json")
    assert shown.returncode == 1
    assert "no process" in json.loads(shown.stdout)["dead"]


@pytest.mark.parametrize(("seconds", "looks_dead"), [(50, False), (70, True)])
def test_a_build_that_is_silent_for_a_minute_looks_dead(seconds, looks_dead):
    status = replace(statuses.fresh("x", 2.0), state="running", pid=os.getpid())
    assert bool(statuses.dead(status, status.updated + timedelta(seconds=seconds))) is looks_dead
    ended = replace(status, state="failed")
    assert statuses.dead(ended, status.updated + timedelta(days=1)) is None


@pytest.mark.parametrize("junk", ["{]", '{"recipe": "x"}', "[" * 9, '{"x": ' + "[" * 200_000])
def test_what_is_no_status_is_named_and_does_not_stop_a_build(junk, tmp_path):
    (tmp_path / statuses.NAME).write_text(junk)
    shown = run("status", tmp_path)
    assert (shown.returncode, "is no status of a build" in shown.stderr) == (2, True)
    watch = Watch([StatusFile()])
    watch.corpus("x", tmp_path)
    watch.begin()
    watch.end(0, None)
    assert statuses.read(tmp_path).state == "stopped"


def test_what_an_observer_cannot_do_is_a_warning(tmp_path, caplog):
    class Broken:
        def tell(self, moment):
            raise OSError(28, "no room", f"draft-{uuid4()}")

    class Other:
        def tell(self, moment):
            raise ValueError("no sense")

    watch = Watch([Broken(), Other(), StatusFile()])
    watch.corpus("x", tmp_path / "x")
    watch.begin()
    with watch.step("harvest"):
        pass
    watch.end(143, "told to end")
    said = msgspec.json.decode((tmp_path / "x" / statuses.NAME).read_bytes())
    assert (said["state"], said["message"]) == ("stopped", "told to end")
    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith("broken cannot be written: [Errno 28] no room")
    assert second == "other cannot be written: no sense"
