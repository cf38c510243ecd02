"""Files derived from the manifest: made again by verify, signed, and never in the manifest."""

import json

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from florilegium.manifests import envelope
from florilegium.manifests import manifest as manifests
from florilegium.manifests.derived import NAMES, not_compared
from florilegium.manifests.exports import FILES, MAKERS
from florilegium.manifests.verify import verify
from florilegium.pipelines.cli.main import main
from florilegium.pipelines.publishing import derived

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
WRITTEN = [derived.REPORT]
WRITTEN += [name for form in ("card", "croissant", "ai-act", "openlineage") for name in FILES[form]]


@pytest.fixture(scope="module")
def ours():
    return derived.ours()


@pytest.fixture
def release(sealed, tmp_path):
    return sealed.copy(tmp_path)


def run(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def test_a_release_has_the_exports_that_its_recipe_asks_for(sealed):
    assert [name for name in NAMES if (sealed.folder / name).is_file()] == WRITTEN
    assert not {entry.path for entry in sealed.manifest.files} & set(NAMES)


@pytest.mark.parametrize("name", WRITTEN)
def test_another_byte_is_found_by_the_program_that_made_the_release(release, ours, name):
    path = release / name
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)
    assert list(verify(release, depth="tables", by=ours)) == [
        f"{name}: not what follows from the manifest"
    ]
    path.unlink()
    assert list(verify(release, depth="tables", by=ours)) == []


def test_what_another_program_wrote_is_not_compared_and_that_is_said(release, ours):
    other = replace(ours, code={"version": "0.0.9", "sha256": "0" * 64})
    (release / "README.md").write_text("of another program")
    assert list(verify(release, depth="tables", by=other)) == []
    assert not_compared(release, manifests.read(release), other) == WRITTEN
    assert not_compared(release, manifests.read(release), ours) == []


def test_a_signature_holds_the_exports_whoever_made_them(release):
    envelope.sign(release, KEY)
    (release / "croissant.json").unlink()
    (release / "README.md").write_text("another")
    found = list(verify(release, [KEY.public_key()], depth="tables"))
    assert found == ["README.md: not the file that was signed",
                     "croissant.json: not the file that was signed"]  # fmt: skip


def test_an_export_that_is_added_after_signing_is_compared_like_the_others(release, ours):
    envelope.sign(release, KEY)
    assert run("export", release, "--format", "spdx").exit_code == 0
    assert list(verify(release, [KEY.public_key()], depth="tables", by=ours)) == []
    (release / "export" / "spdx.json").write_text("{}")
    assert list(verify(release, [KEY.public_key()], depth="tables", by=ours)) == [
        "export/spdx.json: not what follows from the manifest"
    ]


def test_exporting_again_gives_the_same_bytes_and_names_what_is_not_stated(release, tmp_path):
    done = run("export", release, "--out", tmp_path / "out", "--output", "json")
    assert done.exit_code == 0
    answer = json.loads(done.stdout)
    assert set(answer["files"]) == set(MAKERS)
    assert "release.publisher.name" in answer["not_stated"]
    assert "not stated in the recipe: release.description" in done.stderr
    for name in WRITTEN[1:]:
        assert (tmp_path / "out" / name).read_bytes() == (release / name).read_bytes()


def test_one_format_can_go_to_standard_output(release):
    done = run("export", release, "--format", "ai-act", "--out", "-")
    assert done.stdout_bytes == (release / "export" / "ai-act-summary.md").read_bytes()
    assert run("export", release, "--out", "-").exit_code == 2


def test_a_signed_export_is_not_replaced_by_another(release):
    (release / "README.md").write_text("of an older program")
    envelope.sign(release, KEY)
    done = run("export", release, "--format", "card")
    assert done.exit_code == 2
    assert "README.md is signed" in done.stderr
    assert (release / "README.md").read_text() == "of an older program"


def test_verify_says_what_it_did_not_compare(release, monkeypatch, ours):
    other = replace(ours, code={"version": "0.0.9", "sha256": "0" * 64})
    monkeypatch.setattr(derived, "ours", lambda: other)
    done = run("verify", release, "--depth", "tables")
    assert done.exit_code == 0
    assert f"{', '.join(WRITTEN)}: written by other code: not compared\n" in done.stdout
    answer = json.loads(run("verify", release, "--depth", "tables", "--output", "json").stdout)
    assert answer["not_compared"] == WRITTEN


def test_a_table_that_cannot_be_read_stops_no_check(release, ours):
    path = next(release.glob("audit/domains/*.parquet"))
    path.write_bytes(b"nothing")
    found = list(verify(release, depth="tables", by=ours))
    assert any(one.startswith("export/ai-act-domains.csv: cannot be made again: ") for one in found)
