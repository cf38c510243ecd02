"""The demonstration for research, where reservations have no effect and all are recorded."""

import json
import subprocess
import sys
from collections import Counter
from importlib import resources
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from florilegium.manifests import manifest as manifests
from florilegium.pipelines.demo.web import captures, pack

FLORILEGIUM = [sys.executable, "-m", "florilegium.pipelines.cli.main"]
DEMO = (resources.files("florilegium.pipelines") / "recipes" / "demo.toml").read_text("utf-8")
REFUSED = {one.url: one.reason for one in captures() if one.reason.startswith("rights:")}
SILENT = {url for url, reason in REFUSED.items() if reason == "rights:robots_unreachable"}


def florilegium(*words):
    done = subprocess.run(
        [*FLORILEGIUM, *map(str, words)], capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    folder = tmp_path_factory.mktemp("research")
    pack(folder / "warc")
    (folder / "research.toml").write_text(f'{DEMO}\n[rights]\nregime = "research_60d"\n')
    answer = florilegium(
        "build", folder / "research.toml", "--input", folder / "warc", "--out", folder,
        "--output", "json",
    )  # fmt: skip
    return Path(json.loads(answer)["release"])


def rows(release, folder, columns):
    return pq.read_table(f"{release}/{folder}", columns=columns).to_pylist()


@pytest.fixture(scope="module")
def held(release):
    found = rows(release, "data", ["id", "url", "rights", "rights_crawl", "rights_build"])
    return {row["url"]: row for row in found}


def test_research_loses_no_page_to_a_reservation_and_says_so(release):
    manifest = manifests.read(release)
    assert manifest.opt_outs.regime == "research_60d"
    assert manifest.opt_outs.removed == {}
    assert not any(protocol.honoured for protocol in manifest.opt_outs.protocols)
    steps = [step for step in manifest.funnel if step.stage == "rights"]
    assert sum(step.received for step in steps) > 100
    assert not any(step.lost for step in steps)
    assert not [one for one in rows(release, "audit/losses", ["stage"]) if one["stage"] == "rights"]
    florilegium("verify", release)


def test_pages_that_are_reserved_are_there_with_their_marks_or_are_copies(release, held):
    there = REFUSED.keys() & held.keys()
    lost = Counter(one["stage"] for one in rows(release, "audit/losses", ["stage"]))
    assert len(there) + lost["duplicates"] >= len(REFUSED)
    assert {REFUSED[url].partition("_")[0] for url in there} == {
        "rights:noai", "rights:noindex", "rights:tdm", "rights:content",
    }  # fmt: skip
    for url in there:
        verdicts = {held[url]["rights_crawl"], held[url]["rights_build"]}
        if url in SILENT:
            assert verdicts == {"unreachable"}
        else:
            assert held[url]["rights"]
            assert "reserved" in verdicts, url


def test_what_anyone_else_must_leave_out_can_be_told_from_the_release(release, held):
    """Reservations of pages and hosts are found by another policy; silence is none."""
    answer = florilegium("opt-outs", release, "--recipe", "demo", "--output", "json")
    by_id = {row["id"].hex(): url for url, row in held.items()}
    found = {by_id[one["id"]]: one for one in map(json.loads, answer.splitlines())}
    assert found.keys() == (REFUSED.keys() & held.keys()) - SILENT
    for url, one in found.items():
        name = one["rule"].removesuffix("_page")
        assert REFUSED[url].startswith(f"rights:{name}"), url
        assert one["source"]
