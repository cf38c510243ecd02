"""Which machine a name leads to, and whether it may be dialled.

Names are looked up once, every address that comes back is checked, and one of those is dialled:
a name that leads to another machine a moment later gains nothing by it.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from florilegium.pipelines.crawl.settings import Network
from florilegium.pipelines.crawl.urls import Url

Protocol = TypeVar("Protocol", bound=asyncio.Protocol)
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_NAT64_LOCAL: Final = ipaddress.IPv6Network("64:ff9b:1::/48")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
_MAX_TRIED: Final = 3


class ForbiddenError(Exception):
    """An address that must not be dialled; the message says which, and why."""


class UnreachableError(Exception):
    """A host that cannot be found or connected to; the message says how that showed."""


class Dialler:
    """Finds and checks the addresses of hosts, and connects to them."""

    def __init__(self, network: Network) -> None:
        self._ports = frozenset(network.ports)
        self._open = [ipaddress.ip_network(one) for one in network.open]
        self._known, self._elsewhere = _hosts_file(network.hosts)
        self._authorities = network.authorities or None
        self._context: ssl.SSLContext | None = None

    async def addresses(self, url: Url) -> list[str]:
        """Return the addresses of a host, all of which may be dialled.

        ForbiddenError if its port or any of its addresses must not be; UnreachableError if it has
        none.
        """
        if self._ports and url.port not in self._ports:
            raise ForbiddenError(f"port {url.port}")
        found = await self._resolved(url)
        for one in found:
            if not self._may_dial(ipaddress.ip_address(one)):
                raise ForbiddenError(f"address {one} is not public")
        return found

    async def connect(
        self, url: Url, addresses: list[str], protocol: Callable[[], Protocol]
    ) -> tuple[str, Protocol]:
        """Return the address that answered first, and the connection; UnreachableError if none."""
        loop, name = asyncio.get_running_loop(), url.host.strip("[]")
        port = self._elsewhere.get(name, url.port)
        secure = self._secure() if url.scheme == "https" else None
        problem = "no address"
        for one in addresses[:_MAX_TRIED]:
            try:
                _, made = await loop.create_connection(
                    protocol, one, port, ssl=secure, server_hostname=name if secure else None
                )
            except ssl.SSLError as error:
                problem = f"TLS: {getattr(error, 'verify_message', '') or error.reason or error}"
            except OSError as error:
                problem = f"connection: {error.strerror or error}"
            else:
                return one, made
        raise UnreachableError(problem[:200])

    async def _resolved(self, url: Url) -> list[str]:
        name = url.host.strip("[]")
        try:
            return [str(ipaddress.ip_address(name))]
        except ValueError:
            pass
        if self._known is not None:
            if name not in self._known:
                raise UnreachableError("name: not known")
            return self._known[name]
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                name, url.port, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError) as error:
            raise UnreachableError(f"name: {getattr(error, 'strerror', '') or error}") from None
        return list(dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found))

    def _may_dial(self, address: Address) -> bool:
        if any(address in network for network in self._open if network.version == address.version):
            return True
        return is_public(address)

    def _secure(self) -> ssl.SSLContext:
        """Return the one context for all hosts: making one reads every certificate there is."""
        if self._context is None:
            self._context = ssl.create_default_context(cafile=self._authorities)
        return self._context


def is_public(address: Address) -> bool:
    """Say whether an address is of one machine in the public internet.

    One that carries an IPv4 address within it is as public as that: mapped and compatible ones
    (RFC 4291), 6to4 (RFC 3056), Teredo (RFC 4380) and NAT64 (RFC 6052, RFC 8215).
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = _within(address)
        if inner is not None:
            return is_public(inner)
        if address in _NAT64_LOCAL or address in _COMPATIBLE or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _within(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


def _hosts_file(path: str) -> tuple[dict[str, list[str]] | None, dict[str, int]]:
    """Return addresses by name, and the ports of those that are served at another than they say."""
    if not path:
        return None, {}
    known: dict[str, list[str]] = {}
    ports: dict[str, int] = {}
    for line in Path(path).read_text("utf-8").splitlines():
        place, *names = line.partition("#")[0].lower().split() or [""]
        address, _, port = place.partition("@")
        for name in names:
            known.setdefault(name, []).append(str(ipaddress.ip_address(address)))
            if port:
                ports[name] = int(port)
    return known, ports
