"""The DAG in deploy/airflow, loaded and run by Airflow itself on the demonstration."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from florilegium.pipelines.demo.web import pack

ROOT = Path(__file__).parent.parent
AIRFLOW = ROOT / "build" / "airflow" / "bin" / "airflow"
pytestmark = pytest.mark.skipif(not AIRFLOW.exists(), reason="needs make airflow")


@pytest.fixture(scope="module")
def airflow(tmp_path_factory):
    """Runs a command of Airflow, with a database and settings of its own."""
    home = tmp_path_factory.mktemp("airflow")
    command = home / "florilegium"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m florilegium.pipelines.cli.main "$@"\n')
    command.chmod(0o755)
    settings = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "deploy" / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "FLORILEGIUM": str(command),
        "FLORILEGIUM_RECIPE": "demo",
        "FLORILEGIUM_INPUT": str(pack(home / "warc")[0]),
        "FLORILEGIUM_OUT": str(home / "out"),
    }

    def run(*words, **more):
        return subprocess.run(
            [AIRFLOW, *words],
            env={**os.environ, **settings, **more},
            capture_output=True,
            text=True,
            timeout=500,
        )

    made = run("db", "migrate")
    assert made.returncode == 0, made.stderr[-2000:]
    loaded = run("dags", "reserialize")
    assert loaded.returncode == 0, loaded.stderr[-2000:]
    return run, home


def test_the_dag_loads(airflow):
    listed = airflow[0]("dags", "list-import-errors")
    assert listed.returncode == 0, listed.stdout
    assert "No data found" in listed.stdout


def test_its_tasks_build_and_verify_the_demonstration(airflow):
    run, home = airflow
    for task in ("plan", "build", "verify"):
        done = run("tasks", "test", "florilegium", task, "2026-11-02")
        assert done.returncode == 0, (task, done.stdout[-2000:], done.stderr[-2000:])
    assert (home / "out" / "demo" / "latest" / "manifest.json").exists()


@pytest.mark.parametrize(("code", "said"), [(3, "skip"), (4, "AirflowFailException")])
def test_exit_codes_skip_or_fail_at_once(airflow, tmp_path, code, said):
    command = tmp_path / "florilegium"
    command.write_text(f"#!/bin/sh\nexit {code}\n")
    command.chmod(0o755)
    done = airflow[0](
        "tasks", "test", "florilegium", "build", "2026-11-02", FLORILEGIUM=str(command)
    )
    assert said.lower() in (done.stdout + done.stderr).lower()
