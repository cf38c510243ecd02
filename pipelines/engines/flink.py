"""The Flink engine: a cluster that runs already, found by the address of its REST interface.

A pipeline is put into a copy of the Beam job-server jar and handed to the cluster over REST, as
Beam does with `--flink_submit_uber_jar`: no job server runs, so nothing of ours listens.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import apache_beam as beam
import requests
from apache_beam.options.pipeline_options import FlinkRunnerOptions, PipelineOptions
from apache_beam.portability.api.org.apache.beam.model.job_management.v1.beam_job_api_pb2 import (
    JobState,
)
from apache_beam.pvalue import PCollection
from apache_beam.runners.portability.flink_runner import FlinkRunner
from apache_beam.runners.portability.flink_uber_jar_job_server import (
    FlinkBeamJob,
    FlinkUberJarJobServer,
)
from msgspec import Struct

from florilegium.pipelines.engines.engine import EngineError, reshuffled
from florilegium.pipelines.engines.flink_failure import is_hopeless, reason
from florilegium.pipelines.engines.loopback import loopback_only
from florilegium.pipelines.engines.worker import environment_flags

_SECONDS_TO_ANSWER = 30
_SECONDS_OF_SILENCE = 120
_SECONDS_BETWEEN_LOOKS = 1.0
_ENDS = {
    "FINISHED": JobState.DONE,
    "FAILED": JobState.FAILED,
    "CANCELED": JobState.CANCELLED,
}
"""States of Flink's that a job does not leave again."""
_JAR = re.compile(r"beam-runners-flink-(\d+\.\d+)-job-server-.*\.jar")


class Flink(Struct, frozen=True, kw_only=True):
    """A Flink cluster that answered, and how its workers are started."""

    master: str
    """HOST:PORT of the REST interface."""
    version: str
    """Major and minor version of Flink."""
    workers: int
    """Slots of all TaskManagers: as many processes work at the same time."""
    workers_each: int
    """Slots of one TaskManager."""
    job_server: Path
    worker: str
    """The command that starts a worker on a TaskManager, or HOST:PORT of a pool of workers."""
    name: str
    """What the jobs are called; one that still runs under this name is cancelled."""

    @property
    def shuffle_bytes(self) -> None:
        """Flink's shuffles spill to disk."""
        return None

    def run(self, lay_out: Callable[[beam.Pipeline], Any], step: str = "") -> None:
        """Lay out a pipeline and run it to its end; EngineError with the reason if it fails."""
        self._cancel_left_over()
        with loopback_only():
            pipeline = beam.Pipeline(_Runner(self.master), options=self._options())
            lay_out(pipeline)
            try:
                pipeline.run().wait_until_finish()
            except (RuntimeError, requests.RequestException) as error:
                with suppress(EngineError):
                    self._cancel_left_over()
                if isinstance(error, requests.RequestException):
                    raise EngineError(f"Flink at {self.master} answers no longer") from None
                raise EngineError(reason(str(error), self.worker)) from None
            except BaseException:
                self._cancel_left_over()
                raise

    def spread(
        self, root: beam.Pipeline, label: str, items: Sequence[bytes], sizes: Sequence[int]
    ) -> PCollection[bytes]:
        """Deal the items out to all slots, the largest first."""
        return reshuffled(root, label, items, sizes, self.workers)

    def _options(self) -> PipelineOptions:
        return PipelineOptions(
            [
                f"--job_name={self.name}",
                f"--flink_version={self.version}",
                f"--flink_job_server_jar={self.job_server}",
                "--flink_submit_uber_jar",
                f"--parallelism={self.workers}",
                f"--sdk_worker_parallelism={self.workers_each}",
                *environment_flags(self.worker),
                # One bundle has a worker process for itself; without, two slots may share one.
                "--load_balance_bundles=true",
                # So that no stage waits for a process that the next one holds, and that a failure
                # does not start over what lies before a shuffle.
                "--execution_mode_for_batch=BATCH_FORCED",
                "--environment_cache_millis=30000",
                "--experiments=disable_logging_submission_environment",
            ]
        )

    def _cancel_left_over(self) -> None:
        """Cancel what a command that was killed left running, and wait until it is gone."""
        deadline = time.monotonic() + _SECONDS_OF_SILENCE
        while running := self._running():
            for job in running:
                url = f"http://{self.master}/v1/jobs/{job}?mode=cancel"
                with suppress(requests.RequestException):
                    requests.patch(url, timeout=_SECONDS_TO_ANSWER)
            if time.monotonic() > deadline:
                raise EngineError(f"Flink does not cancel job {running[0]}: cancel it by hand")
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def _running(self) -> list[str]:
        over = {"FINISHED", "FAILED", "CANCELED"}
        jobs = _get(self.master, "jobs/overview")["jobs"]
        return [j["jid"] for j in jobs if j["name"] == self.name and j["state"] not in over]


