"""Exports are read by the tools of others: mlcroissant, Hugging Face, OpenLineage, SPDX."""

import json
import subprocess
from pathlib import Path

import pytest
from by_hand_release import STATED, by_hand

from florilegium.manifests.exports import MAKERS
from florilegium.manifests.schema import DOCUMENT_SCHEMA
from florilegium.pipelines.publishing import derived

ROOT = Path(__file__).parent.parent
PYTHON = ROOT / "build" / "exports" / "bin" / "python"

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="needs make tools")


def read(release, *more):
    script = Path(__file__).with_name("export_tools.py")
    done = subprocess.run(
        [PYTHON, script, release, *more], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def by_others(tmp_path_factory):
    """What the tools say of a release whose publisher states everything."""
    folder = tmp_path_factory.mktemp("by-hand")
    source = by_hand(folder, STATED)
    for name, make in MAKERS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(make(source))
    return read(folder)


def test_croissant_is_of_version_1_1_with_the_terms_of_responsible_ai(by_others):
    found = by_others["croissant"]
    assert found["conforms_to"] == [
        "http://mlcommons.org/croissant/1.1",
        "http://mlcommons.org/croissant/RAI/1.0",
    ]
    assert found["warnings"] == []
    assert found["rai"]


def test_the_hub_reads_the_front_matter_of_the_card(by_others):
    found = by_others["card"]
    assert found["language"] == ["de", "hsb", "sr"]
    assert (found["license"], found["size_categories"]) == ("cc-by-4.0", ["n<1K"])
    assert [one["config_name"] for one in found["configs"]] == [
        "default", "deu_Latn", "hsb_Latn", "srp_Cyrl",
    ]  # fmt: skip


def test_every_facet_of_the_lineage_is_one_of_its_version(by_others):
    assert by_others["lineage"] == ["START", "COMPLETE"]


def test_the_bill_of_materials_is_whole(by_others):
    assert by_others["spdx"] == {"name": "small", "files": 3, "missing": []}


def test_every_document_is_streamed_from_the_shards(sealed, tmp_path):
    release = sealed.copy(tmp_path)
    derived.write(release, sealed.manifest, MAKERS, release)
    found = read(release, "stream")["croissant"]
    assert found["records"] == {
        f"documents-{one.lang}": one.documents for one in sealed.manifest.languages
    }
    assert set(found["first"]) == set(DOCUMENT_SCHEMA.names) - {"counts", "pii"}
    assert found["first"]["text"].startswith("b'Satz Nummer ")
