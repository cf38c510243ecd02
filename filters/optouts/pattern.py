"""Patterns of paths (RFC 9309, 2.2.3): a prefix in which `*` is anything, and `$` the end.

There are no regular expressions for patterns: the parts between stars are looked for one after the
other, the leftmost of each. That is right for patterns of this kind, and never goes back.
"""

from typing import Final
from urllib.parse import urlsplit

import re2
from msgspec import Struct

MAX_PATH: Final = 8_192
_LATIN: Final = re2.Options()
_LATIN.encoding = re2.Options.Encoding.LATIN1
_WRITTEN_OTHERWISE: Final = re2.compile(rb"%[0-9A-Fa-f]{2}|[^\x21-\x7e]", _LATIN)
_PLAIN: Final = bytes(range(0x21, 0x7F)).translate(None, b"%")
_UNRESERVED: Final = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
)


class Pattern(Struct, frozen=True, gc=False):
    """A pattern taken apart at its stars. `length` is that of the pattern: the longest wins."""

    length: int
    first: bytes
    others: tuple[bytes, ...]
    """What follows each star."""
    to_end: bool

    def matches(self, path: bytes) -> bool:
        """Say whether a path, in the form that `canonical` gives it, is one of these."""
        if not path.startswith(self.first):
            return False
        position = len(self.first)
        if not self.others:
            return position == len(path) or not self.to_end
        for part in self.others[:-1]:
            if (found := path.find(part, position)) < 0:
                return False
            position = found + len(part)
        last = self.others[-1]
        if self.to_end:
            return len(path) - len(last) >= position and path.endswith(last)
        return path.find(last, position) >= 0


def pattern(text: bytes) -> Pattern:
    """Return a pattern as it stands in a file; bytes that are no ASCII count as percent-encoded."""
    whole = canonical(text)
    to_end = whole.endswith(b"$")
    first, *others = whole.removesuffix(b"$").split(b"*")
    return Pattern(len(whole), first, tuple(others), to_end)


def canonical(text: bytes) -> bytes:
    r"""Return a path or pattern with one way to write each octet (RFC 9309, 2.2.2).

    >>> canonical("/caf\u00e9/%7euser/%2f".encode())
    b'/caf%C3%A9/~user/%2F'
    """
    if not text.translate(None, _PLAIN):
        return text
    return bytes(_WRITTEN_OTHERWISE.sub(lambda found: _octet(found[0]), text))


def path_of(url: str) -> bytes:
    """Return path and query of an address, in the form that patterns are held against."""
    try:
        parts = urlsplit(url[:MAX_PATH])
    except ValueError:
        return b"/"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return canonical(path.encode("utf-8", "surrogatepass"))


def _octet(written: bytes) -> bytes:
    value = int(written[1:], 16) if len(written) == 3 else written[0]
    return bytes([value]) if value in _UNRESERVED else b"%%%02X" % value
