"""Whatever is done to a signed release, `verify` finds it."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tamperings import all_of

from florilegium.manifests import envelope
from florilegium.manifests import manifest as manifests
from florilegium.manifests.verify import verify
from florilegium.pipelines import derived

KEY = Ed25519PrivateKey.from_private_bytes(b"a key for nothing but this test!")


@pytest.fixture
def release(sealed, tmp_path):
    """A signed copy of a good release."""
    copy = sealed.copy(tmp_path)
    envelope.sign(copy, KEY)
    return copy


def findings(release):
    return list(verify(release, [KEY.public_key()], by=derived.ours()))


def test_a_signed_release_as_it_was_made_gives_no_findings(release):
    assert findings(release) == []


def test_more_than_two_hundred_tamperings_are_found(sealed, tmp_path):
    names, unseen, seen_by_the_key_alone = [], [], []
    for number, (name, tamper) in enumerate(all_of(sealed.manifest)):
        (place := tmp_path / str(number)).mkdir()
        release = sealed.copy(place)
        envelope.sign(release, KEY)
        tamper(release)
        found = findings(release)
        names.append(name)
        if not found:
            unseen.append(name)
        elif all(finding.startswith(envelope.NAME) for finding in found):
            seen_by_the_key_alone.append(name)
    assert unseen == []
    assert len(set(names)) == len(names) >= 200
    # Without a key, what was done to documents, their order or their files is still seen.
    assert not any(name.startswith("data/") for name in seen_by_the_key_alone)
    assert not any(name.endswith("of a document") for name in seen_by_the_key_alone)


@pytest.mark.parametrize("what", [manifests.NAME, envelope.NAME, "both"])
def test_a_manifest_of_another_build_is_found(release, sealed, tmp_path, what):
    other = sealed.copy(tmp_path / "older")
    path = other / manifests.NAME
    path.write_bytes(path.read_bytes().replace(b'"0123456789ab"', b'"0123456789aa"'))
    envelope.sign(other, KEY)
    for name in (manifests.NAME, envelope.NAME) if what == "both" else (what,):
        (release / name).write_bytes((other / name).read_bytes())
    found = list(verify(release, [KEY.public_key()], root="00" * 32))
    assert found[0].startswith("root: ")
    # An older manifest of the same documents, signed by the same key, is no forgery.
    assert len(found) == (1 if what == "both" else 2)
