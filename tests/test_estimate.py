"""What a dry run says of the demonstration, against a build of it; the formula; bad input."""

import gzip
import hashlib
import json
import logging
import threading
from io import StringIO

import msgspec
import pytest
from click.testing import CliRunner
from rich.console import Console
from werkzeug.serving import make_server

from florilegium.manifests import funnel
from florilegium.manifests.location import locate
from florilegium.pipelines.build import build, plan
from florilegium.pipelines.cli.main import main
from florilegium.pipelines.commands.display import Display
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.forecast import costs as constants
from florilegium.pipelines.forecast import sample as samples
from florilegium.pipelines.forecast.costs import PRICES
from florilegium.pipelines.forecast.estimate import (
    ON_REQUEST,
    Language,
    Workload,
    estimate,
    shards_of,
)
from florilegium.pipelines.forecast.forecast import reckoned, show
from florilegium.pipelines.forecast.sample import Sample, first_records, sample, spread
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.harvest.part import Unit
from florilegium.pipelines.harvest.stages import Tools
from florilegium.pipelines.harvest.warc import read
from florilegium.pipelines.named.texts import WordList
from florilegium.pipelines.publishing.shard_plans import SLICE_BYTES
from florilegium.pipelines.recipe import Shards, changed, load

COSTS = constants.load()


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
    """What a dry run says before the demonstration is built, the plan, and what was then built."""
    planned = plan_of(warcs, tmp_path_factory.mktemp("out"))
    said = forecast(planned, loaded)
    written = list(planned.home.parent.rglob("*"))
    made = build(planned, Embedded(1), Display(Console(quiet=True)))
    return said, planned, made, written


def plan_of(inputs, out):
    return plan(load("demo"), find_files(map(str, inputs)), out)


def forecast(planned, tools, workers=1):
    taken = sample(planned.units, tools)
    return reckoned(planned, taken, "embedded", workers, PRICES["embedded"])


def lost(made, *stages):
    found = funnel.by_rule(made.funnel)
    return sum(number for (stage, _), number in found.items() if stage in stages)


def refused_by_hosts(made):
    """Documents that hosts refuse: of which a few records tell nothing."""
    removed = made.opt_outs.removed.items()
    own = ("_header", "_meta", "content_usage")
    return sum(number for rule, number in removed if not rule.endswith(own))


def unit(name, size, path=""):
    return Unit(name=name, path=str(path), bytes=size, fingerprint=name * 64)


def test_an_estimate_from_all_records_is_what_a_build_has(built):
    said, _, made, _ = built
    assert said.sample.bytes == said.bytes == sum(one.bytes for one in made.inputs)
    assert said.estimate.records == made.records
    late = lost(made, "quality", "duplicates") + refused_by_hosts(made)
    assert said.estimate.documents == made.documents + late
    not_html = funnel.by_rule(made.funnel)["decode", "not_html"]
    assert said.estimate.pages == made.records - lost(made, "read") - not_html


def test_what_is_published_is_at_most_what_passes_and_less_only_by_copies(built):
    said, _, made, _ = built
    copies, refused = lost(made, "duplicates"), refused_by_hosts(made)
    assert copies > 0
    assert refused == 8
    assert 0 <= said.estimate.published_at_most - made.documents <= copies + refused
    assert made.tokens <= said.estimate.tokens_at_most <= 1.3 * made.tokens


def test_disk_and_processor_time_are_of_the_right_size(built):
    said, planned, made, _ = built
    parts = sum(p.stat().st_size for p in planned.work.rglob("*") if p.is_file())
    assert 0.5 * parts <= said.estimate.parts_bytes <= 2 * parts
    assert said.estimate.shards == len(made.shards)
    assert 0.1 < said.sample.seconds < 60
    assert said.estimate.core_hours["harvest"] * 3600 == pytest.approx(said.sample.seconds)


def test_a_dry_run_writes_nothing(built):
    assert built[3] == []


