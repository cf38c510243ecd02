"""Whatever is done to a signed release, `verify` finds it."""

import shutil

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tamperings import LOG, PARENTS, all_of

from florilegium.manifests import envelope
from florilegium.manifests import manifest as manifests
from florilegium.manifests.verify import verify
from florilegium.manifests.verify_erasures import check_parent
from florilegium.pipelines.cli.main import main
from florilegium.pipelines.publishing import derived

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


@pytest.fixture(scope="module")
def erased(sealed, tmp_path_factory):
    """A release that was made by three erasures, and the one before it."""
    home = tmp_path_factory.mktemp("erased")
    parents = [sealed.copy(home)]
    for number, basis in ((7, "gdpr-17"), (8, "other"), (9, "contract")):
        named = ["--url", f"https://seite-{number}.example/", "--note", "7", "--promote", "copy"]
        words = ["erase", str(parents[-1]), *named, "--basis", basis, "--output", "json"]
        done = CliRunner().invoke(main, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        (new,) = [
            made.parent
            for made in home.glob("*/manifest.json")
            if (parent := manifests.read(made.parent).parent)
            and parent.build_id == manifests.read(parents[-1]).build_id
        ]
        parents.append(new)
    return parents[-1], parents[-2]


def spoilt(erased, tmp_path, tamper):
    """A copy of the release, signed and then tampered with."""
    release = tmp_path / "copy"
    shutil.copytree(erased[0], release)
    envelope.sign(release, KEY)
    tamper(release)
    return release


def test_a_release_made_by_erasure_gives_no_findings(erased, tmp_path):
    release = spoilt(erased, tmp_path, lambda _: None)
    assert findings(release) == []
    assert list(check_parent(release, erased[1])) == []


@pytest.mark.parametrize("name", LOG)
def test_whatever_is_done_to_the_log_is_found_even_without_a_key(erased, tmp_path, name):
    found = list(verify(spoilt(erased, tmp_path, LOG[name])))
    assert any(finding.startswith("audit/erasures.jsonl: ") for finding in found)


@pytest.mark.parametrize("name", PARENTS)
def test_whatever_is_said_of_the_parent_is_held_against_it(erased, tmp_path, name):
    release = spoilt(erased, tmp_path, PARENTS[name])
    assert findings(release) != []
    if name != "another code of the parent":  # that only the signature holds
        assert list(against(release, erased[1])) != []


def against(release, parent):
    """What is found against a release as the child of another, if its manifest can be read."""
    try:
        yield from check_parent(release, parent)
    except ValueError as refused:
        yield str(refused)
