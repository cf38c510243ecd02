"""Which release of a corpus is the newest: `latest.json`, promotion, going back, the list."""

import json
import threading

import pytest
from erasing import ANNA, florilegium, root

from florilegium.manifests import gate_report, promotion
from florilegium.manifests.gate_report import Gate, GateReport
from florilegium.manifests.location import files, find_release, relative
from florilegium.pipelines.gates import promotion as promoting
from florilegium.pipelines.lock import LockedError, lock

pytest_plugins = ["erasing", "servers"]


@pytest.fixture
def two(garden):
    """A corpus of two releases: names of the one before and of the newest."""
    before = garden.latest.name
    recipe = garden.folder / "garten.toml"
    recipe.write_text(recipe.read_text().replace("min_chars = 200", "min_chars = 201"))
    return before, garden.build().name


def said(home):
    """What `latest.json` says: the newest, then those before it."""
    now = promotion.decode((home / promotion.NAME).read_bytes())
    return [one.build_id for one in (now.current, *now.earlier)]


def listed(home):
    done = florilegium("releases", home, "--output", "json")
    return {(row := json.loads(line))["build_id"]: row for line in done.stdout.splitlines()}


def failing(release, *names):
    """Leave a report by which a release failed some gates."""
    gates = [
        Gate(name=name, value=2.0, limit=1.0, n=9, passed=False, said="too much") for name in names
    ]
    report = GateReport(build_id=release.name, root=root(release), parent=None, gates=tuple(gates))
    gate_report.write(release, report)


def test_a_build_promotes_its_release_and_keeps_the_one_before(garden, two):
    assert said(garden.home) == [two[1], two[0]]
    now = promotion.decode((garden.home / promotion.NAME).read_bytes())
    assert now.current.root == root(garden.latest)
    assert (garden.home / "latest").readlink().name == two[1]
    assert find_release(garden.home / "latest") == garden.home / two[1]


def test_going_back_makes_the_release_before_the_newest_and_stages_the_other(garden, two):
    florilegium("promote", "--back", garden.home)
    assert said(garden.home) == [two[0]]
    assert garden.latest.name == two[0]
    assert {name: row["state"] for name, row in listed(garden.home).items()} == {
        two[0]: "current", two[1]: "staged"
    }  # fmt: skip
    done = florilegium("promote", "--back", garden.home / "latest", code=2)
    assert "no release before" in done.stderr
    florilegium("promote", garden.home / two[1])
    assert said(garden.home) == [two[1], two[0]]
    done = florilegium("promote", garden.home / two[1], code=3)
    assert "is the newest" in done.stderr


def test_going_back_passes_over_what_is_gone(garden, two):
    (garden.home / two[0] / "manifest.json").unlink()
    assert listed(garden.home)[two[0]]["state"] == "gone"
    done = florilegium("promote", "--back", garden.home, code=2)
    assert "no release before" in done.stderr
    assert said(garden.home) == [two[1], two[0]]


