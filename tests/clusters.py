"""A Flink cluster to test against, started on loopback as `make flink` does.

A plugin of pytest: a test module asks for it by `pytest_plugins = ["clusters"]`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import servers

from florilegium.pipelines.engines import flink

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / "deploy" / "flink" / "local.py"
JARS = ROOT / "build" / "flink"


def missing():
    """Return what the cluster needs and is not here, or None."""
    if shutil.which("java") is None:
        return "there is no Java"
    if shutil.which("mvn") is None and not list(JARS.glob("beam-runners-flink-*.jar")):
        return "there is neither Maven nor a job server"
    return None


class Cluster:
    """Processes that `local.py` started, and how to ask and hurt them."""

    def __init__(self, home, environment):
        self.home, self.environment = home, environment
        self.rest, self.rpc, self.pool = (servers.free_port() for _ in range(3))

    @property
    def addresses(self):
        """Where the cluster, its workers and the job server are."""
        (jar,) = JARS.glob("beam-runners-flink-*.jar")
        return f"127.0.0.1:{self.rest}", f"127.0.0.1:{self.pool}", jar

    @property
    def options(self):
        """What `florilegium build` is told."""
        names = ("--flink-master", "--flink-worker", "--flink-job-server")
        where = zip(names, self.addresses, strict=True)
        return ["--engine=flink", *(f"{name}={value}" for name, value in where)]

    def engine(self, name):
        """Return the cluster as an engine."""
        return flink.connect(*self.addresses, name)

    def start(self):
        """Start what does not run."""
        ports = [f"--rest-port={self.rest}", f"--rpc-port={self.rpc}", f"--pool-port={self.pool}"]
        command = [sys.executable, str(LOCAL), "start", "--home", str(self.home), *ports]
        command += ["--memory=2048m"]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=400
        )
        assert done.returncode == 0, done.stderr

    def stop(self):
        command = [sys.executable, str(LOCAL), "stop", "--home", str(self.home)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def processes(self):
        """Return the process ids that `local.py` noted, by name."""
        noted = json.loads((self.home / "processes.json").read_text())
        return {one["name"]: one["pid"] for one in noted}

    def kill(self, name):
        """Kill one of the processes, not its children."""
        os.kill(self.processes()[name], signal.SIGKILL)

    def workers(self):
        """Return the process ids of the workers that the pool forked."""
        server = [
            child
            for child in children(self.processes()["workers"])
            if b"forkserver" in Path("/proc", str(child), "cmdline").read_bytes()
        ]
        return [worker for parent in server for worker in children(parent)]

    def everyone(self):
        """Return all process ids of the cluster."""
        top = list(self.processes().values())
        return [*top, *(below for process in top for below in descendants(process))]

    def ask(self, path):
        """Return what the REST interface answers."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.rest}/v1/{path}") as answer:
            return json.load(answer)


def children(process):
    try:
        tasks = Path("/proc", str(process), "task").iterdir()
        return [int(c) for task in tasks for c in (task / "children").read_text().split()]
    except FileNotFoundError:
        return []


def descendants(process):
    found = children(process)
    return [*found, *(below for child in found for below in descendants(child))]


def listening(processes):
    """Return the addresses that processes listen on, in the hexadecimal of the kernel's tables."""
    sockets = set()
    for process in processes:
        for handle in Path("/proc", str(process), "fd").glob("*"):
            try:
                sockets.add(str(handle.readlink()))
            except OSError:
                continue
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        if Path("/proc/net", table).exists()
        for line in Path("/proc/net", table).read_text().splitlines()[1:]
    ]
    return {
        row[1].partition(":")[0]
        for row in rows
        if row[3] == "0A" and f"socket:[{row[9]}]" in sockets
    }


def eventually(seconds, what):
    """Wait until something is true, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def stumbling_s3(tmp_path_factory):
    """A proxy in front of an S3 server, for all that runs in the cluster and beside it."""
    real = servers.versitygw if servers.versitygw_program() else None
    running = real(tmp_path_factory.mktemp("s3")) if real else servers.moto()
    with running as address:
        proxy = servers.Stumbling(address)
        with servers.serving(proxy) as proxy.address:
            yield proxy


@pytest.fixture(scope="module")
def environment(stumbling_s3, tmp_path_factory):
    """The variables that lead to the S3 server."""
    nothing = tmp_path_factory.mktemp("nothing")
    return os.environ | {
        "AWS_ENDPOINT_URL_S3": stumbling_s3.address,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": servers.KEY,
        "AWS_SECRET_ACCESS_KEY": servers.SECRET,
        "AWS_CONFIG_FILE": str(nothing / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(nothing / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture(scope="module")
def cluster(environment, tmp_path_factory):
    """A cluster of two TaskManagers with one slot each, and a pool of workers."""
    if lacking := missing():
        pytest.skip(f"no Flink can be started: {lacking}")
    started = Cluster(tmp_path_factory.mktemp("flink"), environment)
    try:
        started.start()
        yield started
    finally:
        started.stop()
