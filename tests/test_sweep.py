"""What dead runs left is removed, and nothing that is of use; what a build id covers."""

import json
import logging
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from florilegium.manifests import scratch
from florilegium.manifests.scratch import is_marked, is_orphan, mark, sweep_scratch
from florilegium.pipelines import own_code, provenance
from florilegium.pipelines.build import plan
from florilegium.pipelines.cli.main import main
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.recipe import changed, load
from florilegium.pipelines.runs.sweep import DAY, sweep


@pytest.fixture(scope="module")
def warcs(tmp_path_factory):
    return pack(tmp_path_factory.mktemp("warcs"))


@pytest.fixture
def planned(warcs, tmp_path):
    return plan(load("demo"), find_files(map(str, warcs)), tmp_path)


@pytest.fixture(scope="module")
def dead():
    """The mark of a process of this machine that is no more."""
    made = [
        sys.executable,
        "-c",
        "from florilegium.manifests import scratch; print(scratch.mark())",
    ]
    return subprocess.run(made, capture_output=True, text=True, check=True).stdout.strip()


def made(place, age=0.0):
    """A folder with a file in it, both of some age in seconds."""
    place.mkdir(parents=True)
    (file := place / "file").touch()
    for path in (file, place):
        os.utime(path, (time.time() - age, time.time() - age))
    return place


def test_a_mark_tells_whether_its_process_is_gone(dead, monkeypatch):
    assert is_marked(mark())
    assert not is_orphan(mark())
    assert is_orphan(dead)
    assert is_orphan(f".name.json-{dead}")
    for name in ("", "a", "0123456789ab", dead[:-1], f"{dead}.json", dead.upper() + "x"):
        assert not is_orphan(name)
    monkeypatch.setattr(scratch.socket, "gethostname", lambda: "another.example")
    assert not is_orphan(dead)


def test_attempts_go_when_their_process_is_gone_or_after_a_day(planned, dead):
    parts, elsewhere = planned.parts, "ffffff-77-01234567"
    gone = [made(parts / "a" / dead), made(parts / "b" / elsewhere, 2 * DAY)]
    mine = mark()
    stay = [made(parts / "c" / mine), made(parts / "d" / elsewhere, DAY / 2)]
    (failed := parts / "a" / "failed").write_text("why")
    sweep(planned)
    assert not any(path.exists() for path in gone)
    assert all(path.is_dir() for path in stay)
    assert failed.is_file()


def test_benches_of_other_builds_go_after_a_day_and_what_others_can_use_stays(planned):
    work = planned.work
    old, young = made(work / "builds" / "old", 2 * DAY), work / "builds" / "young"
    made(young / "release")
    mine = made(planned.bench / "shards", 9 * DAY)
    kept = [made(work / name / "0123456789abcdef", 99 * DAY) for name in
            ("decisions", "rights", "lines", "licences", "assessed")]  # fmt: skip
    kept.append(made(planned.home / "0123456789ab", 99 * DAY))
    sweep(planned)
    assert not old.exists()
    assert all(place.is_dir() for place in (young, mine, *kept))


def test_drafts_go_wherever_they_are(planned, dead):
    places = [planned.home, planned.work, planned.bench / "verdicts", planned.parts / "a" / "b"]
    drafts = []
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
        drafts.append(place / f".some.npy-{dead}")
        drafts[-1].touch()
    (mine := planned.work / f".some.npy-{mark()}").touch()
    (other := planned.home / ".hidden").touch()
    sweep(planned)
    assert not any(path.exists() for path in drafts)
    assert mine.is_file()
    assert other.is_file()


def test_temporary_folders_of_dead_processes_are_removed(dead, tmp_path, monkeypatch):
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    left, others = made(tmp_path / f"florilegium-x-{dead}"), made(tmp_path / f"other-{dead}")
    with scratch.scratch() as mine:
        sweep_scratch()
        assert mine.is_dir()
    assert not left.exists()
    assert not mine.exists()
    assert others.is_dir()


def test_a_sweep_of_nothing_makes_nothing(planned):
    sweep(planned)
    assert not planned.home.exists()


def id_of(warcs, *settings):
    recipe = changed(load("demo"), settings)
    return plan(recipe, find_files(map(str, warcs)), Path("nowhere")).build_id


def test_the_build_id_covers_no_order_of_inputs_and_no_place(warcs, tmp_path):
    before = id_of(warcs)
    assert id_of(reversed(warcs)) == before
    copies = [shutil.copy2(warc, tmp_path) for warc in warcs]
    assert id_of(copies) == before
    elsewhere = plan(load("demo"), find_files(copies), tmp_path, home=tmp_path / "home")
    assert elsewhere.build_id == before


def test_the_build_id_covers_neither_workers_nor_prices(warcs, tmp_path):
    planned = plan(load("demo"), find_files(map(str, warcs)), tmp_path)
    (prices := tmp_path / "prices.toml").write_text("vcpu_hour = 1\n")
    words = ["plan", "demo", "--input", str(warcs[0].parent), "--output", "json"]
    ids = set()
    for more in (["--workers", "1"], ["--workers", "3", "--prices", str(prices)]):
        try:
            done = CliRunner().invoke(main, [*words, "--out", str(tmp_path / more[1]), *more])
        finally:
            logging.disable(logging.NOTSET)
        ids.add(json.loads(done.stdout)["build_id"])
    assert ids == {planned.build_id} == {id_of(warcs)}


@pytest.mark.parametrize(
    "setting", ["keep=best", "shards.size=1000", "lines.repeated=count", "rights.missing=drop"]
)
def test_the_build_id_covers_the_recipe(setting, warcs):
    assert id_of(warcs) != id_of(warcs, setting)


def test_the_build_id_covers_code_and_libraries(warcs, monkeypatch):
    before = id_of(warcs)
    with monkeypatch.context() as patch:
        patch.setattr(own_code, "code", lambda: {"version": "0", "sha256": "0" * 64})
        assert id_of(warcs) != before
    with monkeypatch.context() as patch:
        there = provenance.environment()
        patch.setattr(provenance, "environment", lambda: there | {"lxml": "0"})
        assert id_of(warcs) != before
    assert id_of(warcs) == before


def test_the_digest_of_the_code_covers_models_and_lists():
    names = {Path(name).suffix for name, _ in own_code._files(
        own_code.resources.files("florilegium.pipelines"), "pipelines")}  # fmt: skip
    names |= {Path(name).suffix for name, _ in own_code._files(
        own_code.resources.files("florilegium.filters"), "filters")}  # fmt: skip
    assert {".py", ".toml", ".npz", ".tsv", ".ftz"} <= names


def test_the_build_id_covers_models_and_lists_of_ones_own(warcs, tmp_path):
    before = load("demo")
    ids = set()
    for words in ("jam\n", "jelly\n"):
        (tmp_path / "list.txt").write_text(words)
        digest = scratch.hashlib.sha256(words.encode()).hexdigest()
        lists = [{"path": str(tmp_path / "list.txt"), "sha256": digest}]
        recipe = replace(
            before, word_lists=msgspec.convert(lists, type(before).__annotations__["word_lists"])
        )
        ids.add(plan(recipe, find_files(map(str, warcs)), tmp_path).build_id)
    assert len(ids) == 2


def test_the_build_id_covers_inputs(warcs, tmp_path):
    before = id_of(warcs)
    assert id_of(warcs[1:]) != before
    copy = tmp_path / warcs[0].name
    copy.write_bytes(warcs[0].read_bytes() + warcs[0].read_bytes())
    assert id_of([copy, *warcs[1:]]) != before
