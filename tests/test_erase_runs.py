"""Erasures that are interrupted, repeated, signed, replayed, and spread over a corpus."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import pytest
from erasing import (
    ANNA,
    COPIED,
    EXACT,
    LATER,
    RECIPE,
    Garden,
    florilegium,
    holding,
    losses,
    root,
    rows,
    text,
    urls,
)
from hosts import capture

from florilegium.manifests import envelope, erasures, secret
from florilegium.manifests import manifest as manifests
from florilegium.manifests.verify import verify
from florilegium.pipelines import build as builds
from florilegium.pipelines.commands.answers import console_for
from florilegium.pipelines.commands.display import Display
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.erasure.rows import left
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.harvest.part import finished
from florilegium.pipelines.lock import lock
from florilegium.pipelines.recipe import load

pytest_plugins = ["erasing"]

FLORILEGIUM = [sys.executable, "-m", "florilegium.pipelines.cli.main"]


def started(garden, release, *words, **settings):
    command = [*FLORILEGIUM, "erase", release, *words, "--basis", "gdpr-17", "--output", "json"]
    return subprocess.Popen(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **settings,
    )


@pytest.fixture(scope="module")
def erased_garden(built_garden, tmp_path_factory):
    """What the same erasure comes to if nothing interrupts it."""
    folder = tmp_path_factory.mktemp("erased") / "garden"
    shutil.copytree(built_garden.folder, folder, symlinks=True)
    garden = Garden(folder)
    garden.erase("--url", ANNA, "--url", COPIED)
    return garden


def moments(garden):
    """What shows how far an erasure has come, in order."""
    work = garden.home / "work" / "erasures"
    yield lambda: any(work.glob("*/named"))
    yield lambda: (garden.home / "erasures.jsonl").exists()
    yield lambda: any(work.glob("*/release/data/*/*.parquet"))
    yield lambda: any(work.glob("*/release/manifest.json")) or len(releases(garden)) > 1
    yield lambda: len(releases(garden)) > 1
    yield lambda: any((garden.home / "work" / "purge").glob("*.done"))


def releases(garden):
    return [place.parent for place in garden.home.glob("*/manifest.json") if
            place.parent.name != "latest"]  # fmt: skip


@pytest.mark.parametrize("moment", range(6))
def test_an_erasure_that_was_killed_goes_on_and_comes_to_the_same(garden, erased_garden, moment):
    parent, before = garden.latest, root(garden.latest)
    running = started(garden, parent, "--url", ANNA, "--url", COPIED)
    reached = list(moments(garden))[moment]
    while running.poll() is None and not reached():
        time.sleep(0.001)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    assert list(verify(parent)) == []
    assert all(list(verify(place)) == [] for place in releases(garden))
    garden.erase("--url", ANNA, "--url", COPIED, release=parent)
    assert root(garden.latest) == root(erased_garden.latest) != before
    assert len(releases(garden)) == 2
    assert len((garden.home / "erasures.jsonl").read_bytes().splitlines()) == 1
    assert list(verify(garden.latest)) == []
    assert not (garden.home / "work" / "erasures").exists()
    assert holding(garden.home / "work", "anna.example/%C3%BCber", "spiegel.example/anna") == set()


def test_the_same_erasure_again_is_nothing_to_do(garden):
    parent = garden.latest
    first = garden.erase("--url", ANNA)
    log = (garden.home / "erasures.jsonl").read_bytes()
    again = garden.erase("--url", ANNA, release=parent)
    assert again["release"] == first["release"]
    assert not again["noted"]
    garden.erase("--url", ANNA, code=3)
    assert (garden.home / "erasures.jsonl").read_bytes() == log


def test_a_disk_that_is_full_is_said_and_the_old_release_is_whole(garden):
    parent = garden.latest

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, 3_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    full = started(garden, parent, "--url", ANNA, preexec_fn=limited)
    _, problem = full.communicate()
    assert full.returncode == 75, problem
    assert "make room and run the same command again" in problem
    assert "Traceback" not in problem
    assert releases(garden) == [parent]
    assert list(verify(parent)) == []
    garden.erase("--url", ANNA)
    assert ANNA not in urls(garden.latest)


def test_an_erasure_waits_for_no_build(garden):
    with lock(garden.home / "work" / "lock"):
        assert "another build holds" in garden.erase("--url", ANNA, code=5)


def test_the_log_is_a_chain_and_each_release_has_it_as_it_was(garden):
    garden.erase("--url", ANNA, "--note", "case 1")
    first = garden.latest
    garden.erase("--domain", "uni.example", basis="contract")
    log = erasures.decode((garden.home / "erasures.jsonl").read_bytes())
    assert [(one.number, one.basis, one.note, one.documents) for one in log] == [
        (1, "gdpr-17", "case 1", 1), (2, "contract", "", 3)
    ]  # fmt: skip
    assert (garden.latest / erasures.PATH).read_bytes() == (
        garden.home / "erasures.jsonl"
    ).read_bytes()
    assert erasures.decode((first / erasures.PATH).read_bytes()) == log[:1]
    assert {row["rule"] for row in losses(garden.latest)} == {"gdpr_17", "contract"}
    assert manifests.read(garden.latest).parent.build_id == first.name
    assert oct(garden.key.stat().st_mode & 0o777) == "0o600"
    said = (garden.home / "erasures.jsonl").read_text()
    assert not any(word in said for word in ("anna", "uni.example", garden.key.read_text().strip()))


def test_without_the_key_nothing_is_built_and_nothing_erased(garden):
    garden.erase("--url", ANNA)
    before = garden.latest
    key = garden.key.rename(garden.folder / "kept.key")
    assert "there is no such key" in garden.erase("--url", COPIED, code=2)
    named = ("--input", garden.folder / "crawl", "--out", garden.folder / "corpora")
    done = florilegium("build", garden.folder / "garten.toml", *named, code=2)
    assert "there is no such key" in done.stderr
    garden.key.write_text("00" * 32)
    assert "not the key of the log" in garden.erase("--url", COPIED, code=2)
    assert garden.latest == before
    garden.erase("--url", COPIED, "--erasure-key", key)
    assert COPIED not in urls(garden.latest)


def test_a_build_that_was_planned_before_an_erasure_does_not_go_on(garden):
    plan = builds.plan(
        load(str(garden.folder / "garten.toml")),
        find_files([str(garden.folder / "crawl")]),
        garden.folder / "corpora",
    )
    garden.erase("--url", ANNA)
    with pytest.raises(erasures.LogError, match="run the same command again"):
        builds.build(plan, Embedded(), Display(console_for("json")))


def test_a_log_that_was_changed_is_refused(garden):
    garden.erase("--url", ANNA)
    log = garden.home / "erasures.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"gdpr-17"', b'"gdpr-21"') + b"{}\n")
    assert "erasures.jsonl: line 2" in garden.erase("--url", COPIED, code=2)


def test_verify_finds_what_came_back(garden, built_garden):
    garden.erase("--url", ANNA)
    log = (garden.latest / erasures.PATH).read_bytes()
    forged = garden.home / "forged"
    shutil.copytree(built_garden.latest, forged)
    (forged / erasures.PATH).write_bytes(log)
    said = florilegium("verify", forged, code=1).stdout
    assert "audit/erasures.jsonl: not in the manifest" in said
    (found,) = left(forged, secret.load(garden.key))
    assert "is there, though it is erased by gdpr-17" in found


def test_other_releases_are_named_and_can_be_erased_from_too(garden):
    old = garden.latest
    (garden.folder / "garten.toml").write_text(RECIPE.replace("200", "300"))
    newer = garden.build()
    assert newer != old
    answer = garden.erase("--url", ANNA, release=old)
    assert sorted(answer["still_hold"]) == sorted([str(old), str(newer)])
    assert garden.latest == newer  # what was made of an old release is not the newest
    answer = garden.erase("--url", ANNA, "--everywhere", "--remove-parent", release=newer)
    assert sorted(answer["removed"]) == sorted([str(old), str(newer)])
    assert answer["still_hold"] == []
    assert len(releases(garden)) == 2
    assert holding(garden.home, text(0)[0], "spiegel.example") == set()
    assert all(list(verify(place)) == [] for place in releases(garden))


def test_opt_outs_that_came_later_are_erased(garden):
    refusing = capture("https://seite-25.example/robots.txt", "User-agent: *\nDisallow: /",
                       at=LATER)  # fmt: skip
    (garden.folder / "later.warc.gz").write_bytes(refusing)
    (garden.folder / "letters.txt").write_text("seite-26.example\n")
    before = garden.latest
    found = florilegium(
        "opt-outs", before, "--records", garden.folder / "later.warc.gz", "--list",
        garden.folder / "letters.txt", "--output", "json",
    )  # fmt: skip
    (garden.folder / "found.jsonl").write_text(found.stdout)
    garden.erase("--list", garden.folder / "found.jsonl", basis="tdm-opt-out")
    gone = {f"https://seite-{n}.example/artikel/{n}" for n in (25, 26)}
    assert urls(before) - urls(garden.latest) == gone
    assert {row["rule"] for row in losses(garden.latest)} == {"tdm_opt_out"}
    answer = garden.erase(
        "--records", garden.folder / "later.warc.gz", release=before, basis="tdm-opt-out"
    )
    assert answer["erased"] == 2  # what the log has already counts as well


def test_a_new_release_can_be_signed_at_once(garden):
    key = garden.folder / "publisher.key"
    florilegium("keys", "make", key)
    garden.erase("--url", ANNA, "--key", key)
    assert envelope.read(garden.latest) is not None
    done = florilegium("verify", garden.latest, "--key", f"{key}.pub")
    assert "verified" in done.stdout


def test_what_is_not_there_yet_can_be_kept_out(garden):
    garden.erase("--url", "https://neu.example/1", "--keep-out")
    before = urls(garden.latest)
    page = capture("https://neu.example/1", f"<html><body><p>{'</p><p>'.join(text(200))}",
                   at=LATER, Content_Type="text/html; charset=utf-8")  # fmt: skip
    (garden.folder / "crawl" / "later.warc.gz").write_bytes(page)
    assert urls(garden.build()) == before


def test_a_page_that_gave_way_to_a_copy_takes_that_copy_with_it(garden):
    """Who asks for a page to be erased does not know that its text is held under another."""
    before = garden.latest
    answer = garden.erase("--url", EXACT)
    assert answer["erased"] == 1
    assert urls(before) - urls(garden.latest) == {ANNA}


def test_parts_stay_whole_and_of_one_kind(garden):
    garden.erase("--url", ANNA)
    parts = finished(garden.home / "work" / "parts")
    assert len({part.erased for part in parts.values()}) == 1
    for name, part in parts.items():
        folder = garden.home / "work" / "parts" / name
        assert sorted(path.name for path in folder.iterdir()) == sorted(["part.json", part.attempt])
        files = folder / part.attempt
        documents, lost = rows(files, ".")[:0], []
        documents = [row for row in rows(files, ".") if "text" in row]
        lost = [row for row in rows(files, ".") if "stage" in row]
        assert len(documents) + len(lost) == part.records


def test_the_answer_in_words_says_what_remains(garden):
    done = florilegium("erase", garden.latest, "--url", ANNA, "--basis", "gdpr-17")
    assert "erased     1 documents of" in done.stdout
    assert "later builds keep it out" in done.stdout
    assert "still holds what is erased" in done.stderr
    assert json.loads((garden.latest / "manifest.json").read_bytes())["parent"]["erased"] == 1


def test_a_release_brought_alone_brings_its_log(garden, tmp_path):
    garden.erase("--url", ANNA)
    alone = tmp_path / "elsewhere" / "copy"
    shutil.copytree(garden.latest, alone)
    assert "there is no such key" in garden.erase("--url", COPIED, release=alone, code=2)
    answer = garden.erase("--url", COPIED, "--erasure-key", garden.key, release=alone)
    log = (alone.parent / "erasures.jsonl").read_bytes()
    assert log.startswith((garden.home / "erasures.jsonl").read_bytes())
    assert len(erasures.decode(log)) == 2
    assert answer["erased"] == 1
    # Brought back, it is of another corpus: the log there does not go on with its own.
    garden.erase("--domain", "uni.example")
    shutil.copytree(answer["release"], garden.home / "back")
    said = garden.erase("--domain", "seite-30.example", release=garden.home / "back", code=2)
    assert "they are of two corpora" in said


def test_several_workers_come_to_the_same(garden, erased_garden):
    garden.erase("--url", ANNA, "--url", COPIED, "--workers", 2)
    assert root(garden.latest) == root(erased_garden.latest)
