"""Keyed hashes: what was erased can be known again, and only by who has the key."""

import os
from hashlib import blake2b
from pathlib import Path
from secrets import token_bytes

from msgspec import Struct

_KEY_BYTES = 32
_HASH_BYTES = 16


class SecretError(ValueError):
    """A key that is missing, or is none, or another; the message says what to do."""


class Secret(Struct, frozen=True):
    """A key for keyed hashes (BLAKE2b, RFC 7693), of 32 bytes."""

    key: bytes

    def digest(self, kind: str, value: bytes) -> bytes:
        """Return the hash of a value, 16 bytes; equal values of two kinds have two hashes."""
        message = kind.encode() + b"\0" + value
        return blake2b(message, digest_size=_HASH_BYTES, key=self.key).digest()

    @property
    def name(self) -> str:
        """What tells this key from others without giving it away, in hex."""
        return self.digest("key", b"").hex()

    def __repr__(self) -> str:
        return f"Secret({self.name})"


def load(path: Path) -> Secret:
    """Return the key in a file. SecretError if there is none."""
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except FileNotFoundError:
        raise SecretError(f"{path}: there is no such key of erasures") from None
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise SecretError(f"{path} holds no key of erasures: that is 64 hexadecimal digits")
    return Secret(key)


def load_or_make(path: Path) -> Secret:
    """Return the key in a file, which is made if it is not there, readable by its owner alone."""
    if not path.exists():
        draft = path.with_name(f".{path.name}-{os.getpid()}")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as stream:
                stream.write(f"{token_bytes(_KEY_BYTES).hex()}\n")
            draft.rename(path)
        finally:
            draft.unlink(missing_ok=True)
    return load(path)
