"""A build that fails its gates leaves its release staged, and says so by exit code 4."""

import json
import os
import signal

import pytest
from erasing import RECIPE, florilegium, page, text
from hosts import CRAWLED, capture

from florilegium.manifests import gate_report, promotion
from florilegium.pipelines.gates import admission

pytest_plugins = ["erasing"]

GATES = """
[gates]
min_documents = 10
max_top_domain = 0.3
"""


@pytest.fixture
def gated(garden):
    """The corpus, with a release that passed its gates."""
    rewrite(garden, RECIPE + GATES)
    garden.build()
    return garden


def rewrite(garden, recipe):
    (garden.folder / "garten.toml").write_text(recipe)


def build(garden, code, *words):
    return florilegium(
        "build", garden.folder / "garten.toml", "--input", garden.folder / "crawl", "--out",
        garden.folder / "corpora", "--workers", 1, *words, code=code,
    )  # fmt: skip


def spammed(garden):
    """Add a file with a host that fills the corpus."""
    records = [
        capture(f"https://spam.example/{n}", page(text(n)), at=CRAWLED,
                Content_Type="text/html; charset=utf-8")
        for n in range(300, 360)
    ]  # fmt: skip
    (garden.folder / "crawl" / "spam.warc.gz").write_bytes(b"".join(records))


def test_a_release_that_passes_is_promoted_with_a_report(gated):
    report = gate_report.read(gated.latest)
    assert report.failed == ()
    assert report.build_id == gated.latest.name
    before = promotion.decode((gated.home / promotion.NAME).read_bytes()).earlier[0]
    assert report.parent == before.build_id
    done = build(gated, 3, "--output", "json")
    assert json.loads(done.stdout)["gates"]["gates"][0]["name"] == "keep_rate"


def test_a_broken_rule_leaves_the_release_staged_until_somebody_accepts_it(gated):
    good = gated.latest.name
    broken = RECIPE.replace("min_chars = 200", "min_chars = 953") + GATES
    rewrite(gated, broken)
    done = build(gated, 4, "--output", "json")
    answer = json.loads(done.stdout)
    assert "is staged, not promoted: it failed" in done.stderr
    assert gated.latest.name == good
    assert (gated.home / answer["build_id"] / "manifest.json").is_file()
    assert not list((gated.home / "work" / "builds").glob("*"))
    failed = [gate["name"] for gate in answer["gates"]["gates"] if not gate["passed"]]
    assert failed[0] == "keep_rate_change"
    again = build(gated, 4, "--output", "json")
    assert json.loads(again.stdout) == answer
    staged = gated.home / answer["build_id"]
    judged = florilegium("gates", staged, "--output", "json", code=4)
    assert json.loads(judged.stdout) == answer["gates"]
    assert florilegium("gates", staged, "--against", staged, code=0).stdout.count("FAILED") == 0
    florilegium("promote", staged, code=4)
    words = [word for name in failed for word in ("--despite", name)]
    florilegium("promote", staged, *words, "--because", "Short texts are not wanted any more")
    assert gated.latest == staged
    build(gated, 3)
    florilegium("gates", gated.home / "latest", code=4)
    florilegium("promote", "--back", gated.home)
    assert gated.latest.name == good
    build(gated, 4)


def test_a_host_that_fills_the_corpus_is_not_promoted(gated):
    good = gated.latest.name
    spammed(gated)
    done = build(gated, 4)
    assert "spam.example" in done.stdout
    assert "FAILED" in done.stdout
    assert gated.latest.name == good
    rewrite(gated, RECIPE + GATES + 'off = ["top_domain", "documents", "tokens"]\n')
    build(gated, 0)
    assert gated.latest.name != good


def test_gates_are_not_passed_by_losing_their_report(gated):
    good = gated.latest.name
    spammed(gated)
    staged = gated.home / json.loads(build(gated, 4, "--output", "json").stdout)["build_id"]
    report = gated.home / "gates" / f"{staged.name}.json"
    report.write_text('{"gates": 7}')
    for done in (build(gated, 1), florilegium("promote", staged, code=2)):
        assert f"{report} is no report of gates" in done.stderr.replace("\n", " ")
    report.unlink()
    assert "top_domain" in florilegium("promote", staged, code=4).stderr
    assert "top_domain" in gate_report.read(staged).failed
    assert gated.latest.name == good


def test_without_gates_everything_is_promoted(garden):
    before = garden.latest
    spammed(garden)
    build(garden, 0)
    assert garden.latest != before
    assert not (garden.home / "gates").exists()


def test_a_build_stopped_before_its_gates_is_judged_by_the_next(gated, monkeypatch):
    good = gated.latest.name
    spammed(gated)

    def stopped(*_):
        os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as broken:
        broken.setattr(admission, "judge", stopped)
        build(gated, 130)
    assert gated.latest.name == good
    staged = [row for row in gated.home.glob("*/manifest.json") if row.parent.name != "latest"]
    assert len(staged) == 3
    build(gated, 4)
    assert gated.latest.name == good
    assert not list((gated.home / "work" / "builds").glob("*"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('off = ["top-domain"]', "off"),
        ("max_psy = 1", "max_psi"),
        ("max_personal_per_mb = { ibann = 1 }", "iban"),
        ("max_top_domain = 2", "max_top_domain"),
    ],
)
def test_limits_that_make_no_sense_are_refused(garden, line, said):
    rewrite(garden, f"{RECIPE}\n[gates]\n{line}\n")
    assert said in build(garden, 2).stderr
