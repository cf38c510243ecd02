"""Two recipes on the same pages, by the command: what it says is what both manifests say."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from hosts import CRAWLED, DAY, capture

from florilegium.manifests import manifest as manifests
from florilegium.manifests.verify import verify
from florilegium.pipelines.cli.main import main
from florilegium.pipelines.lock import lock

TOML = """
name = "{name}"
languages = {languages}
keep = "{keep}"
{more}
[[filters]]
use = "length"
min_chars = {least}
"""
GERMAN = (
    "Am Morgen gehen die Kinder über die Brücke in die Schule, und der Bäcker räumt die Körbe ein.",
    "Im Herbst sammeln wir Pilze im Wald hinter dem Dorf, weil es dort nach dem Regen viele gibt.",
    "Die alte Mühle am Bach wurde im letzten Jahr von einem Verein gekauft und hergerichtet.",
    "Wer am Abend mit dem Boot hinausfährt, sieht die Lichter der Stadt auf dem Wasser tanzen.",
    "Der Gärtner schneidet die Hecken erst, wenn die jungen Vögel aus ihren Nestern geflogen sind.",
)
FRENCH = (
    "Le matin, les pêcheurs rentrent au port et vendent leurs poissons devant la mairie.",
    "La bibliothèque du village prête aussi des outils, que les voisins se partagent.",
    "En été, les enfants descendent à la rivière avec leurs parents et construisent des barrages.",
    "Le boulanger ouvre sa porte avant l'aube, quand les rues sont encore vides et silencieuses.",
)
HOSTILE = "Der Text\x1b[31m beginnt \u202e rückwärts [bold]und[/bold] <b onclick=x> mit Zeichen."


def page(*sentences):
    paragraphs = "".join(f"<p>{sentence}</p>" for sentence in sentences)
    return f"<html><title>Seite</title><body><article>{paragraphs}</article></body></html>"


@pytest.fixture(scope="module")
def warc(tmp_path_factory):
    """Pages short and long in two languages, copies captured on two days, and one that steers."""
    hostile = f"{HOSTILE} {GERMAN[4]} {GERMAN[3]}".replace("<", "&lt;").replace("\x1b", "&#27;")
    pages = [
        ("https://a.example/lang", page(*GERMAN), 0),
        ("https://b.example/copie", page(*GERMAN), 3),
        ("https://a.example/mittel", page(*GERMAN[1:4]), 0),
        ("https://a.example/hostile%1B[31m", page(hostile), 0),
        ("https://c.example/long", page(*FRENCH), 0),
        ("https://c.example/court", page(*FRENCH[:2]), 0),
    ]
    folder = tmp_path_factory.mktemp("warc")
    for number in (0, 1):
        some = pages[number::2]
        records = [
            capture(url, body, at=CRAWLED + day * DAY, Content_Type="text/html; charset=utf-8")
            for url, body, day in some
        ]
        (folder / f"{number}.warc.gz").write_bytes(b"".join(records))
    return folder


def written(folder, name, least=200, languages=("deu_Latn", "fra_Latn"), keep="earliest", more=""):
    path = folder / f"{name}.toml"
    listed = json.dumps(list(languages))
    path.write_text(TOML.format(name=name, languages=listed, keep=keep, least=least, more=more))
    return path


def ask(warc, out, *arguments):
    return CliRunner().invoke(
        main, ["compare", *map(str, arguments), "--input", str(warc), "--out", str(out)]
    )


def answer(warc, out, *arguments):
    done = ask(warc, out, *arguments, "--output", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def times(out):
    """When each part was finished, and each file of a release; `latest` leads to one of these."""
    home = out / "_compare"
    found = [*home.glob("work/parts/*/part.json"), *home.glob("*/data/*/*.parquet")]
    return {p: p.stat().st_mtime_ns for p in found if "latest" not in p.parts}


def parts(out):
    return list((out / "_compare" / "work" / "parts").glob("*/part.json"))


@pytest.fixture(scope="module")
def compared(warc, tmp_path_factory):
    """A recipe that keeps short texts and the first copy, and one that keeps neither."""
    out = tmp_path_factory.mktemp("corpora")
    lax, strict = written(out, "lax", 100), written(out, "strict", 260, keep="latest")
    return out, (lax, strict), answer(warc, out, lax, strict)


def test_what_each_keeps_adds_up_to_both_manifests_by_language(compared):
    _, _, said = compared
    for side in (said["a"], said["b"]):
        release = Path(side["release"])
        manifest = manifests.read(release)
        assert (side["documents"], side["tokens"]) == (manifest.documents, manifest.tokens)
        for one in manifest.languages:
            ways = side["languages"][one.lang].values()
            assert sum(way["documents"] for way in ways) == one.documents
            assert sum(way["tokens"] for way in ways) == one.tokens
        lost = {stage["stage"]: stage["lost"] for stage in side["stages"]}
        assert sum(lost.values()) == manifest.records - manifest.documents
        assert list(verify(release)) == []
    for lang in said["a"]["languages"].keys() & said["b"]["languages"].keys():
        mine, theirs = (said[side]["languages"][lang]["both"] for side in "ab")
        assert mine == theirs
    assert said["apart"] == []
    assert said["lengths_differ"] == 0


def test_another_copy_is_no_disagreement(compared):
    _, _, said = compared
    a, b = (said[side]["languages"]["deu_Latn"] for side in "ab")
    assert a["another_copy"]["documents"] == b["another_copy"]["documents"] == 1
    assert not any(x["stage"] == "duplicates" for s in "ab" for x in said[s]["lost_by_other"])


def test_what_only_one_keeps_is_explained_by_the_ledger_of_the_other(compared):
    _, _, said = compared
    assert said["b"]["lost_by_other"] == []
    only = sum(x["only"]["documents"] for x in said["a"]["languages"].values())
    why = Counter()
    for one in said["a"]["lost_by_other"]:
        why[one["stage"], one["rule"]] += one["documents"]
    assert why == {("quality", "non_symbol_chars"): only}
    assert only == 3
    for example in said["a"]["examples"]:
        assert example["value"] < example["limit"] == 260
        assert example["url"].startswith("https://")
    assert len(said["a"]["examples"]) == 2


def test_parts_are_harvested_once_and_nothing_is_done_twice(compared, warc):
    out, recipes, said = compared
    assert len(parts(out)) == 2
    assert not (out / "lax").exists()
    before = times(out)
    again = ask(warc, out, *recipes, "--examples", "0")
    assert "built from the same parts" in again.stdout
    assert again.stdout.count("built before") == 2
    assert "harvest " not in again.stdout
    assert times(out) == before
    assert answer(warc, out, *recipes) == said


def test_a_third_recipe_builds_on_what_is_there(compared, warc):
    out, recipes, _ = compared
    before = times(out)
    done = ask(warc, out, recipes[0], recipes[0], "--set-b", "filters.length.min_chars=250")
    assert done.exit_code == 0, done.output
    assert done.stdout.count("built before") == 1
    assert "2 of 2 units already done" in done.stdout
    assert {path: time for path, time in times(out).items() if path in before} == before
    assert len(parts(out)) == 2


def test_a_person_reads_tables_and_examples_that_do_not_steer_the_terminal(compared, warc):
    out, recipes, _ = compared
    done = ask(warc, out, *recipes, "--examples", "3")
    assert done.exit_code == 0
    assert not {"\x1b", "\u202e"} & set(done.stdout)
    assert "[bold]und[/bold] <b onclick=x>" in done.stdout
    assert "What B lost of what A keeps" in done.stdout
    assert "A has everything that B keeps" in done.stdout
    assert "A other copy" in done.stdout
    assert "limit 260" in done.stdout
    (row,) = [x.split() for x in done.stdout.splitlines() if x.startswith("all ")][:1]
    assert row == ["all", "6", "5", "83.3%", "2", "33.3%", "1", "3", "0", "1", "1"]


def test_recipes_that_read_the_input_otherwise_have_parts_of_their_own(warc, tmp_path):
    both, german = written(tmp_path, "both"), written(tmp_path, "german", languages=["deu_Latn"])
    done = ask(warc, tmp_path, both, german)
    assert "each recipe has parts of its own: the recipes differ in languages" in done.stdout
    said = answer(warc, tmp_path, both, german)
    assert said["apart"] == ["languages"]
    assert len(parts(tmp_path)) == 4
    (why,) = said["a"]["lost_by_other"]
    assert (why["lang"], why["stage"], why["rule"]) == ("fra_Latn", "identify", "language")
    assert said["a"]["examples"][0]["detail"] == "fra_Latn"
    assert "fra_Latn" not in said["b"]["texts"]


def test_settings_change_both_recipes_or_the_second(warc, tmp_path):
    one = written(tmp_path, "one")
    said = answer(
        warc, tmp_path, one, one,
        "--set", 'languages=["deu_Latn"]', "--set-b", "filters.length.min_chars=9999",
    )  # fmt: skip
    assert list(said["a"]["languages"]) == ["deu_Latn"]
    assert said["b"]["documents"] == 0
    assert said["a"]["documents"] > 0


def test_one_recipe_twice_is_refused(warc, tmp_path):
    one = written(tmp_path, "one")
    done = ask(warc, tmp_path, one, one)
    assert done.exit_code == 2
    assert "there is no difference" in done.stderr
    assert not (tmp_path / "_compare").exists()
    wrong = ask(warc, tmp_path, one, one, "--set-b", "keeps=latest")
    assert (wrong.exit_code, "did you mean 'keep'" in wrong.stderr) == (2, True)


def test_gates_and_the_newest_release_have_nothing_to_do_with_a_comparison(warc, tmp_path):
    more = 'parent = "latest"\n[gates]\ncanaries = true\nmin_keep_rate = 1.0\nmin_documents = 1'
    one, other = written(tmp_path, "one"), written(tmp_path, "other", 300, more=more)
    first = answer(warc, tmp_path, one, other)
    assert first["b"]["documents"] < first["a"]["documents"]
    assert answer(warc, tmp_path, one, other) == first


def test_a_second_build_in_the_same_place_is_refused(warc, tmp_path):
    one, other = written(tmp_path, "one"), written(tmp_path, "other", 300)
    with lock(tmp_path / "_compare" / "work" / "lock"):
        assert ask(warc, tmp_path, one, other).exit_code == 5


def test_erasures_of_a_corpus_that_are_undone_here_are_said(warc, tmp_path):
    one, other = written(tmp_path, "one"), written(tmp_path, "other", 300)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "erasures.jsonl").write_text("")
    said = ask(warc, tmp_path, one, other).stdout
    assert f"what was erased from {tmp_path / 'other'} is not left out here" in said
    assert f"erased from {tmp_path / 'one'}" not in said


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_comparison_goes_on_where_it_was(kind, compared, warc, tmp_path):
    _, recipes, said = compared
    command = [
        sys.executable,
        "-m",
        "florilegium.pipelines.cli.main",
        "compare",
        *map(str, recipes),
    ]
    command += ["--input", str(warc), "--out", str(tmp_path), "--output", "json"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    home, deadline = tmp_path / "_compare", time.monotonic() + 200
    while not list(home.glob("*/manifest.json")) and time.monotonic() < deadline:
        assert running.poll() is None
        time.sleep(0.01)
    os.kill(running.pid, kind)
    message = running.communicate(timeout=100)[1].decode()
    if kind == signal.SIGINT:
        assert running.returncode == 130, message
        assert "run the same command again" in message
    before = times(tmp_path)
    assert len(parts(tmp_path)) == 2
    again = answer(warc, tmp_path, *recipes)
    assert {path: t for path, t in times(tmp_path).items() if path in before} == before
    for side in "ab":
        assert again[side]["root"] == said[side]["root"]
        assert again[side]["languages"] == said[side]["languages"]
