"""Stores to test against, started on loopback, and a proxy that makes them hard to talk to.

A plugin of pytest: a test module asks for it by `pytest_plugins = ["servers"]`.
"""

import functools
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import uuid
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from florilegium.manifests import s3
from florilegium.manifests.location import create, files, locate, remove_tree, replacing, sha256

ROOT = Path(__file__).resolve().parent.parent
KEY, SECRET = "a-key-for-tests", "a-secret-for-tests"
SLOW_DOWN = (
    b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)
ACCESS_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access denied.</Message></Error>"


def versitygw_program():
    """Return the path of VersityGW, a gateway that speaks S3 in front of a disk, or None."""
    built = ROOT / "build" / "tools" / "versitygw"
    return str(built) if built.exists() else shutil.which("versitygw")


def free_port():
    """Return a port of loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(server):
    """Let a server of this process answer; give its address."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def versitygw(folder):
    """Run VersityGW on a folder; give its address."""
    port = free_port()
    data, metadata = folder / "data", folder / "metadata"
    data.mkdir()
    metadata.mkdir()
    command = [versitygw_program(), "--port", f"127.0.0.1:{port}", "--access", KEY]
    command += ["--secret", SECRET, "--quiet", "posix", "--sidecar", metadata, data]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"PATH": ""}
    )
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "VersityGW ended at once"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextmanager
def moto():
    """Run moto's S3; give its address. One request at a time, so that its conditions hold."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    app = DomainDispatcherApplication(create_backend_app)
    with serving(make_server("127.0.0.1", 0, app, threaded=False)) as address:
        yield address


@contextmanager
def google_cloud_storage():
    """Run an emulator of Google Cloud Storage; give its address."""
    from gcp_storage_emulator.server import RequestHandler
    from gcp_storage_emulator.storage import Storage

    class Conditional(RequestHandler):
        """The emulator knows no conditions, so they are looked at here, a request at a time."""

        def do_POST(self):  # noqa: N802
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.rfile = BytesIO(body)
            named = re.search(rb'"name": ("(?:[^"\\]|\\.)*")', body)
            if self.holds(json.loads(named[1]) if named else None):
                super().do_POST()

        def do_GET(self):  # noqa: N802
            name = unquote(urlsplit(self.path).path.partition("/o/")[2])
            if self.holds(name):
                super().do_GET()

        def holds(self, name):
            url = urlsplit(self.path)
            wanted = parse_qs(url.query).get("ifGenerationMatch", [None])[0]
            bucket = re.search("/b/([^/]+)", url.path)
            objects = self.storage.objects.get(bucket[1], {}) if bucket else {}
            if wanted is None or wanted == objects.get(name, {}).get("generation", "0"):
                return True
            self.send_response(412)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return False

    class Patient(HTTPServer):
        request_queue_size = 64

    server = Patient(("127.0.0.1", 0), partial(Conditional, Storage(use_memory_fs=True)))
    with serving(server) as address:
        yield address


def use(bucket, data):
    """Do all that a store is for, and see that it is done."""
    with replacing(bucket / "large") as draft:
        draft.write_bytes(data)
    assert sha256(bucket / "large") == hashlib.sha256(data).hexdigest()
    assert create(bucket / "lock", b"x")
    assert not create(bucket / "lock", b"y")
    (bucket / "small").write_bytes(b"z" * 5000)
    assert (bucket / "small").read_bytes() == b"z" * 5000
    assert [path.name for path, _ in files(bucket)] == ["large", "lock", "small"]
    remove_tree(bucket)
    assert not (bucket / "small").exists()


class Stumbling(ThreadingHTTPServer):
    """A proxy that does not always do what it is asked to.

    `refuses(method, path, number)` says whether a request is answered by 503 SlowDown, `denies`
    whether by 403 AccessDenied, and `cuts` whether the body of an answer breaks off in the middle.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, upstream):
        super().__init__(("127.0.0.1", 0), _Proxied)
        self.upstream = urlsplit(upstream).netloc
        self.refused, self.cut = 0, 0
        self.asked = []
        self.lock = threading.Lock()
        self.refuses = self.denies = self.cuts = lambda method, path, number: False

    def next(self, method, path):
        """Return the number of this request, from 1 on."""
        with self.lock:
            self.asked.append(f"{method} {path}")
            return len(self.asked)


