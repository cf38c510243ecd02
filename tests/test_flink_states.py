"""Every state that Flink tells of a job comes to its end, or to an error of one line.

Flink's REST interface is pretended on loopback; what asks it is the engine itself.
"""

import json
import time
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import apache_beam as beam
import pytest
import servers
from clusters import eventually

from florilegium.pipelines.engines import flink
from florilegium.pipelines.engines.engine import EngineError

JOB = "0123456789abcdef0123456789abcdef"
NAME = "florilegium-states"
PATIENCE = 1.0
"""Seconds of silence that the engine bears here."""


class Story:
    """What a cluster tells of its job, look by look; the last thing again and again.

    A number is a status of HTTP instead of an answer.
    """

    def __init__(self, *told, trace=""):
        self._told, self._trace = list(told), trace
        self._submitted = False
        self.asked = Counter()
        self.cancelled = False

    def answer(self, method, path):
        """Return a status of HTTP and what is said with it."""
        self.asked[method, path] += 1
        match method, path:
            case "GET", "/v1/config":
                return 200, {"flink-version": "1.19.1"}
            case "GET", "/v1/taskmanagers":
                return 200, {"taskmanagers": [{"slotsNumber": 2}]}
            case "GET", "/v1/jobs/overview":
                job = {"jid": JOB, "name": NAME, "state": self._now()}
                return 200, {"jobs": [job] if self._submitted else []}
            case "POST", "/v1/jars/upload":
                return 200, {"filename": "/tmp/flink-web-upload/beam.jar"}
            case "POST", "/v1/jars/beam.jar/run":
                self._submitted = True
                return 200, {"jobid": JOB}
            case "GET", path if path == f"/v1/jobs/{JOB}":
                return self._look()
            case "GET", path if path == f"/v1/jobs/{JOB}/exceptions":
                entries = [{"stacktrace": self._trace}] if self._trace else []
                return 200, {"exceptionHistory": {"entries": entries}}
            case "PATCH", _:
                self.cancelled = True
                return 202, {}
            case "DELETE", "/v1/jars/beam.jar":
                return 200, {}
        return 404, {"errors": [f"no such page: {method} {path}"]}

    @property
    def looks(self):
        """How often the state of the job was asked for."""
        return self.asked["GET", f"/v1/jobs/{JOB}"]

    def _now(self):
        return "CANCELED" if self.cancelled else self._told[0]

    def _look(self):
        told = self._now()
        if len(self._told) > 1:
            self._told.pop(0)
        if told == 404:
            unknown = f"FlinkJobNotFoundException: Could not find Flink job ({JOB})"
            return 404, {"errors": ["NotFoundException", f"{unknown}\n\tat a.b.C(C.java:1)\n"]}
        if isinstance(told, int):
            return told, {"errors": ["Service temporarily unavailable\n\tat a.b.C(C.java:1)"]}
        return 200, {"jid": JOB, "state": told}


