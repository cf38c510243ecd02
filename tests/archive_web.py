"""A web server for an archive on loopback, which answers ranges and can be told to fail."""

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from servers import serving


class ArchiveWeb(ThreadingHTTPServer):
    """Serves the files of a folder.

    `fault(path, number)` says what is wrong with the answer to a request, if anything: `slow` is
    503, `deny` 403, `gone` 404, `cut` half of the body, `reset` a closed connection, `late` one
    that comes after a while, `whole` one that does not know ranges.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), _Answer)
        self.folder = folder
        self.asked, self.times, self.agents = [], [], set()
        self.lock = threading.Lock()
        self.fault = lambda path, number: None

    def ranges(self, part):
        """The ranges that were asked for of paths that have this part."""
        return [span for path, span in self.asked if part in path]


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = unquote(self.path)
        span = self.headers.get("Range")
        with self.server.lock:
            self.server.asked.append((path, span))
            self.server.times.append(time.monotonic())
            self.server.agents.add(self.headers.get("User-Agent"))
            number = len(self.server.asked)
        fault = self.server.fault(path, number)
        file = self.server.folder / path.lstrip("/")
        if fault in ("slow", "deny", "gone") or not file.is_file():
            status = {"slow": 503, "deny": 403}.get(fault, 404)
            return self.say(status, b"", {"Retry-After": "0"} if status == 503 else {})
        if fault == "reset":
            self.close_connection = True
            return None
        if fault == "late":
            time.sleep(0.3)
        data = file.read_bytes()
        if span is None or fault == "whole":
            return self.say(200, data, cut=fault == "cut")
        start, _, end = span.removeprefix("bytes=").partition("-")
        if int(start) >= len(data):
            return self.say(416, b"")
        return self.say(206, data[int(start) : int(end) + 1], cut=fault == "cut")

    do_HEAD = do_GET  # noqa: N815

    def say(self, status, data, headers=None, cut=False):
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data[: len(data) // 2] if cut else data)
            self.close_connection = cut

    def log_message(self, *arguments):
        pass


@contextmanager
def archive_web(folder):
    """Serve an archive; give the server, whose `address` says where."""
    server = ArchiveWeb(folder)
    with serving(server) as server.address:
        yield server
