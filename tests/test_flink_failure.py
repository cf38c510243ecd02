"""What a trace of Flink's comes to for a person. Traces are shortened ones of a real cluster."""

import pytest

from florilegium.pipelines.engines.flink_failure import is_hopeless, reason

PYTHON = """java.lang.RuntimeException: Error received from SDK harness for instruction 5: \
Traceback (most recent call last):
  File "sdk_worker.py", line 315, in _execute
    response = task()
florilegium.pipelines.verdicts.decide.LostRecordsError: a.warc: 3 records read, but 1 kept and 1 \
lost: 1 unaccounted for [while running 'decide']
\tat org.apache.beam.runners.fnexecution.control.FnApiControlClient.onNext(:180)
"""
NO_CLIENT = """java.lang.RuntimeException: No client connected within timeout
\tat org.apache.beam.runners.fnexecution.data.GrpcDataService.create(:189)
Caused by: java.util.concurrent.TimeoutException: Waited 3 minutes
"""
LOST = """java.util.concurrent.TimeoutException: Heartbeat of TaskManager timed out.
\tat org.apache.flink.runtime.jobmaster.JobMaster.notify(:1)
"""


def test_an_error_of_ours_is_said_in_its_own_words():
    assert reason(PYTHON, "w").startswith("LostRecordsError: a.warc: 3 records read, but 1 kept")


@pytest.mark.parametrize(
    ("trace", "said"),
    [
        (NO_CLIENT, "install the same florilegium where they run"),
        ('java.io.IOException: Cannot run program "/x/w": error=2', "cannot start the worker /x/w"),
        ("IllegalStateException: Process died with exit code 3", "worker /x/w ends at once"),
        ("NoResourceAvailableException: Could not acquire the minimum", "ran out of slots"),
        ("Request to http://f:1/v1/jobs/0 failed with status 404: {}", "no longer knows the job"),
        (LOST, "Heartbeat of TaskManager"),
        ("java.lang.Error: a\nCaused by: java.io.IOException: b", "java.io.IOException: b"),
        ("", "the job failed on Flink"),
    ],
)
def test_a_trace_becomes_one_line(trace, said):
    line = reason(trace, "/x/w")
    assert said in line
    assert "\n" not in line


@pytest.mark.parametrize(("trace", "hopeless"), [(PYTHON, True), (NO_CLIENT, True), (LOST, False)])
def test_only_what_comes_again_is_given_up(trace, hopeless):
    assert is_hopeless(trace) is hopeless
