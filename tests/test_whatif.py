"""What if a limit were another: answers told from the parts of a build, checked by building."""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from florilegium.manifests import manifest as manifests
from florilegium.manifests.verify import verify
from florilegium.pipelines import build as builds
from florilegium.pipelines.commands.answers import console_for
from florilegium.pipelines.commands.display import Display
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.recipe import Lines, RecipeError, changed, load
from florilegium.pipelines.research.whatif import WhatIfError, whatif

STRICT = ("filters.repetition.max_top_bigram=0.15", "filters.length.min_chars=900")
LAX = ("filters.lines.min_prose_lines=-1", "filters.lines.min_sentence_lines=0")


def build(recipe, warcs, out, **changes):
    plan = builds.plan(replace(recipe, **changes), find_files(map(str, warcs)), out)
    return builds.build(plan, Embedded(), Display(console_for("json"))), plan


@pytest.fixture(scope="module")
def warcs(tmp_path_factory):
    return pack(tmp_path_factory.mktemp("warcs"))


@pytest.fixture(scope="module")
def reference(warcs, tmp_path_factory):
    """A build that counted repeated lines, too: they are facts like all others."""
    out = tmp_path_factory.mktemp("corpora")
    lines = Lines(repeated="count", min_pages=2, min_repeats=2)
    build(load("demo"), warcs, out, lines=lines)
    return out, replace(load("demo"), lines=lines)


@pytest.fixture
def built(reference, tmp_path):
    """The same, for a test that builds more in the same place."""
    shutil.copytree(reference[0], tmp_path / "corpora", symlinks=True)
    return tmp_path / "corpora", reference[1]


def tree(folder):
    return {path: path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}


@pytest.mark.parametrize("settings", [STRICT, LAX, STRICT + LAX[1:]])
def test_what_is_told_is_what_a_build_then_makes_and_only_publish_runs_anew(settings, warcs, built):
    out, recipe = built
    before = tree(out)
    answer = whatif(changed(recipe, settings), out / "demo")
    assert tree(out) == before
    work = out / "demo" / "work"
    kept = {p: t for p, t in before.items() if {"parts", "decisions", "lines"} & {*p.parts}}
    manifest, _ = build(changed(recipe, settings), warcs, out)
    assert {p: p.stat().st_mtime_ns for p in kept} == kept
    assert len(list((work / "lines").iterdir())) == 1
    assert {x.lang: (x.documents, x.tokens) for x in manifest.languages} == {
        lang: (count.documents, count.tokens) for lang, count in answer.after.items()
    }
    assert any(c.gained.documents or c.lost.documents for c in answer.changes)
    for lang in {*answer.before, *answer.after}:
        mine = [change for change in answer.changes if change.lang == lang]
        difference = sum(c.gained.tokens - c.lost.tokens for c in mine)
        held = answer.before[lang].tokens if lang in answer.before else 0
        assert held + difference == (answer.after[lang].tokens if lang in answer.after else 0)


def test_examples_have_the_first_words_of_documents_on_which_the_answer_turns(built):
    out, recipe = built
    answer = whatif(changed(recipe, STRICT), out / "demo", examples=3)
    assert len(answer.examples) == 3
    for example in answer.examples:
        assert example.url.startswith("http")
        assert len(example.words.split()) > 5
        assert example.value is not None
    rules = {example.rule for example in answer.examples}
    assert rules == {c.rule for c in answer.changes if c.lost.documents}


def test_nothing_changes_if_nothing_is_changed(built):
    out, recipe = built
    answer = whatif(recipe, out / "demo")
    assert answer.before == answer.after
    assert not answer.changes
    assert not answer.examples


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("filters.repetition.max_top_bigrm=0.2", "did you mean 'max_top_bigram'?"),
        ("filters.repetitoin.max_top_bigram=0.2", "did you mean 'repetition'?"),
        ("filtrs.repetition.max_top_bigram=0.2", "did you mean 'filters'?"),
        ("filters.repetition.max_top_bigram=little", "Expected `float | null`"),
        ("filters.repetition=0.2", "name a key in it"),
        ("filters.length.min_chars.deu=3", "nothing below"),
        ("filters", "write KEY.KEY=VALUE"),
    ],
)
def test_a_setting_that_is_none_is_refused_with_the_nearest(setting, said):
    with pytest.raises(RecipeError, match=re.escape(said)) as refused:
        changed(load("demo"), [setting])
    assert setting.partition("=")[0].split(".")[-1] in str(refused.value)


def test_settings_are_read_as_toml_and_reach_below_tables():
    limit = "filters.certainty.min_scores.deu_Latn.long={min_score=0.5, documents=9}"
    recipe = changed(load("demo"), [limit, "keep=latest", "filters.length.min_chars=7"])
    (certainty,) = (f for f in recipe.filters if hasattr(f, "min_scores"))
    assert certainty.min_scores["deu_Latn"]["long"].min_score == 0.5
    assert recipe.keep == "latest"
    assert recipe.filters[0].min_chars == 7


def test_what_cannot_be_told_from_what_is_there_is_refused(built, tmp_path):
    out, recipe = built
    with pytest.raises(WhatIfError, match="keep, personal of the recipe are not what"):
        whatif(replace(recipe, personal="drop", keep="latest"), out / "demo")
    with pytest.raises(WhatIfError, match="run florilegium build first"):
        whatif(recipe, tmp_path / "demo")


def test_all_reasons_are_listed_and_the_first_is_that_of_the_ledger(warcs, tmp_path):
    recipe = changed(load("demo"), ["reasons=all", "filters.length.min_chars=900"])
    _, plan = build(recipe, warcs, tmp_path)
    assert list(verify(plan.release)) == []
    losses = pq.read_table(plan.release / "audit" / "losses").to_pylist()
    reasons = pq.read_table(plan.release / "audit" / "reasons").to_pylist()
    late = Counter((x["id"], x["rule"]) for x in losses if x["stage"] in ("duplicates", "quality"))
    assert Counter((x["id"], x["rule"]) for x in reasons if x["decides"]) == late
    assert all(x["value"] != x["limit"] for x in reasons if x["stage"] == "quality")
    several = Counter(x["id"] for x in reasons)
    assert max(several.values()) > 2
    copies = {x["id"] for x in reasons if x["stage"] == "duplicates"}
    assert any(x["id"] in copies and x["stage"] == "quality" for x in reasons)


def test_the_command_answers_as_a_table_and_as_json(built):
    out, _ = built
    file = out / "asked.toml"
    demo = (Path(builds.__file__).parent / "recipes" / "demo.toml").read_text()
    file.write_text(f'{demo}\n[lines]\nrepeated = "count"\nmin_pages = 2\nmin_repeats = 2\n')
    command = [sys.executable, "-m", "florilegium.pipelines.cli.main", "whatif", str(file)]
    command += ["--out", str(out), "--set", STRICT[1]]
    said = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True).stdout
    assert "non_symbol_chars" in said
    assert "limit 900.000" in said
    assert not {"+0", "-0"} & set(said.split())
    told = subprocess.run([*command, "--output", "json"], capture_output=True, timeout=100)
    answer = json.loads(told.stdout)
    assert answer["build_id"] == Path(out / "demo" / "latest").readlink().name or answer["changes"]
    wrong = [*command[:-1], "filters.length.min_char=3"]
    refused = subprocess.run(wrong, capture_output=True, text=True, timeout=100)
    assert refused.returncode == 2
    assert "did you mean 'min_chars'?" in refused.stderr
    assert manifests.read(out / "demo" / "latest").documents
