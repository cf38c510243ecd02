"""A web to crawl, on loopback: hosts on addresses of 127.0.0.0/8, good ones and bad ones.

usage: python bench/crawl_web.py --hosts N --pages N --log FILE

Everything follows from the number of a host and the path that is asked for, so what a crawler ought
to find is known beforehand. The port is printed; when the server is ended, each request is in the
log as a line of JSON: time, host, path, requests of that host at the same time, status.
"""

import argparse
import asyncio
import json
import random
import signal
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import uvloop

KINDS = (
    "plain", "no_robots", "crawl_delay", "robots_moved", "slow", "busy", "broken", "traps",
    "sitemap", "feed", "opt_out", "robots_down", "leaks", "plain", "plain", "plain",
)  # fmt: skip
CRAWL_DELAY = 0.2
SLOW = 0.1
RETRY_AFTER = 1
_CHILDREN = 5
_WORDS = 60
_TEXTS = 32
FORBIDDEN = "/private/"


class World:
    """What there is on which host."""

    def __init__(self, hosts: int, pages: int, paragraphs: int = 45) -> None:
        self.hosts = hosts
        self.pages = pages // hosts
        chance = random.Random(7)
        letters = "abcdefghijklmnopqrstuvwxyzäöüéèßñ"
        words = ["".join(chance.choices(letters, k=chance.randint(2, 11))) for _ in range(3_000)]
        self._texts = [
            "".join(
                f"<p>{' '.join(chance.choices(words, k=_WORDS))}</p>" for _ in range(paragraphs)
            ).encode()
            + b"</body></html>"
            for _ in range(_TEXTS)
        ]
        self._packed = [_raw_deflate(text, zlib.Z_FINISH) for text in self._texts]

    def address(self, number: int) -> str:
        """Return the IP address of a host."""
        return f"127.1.{number // 250}.{number % 250 + 1}"

    def name(self, number: int) -> str:
        """Return the name of a host."""
        return f"h{number}.example"

    def kind(self, number: int) -> str:
        """Return what a host is like."""
        return KINDS[number % len(KINDS)]

    def expected(self, number: int) -> set[str]:
        """Return the paths of all pages that a polite crawler finds on a host, and may fetch."""
        if self.kind(number) == "robots_down":
            return set()
        return {"/", *(f"/p/{page}" for page in range(self.pages))}

    def page(self, number: int, page: int, packed: bool) -> bytes:
        """Return the body of a page: a head with links, and a text; packed by gzip if asked."""
        head = self._head(number, page)
        which = (number * 31 + page) % _TEXTS
        text = self._texts[which]
        if not packed:
            return head + text
        checks = struct.pack("<II", zlib.crc32(text, zlib.crc32(head)), len(head) + len(text))
        start = b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + _raw_deflate(head, zlib.Z_FULL_FLUSH)
        return start + self._packed[which] + checks

    def _head(self, number: int, page: int) -> bytes:
        kind = self.kind(number)
        links = [f"/p/{(page * 7 + k * 13) % max(self.pages, 1)}" for k in range(20)]
        links += [f"/p/{to}" for to in self._children(page)]
        if kind in ("sitemap", "feed"):
            links = []
        links += self._bad_links(kind, page)
        listed = "".join(f'<a href="{link}">{link[1:]}</a> ' for link in links)
        noai = '<meta name="robots" content="noai">' if kind == "opt_out" else ""
        return (
            f'<!doctype html><html lang="de"><head><meta charset="utf-8">{noai}'
            f"<title>{number} {page}</title></head><body><nav>{listed}</nav><h1>{page}</h1>"
        ).encode()

    def _children(self, page: int) -> Iterator[int]:
        first = page * _CHILDREN + 1
        yield from range(first, min(first + _CHILDREN, self.pages))

    def _bad_links(self, kind: str, page: int) -> list[str]:
        links = [f"{FORBIDDEN}{page}"]
        if page:
            return links
        return links + {
            "traps": [
                "/calendar/2026-11",
                "/trap/x",
                "/copies/1",
                "/s?PHPSESSID=0123456789abcdef0",
            ],
            "broken": ["/hang", "/short", "/chunks", "/bomb", "/large", "/garbage", "/loop/1"],
            "busy": ["/busy"],
            "leaks": ["/metadata", "http://[::1]/", "http://10.0.0.1/"],
            "feed": ["/feed.xml"],
        }.get(kind, [])


def _raw_deflate(data: bytes, end: int) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush(end)