def connect(master: str, worker: str, job_server: Path | None, name: str) -> Flink:
    """Return the cluster at HOST:PORT; EngineError if it cannot run a build.

    `job_server` is the Beam job-server jar; without, the one that `make flink` put into
    build/flink is taken.
    """
    master = re.sub(r"^https?://", "", master.strip()).rstrip("/")
    full = str(_get(master, "config").get("flink-version", ""))
    version = ".".join(full.split(".")[:2])
    supported = FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS
    if version not in supported:
        raise EngineError(
            f"Flink {full} runs at {master}, and Beam {beam.__version__} has no runner for it: "
            f"use one of {', '.join(supported)}"
        )
    jar = _job_server(job_server, version)
    managers = _get(master, "taskmanagers")["taskmanagers"]
    slots = [int(manager["slotsNumber"]) for manager in managers]
    if not sum(slots):
        raise EngineError(f"the Flink cluster at {master} has no TaskManager: start one")
    return Flink(
        master=master,
        version=version,
        workers=sum(slots),
        workers_each=max(slots),
        job_server=jar,
        worker=worker,
        name=name,
    )


def _job_server(given: Path | None, version: str) -> Path:
    """Return the job-server jar for a version of Flink."""
    jars = [given] if given else sorted(Path("build/flink").glob("beam-runners-flink-*.jar"))
    if given and not given.is_file():
        raise EngineError(f"there is no Beam job-server jar {given}")
    if not jars:
        raise EngineError(
            "there is no Beam job-server jar: `make flink` puts one into build/flink, "
            "or name one with --flink-job-server"
        )
    made_for = {jar: match[1] if (match := _JAR.fullmatch(jar.name)) else version for jar in jars}
    fitting = [jar for jar in jars if made_for[jar] == version]
    if not fitting:
        raise EngineError(
            f"{jars[-1]} is for Flink {made_for[jars[-1]]}, and the cluster is Flink {version}: "
            f"name a job-server jar for {version} with --flink-job-server"
        )
    return fitting[-1].resolve()


def _get(master: str, path: str) -> Any:  # noqa: ANN401
    """Return what the REST interface answers."""
    try:
        answer = requests.get(f"http://{master}/v1/{path}", timeout=_SECONDS_TO_ANSWER)
        answer.raise_for_status()
        return answer.json()
    except (requests.RequestException, ValueError) as error:
        raise EngineError(
            f"no Flink cluster answers at {master}: start one on this machine with `make flink`, "
            f"or say where one is with --flink-master HOST:PORT ({type(error).__name__})"
        ) from None


class _Runner(FlinkRunner):
    """Beam's runner, which hands pipelines over by REST, watched by us."""

    def __init__(self, master: str) -> None:
        super().__init__()
        self._url = f"http://{master}"

    def default_job_server(self, options: PipelineOptions) -> FlinkUberJarJobServer:
        return _JobServer(self._url, options)


class _JobServer(FlinkUberJarJobServer):
    def create_beam_job(
        self,
        job_id: str,
        job_name: str,
        pipeline: Any,  # noqa: ANN401
        options: Any,  # noqa: ANN401
    ) -> FlinkBeamJob:
        jar = self.executable_jar()
        return _Job(self._master_url, jar, job_id, job_name, pipeline, options)


class _Job(FlinkBeamJob):
    """A job that is looked at every second; Beam looks ever more seldom, up to a minute apart."""

    def get_state_stream(self) -> Iterator[tuple[int, Any]]:
        """Yield the states of the job; RuntimeError with Flink's trace when it has failed."""
        try:
            yield from self._states()
        finally:
            self.delete_jar()

    def _states(self) -> Iterator[tuple[int, Any]]:
        silent_since = None
        while True:
            try:
                state, time_of_change = self.get_state()
                trace = self._trace()
            except (requests.RequestException, RuntimeError):
                # A job that ends between two questions may have the second one refused.
                silent_since = silent_since or time.monotonic()
                if time.monotonic() - silent_since > _SECONDS_OF_SILENCE:
                    raise
            else:
                silent_since = None
                over = self.is_terminal_state(state)
                if state != JobState.DONE and (over or is_hopeless(trace)):
                    raise RuntimeError(trace or f"it is {JobState.Enum.Name(state).lower()}")
                yield state, time_of_change
                if over:
                    return
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def _get_state(self) -> tuple[int, Any]:
        """Return the state, and when it changed if it did since the last look.

        RuntimeError while the job is suspended: a JobManager that stands by may take it up again.
        """
        told = self.get(f"v1/jobs/{self._flink_job_id}")["state"]
        if told == "SUSPENDED":
            raise RuntimeError("it is suspended, and no JobManager takes it up again")
        state = _ENDS.get(told, JobState.RUNNING)
        return state, self.set_state(state)

    def get_message_stream(self) -> Iterator[tuple[int, Any]]:
        """Yield nothing: what there is to say is the error of the other stream."""
        return iter(())

    def request(
        self,
        method: Callable[..., requests.Response],
        path: str,
        expected_status: int = 200,
        **more: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Return an answer; Beam itself would wait for ever for one."""
        more.setdefault("timeout", _SECONDS_TO_ANSWER)
        return super().request(method, path, expected_status, **more)

    def _trace(self) -> str:
        """Return the failure that was met last."""
        failures = self.get(f"v1/jobs/{self._flink_job_id}/exceptions?maxExceptions=1")
        entries = failures.get("exceptionHistory", {}).get("entries", [])
        return str(entries[0].get("stacktrace") or "") if entries else ""