def test_a_crash_between_file_and_link_is_seen_by_no_reader_and_mended(garden, two, monkeypatch):
    def crash(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(promoting, "_follow", crash)
        with pytest.raises(KeyboardInterrupt):
            promoting.back(garden.home)
    assert (garden.home / "latest").readlink().name == two[1]
    assert find_release(f"{garden.home}/latest").name == two[0]
    verified = florilegium("releases", garden.home, "--output", "json").stdout
    assert json.loads(verified.splitlines()[0])["build_id"] == two[0]
    garden.build(code=3)
    assert (garden.home / "latest").readlink().name == two[0]


def test_a_crash_before_the_file_leaves_the_release_before(garden, two, monkeypatch):
    def crash(*_):
        raise KeyboardInterrupt

    before = (garden.home / promotion.NAME).read_bytes()
    monkeypatch.setattr(promoting, "replacing", crash)
    with pytest.raises(KeyboardInterrupt):
        promoting.back(garden.home)
    assert (garden.home / promotion.NAME).read_bytes() == before
    assert garden.latest.name == two[1]


def test_only_one_promotes_at_a_time(garden, two):
    with lock(garden.home / "work" / "lock"):
        done = florilegium("promote", "--back", garden.home, code=5)
    assert "another build holds" in done.stderr
    assert said(garden.home) == [two[1], two[0]]


def test_a_release_that_is_not_whole_is_not_promoted(garden, two):
    florilegium("promote", "--back", garden.home)
    (garden.home / two[1] / "audit" / "buckets.parquet").write_bytes(b"")
    done = florilegium("promote", garden.home / two[1], code=1)
    assert "is not whole" in done.stderr
    assert "audit/buckets.parquet" in done.stderr
    assert said(garden.home) == [two[0]]


def test_failed_gates_are_accepted_by_name_and_with_a_reason(garden, two):
    florilegium("promote", "--back", garden.home)
    staged = garden.home / two[1]
    failing(staged, "psi", "top_domain")
    assert "psi, top_domain" in florilegium("promote", staged, code=4).stderr
    assert "--because" in florilegium("promote", staged, "--despite", "psi", code=2).stderr
    why = ("--because", "A new source, as agreed")
    done = florilegium("promote", staged, "--despite", "psi", *why, code=4)
    assert "failed top_domain" in done.stderr
    done = florilegium("promote", staged, "--despite", "alarms", *why, code=2)
    assert "did not fail alarms" in done.stderr
    assert said(garden.home) == [two[0]]
    both = ("--despite", "psi", "--despite", "top_domain")
    florilegium("promote", staged, *both, *why)
    row = listed(garden.home)[two[1]]
    assert row["despite"] == ["psi", "top_domain"]
    assert row["because"] == "A new source, as agreed"
    florilegium("promote", "--back", garden.home)
    florilegium("promote", staged, "--force", *why)
    assert said(garden.home) == [two[1], two[0]]


def test_an_erasure_takes_the_place_of_what_it_was_made_of(garden, two):
    made = garden.erase("--url", ANNA)["build_id"]
    assert said(garden.home) == [made, two[0]]
    row = listed(garden.home)
    assert row[made]["erased"].endswith("Z")
    assert row[two[0]]["behind"]
    assert not row[made]["behind"]
    done = florilegium("promote", "--back", garden.home, code=2)
    assert "holds what was erased" in done.stderr
    done = florilegium("promote", garden.home / two[1], code=2)
    assert "holds what was erased" in done.stderr
    assert said(garden.home) == [made, two[0]]
    garden.erase(release=garden.home / two[0])
    before = said(garden.home)
    assert before[0] == made
    assert before[1] not in two
    florilegium("promote", "--back", garden.home)
    assert said(garden.home) == before[1:]


def test_what_holds_nothing_erased_may_come_back_though_it_is_older(garden, two):
    garden.erase("--url", "https://nowhere.example/", "--keep-out")
    assert listed(garden.home)[two[0]]["behind"]
    florilegium("promote", "--back", garden.home)
    assert garden.latest.name == two[0]


def test_where_there_is_no_corpus_nothing_is_left_behind(tmp_path):
    place = tmp_path / "corpora" / "garten"
    for words in (("promote", place), ("promote", "--back", place), ("promote", place / "latest")):
        done = florilegium(*words, code=2)
        assert str(place) in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_file_that_says_nothing_is_named(garden):
    (garden.home / promotion.NAME).write_text('{"current": 7}')
    for words in (("verify", garden.home / "latest"), ("releases", garden.home)):
        assert promotion.NAME in florilegium(*words, code=2).stderr


def test_a_build_that_could_not_be_promoted_does_not_begin(garden):
    there = sorted(garden.home.iterdir())
    recipe = garden.folder / "garten.toml"
    recipe.write_text(recipe.read_text().replace("min_chars = 200", "min_chars = 201"))
    (garden.home / promotion.NAME).write_text('{"current": 7}')
    named = ("--input", garden.folder / "crawl", "--out", garden.folder / "corpora")
    done = florilegium("build", recipe, *named, code=2)
    assert "remove it and promote the release" in done.stderr
    assert sorted(garden.home.iterdir()) == there


def test_the_list_of_releases_as_text(garden, two):
    done = florilegium("releases", garden.home)
    first, second = [line for line in done.stdout.splitlines() if line.startswith(two)]
    assert first.split()[:2] == [two[1], "current"]
    assert second.split()[:2] == [two[0], "previous"]
    assert "holds no release" in florilegium("releases", garden.folder, code=2).stderr


@pytest.fixture
def stored(garden, two, store):
    """The same corpus in a store."""
    for path, _ in files(garden.home):
        name = relative(path, garden.home)
        if not name.startswith(("work/", "latest/")):
            (store / "garten" / name).write_bytes(path.read_bytes())
    return store / "garten"


def test_in_a_store_the_file_is_swapped_if_it_is_what_was_read(stored, two, monkeypatch):
    assert find_release(f"{stored}/latest") == stored / two[1]
    florilegium("promote", "--back", f"{stored}/latest")
    assert said(stored) == [two[0]]
    assert not (stored / "latest").is_file()
    made = promoting._promotion

    def meanwhile(release, *rest):
        (stored / promotion.NAME).write_bytes((stored / promotion.NAME).read_bytes() + b"\n")
        return made(release, *rest)

    reads = promoting.latest

    def read_then_changed(home):
        found = reads(home)
        meanwhile(stored / two[0])
        return found

    with monkeypatch.context() as raced:
        raced.setattr(promoting, "latest", read_then_changed)
        with pytest.raises(LockedError, match="at the same time"):
            promoting.promote(stored / two[1])
    assert said(stored) == [two[0]]
    florilegium("promote", f"{stored}/{two[1]}")
    assert said(stored) == [two[1], two[0]]


def test_of_two_promoters_in_a_store_one_comes_first(stored, two):
    florilegium("promote", "--back", f"{stored}")
    barrier, outcomes = threading.Barrier(2), []

    def go():
        barrier.wait()
        try:
            promoting.promote(stored / two[1])
            outcomes.append("done")
        except LockedError:
            outcomes.append("late")

    threads = [threading.Thread(target=go) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert "done" in outcomes
    assert said(stored) == [two[1], two[0]]