class _Proxied(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = (self.command, self.path, self.server.next(self.command, self.path))
        if self.server.refuses(*asked):
            self.server.refused += 1
            return self.answer(503, {"Content-Type": "application/xml"}, SLOW_DOWN)
        if self.server.denies(*asked):
            return self.answer(403, {"Content-Type": "application/xml"}, ACCESS_DENIED)
        upstream = http.client.HTTPConnection(self.server.upstream)
        try:
            upstream.request(self.command, self.path, body, dict(self.headers))
            got = upstream.getresponse()
            data, headers = got.read(), dict(got.getheaders())
        finally:
            upstream.close()
        cut = len(data) > 1000 and self.server.cuts(*asked)
        self.server.cut += cut
        return self.answer(got.status, headers, data, len(data) // 2 if cut else None)

    def answer(self, status, headers, data, cut=None):
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        length = headers.get("Content-Length") if self.command == "HEAD" else len(data)
        self.send_header("Content-Length", str(length or 0))
        self.send_header("Connection", "close")
        self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[:cut])

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward  # noqa: N815

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def moto_address():
    with moto() as address:
        yield address


@pytest.fixture(scope="session")
def versitygw_address(tmp_path_factory):
    if versitygw_program() is None:
        pytest.skip("VersityGW is neither in build/tools nor on the PATH")
    with versitygw(tmp_path_factory.mktemp("versitygw")) as address:
        yield address


@pytest.fixture(scope="session")
def google_address():
    with google_cloud_storage() as address:
        yield address


@functools.cache
def _client(process, *settings):
    """Return the program's client for these settings; they take a while to make."""
    return _new_client(process)


_new_client = s3._client.__wrapped__


@pytest.fixture
def s3_at(monkeypatch, tmp_path):
    """Points the program to the S3 server at an address, with a key if any is given."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")

    def point(address, key=KEY, attempts=10):
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", address)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", str(attempts))
        for name, value in (("AWS_ACCESS_KEY_ID", key), ("AWS_SECRET_ACCESS_KEY", SECRET)):
            monkeypatch.setenv(name, value) if key else monkeypatch.delenv(name, raising=False)
        settings = (address, key, attempts, os.environ.get("AWS_PROFILE"))
        monkeypatch.setattr(s3, "_client", lambda process: _client(process, *settings))

    return point


@pytest.fixture(params=["moto", "versitygw"])
def s3_address(request):
    """The address of each S3 server in turn."""
    return request.getfixturevalue(f"{request.param}_address")


@pytest.fixture
def any_s3_address(request):
    """The address of the better S3 server there is."""
    return request.getfixturevalue(f"{'versitygw' if versitygw_program() else 'moto'}_address")


@pytest.fixture
def new_bucket(s3_at):
    """Makes an empty bucket at an address, and points the program there."""

    def make(address):
        s3_at(address)
        bucket = locate(f"s3://bucket-{uuid.uuid4().hex[:12]}")
        s3._client(os.getpid()).create_bucket(Bucket=bucket._bucket)
        return bucket

    return make


@pytest.fixture
def bucket(s3_address, new_bucket):
    """An empty bucket on each S3 server in turn."""
    return new_bucket(s3_address)


@pytest.fixture
def google_bucket(google_address, google_at):
    """An empty bucket on the emulator of Google Cloud Storage."""
    google_at(google_address)
    from florilegium.manifests import gcs

    name = f"bucket-{uuid.uuid4().hex[:12]}"
    gcs._client(os.getpid()).create_bucket(name)
    return locate(f"gs://{name}")


@pytest.fixture(params=["moto", "versitygw", "google"])
def store(request):
    """An empty folder in each store in turn."""
    return _place(request)


@pytest.fixture(params=["local", "moto", "versitygw", "google"])
def place(request):
    """An empty folder of each kind in turn."""
    return _place(request)


def _place(request):
    if request.param == "local":
        folder = request.getfixturevalue("tmp_path") / "place"
        folder.mkdir()
        return folder
    if request.param == "google":
        return request.getfixturevalue("google_bucket") / "place"
    address = request.getfixturevalue(f"{request.param}_address")
    return request.getfixturevalue("new_bucket")(address) / "place"


@pytest.fixture
def stumbling():
    """Puts a proxy that can be told to stumble in front of an address."""
    with ExitStack() as running:

        def start(upstream):
            proxy = Stumbling(upstream)
            proxy.address = running.enter_context(serving(proxy))
            return proxy

        yield start


@pytest.fixture
def nowhere():
    """An address at which nothing listens."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def google_at(monkeypatch):
    """Points the program to the emulator at an address."""
    gcs = pytest.importorskip("florilegium.manifests.gcs", exc_type=ImportError)

    def point(address):
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        gcs._client.cache_clear()

    yield point
    gcs._client.cache_clear()
