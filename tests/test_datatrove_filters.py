"""Filters of datatrove in a build of ours. Where datatrove is not installed, only that is said."""

from importlib.util import find_spec

import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from florilegium.filters.datatrove import Datatrove
from florilegium.manifests.verify import verify
from florilegium.pipelines import build as builds
from florilegium.pipelines.assessment.datatrove_filters import DatatroveError, DatatroveFilters
from florilegium.pipelines.commands.answers import console_for
from florilegium.pipelines.commands.display import Display
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.recipe import load, parse
from florilegium.pipelines.research.whatif import WhatIfError, whatif

THERE = find_spec("datatrove") is not None
needed = pytest.mark.skipif(not THERE, reason="datatrove is not installed")
RECIPE = b"""
name = "x"
languages = ["deu_Latn"]
[[filters]]
use = "datatrove"
filter = "RegexFilter"
arguments = { regex_exp = "Moor" }
"""
REGEX = Datatrove(filter="RegexFilter", arguments={"regex_exp": "[Mm]oor"})


@pytest.mark.skipif(THERE, reason="datatrove is installed")
def test_where_datatrove_is_not_installed_a_recipe_with_its_filters_says_so():
    with pytest.raises(DatatroveError, match=r"pip install 'florilegium\[datatrove\]'"):
        DatatroveFilters([REGEX])


def test_a_recipe_names_the_class_and_its_arguments():
    (mine,) = parse(RECIPE, "x").filters
    assert mine.name == "RegexFilter"
    assert mine.arguments == {"regex_exp": "Moor"}


def test_its_objection_is_a_measure_with_the_reason(document):
    facts = document(1, objections='{"RegexFilter":"regex"}')
    failed = REGEX(facts)
    assert (failed.rule, failed.value, failed.limit, failed.detail) == (
        "RegexFilter",
        1,
        0,
        "regex",
    )
    assert REGEX(document(1)) is None
    assert replace(REGEX, label="other")(facts) is None


@needed
@pytest.mark.parametrize(
    ("mine", "said"),
    [
        ([Datatrove(filter="GopherQualtyFilter")], "there are: .*GopherQualityFilter"),
        ([Datatrove(filter="os.path.join")], "no filter of datatrove"),
        ([Datatrove(filter="RegexFilter", arguments={"x": 1})], "cannot be made with its arg"),
        ([REGEX, replace(REGEX, arguments={"regex_exp": "x"})], "give each a `label`"),
    ],
)
def test_what_is_no_filter_is_refused(mine, said):
    with pytest.raises(DatatroveError, match=said):
        DatatroveFilters(mine)


@needed
def test_verdicts_are_those_of_the_class_itself_and_texts_stay_as_they_are(document):
    from datatrove.data import Document as Theirs
    from datatrove.pipeline.filters import GopherQualityFilter

    arguments = {"min_doc_words": 12, "min_stop_words": 0}
    own = GopherQualityFilter(**arguments)
    ours = DatatroveFilters([Datatrove(filter="GopherQualityFilter", arguments=arguments)])
    texts = ["zu kurz", "Ein Satz, der lang genug ist, um zu bleiben, weil er viele Wörter hat.",
             "# # # # # # # # # # # # # #", "..." * 40]  # fmt: skip
    for number, text in enumerate(texts):
        theirs = own.filter(Theirs(text=text, id="x"))
        found = ours.assess(document(number, text=text)).get("objections")
        expected = None if theirs is True else f'{{"GopherQualityFilter":"{theirs[1]}"}}'
        assert found == expected


@needed
def test_a_filter_sees_only_the_languages_that_it_is_for(document):
    ours = DatatroveFilters([replace(REGEX, languages=("fra_Latn",))])
    assert ours.assess(document(1, text="Moor")) == {}
    assert ours.assess(document(1, "fra_Latn", text="Moor"))


@needed
def test_a_filter_that_fails_on_a_page_loses_that_page_and_says_why(document):
    arguments = {"min_doc_words": 0, "min_avg_word_length": 0}
    ours = DatatroveFilters([Datatrove(filter="GopherQualityFilter", arguments=arguments)])
    assert "ZeroDivisionError" in ours.assess(document(1, text="\n"))["objections"]


@needed
def test_a_build_has_its_reasons_in_the_ledger_and_its_version_in_the_manifest(tmp_path):
    warcs = find_files(map(str, pack(tmp_path / "warcs")))
    recipe = replace(load("demo"), filters=(*load("demo").filters, REGEX))
    plan = builds.plan(recipe, warcs, tmp_path / "out")
    manifest = builds.build(plan, Embedded(), Display(console_for("json")))
    assert list(verify(plan.release)) == []
    ledger = pq.read_table(plan.release / "audit" / "losses").to_pylist()
    lost = [x for x in ledger if x["rule"] == "RegexFilter"]
    assert lost
    assert {(x["stage"], x["value"], x["limit"]) for x in lost} == {("quality", 1, 0)}
    texts = pq.read_table(plan.release / "data", columns=["text"]).column("text").to_pylist()
    assert not any("moor" in text.lower() for text in texts)
    (named,) = (r.name for r in manifest.resources if r.name.startswith("datatrove"))
    assert named.endswith("RegexFilter")
    answer = whatif(load("demo"), plan.home)
    assert sum(change.gained.documents for change in answer.changes) == len(lost)
    other = replace(recipe, filters=(Datatrove(filter="GopherQualityFilter"),))
    with pytest.raises(WhatIfError, match="GopherQualityFilter has not seen"):
        whatif(other, plan.home)
