"""From what a user names to units of work, and what is said when that cannot be."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.pipelines.harvest.inputs import Input, InputError, find_files, plan_units


def put(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def inputs(*paths: Path) -> list[Input]:
    return [file for path in paths for file in find_files([str(path)])]


def test_a_folder_stands_for_the_warc_files_in_it_and_below(tmp_path):
    names = ["b.warc.gz", "a.warc", "deep/er/C.WARC.ZST", "d.warc.lz4"]
    for name in [*names, "notes.txt", "e.warc.gz.part", "f.cdx", "warc", "g.arc.gz"]:
        put(tmp_path / name)
    (tmp_path / "folder.warc").mkdir()
    found = [str(file.place.relative_to(tmp_path)) for file in find_files([str(tmp_path)])]
    assert found == sorted(names)


def test_a_file_may_be_called_anything(tmp_path):
    odd = put(tmp_path / "crawl of monday")
    assert [file.place for file in find_files([str(odd)])] == [odd]


def test_what_is_named_twice_is_read_once(tmp_path):
    path = put(tmp_path / "a" / "x.warc.gz")
    (tmp_path / "link.warc.gz").symlink_to(path)
    names = [str(path), str(tmp_path / "a"), f"{tmp_path}/a/../a/x.warc.gz", str(tmp_path)]
    assert [file.place for file in find_files(names)] == [path]


def test_an_input_that_is_not_there_is_refused_by_name(tmp_path):
    put(tmp_path / "x.warc")
    with pytest.raises(InputError, match=r"^there is no input '.*/nowhere.warc.gz'$"):
        find_files([str(tmp_path / "x.warc"), str(tmp_path / "nowhere.warc.gz")])


@pytest.mark.parametrize("named", [True, False])
def test_no_input_at_all_is_refused(named, tmp_path):
    put(tmp_path / "notes.txt")
    with pytest.raises(InputError, match=r"^there is nothing to read: --input names no WARC file$"):
        find_files([str(tmp_path)] if named else [])


def test_two_files_of_one_name_are_refused_with_both_paths_and_the_remedy(tmp_path):
    one, other = put(tmp_path / "a" / "x.warc"), put(tmp_path / "b" / "x.warc")
    with pytest.raises(InputError) as refusal:
        plan_units(inputs(one, other), "recipe")
    assert str(refusal.value) == (
        f"two inputs are named 'x.warc': {one} and {other}; "
        "rename one, since records are cited by the name of their file"
    )


def test_a_file_that_went_away_is_refused_by_name(tmp_path):
    (tmp_path / "gone.warc").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"^there is no input '.*/gone\.warc'$"):
        find_files([str(tmp_path / "gone.warc")])


def test_a_name_that_is_no_text_is_refused(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.warc"))
    try:
        put(path)
    except OSError:
        pytest.skip("this file system holds no such name")
    with pytest.raises(InputError, match=r"the name of .*caf.*\.warc.* is not UTF-8"):
        plan_units(inputs(path), "recipe")


def test_a_unit_tells_its_name_place_and_size(tmp_path):
    path = put(tmp_path / "ü.warc.gz", b"12345")
    (unit,) = plan_units(inputs(path), "recipe")
    assert (unit.name, unit.path, unit.bytes) == ("ü.warc.gz", str(path), 5)
    assert len(unit.fingerprint) == 64


@given(st.permutations(["a.warc", "b.warc", "c.warc", "D.warc"]))
def test_units_come_in_the_same_order_whatever_the_order_of_the_input(tmp_path_factory, names):
    folder = tmp_path_factory.getbasetemp() / "order"
    for name in sorted(names):
        if not (folder / name).exists():
            put(folder / name)
    units = plan_units(inputs(*(folder / name for name in names)), "recipe")
    assert [unit.name for unit in units] == ["D.warc", "a.warc", "b.warc", "c.warc"]
    assert units == plan_units(inputs(*(folder / name for name in sorted(names))), "recipe")


def test_a_fingerprint_changes_with_all_that_decides_what_becomes_of_a_file(tmp_path):
    path = put(tmp_path / "a.warc", b"12345")
    os.utime(path, ns=(0, 1_000))

    def fingerprint(recipe_and_code: str = "recipe", path: Path = path) -> str:
        return plan_units(inputs(path), recipe_and_code)[0].fingerprint

    first = fingerprint()
    assert fingerprint() == first
    assert fingerprint("another recipe") != first
    os.utime(path, ns=(0, 2_000))
    touched = fingerprint()
    path.write_bytes(b"123456")
    os.utime(path, ns=(0, 2_000))
    longer = fingerprint()
    moved = put(tmp_path / "elsewhere" / "a.warc", b"123456")
    os.utime(moved, ns=(0, 2_000))
    assert len({first, touched, longer}) == 3
    assert fingerprint(path=moved) == longer


def test_input_without_a_byte_is_refused(tmp_path):
    for name in ("a.warc", "b.warc.gz"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match="every file that --input names is empty"):
        find_files([str(tmp_path)])
