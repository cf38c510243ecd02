"""All locations behave alike: a local disk, S3 servers and Google Cloud Storage."""

import hashlib
import io
import multiprocessing
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from florilegium.manifests import remote
from florilegium.manifests.location import (
    create,
    entries,
    files,
    locate,
    remove,
    remove_tree,
    replacing,
    sha256,
)
from florilegium.manifests.remote import RemotePath
from florilegium.pipelines.demo import web as demo_web
from florilegium.pipelines.harvest.warc import Damage, read

pytest_plugins = ["servers"]


def names(folder):
    return [path.relative_to(folder).as_posix() for path, _ in files(folder)]


@pytest.mark.parametrize("name", ["s3://b-1/k", "gs://b_1.x/folder/ünd so%20weiter.gz", "s3://bu"])
def test_an_address_is_a_remote_path_and_says_so(name):
    assert isinstance(locate(name), RemotePath)
    assert str(locate(name)) == name
    assert locate(f"{name}/") == locate(name)


@pytest.mark.parametrize("name", ["corpora", "/a/b", "./s3/x", "a:b", "c:/x", "a/s3://b", ""])
def test_all_else_is_a_local_path(name):
    assert locate(name) == Path(name)
    assert locate(Path(name)) == Path(name)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("s3://", "s3://BUCKET/NAME"),
        ("s3:///key", "s3://BUCKET/NAME"),
        ("gs://", "gs://BUCKET/NAME"),
        ("s3:/bucket/key", "s3://BUCKET/NAME"),
        ("s3://two words/key", "s3://BUCKET/NAME"),
        ("hdfs://host/path", "s3://BUCKET/KEY or gs://BUCKET/OBJECT"),
        ("https://host/path", "a local path"),
        ("s3://bucket/\udcff", "not UTF-8"),
        ("hdfs://a\nb", "a local path"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_in_one_line_that_says_what_to_do(name, advice):
    with pytest.raises(ValueError, match=rf"\A.*{advice}.*\Z"):
        locate(name)


SEGMENT = st.text("ab.-%~é ", min_size=1, max_size=4).filter(lambda s: s not in (".", ".."))


@given(st.lists(SEGMENT, min_size=1, max_size=4), SEGMENT)
def test_names_are_taken_apart_as_pathlib_does(segments, other):
    path, local = locate("s3://bucket"), PurePosixPath(*segments)
    for segment in segments:
        path = path / segment
    assert path == locate("s3://bucket") / "/".join(segments) == locate("s3://bucket") / local
    assert (path.name, path.suffix) == (local.name, local.suffix)
    assert str(path.parent) == f"s3://bucket/{local.parent}".removesuffix("/.")
    assert str(path.with_name(other)) == f"s3://bucket/{local.with_name(other)}"
    assert path.relative_to(locate("s3://bucket")).as_posix() == local.as_posix()
    assert path.relative_to(path).as_posix() == "."
    assert path.parent / path.name == path


def test_a_path_is_relative_only_to_what_it_lies_below():
    with pytest.raises(ValueError, match="not below"):
        locate("s3://bucket/abc").relative_to(locate("s3://bucket/ab"))


def test_paths_are_keys_are_sorted_by_address_and_travel():
    paths = [locate(name) for name in ("s3://b/z", "s3://b-a/c", "gs://b/a", "s3://b/a b")]
    assert {path: str(path) for path in paths}[locate("s3://b/z")] == "s3://b/z"
    assert [str(path) for path in sorted(paths)] == sorted(map(str, paths))
    assert pickle.loads(pickle.dumps(paths)) == paths
    with pytest.raises(AttributeError):
        paths[0].address = "s3://other/key"


def test_what_is_written_is_read(place):
    path = place / "folder" / "file.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    data = bytes(range(256)) * 3 + b"\r\n\r\n--\n"
    assert path.write_bytes(data) == len(data)
    assert path.read_bytes() == data
    assert path.write_text("Grüße\n") == 6
    assert path.read_text() == "Grüße\n"
    assert path.stat().st_size == 8
    assert sha256(path) == hashlib.sha256("Grüße\n".encode()).hexdigest()


def test_a_folder_is_what_something_lies_below(place):
    path = place / "folder" / "file"
    path.parent.mkdir(parents=True, exist_ok=True)
    assert not path.exists()
    assert not path.is_file()
    path.write_bytes(b"")
    assert path.exists()
    assert path.is_file()
    assert not path.is_dir()
    assert path.parent.is_dir()
    assert path.parent.exists()
    assert not path.parent.is_file()
    assert not (place / "fold").exists()
    assert not path.is_symlink()


def test_what_is_missing_is_not_found(place):
    path = place / "missing"
    for use in (path.stat, path.read_bytes, path.read_text, path.unlink, lambda: path.open("rb")):
        with pytest.raises(FileNotFoundError) as caught:
            use()
        assert str(path) in str(caught.value)
    path.unlink(missing_ok=True)
    assert list(files(path)) == []
    remove_tree(path)


def test_a_file_that_is_removed_is_gone(place):
    path = place / "file"
    path.write_bytes(b"x")
    path.unlink()
    assert not path.exists()


def test_empty_files_are_files(place):
    path = place / "empty"
    path.write_bytes(b"")
    assert path.read_bytes() == b""
    with path.open("rb") as stream:
        assert stream.read() == b""
    assert [about.st_size for _, about in files(place)] == [0]


@pytest.mark.parametrize(
    "name", ["with space", "ünïcødé-Ω", "100%25 + ?a=b&c", "a#b", "quote'\"", "[x]*", "semi;colon,"]
)
def test_names_may_hold_any_signs(place, name):
    path = place / name
    path.write_bytes(name.encode())
    assert path.read_bytes() == name.encode()
    assert path.stat().st_size == len(name.encode())
    assert names(place) == [name]
    with path.open("rb") as stream:
        assert stream.read() == name.encode()
    remove_tree(place)
    assert not path.exists()


def test_files_come_sorted_with_size_and_version(place):
    for name in ("b/x", "a-b", "a/z", "a/y/deep", "B"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(name.encode())
    assert names(place) == ["B", "a-b", "a/y/deep", "a/z", "b/x"]
    found = list(files(place))
    assert all(about == type(about)(*about) and about.version for _, about in found)
    assert [about.st_size for _, about in found] == [1, 3, 8, 3, 3]
    assert [path for path, _ in files(place / "a")] == [place / "a/y/deep", place / "a/z"]
    before = dict(files(place))
    (place / "a-b").write_bytes(b"else")
    after = dict(files(place))
    assert [path for path in after if after[path].version != before[path].version] == [
        place / "a-b"
    ]


def test_a_listing_and_a_look_agree(place):
    (place / "file").write_bytes(b"x")
    [(path, about)] = files(place)
    if isinstance(path, RemotePath):
        assert path.stat().version == about.version
    assert path.stat().st_size == about.st_size
    assert abs(path.stat().st_mtime_ns - about.st_mtime_ns) < 1e9


def test_patterns_find_files(place):
    for name in ("a.json", ".hidden", "deep/b.json", "deep/c.txt"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"x")
    assert sorted(place.glob("*.json")) == [place / "a.json"]
    assert sorted(place.glob(".*")) == [place / ".hidden"]
    assert sorted(place.glob("deep/*")) == [place / "deep/b.json", place / "deep/c.txt"]
    assert sorted(place.rglob("*.json")) == [place / "a.json", place / "deep/b.json"]
    assert len([path for path in place.rglob("*") if path.is_file()]) == 4


def test_a_tree_is_removed_and_its_neighbour_is_not(place):
    for name in ("tree/a", "tree/b/c", "tree-2/d"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"x")
    remove_tree(place / "tree")
    assert names(place) == ["tree-2/d"]
    assert not (place / "tree").exists()


def test_entries_are_all_at_one_level(place):
    for name in ("a/x", "a/b/x", "a/b/y", "a/.c/d/x", "z"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"1")
    assert entries(place, 1) == ["a", "z"]
    assert entries(place, 2) == ["a/.c", "a/b", "a/x"]
    assert entries(place, 3) == ["a/.c/d", "a/b/x", "a/b/y"]
    assert entries(place, 5) == entries(place / "nothing", 1) == []


def test_a_file_or_a_folder_is_removed_and_its_neighbours_are_not(place):
    for name in ("a/x", "a/b/x", "ab", "c"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"1")
    for name in ("a", "c", "not/there"):
        remove(place / name)
    assert names(place) == ["ab"]
    assert entries(place, 1) == ["ab"]


def test_a_replacement_is_there_whole(place):
    path = place / "file.parquet"
    with replacing(path) as draft:
        draft.write_bytes(b"first")
        assert not path.exists()
    with replacing(path) as draft:
        draft.write_bytes(b"second")
        assert path.read_bytes() == b"first"
    assert path.read_bytes() == b"second"
    assert not draft.exists()
    assert names(place) == ["file.parquet"]


def test_a_replacement_that_fails_leaves_what_was_there(place):
    path = place / "file"
    path.write_bytes(b"old")

    def fail(draft):
        draft.write_bytes(b"half")
        raise RuntimeError

    with pytest.raises(RuntimeError), replacing(path) as draft:
        fail(draft)
    assert path.read_bytes() == b"old"
    assert not draft.exists()
    assert names(place) == ["file"]


def test_of_many_who_create_a_file_one_does(place):
    path = place / "file"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: create(path, b"%d" % number), range(16)))
    assert made.count(True) == 1
    assert path.read_bytes() == b"%d" % made.index(True)
    assert not create(path, b"too late")
    assert names(place) == ["file"]


