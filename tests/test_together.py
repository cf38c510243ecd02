"""Rights, lines, licences and texts looked at, all in one build: each sees what the others did."""

import hashlib
import shutil

import pyarrow.parquet as pq
import pytest
from documented import undocumented
from msgspec.structs import replace

from florilegium.filters.licence_hosts import Licences
from florilegium.manifests.verify import verify
from florilegium.pipelines import build as builds
from florilegium.pipelines.commands.answers import console_for
from florilegium.pipelines.commands.display import Display
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.named.texts import WordList
from florilegium.pipelines.recipe import Lines, changed, load
from florilegium.pipelines.research.whatif import whatif

BETWEEN = ("rights", "lines", "licences", "assessed")
"""Folders of what is found between harvest and the verdicts."""


def build(recipe, warcs, out):
    plan = builds.plan(recipe, find_files(map(str, warcs)), out)
    return plan, builds.build(plan, Embedded(), Display(console_for("json")))


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """A release of the demonstration for which a recipe asks for all there is."""
    home = tmp_path_factory.mktemp("together")
    words = home / "words.txt"
    words.write_text("und\nder\nthe\nand\n")
    digest = hashlib.sha256(words.read_bytes()).hexdigest()
    recipe = replace(
        load("demo"),
        reasons="all",
        lines=Lines(repeated="cut", min_pages=2, min_repeats=2),
        licences=Licences(consensus="apply", min_pages=2, min_share=0.5),
        word_lists=(WordList(path=str(words), sha256=digest),),
    )
    warcs = pack(home / "warc")
    plan, manifest = build(recipe, warcs, home / "corpora")
    return recipe, warcs, home / "corpora", plan, manifest


def test_a_release_has_what_each_step_found_and_verifies(together):
    _, _, _, plan, manifest = together
    assert list(verify(plan.release)) == []
    assert all(len(list((plan.work / name).iterdir())) == 1 for name in BETWEEN)
    folders = {table.path.split("/")[1] for table in manifest.tables}
    assert {"reasons", "rights", "licences"} <= folders
    rows = pq.read_table(plan.release / "data").to_pylist()
    assert {row["bad_word_share"] is None for row in rows} == {False}
    assert any(row["bad_word_share"] for row in rows if row["lang"] == "deu_Latn")
    assert {row["rights_crawl"] for row in rows} > {"unknown"}
    losses = pq.read_table(plan.release / "audit" / "losses").to_pylist()
    assert {"robots_txt", "ai_txt"} <= {row["rule"] for row in losses if row["stage"] == "rights"}


def test_every_file_column_and_key_of_it_is_in_the_reference(together):
    assert list(undocumented(together[3].release)) == []


@pytest.mark.parametrize("setting", ["profile=datatrove", "filters.bad-words.max_bad_words=0.05"])
def test_what_is_told_of_it_is_what_is_built_and_only_publish_runs_anew(
    together, setting, tmp_path
):
    recipe, warcs, there, _, first = together
    out = tmp_path / "corpora"
    shutil.copytree(there, out, symlinks=True)
    work = out / "demo" / "work"
    found = {path: path.stat().st_mtime_ns for name in ("parts", "decisions", *BETWEEN)
             for path in (work / name).rglob("*")}  # fmt: skip
    other = changed(recipe, [setting])
    answer = whatif(other, out / "demo")
    assert sum(count.documents for count in answer.before.values()) == first.documents
    assert any(change.lost.documents for change in answer.changes)
    made, manifest = build(other, warcs, out)
    assert list(verify(made.release)) == []
    assert {x.lang: (x.documents, x.tokens) for x in manifest.languages} == {
        lang: (count.documents, count.tokens) for lang, count in answer.after.items()
    }
    assert {path: path.stat().st_mtime_ns for path in found} == found
    assert all(len(list((work / name).iterdir())) == 1 for name in BETWEEN)
