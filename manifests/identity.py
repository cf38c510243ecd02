"""Identities: what a capture is known by, in shards, in the ledger and in whatever cites them.

The first half of an id is of the address alone. So all captures of an address are neighbours in
the order of ids, and a page is found by its address where it is found by its id.
"""

from hashlib import sha256

LENGTH = 16
"""Bytes of an id."""
_HALF = LENGTH // 2


def identity_of(record_id: str, url: str, date: str) -> bytes:
    """Return the identity of a capture: stable when records are packed into other files."""
    capture = sha256("\n".join((record_id, url, date)).encode()).digest()
    return address_half(url) + capture[:_HALF] if url else capture[:LENGTH]


def address_half(url: str) -> bytes:
    """Return the 8 bytes with which the ids of all captures of an address begin."""
    return sha256(url.encode()).digest()[:_HALF]


def range_of(url: str) -> tuple[bytes, bytes]:
    """Return the least and the greatest id that a capture of an address can have."""
    return address_half(url) + bytes(_HALF), address_half(url) + b"\xff" * _HALF


def parsed(text: str) -> bytes:
    """Return the id that is written in hex. ValueError if none is."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != LENGTH:
        raise ValueError(f"{text!r} is no id: an id is 32 hexadecimal digits")
    return found
