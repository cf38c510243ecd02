import stat
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from florilegium.manifests.keys import (
    KeyFileError,
    PassphraseError,
    key_id,
    load,
    load_public,
    make,
)

RSA = generate_private_key(65537, 2048)


def test_a_key_and_its_public_half_are_a_pair(tmp_path):
    key = make(tmp_path / "k")
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600
    public = load_public(tmp_path / "k.pub")
    public.verify(load(tmp_path / "k").sign(b"x"), b"x")
    assert key_id(public) == key_id(key.public_key())


@pytest.mark.parametrize("there", ["k", "k.pub"])
def test_no_key_is_ever_overwritten(tmp_path, there):
    (tmp_path / there).write_text("mine")
    with pytest.raises(FileExistsError):
        make(tmp_path / "k")
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"


def test_a_locked_key_opens_with_its_passphrase_only(tmp_path):
    made = make(tmp_path / "k", b"sesam")
    assert b"ENCRYPTED" in (tmp_path / "k").read_bytes()
    assert key_id(load(tmp_path / "k", b"sesam").public_key()) == key_id(made.public_key())
    with pytest.raises(PassphraseError, match="a passphrase is needed"):
        load(tmp_path / "k")
    with pytest.raises(PassphraseError, match="not its passphrase"):
        load(tmp_path / "k", b"simsalabim")


def test_a_passphrase_for_a_key_that_is_not_locked_is_not_needed(tmp_path):
    make(tmp_path / "k")
    load(tmp_path / "k", b"sesam")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no private key"),
        (b"\0" * 100, "holds no private key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no private key"),
        (
            RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            "of another kind than Ed25519",
        ),
    ],
)
def test_what_is_no_key_is_refused(tmp_path, content, message):
    (tmp_path / "k").write_bytes(content)
    with pytest.raises(KeyFileError, match=message):
        load(tmp_path / "k")
    with pytest.raises(KeyFileError):
        load_public(tmp_path / "k")


def test_who_names_the_private_key_for_the_public_one_is_told(tmp_path):
    make(tmp_path / "k")
    with pytest.raises(KeyFileError, match=r"name its public half, .*/k\.pub"):
        load_public(tmp_path / "k")


def test_other_programs_read_the_keys_and_check_the_signatures(tmp_path):
    key = make(tmp_path / "k")
    (tmp_path / "message").write_bytes(b"what was signed")
    (tmp_path / "signature").write_bytes(key.sign(b"what was signed"))
    command = ("openssl", "pkeyutl", "-verify", "-pubin", "-rawin", "-inkey", "k.pub")
    try:
        done = subprocess.run(
            [*command, "-in", "message", "-sigfile", "signature"],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    if "rawin" in done.stderr:
        pytest.skip("this openssl is too old for Ed25519")
    assert done.returncode == 0, done.stderr
    assert "Verified Successfully" in done.stdout
