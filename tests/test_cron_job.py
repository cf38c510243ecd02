"""The CronJob of Kubernetes: its schema, its exit codes, and a request to end."""

import subprocess
import time
from pathlib import Path

import pytest
import yaml

DEPLOY = Path(__file__).parent.parent / "deploy"
KUBERNETES = "1.32"


def cron_job():
    path = DEPLOY / "kubernetes" / "cronjob.yaml"
    claim, job = yaml.safe_load_all(path.read_text())
    return claim, job


def cron_container():
    (container,) = cron_job()[1]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return container


def test_the_cron_job_is_as_kubernetes_published_it():
    schemas = pytest.importorskip(
        "kubernetes_validate", reason="the schemas of Kubernetes come with kubernetes-validate"
    )
    for part in cron_job():
        schemas.validate(part, KUBERNETES, strict=True)


@pytest.mark.parametrize(
    ("ended", "expected"), [(0, 0), (3, 0), (1, 1), (2, 2), (4, 4), (75, 75), (143, 143)]
)
def test_the_cron_job_passes_exit_codes_on(tmp_path, ended, expected):
    program = tmp_path / "florilegium"
    program.write_text(f"#!/bin/sh\nexit {ended}\n")
    program.chmod(0o755)
    container = cron_container()
    run = subprocess.run(
        [*container["command"], *container["args"]], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}
    )
    assert run.returncode == expected


def test_the_cron_job_passes_a_request_to_end_on_and_waits(tmp_path):
    program = tmp_path / "florilegium"
    program.write_text(
        "#!/bin/sh\ntrap 'sleep 0.3; exit 143' TERM\n"
        f"touch {tmp_path}/ready\nwhile :; do sleep 0.05; done\n"
    )
    program.chmod(0o755)
    container = cron_container()
    build = subprocess.Popen(
        [*container["command"], *container["args"]], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}
    )
    for _ in range(200):
        if (tmp_path / "ready").exists():
            break
        time.sleep(0.05)
    build.terminate()
    assert build.wait(timeout=30) == 143


def test_the_cron_job_runs_one_build_at_a_time_and_does_not_repeat_what_is_wrong():
    spec = cron_job()[1]["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    rules = spec["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert (rules[0]["action"], rules[0]["onExitCodes"]["values"]) == ("FailJob", [2, 4])
