"""Google Cloud Storage: large objects, a server that stumbles, and errors that say what to do."""

import errno
import hashlib
import os
import pickle
import subprocess
import sys

import pytest
import servers

from florilegium.manifests import remote
from florilegium.manifests.location import create, files, locate, replacing, sha256

pytest_plugins = ["servers"]

LARGE = os.urandom(1 << 20) * 20


@pytest.fixture
def proxied(google_address, google_at, google_bucket, stumbling):
    """A bucket behind a proxy, and the proxy."""
    proxy = stumbling(google_address)
    google_at(proxy.address)
    return google_bucket, proxy


@pytest.fixture
def impatient(monkeypatch):
    """Requests are repeated for half a second only."""
    from florilegium.manifests import gcs

    monkeypatch.setattr(gcs, "PATIENCE", 0.5)


def test_a_large_file_goes_in_several_requests_and_comes_back_the_same(proxied):
    bucket, proxy = proxied
    with replacing(bucket / "large") as draft:
        draft.write_bytes(LARGE)
    uploads = [asked.split()[0] for asked in proxy.asked if "uploadType=resumable" in asked]
    assert uploads == ["POST", "PUT", "PUT", "PUT"]
    assert (bucket / "large").stat().st_size == len(LARGE)
    assert sha256(bucket / "large") == hashlib.sha256(LARGE).hexdigest()


def test_an_upload_that_fails_half_way_leaves_what_was_there(proxied, impatient):
    bucket, proxy = proxied
    (bucket / "large").write_bytes(b"old")
    start = len(proxy.asked)
    proxy.refuses = lambda method, path, number: number > start + 2
    with pytest.raises(BlockingIOError), replacing(bucket / "large") as draft:
        draft.write_bytes(LARGE)
    assert proxy.refused > 0
    proxy.refuses = lambda method, path, number: False
    assert (bucket / "large").read_bytes() == b"old"


def test_all_works_on_a_server_that_refuses_every_third_request_and_breaks_off(
    proxied, monkeypatch
):
    bucket, proxy = proxied
    monkeypatch.setattr(remote, "BUFFER", 3 << 20)
    proxy.refuses = lambda method, path, number: number % 3 == 0
    proxy.cuts = lambda method, path, number: "alt=media" in path and number % 2 == 0
    servers.use(bucket, LARGE)
    assert proxy.refused > 5
    assert proxy.cut > 2


def test_an_object_that_is_replaced_is_not_read_as_a_mixture(google_bucket, monkeypatch):
    monkeypatch.setattr(remote, "BUFFER", 1_000)
    path = google_bucket / "file"
    path.write_bytes(b"a" * 5_000)
    with path.open("rb") as stream:
        assert stream.read(10) == b"a" * 10
        path.write_bytes(b"b" * 5_000)
        with pytest.raises(OSError, match="replaced while it was being read") as caught:
            stream.read()
    assert caught.value.errno == errno.ESTALE


USES = {
    "stat": lambda path: path.stat(),
    "is_dir": lambda path: path.is_dir(),
    "read": lambda path: path.read_bytes(),
    "write": lambda path: path.write_bytes(b"x"),
    "create": lambda path: create(path, b"x"),
    "list": lambda path: list(files(path)),
}


def fails(use, path, kind, *words):
    """Use a path; the error is of a kind, one line, names the address and survives travelling."""
    with pytest.raises(kind) as caught:
        use(path)
    error = pickle.loads(pickle.dumps(caught.value))
    assert type(error) is type(caught.value)
    assert error.errno
    assert str(path) in str(error)
    assert "\n" not in str(error)
    assert all(word in str(error) for word in words)
    return error


def test_a_missing_bucket_is_named(google_bucket):
    path = locate("gs://there-is-no-such-bucket/key")
    for use in USES.values():
        fails(use, path, FileNotFoundError, "no such bucket")


def test_a_server_that_cannot_be_reached_is_said_to_be(google_at, impatient, nowhere):
    google_at(nowhere)
    for use in USES.values():
        fails(use, locate("gs://bucket/key"), ConnectionError, "cannot be reached")


def test_who_is_throttled_for_too_long_is_told_to_try_again(proxied, impatient):
    bucket, proxy = proxied
    proxy.refuses = lambda method, path, number: True
    for use in USES.values():
        error = fails(use, bucket / "key", OSError, os.strerror(errno.EAGAIN), "try again later")
        assert error.errno == errno.EAGAIN


def test_without_credentials_it_is_said_how_to_get_some(monkeypatch, tmp_path):
    from florilegium.manifests import gcs

    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    gcs._client.cache_clear()
    fails(USES["stat"], locate("gs://bucket/key"), PermissionError, "no credentials")


def test_a_missing_package_is_named_and_its_extra(tmp_path):
    blocked = (
        "import sys; sys.modules['google.cloud.storage'] = None\n"
        "from florilegium.manifests.location import locate\n"
        "assert 'boto3' not in sys.modules\n"
        "locate('gs://bucket/key').exists()"
    )
    ended = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True)
    last = ended.stderr.strip().splitlines()[-1]
    assert last.startswith("ModuleNotFoundError: gs:// needs")
    assert "florilegium[gcp]" in last