def response(status: str, body: bytes, *fields: str, kind: str = "text/html") -> bytes:
    """Return a response as bytes."""
    lines = [
        f"HTTP/1.1 {status}", "Server: Loopback", "X-MiXeD-Case: Yes",
        f"Content-Type: {kind}; charset=utf-8", *fields, f"Content-Length: {len(body)}", "", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode() + body


def chunked(body: bytes, *fields: str) -> bytes:
    """Return a response in chunks."""
    lines = ["HTTP/1.1 200 OK", "Content-Type: text/html; charset=utf-8", *fields]
    head = "\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""]).encode()
    pieces = (body[at : at + 4_096] for at in range(0, len(body), 4_096))
    return head + b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces) + b"0\r\n\r\n"


def host_of(head: bytes) -> str:
    """Return the host that a request names."""
    return head.lower().partition(b"\r\nhost:")[2].partition(b"\r\n")[0].strip().decode()


class Site(asyncio.Protocol):
    """A connection to one of the hosts."""

    world: World
    log: list[list]
    live: dict[int, int]
    numbers: dict[str, int]
    asked: set[tuple[int, str]]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note whose host this is, by the address that was dialled."""
        self.transport = transport
        self.buffer = b""
        self.number = self.numbers[transport.get_extra_info("sockname")[0]]
        self.tasks: set[asyncio.Task] = set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up what is under way."""
        for task in self.tasks:
            task.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer each request."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head, self.buffer = self.buffer[:end], self.buffer[end + 4 :]
            path = head.split(b" ", 2)[1].decode()
            live = self.live[self.number] = self.live.get(self.number, 0) + 1
            entry = [time.time(), self.number, path, live, 0]
            self.log.append(entry)
            task = asyncio.get_running_loop().create_task(self.answer(path, head, entry))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def answer(self, path: str, head: bytes, entry: list) -> None:
        """Answer a request, and note with which status."""
        try:
            kind = self.world.kind(self.number)
            if kind == "slow" and path.startswith("/p/"):
                await asyncio.sleep(SLOW)
            made = await self.made(path, head, kind)
            if made and not self.transport.is_closing():
                entry[4] = int(made[9:12]) if made.startswith(b"HTTP/") else 0
                self.transport.write(made)
        finally:
            self.live[self.number] -= 1

    async def made(self, path: str, head: bytes, kind: str) -> bytes:
        """Return the answer to a request; nothing if it is not answered whole."""
        if path in ("/robots.txt", "/robots2.txt"):
            return self.robots(path, kind, host_of(head))
        if path == "/" or path.startswith("/p/"):
            return self.page(0 if path == "/" else int(path[3:]), head)
        if path.startswith(FORBIDDEN):
            return response("200 OK", b"<p>secret</p>")
        if path == "/.well-known/tdmrep.json" and kind == "opt_out":
            said = b'[{"location": "/", "tdm-reservation": 1}]'
            return response("200 OK", said, kind="application/json")
        if path == "/sitemap.xml" and kind == "sitemap":
            return response("200 OK", self.sitemap(host_of(head)), kind="application/xml")
        if path == "/feed.xml" and kind == "feed":
            return response("200 OK", self.feed(), kind="application/rss+xml")
        return await self.bad(path, kind)

    def robots(self, path: str, kind: str, host: str) -> bytes:
        """Return robots.txt."""
        rules = f"User-agent: *\nDisallow: {FORBIDDEN}\n"
        if kind == "no_robots":
            return response("404 Not Found", b"")
        if kind == "robots_down":
            return response("503 Service Unavailable", b"")
        if kind == "robots_moved" and path == "/robots.txt":
            return response("301 Moved Permanently", b"", "Location: /robots2.txt")
        if kind == "crawl_delay":
            rules += f"Crawl-delay: {CRAWL_DELAY}\n"
        if kind == "sitemap":
            rules += f"Sitemap: http://{host}/sitemap.xml\n"
        return response("200 OK", rules.encode(), kind="text/plain")

    def page(self, page: int, head: bytes) -> bytes:
        """Return a page: every fourth in chunks, packed for those who take that."""
        if page >= max(self.world.pages, 1):
            return response("404 Not Found", b"<p>no such page</p>")
        etag = f'"{self.number}-{page}"'
        if f"If-None-Match: {etag}".encode() in head:
            return f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n".encode()
        packed = b"gzip" in head.lower()
        fields = [f"ETag: {etag}"] if page % 2 else []
        fields += ["Content-Encoding: gzip"] if packed else []
        body = self.world.page(self.number, page, packed)
        return chunked(body, *fields) if page % 4 == 3 else response("200 OK", body, *fields)

    def sitemap(self, host: str) -> bytes:
        """Return a sitemap of all pages."""
        places = "".join(
            f"<url><loc>http://{host}/p/{n}</loc></url>" for n in range(self.world.pages)
        )
        return (
            '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
            f"{places}</urlset>"
        ).encode()

    def feed(self) -> bytes:
        """Return a feed of all pages."""
        items = "".join(f"<item><link>/p/{n}</link></item>" for n in range(self.world.pages))
        return f'<?xml version="1.0"?><rss version="2.0"><channel>{items}</channel></rss>'.encode()

    async def bad(self, path: str, kind: str) -> bytes:
        """Return, or do, what a bad host does."""
        if kind == "busy" and path == "/busy":
            if (self.number, path) in self.asked:
                return response("200 OK", b"<p>now</p>")
            self.asked.add((self.number, path))
            return response("429 Too Many Requests", b"", f"Retry-After: {RETRY_AFTER}")
        if kind == "traps":
            return self.trap(path)
        if kind == "broken":
            return await self.broken(path)
        if kind == "leaks" and path == "/metadata":
            return response("302 Found", b"", "Location: http://169.254.169.254/latest/meta-data/")
        return response("404 Not Found", b"<p>no such page</p>")

    def trap(self, path: str) -> bytes:
        """Return a page of a trap: it leads to more of its kind, without end."""
        if path.startswith("/calendar/"):
            year, month = map(int, path[10:17].split("-"))
            after = year * 12 + month
            link = f"/calendar/{after // 12}-{after % 12 + 1:02d}"
            return response("200 OK", f'<a href="{link}">{time.time()}</a>'.encode())
        if path.startswith("/trap/"):
            path = path.partition("?")[0]
            links = f'<a href="{path}/x">x</a><a href="{path}?n={time.time()}">y</a>'
            return response("200 OK", f"{links}{random.random()}".encode())
        if path.startswith("/copies/"):
            links = (f'<a href="/copies/{n}">the same</a>' for n in range(100))
            return response("200 OK", "".join(links).encode())
        return response("404 Not Found", b"")

    async def broken(self, path: str) -> bytes:
        """Return a response that is none, or none at all."""
        if path == "/hang":
            await asyncio.sleep(3_600)
        if path == "/short":
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nhello")
            self.transport.close()
            return b""
        if path == "/chunks":
            self.transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"1000\r\nabc\r\nZZ\r\n"
            )
            self.transport.close()
            return b""
        if path == "/bomb":
            packer = zlib.compressobj(9, zlib.DEFLATED, 31)
            bomb = packer.compress(b"\0" * 30_000_000) + packer.flush()
            return response("200 OK", bomb, "Content-Encoding: gzip")
        if path == "/large":
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
            for _ in range(400):
                if self.transport.is_closing():
                    break
                self.transport.write(b"y" * 65_536)
                await asyncio.sleep(0.001)
            self.transport.close()
            return b""
        if path == "/garbage":
            return b"\x00\x01 this is no HTTP\r\n\r\n"
        if path.startswith("/loop/"):
            after = int(path[6:]) % 3 + 1
            return response("302 Found", b"", f"Location: /loop/{after}")
        return response("404 Not Found", b"")


