"""The demonstration's site: a few pages of our own, served on loopback, and crawled from there.

It has what sites have: a file of rules, a sitemap, pages in several languages, one that moved, one
that is gone, one that is forbidden, and some that are reserved from being mined.
"""

import asyncio
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Final

from florilegium.pipelines.crawl.crawl import Summary, crawl
from florilegium.pipelines.crawl.seeds import seeds
from florilegium.pipelines.crawl.settings import Crawl, Network
from florilegium.pipelines.crawl.watch import Watch
from florilegium.pipelines.engines.embedded import Embedded

HOST: Final = "wiesenbuch.example"
PAGES: Final = {
    "/": "crawl-start.html",
    "/regenwasser": "crawl-deu-regenwasser.html",
    "/scythe": "crawl-eng-scythe.html",
    "/tilleul": "crawl-fra-tilleul.html",
    "/archive/1987": "crawl-archive.html",
}
_ROBOTS: Final = f"""User-agent: *
Disallow: /secrets/
Sitemap: http://{HOST}/sitemap.xml
"""
_SITEMAP: Final = f"""<?xml version="1.0" encoding="utf-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc>http://{HOST}/regenwasser</loc></url>
</urlset>
"""
_RESERVED: Final = '[{"location": "/archive/*", "tdm-reservation": 1}]'
_DELAY: Final = 0.1


def crawled(folder: Path, watch: Watch) -> Summary:
    """Serve the site on loopback and crawl it into a folder; return how that ended."""
    with _served() as port, tempfile.TemporaryDirectory() as work:
        hosts = Path(work) / "hosts"
        hosts.write_text(f"127.0.0.1@{port} {HOST}\n", "utf-8")
        network = Network(open=("127.0.0.0/8",), hosts=str(hosts))
        settings = Crawl(contact=f"http://{HOST}/", delay=_DELAY, network=network)
        starts = seeds([f"http://{HOST}/"])
        return crawl(folder, settings, starts, Embedded(workers=1), watch)


@contextmanager
def _served() -> Iterator[int]:
    """Serve the site on a free port of loopback, in a thread; give the port."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(_serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.close()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while request := await reader.readuntil(b"\r\n\r\n"):
            writer.write(_answer(request.split(b" ", 2)[1].decode("latin-1")))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _answer(path: str) -> bytes:
    if path in PAGES:
        page = resources.files(__package__) / PAGES[path]
        return _response("200 OK", "text/html; charset=utf-8", page.read_bytes())
    files = {
        "/robots.txt": ("text/plain", _ROBOTS),
        "/sitemap.xml": ("application/xml", _SITEMAP),
        "/.well-known/tdmrep.json": ("application/json", _RESERVED),
    }
    if path in files:
        kind, text = files[path]
        return _response("200 OK", kind, text.encode())
    if path == "/moved":
        return _response("301 Moved Permanently", "text/plain", b"", "Location: /tilleul")
    return _response("404 Not Found", "text/plain", b"there is no such page\n")


def _response(status: str, kind: str, body: bytes, *fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", *fields, f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body
