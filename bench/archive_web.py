"""A web server for an archive on loopback, which answers ranges and can be told to fail."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote


class ArchiveWeb(ThreadingHTTPServer):
    """Serves the files of a folder.

    `fault(path, number)` says what is wrong with the answer to a request, if anything: `slow` is
    503, `deny` 403, `gone` 404, `cut` half of the body, `reset` a closed connection, `late` one
    that comes after a while, `whole` one that does not know ranges.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.folder = folder
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        self.lock = threading.Lock()
        self.asked: list[tuple[str, str | None]] = []
        """Path and range of each request."""
        self.times: list[float] = []
        self.agents: set[str] = set()
        self.sent = 0
        """Bytes of all bodies."""
        self.fault: Callable[[str, int], str | None] = lambda path, number: None

    def ranges(self, part: str) -> list[str | None]:
        """Return the ranges that were asked for of paths that have this part."""
        return [span for path, span in self.asked if part in path]


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ArchiveWeb

    def do_GET(self) -> None:
        path, span = unquote(self.path), self.headers.get("Range")
        with self.server.lock:
            self.server.asked.append((path, span))
            self.server.times.append(time.monotonic())
            self.server.agents.add(self.headers.get("User-Agent", ""))
            number = len(self.server.asked)
        fault = self.server.fault(path, number)
        if fault == "reset":
            self.close_connection = True
            return
        if fault == "late":
            time.sleep(0.3)
        self.say(*self.found(path, span, fault), cut=fault == "cut")

    do_HEAD = do_GET  # noqa: N815

    def found(
        self, path: str, span: str | None, fault: str | None
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Return status, body and headers of an answer."""
        file = self.server.folder / path.lstrip("/")
        if fault == "slow":
            return 503, b"", {"Retry-After": "0"}
        if fault == "deny":
            return 403, b"", {}
        if fault == "gone" or not file.is_file():
            return 404, b"", {}
        if span is None or fault == "whole":
            return 200, file.read_bytes(), {}
        start, end = map(int, span.removeprefix("bytes=").split("-"))
        if start >= file.stat().st_size:
            return 416, b"", {}
        with file.open("rb") as stream:
            stream.seek(start)
            data = stream.read(end - start + 1)
        return 206, data, {"Content-Range": f"bytes {start}-{start + len(data) - 1}/*"}

    def say(self, status: int, data: bytes, headers: Mapping[str, str], cut: bool) -> None:
        """Answer, with half of the data if it is to be cut."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            body = data[: len(data) // 2] if cut else data
            # Whoever has read it all finds it counted.
            with self.server.lock:
                self.server.sent += len(body)
            self.wfile.write(body)
            self.close_connection = cut

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def archive_web(folder: Path) -> Iterator[ArchiveWeb]:
    """Serve an archive; give the server, whose `address` says where."""
    server = ArchiveWeb(folder)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
