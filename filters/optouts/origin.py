"""Origins: whom a file of a host speaks for (RFC 6454; RFC 9309, 2.3)."""

from typing import Final
from urllib.parse import urlsplit

_PORTS: Final = {"http": 80, "https": 443}
_MAX: Final = 8_192


def origin(url: str) -> str | None:
    """Return scheme, host and port of an address in one form; None if it is no HTTP address.

    >>> origin("HTTPS://Example.org:443/a?b"), origin("http://example.org:8080")
    ('https://example.org', 'http://example.org:8080')
    """
    try:
        parts = urlsplit(url[:_MAX].strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not host:
        return None
    host = f"[{host}]" if ":" in host else _ascii(host)
    return f"{scheme}://{host}" if port in (None, _PORTS[scheme]) else f"{scheme}://{host}:{port}"


def twin(of: str) -> str | None:
    """Return the same host under the other scheme; None of a host with a port of its own.

    >>> twin("http://example.org"), twin("http://example.org:8080")
    ('https://example.org', None)
    """
    scheme, _, host = of.partition("://")
    if ":" in host.rpartition("]")[2]:
        return None
    return f"{'http' if scheme == 'https' else 'https'}://{host}"


def host_of(origin: str) -> str:
    """Return the host of an origin, without its port."""
    host = origin.partition("://")[2]
    return f"{host.partition(']')[0]}]" if host.startswith("[") else host.partition(":")[0]


def site(origin: str) -> str:
    """Return what origins have in common that mostly redirect to each other.

    >>> site("http://www.example.org:8080"), site("https://example.org")
    ('example.org', 'example.org')
    """
    return host_of(origin).removeprefix("www.")


def _ascii(host: str) -> str:
    if host.isascii() or len(host) > 253:
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host
