"""All requests to one host: one after the other, with a rest between, over one connection."""

import asyncio
import time
from collections.abc import Sequence

from msgspec import Struct

from florilegium.pipelines.crawl.dial import Dialler, UnreachableError
from florilegium.pipelines.crawl.settings import Crawl
from florilegium.pipelines.crawl.urls import Url
from florilegium.pipelines.crawl.wire import BrokenError, Response, Wire

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.8,*/*;q=0.5"
LARGE_BODIES = 4
"""Bodies of more than a megabyte that a worker holds in memory at the same time."""


_NAP = 1.5


class StoppedError(Exception):
    """The crawl is to stop, so nothing more is asked for."""


class Exchange(Struct, frozen=True, gc=False):
    """A request, its response, whom they were exchanged with, and when the request went out."""

    url: Url
    request: bytes
    response: Response
    address: str
    time: float
    """Seconds since 1970."""


class Common:
    """What all hosts of a worker share: settings, addresses, room in memory, and when to stop."""

    def __init__(self, settings: Crawl, agent: str, stop: asyncio.Event) -> None:
        self.settings = settings
        self.agent = agent
        self.stop = stop
        self.dialler = Dialler(settings.network)
        self.large = asyncio.Semaphore(LARGE_BODIES)
        self._addresses: dict[str, asyncio.Semaphore] = {}
        self._wires: set[Wire] = set()

    def room_at(self, address: str) -> asyncio.Semaphore:
        """Return what limits requests to hosts that share an IP address."""
        return self._addresses.setdefault(address, asyncio.Semaphore(self.settings.per_address))

    def wire(self) -> Wire:
        """Return a new connection, not connected yet."""
        return Wire(self.settings.limits, self.large)

    def watch(self, wire: Wire) -> None:
        """End the requests of a connection that take too long, from now on."""
        self._wires.add(wire)

    def forget(self, wire: Wire) -> None:
        """Close a connection for good."""
        wire.close()
        self._wires.discard(wire)

    async def sweep(self, seconds: float) -> None:
        """End requests that take too long, for ever; look for them every so many seconds."""
        while True:
            await asyncio.sleep(seconds)
            now = time.monotonic()
            for wire in list(self._wires):
                wire.sweep(now)


class Client:
    """Asks one host, politely: a request begins when the one before has ended and it has rested."""

    def __init__(self, common: Common, not_before: float = 0.0) -> None:
        self._common = common
        self._turn = asyncio.Lock()
        self._wire: Wire | None = None
        self._origin = self._address = ""
        self._found: dict[int, list[str]] = {}
        self.delay = common.settings.delay
        """Seconds from the end of a request to the next one."""
        self.not_before = not_before
        """Seconds since 1970 at which the next request may begin."""
        self.received = 0
        """Bytes of all responses."""

    def rest(self, seconds: float) -> None:
        """Ask for nothing for so long from now."""
        self.not_before = max(self.not_before, time.time() + seconds)

    async def get(self, url: Url, headers: Sequence[tuple[str, str]] = ()) -> Exchange:
        """Return what comes of asking for an address.

        ForbiddenError if it must not be dialled, UnreachableError or BrokenError if there is no
        response, StoppedError if the crawl stops before.
        """
        async with self._turn:
            request, at_hand = self._request(url, headers), self._at_hand(url)
            try:
                return await self._exchange(url, request)
            except BrokenError:
                # A server may close a connection that rests, just when it is used again.
                if at_hand is None or at_hand.answered:
                    raise
            return await self._exchange(url, request)

    async def _exchange(self, url: Url, request: bytes) -> Exchange:
        await self._rested()
        began, at = time.monotonic(), time.time()
        try:
            wire = await self._connected(url)
            async with self._common.room_at(self._address):
                response = await wire.send(request)
        except (BrokenError, asyncio.CancelledError):
            self.close()
            raise
        finally:
            settings = self._common.settings
            slow = settings.slow_factor * (time.monotonic() - began)
            self.rest(max(self.delay, min(slow, settings.max_delay)))
        self.received += len(response.raw)
        return Exchange(url, request, response, self._address, at)

    def close(self) -> None:
        """End the connection, if there is one."""
        if self._wire is not None:
            self._common.forget(self._wire)
            self._wire = None

    async def _rested(self) -> None:
        stop = self._common.stop
        # A lapse of the clock must not make a host rest for longer than anything asks for.
        while (left := self.not_before - time.time()) > 0 and not stop.is_set():
            if left < _NAP:  # which is cheaper than to wait for two things
                await asyncio.sleep(left)
                continue
            try:
                await asyncio.wait_for(stop.wait(), left)
            except TimeoutError:
                break
        if stop.is_set():
            raise StoppedError

    async def _connected(self, url: Url) -> Wire:
        if (wire := self._at_hand(url)) is not None:
            return wire
        self.close()
        limits = self._common.settings.limits
        try:
            async with asyncio.timeout(limits.connect_seconds):
                if url.port not in self._found:
                    self._found[url.port] = await self._common.dialler.addresses(url)
                self._address, self._wire = await self._common.dialler.connect(
                    url, self._found[url.port], self._common.wire
                )
        except TimeoutError:
            raise UnreachableError("timeout: no connection in time") from None
        self._origin = url.origin
        self._common.watch(self._wire)
        return self._wire

    def _at_hand(self, url: Url) -> Wire | None:
        """Return the connection that is there, if it leads where it should."""
        wire = self._wire
        return wire if wire and wire.reusable and self._origin == url.origin else None

    def _request(self, url: Url, headers: Sequence[tuple[str, str]]) -> bytes:
        place = url.origin.partition("://")[2]
        fields = [
            ("Host", place),
            ("User-Agent", self._common.agent),
            ("Accept", ACCEPT),
            ("Accept-Encoding", "gzip, br, zstd"),
            *headers,
        ]
        lines = [f"GET {url.target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
