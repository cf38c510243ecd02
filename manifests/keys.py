"""Keys that sign releases: Ed25519 (RFC 8032), in the PEM files that other tools read too."""

import os
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)


class KeyFileError(ValueError):
    """A file that holds no key of the kind that is needed."""


class PassphraseError(KeyFileError):
    """A key that is locked, and no passphrase or not its own."""


def make(private: Path, passphrase: bytes | None = None) -> Ed25519PrivateKey:
    """Make a key, write it and its public half (`.pub` behind the name), and return it.

    The key is PKCS #8, locked if there is a passphrase, and readable by its owner alone; the
    public half is SubjectPublicKeyInfo. FileExistsError if either file is there.
    """
    key = Ed25519PrivateKey.generate()
    public = private.with_name(f"{private.name}.pub")
    if public.exists():
        raise FileExistsError(f"{public} is there already: no key is ever overwritten")
    locked = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    _write(private, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked), 0o600)
    _write(public, _pem(key.public_key()), 0o644)
    return key


def load(path: Path, passphrase: bytes | None = None) -> Ed25519PrivateKey:
    """Return the key in a file. KeyFileError if it is none, PassphraseError if it stays locked."""
    try:
        key = load_pem_private_key(path.read_bytes(), passphrase)
    except TypeError:
        if passphrase is None:
            raise PassphraseError(f"{path} is locked: a passphrase is needed") from None
        return load(path)  # a passphrase for a key that needs none
    except ValueError as error:
        if passphrase is not None and b"ENCRYPTED" in path.read_bytes():
            raise PassphraseError(f"{path}: this is not its passphrase") from error
        raise KeyFileError(f"{path} holds no private key in PEM form") from error
    except UnsupportedAlgorithm:
        raise KeyFileError(f"{path} holds a key of an unknown kind, not Ed25519") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} holds a key of another kind than Ed25519")
    return key


def load_public(path: Path) -> Ed25519PublicKey:
    """Return the public key in a file. KeyFileError if there is none."""
    content = path.read_bytes()
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        private = b"PRIVATE KEY" in content
        hint = f": name its public half, {path}.pub" if private else ""
        raise KeyFileError(f"{path} holds no public key in PEM form{hint}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(f"{path} holds a key of another kind than Ed25519")
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """Return the name of a key: SHA-256 of its SubjectPublicKeyInfo in DER form, in hex."""
    form = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(form).hexdigest()


def _pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
