"""A Flink cluster on this machine: `start` installs and starts it, `stop` ends what was started.

Flink comes from its Python packages, which carry the whole distribution; Beam's job server from
Maven. Two TaskManagers have one slot each, so that a build survives the loss of one.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = HERE.parents[1] / "build" / "flink"
"""Where Flink and the job server are installed."""
FLINK = TOOLS / "distribution" / "pyflink"
JAVA = 17
OFF_HEAP_MEGABYTES_A_SLOT = 256
_SECONDS_TO_START = 120
_SECONDS_TO_STOP = 20


def main() -> None:
    """Start or stop the cluster."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["install", "start", "stop"])
    parser.add_argument("--home", type=Path, default=TOOLS / "local", help="logs, scratch, pids")
    parser.add_argument("--rest-port", type=int, default=8081)
    parser.add_argument("--rpc-port", type=int, default=6123)
    parser.add_argument("--pool-port", type=int, default=50000)
    parser.add_argument("--task-managers", type=int, default=2)
    parser.add_argument("--slots", type=int, default=1, help="of each TaskManager")
    parser.add_argument("--memory", default="3072m", help="of each TaskManager")
    chosen = parser.parse_args()
    if chosen.action == "stop":
        stop(chosen.home)
        return
    install()
    if chosen.action == "start":
        start(chosen)


def install() -> None:
    """Install Flink and the job server, unless they are there; SystemExit says what is missing."""
    _check_java()
    if not (FLINK / "bin" / "jobmanager.sh").exists():
        print("installing Flink …", flush=True)
        # The Python side of Flink, which it would bring along, does not go with our libraries.
        wanted = ["--no-deps", "--require-hashes", "-r", str(HERE / "requirements.txt")]
        _run(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--target", str(FLINK.parent), *wanted)  # fmt: skip
        for script in (FLINK / "bin").glob("*.sh"):
            script.chmod(0o755)
    _make("Beam's job server", "beam-runners-flink-*.jar", HERE / "pom.xml")
    _make("the loopback agent", "loopback-agent.jar", HERE / "loopback" / "pom.xml")


def start(chosen: argparse.Namespace) -> None:
    """Start what does not run yet, and wait until every slot is there."""
    home = chosen.home.resolve()
    for folder in ("conf", "log", "scratch"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    _configure(home, chosen)
    running = {one["name"]: one for one in _recorded(home) if _is_alive(one)}
    wanted = {
        "jobmanager": [str(FLINK / "bin" / "jobmanager.sh"), "start-foreground"],
        "workers": [
            str(Path(sys.executable).with_name("florilegium-worker")),
            f"--pool={chosen.pool_port}",
        ],
    } | {
        f"taskmanager-{number}": [str(FLINK / "bin" / "taskmanager.sh"), "start-foreground"]
        for number in range(chosen.task_managers)
    }
    for name, command in wanted.items():
        if name not in running:
            running[name] = _spawn(name, command, home)
            _record(home, list(running.values()))
    _wait(chosen, home)
    print(f"Flink runs at 127.0.0.1:{chosen.rest_port}: florilegium build … --engine flink")


def stop(home: Path) -> None:
    """End the processes that `start` began, and no others."""
    mine = [one for one in _recorded(home) if _is_alive(one)]
    for kind in (signal.SIGTERM, signal.SIGKILL):
        for one in mine:
            if _is_alive(one):
                with suppress(ProcessLookupError):
                    os.killpg(one["pid"], kind)
        deadline = time.monotonic() + _SECONDS_TO_STOP
        while any(_is_alive(one) for one in mine) and time.monotonic() < deadline:
            time.sleep(0.1)
    (home / "processes.json").unlink(missing_ok=True)
    shutil.rmtree(home / "scratch", ignore_errors=True)
    print(f"ended: {', '.join(one['name'] for one in mine) or 'nothing was running'}")


def _make(what: str, jar: str, project: Path) -> None:
    """Let Maven make a jar, unless it is there."""
    if list(TOOLS.glob(jar)):
        return
    if shutil.which("mvn") is None:
        raise SystemExit(f"Maven is needed to get {what}: install `mvn`")
    print(f"getting {what} …", flush=True)
    made = TOOLS / "maven"
    _run("mvn", "-q", "-B", "-f", str(project), "package", f"-Dout={made}")
    for path in made.glob(jar):
        path.replace(TOOLS / path.name)
    shutil.rmtree(made)


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if java is None or shutil.which(java) is None:
        raise SystemExit(f"Java {JAVA} is needed: install a JRE, or set JAVA_HOME to one")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = said.partition('"')[2].partition('"')[0]
    if re.split(r"[.+-]", version)[0] != str(JAVA):
        raise SystemExit(f"Java {JAVA} is needed, and {java} is {version or 'something else'}")


def _configure(home: Path, chosen: argparse.Namespace) -> None:
    shipped = (FLINK / "conf" / "config.yaml").read_text()
    options = next(line for line in shipped.splitlines() if line.strip().startswith("all: "))
    template = (HERE / "local.yaml.in").read_text()
    conf = home / "conf"
    for file in (FLINK / "conf").glob("log*"):
        shutil.copy(file, conf)
    (conf / "config.yaml").write_text(
        template.format(
            home=home,
            rest_port=chosen.rest_port,
            rpc_port=chosen.rpc_port,
            slots=chosen.slots,
            memory=chosen.memory,
            off_heap=f"{OFF_HEAP_MEGABYTES_A_SLOT * chosen.slots}m",
            java_options=options.strip().removeprefix("all: "),
            agent=TOOLS / "loopback-agent.jar",
        )
    )


def _spawn(name: str, command: list[str], home: Path) -> dict:
    environment = os.environ | {
        "FLINK_HOME": str(FLINK),
        "FLINK_CONF_DIR": str(home / "conf"),
        "FLINK_LOG_DIR": str(home / "log"),
        "FLINK_PID_DIR": str(home),
    }
    with (home / "log" / f"{name}.out").open("wb") as log:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return {"name": name, "pid": process.pid, "started": _start_time(process.pid)}


def _start_time(pid: int) -> str | None:
    """Return when a process began, which tells it from a later one with its number."""
    try:
        fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return None
    return None if fields[0] == "Z" else fields[19]


def _is_alive(one: dict) -> bool:
    return one["started"] is not None and _start_time(one["pid"]) == one["started"]


def _recorded(home: Path) -> list[dict]:
    try:
        return json.loads((home / "processes.json").read_text())
    except FileNotFoundError:
        return []


def _record(home: Path, processes: list[dict]) -> None:
    (home / "processes.json").write_text(json.dumps(processes, indent=1))


def _wait(chosen: argparse.Namespace, home: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    slots = 0
    while slots < chosen.task_managers * chosen.slots or not _listens(home):
        ended = not all(map(_is_alive, _recorded(home)))
        if ended or time.monotonic() > deadline:
            raise SystemExit(f"Flink did not start; see {home / 'log'}")
        time.sleep(0.5)
        slots = _slots(chosen.rest_port)


def _slots(port: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/overview", timeout=5) as answer:
            return int(json.load(answer)["slots-total"])
    except OSError:
        return 0


def _listens(home: Path) -> bool:
    return "starting workers" in (home / "log" / "workers.out").read_text()


def _run(*command: str) -> None:
    if subprocess.run(command, check=False).returncode:
        raise SystemExit(f"this failed: {' '.join(command)}")


if __name__ == "__main__":
    main()
