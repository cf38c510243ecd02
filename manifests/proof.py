"""Proof that a document is in a release, to be checked without the release.

A proof holds what the tree says of the document, see `leaves`, the hashes that lead from there to
the root (RFC 9162, section 2.1.3), and the envelope, if the release is signed.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from florilegium.manifests import envelope as envelopes
from florilegium.manifests import tree
from florilegium.manifests.document import Facts
from florilegium.manifests.envelope import Envelope, EnvelopeError
from florilegium.manifests.keys import key_id
from florilegium.manifests.leaves import leaf_of, leaves
from florilegium.manifests.location import Location
from florilegium.manifests.lookup import find
from florilegium.manifests.merkle import Node, inclusion_path, root_by_path
from florilegium.manifests.samples import contents
from florilegium.manifests.schema import from_table
from florilegium.manifests.tables import batches

FORMAT = 1


class Proof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What proves that a document is in a release."""

    format: int = FORMAT
    """Layout of the proof."""
    name: str
    """Name of the corpus."""
    build_id: str
    """Name of the build."""
    root: str
    """Root of the tree over the documents of the release, in hex."""
    id: str
    """Id of the document, in hex."""
    url: str
    """Address of the document."""
    text_sha256: str
    """SHA-256 of its text in UTF-8, in hex."""
    facts: str
    """All other columns of the document, as they are in its leaf."""
    leaf: int
    """Number of the document in the tree, from 0."""
    documents: int
    """Documents in the release."""
    path: tuple[str, ...]
    """Hashes from the leaf to the root, in hex."""
    envelope: Envelope | None = None
    """The signatures on the release."""


def prove(release: Location, wanted: bytes) -> Proof | None:
    """Return a proof that a document is in a release, None if it is not in it.

    Only the shard of the document and the table of the tree are read. ValueError if they do not
    lead to the root that the manifest states, OSError if they cannot be read.
    """
    manifest = contents(release)
    if (found := find(release, manifest.shards, wanted)) is None:
        return None
    document, shard = found.document, found.shard
    leaf = shard.first_leaf + found.row
    hashes = (one for table in batches(release / shard.path) for one in leaves(table))
    own = [Node(shard.first_leaf + number, 0, one) for number, one in enumerate(hashes)]
    others = tree.read(release)
    nodes = [
        *(node for node in others if node.start < shard.first_leaf),
        *own,
        *(node for node in others if node.start >= shard.first_leaf + shard.rows),
    ]
    path = inclusion_path(leaf, manifest.documents, nodes)
    proof = Proof(
        name=manifest.name,
        build_id=manifest.build_id,
        root=manifest.root,
        id=wanted.hex(),
        url=document.url,
        text_sha256=sha256(document.text.encode()).hexdigest(),
        facts=msgspec.json.encode(from_table(found.table, Facts)[0]).decode(),
        leaf=leaf,
        documents=manifest.documents,
        path=tuple(one.hex() for one in path),
        envelope=envelopes.read(release),
    )
    if findings := list(_tree_findings(proof)):
        raise ValueError(f"{findings[0]}: `florilegium verify` says what is wrong with the release")
    return proof


def encode(proof: Proof) -> bytes:
    """Return a proof as JSON."""
    return msgspec.json.format(msgspec.json.encode(proof), indent=2) + b"\n"


def decode(content: bytes) -> Proof:
    """Return the proof in some JSON. ValueError if there is none of format `FORMAT`."""
    try:
        proof = msgspec.json.decode(content, type=Proof)
    except RecursionError as error:
        raise ValueError(str(error)) from None
    if proof.format != FORMAT:
        raise ValueError(f"a proof of format {proof.format}, and this program knows {FORMAT} only")
    return proof


def check(proof: Proof, keys: Sequence[Ed25519PublicKey] = ()) -> Iterator[str]:
    """Yield every finding against a proof, each a sentence; none if it proves what it says.

    Without keys it is shown that the document is in a tree with this root; whether that is the
    root of the release is for the reader to compare.
    """
    yield from _tree_findings(proof)
    if proof.envelope is None:
        if keys:
            yield "envelope: there is none, the release is not signed"
        return
    try:
        said = envelopes.statement_of(proof.envelope).predicate
    except EnvelopeError as error:
        yield f"envelope: {error}"
        return
    for what, stated, signed in (
        ("name", proof.name, said.name),
        ("build_id", proof.build_id, said.build_id),
        ("root", proof.root, said.root),
        ("documents", proof.documents, said.documents),
    ):
        if stated != signed:
            yield f"{what}: the proof says {stated}, the envelope {signed}"
    for key in keys:
        if not envelopes.signed_by(proof.envelope, key):
            yield f"envelope: not signed by key {key_id(key)}"


def _tree_findings(proof: Proof) -> Iterator[str]:
    try:
        facts = proof.facts.encode()
        identity, digest = bytes.fromhex(proof.id), bytes.fromhex(proof.text_sha256)
        path = [bytes.fromhex(one) for one in proof.path]
        stated = _id_and_url(facts)
        root = root_by_path(leaf_of(identity, digest, facts), proof.leaf, proof.documents, path)
    except (ValueError, RecursionError) as error:
        yield f"proof: {error}"
        return
    if stated != (identity, proof.url):
        yield "facts: they are of another document"
    if root.hex() != proof.root:
        yield f"root: the document and its path give {root.hex()}, the proof says {proof.root}"


def _id_and_url(facts: bytes) -> tuple[bytes, str]:
    first, second, *_ = msgspec.json.decode(facts, type=list[msgspec.Raw])
    return msgspec.json.decode(first, type=bytes), msgspec.json.decode(second, type=str)
