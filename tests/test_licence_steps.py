"""Licences of hosts in a build that is taken step by step, and in one taken at once."""

import json
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hosts import capture

from florilegium.filters.licence_hosts import settled
from florilegium.filters.licence_names import strictness
from florilegium.manifests import manifest as manifests
from florilegium.pipelines.cli.main import main
from florilegium.pipelines.steps import STEPS

RECIPE = """
name = "frei"
languages = ["deu_Latn"]
keep = "licence"
[licences]
consensus = "apply"
[lines]
repeated = "cut"
[[filters]]
use = "length"
"""
LINK = '<a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>'
NOUNS = [
    "Garten", "Brunnen", "Mühle", "Wiese", "Brücke", "Kapelle", "Scheune", "Hügel", "Markt",
]  # fmt: skip


def page(number, footer):
    """A page in German like no other."""
    chance = random.Random(number)
    lines = "".join(
        f"<p>Die Geschichte von {chance.choice(NOUNS)} und {chance.choice(NOUNS)} ist lang, denn "
        f"der Ort liegt seit {chance.randrange(40, 9_000)} Jahren am Rand des Dorfes "
        f"{chance.choice(NOUNS)}, und niemand weiß genau, warum das so ist.</p>"
        for _ in range(6)
    )
    return f"<!DOCTYPE html><title>Seite</title><main>{lines}</main><footer>{footer}</footer>"


def captured(host, number, footer):
    url = f"https://{host}.example/{number}"
    return capture(url, page(f"{host}{number}", footer), Content_Type="text/html; charset=utf-8")


CRAWL = [
    *(captured("alle", n, LINK) for n in range(6)),
    *(captured("eine", n, LINK if n == 0 else "Impressum") for n in range(6)),
    *(captured("wenige", n, LINK) for n in range(3)),
]


@pytest.fixture(scope="module")
def crawl(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crawl")
    for number in range(2):
        (folder / f"{number}.warc.gz").write_bytes(b"".join(CRAWL[number::2]))
    (folder / "frei.toml").write_text(RECIPE)
    return folder


def build(crawl, home, *more):
    words = ["build", crawl / "frei.toml", "--input", crawl, "--out", home, "--output", "json"]
    done = CliRunner().invoke(main, [*map(str, words), "--workers", "1", *more])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture(scope="module")
def at_once(crawl, tmp_path_factory):
    code, answer, said = build(crawl, tmp_path_factory.mktemp("at-once"))
    assert code == 0, said
    return Path(json.loads(answer)["release"])


def test_consensus_of_hosts_is_in_the_release(at_once):
    rows = pq.read_table(at_once / "data", columns=["host", "license", "license_tier"]).to_pylist()
    found = {}
    for row in rows:
        found.setdefault(row["host"], []).append((row["license"], row["license_tier"]))
    plain = found["wenige.example"][0]
    assert plain[0] == "CC-BY-4.0"
    assert found["alle.example"] == [("CC-BY-4.0", "B")] * 6
    lone = [one for one in found["eine.example"] if one[0] is not None]
    assert len(lone) == 1
    assert lone[0][1] > plain[1]
    table = pq.read_table(at_once / "audit" / "licences").to_pylist()
    assert {(row["host"], row["pages"]) for row in table} >= {("alle.example", 6)}


def test_steps_one_after_the_other_make_the_same_release(crawl, at_once, tmp_path):
    for step in STEPS:
        code, answer, said = build(crawl, tmp_path, "--step", step)
        assert code == 0, (step, said)
        assert json.loads(answer)["step"] == step
    code, answer, said = build(crawl, tmp_path)
    assert code == 0, said
    release = Path(json.loads(answer)["release"])
    assert manifests.read(release).root == manifests.read(at_once).root
    assert manifests.read(release).tables == manifests.read(at_once).tables
    for folder in ("data", "audit"):
        files = sorted((at_once / folder).rglob("*.parquet"))
        for path in files:
            assert (release / path.relative_to(at_once)).read_bytes() == path.read_bytes(), path
    verified = CliRunner().invoke(main, ["verify", str(release)])
    assert verified.exit_code == 0, verified.output


@pytest.mark.parametrize(
    ("step", "missing"),
    [("licences", "deduplicate"), ("decide", "licences"), ("publish", "decide")],
)
def test_a_step_names_the_one_that_is_missing(crawl, tmp_path, step, missing):
    for before in ("harvest", "deduplicate", "lines", "licences", "decide"):
        if before == missing:
            break
        assert build(crawl, tmp_path, "--step", before)[0] == 0
    code, _, said = build(crawl, tmp_path, "--step", step)
    assert code == 1
    assert f"{missing} is not done: run it first, with --step {missing}" in said


@pytest.mark.parametrize("spdx", ["CC0-1.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-NC-ND-4.0"])
@pytest.mark.parametrize("tier", "ABCD")
@pytest.mark.parametrize("move", [-1, 0, 1])
def test_consensus_changes_the_rank_of_copies_in_one_case_only(spdx, tier, move):
    """That is why `keep = "licence"` can come before it; see docs/decisions/0023."""
    family = spdx.rpartition("-")[0]
    after, _ = settled(spdx, tier, 0, {family: move})
    same = strictness(spdx, tier) == strictness(spdx, after)
    assert same == ((tier, move) != ("C", 1))
