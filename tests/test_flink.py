"""A real cluster gives the same release, and goes on when parts of it are killed."""

import base64
import http.server
import json
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow.parquet as pq
import pytest
import servers
from clusters import descendants, eventually, listening
from copies import dealt, documents, web

from florilegium.dedup.methods import METHODS
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.duplicates.deduplicate import write_decisions
from florilegium.pipelines.duplicates.settings import Duplicates
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.publishing.publish import PartToPublish, publish
from florilegium.pipelines.publishing.shard_plans import ShardPlan
from florilegium.pipelines.recipe import Shards

pytest_plugins = ["servers", "clusters"]

FLORILEGIUM = [sys.executable, "-m", "florilegium.pipelines.cli.main"]
GOLDEN = json.loads((Path(__file__).parent / "golden" / "demo.json").read_text())
COUNTED = (GOLDEN["records"], GOLDEN["documents"])
SHARED = Path(__file__).parents[2] / "shared" / "data" / "warc"
LOOPBACK = {
    "0100007F",
    "00000000000000000000000001000000",
    "0000000000000000FFFF00000100007F",
}


@pytest.fixture(scope="module")
def warcs(tmp_path_factory):
    return pack(tmp_path_factory.mktemp("warcs"))


@pytest.fixture(scope="module")
def golden():
    return GOLDEN["root"]


def command(out, *inputs, options=(), recipe="demo"):
    named = [f"--input={name}" for name in inputs]
    return [*FLORILEGIUM, "build", recipe, *named, f"--out={out}", "--output=json", *options]


def build(out, *inputs, options=(), recipe="demo", environment=None, seconds=500):
    return subprocess.run(
        command(out, *inputs, options=options, recipe=recipe),
        capture_output=True,
        text=True,
        timeout=seconds,
        env=environment,
    )


