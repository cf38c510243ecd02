"""Logs as JSON: an object a line whatever they hold, with the fields that are documented."""

import json
import logging
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from florilegium.pipelines.cli.main import main
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.watch import log_lines, watch
from florilegium.pipelines.watch.logs import EVENTS, line

BASE = {"time", "level", "event", "message"}
HOSTILE = 'b\n{"event":"x"}\r\x1b[31m\x85\x9b\u2028\u2029\x7f"\\ü😀.warc.gz'
UNREADABLE = Path("/sys/bus/platform/drivers_probe")
"""It says that it has a size, and nobody may read it."""
RECIPE = """
name = "watched"
languages = ["european"]

[alarms]
min_documents = 1
max_source = 0.0
"""


def documented(event):
    """Return the fields that an event has by its description."""
    names = set(re.findall(r"`(\w+)`", EVENTS[event]))
    return names - {"progress"} | documented("progress") if "progress" in names else names


def read(text):
    """Return the objects of a log; every line is one, for every notion of a line."""
    assert text.endswith("\n")
    lines = text.split("\n")[:-1]
    assert text.splitlines() == lines
    assert all(one.isprintable() for one in lines)
    return [json.loads(one) for one in lines]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What a build says of an input with a hostile name that has copies, and of each beat."""
    home = tmp_path_factory.mktemp("logs")
    (path, *_) = pack(home / "packed")
    (home / "warc").mkdir()
    path.rename(home / "warc" / HOSTILE)
    (home / "watched.toml").write_text(RECIPE)
    words = ["build", home / "watched.toml", "--input", home / "warc", "--out", home / "out"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(log_lines, "_SECONDS_BETWEEN_LINES", 0.0)
        patched.setattr(watch, "BEAT", 0.05)
        words += ["--workers", 1, "--log-format", "json", "--output", "json"]
        done = CliRunner().invoke(main, [str(word) for word in words])
        again = CliRunner().invoke(main, [str(word) for word in words])
    assert (done.exit_code, again.exit_code) == (0, 3), done.output
    return read(done.stderr), read(again.stderr), json.loads(done.stdout)


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    """What a build says, by a process of its own, whose input cannot be read."""
    if not UNREADABLE.exists():
        pytest.skip(f"there is no {UNREADABLE} here")
    home = tmp_path_factory.mktemp("failed")
    (home / "bad.warc").symlink_to(UNREADABLE)
    command = [sys.executable, "-m", "florilegium.pipelines.cli.main", "build", "demo"]
    command += ["--input", home / "bad.warc", "--out", home / "out", "--log-format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1, done.stderr
    return read(done.stderr)


def test_every_line_has_a_time_a_level_an_event_and_a_message(told):
    begun = datetime.now(UTC).timestamp() - 3600
    for one in (*told[0], *told[1]):
        assert one.keys() >= BASE
        assert one["time"].endswith("Z")
        assert begun < datetime.fromisoformat(one["time"]).timestamp() < begun + 7200
        assert one["level"] in ("info", "warning", "error")
        assert one["event"] in EVENTS
        assert one["message"]


def test_events_have_the_fields_that_are_documented_and_no_others(told, failed):
    events = [*told[0], *told[1], *failed]
    events.append(json.loads(line(logging.LogRecord("x", 30, "", 0, "said", (), None))))
    for one in events:
        assert one.keys() - BASE == documented(one["event"]), one
    seen = {one["event"] for one in events}
    assert seen == EVENTS.keys() - {"dataflow"}


def test_events_are_as_serious_as_they_are(told, failed):
    levels = {(one["event"], one["level"]) for one in (*told[0], *failed)}
    assert levels == {
        ("build_started", "info"),
        ("step_started", "info"),
        ("progress", "info"),
        ("step_ended", "info"),
        ("alarm", "warning"),
        ("build_ended", "info"),
        ("ended", "error"),
        ("unit_failed", "error"),
        ("build_ended", "error"),
    }
    assert {one["level"] for one in told[1]} == {"warning", "info"}


def test_a_hostile_name_comes_back_whole(told):
    alarms = [one for one in told[0] if one["event"] == "alarm"]
    assert all(one["message"] == f"alarm: {one['alarm']}" for one in alarms)
    (of_source,) = [one for one in alarms if one["alarm"].startswith("source ")]
    assert of_source["alarm"].startswith(f"source {HOSTILE}: ")


def test_the_last_line_says_how_the_build_ended(told, failed):
    done, answer = told[0][-1], told[2]
    assert (done["event"], done["state"], done["exit_code"]) == ("build_ended", "done", 0)
    assert (done["release"]["root"], done["build_id"]) == (answer["root"], answer["build_id"])
    assert {"harvest", "publish", "seal"} <= done["seconds"].keys()
    assert (told[1][-1]["state"], told[1][-1]["exit_code"]) == ("nothing_to_do", 3)
    assert (failed[-1]["state"], failed[-1]["exit_code"]) == ("failed", 1)
    (unit,) = [one for one in failed if one["event"] == "unit_failed"]
    assert "Permission denied" in unit["problem"]


def test_steps_begin_and_end_in_turn_and_all_lines_are_of_one_build(told):
    steps = [(one["event"], one["step"]) for one in told[0] if one["event"].startswith("step_")]
    assert steps[::2] == [("step_started", step) for _, step in steps[1::2]]
    assert all(event == "step_ended" for event, _ in steps[1::2])
    builds = {one["build_id"] for one in told[0] if "build_id" in one}
    assert builds == {told[2]["build_id"]}


def test_dataflow_says_what_is_documented(capsys):
    dataflow = pytest.importorskip("florilegium.pipelines.engines.dataflow")
    CliRunner().invoke(main, ["build", "demo", "--log-format", "json", "--input", "/no/where"])
    dataflow._say("running")
    (one,) = read(capsys.readouterr().err)
    assert (one["event"], one["message"], one.keys() - BASE) == ("dataflow", "running", set())


STEERING = "".join(map(chr, range(0x3000)))


@pytest.mark.parametrize(
    ("value", "read_back"),
    [
        (HOSTILE, HOSTILE),
        (STEERING, STEERING),
        ("not UTF-8: \udcff\ud800", "not UTF-8: ??"),
        (Path("a/b"), "a/b"),
        ({"a": [1, None, "\x85"]}, {"a": [1, None, "\x85"]}),
    ],
    ids=["name", "all", "surrogates", "path", "nested"],
)
def test_nothing_can_break_a_line_or_steer_a_terminal(value, read_back):
    about = {"event": "progress", "fields": {"unit": value}}
    said = line(logging.makeLogRecord({"name": "x", "msg": "%s", "args": (value,), **about}))
    assert said.encode()
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", said)
    assert json.loads(said)["unit"] == read_back
