"""The Dataflow engine: Google starts the workers, from an image that holds our package.

A pipeline is put into a bucket as a graph, and a job is made that names it and the image; nothing
else is sent along. With `--template_location` among Beam's options, the job is only written down
there: that is how a Flex Template is launched.
"""

import io
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import (
    GoogleCloudOptions,
    PipelineOptions,
    WorkerOptions,
)
from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator
from apache_beam.pvalue import PCollection
from apache_beam.runners.dataflow.dataflow_runner import DataflowRunner
from apache_beam.runners.runner import PipelineState
from msgspec import Struct

from florilegium.manifests.location import Location
from florilegium.pipelines.engines.engine import DeferredError, EngineError, reshuffled
from florilegium.pipelines.watch.logs import log

try:
    import google.auth
    import google.auth.exceptions
    from apache_beam.runners.dataflow.internal.apiclient import DataflowJobAlreadyExistsError
    from google.api_core.exceptions import GoogleAPIError
except ImportError as error:
    raise EngineError(
        "Dataflow needs Google's clients, and they are not installed: pip install florilegium[gcp]"
    ) from error

_LOG = logging.getLogger(__name__)
_SECONDS_BETWEEN_LOOKS = 5.0
_SECONDS_FOR_A_REASON = 50.0
_LONGEST_JOB_NAME = 63
_CONSOLE = "https://console.cloud.google.com/dataflow/jobs"


class Dataflow(Struct, frozen=True, kw_only=True):
    """The Dataflow service in one project and region."""

    flags: tuple[str, ...]
    """Options of Beam that every job gets."""
    name: str
    """What is built, in characters that a job's name may have."""
    workers: int
    """Machines at most."""

    @property
    def shuffle_bytes(self) -> None:
        """Dataflow's shuffles are kept by the service."""
        return None

    def run(self, lay_out: Callable[[beam.Pipeline], Any], step: str = "") -> None:
        """Lay out a pipeline and run it to its end; EngineError with the reason if it fails.

        The job is cancelled when the user interrupts. DeferredError if it is only written down.
        """
        options = _options([f"--job_name={_job_name(step, self.name)}", *self.flags])
        cloud = options.view_as(GoogleCloudOptions)
        runner = DataflowRunner()
        with _told_in_one_line(f"Dataflow does not take the job {cloud.job_name}"):
            pipeline = beam.Pipeline(runner, options=options)
            lay_out(pipeline)
            result: Any = pipeline.run()
        if not result.has_job:
            raise DeferredError(f"the job is written to {cloud.template_location}; nothing has run")
        page = f"{_CONSOLE}/{cloud.region}/{result.job_id()}?project={cloud.project}"
        try:
            with _told_in_one_line(
                f"Dataflow does not say how the job is, which may go on: {page}"
            ):
                _wait(result, page)
                if result.state != PipelineState.DONE:
                    raise EngineError(f"{_reason(runner, result)}; the job's page is {page}")
        except KeyboardInterrupt:
            with _told_in_one_line(f"Dataflow does not cancel the job; do it by hand: {page}"):
                result.cancel()
            _say(f"cancelling {page}")
            raise

    def spread(
        self, root: beam.Pipeline, label: str, items: Sequence[bytes], sizes: Sequence[int]
    ) -> PCollection[bytes]:
        """Give the items out one by one; Dataflow shares them out as workers come and go."""
        return reshuffled(root, label, items, sizes, 1)


def connect(
    flags: Sequence[str], places: Sequence[Location], work: Location, name: str
) -> Dataflow:
    """Return Dataflow for a build that reads and writes `places`; EngineError if it cannot run.

    `flags` are options of Beam. What is handed over lies in `work` unless they say otherwise.
    """
    for place in places:
        if isinstance(place, Path):
            raise EngineError(
                f"workers on Dataflow cannot reach {place}: name input and output by gs:// or s3://"
            )
    flags = [
        "--runner=DataflowRunner",
        f"--temp_location={work}",
        # The image holds all that a worker needs.
        "--sdk_location=container",
        "--experiments=disable_logging_submission_environment",
        *flags,
    ]
    options = _options(flags)
    _check(options)
    workers = options.view_as(WorkerOptions).max_num_workers
    return Dataflow(flags=tuple(flags), name=name, workers=workers)


