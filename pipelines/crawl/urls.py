"""Addresses as the crawler tells them apart, in the form of the WHATWG URL Standard.

Two that lead to the same page for certain are one: fragments, default ports, the marks of
advertisers and the numbers of sessions are left out, and each octet is written in one way.
"""

from typing import Final

import ada_url
from msgspec import Struct

from florilegium.filters.address import is_mark
from florilegium.filters.optouts.pattern import canonical

MAX_LENGTH: Final = 2_048
_MAX_LINK: Final = 8_192
_SESSIONS: Final = frozenset(
    [
        "phpsessid",
        "jsessionid",
        "aspsessionid",
        "sessionid",
        "session_id",
        "sess_id",
        "sid",
        "cfid",
        "cftoken",
        "zenid",
        "oscsid",
        "s_id",
    ]
)
_MIN_SESSION: Final = 16
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class Url(Struct, frozen=True, gc=False):
    """An address in normal form, and its parts."""

    href: str
    scheme: str
    host: str
    """Without the port, in ASCII."""
    port: int
    target: str
    """Path and query, as a request has them."""
    origin: str
    """Scheme, host and port, without a port that goes without saying."""


def read(link: str, base: str | None = None) -> Url | None:
    """Return the address that a link leads to; None if it is no HTTP address without credentials.

    >>> read("../b;jsessionid=1?utm_id=2&x=%7e#top", "http://Example.org:80/a/c").href
    'http://example.org/b?x=~'
    """
    try:
        normal = ada_url.URL(link[:_MAX_LINK].strip(), base=base).href
    except ValueError:
        return None
    scheme, _, rest = normal.partition("://")
    if scheme not in _DEFAULT_PORTS:
        return None
    rest = rest.partition("#")[0]
    place, slash, path = rest.partition("/")
    target, _, query = path.partition("?")
    host, port = _host_and_port(place)
    if "@" in place or not host or ".." in host:
        return None
    target = slash + target
    if ";" in target:
        target = _without_session(target)
    if query:
        target += _kept(query)
    if "%" in target:
        target = canonical(target.encode()).decode()
    number = int(port) if port else _DEFAULT_PORTS[scheme]
    origin = f"{scheme}://{host}:{port}" if port else f"{scheme}://{host}"
    return Url(origin + target, scheme, host, number, target, origin)


def _host_and_port(place: str) -> tuple[str, str]:
    """Return host and port of what the standard writes between the slashes."""
    host, colon, port = place.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = place, ""
    return (host.rstrip(".") if host.endswith(".") else host), port


def _without_session(path: str) -> str:
    before, _, after = path.rpartition(";")
    return before if after.lower().startswith("jsessionid=") else path


def _kept(query: str) -> str:
    kept = "&".join(p for p in query.split("&") if p and not _is_noise(p))
    return f"?{kept}" if kept else ""


def _is_noise(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    if is_mark(name):
        return True
    return name.lower() in _SESSIONS and len(value) >= _MIN_SESSION and value.isalnum()
