"""The status of a corpus in a store: whole whenever it is read, and read by the command."""

import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from florilegium.manifests.location import files
from florilegium.pipelines.cli.main import main
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.watch import status as statuses
from florilegium.pipelines.watch import watch

pytest_plugins = ["servers"]


@contextmanager
def reading(home):
    """Read the status again and again meanwhile; give what was read, or went wrong."""
    read, wrong, over = [], [], threading.Event()

    def go_on():
        while not over.wait(0.002):
            try:
                read.append(statuses.read(home))
            except FileNotFoundError as error:
                # There is none before the first; after that there always is one.
                wrong.extend([error] if read else [])
            except Exception as error:
                wrong.append(error)

    reader = threading.Thread(target=go_on)
    reader.start()
    try:
        yield read, wrong
    finally:
        over.set()
        reader.join()


def test_a_status_that_is_replaced_all_the_time_is_always_whole(store):
    home = store / "corpus"
    status = replace(statuses.fresh("corpus", 30.0), state="running")
    with reading(home) as (read, wrong):
        for number in range(60):
            # Long and short by turns, so that a torn one could not be read.
            message = "x" * (number % 2 * 200_000)
            statuses.write(home, replace(status, records=number, message=message))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not wrong and (not read or read[-1].records < 59):
            time.sleep(0.01)
    assert wrong == []
    records = [one.records for one in read]
    assert records == sorted(records)
    assert records[-1] == 59
    assert len(set(records)) > 2
    assert all(len(one.message) == one.records % 2 * 200_000 for one in read)
    assert [path.name for path, _ in files(home)] == [statuses.NAME]


@pytest.fixture
def in_s3(moto_address, new_bucket):
    return new_bucket(moto_address)


def test_a_build_into_s3_tells_its_status_there_and_the_command_shows_it(in_s3, tmp_path):
    (warc, *_) = pack(tmp_path)
    home = in_s3 / "corpora" / "demo"
    words = ["build", "demo", "--input", warc, "--out", in_s3 / "corpora", "--workers", 1]
    with reading(home) as (read, wrong):
        done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    assert wrong == []
    states = [one.state for one in read]
    assert set(states) <= {"planned", "running", "done"}
    assert states == sorted(states, key=["planned", "running", "done"].index)
    steps = list(dict.fromkeys(one.step for one in read if one.state == "running" and one.step))
    assert {"harvest", "publish"} <= set(steps)
    last = statuses.read(home)
    assert (last.state, last.pace) == ("done", watch.BEAT_IN_A_STORE)
    assert last.release.path.startswith(f"{home}/")
    shown = CliRunner().invoke(main, ["status", str(home)])
    assert shown.exit_code == 0, shown.output
    assert "state     done" in shown.stdout
    assert f"release   {last.release.path}" in shown.stdout


def test_where_no_build_was_there_is_nothing_to_show(in_s3):
    shown = CliRunner().invoke(main, ["status", str(in_s3 / "none")])
    assert shown.exit_code == 2
    assert "there is no status.json" in shown.stderr


def test_a_store_that_cannot_be_reached_is_said_to_be(nowhere, s3_at):
    s3_at(nowhere, attempts=1)
    shown = CliRunner().invoke(main, ["status", "s3://a-bucket/corpora/demo"])
    assert shown.exit_code == 1
    assert "cannot be reached" in shown.stderr
    assert shown.stderr.count("\n") == 1


@pytest.mark.parametrize(("seconds", "code"), [(140, 0), (160, 1)])
def test_a_build_elsewhere_looks_dead_after_five_signs_of_life_that_did_not_come(
    in_s3, seconds, code
):
    home = in_s3 / "corpus"
    before = statuses.now() - timedelta(seconds=seconds)
    status = statuses.fresh("corpus", watch.BEAT_IN_A_STORE)
    statuses.write(home, replace(status, state="running", host="elsewhere", updated=before))
    shown = CliRunner().invoke(main, ["status", str(home)])
    assert shown.exit_code == code
    assert ("no sign of life" in shown.stdout) is bool(code)
