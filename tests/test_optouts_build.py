"""A crawl with what its hosts say: built, verified, inspected, and held against what came later."""

import json
import random
import subprocess
import sys
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from hosts import CRAWLED, DAY, capture

from florilegium.filters.optouts.agents import LISTS
from florilegium.manifests import manifest as manifests

FLORILEGIUM = [sys.executable, "-m", "florilegium.pipelines.cli.main"]
RECIPE = """
name = "wald"
languages = ["deu_Latn"]
[[filters]]
use = "length"
"""
NOUNS = [
    "Garten", "Brunnen", "Mühle", "Wiese", "Brücke", "Kapelle", "Scheune", "Hügel", "Werkstatt",
    "Bäckerei", "Markt", "Ufer",
]  # fmt: skip
VERBS = ["liegt", "steht", "ruht", "wartet", "leuchtet", "schweigt", "verfällt", "wächst"]
WHERE = "am Rand des Dorfes|hinter der alten Mauer|im Schatten der Linden|neben dem stillen Bach|"
WHERE += "über den Dächern der Stadt|nicht weit vom Bahnhof|unter einem hohen Himmel"


def page(number):
    """A page in German like no other."""
    chance = random.Random(number)
    lines = [
        f"Die Geschichte von {chance.choice(NOUNS)} und {chance.choice(NOUNS)} ist lang, denn "
        f"der Ort {chance.choice(VERBS)} seit {chance.randrange(40, 900)} Jahren "
        f"{chance.choice(WHERE.split('|'))}, und niemand weiß genau, warum das so ist."
        for _ in range(6)
    ]
    body = "".join(f"<p>{line}</p>" for line in lines)
    return f"<!DOCTYPE html><html><head><title>Seite</title></head><body><main>{body}</main></body>"


TERMS = (
    '<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license>'
    '<prohibits type="usage">ai-train</prohibits></license></content></rsl>'
)
REFUSING = "User-agent: GPTBot\nDisallow: /"
SAID = [
    capture("https://frei.example/robots.txt", "User-agent: *\nDisallow: /privat"),
    capture("https://zu.example/robots.txt", REFUSING),
    capture("https://spaet.example/robots.txt", "User-agent: *\nAllow: /"),
    capture("https://spaet.example/robots.txt", REFUSING, at=CRAWLED + 90 * DAY),
    capture("https://kaputt.example/robots.txt", "later", 503),
    capture("https://ohne.example/robots.txt", "none", 404),
    capture("https://tdm.example/.well-known/tdmrep.json",
            '[{"location": "/", "tdm-reservation": 1}]'),
    capture("https://ai.example/ai.txt", "User-Agent: *\nDisallow: *.html"),
    capture("https://rsl.example/robots.txt", "License: https://rsl.example/license.xml"),
    capture("https://rsl.example/license.xml", TERMS, Content_Type="application/rsl+xml"),
    capture("https://nutzung.example/robots.txt",
            "User-agent: *\nContent-Usage: /kurse train-ai=n"),
    capture("https://signal.example/robots.txt", "User-agent: *\nContent-Signal: ai-train=no"),
    capture("https://umzug.example/robots.txt", "", 301,
            Location="https://www.umzug.example/robots.txt"),
    capture("https://www.umzug.example/robots.txt", "User-agent: *\nDisallow: /"),
    capture("https://weg.example/robots.txt", "", 308, Location="http://zu.example/robots.txt"),
]  # fmt: skip
FATES = {
    "https://frei.example/a": "allowed allowed",
    "https://frei.example/privat/a": "robots_txt",
    "https://zu.example/a": "robots_txt",
    "https://spaet.example/a": "robots_txt",
    "https://kaputt.example/a": "robots_unreachable",
    "https://ohne.example/a": "allowed allowed",
    "https://tdm.example/a": "tdm_file",
    "https://tdm.example/b": "unknown unknown",
    "https://ai.example/a": "ai_txt",
    "https://rsl.example/a": "rsl_file",
    "https://nutzung.example/kurse/a": "content_usage_robots",
    "https://nutzung.example/a": "allowed allowed",
    "https://signal.example/a": "content_signal",
    "https://umzug.example/a": "robots_txt",
    "https://weg.example/a": "robots_txt",
    "https://stumm.example/a": "unknown unknown",
    "https://zu.example/kopie": "robots_txt",
    "https://stumm.example/kopie": "unknown unknown",
}
COPY = 99
PAGES = [
    capture(
        url,
        page(COPY if url.endswith("kopie") else number),
        Content_Type="text/html; charset=utf-8",
        **({"tdm_reservation": "0"} if url == "https://tdm.example/b" else {}),
    )
    for number, url in enumerate(FATES)
]


