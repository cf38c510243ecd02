"""Builds from stores and into stores: the same release, made whole or not at all."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from florilegium.manifests import manifest as manifests
from florilegium.manifests.location import files, locate
from florilegium.manifests.publication import Publication
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.publishing import derived

pytest_plugins = ["servers"]

FLORILEGIUM = [sys.executable, "-m", "florilegium.pipelines.cli.main"]
GOLDEN = json.loads((Path(__file__).parent / "golden" / "demo.json").read_text())


@pytest.fixture(scope="module")
def warcs(tmp_path_factory):
    return pack(tmp_path_factory.mktemp("warcs"))


@pytest.fixture
def inputs(store, warcs):
    """The demonstration's files in a store."""
    for warc in warcs:
        (store / "in" / warc.name).write_bytes(warc.read_bytes())
    return store / "in"


def command(source, out):
    settings = ["--workers", "1", "--output", "json"]
    return [*FLORILEGIUM, "build", "demo", f"--input={source}", f"--out={out}", *settings]


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=300)


def answer(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_build_from_a_store_into_it_has_the_root_of_a_local_one(inputs, store):
    made = answer(run(*command(inputs, store / "out")))
    assert (made["root"], made["records"]) == (GOLDEN["root"], GOLDEN["records"])
    release = locate(made["release"])
    held = {str(path)[len(str(release)) + 1 :] for path, _ in files(release)}
    listed = {entry.path for entry in manifests.read(release).files}
    follow = [derived.REPORT, *derived.named(Publication().exports)]
    assert held == listed | {manifests.NAME, *follow}
    for name in (str(release), f"{release.parent}/latest"):
        verified = run(*FLORILEGIUM, "verify", name)
        assert verified.returncode == 0, verified.stdout + verified.stderr
    again = run(*command(inputs, store / "out"))
    assert again.returncode == 3
    assert "is finished already" in again.stderr


@pytest.fixture
def slow(any_s3_address, stumbling, new_bucket, warcs):
    """Inputs in a bucket behind a proxy that can be told to stumble."""
    proxy = stumbling(any_s3_address)
    bucket = new_bucket(proxy.address)
    for warc in warcs:
        (bucket / "in" / warc.name).write_bytes(warc.read_bytes())
    return proxy, bucket


def test_a_store_that_slows_down_and_breaks_off_makes_no_difference(slow):
    proxy, bucket = slow
    proxy.refuses = lambda method, path, number: number % 3 == 0
    proxy.cuts = lambda method, path, number: method == "GET" and number % 7 == 0
    made = answer(run(*command(bucket / "in", bucket / "out")))
    assert proxy.refused > 20
    assert proxy.cut > 0
    assert made["root"] == GOLDEN["root"]


def test_a_build_that_was_killed_goes_on_and_has_no_release_until_it_is_whole(slow):
    proxy, bucket = slow
    building = subprocess.Popen(
        command(bucket / "in", bucket / "out"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not any("PUT" in asked and "/data/" in asked for asked in proxy.asked):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(building.pid, signal.SIGKILL)
    building.wait()
    names = [path.name for path, _ in files(bucket / "out")]
    assert names.count("part.json") == 4
    assert manifests.NAME not in names
    # Its lease outlives it for a while: a second build must not begin before it is sure.
    early = run(*command(bucket / "in", bucket / "out"))
    assert early.returncode == 5
    assert "another build" in early.stderr
    (bucket / "out" / "demo" / "work" / "lock").unlink()
    again = run(*command(bucket / "in", bucket / "out"))
    assert answer(again)["root"] == GOLDEN["root"]
    assert "4 of 4 units already done" in again.stderr


@pytest.mark.parametrize(
    ("source", "code", "said"),
    [
        ("s3://no-such-bucket-of-ours/in", 2, "bucket"),
        ("hdfs://x/in", 2, "s3://BUCKET/KEY or gs://"),
        ("s3://", 2, "names no bucket"),
    ],
)
def test_a_place_that_cannot_be_is_refused_in_one_line(
    source, code, said, any_s3_address, s3_at, tmp_path
):
    s3_at(any_s3_address)
    done = run(*command(source, tmp_path / "out"))
    assert done.returncode == code
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_store_that_is_not_there_is_named(nowhere, s3_at, tmp_path, warcs):
    s3_at(nowhere, attempts=1)
    done = run(*command(warcs[0], "s3://corpora/out"))
    assert done.returncode == 1
    assert "s3://corpora" in done.stderr
    assert "Traceback" not in done.stderr