def test_what_is_harvested_already_is_not_charged_again(built):
    said, planned, _, _ = built
    again = reckoned(planned, said.sample, "embedded", 1, PRICES["embedded"])
    assert (again.units_done, again.estimate.core_hours["harvest"]) == (4, 0)
    assert again.estimate.records == said.estimate.records


def test_the_command_says_it_to_programs_and_writes_nothing(warcs, tmp_path):
    words = ["build", "demo", "--input", str(warcs[0].parent), "--out", str(tmp_path / "out")]
    try:
        done = CliRunner().invoke(
            main, [*words, "--dry-run", "--price-core-hour", "1000", "--output", "json"]
        )
    finally:
        logging.disable(logging.NOTSET)
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    hours = sum(said["estimate"]["core_hours"].values())
    assert said["estimate"]["euros"] == pytest.approx(hours / constants.AT_WORK * 1000)
    assert (said["units"], said["units_done"], said["workers"]) == (4, 0, 1)
    assert not (tmp_path / "out").exists()


def test_a_person_is_told_what_was_read_and_what_cannot_be_known(built):
    console = Console(file=StringIO(), width=120)
    show(built[0], console)
    text = console.file.getvalue()
    assert f"release     {built[0].release}\n" in text
    assert "Estimated from 284 records in 4 of the files, 100.00% of all bytes." in text
    assert "at most: which are copies shows when all are known" in text
    for row in ("records", "published", "core time", "shuffled", "memory", "release", "euros"):
        assert f"\n{row} " in text


@pytest.mark.parametrize(
    "content",
    [b"no WARC at all", gzip.compress(b"x" * 9_999, mtime=0), b"WARC/1.0"],
    ids=["text", "gzip", "a beginning"],
)
def test_garbage_is_estimated_to_have_no_documents(content, loaded, tmp_path):
    (tmp_path / "a.warc.gz").write_bytes(content)
    (tmp_path / "empty.warc.gz").write_bytes(b"")
    said = forecast(plan_of([tmp_path], tmp_path / "out"), loaded, workers=2)
    assert (said.estimate.documents, said.estimate.shards) == (0, 0)
    assert said.estimate.records >= 1
    assert said.estimate.release_bytes >= 0


def test_no_more_is_read_than_was_said(warcs, loaded, monkeypatch, tmp_path):
    monkeypatch.setattr(samples, "RECORDS", 40)
    taken = sample(plan_of(warcs, tmp_path).units, loaded)
    assert (taken.files, taken.records) == (4, 40)
    monkeypatch.setattr(samples, "SECONDS", 0.0)
    assert sample(plan_of(warcs, tmp_path).units, loaded).records == 0


def test_records_that_a_small_file_lacks_are_taken_from_the_next(
    warcs, loaded, monkeypatch, tmp_path
):
    small = tmp_path / "0.warc"
    small.write_bytes(warcs[3].read_bytes()[: read_first(warcs[3]).length])
    monkeypatch.setattr(samples, "RECORDS", 40)
    taken = sample(plan_of([small, warcs[3]], tmp_path).units, loaded)
    assert taken.records == 40


def read_first(path):
    return next(iter(read(path)))


def test_large_files_are_sampled_rather_than_small_ones():
    units = [unit(str(n), 1) for n in range(50)] + [unit("big", 10_000)]
    assert [one.name for one in spread(units, 4)] == ["big"]
    even = [unit(str(n), 10) for n in range(8)]
    assert [one.name for one in spread(even, 4)] == ["1", "3", "5", "7"]
    assert spread(even[:3], 4) == even[:3]
    assert spread([unit("a", 0)] * 9, 4) == [unit("a", 0)] * 4


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """The address of a bucket on a server of S3 in this process."""
    server = pytest.importorskip("moto.server")
    app = server.DomainDispatcherApplication(server.create_backend_app)
    served = make_server("127.0.0.1", 0, app, threaded=False)
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    import boto3

    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{served.server_port}",
            "AWS_ACCESS_KEY_ID": "a-key-for-tests",
            "AWS_SECRET_ACCESS_KEY": "a-secret-for-tests",
            "AWS_DEFAULT_REGION": "us-east-1",
            "NO_PROXY": "127.0.0.1",
        }.items():
            patch.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket="crawl")
        yield "s3://crawl"
    served.shutdown()
    thread.join()


