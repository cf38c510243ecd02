"""Files from the web are fetched once, kept by their digest, and refused if they are others."""

import hashlib
import http.server
import threading

import pytest

from florilegium.pipelines.named import download
from florilegium.pipelines.named.download import DownloadError, downloaded

CONTENT = b"a model, or so it says" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://192.0.2.1/model")
            self.end_headers()
            return
        if self.path not in ("/model", "/half"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT if self.path == "/model" else CONTENT[:500])

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A server on loopback; its address, and what it was asked for."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.asked = []
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_port}", made.asked
    made.shutdown()
    made.server_close()


def kept(tmp_path):
    return [file.name for file in (tmp_path / "cache").rglob("*") if file.is_file()]


def test_a_file_is_fetched_once_and_kept_by_its_digest(server, tmp_path):
    address, asked = server
    file = downloaded(f"{address}/model", DIGEST)
    assert file.read_bytes() == CONTENT
    assert downloaded(f"{address}/model", DIGEST) == file
    assert asked == ["/model"]
    assert kept(tmp_path) == [DIGEST]


def test_a_kept_file_that_was_changed_is_fetched_anew(server):
    address, asked = server
    downloaded(f"{address}/model", DIGEST).write_bytes(b"something else")
    assert downloaded(f"{address}/model", DIGEST).read_bytes() == CONTENT
    assert asked == ["/model", "/model"]


@pytest.mark.parametrize(
    ("path", "digest", "why"),
    [
        ("/model", "0" * 64, f"its SHA-256 is {DIGEST}"),
        ("/nothing", DIGEST, "the server answers 404"),
        ("/half", DIGEST, "broke off|SHA-256"),
    ],
)
def test_what_is_not_the_file_is_refused_and_not_kept(server, tmp_path, path, digest, why):
    with pytest.raises(DownloadError, match=why):
        downloaded(server[0] + path, digest)
    assert kept(tmp_path) == []


def test_a_file_that_is_too_large_is_refused(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "MAX_BYTES", 1000)
    with pytest.raises(DownloadError, match="more than 1,000 bytes"):
        downloaded(f"{server[0]}/model", DIGEST)
    assert kept(tmp_path) == []


def test_elsewhere_only_https_is_used(server):
    with pytest.raises(DownloadError, match="https"):
        downloaded("http://192.0.2.1/model", DIGEST)
    with pytest.raises(DownloadError, match="https"):
        downloaded(f"{server[0]}/away", DIGEST)


def test_a_server_that_is_not_there_is_named(server):
    with pytest.raises(DownloadError, match="cannot be fetched"):
        downloaded("http://127.0.0.1:9/model", DIGEST)
