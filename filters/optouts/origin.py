"""Origins: whom a file of a host speaks for (RFC 6454; RFC 9309, 2.3)."""

from florilegium.filters.address import located


def origin(url: str) -> str | None:
    """Return scheme, host and port of an address in one form; None if it is no HTTP address.

    >>> origin("HTTPS://Example.org:443/a?b"), origin("http://example.org:8080")
    ('https://example.org', 'http://example.org:8080')
    """
    if (found := located(url)) is None:
        return None
    parts, place = found
    return f"{parts.scheme.lower()}://{place}"


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
