"""S3: large objects, servers that stumble, and errors that say what to do."""

import errno
import hashlib
import os
import pickle

import pytest
import servers

from florilegium.manifests import remote, s3
from florilegium.manifests.location import create, files, locate, remove_tree, replacing, sha256
from florilegium.pipelines.demo import web as demo_web
from florilegium.pipelines.harvest.warc import read

pytest_plugins = ["servers"]

LARGE = os.urandom(1 << 20) * 20


@pytest.fixture
def proxied(any_s3_address, new_bucket, s3_at, stumbling):
    """A bucket behind a proxy, and the proxy."""
    bucket, proxy = new_bucket(any_s3_address), stumbling(any_s3_address)
    s3_at(proxy.address)
    return bucket, proxy


def test_a_large_file_goes_in_parts_and_comes_back_the_same(bucket):
    with replacing(bucket / "large") as draft:
        draft.write_bytes(LARGE)
    about = (bucket / "large").stat()
    assert about.st_size == len(LARGE)
    assert about.version.strip('"').endswith("-3")
    assert sha256(bucket / "large") == hashlib.sha256(LARGE).hexdigest()
    assert (bucket / "large").read_bytes() == LARGE


def test_an_upload_that_fails_half_way_leaves_what_was_there(proxied, s3_at):
    bucket, proxy = proxied
    (bucket / "large").write_bytes(b"old")
    s3_at(proxy.address, attempts=2)
    proxy.refuses = lambda method, path, number: "partNumber=3" in path

    with pytest.raises(BlockingIOError), replacing(bucket / "large") as draft:
        draft.write_bytes(LARGE)
    assert proxy.refused == 2
    assert not draft.exists()
    assert (bucket / "large").read_bytes() == b"old"
    uploads = s3._client(os.getpid()).list_multipart_uploads(Bucket=bucket._bucket)
    assert uploads.get("Uploads", []) == []


def test_all_works_on_a_server_that_refuses_every_third_request_and_breaks_off(
    proxied, monkeypatch
):
    bucket, proxy = proxied
    monkeypatch.setattr(remote, "BUFFER", 3 << 20)
    proxy.refuses = lambda method, path, number: number % 3 == 0
    proxy.cuts = lambda method, path, number: method == "GET" and number % 2 == 0
    servers.use(bucket, LARGE[: 9 << 20])
    assert proxy.refused > 4
    assert proxy.cut > 1


def test_more_objects_than_a_page_holds_are_listed_and_removed(moto_address, new_bucket):
    from moto.backends import get_backend

    bucket = new_bucket(moto_address)
    expected = [f"n/{number:04d}" for number in range(1_003)]
    for name in expected:
        get_backend("s3")["123456789012"]["aws"].put_object(bucket._bucket, name, b"")
    assert [path.relative_to(bucket).as_posix() for path, _ in files(bucket)] == expected
    remove_tree(bucket)
    assert list(files(bucket)) == []


def test_an_object_that_is_replaced_is_not_read_as_a_mixture(bucket, monkeypatch):
    monkeypatch.setattr(remote, "BUFFER", 1_000)
    (bucket / "file").write_bytes(b"a" * 5_000)
    with (bucket / "file").open("rb") as stream:
        assert stream.read(10) == b"a" * 10
        (bucket / "file").write_bytes(b"b" * 5_000)
        with pytest.raises(OSError, match="replaced while it was being read") as caught:
            stream.read()
    assert caught.value.errno == errno.ESTALE


def test_markers_of_folders_are_no_files_and_are_removed(bucket):
    client = s3._client(os.getpid())
    client.put_object(Bucket=bucket._bucket, Key="folder/", Body=b"")
    (bucket / "folder" / "file").write_bytes(b"x")
    assert [path.name for path, _ in files(bucket)] == ["file"]
    remove_tree(bucket / "folder")
    assert client.list_objects_v2(Bucket=bucket._bucket).get("Contents", []) == []


USES = {
    "stat": lambda path: path.stat(),
    "exists": lambda path: path.exists(),
    "is_dir": lambda path: path.is_dir(),
    "open": lambda path: path.open("rb"),
    "read": lambda path: path.read_bytes(),
    "write": lambda path: path.write_bytes(b"x"),
    "create": lambda path: create(path, b"x"),
    "list": lambda path: list(files(path)),
    "remove": remove_tree,
    "unlink": lambda path: path.unlink(missing_ok=True),
}


def fails(use, path, kind, *words):
    """Use a path; the error is of a kind, one line, names the address and survives travelling."""
    with pytest.raises(kind) as caught:
        use(path)
    error = pickle.loads(pickle.dumps(caught.value))
    assert type(error) is type(caught.value)
    assert error.errno
    assert str(path).rpartition("/")[0] in str(error)
    assert "\n" not in str(error)
    assert all(word in str(error) for word in words)
    return error


def test_a_missing_bucket_is_named(bucket):
    path = locate("s3://there-is-no-such-bucket/key")
    for use in (*USES.values(), upload):
        fails(use, path, FileNotFoundError, "no such bucket", "make it or correct")


def upload(path):
    with replacing(path) as draft:
        draft.write_bytes(LARGE)


def test_without_credentials_it_is_said_how_to_give_some(bucket, s3_address, s3_at):
    s3_at(s3_address, key=None)
    for use in USES.values():
        fails(use, bucket / "key", PermissionError, "no credentials", "AWS_ACCESS_KEY_ID")


def test_a_profile_that_is_not_there_is_a_matter_of_credentials(moto_address, s3_at, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    s3_at(moto_address)
    fails(USES["stat"], locate("s3://bucket/key"), PermissionError, "a profile")


def test_credentials_that_are_refused_are_said_to_be(versitygw_address, new_bucket, s3_at):
    bucket = new_bucket(versitygw_address)
    s3_at(versitygw_address, key="another-key")
    for use in USES.values():
        fails(use, bucket / "key", PermissionError, "access is refused")


def test_a_server_that_cannot_be_reached_is_said_to_be(s3_at, nowhere):
    s3_at(nowhere, attempts=1)
    path = locate("s3://bucket/key")
    for use in USES.values():
        fails(use, path, ConnectionError, "cannot be reached", "AWS_ENDPOINT_URL")


def test_who_is_throttled_for_too_long_is_told_to_try_again(proxied, s3_at):
    bucket, proxy = proxied
    s3_at(proxy.address, attempts=1)
    proxy.refuses = lambda method, path, number: True
    for use in USES.values():
        error = fails(use, bucket / "key", OSError, os.strerror(errno.EAGAIN), "try again later")
        assert error.errno == errno.EAGAIN


def test_a_server_that_fails_is_no_damage_in_a_warc_file(proxied, s3_at, tmp_path, monkeypatch):
    bucket, proxy = proxied
    monkeypatch.setattr(remote, "BUFFER", 4_000)
    [local, *_] = demo_web.pack(tmp_path)
    (bucket / "a.warc.gz").write_bytes(local.read_bytes())
    s3_at(proxy.address, attempts=1)
    reader = read(bucket / "a.warc.gz")
    next(reader)
    proxy.refuses = lambda method, path, number: True
    with pytest.raises(BlockingIOError):
        list(reader)


def test_an_answer_that_breaks_off_again_and_again_is_an_error_in_the_end(proxied, monkeypatch):
    bucket, proxy = proxied
    monkeypatch.setattr(s3, "ATTEMPTS", 2)
    (bucket / "file").write_bytes(b"x" * 5_000)
    proxy.cuts = lambda method, path, number: method == "GET"
    fails(USES["read"], bucket / "file", OSError)
    assert proxy.cut == 2
