"""Releases in a store are opened, sampled and asked for documents like local ones."""

import json

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

import florilegium
from florilegium.manifests.identity import identity_of
from florilegium.manifests.location import files
from florilegium.manifests.verify import verify
from florilegium.manifests.verify_sample import verify_sample
from florilegium.pipelines.cli.main import main
from florilegium.pipelines.gates import promotion

pytest_plugins = ["servers"]

URL = "https://seite.example/eins"


@pytest.fixture
def pair(workshop, document, store):
    """A release on a disk, and the same in a store."""
    documents = [document(n, ("deu_Latn", "fra_Latn")[n % 2], quality=n / 200) for n in range(200)]
    workshop.add([replace(document(900), url=URL, id=identity_of("r", URL, "d")), *documents])
    workshop.publish()
    workshop.seal()
    place = store / "corpora" / "small" / "0123456789ab"
    for path, _ in files(workshop.release):
        name = path.relative_to(workshop.release).as_posix()
        (place / name).write_bytes(path.read_bytes())
    promotion.promote(place)
    return florilegium.open(workshop.release), florilegium.open(str(place.with_name("latest")))


def test_a_release_in_a_store_is_read_like_a_local_one(pair, tmp_path):
    here, there = pair
    assert there.manifest == here.manifest
    parts = [{"fraction": 0.3, "by": by} for by in ("language", "quality", "domain", "licence")]
    for asked in ({"fraction": 0.3}, {"tokens": 900}, *parts):
        assert there.sample(**asked).to_arrow() == here.sample(**asked).to_arrow()
    chosen = {"columns": ["url", "tokens"], "languages": ["fra_Latn"]}
    assert there.documents(**chosen).to_arrow() == here.documents(**chosen).to_arrow()
    assert there.get(URL) == here.get(URL) is not None
    assert there.get("https://nowhere.example/") is None


def test_a_sample_can_lie_in_a_store(pair, store):
    here, there = pair
    made = there.sample(documents=30).write(f"{store}/sample")
    assert list(verify(store / "sample")) == []
    assert list(verify_sample(store / "sample", here.place)) == []
    assert len(list(files(store / "sample"))) == len(made.files) + 1
    with pytest.raises(FileExistsError, match="there is something already"):
        there.sample(documents=31).write(f"{store}/sample")


def test_commands_take_addresses(pair):
    place = str(pair[1].place)
    done = CliRunner().invoke(main, ["get", place, URL, "--output", "json"])
    assert json.loads(done.stdout)["url"] == URL
    done = CliRunner().invoke(main, ["stats", place, "--output", "json"])
    assert {group["of"] for group in json.loads(done.stdout)} == {"deu_Latn", "fra_Latn"}