async def serve(world: World, log: Path | None, port: int = 0) -> None:
    """Serve until the process is asked to end; print the port first."""
    loop = asyncio.get_running_loop()
    addresses = [world.address(number) for number in range(world.hosts)]
    Site.world, Site.log, Site.live, Site.asked = world, [], {}, set()
    Site.numbers = {address: number for number, address in enumerate(addresses)}
    first = await loop.create_server(Site, addresses[0], port, backlog=512)
    port = first.sockets[0].getsockname()[1]
    if addresses[1:]:
        await loop.create_server(Site, addresses[1:], port, backlog=512)
    over = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    print(port, flush=True)
    await over.wait()
    if log is not None:
        log.write_text("".join(f"{json.dumps(entry)}\n" for entry in Site.log))


def main() -> None:
    """Serve a web."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--hosts", type=int, default=20)
    options.add_argument("--pages", type=int, default=500, help="of all hosts together")
    options.add_argument("--paragraphs", type=int, default=45, help="of a page")
    options.add_argument("--log", type=Path)
    options.add_argument("--port", type=int, default=0, help="any that is free, if 0")
    chosen = options.parse_args()
    uvloop.run(serve(World(chosen.hosts, chosen.pages, chosen.paragraphs), chosen.log, chosen.port))


if __name__ == "__main__":
    main()
