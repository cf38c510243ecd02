"""Why a job on Flink failed, said in a line out of pages of Java's and Python's traces."""

import re

from florilegium.pipelines.engines.engine import OTHER_CODE

_PYTHON_ERROR = re.compile(
    r"^((?!java|org\.)(?:\w+\.)*\w*(?:Error|Exception|Interrupt)): (.*)$", re.MULTILINE
)
_CAUSE = re.compile(r"^Caused by: (.*)$", re.MULTILINE)


_LONGEST = 500
_HOPELESS = (
    "Cannot run program",
    "Process died with exit code",
    "No client connected within timeout",
    OTHER_CODE,
    "LostRecordsError",
)


def is_hopeless(trace: str) -> bool:
    """Say whether a failure will come again however often the work is tried."""
    return any(sign in trace for sign in _HOPELESS)


def reason(trace: str, worker: str) -> str:
    """Return the reason in a trace, with what to do where that is known."""
    if "Cannot run program" in trace or ("No such file or directory" in trace and worker in trace):
        return (
            f"a TaskManager cannot start the worker {worker}: install florilegium there, "
            "or name the command with --flink-worker"
        )
    if "Process died with exit code" in trace:
        return f"the worker {worker} ends at once: run it on a TaskManager to see what it says"
    if "No client connected within timeout" in trace:
        return (
            "the workers cannot do our work, most likely for want of our package: install the same "
            "florilegium where they run"
        )
    if "NoResourceAvailableException" in trace:
        return "the Flink cluster ran out of slots: are its TaskManagers still there?"
    if "failed with status 404" in trace:
        return (
            "Flink no longer knows the job, as after a restart of the cluster: "
            "run the same command again to go on"
        )
    python = _PYTHON_ERROR.findall(trace)
    if python:
        kind, message = python[-1]
        said = message.partition(" [while running")[0]
        return f"{kind.rpartition('.')[2]}: {said}"
    causes = _CAUSE.findall(trace)
    first = trace.strip().partition("\n")[0]
    return f"the job failed on Flink: {(causes[-1] if causes else first)[:_LONGEST]}"
