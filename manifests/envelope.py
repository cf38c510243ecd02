"""Signatures on a release: an in-toto statement about its manifest in a DSSE envelope.

The envelope (https://github.com/secure-systems-lab/dsse, version 1) lies beside the manifest and
may hold signatures of several keys. Its payload is a statement (https://in-toto.io/Statement/v1)
with the digest of the manifest, which holds the digests of all other files, with those of the files
that are derived from it, and with the root and size of the tree over the documents, so that a proof
can be checked without the manifest.
"""

from collections.abc import Sequence
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct, field

from florilegium.manifests import derived
from florilegium.manifests import manifest as manifests
from florilegium.manifests.keys import key_id
from florilegium.manifests.location import Location, replacing
from florilegium.manifests.samples import contents

NAME = "manifest.dsse.json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:florilegium:release:v1"


class EnvelopeError(ValueError):
    """An envelope that is not one, or is about something else."""


class Signature(Struct, frozen=True):
    """A signature, and the name of the key that made it."""

    keyid: str
    sig: bytes


class Envelope(Struct, frozen=True, rename={"payload_type": "payloadType"}):
    """A signed payload."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]


class Subject(Struct, frozen=True):
    """A file, and its digests by algorithm."""

    name: str
    digest: dict[str, str]


class Release(Struct, frozen=True):
    """What is said of a release."""

    name: str
    """Name of the corpus."""
    build_id: str
    """Name of the build."""
    root: str
    """Root of the Merkle tree over its documents, in hex."""
    documents: int
    """Documents in it."""


class Statement(Struct, frozen=True):
    """That a manifest with this digest is of this release, and that these files follow from it."""

    type: str = field(name="_type")
    subject: tuple[Subject, ...]
    predicate_type: str = field(name="predicateType")
    predicate: Release


def sign(release: Location, key: Ed25519PrivateKey) -> str:
    """Sign the manifest of a release and return the name of the key.

    Signatures of other keys on the same files stay; those on others are replaced. The same key
    on the same files gives the same bytes. Errors as `manifests.read`.
    """
    payload = msgspec.json.encode(about(release))
    name = key_id(key.public_key())
    ours = Signature(name, key.sign(encoded(PAYLOAD_TYPE, payload)))
    others = _signatures_on(payload, read(release))
    signatures = sorted([*(s for s in others if s.keyid != name), ours], key=lambda s: s.keyid)
    with replacing(release / NAME) as path:
        path.write_bytes(encode(Envelope(PAYLOAD_TYPE, payload, tuple(signatures))))
    return name


def encode(envelope: Envelope) -> bytes:
    """Return an envelope as JSON."""
    return msgspec.json.format(msgspec.json.encode(envelope), indent=2) + b"\n"


def read(release: Location) -> Envelope | None:
    """Return the envelope of a release, None if there is none. EnvelopeError if it is not one."""
    try:
        return decode((release / NAME).read_bytes())
    except FileNotFoundError:
        return None


def decode(content: bytes) -> Envelope:
    """Return the envelope in some JSON. EnvelopeError if there is none."""
    try:
        return msgspec.json.decode(content, type=Envelope)
    except (ValueError, RecursionError) as error:
        raise EnvelopeError(f"not a DSSE envelope: {error}") from None


def statement_of(envelope: Envelope) -> Statement:
    """Return what an envelope says. EnvelopeError if that is not about a release."""
    if envelope.payload_type != PAYLOAD_TYPE:
        raise EnvelopeError(f"its payload is {envelope.payload_type!r}, not {PAYLOAD_TYPE!r}")
    try:
        found = msgspec.json.decode(envelope.payload, type=Statement)
    except (ValueError, RecursionError) as error:
        raise EnvelopeError(f"its payload is not an in-toto statement: {error}") from None
    if found.type != STATEMENT_TYPE or found.predicate_type != PREDICATE_TYPE:
        raise EnvelopeError(f"its payload is a {found.predicate_type!r} of type {found.type!r}")
    return found


def signed_by(envelope: Envelope, key: Ed25519PublicKey) -> bool:
    """Tell whether a key has signed an envelope. Names of keys are hints and are not believed."""
    message = encoded(envelope.payload_type, envelope.payload)
    for signature in envelope.signatures:
        try:
            key.verify(signature.sig, message)
        except InvalidSignature:
            continue
        return True
    return False


def encoded(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that are signed, DSSE's pre-authentication encoding.

    >>> encoded("http://example.com/HelloWorld", b"hello world")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def about(release: Location) -> Statement:
    """Return what is to be said of a release as it is. Errors as `manifests.read`."""
    manifest = contents(release)
    digest = sha256((release / manifests.NAME).read_bytes()).hexdigest()
    return Statement(
        type=STATEMENT_TYPE,
        subject=(
            Subject(manifests.NAME, {"sha256": digest}),
            *(Subject(name, {"sha256": one}) for name, one in derived.digests(release).items()),
        ),
        predicate_type=PREDICATE_TYPE,
        predicate=Release(manifest.name, manifest.build_id, manifest.root, manifest.documents),
    )


def _signatures_on(payload: bytes, envelope: Envelope | None) -> Sequence[Signature]:
    return envelope.signatures if envelope and envelope.payload == payload else ()
