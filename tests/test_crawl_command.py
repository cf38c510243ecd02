"""The command line of a crawl, and builds that begin with one."""

import json
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from crawls import frontier, serving

from florilegium.pipelines.cli.main import main
from florilegium.pipelines.crawl.seeds import SeedError, seeds
from florilegium.pipelines.recipe import RecipeError, parse

CONTACT = ["--contact", "https://crawl.example/about"]


def answer(*arguments):
    done = CliRunner().invoke(main, ["crawl", *map(str, arguments)])
    return done.exit_code, done.output


def test_there_is_no_crawl_without_a_contact(tmp_path):
    code, said = answer("https://a.example/", "--out", tmp_path / "out")
    assert code == 2
    assert "there is no contact" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["https://a.example/", "--contact", "me"], "crawl.contact"),
        ([*CONTACT], "there are no seeds"),
        (["ftp://a.example/", *CONTACT], "no address to crawl"),
        (["https://a.example/", "--set", "budget.deepth=3", *CONTACT], "did you mean 'depth'?"),
        (["https://a.example/", "--set", "delay=-1", *CONTACT], "crawl.delay"),
        (["https://a.example/", "--set", 'scope.languages=["deu"]', *CONTACT], "unknown language"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_done(tmp_path, arguments, problem):
    code, said = answer(*arguments, "--out", tmp_path / "out")
    assert code == 2
    assert problem in said
    assert not (tmp_path / "out").exists()


def test_seeds_that_must_not_be_dialled_are_refused_at_once(tmp_path):
    seeds = ["http://127.0.0.1/", "http://[::1]/", "http://10.1.2.3/", "http://1.1.1.1:9/"]
    code, said = answer(*seeds, *CONTACT, "--out", tmp_path / "out")
    assert code == 0
    assert "end: done" in said
    rows = frontier(tmp_path / "out").values()
    assert {(row["state"], row["reason"].partition(":")[0]) for row in rows} == {
        ("refused", "address")
    }
    assert len(rows) == len(seeds)


def test_a_file_of_seeds_may_have_remarks_and_says_which_line_is_wrong(tmp_path):
    path = tmp_path / "seeds.txt"
    path.write_text("# ours\nhttps://b.example/#top\n\nHTTPS://a.example\nhttps://b.example/\n")
    assert [seed.href for seed in seeds([str(path)])] == [
        "https://a.example/",
        "https://b.example/",
    ]
    path.write_text("https://b.example/\nb.example\n")
    with pytest.raises(SeedError, match=r"line 2: 'b\.example'"):
        seeds([str(path)])
    with pytest.raises(SeedError, match="no such file"):
        seeds(["example.org"])


def test_a_recipe_whose_crawl_has_an_unknown_key_is_refused():
    with pytest.raises(RecipeError, match="did you mean 'contact'"):
        parse(b'name = "x"\nlanguages = ["deu_Latn"]\n[crawl]\ncontakt = "x"', "r.toml")


def test_a_build_whose_recipe_crawls_begins_with_that(tmp_path):
    with serving(tmp_path, 2, 4, paragraphs=12) as web:
        recipe = tmp_path / "small.toml"
        recipe.write_text(f"""
name = "small"
languages = ["european"]
[[filters]]
use = "length"
[crawl]
seeds = {json.dumps(web.seeds())}
contact = "https://crawl.example/about"
delay = 0.02
network = {{ ports = [], open = ["127.0.0.0/8"], hosts = "{web.hosts_file(tmp_path)}" }}
""")
        florilegium = [sys.executable, "-m", "florilegium.pipelines.cli.main"]
        command = [*florilegium, "build", str(recipe), "--out", str(tmp_path), "--output", "json"]
        first = subprocess.run(command, capture_output=True, text=True, check=False)
        assert first.returncode == 0, first.stderr
        second = subprocess.run(command, capture_output=True, text=True, check=False)
        assert second.returncode == 3, second.stderr
    built = json.loads(first.stdout)
    losses = pq.read_table(f"{built['release']}/audit/losses").to_pylist()
    assert built["records"] == built["documents"] + len(losses)
    rules = {(loss["rule"], loss["detail"]) for loss in losses}
    assert ("host_record", "/robots.txt") in rules
