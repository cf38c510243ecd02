"""Builds that are told to end, or killed, with real processes: what is kept, and what is left."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from florilegium.manifests.scratch import alive
from florilegium.pipelines.cli.main import main
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.forecast.prices import Prices
from florilegium.pipelines.lock import lock
from florilegium.pipelines.runs.budget import Budget
from florilegium.pipelines.runs.children import descendants
from florilegium.pipelines.runs.stopping import (
    Stopped,
    interruptible,
    stop_after,
    stoppable,
)
from florilegium.pipelines.watch import status as statuses

FLORILEGIUM = [sys.executable, "-m", "florilegium.pipelines.cli.main"]
IN_HAND = "work/builds/*/progress/*.json"
EXTRACTOR = b"florilegium.pipelines.pages.extract_child"

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="the system does not tell which children there are"
)


@pytest.fixture(scope="module")
def warcs(tmp_path_factory):
    return pack(tmp_path_factory.mktemp("warcs"))


@pytest.fixture(scope="module")
def reference(warcs, tmp_path_factory):
    return built(tmp_path_factory.mktemp("reference"), warcs)


def command(out, warcs, *more, workers=1):
    named = [part for name in warcs for part in ("--input", str(name))]
    settings = ["--out", str(out), "--workers", str(workers), "--output", "json"]
    return [*FLORILEGIUM, "build", "demo", *named, *settings, *more]


def built(out, warcs, *more, **options):
    words = command(out, warcs, *more)
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def begun(moment, out, warcs, *more, workers=1, **options):
    """A build that is at work and has come as far as a file; and its descendants."""
    build = subprocess.Popen(
        command(out, warcs, *more, workers=workers),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    deadline = time.monotonic() + 120
    extractors = workers if moment == IN_HAND else 0
    while build.poll() is None and (
        not any((out / "demo").glob(moment)) or extracting(build.pid) < extractors
    ):
        assert time.monotonic() < deadline
        time.sleep(0.002)
    return build, list(descendants(build.pid))


def extracting(process):
    """How many processes look for texts on its behalf."""
    commands = (Path(f"/proc/{one}/cmdline") for one in descendants(process))
    return sum(path.exists() and EXTRACTOR in path.read_bytes() for path in commands)


def all_gone(processes):
    deadline = time.monotonic() + 10
    while left := [one for one in processes if alive(one) and not is_zombie(one)]:
        if time.monotonic() > deadline:
            return left
        time.sleep(0.05)
    return []


def is_zombie(process):
    """Whether it has ended and only its exit code is waited for, by whoever inherited it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def left_over(out, temporary):
    """What is in the work folder and beside it that no other build can use."""
    home = out / "demo"
    labels = {
        path.parent: json.loads(path.read_bytes()) for path in home.glob("work/parts/*/*.json")
    }
    return {
        "drafts": list(home.rglob(".*")),
        "attempts": [
            p
            for p in home.glob("work/parts/*/*/")
            if p.is_dir() and p.name != labels.get(p.parent, {}).get("attempt")
        ],
        "benches": list(home.glob("work/builds/*")),
        "temporary": list(temporary.iterdir()),
    }


NOTHING = {"drafts": [], "attempts": [], "benches": [], "temporary": []}


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.mark.parametrize("workers", [1, 2])
def test_a_build_that_is_told_to_end_keeps_what_is_done_and_leaves_no_process(
    workers, warcs, reference, tmp_path, temporary
):
    build, children = begun(IN_HAND, tmp_path, warcs, workers=workers)
    build.send_signal(signal.SIGTERM)
    said = build.communicate(timeout=25)[1]
    assert build.returncode == 143
    assert "Traceback" not in said
    last = said.splitlines()[-1]
    assert last.startswith("florilegium: told to end in harvest, with ")
    assert last.endswith("the same command goes on from there")
    assert len(children) >= workers
    assert all_gone(children) == []
    status = statuses.read(tmp_path / "demo")
    assert (status.state, status.exit_code) == ("stopped", 143)
    parts = {p: p.stat().st_mtime_ns for p in tmp_path.glob("demo/work/parts/*/part.json")}
    assert f"with {len(parts)} of {len(warcs)} units harvested" in last
    assert built(tmp_path, warcs)["root"] == reference["root"]
    assert {p: p.stat().st_mtime_ns for p in parts} == parts
    assert left_over(tmp_path, temporary) == NOTHING


@pytest.mark.parametrize(
    ("moment", "workers"),
    [(IN_HAND, 2), ("work/parts/*/part.json", 2), ("work/builds/*/shards/*.json", 1)],
)
def test_what_a_killed_build_left_is_swept_by_the_next(
    moment, workers, warcs, reference, tmp_path, temporary
):
    build, children = begun(moment, tmp_path, warcs, workers=workers)
    build.kill()
    build.communicate()
    # Nobody has to wait for workers that nobody waits for, nor for a lock.
    with lock(tmp_path / "demo" / "work" / "lock"):
        pass
    assert all_gone(children) == []
    assert built(tmp_path, warcs)["root"] == reference["root"]
    assert left_over(tmp_path, temporary) == NOTHING


