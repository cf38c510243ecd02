"""The CronJobs of Kubernetes: their schema, their exit codes, and a request to end."""

import subprocess
import time

import pytest
import yaml
from kubernetes_files import CRON_JOBS, command_line, container, cron_spec, parts, pod, validated

each = pytest.mark.parametrize("path", CRON_JOBS, ids=lambda path: path.parent.name)


def running(folder, script, path):
    """Start what a CronJob runs, with a script in place of the program."""
    program = folder / "florilegium"
    program.write_text(f"#!/bin/sh\n{script}")
    program.chmod(0o755)
    return subprocess.Popen(command_line(path), env={"PATH": f"{folder}:/usr/bin:/bin"})


@each
def test_a_cron_job_is_as_kubernetes_published_it(path):
    said = validated(path)
    assert len(said) == len(parts(path))
    assert all(" passed for resource " in line for line in said)


def test_a_wrong_key_is_found(tmp_path):
    wrong = tmp_path / "cronjob.yaml"
    wrong.write_text(CRON_JOBS[0].read_text().replace("concurrencyPolicy:", "concurencyPolicy:"))
    with pytest.raises(AssertionError, match="concurencyPolicy"):
        validated(wrong)


@each
@pytest.mark.parametrize(
    ("ended", "expected"),
    [(0, 0), (3, 0), *((code, code) for code in (1, 2, 4, 5, 75, 130, 137, 143))],
)
def test_exit_code_3_is_a_success_and_others_come_through(path, tmp_path, ended, expected):
    build = running(tmp_path, f'echo "$@" > {tmp_path}/arguments\nexit {ended}\n', path)
    assert build.wait(timeout=30) == expected
    assert (tmp_path / "arguments").read_text().split() == container(path)["args"]


@each
@pytest.mark.parametrize("ended", [143, 3])
def test_a_request_to_end_goes_on_to_the_build_and_its_end_is_waited_for(path, tmp_path, ended):
    script = (
        f"trap 'sleep 0.3; touch {tmp_path}/over; exit {ended}' TERM\n"
        f"touch {tmp_path}/ready\nwhile :; do sleep 0.05; done\n"
    )
    build = running(tmp_path, script, path)
    for _ in range(200):
        if (tmp_path / "ready").exists():
            break
        time.sleep(0.05)
    time.sleep(0.1)
    build.terminate()
    assert build.wait(timeout=30) == (0 if ended == 3 else ended)
    assert (tmp_path / "over").exists()


@each
def test_a_killed_build_is_a_failure(path, tmp_path):
    assert running(tmp_path, "kill -9 $$\n", path).wait(timeout=30) == 137


@each
def test_one_build_runs_at_a_time_and_what_is_wrong_is_not_repeated(path):
    spec = cron_spec(path)
    assert spec["concurrencyPolicy"] == "Forbid"
    job = spec["jobTemplate"]["spec"]
    assert job["backoffLimit"] > 0
    wrong, drained = job["podFailurePolicy"]["rules"]
    assert (wrong["action"], wrong["onExitCodes"]["values"]) == ("FailJob", [2, 4])
    assert wrong["onExitCodes"]["containerName"] == container(path)["name"]
    assert (drained["action"], drained["onPodConditions"][0]["type"]) == (
        "Ignore",
        "DisruptionTarget",
    )
    # A policy of failures needs pods that are not started again in place.
    assert pod(path)["spec"]["restartPolicy"] == "Never"
    assert pod(path)["spec"]["terminationGracePeriodSeconds"] > 30


@each
def test_nothing_runs_as_root_or_may_become_it(path):
    assert pod(path)["spec"]["securityContext"]["runAsNonRoot"] is True
    assert container(path)["securityContext"]["allowPrivilegeEscalation"] is False
    assert container(path)["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_both_cron_jobs_go_about_it_the_same_way():
    here, there = (cron_spec(path) for path in CRON_JOBS)
    for spec in (here, there):
        template = spec["jobTemplate"]["spec"].pop("template")["spec"]
        (spec["container"],) = template["containers"]
        spec["grace"] = template["terminationGracePeriodSeconds"]
    assert here["container"].pop("command") == there["container"].pop("command")
    assert here.pop("container")["image"] == there.pop("container")["image"]
    assert yaml.safe_dump(here) == yaml.safe_dump(there)
