"""Dataflow: what is submitted is all that is needed, and what goes wrong is said in one line."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import dataflow_service
import pytest
from click.testing import CliRunner

from florilegium.manifests.location import files
from florilegium.pipelines import cli, dataflow
from florilegium.pipelines.demo_web import pack
from florilegium.pipelines.engine import EngineError

pytest_plugins = ["servers"]

ROOT = Path(__file__).parent.parent
GOLDEN = json.loads((ROOT / "tests" / "golden" / "demo.json").read_text())
IMAGE = "registry.example.org/florilegium:0.1.0"
STEPS = ["harvest", "deduplicate", "decide", "publish"]


def florilegium(*arguments):
    """Run a command in this process, which has loaded everything already."""
    return CliRunner().invoke(cli.main, [str(one) for one in arguments])


class Google:
    """The service that runs jobs, and a bucket with the demonstration's WARC files."""

    def __init__(self, address, bucket):
        self.address, self.bucket = address, bucket

    def command(self, out, *more):
        """Return the arguments of a build of the demonstration."""
        return [
            *("build", "demo", "--input", self.bucket / "warc", "--out", self.bucket / out),
            *("--engine", "dataflow", "--dataflow-project", "a-project"),
            *("--dataflow-region", "europe-west4", "--dataflow-image", IMAGE),
            f"--beam-option=--dataflow_endpoint={self.address}",
            *("--beam-option=--no_auth", "--output", "json", *more),
        ]

    def asked(self, out):
        """Return what was asked of the service for a build into this folder."""
        with urllib.request.urlopen(f"{self.address}/asked") as answer:
            asked = json.load(answer)
        return [one for one in asked if f"/{out}/" in json.dumps(one) or one["method"] == "PUT"]


@contextmanager
def service(storage):
    """Run the service in a process of its own, which knows nothing but the bucket."""
    program = [sys.executable, Path(dataflow_service.__file__)]
    environment = {**os.environ, "STORAGE_EMULATOR_HOST": storage}
    with subprocess.Popen(
        program, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process.stdout.readline().strip()
        process.stdin.close()


@pytest.fixture(scope="module")
def serving(google_address):
    with service(google_address) as address:
        yield address


@pytest.fixture
def google(serving, google_bucket, monkeypatch, tmp_path):
    monkeypatch.setattr(dataflow, "_SECONDS_BETWEEN_LOOKS", 0.1)
    for path in pack(tmp_path):
        (google_bucket / "warc" / path.name).write_bytes(path.read_bytes())
    return Google(serving, google_bucket)


def test_a_build_on_dataflow_has_the_same_root_as_any_other(google):
    done = florilegium(*google.command("corpora"))
    assert done.exit_code == 0, done.output
    print(done.output)
    assert json.loads(done.stdout.splitlines()[-1])["root"] == GOLDEN["root"]
