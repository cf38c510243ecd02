"""A corpus in a store is erased from as one on a disk is; its key stays on the disk."""

import json

import pytest
from erasing import ANNA, COPIED, florilegium, root

from florilegium.manifests import manifest as manifests
from florilegium.manifests.location import files, find_release, locate, relative
from florilegium.manifests.verify import verify

pytest_plugins = ["erasing", "servers"]


@pytest.fixture
def stored(garden, bucket):
    """The corpus in a bucket, as a build would have left it there."""
    for path, _ in files(garden.home):
        if path.name != "lock" and "latest" not in path.parts:
            (bucket / "garten" / relative(path, garden.home)).write_bytes(path.read_bytes())
    return bucket / "garten"


def test_a_corpus_in_a_store_is_erased_from(garden, stored, tmp_path):
    words = ("erase", f"{stored}/latest", "--url", ANNA, "--url", COPIED, "--basis", "gdpr-17")
    done = florilegium(*words, code=2)
    assert "where no key belongs" in done.stderr
    done = florilegium(*words, "--erasure-key", tmp_path / "key", "--remove-parent", "--output",
                       "json")  # fmt: skip
    answer = json.loads(done.stdout)
    garden.erase("--url", ANNA, "--url", COPIED)
    assert answer["root"] == root(garden.latest)
    release = locate(answer["release"])
    assert find_release(f"{stored}/latest") == release
    assert list(verify(release)) == []
    assert manifests.read(release).parent.erased == 2
    names = {relative(path, stored) for path, _ in files(stored)}
    assert {name.partition("/")[0] for name in names} == {
        "erasures.jsonl", "latest.json", "status.json", "work", release.name
    }  # fmt: skip
    assert not any(name.startswith("work/erasures/") for name in names)
    assert not (tmp_path / "erasures.key").exists()
