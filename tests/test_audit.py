"""The commands of auditors, as they are typed."""

import json

import pytest
from click.testing import CliRunner

from florilegium.pipelines.cli.main import main
from florilegium.pipelines.commands.audit import PASSPHRASE


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs a command and returns its exit code, answer and complaints."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **given):
        done = CliRunner().invoke(main, [str(argument) for argument in arguments], **given)
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.fixture
def release(sealed, tmp_path):
    return sealed.copy(tmp_path)


def test_a_release_is_signed_and_checked(run, release):
    code, said, _ = run("verify", release)
    assert (code, said) == (0, f"not signed\n{release}: verified\n")
    assert run("keys", "make", "publisher.key")[0] == 0
    _, shown, _ = run("keys", "show", "publisher.key.pub")
    key = shown.split()[-1]
    code, said, _ = run("sign", release, "--key", "publisher.key")
    assert (code, said) == (0, f"{release} signed\nkey {key}\n")
    _, said, _ = run("verify", release)
    assert said.startswith(f"says it is signed by {key}; --key checks that\n")
    code, said, _ = run("verify", release, "--key", "publisher.key.pub")
    assert (code, said) == (0, f"signed by {key}\n{release}: verified\n")
    code, said, _ = run("verify", release, "--key", "publisher.key.pub", "--output", "json")
    answer = json.loads(said)
    assert (code, answer["findings"]) == (0, [])
    assert answer["signed_by"] == answer["keys"] == [key]


def test_another_key_is_a_finding(run, release):
    for name in ("one", "two"):
        run("keys", "make", name)
    run("sign", release, "--key", "one")
    code, said, _ = run("verify", release, "--key", "one.pub", "--key", "two.pub")
    assert code == 1
    assert "manifest.dsse.json: not signed by key" in said
    assert said.endswith("1 finding\n")


@pytest.mark.parametrize(("depth", "found"), [("tables", False), ("files", True), ("rows", True)])
def test_one_looks_as_deep_as_asked(run, release, sealed, depth, found):
    shard = release / sealed.manifest.shards[0].path
    content = bytearray(shard.read_bytes())
    content[len(content) // 3] ^= 1
    shard.write_bytes(content)
    code, said, _ = run("verify", release, "--depth", depth)
    assert (code == 1) is found
    assert ("SHA-256 is" in said) is found


def test_the_tables_alone_show_another_root(run, release, sealed):
    path = release / "manifest.json"
    path.write_text(path.read_text().replace(sealed.manifest.root, "0" * 64))
    code, said, _ = run("verify", release, "--depth", "tables")
    assert code == 1
    assert said.startswith("audit/tree.parquet: gives the root ")


def test_a_root_that_was_noted_elsewhere_must_be_met(run, release, sealed):
    assert run("verify", release, "--root", sealed.manifest.root.upper())[0] == 0
    code, said, _ = run("verify", release, "--root", "0" * 64)
    assert code == 1
    assert said.startswith(f"root: it is {sealed.manifest.root}, not 000")


def test_a_document_is_proven_without_the_release(run, release, tmp_path):
    run("keys", "make", "key")
    run("sign", release, "--key", "key")
    _, listed, _ = run("verify", release, "--output", "json")
    assert json.loads(listed)["findings"] == []
    from florilegium.manifests.tables import batches

    table = next(batches(next(release.glob("data/deu_Latn/*.parquet"))))
    wanted = table.column("id")[3].as_py().hex()
    code, proof, _ = run("prove", release, "--id", wanted)
    assert code == 0
    (tmp_path / "proof.json").write_text(proof)
    code, said, _ = run("verify", "--proof", "proof.json", "--key", "key.pub")
    assert code == 0
    assert table.column("url")[3].as_py() in said
    assert said.endswith("proof.json: verified\n")
    code, said, _ = run("verify", "--proof", "proof.json")
    assert "compare that root with the release's" in said
    (tmp_path / "proof.json").write_text(proof.replace(wanted, "00" * 16))
    code, said, _ = run("verify", "--proof", "proof.json", "--key", "key.pub")
    assert code == 1
    assert "the proof says" in said


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("verify",), 2, "give either a RELEASE or --proof"),
        (("verify", "--proof", "no.json"), 1, "no.json"),
        (("verify", "RELEASE", "--key", "no.pub"), 1, "no.pub"),
        (("verify", "RELEASE", "--key", "RELEASE/manifest.json"), 2, "holds no public key"),
        (("sign", "RELEASE", "--key", "RELEASE/manifest.json"), 2, "holds no private key"),
        (("prove", "RELEASE", "--id", "xyz"), 2, "an id is 32 hexadecimal digits"),
        (("prove", "RELEASE", "--id", "00" * 16), 1, "holds no document of id 0000"),
        (("keys", "make", "nowhere/key"), 1, "nowhere/key"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(run, release, arguments, code, message):
    given = [argument.replace("RELEASE", str(release)) for argument in arguments]
    found, _, said = run(*given)
    assert found == code
    assert message in said
    assert "Traceback" not in said


def test_a_locked_key_takes_its_passphrase_from_the_environment(run, release, monkeypatch):
    monkeypatch.setenv(PASSPHRASE, "sesam")
    assert run("keys", "make", "key", "--passphrase")[0] == 0
    assert run("sign", release, "--key", "key")[0] == 0
    monkeypatch.setenv(PASSPHRASE, "simsalabim")
    code, _, said = run("sign", release, "--key", "key")
    assert (code, "not its passphrase" in said) == (2, True)
    monkeypatch.delenv(PASSPHRASE)
    code, _, said = run("sign", release, "--key", "key")
    assert (code, "a passphrase is needed" in said) == (2, True)
