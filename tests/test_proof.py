import itertools
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from florilegium.manifests import envelope, proof, tree
from florilegium.manifests.document import Document
from florilegium.manifests.identity import parsed
from florilegium.manifests.lookup import find
from florilegium.manifests.merkle import Node, inclusion_path, leaf_hash, root_by_path, span
from florilegium.manifests.schema import from_table
from florilegium.manifests.tables import batches

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.fixture
def release(sealed, tmp_path):
    return sealed.copy(tmp_path)


def documents(sealed):
    return [
        document
        for shard in sealed.manifest.shards
        for table in batches(sealed.folder / shard.path)
        for document in from_table(table, Document)
    ]


@given(st.integers(1, 130), st.data())
def test_a_path_from_any_shards_leads_to_the_root(size, data):
    leaves = [leaf_hash(bytes([n])) for n in range(size)]
    index = data.draw(st.integers(0, size - 1))
    edges = sorted({0, size, *data.draw(st.lists(st.integers(0, size), max_size=5))})
    nodes = []
    for begin, end in itertools.pairwise(edges):
        own = begin <= index < end
        nodes += (
            [Node(n, 0, leaves[n]) for n in range(begin, end)]
            if own
            else span(leaves[begin:end], begin).nodes()
        )
    path = inclusion_path(index, size, nodes)
    root = span(leaves).root()
    assert root_by_path(leaves[index], index, size, path) == root
    assert len(path) <= (size - 1).bit_length()
    if size > 1:
        other = (index + 1) % size
        assert root_by_path(leaves[other], index, size, path) != root


def test_a_path_of_the_wrong_length_is_refused():
    leaves = [leaf_hash(bytes([n])) for n in range(5)]
    path = inclusion_path(2, 5, [Node(n, 0, leaf) for n, leaf in enumerate(leaves)])
    for wrong in (path[:-1], [*path, path[0]], []):
        with pytest.raises(ValueError, match="the path is too"):
            root_by_path(leaves[2], 2, 5, wrong)
    with pytest.raises(ValueError, match="has no leaf 5"):
        root_by_path(leaves[2], 5, 5, path)


def test_a_tree_with_a_hole_proves_nothing():
    nodes = [Node(n, 0, leaf_hash(bytes([n]))) for n in range(8) if n != 5]
    with pytest.raises(ValueError, match="begins at leaf 6 cannot follow 5"):
        inclusion_path(0, 8, nodes)
    with pytest.raises(ValueError, match="do not make up the leaves 4 to 8"):
        inclusion_path(0, 8, nodes[:5])
    with pytest.raises(ValueError, match="leaf 5 of 8 is not among"):
        inclusion_path(5, 8, nodes)


def test_every_document_is_found_by_its_id_and_proven(sealed):
    for number, document in enumerate(documents(sealed)):
        found = find(sealed.folder, sealed.manifest.shards, document.id)
        assert found.document == document
        assert found.shard.first_leaf + found.row == number
        if number % 10 == 0:
            made = proof.prove(sealed.folder, document.id)
            assert (made.leaf, made.url) == (number, document.url)
            assert list(proof.check(made)) == []
            assert proof.decode(proof.encode(made)) == made


def test_a_document_that_is_not_there_is_not_proven(sealed):
    assert find(sealed.folder, sealed.manifest.shards, bytes(16)) is None
    assert proof.prove(sealed.folder, b"\xff" * 16) is None


@pytest.mark.parametrize("text", ["", "abc", "00" * 15, "00" * 17, "zz" * 16])
def test_what_is_no_id_is_refused(text):
    with pytest.raises(ValueError, match="an id is 32 hexadecimal digits"):
        parsed(text)


@pytest.fixture
def made(release, sealed):
    """The proof of a document of a signed release."""
    envelope.sign(release, KEY)
    return proof.prove(release, documents(sealed)[20].id)


def test_a_proof_needs_nothing_but_itself_and_the_key(made):
    assert list(proof.check(made, [KEY.public_key()])) == []
    stranger = Ed25519PrivateKey.from_private_bytes(b"\1" * 32).public_key()
    (finding,) = proof.check(made, [stranger])
    assert finding.startswith("envelope: not signed by key ")
    (finding,) = proof.check(replace(made, envelope=None), [KEY.public_key()])
    assert finding == "envelope: there is none, the release is not signed"


@pytest.mark.parametrize(
    "change",
    [
        {"id": "00" * 16}, {"url": "https://other.example/"}, {"text_sha256": "11" * 32},
        {"leaf": 21}, {"documents": 7}, {"path": ()}, {"path": ("zz",)}, {"root": "00" * 32},
        {"facts": "[]"}, {"facts": "{"}, {"facts": "[" * 100_000}, {"name": "other"},
        {"build_id": "other"}, {"leaf": -1}, {"facts": '["AAAA", "b"]'},
    ],
)  # fmt: skip
def test_a_proof_that_was_changed_proves_nothing(made, change):
    assert list(proof.check(replace(made, **change), [KEY.public_key()])) != []


def test_a_changed_fact_is_found(made):
    facts = json.loads(made.facts)
    facts[6] = "Another title"
    assert list(proof.check(replace(made, facts=json.dumps(facts)))) != []


def test_a_release_whose_tree_is_wrong_gives_no_proof(release, sealed):
    nodes = tree.read(release)
    tree.write([Node(n.start, n.height, n.digest[::-1]) for n in nodes], release / tree.PATH)
    with pytest.raises(ValueError, match="says what is wrong with the release"):
        proof.prove(release, documents(sealed)[0].id)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"[" * 100_000])
def test_what_is_no_proof_is_refused(content):
    with pytest.raises(ValueError):  # noqa: PT011
        proof.decode(content)
