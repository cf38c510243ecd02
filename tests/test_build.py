import json
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.lock import lock

FLORILEGIUM = [sys.executable, "-m", "florilegium.pipelines.cli.main"]
SHARED = Path(__file__).parents[2] / "shared" / "data" / "warc"


def build(out, *inputs, recipe="demo", workers=1, **options):
    return subprocess.run(
        command(out, *inputs, recipe=recipe, workers=workers),
        capture_output=True,
        text=True,
        timeout=600,
        **options,
    )


def command(out, *inputs, recipe="demo", workers=1):
    named = [part for name in inputs for part in ("--input", str(name))]
    settings = ["--out", str(out), "--workers", str(workers), "--output", "json"]
    return [*FLORILEGIUM, "build", str(recipe), *named, *settings]


def answer(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def ledger(release):
    return {p.name: p.read_bytes() for p in sorted(Path(release, "audit").rglob("*.parquet"))}


@pytest.fixture(scope="module")
def warcs(tmp_path_factory):
    return pack(tmp_path_factory.mktemp("warcs"))


@pytest.fixture(scope="module")
def reference(warcs, tmp_path_factory):
    return answer(build(tmp_path_factory.mktemp("reference"), *warcs))


@pytest.mark.parametrize(("workers", "turned"), [(1, True), (2, False)])
def test_the_release_does_not_depend_on_workers_or_the_order_of_inputs(
    workers, turned, warcs, reference, tmp_path
):
    inputs = list(reversed(warcs)) if turned else warcs
    again = answer(build(tmp_path, *inputs, workers=workers))
    assert again["root"] == reference["root"]
    assert ledger(again["release"]) == ledger(reference["release"])
    for path in Path(reference["release"], "data").rglob("*.parquet"):
        twin = Path(again["release"], "data", path.relative_to(Path(reference["release"], "data")))
        assert twin.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    "moment", ["work/parts/*/part.json", "work/decisions/*/0*", "work/builds/*/shards/*.json"]
)
def test_a_build_killed_at_any_moment_goes_on_where_it_was(moment, warcs, reference, tmp_path):
    killed = subprocess.Popen(
        command(tmp_path, *warcs), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    home = tmp_path / "demo"
    deadline = time.monotonic() + 120
    while not any(home.glob(moment)) and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    done = {p: p.stat().st_mtime_ns for p in home.glob("work/parts/*/part.json")}
    assert done
    again = build(tmp_path, *warcs)
    assert answer(again)["root"] == reference["root"]
    assert {p: p.stat().st_mtime_ns for p in done} == done
    assert f"{len(done)} of {len(warcs)} units already done" in again.stderr


STOPPED_AT_THE_END = """
import os
import signal

from florilegium.pipelines.cli import main as cli
from florilegium.pipelines.gates import promotion

promotion.promote = lambda release: os.kill(os.getpid(), signal.SIGKILL)
cli.main()
"""


def test_a_build_stopped_when_its_release_was_there_is_tidied_by_the_next(
    warcs, reference, tmp_path
):
    arguments = command(tmp_path, *warcs)[len(FLORILEGIUM) :]
    stopped = subprocess.run([sys.executable, "-c", STOPPED_AT_THE_END, *arguments], timeout=600)
    assert stopped.returncode == -signal.SIGKILL
    home = tmp_path / "demo"
    (left,) = home.glob("work/builds/*")
    assert (home / left.name / "manifest.json").is_file()
    assert any(left.iterdir())
    assert not (home / "latest").exists()
    again = build(tmp_path, *warcs)
    assert again.returncode == 3, again.stderr
    assert json.loads(again.stdout)["root"] == reference["root"]
    assert not any(home.glob("work/builds/*"))
    assert (home / "latest").resolve() == home / left.name


def test_attempts_of_a_build_that_was_stopped_are_removed_by_the_next(warcs, reference, tmp_path):
    parts = tmp_path / "demo" / "work" / "parts"

    def unfinished():
        return [
            attempt
            for attempt in parts.glob("*/*/")
            if attempt.is_dir() and not (attempt.parent / "part.json").exists()
        ]

    killed = subprocess.Popen(
        command(tmp_path, *warcs), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while not unfinished() and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    (left,) = unfinished()
    # Of another input: nobody knows whether it is still at work somewhere.
    other = parts / "0123abcd-0123456789abcdef" / "begun"
    shutil.copytree(left, other)
    assert answer(build(tmp_path, *warcs))["root"] == reference["root"]
    labels = list(parts.glob("*/part.json"))
    assert len(labels) == len(warcs)
    for label in labels:
        mine = {"part.json", json.loads(label.read_bytes())["attempt"]}
        assert {path.name for path in label.parent.iterdir()} == mine
    assert not left.exists()
    assert other.is_dir()


def test_a_second_build_in_the_same_place_is_refused(warcs, reference, tmp_path):
    with lock(tmp_path / "demo" / "work" / "lock"):
        second = build(tmp_path, *warcs)
    assert second.returncode == 5
    assert "another build holds" in second.stderr
    assert answer(build(tmp_path, *warcs))["root"] == reference["root"]


def test_a_changed_rule_does_not_read_the_input_again(warcs, reference, tmp_path):
    recipe = tmp_path / "strict.toml"
    recipe.write_text('name = "demo"\nlanguages = ["european"]\n')
    answer(build(tmp_path, *warcs, recipe=recipe))
    parts = {p: p.stat().st_mtime_ns for p in tmp_path.glob("demo/work/parts/*/part.json")}
    recipe.write_text(
        'name = "demo"\nlanguages = ["european"]\n[[filters]]\nuse = "length"\nmin_chars = 900\n'
    )
    stricter = answer(build(tmp_path, *warcs, recipe=recipe))
    assert stricter["documents"] < reference["documents"]
    assert {p: p.stat().st_mtime_ns for p in parts} == parts


def test_a_unit_that_cannot_be_read_is_named_and_the_others_are_kept(warcs, tmp_path):
    broken = tmp_path / "gone.warc.gz"
    broken.write_bytes(warcs[0].read_bytes())
    failing = subprocess.Popen(
        command(tmp_path, *warcs[1:], broken), stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "demo" / "work" / "parts").exists():
        time.sleep(0.001)
    broken.unlink()
    said = failing.communicate()[1]
    if failing.returncode == 0:
        pytest.skip("the file was read before it was gone")
    assert failing.returncode == 1
    assert "gone.warc.gz: FileNotFoundError" in said
    assert len(list(tmp_path.glob("demo/work/parts/*/part.json"))) == len(warcs) - 1


def test_a_full_disk_asks_to_try_again_and_keeps_what_is_finished(warcs, reference, tmp_path):
    def little_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    done = build(tmp_path, *warcs, preexec_fn=little_room)
    assert done.returncode == 75
    assert "make room and run the same command again" in done.stderr
    assert answer(build(tmp_path, *warcs))["root"] == reference["root"]


def test_an_empty_file_is_a_unit_with_nothing_in_it(warcs, reference, tmp_path):
    empty = tmp_path / "empty.warc.gz"
    empty.touch()
    done = answer(build(tmp_path, *warcs, empty))
    assert (done["documents"], done["records"]) == (reference["documents"], reference["records"])


def test_a_dry_run_does_nothing(warcs, tmp_path):
    done = subprocess.run(
        [*command(tmp_path / "out", *warcs), "--dry-run"], capture_output=True, text=True
    )
    assert done.returncode == 0
    plan = json.loads(done.stdout)
    assert (plan["units"], plan["units_done"]) == (len(warcs), 0)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("demoo", "there is no recipe 'demoo' (did you mean 'demo'?)"),
        ('name = "x"\nlanguages = ["deu_Latm"]', "unknown language 'deu_Latm' (did you mean"),
        ('name = "x"\nlanguages = ["deu_Latn"]\nfilter = []', "(did you mean 'filters'?)"),
        ('name = "x"\nlanguages = "deu_Latn"', "Expected `array`, got `str` - at `$.languages`"),
    ],
)
def test_a_bad_recipe_is_refused_before_any_work(recipe, message, warcs, tmp_path):
    if "\n" in recipe:
        (tmp_path / "bad.toml").write_text(recipe)
        recipe = tmp_path / "bad.toml"
    done = build(tmp_path / "out", warcs[0], recipe=recipe)
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared sample is not here")
def test_files_of_other_tools_broken_and_odd_ones_among_them_are_accounted_for(tmp_path):
    done = answer(build(tmp_path, SHARED / "real", recipe="european"))
    assert done["records"] == 1674
    verified = subprocess.run([*FLORILEGIUM, "verify", done["release"]], capture_output=True)
    assert verified.returncode == 0, verified.stdout