def answer(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def harvesting(home):
    """Tell whether some unit is being harvested."""
    notes = home.glob("work/builds/*/progress/*.json")
    read = [json.loads(note.read_bytes()) for note in notes]
    return any(note["records"] and not note["units"] for note in read)


def test_the_release_made_on_flink_is_that_of_the_embedded_engine(cluster, warcs, golden, tmp_path):
    heard = set()
    over = threading.Event()

    def listen(driver):
        while not over.wait(0.5):
            heard.update(listening([driver, *descendants(driver), *cluster.everyone()]))

    building = subprocess.Popen(
        command(tmp_path, *warcs, options=cluster.options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    ear = threading.Thread(target=listen, args=(building.pid,))
    ear.start()
    said, errors = building.communicate(timeout=500)
    over.set()
    ear.join()
    assert building.returncode == 0, errors
    assert json.loads(said)["root"] == golden
    # Flink, Beam's servers in the TaskManagers, the pool: all of them on loopback.
    assert heard
    assert heard <= LOOPBACK
    release = json.loads(said)["release"]
    verified = subprocess.run([*FLORILEGIUM, "verify", release], capture_output=True, text=True)
    assert verified.returncode == 0, verified.stdout
    # Each TaskManager harvested half of the four units.
    jobs = cluster.ask("jobs/overview")["jobs"]
    first = min(jobs, key=lambda job: job["start-time"])["jid"]
    vertices = cluster.ask(f"jobs/{first}")["vertices"]
    (harvest,) = [v["id"] for v in vertices if "harvest" in v["name"]]
    subtasks = cluster.ask(f"jobs/{first}/vertices/{harvest}")["subtasks"]
    assert [task["metrics"]["read-records"] for task in subtasks] == [2, 2]
    assert len({task["taskmanager-id"] for task in subtasks}) == 2


@pytest.mark.parametrize("method", METHODS)
def test_decisions_on_duplicates_are_those_of_the_embedded_engine(method, cluster, tmp_path):
    names = [(n, str(tmp_path / f"{n}.npy")) for n in range(40)]
    parts = dealt(documents(web(), METHODS[method]), len(names), seed=0)
    for part, (_, path) in zip(parts, names, strict=True):
        np.save(path, part)
    written = []
    for number, engine in enumerate((cluster.engine("duplicates"), Embedded())):
        out, settings = tmp_path / f"out-{number}", Duplicates(method=method)
        engine.run(lambda root, o=out, s=settings: write_decisions(root, names, o, s))
        written.append([path.read_bytes() for path in sorted(out.iterdir())])
    assert len(written[0]) == len(names)
    assert written[0] == written[1]


def publishing(home):
    """Tell whether some slice of a shard is written."""
    return any(home.glob("work/builds/*/slices/*/*/*.arrow"))


@pytest.mark.parametrize(
    ("victim", "when"),
    [("taskmanager", harvesting), ("worker", harvesting), ("taskmanager for good", publishing)],
)
def test_a_build_survives_the_loss_of_a_process_in_the_middle(
    victim, when, cluster, warcs, golden, tmp_path
):
    building = subprocess.Popen(
        command(tmp_path, *warcs, options=cluster.options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    eventually(300, lambda: when(tmp_path / "demo"))
    if victim == "worker":
        os.kill(cluster.workers()[0], signal.SIGKILL)
    else:
        cluster.kill("taskmanager-1")
    if victim == "taskmanager":
        cluster.start()
    said, errors = building.communicate(timeout=500)
    cluster.start()
    assert building.returncode == 0, errors
    made = json.loads(said)
    assert made["root"] == golden
    # Whatever was done twice, it was counted once.
    assert (made["records"], made["documents"]) == COUNTED


def test_a_driver_that_is_killed_leaves_a_build_to_go_on_with(cluster, warcs, golden, tmp_path):
    building = subprocess.Popen(
        command(tmp_path, *warcs, options=cluster.options),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    eventually(120, lambda: harvesting(tmp_path / "demo"))
    building.send_signal(signal.SIGKILL)
    building.wait()
    again = build(tmp_path, *warcs, options=cluster.options)
    assert answer(again)["root"] == golden
    running = [job["state"] for job in cluster.ask("jobs/overview")["jobs"]]
    assert set(running) <= {"FINISHED", "CANCELED"}


def test_a_slow_store_and_a_unit_that_fails_twice_make_no_difference(
    cluster, environment, stumbling_s3, warcs, golden
):
    names = upload(environment, f"http://{stumbling_s3.upstream}", warcs)
    asked = []

    def denies(method, path, _):
        if method != "GET" or f"/in/{warcs[0].name}" not in path:
            return False
        asked.append(path)
        return len(asked) <= 2

    stumbling_s3.denies = denies
    stumbling_s3.refuses = lambda method, path, number: number % 3 == 0
    before = stumbling_s3.refused
    try:
        done = build("s3://flink/out", *names, options=cluster.options, environment=environment)
    finally:
        stumbling_s3.denies = stumbling_s3.refuses = lambda *_: False
    made = answer(done)
    assert len(asked) > 2
    assert stumbling_s3.refused > before + 20
    assert (made["root"], made["records"], made["documents"]) == (golden, *COUNTED)
    assert made["release"].startswith("s3://flink/out/demo/")
    verified = subprocess.run(
        [*FLORILEGIUM, "verify", made["release"]], capture_output=True, text=True, env=environment
    )
    assert verified.returncode == 0, verified.stdout


def upload(environment, address, warcs):
    """Put the inputs into a bucket; return their addresses."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id=servers.KEY,
        aws_secret_access_key=servers.SECRET,
    )
    if "flink" not in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket="flink")
    for warc in warcs:
        client.upload_file(str(warc), "flink", f"in/{warc.name}")
    return [f"s3://flink/in/{warc.name}" for warc in warcs]


def test_a_shard_larger_than_the_memory_of_a_taskmanager_is_published(
    cluster, document, part, part_table, places, tmp_path
):
    """All of a corpus in one language and one shard, of text that hardly compresses."""
    chance = random.Random(7)
    each, number, parts = 64_000, 2_000, 4
    todo, kept = [], []
    for source in range(parts):
        documents = [
            document(source * number + n, text=base64.b64encode(chance.randbytes(each)).decode())
            for n in range(number)
        ]
        part(tmp_path / str(source), documents, name=f"{source}")
        verdict = tmp_path / f"verdict-{source}"
        verdict.mkdir()
        np.save(verdict / "sizes.npy", np.ones(number, np.uint32))
        table = part_table(tmp_path / str(source))
        todo.append(PartToPublish(documents=str(table), verdict=str(verdict)))
        kept += [(one.id, one.text_bytes) for one in documents]
    heap = max(
        manager["hardware"]["freeMemory"] for manager in cluster.ask("taskmanagers")["taskmanagers"]
    )
    size = sum(text for _, text in kept)
    assert size * 3 / 4 > heap
    plan = ShardPlan(lang="deu_Latn", index=0, of=1, first_leaf=0, documents=len(kept), bytes=size)
    (tmp_path / "notes").mkdir()
    engine = cluster.engine("large-shard")
    engine.run(
        lambda root: publish(root, todo, [1] * parts, [plan], Shards(), places(tmp_path), engine)
    )
    ids = pq.read_table(tmp_path / "release" / "data" / plan.label, columns=["id"]).column("id")
    assert ids.to_pylist() == sorted(one for one, _ in kept)


# What cannot work is said in one line.


def refused(done, *parts):
    assert done.returncode == 1
    lines = done.stderr.strip().splitlines()
    assert lines[-1].startswith("florilegium: ")
    for part in parts:
        assert part in lines[-1]
    assert "Traceback" not in done.stderr


def test_a_cluster_that_is_not_there_is_named_with_what_to_do(warcs, tmp_path):
    where = f"127.0.0.1:{servers.free_port()}"
    done = build(tmp_path, *warcs, options=["--engine=flink", f"--flink-master={where}"])
    refused(done, f"no Flink cluster answers at {where}", "`make flink`", "--flink-master")


class Pretending(http.server.BaseHTTPRequestHandler):
    """Answers as a cluster of another version, or one without TaskManagers."""

    said: ClassVar = {
        "/v1/config": {"flink-version": "1.13.6"},
        "/v1/taskmanagers": {"taskmanagers": []},
    }

    def do_GET(self):
        body = json.dumps(self.said[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def pretended():
    with servers.serving(http.server.HTTPServer(("127.0.0.1", 0), Pretending)) as address:
        yield address.removeprefix("http://")


def test_a_version_of_flink_that_beam_does_not_know_is_refused(pretended, warcs, tmp_path):
    done = build(tmp_path, *warcs, options=["--engine=flink", f"--flink-master={pretended}"])
    refused(done, "Flink 1.13.6 runs at", "use one of 1.19")


def test_a_job_server_for_another_version_is_refused(pretended, warcs, tmp_path, monkeypatch):
    monkeypatch.setitem(Pretending.said, "/v1/config", {"flink-version": "2.0.1"})
    jar = tmp_path / "beam-runners-flink-1.19-job-server-2.62.0.jar"
    options = ["--engine=flink", f"--flink-master={pretended}"]
    done = build(tmp_path, *warcs, options=[*options, f"--flink-job-server={jar}"])
    refused(done, "there is no Beam job-server jar")
    jar.touch()
    done = build(tmp_path, *warcs, options=[*options, f"--flink-job-server={jar}"])
    refused(done, "is for Flink 1.19, and the cluster is Flink 2.0")


def test_a_cluster_without_taskmanagers_is_refused(pretended, warcs, tmp_path, monkeypatch):
    monkeypatch.setitem(Pretending.said, "/v1/config", {"flink-version": "1.19.3"})
    jar = tmp_path / "beam-runners-flink-1.19-job-server-2.62.0.jar"
    jar.touch()
    options = ["--engine=flink", f"--flink-master={pretended}", f"--flink-job-server={jar}"]
    refused(build(tmp_path, *warcs, options=options), "has no TaskManager")


def test_a_machine_without_job_server_is_told_where_to_get_one(
    pretended, warcs, tmp_path, monkeypatch
):
    monkeypatch.setitem(Pretending.said, "/v1/config", {"flink-version": "1.19.3"})
    monkeypatch.chdir(tmp_path)
    options = ["--engine=flink", f"--flink-master={pretended}"]
    refused(build(tmp_path, *warcs, options=options), "no Beam job-server jar", "`make flink`")


OTHER_CODE = """
from florilegium.pipelines import own_code
from florilegium.pipelines.engines import worker

own_code.code = lambda: {"version": "0", "sha256": "0123456789abcdef"}
worker.main()
"""


@pytest.mark.parametrize(
    ("worker", "said"),
    [
        ("#!/bin/sh\nexit 3\n", "ends at once"),
        (None, "cannot start the worker"),
        (f"#!{sys.executable}\n{OTHER_CODE}", "the workers run other code (0123456789ab) than"),
    ],
)
def test_workers_that_cannot_work_are_named_with_what_to_do(worker, said, cluster, warcs, tmp_path):
    program = tmp_path / "worker"
    if worker is not None:
        program.write_text(worker)
        program.chmod(0o755)
    options = [o for o in cluster.options if not o.startswith("--flink-worker")]
    done = build(tmp_path / "out", *warcs, options=[*options, f"--flink-worker={program}"])
    refused(done, said)


def test_stopping_the_cluster_ends_what_was_started_and_nothing_else(cluster):
    bystander = subprocess.Popen(["sleep", "600"])
    mine = cluster.everyone()
    assert len(mine) >= 4
    assert "taskmanager-0" in cluster.stop()
    eventually(30, lambda: not any(Path("/proc", str(process)).exists() for process in mine))
    assert bystander.poll() is None
    bystander.kill()
    assert "nothing was running" in cluster.stop()


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared sample is not here")
def test_the_whole_sample_has_the_same_root_on_both_engines(cluster, tmp_path):
    cluster.start()
    on_flink = answer(
        build(tmp_path / "f", SHARED, options=cluster.options, recipe="european", seconds=1500)
    )
    embedded = answer(build(tmp_path / "e", SHARED, recipe="european", seconds=1500))
    assert on_flink["root"] == embedded["root"]
    assert on_flink["records"] == embedded["records"] == 8748
