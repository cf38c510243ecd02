import base64
import json
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from florilegium.manifests import envelope
from florilegium.manifests import manifest as manifests
from florilegium.manifests.envelope import EnvelopeError, encoded, read, sign, signed_by
from florilegium.manifests.keys import key_id
from florilegium.manifests.verify import signers, verify

ONE, TWO = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))


@pytest.fixture
def release(sealed, tmp_path):
    return sealed.copy(tmp_path)


def test_what_is_signed_is_the_encoding_of_the_specification():
    """The example of DSSE's protocol, and lengths counted in bytes."""
    assert encoded("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert encoded("ö", b"") == "DSSEv1 2 ö 0 ".encode()


def test_the_envelope_is_dsse_around_an_in_toto_statement(release, sealed):
    sign(release, ONE)
    found = json.loads((release / envelope.NAME).read_bytes())
    assert found.keys() == {"payloadType", "payload", "signatures"}
    assert found["payloadType"] == "application/vnd.in-toto+json"
    payload = base64.b64decode(found["payload"], validate=True)
    assert json.loads(payload) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": name, "digest": {"sha256": sha256((release / name).read_bytes()).hexdigest()}}
            for name in ("manifest.json", "report.html", "README.md", "croissant.json",
                         "export/ai-act-summary.md", "export/ai-act-domains.csv",
                         "export/openlineage.jsonl")
        ],
        "predicateType": "urn:florilegium:release:v1",
        "predicate": {
            "name": "small", "build_id": "0123456789ab",
            "root": sealed.manifest.root, "documents": sealed.manifest.documents,
        },
    }  # fmt: skip
    (signature,) = found["signatures"]
    assert signature["keyid"] == key_id(ONE.public_key())
    message = encoded(found["payloadType"], payload)
    ONE.public_key().verify(base64.b64decode(signature["sig"]), message)


def test_a_release_that_is_not_signed_says_so(release):
    assert read(release) is None
    assert signers(release) == []
    assert list(verify(release)) == []
    (finding,) = verify(release, [ONE.public_key()])
    assert finding == "manifest.dsse.json: there is none, the release is not signed"


def test_several_keys_may_sign_in_any_order(release):
    sign(release, ONE)
    sign(release, TWO)
    both = (release / envelope.NAME).read_bytes()
    sign(release, ONE)
    assert (release / envelope.NAME).read_bytes() == both
    (release / envelope.NAME).unlink()
    sign(release, TWO)
    (finding,) = verify(release, [TWO.public_key(), ONE.public_key()])
    assert finding == f"manifest.dsse.json: not signed by key {key_id(ONE.public_key())}"
    sign(release, ONE)
    assert (release / envelope.NAME).read_bytes() == both
    assert list(verify(release, [ONE.public_key(), TWO.public_key()])) == []


def test_a_signature_under_a_false_name_is_found(release):
    sign(release, ONE)
    path, name = release / envelope.NAME, key_id(ONE.public_key())
    path.write_text(path.read_text().replace(name, key_id(TWO.public_key())))
    (finding,) = verify(release, [ONE.public_key()], depth="tables")
    assert finding == f"manifest.dsse.json: the signature of key {name} goes by another name"


def test_signatures_on_another_manifest_are_not_kept(release):
    sign(release, ONE)
    path = release / manifests.NAME
    path.write_bytes(path.read_bytes().replace(b'"0123456789ab"', b'"ba9876543210"'))
    sign(release, TWO)
    assert signers(release) == [key_id(TWO.public_key())]


def test_a_key_is_not_believed_by_its_name(release):
    sign(release, ONE)
    found = read(release)
    false = envelope.Signature(key_id(TWO.public_key()), found.signatures[0].sig)
    renamed = envelope.Envelope(found.payload_type, found.payload, (false,))
    assert signed_by(renamed, ONE.public_key())
    assert not signed_by(renamed, TWO.public_key())


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{}", b"[]", b"null", b"[" * 100_000, b'{"payload": 1}',
        b'{"payloadType": "x", "payload": "!", "signatures": []}',
    ],
)  # fmt: skip
def test_what_is_no_envelope_is_an_error_and_a_finding(release, content):
    (release / envelope.NAME).write_bytes(content)
    with pytest.raises(EnvelopeError, match="not a DSSE envelope"):
        read(release)
    (finding,) = verify(release)
    assert finding.startswith("manifest.dsse.json: not a DSSE envelope")
    assert signers(release) == []
