"""Every recipe that comes with the package builds the pages of the demonstration."""

import pytest
from click.testing import CliRunner

from florilegium.manifests import manifest as manifests
from florilegium.manifests.verify import verify
from florilegium.pipelines.cli.main import main
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.recipe import load
from florilegium.pipelines.recipe_files import shipped


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    pack(folder)
    return folder


@pytest.mark.parametrize("name", [name for name in shipped() if name != "demo"])
def test_a_recipe_builds_a_release_in_which_every_record_is_accounted_for(name, pages, tmp_path):
    words = ["build", name, "--input", str(pages), "--out", str(tmp_path)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    release = (tmp_path / name / "latest").resolve()
    assert list(verify(release)) == []
    manifest = manifests.read(release)
    lost = sum(sum(step.lost.values()) for step in manifest.funnel)
    assert manifest.records == manifest.documents + lost
    assert 0 < manifest.documents < manifest.records
    assert {one.lang for one in manifest.languages} <= set(load(name).languages)