def _job_name(step: str, name: str) -> str:
    """Return a name that is the same whenever this step of this build is run."""
    return f"florilegium-{step}-{name}"[:_LONGEST_JOB_NAME].rstrip("-")


def _options(flags: Sequence[str]) -> PipelineOptions:
    """Return options of Beam; EngineError if one of them is none."""
    for flag in flags:
        if not flag.startswith("--"):
            raise EngineError(f"{flag!r} is no option of Beam: write --beam-option=--name=value")
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            options = PipelineOptions(list(flags))
            options.get_all_options()
    except SystemExit:
        complaint = said.getvalue().strip().rpartition("error: ")[2]
        raise EngineError(f"Beam does not take its options: {complaint}") from None
    return options


def _check(options: PipelineOptions) -> None:
    """EngineError if something is missing without which no job can be made."""
    cloud = options.view_as(GoogleCloudOptions)
    if not cloud.project:
        raise EngineError("Dataflow needs a project: name yours with --dataflow-project")
    if not cloud.region:
        raise EngineError(
            "Dataflow needs a region: name that of your buckets with --dataflow-region"
        )
    if not options.view_as(WorkerOptions).sdk_container_image:
        raise EngineError(
            "Dataflow needs an image with florilegium in it: build one from deploy/Containerfile "
            "and name it with --dataflow-image"
        )
    validator = PipelineOptionsValidator(options, DataflowRunner())
    # Beam itself would make a bucket if this were none.
    if validator.validate_gcs_path(cloud, "temp_location"):
        raise EngineError(
            f"jobs for Dataflow cannot be handed over in {cloud.temp_location}: "
            "name a folder with --dataflow-staging gs://BUCKET/FOLDER"
        )
    if not cloud.no_auth:
        try:
            google.auth.default(scopes=cloud.gcp_oauth_scopes)
        except google.auth.exceptions.DefaultCredentialsError:
            raise EngineError(
                "there are no credentials for Google Cloud: "
                "run gcloud auth application-default login"
            ) from None


def _wait(result: Any, page: str) -> None:  # noqa: ANN401
    """Look at a job until it has ended, and say in which state it is."""
    said = None
    while not PipelineState.is_terminal(state := result.state):
        if state != said:
            _say(f"{state.lower()} {page}")
            said = state
        time.sleep(_SECONDS_BETWEEN_LOOKS)


def _reason(runner: DataflowRunner, result: Any) -> str:  # noqa: ANN401
    """Return why a job did not succeed; its messages may come later than its end."""
    deadline = time.monotonic() + _SECONDS_FOR_A_REASON
    errors: list[str] = []
    while result.state == PipelineState.FAILED and not errors and time.monotonic() < deadline:
        token = None
        while token != "":
            messages, token = runner.dataflow_client.list_messages(
                result.job_id(), page_token=token, minimum_importance="JOB_MESSAGE_ERROR"
            )
            errors += [message.message_text for message in messages]
        if not errors:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
    raised = [line for text in errors for line in text.splitlines() if _is_an_error(line)]
    found = (raised or errors or ["no reason is given"])[-1]
    return f"the job ended as {result.state} on Dataflow: {_one_line(found)}"


def _is_an_error(line: str) -> bool:
    """Say whether a line is what Python writes below a traceback."""
    kind, colon, _ = line.partition(": ")
    return bool(colon) and kind.endswith(("Error", "Exception")) and " " not in kind


@contextmanager
def _told_in_one_line(what: str) -> Iterator[None]:
    """Let errors of Google's clients, and of what Beam does with them, be one line."""
    try:
        yield
    except (
        GoogleAPIError,
        google.auth.exceptions.GoogleAuthError,
        DataflowJobAlreadyExistsError,
        OSError,
        ValueError,
    ) as error:
        raise EngineError(f"{what}: {_one_line(str(error))}") from error


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _say(what: str) -> None:
    log(_LOG, logging.INFO, "dataflow", what)
