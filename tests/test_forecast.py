"""What a plan says of the demonstration, against a build of it; bad input; the command."""

import gzip
import hashlib
import json
import logging
import statistics
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from rich.console import Console

from florilegium.manifests import funnel
from florilegium.manifests.buckets import Bucket
from florilegium.pipelines.build import build, plan
from florilegium.pipelines.cli.main import main
from florilegium.pipelines.commands.display import Display
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.forecast import places
from florilegium.pipelines.forecast import sample as samples
from florilegium.pipelines.forecast.costs import AT_WORK
from florilegium.pipelines.forecast.estimate import ON_REQUEST
from florilegium.pipelines.forecast.forecast import reckoned
from florilegium.pipelines.forecast.prices import PRICES
from florilegium.pipelines.forecast.sample import Piece, Sample, sample, together
from florilegium.pipelines.forecast.show import show
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.harvest.stages import Tools
from florilegium.pipelines.named.texts import WordList
from florilegium.pipelines.recipe import changed, load

SHARED = Path(__file__).parent.parent.parent / "shared" / "data" / "warc"


@pytest.fixture(scope="module")
def loaded():
    """Tools for the demonstration's recipe."""
    with Tools(load("demo")) as tools:
        yield tools


@pytest.fixture(scope="module")
def warcs(tmp_path_factory):
    return pack(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def built(warcs, loaded, tmp_path_factory):
    """What is said before the demonstration is built, the plan, and what was then built."""
    planned = plan_of(warcs, tmp_path_factory.mktemp("out"))
    said = forecast(planned, loaded)
    written = list(planned.home.parent.rglob("*"))
    made = build(planned, Embedded(1), Display(Console(quiet=True)))
    return said, planned, made, written


def plan_of(inputs, out, recipe="demo"):
    return plan(load(recipe), find_files(map(str, inputs)), out)


def known_by(number, units):
    """The same units, known by digests that do not change with the code."""
    digest = hashlib.sha256
    return [
        replace(one, fingerprint=digest(f"{number}/{one.name}".encode()).hexdigest())
        for one in units
    ]


def forecast(planned, tools, workers=1, number=0):
    taken = sample(known_by(number, planned.units), sum(u.bytes for u in planned.pending()), tools)
    return reckoned(planned, taken, "embedded", workers, PRICES["embedded"])


def lost(made, *stages):
    found = funnel.by_rule(made.funnel)
    return sum(number for (stage, _), number in found.items() if stage in stages)


def refused_by_hosts(made):
    """Documents that hosts refuse: of which a few records tell nothing."""
    removed = made.opt_outs.removed.items()
    own = ("_header", "_meta", "content_usage")
    return sum(number for rule, number in removed if not rule.endswith(own))


def harvested(made):
    """Documents that harvest made."""
    return made.documents + lost(made, "quality", "duplicates") + refused_by_hosts(made)


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def pages(made):
    return made.records - lost(made, "read") - funnel.by_rule(made.funnel)["decode", "not_html"]


def test_an_estimate_from_all_records_is_what_a_build_has(built):
    said, _, made, _ = built
    assert said.read.bytes == said.bytes == sum(one.bytes for one in made.inputs)
    for one in (said.estimate, said.least, said.most):
        assert one.records == made.records
        assert one.documents == harvested(made)
        assert one.pages == pages(made)


def test_what_is_published_is_at_most_what_passes_and_less_only_by_copies(built):
    said, _, made, _ = built
    copies, refused = lost(made, "duplicates"), refused_by_hosts(made)
    assert copies > 0
    assert refused == 8
    assert 0 <= said.most.published - made.documents <= copies + refused
    assert said.least.published <= made.documents
    assert said.least.tokens <= made.tokens <= said.most.tokens <= 1.3 * made.tokens
    for one in made.languages:
        # Of the six in French, more than half are copies.
        assert one.documents <= said.most.languages[one.lang].documents, one.lang
        assert one.tokens <= said.most.languages[one.lang].tokens, one.lang


def test_disk_and_processor_time_are_of_the_right_size(built):
    said, planned, made, _ = built
    parts = size_of(planned.work)
    # So small a part is mostly what comes with each file, wherefore this is not held by margins.
    assert 0.5 * parts <= said.estimate.parts_bytes <= 2 * parts
    assert said.estimate.shards == len(made.shards)
    assert 0.1 < said.read.seconds < 60
    harvest = said.estimate.steps["harvest"].core_hours
    assert harvest * 3600 == pytest.approx(said.read.seconds)


def test_a_plan_writes_nothing(built):
    assert built[3] == []


def test_what_is_harvested_already_is_not_charged_again(built, loaded):
    said, planned, _, _ = built
    again = forecast(planned, loaded)
    assert (again.units_done, again.estimate.steps["harvest"].core_hours) == (4, 0)
    assert again.estimate.records == said.estimate.records


@pytest.fixture(scope="module")
def guesses(built, warcs, loaded, tmp_path_factory):
    """What is said by samples of about an eighth of the demonstration, at other places each."""
    planned = plan_of(warcs, tmp_path_factory.mktemp("elsewhere"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "MIN_BYTES", 1 << 15)
        return [forecast(planned, loaded, number=number) for number in range(12)]


def test_margins_of_a_small_sample_nearly_always_hold_what_is_there(built, guesses):
    _, _, made, _ = built
    true = {"records": made.records, "pages": pages(made), "documents": harvested(made),
            "published": made.documents, "tokens": made.tokens}  # fmt: skip
    assert all(0.05 < one.read.bytes / one.bytes < 0.4 for one in guesses)
    for name, number in true.items():
        held = [getattr(g.least, name) <= number <= getattr(g.most, name) for g in guesses]
        assert sum(held) >= 11, name
        assert len({getattr(guess.estimate, name) for guess in guesses}) > 6


def test_samples_do_not_lean_to_one_side(built, guesses):
    _, _, made, _ = built
    documents = statistics.fmean(guess.estimate.documents for guess in guesses)
    assert documents == pytest.approx(harvested(made), rel=0.15)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared sample is not there")
def test_a_plan_of_real_pages_holds_what_a_build_then_makes_of_them(tmp_path):
    planned = plan_of(sorted(SHARED.glob("sample-open-0[0-2].warc.gz")), tmp_path, "european")
    with Tools(planned.recipe) as tools, pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "MIN_BYTES", 1 << 20)
        said = forecast(planned, tools)
    before = samples.seconds()
    made = build(planned, Embedded(1), Display(Console(quiet=True)))
    taken = samples.seconds() - before
    assert 0.05 < said.read.bytes / said.bytes < 0.12
    true = {
        "records": made.records,
        "pages": pages(made),
        "documents": harvested(made),
        "published": made.documents,
        "tokens": made.tokens,
        "parts_bytes": size_of(planned.work),
        "release_bytes": size_of(planned.release / "data") + size_of(planned.release / "ledger"),
        "core_hours": taken / 3600,
    }
    for name, number in true.items():
        assert getattr(said.least, name) <= number <= getattr(said.most, name), name
    found = [one for one in made.languages if one.lang in said.estimate.languages]
    held = [
        said.least.languages[one.lang].tokens <= one.tokens <= said.most.languages[one.lang].tokens
        for one in found
    ]
    # A range is said to hold 19 of 20; of languages with few texts, some of them long, fewer.
    assert len(found) > 15
    assert sum(held) >= 0.7 * len(found)


def command(warcs, out, *words):
    try:
        return CliRunner().invoke(
            main, [*words, "--input", str(warcs[0].parent), "--out", str(out), "--workers", "1"]
        )
    finally:
        logging.disable(logging.NOTSET)


@pytest.mark.parametrize("words", [["plan", "demo"], ["build", "demo", "--dry-run"]])
def test_the_command_says_it_to_programs_and_writes_nothing(words, warcs, tmp_path):
    (prices := tmp_path / "prices.toml").write_text("vcpu_hour = 1000\nmemory_gb_hour = 0\n")
    done = command(warcs, tmp_path / "out", *words, "--prices", str(prices), "--output", "json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    made = said["estimate"]
    hours = sum(step["core_hours"] for step in made["steps"].values())
    assert made["euros"] == pytest.approx(hours / AT_WORK * 1000)
    assert said["least"]["euros"] < made["euros"] < said["most"]["euros"]
    assert made["languages"].keys() == said["most"]["languages"].keys() > {"deu_Latn", "fin_Latn"}
    assert (said["units"], said["units_done"], said["workers"]) == (4, 0, 1)
    assert not (tmp_path / "out").exists()


def test_there_is_nothing_to_plan_if_all_is_done(built, warcs):
    home = built[1].home
    done = command(warcs, home.parent, "plan", "demo")
    assert done.exit_code == 3
    assert "nothing to do: " in done.stderr


def test_wrong_prices_are_wrong_usage(warcs, tmp_path):
    (prices := tmp_path / "prices.toml").write_text("vcpu = 1\n")
    done = command(warcs, tmp_path / "out", "plan", "demo", "--prices", str(prices))
    assert done.exit_code == 2
    assert "unknown field `vcpu`" in done.stderr


def test_a_plan_has_the_options_of_a_build_that_bear_on_it():
    given = {one.name for one in main.commands["plan"].params}
    of_builds = {one.name for one in main.commands["build"].params}
    assert given < of_builds
    assert of_builds - given == {
        "step", "key", "dry_run", "max_hours", "max_cost", "metrics", "metrics_port", "lineage"
    }  # fmt: skip


def test_a_person_is_told_what_was_read_and_how_far_it_may_be_off(built):
    console = Console(file=StringIO(), width=120)
    show(built[0], console)
    text = console.file.getvalue()
    assert f"release     {built[0].release}\n" in text
    assert "Estimated from 284 records at 4 places in 4 of the files, 100.00% of all bytes." in text
    assert "copies counted in; fewer if there are many" in text
    for row in ("records", "published", "core time", "memory", "release", "euros", "watt-hours",
                "deu_Latn", "27 more", "harvest", "publish", "from", "to"):  # fmt: skip
        assert f"\n{row} " in text


@pytest.mark.parametrize(
    "content",
    [b"no WARC at all", gzip.compress(b"x" * 9_999, mtime=0), b"WARC/1.0"],
    ids=["text", "gzip", "a beginning"],
)
@pytest.mark.parametrize("least", [0, 4 << 20])
def test_garbage_is_estimated_to_have_no_documents(content, least, loaded, tmp_path, monkeypatch):
    monkeypatch.setattr(places, "MIN_BYTES", least)
    (tmp_path / "a.warc.gz").write_bytes(content)
    (tmp_path / "empty.warc.gz").write_bytes(b"")
    said = forecast(plan_of([tmp_path], tmp_path / "out"), loaded, workers=2)
    assert (said.estimate.documents, said.estimate.shards) == (0, 0)
    assert said.estimate.records >= (least > 0)
    assert said.estimate.release_bytes >= 0
    show(said, Console(quiet=True))


def test_no_more_is_read_than_was_said(warcs, loaded, monkeypatch, tmp_path):
    units = plan_of(warcs, tmp_path).units
    monkeypatch.setattr(places, "MIN_BYTES", 1 << 15)
    taken = sample(units, 0, loaded)
    assert taken.whole.records <= 100
    assert len(taken.pieces) <= places.PLACES
    monkeypatch.setattr(samples, "SECONDS", 0.0)
    assert sample(units, 0, loaded).whole.records == 0


def test_no_record_is_read_twice(warcs, loaded, monkeypatch, tmp_path):
    monkeypatch.setattr(places, "MIN_BYTES", 330_000)
    taken = sample(plan_of(warcs, tmp_path).units, 0, loaded)
    assert 200 < taken.whole.records <= 284


def test_pieces_add_up():
    one = Piece(bytes=1, records=2, seconds=0.5, passing={"deu_Latn": Bucket(1, 2, 3, 4)})
    two = Piece(bytes=3, records=4, passing={"deu_Latn": Bucket(1, 1, 1, 1), "fin_Latn": Bucket(5)})
    assert together([one, two]) == Piece(
        bytes=4,
        records=6,
        seconds=0.5,
        passing={"deu_Latn": Bucket(2, 3, 4, 5), "fin_Latn": Bucket(5)},
    )
    assert together([]) == Piece()


SAID = Piece(bytes=1_000, records=10, pages=9, documents=8, text_bytes=9_000, seconds=1.0)


@pytest.mark.parametrize(
    ("settings", "said", "expected"),
    [
        ([], {}, set()),
        (["lines.repeated=count"], {}, {"lines"}),
        (["licences.consensus=apply"], {}, {"licences"}),
        (["rights.missing=drop"], {}, {"rights"}),
        ([], {"host_records": 1}, {"rights"}),
    ],
)
def test_a_plan_tells_which_steps_there_are(settings, said, expected, warcs, tmp_path):
    recipe = changed(load("demo"), settings)
    planned = plan(recipe, find_files(map(str, warcs)), tmp_path)
    taken = Sample(pieces=(replace(SAID, **said),), files=1, part_bytes=900)
    found = reckoned(planned, taken, "embedded", 1, PRICES["embedded"])
    assert set(found.estimate.steps) & set(ON_REQUEST) == expected


def test_a_plan_times_what_looks_at_texts(warcs, tmp_path):
    (tmp_path / "words.txt").write_text("jam\n")
    words = WordList(path=str(tmp_path / "words.txt"), sha256=hashlib.sha256(b"jam\n").hexdigest())
    recipe = replace(load("demo"), word_lists=(words,))
    with Tools(recipe) as tools:
        said = forecast(plan(recipe, find_files([str(warcs[0])]), tmp_path), tools)
    assert 0 < said.read.assess_seconds < said.read.seconds
    assert said.estimate.steps["assess"].core_hours * 3600 > said.read.assess_seconds
