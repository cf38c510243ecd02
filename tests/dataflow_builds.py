"""The demonstration in a bucket, and a Dataflow service that runs what is submitted.

A plugin of pytest: a test module asks for it by `pytest_plugins = ["dataflow_builds"]`.
"""

import base64
import json
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import dataflow_service
import pytest
from apache_beam.portability.api import beam_runner_api_pb2
from click.testing import CliRunner

from florilegium.manifests.location import locate
from florilegium.pipelines.cli import main as cli
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.engines import dataflow

gcs = pytest.importorskip("florilegium.manifests.gcs", exc_type=ImportError)
google_dataflow = pytest.importorskip("google.cloud.dataflow_v1beta3")


ROOT = Path(__file__).parent.parent
GOLDEN = json.loads((ROOT / "tests" / "golden" / "demo.json").read_text())
IMAGE = "registry.example.org/florilegium:0.1.0"
JOBS = "/v1b3/projects/a-project/locations/europe-west4/jobs"
STEPS = ["harvest", "rights", "deduplicate", "decide", "publish"]
_DEMO = (ROOT / "pipelines" / "recipes" / "demo.toml").read_text()
RECIPE = _DEMO.partition("[shards]")[0] + "[duplicates]\n"


def florilegium(*arguments):
    """Run a command in this process, which has loaded everything already."""
    return CliRunner().invoke(cli.main, [str(one) for one in arguments])


class Google:
    """The service that runs jobs, and a bucket with the demonstration's WARC files."""

    def __init__(self, address, bucket):
        self.address, self.bucket = address, bucket
        self.beam = ["--no_auth", f"--dataflow_endpoint={address}"]

    def command(self, out, *more, recipe="demo"):
        """Return the arguments of a build of the demonstration."""
        return [
            *("build", recipe, "--input", self.bucket / "warc", "--out", self.bucket / out),
            *("--engine", "dataflow", "--dataflow-project", "a-project", "--output", "json"),
            *("--dataflow-region", "europe-west4", "--dataflow-image", IMAGE),
            *(f"--beam-option={option}" for option in self.beam),
            *more,
        ]

    def asked(self):
        """Return all that was asked of the service to make or change jobs."""
        with urllib.request.urlopen(f"{self.address}/asked") as answer:
            return json.load(answer)

    def ask(self, method, path, body):
        """Ask the service as the launcher of templates would, or the console."""
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}{path}", data, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def ended(self, job):
        """Wait until a job has ended; return its state."""
        while True:
            with urllib.request.urlopen(f"{self.address}{JOBS}/{job}") as answer:
                state = json.load(answer)["currentState"]
            if state != "JOB_STATE_RUNNING":
                return state
            time.sleep(0.05)


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
def google(google_address, tmp_path_factory):
    with pytest.MonkeyPatch.context() as settings, service(google_address) as address:
        settings.setenv("STORAGE_EMULATOR_HOST", google_address)
        settings.setattr(dataflow, "_SECONDS_BETWEEN_LOOKS", 0.1)
        gcs._client.cache_clear()
        gcs._client(os.getpid()).create_bucket("a-bucket")
        bucket = locate("gs://a-bucket")
        for path in pack(tmp_path_factory.mktemp("warc")):
            (bucket / "warc" / path.name).write_bytes(path.read_bytes())
        yield Google(address, bucket)
        # The server is there for other modules of the same process, too.
        client = gcs._client(os.getpid())
        for blob in client.list_blobs("a-bucket"):
            blob.delete()
        client.bucket("a-bucket").delete()
        gcs._client.cache_clear()


@pytest.fixture(scope="module")
def built(google):
    """What a build on Dataflow answered and said, and the requests that it made."""
    before = len(google.asked())
    done = florilegium(*google.command("corpora", "--dataflow-workers", 7))
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout), done.stderr, google.asked()[before:]


@pytest.fixture(scope="module")
def jobs(built):
    """The jobs that the build made, by step."""
    assert [(one["method"], one["path"]) for one in built[2]] == [("POST", JOBS)] * len(STEPS)
    return {step: one["body"] for step, one in zip(STEPS, built[2], strict=True)}


@pytest.fixture(scope="module")
def graphs(built):
    """The graphs of these jobs, as staged."""
    parse = beam_runner_api_pb2.Pipeline.FromString
    return {
        step: parse(base64.b64decode(one["graph"]))
        for step, one in zip(STEPS, built[2], strict=True)
    }
