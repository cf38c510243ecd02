import json
import shutil

import pytest
from click.testing import CliRunner

import florilegium
from florilegium.manifests.identity import identity_of
from florilegium.pipelines.cli.main import main


def said(*arguments, code=0):
    done = CliRunner().invoke(main, [str(one) for one in arguments])
    assert done.exit_code == code, done.output
    return done.stdout if code == 0 else done.stderr


def told(*arguments):
    return json.loads(said(*arguments, "--output", "json"))


@pytest.fixture(scope="module")
def release(sealed):
    return sealed.folder


def test_a_sample_is_drawn_verified_and_held_against_its_parent(release, tmp_path):
    made = told("sample", release, "--documents", 40, "--out", tmp_path / "s")
    assert (made["documents"], made["asked"]["documents"]) == (40, 40)
    assert "verified" in said("verify", tmp_path / "s", "--parent", release)
    assert f"root    {made['root']}" in said(
        "sample", release, "--documents", 40, "--out", tmp_path / "again"
    )
    assert "holds no document" in said("get", tmp_path / "s", "00" * 16, code=1)
    assert sum(group["documents"] for group in told("stats", tmp_path / "s")) == 40
    languages = told("diff", release, tmp_path / "s")["languages"].values()
    went = sum(ways["went"]["documents"] for ways in languages if "went" in ways)
    assert went == len(florilegium.open(release)) - 40


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
@pytest.mark.parametrize("by", ["language", "quality", "domain", "licence"])
def test_a_sample_by_anything_is_verified_and_can_be_sampled(release, tmp_path, by, form):
    asked = ["--fraction", 0.5, "--by", by, "--language", "deu_Latn"]
    said("sample", release, *asked, "--format", form, "--out", tmp_path / "s")
    assert "verified" in said("verify", tmp_path / "s", "--parent", release)
    if form == "parquet":
        said("sample", tmp_path / "s", *asked, "--out", tmp_path / "half")
        assert "verified" in said("verify", tmp_path / "half", "--parent", tmp_path / "s")


def test_a_sample_of_another_parent_is_a_finding(release, tmp_path, sealed):
    said("sample", release, "--documents", 40, "--out", tmp_path / "s")
    other = tmp_path / "other"
    said("sample", release, "--documents", 60, "--out", other)
    done = CliRunner().invoke(main, ["verify", str(tmp_path / "s"), "--parent", str(other)])
    assert done.exit_code == 1
    assert "parent: drawn from small/" in done.stdout


def test_a_dry_run_says_what_would_come_out_and_writes_nothing(release):
    planned = told("sample", release, "--fraction", 0.5, "--dry-run")
    assert set(planned) <= set(florilegium.open(release).languages)
    assert "about " in said("sample", release, "--fraction", 0.5, "--dry-run")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--fraction", "2", "--dry-run"], 2, "at most 1, not 2"),
        (["--dry-run"], 2, "ask for one of these"),
        (["--fraction", ".1", "--tokens", "5", "--dry-run"], 2, "ask for one of these"),
        (["--fraction", ".1"], 2, "give either --out or --dry-run"),
        (["--fraction", ".1", "--language", "xxx_Latn", "--dry-run"], 2, "it holds nothing in xxx"),
        (["--tokens", "1", "--out", "OUT"], 3, "the sample would hold no document"),
        (
            ["--tokens", "999", "--by", "quality", "--language", "fra_Latn", "--out", "OUT"],
            2,
            "no document has a score",
        ),
    ],
)
def test_what_cannot_be_drawn_is_said_in_a_line(release, tmp_path, arguments, code, message):
    arguments = [str(tmp_path / "out") if one == "OUT" else one for one in arguments]
    assert message in said("sample", release, *arguments, code=code)
    assert not (tmp_path / "out").exists()


def test_what_is_there_already_is_not_written_over(release, tmp_path):
    said("sample", release, "--documents", 40, "--out", tmp_path / "s")
    message = said("sample", release, "--documents", 41, "--out", tmp_path / "s", code=1)
    assert "there is something already" in message


@pytest.mark.parametrize("command", ["sample", "get", "stats", "diff"])
def test_a_folder_that_is_no_release_is_said_to_be_none(tmp_path, release, command):
    more = {
        "sample": ["--fraction", "1", "--dry-run"],
        "get": ["00" * 16],
        "stats": [],
        "diff": [release],
    }[command]
    assert "is no release" in said(command, tmp_path, *more, code=1)
    (tmp_path / "manifest.json").write_text("{}")
    assert said(command, tmp_path, *more, code=2)


def test_a_release_that_is_damaged_is_said_to_be(sealed, tmp_path):
    release = sealed.copy(tmp_path)
    shard = next((release / "data").rglob("*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-20])
    for command in (
        ["sample", release, "--fraction", "1", "--out", tmp_path / "out"],
        ["stats", release, "--by", "domain"],
        ["stats", release, "--measure", "tokens"],
    ):
        assert said(*command, code=1).count("\n") == 1
    shutil.rmtree(release / "data")
    assert "No such file" in said("stats", release, "--by", "domain", code=1)


def test_a_document_is_shown_by_id_and_by_address(workshop, document):
    from msgspec.structs import replace

    url = "https://seite.example/über?x=1"
    made = replace(document(5), url=url, id=identity_of("r", url, "2026"), title="\x1b[31mrot")
    workshop.add([made, *(document(n) for n in range(20, 60))])
    workshop.publish()
    workshop.seal()
    by_url = said("get", workshop.release, url)
    assert by_url == said("get", workshop.release, made.id.hex())
    assert by_url.startswith(f"id           {made.id.hex()}\nurl          {url}\n")
    assert "\x1b" not in by_url
    assert said("get", workshop.release, url, "--text") == made.text + "\n"
    assert told("get", workshop.release, url)["text"] == made.text
    assert "holds no document" in said("get", workshop.release, url + "2", code=1)


def test_numbers_by_group_and_by_measure(release):
    groups = told("stats", release, "--by", "domain")
    assert sum(group["documents"] for group in groups) == len(florilegium.open(release))
    shown = said("stats", release, "--by", "domain", "--most", 3)
    assert f"{len(groups) - 3:,} more" in shown
    assert len(shown.splitlines()) == 5
    assert "median" in said("stats", release, "--measure", "tokens")
    assert "is no measure" in said("stats", release, "--measure", "colour", code=2)


def test_differences_are_shown_by_language_domain_and_reason(release, tmp_path):
    said("sample", release, "--fraction", 0.5, "--out", tmp_path / "s")
    shown = said("diff", tmp_path / "s", release, "--most", 2)
    assert "came" in shown
    assert " more" in shown
    assert said("diff", release, release).splitlines()[0].startswith("small/0123456789ab to small/")