def server(story, port=0):
    """Return a server that tells a story."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, said = story.answer(self.command, self.path.partition("?")[0])
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815

        def log_message(self, *arguments):
            pass

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(flink, "_SECONDS_BETWEEN_LOOKS", 0.02)
    monkeypatch.setattr(flink, "_SECONDS_OF_SILENCE", PATIENCE)


@pytest.fixture(scope="module")
def job_server(tmp_path_factory):
    """A jar that a pipeline can be put into."""
    jar = tmp_path_factory.mktemp("jar") / "beam-runners-flink-1.19-job-server-0.jar"
    with zipfile.ZipFile(jar, "w") as file:
        file.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
    return jar


def run(address, job_server):
    """Run a pipeline on what answers at an address."""
    engine = flink.connect(address, "127.0.0.1:1", job_server, NAME)
    engine.run(lambda root: root | beam.Create([1]))


def outcome(story, job_server):
    """Return the error that a story ends with, or None."""
    with servers.serving(server(story)) as address:
        try:
            run(address, job_server)
        except EngineError as error:
            return str(error)
    return None


@pytest.mark.parametrize(
    "told",
    [
        ["FINISHED"],
        ["INITIALIZING", "CREATED", "RUNNING", "FINISHED"],
        ["RUNNING", "RESTARTING", "CREATED", "RUNNING", "FINISHED"],
        ["RUNNING", "FAILING", "RESTARTING", "RUNNING", "FINISHED"],
        ["RUNNING", "SUSPENDED", "SUSPENDED", "RECONCILING", "RUNNING", "FINISHED"],
        ["RUNNING", 404, 404, "INITIALIZING", "RUNNING", "FINISHED"],
        ["RUNNING", 503, "RUNNING", 500, "FINISHED"],
        ["RUNNING", "A STATE OF A LATER VERSION", "FINISHED"],
    ],
    ids=lambda told: "-".join(map(str, told)),
)
def test_a_job_that_finishes_in_the_end_is_done(told, job_server):
    story = Story(*told, trace="java.io.IOException: a TaskManager was lost")
    assert outcome(story, job_server) is None
    assert story.looks == len(told)
    assert not story.cancelled
    # What was handed over is taken back.
    assert story.asked["DELETE", "/v1/jars/beam.jar"] == 1


TRACE = "java.lang.RuntimeException: a\n\tat b.c(:1)\nCaused by: java.io.IOException: no such shard"


@pytest.mark.parametrize(
    ("told", "trace", "said"),
    [
        (["FAILED"], TRACE, "the job failed on Flink: java.io.IOException: no such shard"),
        (["RUNNING", "FAILING", "FAILED"], TRACE, "java.io.IOException: no such shard"),
        (["CREATED", "FAILED"], "", "the job failed on Flink: it is failed"),
        (["RUNNING", "CANCELLING", "CANCELED"], "", "the job failed on Flink: it is cancelled"),
        (["RUNNING", "SUSPENDED"], "", "it is suspended, and no JobManager takes it up again"),
        (["RUNNING", 404], "", "Flink no longer knows the job, as after a restart"),
        (["RUNNING", 503], "", "failed with status 503"),
    ],
)
def test_a_job_that_does_not_finish_is_an_error_of_one_line(told, trace, said, job_server):
    story = Story(*told, trace=trace)
    message = outcome(story, job_server)
    assert said in message
    assert len(message.splitlines()) == 1
    assert story.asked["DELETE", "/v1/jars/beam.jar"] == 1


def test_a_silence_is_borne_for_a_while(job_server):
    started = time.monotonic()
    assert "no longer knows" in outcome(Story("RUNNING", 404), job_server)
    assert time.monotonic() - started > PATIENCE


@pytest.mark.parametrize("state", ["RUNNING", "RESTARTING", "FAILING"])
def test_a_job_that_cannot_succeed_is_cancelled_at_once(state, job_server):
    story = Story(state, trace="IllegalStateException: Process died with exit code 3")
    assert "ends at once" in outcome(story, job_server)
    assert story.cancelled
    assert story.looks == 1


def test_a_job_left_by_a_killed_command_is_cancelled_before_the_next(job_server):
    story = Story("RUNNING")
    story._submitted = True
    with servers.serving(server(story)) as address:
        engine = flink.connect(address, "127.0.0.1:1", job_server, NAME)
        engine._cancel_left_over()
    assert story.cancelled


@pytest.mark.parametrize("back", [True, False])
def test_a_cluster_that_refuses_connections_is_waited_for_but_not_for_ever(back, job_server):
    story = Story("RUNNING")
    with ThreadPoolExecutor(1) as pool:
        with servers.serving(server(story)) as address:
            running = pool.submit(run, address, job_server)
            eventually(60, lambda: story.looks > 2)
        before = story.looks
        if back:
            time.sleep(PATIENCE / 4)
            assert not running.done()
            story._told = ["RUNNING", "RUNNING", "FINISHED"]
            with servers.serving(server(story, int(address.rpartition(":")[2]))):
                running.result(60)
            assert story.looks == before + 3
        else:
            with pytest.raises(EngineError, match=r"^Flink at \S+ answers no longer$"):
                running.result(60)
