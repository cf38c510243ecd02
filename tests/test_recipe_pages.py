"""Recipes of the field: what is told of them, and that their pages say what was built."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from florilegium.pipelines.cli.main import main
from florilegium.pipelines.recipe import load, parse
from florilegium.pipelines.recipe_explained import _UNPAGED, explained, listed
from florilegium.pipelines.recipe_files import shipped

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "recipes"
FIELD = [name for name in shipped() if name not in _UNPAGED]


@pytest.fixture(scope="module")
def funnels():
    path = ROOT / "bench" / "recipe_funnels.py"
    spec = importlib.util.spec_from_file_location("recipe_funnels", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["recipe_funnels"] = module
    spec.loader.exec_module(module)
    return module


def told(*arguments):
    done = CliRunner().invoke(main, ["recipes", *arguments])
    return done.exit_code, done.output


def test_every_recipe_of_the_field_has_a_page_and_figures(funnels):
    figures = json.loads(funnels.FIGURES.read_text("utf-8"))
    assert set(FIELD) == set(funnels.FIELD) == set(figures)
    assert {path.stem for path in PAGES.glob("*.md")} == {*FIELD, "README"}


def test_pages_show_the_figures(funnels):
    for path, text in funnels.pages(json.loads(funnels.FIGURES.read_text("utf-8"))).items():
        assert path.read_text("utf-8") == text, path.name


@pytest.mark.parametrize("name", FIELD)
def test_figures_are_of_the_settings_that_the_recipe_has_and_add_up(name):
    one = json.loads((PAGES / "funnels.json").read_text("utf-8"))[name]
    assert one["settings"] == json.loads(json.dumps(explained(name).settings))
    lost = sum(number for rules in one["lost"].values() for number in rules.values())
    assert one["records"] == one["documents"] + lost


@pytest.mark.parametrize("name", FIELD)
def test_a_page_tells_sources_what_is_inferred_and_what_differs(name):
    page = (PAGES / f"{name}.md").read_text("utf-8")
    headings = re.findall(r"^## (.*)$", page, re.MULTILINE)
    assert headings == [
        *("What is published", "What is inferred", "What differs here, and why"),
        "On the real sample",
    ]
    if name != "soofi":  # it has published nothing, and its page says so
        assert re.search(r"arXiv:\d{4}\.\d{5}|GitHub \S+/\S+", page)
    assert explained(name).page == f"docs/recipes/{name}.md"
    assert explained(name).description


def test_the_recipe_of_the_index_is_one():
    (text,) = re.findall(r"```toml\n(.*?)```", (PAGES / "README.md").read_text("utf-8"), re.DOTALL)
    found = parse(text.encode(), "README")
    assert found.filters[0].min_chars == 500
    assert found.filters[-1].max_class == "share-alike"


def test_recipes_are_listed_with_a_line_each():
    code, said = told()
    assert code == 0
    assert [line.split()[0] for line in said.splitlines()] == shipped()
    assert all(one.description in said for one in listed())
    assert [one["name"] for one in json.loads(told("--output", "json")[1])] == shipped()


def test_a_recipe_is_explained_against_its_base_and_the_defaults():
    code, said = told("apertus")
    assert code == 0
    assert "follows from   fineweb2 -> european" in said
    assert '  rights.retroactive = "agents"  (was "all")' in said
    assert "  - filters.length" in said
    assert "docs/recipes/apertus.md" in said
    found = json.loads(told("apertus", "--output", "json")[1])
    assert found["bases"] == ["fineweb2", "european"]
    changes = {one["key"]: (one["before"], one["after"]) for one in found["from_base"]}
    assert changes["rights.regime"] == ("research_60d", "commercial_art4")
    assert "rights.regime" not in {one["key"] for one in found["from_defaults"]}


def test_a_recipe_that_says_nothing_otherwise_is_told_so(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nbase = "european"')
    assert "otherwise than european:\n  nothing" in told(str(path))[1]
    assert explained(str(path)).page == ""


def test_a_recipe_that_is_none_is_refused():
    assert told("apertos")[0] == 2


def test_named_agents_of_apertus_are_asked_for_and_its_kinds_replaced():
    found = load("apertus")
    assert found.rights.agents == ("*", "apertus")
    assert found.kinds_to("mask") == {"email", "ip", "iban"}