def test_of_a_file_in_a_store_only_the_beginning_is_read_and_no_torn_record_counted(
    warcs, bucket, monkeypatch
):
    for warc in warcs:
        place = locate(f"{bucket}/{warc.name}")
        place.upload(warc)
        whole = list(read(warc))
        assert list(first_records(place)) == whole
        for size in (whole[20].offset + 1, whole[21].offset - 1, whole[20].offset + 40):
            monkeypatch.setattr(samples, "HEAD_BYTES", size)
            assert list(first_records(place)) == whole[:20]
        monkeypatch.undo()


def test_a_dry_run_of_files_in_a_store_says_the_same_as_of_local_ones(
    warcs, bucket, built, loaded, tmp_path
):
    for warc in warcs:
        locate(f"{bucket}/warc/{warc.name}").upload(warc)
    said = forecast(plan_of([f"{bucket}/warc"], tmp_path / "out"), loaded)
    assert said.estimate.documents == built[0].estimate.documents
    assert said.estimate.published_text_bytes_at_most == (
        built[0].estimate.published_text_bytes_at_most
    )
    assert list(locate(bucket).rglob("*.json")) == []


WORK = Workload(
    units=1_000,
    bytes=1e12,
    records=9e7,
    pages=3e7,
    documents=2e7,
    text_bytes=8e10,
    passing={"deu_Latn": Language(1e7, 1e10, 4e10), "fin_Latn": Language(10, 1e3, 4e3)},
    harvest_seconds=3e5,
    longest_unit_seconds=300.0,
    part_bytes=4e10,
)


def estimated(work=WORK, engine="embedded", workers=100, **shards):
    return estimate(work, Shards(**shards), COSTS, PRICES[engine], workers)


def test_twice_the_work_takes_twice_the_time_and_the_disk():
    twice = Workload(
        **{
            name: 2 * value
            for name, value in msgspec.structs.asdict(WORK).items()
            if name not in ("passing", "longest_unit_seconds", "asked")
        },
        passing={
            lang: Language(2 * one.documents, 2 * one.tokens, 2 * one.text_bytes)
            for lang, one in WORK.passing.items()
        },
        longest_unit_seconds=300.0,
    )
    once, double = estimated(), estimated(twice)
    for step in ("harvest", "deduplicate", "publish"):
        assert double.core_hours[step] == pytest.approx(2 * once.core_hours[step])
    assert double.parts_bytes == pytest.approx(2 * once.parts_bytes)
    assert double.release_bytes == pytest.approx(2 * once.release_bytes)
    assert double.core_hours["start"] == once.core_hours["start"]


@pytest.mark.parametrize("step", ON_REQUEST)
def test_a_step_on_request_costs_what_it_costs_only_if_it_is_there(step):
    without = estimated()
    asked = estimated(msgspec.structs.replace(WORK, asked=frozenset({step})))
    more = asked.core_hours.pop(step)
    assert more == pytest.approx(COSTS.steps[step] * WORK.documents / 1000 / 3600)
    assert more > 0
    assert asked.core_hours == without.core_hours
    moved = asked.shuffled_bytes.pop(step, 0.0)
    units = COSTS.shuffled(step, "unit") * WORK.units
    assert moved == pytest.approx(COSTS.shuffled(step, "document") * WORK.documents + units)
    assert asked.shuffled_bytes == without.shuffled_bytes


def test_what_looks_at_texts_is_added_to_reading_them():
    work = msgspec.structs.replace(WORK, asked=frozenset({"assess"}), assess_seconds=7_200.0)
    read = estimated(msgspec.structs.replace(work, assess_seconds=0.0)).core_hours["assess"]
    assert estimated(work).core_hours["assess"] == pytest.approx(read + 2)