def florilegium(*words):
    done = subprocess.run(
        [*FLORILEGIUM, *map(str, words)], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def build(home, folder, workers=1, turned=False):
    recipe = home / "wald.toml"
    recipe.write_text(RECIPE)
    files = sorted(folder.glob("*.warc.gz"), reverse=turned)
    named = [word for file in files for word in ("--input", file)]
    answer = florilegium(
        "build", recipe, *named, "--out", home, "--workers", workers, "--output", "json"
    )
    return Path(json.loads(answer)["release"])


@pytest.fixture(scope="module")
def crawl(tmp_path_factory):
    """Two files of pages, and a file of what hosts say between them."""
    folder = tmp_path_factory.mktemp("crawl")
    (folder / "a.warc.gz").write_bytes(b"".join(PAGES[::2]))
    (folder / "b.warc.gz").write_bytes(b"".join(SAID))
    (folder / "c.warc.gz").write_bytes(b"".join(PAGES[1::2]))
    return folder


@pytest.fixture(scope="module")
def release(crawl, tmp_path_factory):
    return build(tmp_path_factory.mktemp("release"), crawl)


def rows(release, folder):
    return pq.read_table(release / folder).to_pylist()


def test_every_page_ends_as_its_host_wants(release):
    kept = {r["url"]: f"{r['rights_crawl']} {r['rights_build']}" for r in rows(release, "data")}
    assert kept == {url: fate for url, fate in FATES.items() if " " in fate}
    lost = [(r["host"], r["rule"]) for r in rows(release, "audit/losses") if r["stage"] == "rights"]
    expected = [(url.split("/")[2], fate) for url, fate in FATES.items() if " " not in fate]
    assert sorted(lost) == sorted(expected)
    assert florilegium("verify", release).endswith("verified\n")


def test_every_word_of_a_host_is_in_the_ledger_and_in_the_table_of_rights(release):
    heard = [r for r in rows(release, "audit/losses") if r["rule"] == "host_record"]
    assert len(heard) == len(SAID)
    assert {(r["stage"], r["warc"]) for r in heard} == {("read", "b.warc.gz")}
    table = rows(release, "audit/rights")
    assert len(table) == len(SAID)
    states = {r["origin"]: r["state"] for r in table}
    assert states["https://kaputt.example"] == "unreachable"
    assert states["https://ohne.example"] == "none"
    assert states["https://umzug.example"] == "redirect"
    assert {r["warc_offset"] for r in table} == {r["warc_offset"] for r in heard}


def test_a_refused_page_removes_no_copy_of_it(release):
    (copy,) = [r for r in rows(release, "data") if r["url"] == "https://stumm.example/kopie"]
    assert copy["dup_size"] == 1


def test_the_manifest_says_what_was_looked_for_and_what_it_removed(release):
    said = manifests.read(release).opt_outs
    assert said.removed == {
        "ai_txt": 1, "content_signal": 1, "content_usage_robots": 1, "robots_txt": 6,
        "robots_unreachable": 1, "rsl_file": 1, "tdm_file": 1,
    }  # fmt: skip
    assert said.origins == {"none": 1, "present": 8, "unknown": 3, "unreachable": 1}
    assert said.agents == ("*", "florilegium", *LISTS["training"])
    assert {p.name for p in said.protocols if p.honoured} >= {"robots-txt", "tdm", "rsl", "ai-txt"}
    names = {resource.name for resource in manifests.read(release).resources}
    assert "list of agents 2026-11" in names


def test_a_manifest_whose_opt_outs_are_not_those_of_the_funnel_is_refused(release):
    made = json.loads((release / "manifest.json").read_bytes())
    made["opt_outs"]["removed"]["robots_txt"] -= 1
    with pytest.raises(msgspec.ValidationError, match="opt-outs: the funnel removes"):
        msgspec.json.decode(json.dumps(made), type=manifests.Manifest)


def test_workers_and_the_order_of_inputs_change_nothing(crawl, release, tmp_path):
    again = build(tmp_path, crawl, workers=2, turned=True)
    for folder in ("data", "audit", "manifest.json"):
        for path in [release / folder, *(release / folder).rglob("*.parquet")]:
            if path.is_file():
                assert (again / path.relative_to(release)).read_bytes() == path.read_bytes(), path


def test_opt_outs_that_came_later_name_what_is_to_be_erased(release, tmp_path):
    later = tmp_path / "later.warc.gz"
    later.write_bytes(
        b"".join(
            [
                capture("https://frei.example/robots.txt", REFUSING, at=CRAWLED + 200 * DAY),
                capture("https://ohne.example/robots.txt", "x", 503, at=CRAWLED + 200 * DAY),
                capture("https://not.example/robots.txt", REFUSING, at=CRAWLED + 200 * DAY),
                # The release knows a newer one.
                capture("https://nutzung.example/robots.txt", REFUSING, at=CRAWLED - 9 * DAY),
            ]
        )
    )
    named = tmp_path / "list.txt"
    named.write_text("# asked by letter\n*.nutzung.example\nhttps://STUMM.example:443/a#x\n")
    found = [
        json.loads(line)
        for line in florilegium(
            "opt-outs", release, "--records", later, "--list", named, "--output", "json"
        ).splitlines()
    ]
    by_id = {r["id"].hex(): r["url"] for r in rows(release, "data")}
    assert {(by_id[one["id"]], one["rule"], one["detail"]) for one in found} == {
        ("https://frei.example/a", "robots_txt", "gptbot, line 2: Disallow: / (at build)"),
        ("https://stumm.example/a", "list", "line 3"),
    }
    assert {one["source"].split()[0] for one in found} == {"later.warc.gz", "list.txt"}
    assert all((release / one["path"]).is_file() for one in found)
    text = florilegium("opt-outs", release, "--list", named)
    assert [line.split("\t")[2] for line in text.splitlines()] == ["list"]


@pytest.mark.parametrize(("said", "line"), [("a b", 1), ("\nhttps://a:b/", 2), ("a/b", 1)])
def test_a_list_that_is_none_is_refused_by_line(release, tmp_path, said, line):
    (tmp_path / "list.txt").write_text(said)
    done = subprocess.run(
        [*FLORILEGIUM, "opt-outs", str(release), "--list", str(tmp_path / "list.txt")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert f"list.txt, line {line}: " in done.stderr


def test_inspect_says_in_plain_words_what_hosts_say(crawl, tmp_path):
    (tmp_path / "wald.toml").write_text(RECIPE)
    common = ("--input", crawl, "--recipe", tmp_path / "wald.toml")
    text = florilegium("inspect", "https://spaet.example/a", *common)
    assert "would be lost at rights by robots_txt (gptbot, line 2: Disallow: / (at build))" in text
    assert "robots.txt when captured: 22 bytes; https://spaet.example/robots.txt of 2026-03" in text
    assert "robots-txt known last: gptbot, line 2: Disallow: /; https://spaet.example/robo" in text
    assert "verdict: allowed when captured, reserved by what is known last" in text
    found = json.loads(
        florilegium("inspect", "https://stumm.example/a", *common, "--output", "json")
    )
    assert found["fate"] == "kept"
    assert found["host"] == ["the input has nothing that it says of the use of its pages"]
    text = florilegium("inspect", "https://weg.example/a", *common)
    there = f"{len(REFUSING)} bytes; https://zu.example/robots.txt of 2026-03"
    assert f"robots.txt when captured: {there}" in text
    text = florilegium("inspect", "https://kaputt.example/a", *common)
    assert "the host could not give it (status 503)" in text
