"""The manifests for Kubernetes in deploy/, and the schemas that Kubernetes publishes."""

import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
CRON_JOBS = [DEPLOY / "kubernetes" / "cronjob.yaml", DEPLOY / "flink" / "cronjob.yaml"]
VALIDATE = ROOT / "build" / "exports" / "bin" / "kubernetes-validate"
KUBERNETES = "1.32"


def parts(path):
    """Return the objects of a file, by kind; none has two of one kind."""
    found = {part["kind"]: part for part in yaml.safe_load_all(path.read_text())}
    assert len(found) == path.read_text().count("\nkind: ")
    return found


def cron_spec(path):
    return parts(path)["CronJob"]["spec"]


def pod(path):
    """Return the template of the pods of a CronJob."""
    return cron_spec(path)["jobTemplate"]["spec"]["template"]


def container(path):
    (found,) = pod(path)["spec"]["containers"]
    return found


def command_line(path):
    """Return what runs in the container of a CronJob."""
    return [*container(path)["command"], *container(path)["args"]]


def validated(path):
    """Hold all parts of a file to the schemas of Kubernetes; return what is said of each."""
    if not VALIDATE.exists():
        pytest.skip("needs make tools")
    done = subprocess.run(
        [VALIDATE, "--strict", "--kubernetes-version", KUBERNETES, path],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return (done.stdout + done.stderr).splitlines()