@pytest.mark.parametrize(
    ("workers", "budget", "words"),
    [(1, ["--max-hours", "0.0008"], "0.0008 h"), (2, ["--max-cost", "0.8"], "0.8 euros, ")],
)
def test_a_build_stops_at_its_budget_and_the_same_command_goes_on(
    workers, budget, words, warcs, reference, tmp_path
):
    (prices := tmp_path / "prices.toml").write_text(
        f"vcpu_hour = {1000 / workers}\nmemory_gb_hour = 0\n"
    )
    few = command(tmp_path, warcs, *budget, "--prices", str(prices), workers=workers)
    started = time.monotonic()
    done = subprocess.run(few, capture_output=True, text=True, timeout=100)
    assert time.monotonic() - started < 30
    assert done.returncode == 75
    *_, last = done.stderr.splitlines()
    assert last.startswith(f"florilegium: stopped at its budget of {words}")
    assert " of 4 units harvested (" in last
    assert last.endswith("the same command goes on from there")
    status = statuses.read(tmp_path / "demo")
    assert (status.state, status.exit_code) == ("stopped", 75)
    assert status.message in last
    enough = ["--max-cost", "1e9", "--max-hours", "1e300"]
    assert built(tmp_path, warcs, *enough)["root"] == reference["root"]


@pytest.mark.parametrize("option", ["--max-hours", "--max-cost"])
@pytest.mark.parametrize("number", ["0", "-1", "nan", "inf", "-inf", "ten", "", "1e999"])
def test_a_budget_must_be_a_positive_number(option, number, warcs, tmp_path):
    words = command(tmp_path, warcs, option, number)
    done = CliRunner().invoke(main, words[len(FLORILEGIUM) :])
    assert done.exit_code == 2
    assert option in done.stderr
    assert not (tmp_path / "demo").exists()


def test_a_budget_of_euros_is_one_of_hours_by_what_the_workers_cost():
    prices = Prices(vcpu_hour=0.04, memory_gb_hour=0.0025, cores_paid=2.0)
    assert Budget(euros=8.0).within(prices, 10) == (pytest.approx(8.0), "8 euros, 1 an hour")
    assert Budget(euros=8.0, hours=2.5).within(prices, 10) == (2.5, "2.5 h")
    assert Budget(euros=1.0, hours=2.5).within(prices, 10)[0] == pytest.approx(1.0)
    assert Budget().within(prices, 10) is None
    assert Budget(euros=1.0).within(Prices(vcpu_hour=0.0, memory_gb_hour=0.0), 10) is None


SLOW_TO_END = """
import time
from florilegium.pipelines.runs import stopping

stopping.LAST = {last}
with stopping.stoppable():
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        print("ending", flush=True)
        time.sleep(60)
"""


def slow_to_end(last):
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_TO_END.format(last=last)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "ending\n"
    return process


def test_a_second_signal_ends_the_process_at_once():
    process = slow_to_end(last=30)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=5) == -signal.SIGTERM


def test_a_process_that_cannot_end_in_order_ends_in_time():
    assert slow_to_end(last=0.5).wait(timeout=10) == 143


def test_any_command_says_that_it_was_told_to_end():
    waiting = subprocess.Popen(
        [*FLORILEGIUM, "inspect", "--jsonl"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    waiting.stdin.write(json.dumps({"id": "1", "text": "Ein Satz, der nichts weiter sagt."}) + "\n")
    waiting.stdin.flush()
    assert waiting.stdout.readline()
    waiting.send_signal(signal.SIGTERM)
    assert waiting.communicate(timeout=20)[1] == "florilegium: told to end\n"
    assert waiting.returncode == 143


def test_handlers_are_those_of_before_when_a_command_has_ended():
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    with stoppable():
        stop_after(0.2, "a moment")
        assert signal.getsignal(signal.SIGTERM) not in before
    assert [signal.getsignal(number) for number in numbers] == before
    time.sleep(0.3)


def test_a_budget_ends_with_the_work_that_it_is_for():
    with stoppable():
        stop_after(0.2, "a moment")
        with pytest.raises(Stopped, match="at its budget of a moment"), interruptible():
            time.sleep(10)
        stop_after(0.2, "a moment")
        with interruptible():
            pass
        time.sleep(0.3)


def test_only_processes_that_were_started_since_are_ended():
    before = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])

    def work():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)
        except KeyboardInterrupt as error:
            raise RuntimeError("a worker ended") from error

    with stoppable():
        since = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        with pytest.raises(Stopped, match="told to end"), interruptible():
            work()
    assert since.wait(timeout=5) == -signal.SIGKILL
    assert before.poll() is None
    before.kill()
    before.wait()
