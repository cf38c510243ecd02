"""Addresses in one form: two that lead to the same page for certain are written alike.

The form is that of RFC 3986, section 6.2: nothing that a server might tell apart is thrown away,
but the marks that advertisers and newsletters hang on links, and whether TLS is used.
"""

from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

import re2

FORMAT: Final = "address1"
"""Names every choice below: hashes of addresses made under another one cannot be compared."""

MAX_LENGTH: Final = 8192

_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ENCODED: Final = re2.compile("%[0-9A-Fa-f]{2}")
_PORTS: Final = {"http": 80, "https": 443}
_MARKS: Final = frozenset(
    ("fbclid", "gclid", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "mc_cid", "mc_eid")
)


def address(url: str) -> str:
    """Return the normal form of an address; one that is no HTTP address comes back as it is.

    The fragment is left out unless it begins with an exclamation mark, by which scripts once told
    pages apart. Parameters keep their order. Time is linear in the length.

    >>> address("HTTP://Example.org:80/%7euser/../a%2fb?utm_source=x&id=7#top")
    '//example.org/a%2Fb?id=7'
    """
    if (found := located(url)) is None:
        return url
    parts, place = found
    return f"//{place}{_without_dots(_encoded(parts.path) or '/')}{_query(parts)}{_fragment(parts)}"


def located(url: str) -> tuple[SplitResult, str] | None:
    """Return the parts of an address, and its host and port in one form; None if it is no HTTP.

    The host is in ASCII and lower case; a port that goes without saying is left out.
    """
    try:
        parts = urlsplit(url[:MAX_LENGTH].strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    usual = _PORTS.get(parts.scheme.lower())
    if usual is None or not host:
        return None
    host = f"[{host}]" if ":" in host else _ascii(host)
    return parts, host if port in (None, usual) else f"{host}:{port}"


def resolved(link: str, base: str) -> str | None:
    """Return where a link on a page leads, without its fragment; None if that is no HTTP address.

    >>> resolved("../b?x=1#top", "https://example.org/a/c")
    'https://example.org/b?x=1'
    """
    try:
        target = urljoin(base[:MAX_LENGTH], link[:MAX_LENGTH].strip())
        parts = urlsplit(target)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme.lower() not in _PORTS or not host or len(target) > MAX_LENGTH:
        return None
    return target if parts.fragment.startswith("!") else parts._replace(fragment="").geturl()


def _ascii(host: str) -> str:
    if host.isascii() or len(host) > 253:
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def _encoded(part: str) -> str:
    """Return a part with one way to write each character: encoded only if it must be."""
    if not part.isascii() or not part.isprintable() or " " in part:
        part = "".join(c if "!" <= c <= "~" else _percent(c) for c in part)
    if "%" not in part:
        return part
    return str(_ENCODED.sub(lambda found: _decoded(found[0]), part))


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))


def _decoded(code: str) -> str:
    character = chr(int(code[1:], 16))
    return character if character in _UNRESERVED else code.upper()


def _without_dots(path: str) -> str:
    """Return the path without `.` and `..` (RFC 3986, 5.2.4)."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            kept = kept[:1] if len(kept) < 2 else kept[:-1]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/".join(kept) or "/"


def _query(parts: SplitResult) -> str:
    kept = [p for p in parts.query.split("&") if p and not is_mark(p.partition("=")[0])]
    return f"?{_encoded('&'.join(kept))}" if kept else ""


def is_mark(name: str) -> bool:
    """Say whether a parameter only tells advertisers and newsletters where a reader came from."""
    name = name.lower()
    return name.startswith("utm_") or name in _MARKS


def _fragment(parts: SplitResult) -> str:
    return f"#{_encoded(parts.fragment)}" if parts.fragment.startswith("!") else ""
