"""OpenLineage events of running builds, as a server and OpenLineage's own client get them."""

import json
import signal
import socket
import subprocess
import sys
import time
import uuid
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from servers import free_port, serving

from florilegium.pipelines.cli.main import main
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.watch import post
from florilegium.pipelines.watch.lineage import Lineage
from florilegium.pipelines.watch.post import Poster, poster
from florilegium.pipelines.watch.status import fresh
from florilegium.pipelines.watch.watch import Moment

ROOT = Path(__file__).parent.parent
TOOLS = ROOT / "build" / "exports" / "bin" / "python"
GATED = """
name = "gated"
languages = ["european"]

[gates]
min_documents = 1
max_top_domain = 0.001
"""


class Server(ThreadingHTTPServer):
    """Takes events, and keeps them with how they came; answers as it is told to."""

    daemon_threads = True

    def __init__(self, code=201):
        super().__init__(("127.0.0.1", 0), Handler)
        self.code, self.got = code, []


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self.send_response(self.server.code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def warc(tmp_path_factory):
    return pack(tmp_path_factory.mktemp("packed"))[0]


def build(warc, home, address, recipe="demo", **variables):
    """Build under watch of a server; return what the command did, and the events in its file."""
    home.mkdir(exist_ok=True)
    words = ["build", recipe, "--input", warc, "--out", home / "out", "--workers", 1]
    words += ["--lineage", home / "events.jsonl", "--output", "json"]
    settings = {"OPENLINEAGE_URL": address, **variables}
    done = CliRunner().invoke(main, [str(word) for word in words], env=settings)
    return done, events(home / "events.jsonl")


def events(file):
    return [json.loads(line) for line in file.read_bytes().splitlines()]


@pytest.fixture(scope="module")
def done(warc, tmp_path_factory):
    """A build that a server with a key was told of: what it did, its events, what was posted."""
    server = Server()
    with serving(server) as address:
        made = build(warc, tmp_path_factory.mktemp("done"), address, OPENLINEAGE_API_KEY="a-key")
    return *made, server.got


@pytest.fixture(scope="module")
def failed(warc, tmp_path_factory):
    """The same of a build whose gates fail, of a namespace and below a path of somebody else's."""
    home, server = tmp_path_factory.mktemp("failed"), Server()
    recipe = home / "gated.toml"
    recipe.write_text(GATED)
    settings = {"OPENLINEAGE_ENDPOINT": "/lineage/in", "OPENLINEAGE_NAMESPACE": "of-others"}
    with serving(server) as address:
        made = build(warc, home, f"{address}/", recipe, **settings)
    return *made, server.got


@pytest.fixture(scope="module")
def interrupted(warc, tmp_path_factory):
    """The events of a build that is interrupted from the keyboard."""
    home = tmp_path_factory.mktemp("interrupted")
    file = home / "events.jsonl"
    # A shell lets what it runs in the background ignore the keyboard.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = f"{heard}; from florilegium.pipelines.cli.main import main; main()"
    command = [sys.executable, "-c", program, "build", "demo", "--input", warc]
    command += ["--out", home / "out", "--lineage", file]
    building = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (file.exists() and file.stat().st_size):
        assert time.monotonic() < deadline
        assert building.poll() is None
        time.sleep(0.01)
    building.send_signal(signal.SIGINT)
    assert building.wait(timeout=120) == 130
    return events(file)


def test_a_build_starts_runs_and_completes(done):
    made, told, _ = done
    assert made.exit_code == 0, made.output
    kinds = [event["eventType"] for event in told]
    assert kinds == ["START", *["RUNNING"] * (len(kinds) - 2), "COMPLETE"]
    steps = [event["run"]["facets"]["florilegium_progress"]["step"] for event in told[1:-1]]
    assert (steps[0], steps[-1]) == ("harvest", "seal")
    assert len(set(steps)) == len(steps)


def test_a_build_that_fails_its_gates_says_so_and_why(failed):
    made, told, _ = failed
    assert made.exit_code == 4, made.output
    assert (told[0]["eventType"], told[-1]["eventType"]) == ("START", "FAIL")
    facets = told[-1]["run"]["facets"]
    assert facets["errorMessage"]["message"] in made.stderr
    assert facets["florilegium_progress"]["state"] == "staged"
    assert {event["job"]["namespace"] for event in told} == {"of-others"}


def test_a_build_that_is_interrupted_aborts(interrupted):
    assert (interrupted[0]["eventType"], interrupted[-1]["eventType"]) == ("START", "ABORT")


def test_all_events_are_of_one_run_and_in_their_order(done, failed, interrupted):
    for told in (done[1], failed[1], interrupted):
        assert len({uuid.UUID(event["run"]["runId"]) for event in told}) == 1
        assert len({event["job"]["name"] for event in told}) == 1
        times = [datetime.fromisoformat(event["eventTime"]) for event in told]
        assert times == sorted(times)


@pytest.mark.skipif(not TOOLS.exists(), reason="needs make tools")
def test_the_client_of_openlineage_reads_every_event_as_one_of_its_own(
    done, failed, interrupted, tmp_path
):
    file = tmp_path / "all.jsonl"
    everything = [*done[1], *failed[1], *interrupted, *parent_told(tmp_path)]
    file.write_text("".join(json.dumps(event) + "\n" for event in everything))
    read = subprocess.run(
        [TOOLS, ROOT / "tests" / "export_tools.py", file], capture_output=True, text=True
    )
    assert read.returncode == 0, read.stderr
    assert json.loads(read.stdout) == [event["eventType"] for event in everything]
    assert set(json.loads(read.stdout)) == {"START", "RUNNING", "COMPLETE", "FAIL", "ABORT"}


@pytest.mark.skipif(not TOOLS.exists(), reason="needs make tools")
def test_the_client_of_openlineage_refuses_what_is_none(done, tmp_path):
    for change in ({"eventType": "STOP"}, {"schemaURL": "https://openlineage.io/spec/1-0-0/x"}):
        (tmp_path / "wrong.jsonl").write_text(json.dumps(done[1][0] | change))
        read = subprocess.run(
            [TOOLS, ROOT / "tests" / "export_tools.py", tmp_path / "wrong.jsonl"],
            capture_output=True,
        )
        assert read.returncode == 1


def test_the_server_gets_what_is_in_the_file_with_its_key(done, failed):
    assert [json.loads(body) for _, _, body in done[2]] == done[1]
    assert [json.loads(body) for _, _, body in failed[2]] == failed[1]
    assert {path for path, _, _ in done[2]} == {"/api/v1/lineage"}
    assert {path for path, _, _ in failed[2]} == {"/lineage/in"}
    for _, headers, _ in done[2]:
        assert headers["Content-Type"] == "application/json"
        assert headers["Authorization"] == "Bearer a-key"
    assert not [headers for _, headers, _ in failed[2] if "Authorization" in headers]


def test_a_server_that_is_not_there_costs_a_build_one_warning(done, warc, tmp_path):
    made, told = build(warc, tmp_path, f"http://127.0.0.1:{free_port()}")
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["root"] == json.loads(done[0].stdout)["root"]
    assert made.stderr.count("OpenLineage events do not reach") == 1
    assert [event["eventType"] for event in told] == [event["eventType"] for event in done[1]]


def test_a_server_that_refuses_is_told_all_and_warned_of_once(caplog):
    server = Server(500)
    with serving(server) as address:
        posting = Poster(address)
        for number in range(3):
            posting.post(b"%d" % number)
        posting.close()
    assert [body for _, _, body in server.got] == [b"0", b"1", b"2"]
    (record,) = caplog.records
    assert record.getMessage().endswith("it answers 500")


def test_a_server_that_does_not_answer_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(post, "_PATIENCE", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        posting = Poster(f"http://127.0.0.1:{silent.getsockname()[1]}")
        begun = time.monotonic()
        for _ in range(100):
            posting.post(b"{}")
        posting.close()
        assert 0.3 <= time.monotonic() - begun < 3


def test_nothing_is_posted_where_no_server_is_named_or_it_is_turned_off():
    assert poster({}) is None
    assert poster({"OPENLINEAGE_URL": ""}) is None
    assert poster({"OPENLINEAGE_URL": "http://a.example", "OPENLINEAGE_DISABLED": "True"}) is None


def parent_told(folder, said="of/others/a.job/0199b1a6-7e2a-7000-8000-000000000000"):
    """Return the events of a run that is part of another."""
    file = folder / "parent.jsonl"
    lineage = Lineage(file, None, {"OPENLINEAGE_PARENT_ID": said})
    status = replace(fresh("x", 2.0), build_id="b")
    for event in ("started", "step_ended"):
        lineage.tell(Moment(event=event, status=status, home=folder))
    return events(file)


def test_a_run_that_is_part_of_another_names_it(tmp_path, caplog):
    for event in parent_told(tmp_path):
        parent = event["run"]["facets"]["parent"]
        assert parent["run"] == {"runId": "0199b1a6-7e2a-7000-8000-000000000000"}
        assert parent["job"] == {"namespace": "of/others", "name": "a.job"}
    assert "OPENLINEAGE_PARENT_ID" not in caplog.text
    (tmp_path / "parent.jsonl").unlink()
    assert "parent" not in parent_told(tmp_path, "a/b/no-uuid")[0]["run"]["facets"]
    assert "is not NAMESPACE/JOB/RUN" in caplog.text
