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

    @property
    def origin(self) -> str:
        """Scheme, host and port, without a port that goes without saying."""
        usual = self.port == _DEFAULT_PORTS[self.scheme]
        return f"{self.scheme}://{self.host}{'' if usual else f':{self.port}'}"


def read(link: str, base: str | None = None) -> Url | None:
    """Return the address that a link leads to; None if it is no HTTP address without credentials.

    >>> read("../b;jsessionid=1?utm_id=2&x=%7e#top", "http://Example.org:80/a/c").href
    'http://example.org/b?x=~'
    """
    try:
        found = ada_url.URL(link[:_MAX_LINK].strip(), base=base)
        scheme, port = found.protocol[:-1], found.port
        if scheme not in _DEFAULT_PORTS or found.username or found.password:
            return None
        host, path, query = found.hostname.rstrip("."), found.pathname, found.search
    except ValueError:
        return None
    if not host or ".." in host:
        return None
    if ";" in path:
        path = _without_session(path)
    target = path + (_kept(query) if query else "")
    if "%" in target:
        target = canonical(target.encode()).decode()
    number = int(port) if port else _DEFAULT_PORTS[scheme]
    place = f"{scheme}://{host}:{port}" if port else f"{scheme}://{host}"
    return Url(place + target, scheme, host, number, target)


def _without_session(path: str) -> str:
    before, _, after = path.rpartition(";")
    return before if after.lower().startswith("jsessionid=") else path


def _kept(query: str) -> str:
    kept = "&".join(p for p in query[1:].split("&") if p and not _is_noise(p))
    return f"?{kept}" if kept else ""


def _is_noise(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    if is_mark(name):
        return True
    return name.lower() in _SESSIONS and len(value) >= _MIN_SESSION and value.isalnum()