CONTENT = bytes(range(251)) * 400
STEP = st.one_of(
    st.tuples(st.just("read"), st.integers(0, 70_000)),
    st.tuples(st.just("seek"), st.integers(0, len(CONTENT) + 10)),
    st.tuples(st.just("move"), st.integers(-3_000, 3_000)),
    st.tuples(st.just("end"), st.integers(-70_000, 0)),
)


def walk(stream, steps):
    """What a stream gives, step by step, and where it then stands."""
    for kind, number in steps:
        if kind == "read":
            yield stream.read(number)
        elif kind == "seek":
            yield stream.seek(number)
        elif kind == "move":
            yield stream.seek(max(-stream.tell(), number), io.SEEK_CUR)
        else:
            yield stream.seek(number, io.SEEK_END)
        yield stream.tell()
    yield stream.read()


def test_reading_and_seeking_is_as_in_memory(place, monkeypatch):
    monkeypatch.setattr(remote, "BUFFER", 10_000)
    path = place / "file"
    path.write_bytes(CONTENT)

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(STEP, max_size=8))
    def agrees(steps):
        with path.open("rb") as stream:
            assert list(walk(stream, steps)) == list(walk(io.BytesIO(CONTENT), steps))

    agrees()


def test_a_warc_file_is_read(place, tmp_path, monkeypatch):
    monkeypatch.setattr(remote, "BUFFER", 10_000)
    [local, *_] = demo_web.pack(tmp_path)
    torn = bytearray(local.read_bytes())
    torn[2_000:2_040] = bytes(40)
    local.write_bytes(torn)
    (place / local.name).write_bytes(torn)
    found = list(read(place / local.name))
    assert found == list(read(local))
    assert len(found) > 10
    assert any(isinstance(item, Damage) for item in found)


def test_columns_of_a_parquet_file_are_read(place):
    table = pa.table({name: [f"{name}-{n}" * 9 for n in range(9_000)] for name in "abc"})
    path = place / "table.parquet"
    with replacing(path) as draft:
        pq.write_table(table, draft, row_group_size=1_000, compression="none")
    with path.open("rb") as stream, pq.ParquetFile(stream) as file:
        assert file.num_row_groups == 9
        assert file.read_row_group(4, columns=["b"]).equals(table.select(["b"]).slice(4_000, 1_000))
        assert file.read(columns=["c", "a"]).equals(table.select(["c", "a"]))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_process_gets_a_location_and_reads_it(place, method):
    path = place / "file"
    path.write_bytes(b"x")
    assert path.read_bytes() == b"x"
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply_async(type(path).read_bytes, (path,)).get(timeout=20) == b"x"


def test_threads_may_read_and_write_at_once(place):
    def both(number):
        (place / str(number)).write_bytes(b"%d" % number)
        return (place / str(number)).read_bytes()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(both, range(24))) == [b"%d" % number for number in range(24)]
