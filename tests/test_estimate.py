"""The formula from a workload to what it takes, and its constants."""

import msgspec
import pytest

from florilegium.pipelines.forecast import costs as constants
from florilegium.pipelines.forecast.estimate import (
    ON_REQUEST,
    Language,
    Workload,
    estimate,
    shards_of,
)
from florilegium.pipelines.forecast.prices import PRICES
from florilegium.pipelines.publishing.shard_plans import SLICE_BYTES
from florilegium.pipelines.recipe import Shards

COSTS = constants.load()


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
        assert double.steps[step].core_hours == pytest.approx(2 * once.steps[step].core_hours)
    assert double.parts_bytes == pytest.approx(2 * once.parts_bytes)
    assert double.release_bytes == pytest.approx(2 * once.release_bytes)
    assert double.steps["start"] == once.steps["start"]


@pytest.mark.parametrize("step", ON_REQUEST)
def test_a_step_on_request_costs_what_it_costs_only_if_it_is_there(step):
    without = estimated()
    asked = estimated(msgspec.structs.replace(WORK, asked=frozenset({step})))
    more = asked.steps.pop(step)
    assert more.core_hours == pytest.approx(COSTS.steps[step] * WORK.documents / 1000 / 3600)
    assert more.core_hours > 0
    units = COSTS.shuffled(step, "unit") * WORK.units
    moved = COSTS.shuffled(step, "document") * WORK.documents + units
    assert more.shuffled_bytes == pytest.approx(moved)
    assert asked.steps == without.steps


def test_what_looks_at_texts_is_added_to_reading_them():
    work = msgspec.structs.replace(WORK, asked=frozenset({"assess"}), assess_seconds=7_200.0)
    read = estimated(msgspec.structs.replace(work, assess_seconds=0.0)).steps["assess"].core_hours
    assert estimated(work).steps["assess"].core_hours == pytest.approx(read + 2)


@pytest.mark.parametrize(
    "name", ["core_hours", "wall_hours", "shuffled_bytes", "euros", "watt_hours"]
)
def test_what_a_build_takes_is_what_its_steps_take(name):
    made = estimated(engine="dataflow")
    whole = sum(getattr(step, name) for step in made.steps.values())
    assert whole > 0
    assert getattr(made, name) == pytest.approx(whole)
    left = sum(step.disk_bytes for step in made.steps.values())
    assert made.parts_bytes + made.release_bytes == pytest.approx(left)


def test_more_workers_are_sooner_done_until_one_unit_holds_them_up():
    few, many = estimated(workers=10), estimated(workers=100)
    assert many.wall_hours < few.wall_hours / 5
    endless = estimated(workers=10**6)
    assert endless.wall_hours > WORK.longest_unit_seconds / 3600


def test_dataflow_is_paid_for_what_it_shuffles_and_flink_for_its_jvm():
    plain, flink, dataflow = (estimated(engine=e) for e in ("embedded", "flink", "dataflow"))
    assert flink.euros == pytest.approx(1.25 * plain.euros)
    moved, price = dataflow.shuffled_bytes / 1e9, PRICES["dataflow"]
    hours = dataflow.core_hours / constants.AT_WORK
    assert dataflow.euros == pytest.approx(hours * price.core_hour + moved * price.shuffled_gb)


def test_a_core_hour_takes_what_a_core_its_memory_and_the_building_take():
    plain, flink = estimated(), estimated(engine="flink")
    hours = plain.core_hours / constants.AT_WORK
    watts = (0.74 + 0.8 * (3.5 - 0.74) + 4 * 0.392) * 1.135
    assert plain.watt_hours == pytest.approx(hours * watts)
    assert flink.watt_hours == pytest.approx(1.25 * plain.watt_hours)
    assert plain.euros_a_month == pytest.approx(plain.release_bytes / 1e9 * 0.02)


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
