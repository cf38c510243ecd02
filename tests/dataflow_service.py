"""A stand-in for Google's Dataflow on loopback that really runs the jobs it is given.

`python dataflow_service.py` says its address and serves until standard input ends. A job is run
from what lies in the bucket alone, the graph that was staged there, by Beam's own runner in this
process instead of in containers. Besides Dataflow's REST interface there is `GET /asked`: all
requests that made or changed a job, and for a new one what was staged. The bucket is at
`STORAGE_EMULATOR_HOST`.
"""

import base64
import json
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.portability.python_urns import EMBEDDED_PYTHON
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from florilegium.manifests.location import files, locate

NEVER_ENDING = "never-ending"
"""A label with which a job is not run, but stays as if it were."""


def graph(job):
    """Return where the graph of a job was staged."""
    return locate(job["environment"]["sdkPipelineOptions"]["options"]["pipelineUrl"])


def run(job):
    """Run a job's pipeline to its end."""
    pipeline = beam_runner_api_pb2.Pipeline.FromString(graph(job).read_bytes())
    for environment in pipeline.components.environments.values():
        environment.urn = EMBEDDED_PYTHON
        environment.payload = b""
        del environment.dependencies[:]
    FnApiRunner().run_via_runner_api(pipeline, PipelineOptions([])).wait_until_finish()


class Service(ThreadingHTTPServer):
    """All jobs, what is known of each, and what was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.jobs, self.messages = [], {}, {}

    def submit(self, job):
        """Take a job and start it; one of its name that has not ended is given back instead."""
        for other in self.jobs.values():
            if other["name"] == job["name"] and other["currentState"] == "JOB_STATE_RUNNING":
                return other
        job["id"] = f"job-{len(self.jobs)}"
        job["currentState"] = "JOB_STATE_RUNNING"
        self.jobs[job["id"]] = job
        self.messages[job["id"]] = []
        if NEVER_ENDING not in job.get("labels", {}):
            threading.Thread(target=self.work, args=(job,), daemon=True).start()
        return job

    def work(self, job):
        """Run a job; say in which state it ended, and why."""
        try:
            run(job)
        except Exception:
            texts = [traceback.format_exc() + "\npassed through:\n", "Workflow failed. Causes: S1."]
            self.messages[job["id"]] = [
                {"id": str(n), "messageText": text, "messageImportance": "JOB_MESSAGE_ERROR"}
                for n, text in enumerate(texts)
            ]
            job["currentState"] = "JOB_STATE_FAILED"
        else:
            job["currentState"] = "JOB_STATE_DONE"


class Handler(BaseHTTPRequestHandler):
    """Dataflow's REST interface, so far as Beam uses it."""

    def do_POST(self):
        job = self.take()
        place = graph(job)
        self.server.asked[-1] |= {
            "graph": base64.b64encode(place.read_bytes()).decode(),
            "staged": [path.name for path, _ in files(place.parent)],
        }
        made = self.server.submit(dict(job))
        fields = ("id", "name", "currentState", "clientRequestId")
        self.answer({name: made[name] for name in fields})

    def do_PUT(self):
        job = self.server.jobs[self.path.partition("?")[0].split("/")[-1]]
        if wanted := self.take().get("requestedState"):
            job["currentState"] = wanted
        self.answer({"id": job["id"]})

    def do_GET(self):
        path = self.path.partition("?")[0].strip("/").split("/")
        if path == ["asked"]:
            return self.answer(self.server.asked)
        if path[-1] == "messages":
            return self.answer({"jobMessages": self.server.messages[path[-2]]})
        job = self.server.jobs[path[-1]]
        return self.answer({name: job[name] for name in ("id", "name", "currentState")})

    def take(self):
        """Return the body of a request, and keep it with how it was asked."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        method, path = self.command, self.path.partition("?")[0]
        self.server.asked.append({"method": method, "path": path, "body": body})
        return body

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    service = Service()
    threading.Thread(target=service.serve_forever, daemon=True).start()
    print(f"http://localhost:{service.server_address[1]}", flush=True)
    sys.stdin.read()
