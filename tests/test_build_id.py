"""What a build is named after: recipe, code, models and inputs, and nothing else."""

import hashlib
import os
import shutil

import pytest
from msgspec.structs import replace

from florilegium.filters.length import Length
from florilegium.pipelines import build as builds
from florilegium.pipelines import own_code
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.named.texts import WordList
from florilegium.pipelines.recipe import load

RECIPE = replace(load("demo"), filters=(Length(min_chars=200),))
NAMES = ("a.warc.gz", "b.warc.gz")


@pytest.fixture
def crawl(tmp_path):
    """Two files; a plan looks at their names, sizes and times only."""
    folder = tmp_path / "crawl"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes(name.encode())
    return folder


def build_id(files, out, recipe=RECIPE):
    return builds.plan(recipe, find_files([str(file) for file in files]), out).build_id


@pytest.fixture
def named(crawl, tmp_path):
    return build_id([crawl], tmp_path)


def test_the_order_of_inputs_and_the_places_of_input_and_output_are_not_in_it(
    crawl, named, tmp_path
):
    assert build_id([crawl / name for name in reversed(NAMES)], tmp_path) == named
    assert build_id([crawl], tmp_path / "elsewhere") == named
    moved = shutil.copytree(crawl, tmp_path / "moved")
    for name in NAMES:
        shutil.copystat(crawl / name, moved / name)
    assert build_id([moved], tmp_path) == named


def test_another_recipe_is_another_build(crawl, named, tmp_path):
    stricter = replace(RECIPE, filters=(Length(min_chars=201),))
    assert build_id([crawl], tmp_path, stricter) != named


@pytest.mark.parametrize("change", ["size", "time", "name", "more"])
def test_another_input_is_another_build(crawl, named, tmp_path, change):
    file = crawl / NAMES[0]
    match change:
        case "size":
            times = file.stat()
            file.write_bytes(b"another")
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        case "time":
            os.utime(file, ns=(0, 1))
        case "name":
            file.rename(crawl / "c.warc.gz")
        case "more":
            shutil.copy(file, crawl / "c.warc.gz")
    assert build_id([crawl], tmp_path) != named


def test_other_code_is_another_build(crawl, named, tmp_path, monkeypatch):
    true = own_code.code()
    monkeypatch.setattr(own_code, "code", lambda: true | {"sha256": "0" * 64})
    assert build_id([crawl], tmp_path) != named


def test_models_that_come_with_the_code_are_part_of_it(crawl, named, tmp_path, monkeypatch):
    files = own_code._files
    seen = []

    def without_a_model(folder, path):
        found = files(folder, path)
        seen.extend(name for name, _ in found)
        return [(name, file) for name, file in found if name != "filters/language.ftz"]

    monkeypatch.setattr(own_code, "_files", without_a_model)
    assert build_id([crawl], tmp_path) != named
    assert {"filters/language.ftz", "pipelines/blocks/blocks.npz"} < set(seen)


def test_another_model_of_the_recipe_is_another_build(crawl, tmp_path):
    found = []
    for content in (b"jam\n", b"jelly\n"):
        (tmp_path / "words.txt").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        words = WordList(path=str(tmp_path / "words.txt"), sha256=digest)
        found.append(build_id([crawl], tmp_path, replace(RECIPE, word_lists=(words,))))
    assert len(set(found)) == 2