SAID = Sample(files=1, bytes=1_000, records=10, pages=9, documents=8, text_bytes=9_000,
              seconds=1.0, part_bytes=900, passing={})  # fmt: skip


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
def test_a_dry_run_tells_which_steps_there_are(settings, said, expected, warcs, tmp_path):
    recipe = changed(load("demo"), settings)
    planned = plan(recipe, find_files(map(str, warcs)), tmp_path)
    taken = msgspec.structs.replace(SAID, **said)
    found = reckoned(planned, taken, "embedded", 1, PRICES["embedded"])
    assert set(found.estimate.core_hours) & set(ON_REQUEST) == expected


def test_a_dry_run_times_what_looks_at_texts(warcs, tmp_path):
    (tmp_path / "words.txt").write_text("jam\n")
    words = WordList(path=str(tmp_path / "words.txt"), sha256=hashlib.sha256(b"jam\n").hexdigest())
    recipe = msgspec.structs.replace(load("demo"), word_lists=(words,))
    with Tools(recipe) as tools:
        said = forecast(plan(recipe, find_files([str(warcs[0])]), tmp_path), tools)
    assert 0 < said.sample.assess_seconds < said.sample.seconds
    assert said.estimate.core_hours["assess"] * 3600 > said.sample.assess_seconds


def test_more_workers_are_sooner_done_until_one_unit_holds_them_up():
    few, many = estimated(workers=10), estimated(workers=100)
    assert many.wall_hours < few.wall_hours / 5
    endless = estimated(workers=10**6)
    assert endless.wall_hours > WORK.longest_unit_seconds / 3600


def test_dataflow_is_paid_for_what_it_shuffles_and_flink_for_its_jvm():
    plain, flink, dataflow = (estimated(engine=e) for e in ("embedded", "flink", "dataflow"))
    assert flink.euros == pytest.approx(1.25 * plain.euros)
    moved = sum(dataflow.shuffled_bytes.values()) / 1e9
    price = PRICES["dataflow"]
    hours = sum(dataflow.core_hours.values()) / constants.AT_WORK
    assert dataflow.euros == pytest.approx(hours * price.core_hour + moved * price.shuffled_gb)


def test_of_larger_shards_there_are_fewer_and_they_take_no_more_memory():
    small, large = estimated(size=1 << 20), estimated(size=1 << 30)
    assert small.shards > large.shards
    assert small.worker_memory_bytes["publish"] == large.worker_memory_bytes["publish"]


@pytest.mark.parametrize(
    ("size", "documents", "expected"),
    [
        (0, 0, 0),
        (1, 1, 1),
        (100, 9, 1),
        (101, 9, 2),
        (401, 9, 8),
        (401, 3, 3),
        (10**9, 10**6, 4096),
    ],
)
def test_shards_are_a_power_of_two_and_at_most_one_a_document(size, documents, expected):
    assert shards_of(Language(documents, 0, size), Shards(size=100)) == expected


def test_the_constants_make_sense():
    assert sum(COSTS.stages.values()) > sum(COSTS.steps.values()) > 0
    assert COSTS.measured.published <= COSTS.measured.documents <= COSTS.measured.pages
    assert COSTS.measured.pages <= COSTS.measured.records
    assert {shuffle.step for shuffle in COSTS.shuffles} >= {"deduplicate", "decide", "publish"}
    assert any(shuffle.together for shuffle in COSTS.shuffles)
    assert COSTS.shuffled("publish", "document") > COSTS.shuffled("deduplicate", "document") > 50
    assert COSTS.storage.published_text_byte < 2
    assert SLICE_BYTES < COSTS.memory.publish < 10 * SLICE_BYTES


def test_the_price_of_a_core_hour_holds_its_memory():
    assert PRICES["embedded"].core_hour == pytest.approx(0.05)
