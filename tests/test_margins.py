"""The margins of forecasts: the jackknife, the stated factors, and how they go together."""

import math
import statistics

import msgspec
import pytest

from florilegium.pipelines.forecast import costs as constants
from florilegium.pipelines.forecast.estimate import Language, Workload, estimate
from florilegium.pipelines.forecast.margins import COPIES, SIZE, TIME, margins
from florilegium.pipelines.forecast.prices import PRICES
from florilegium.pipelines.recipe import Shards


def made(documents, languages=("deu_Latn",)):
    """An estimate of which all grows with the number of documents."""
    number = documents / max(1, len(languages))
    work = Workload(
        units=1,
        bytes=1e6,
        records=2 * documents,
        pages=documents,
        documents=documents,
        text_bytes=1e3 * documents,
        passing={lang: Language(number, 100 * number, 1e3 * number) for lang in languages},
        harvest_seconds=documents,
        part_bytes=1e3 * documents,
    )
    return estimate(work, Shards(size=1 << 20), constants.load(), PRICES["dataflow"], 1)


def without(values, of=statistics.fmean):
    """What is estimated from all values, and without one each."""
    left_out = [values[:turn] + values[turn + 1 :] for turn in range(len(values))]
    return made(of(values)), [made(of(values)) for values in left_out]


VALUES = [90.0, 110.0, 130.0, 70.0, 100.0, 95.0]


def test_of_a_mean_the_jackknife_gives_the_standard_error():
    found = margins(*without(VALUES), read=0.0)
    error = statistics.stdev(VALUES) / math.sqrt(len(VALUES))
    mean = statistics.fmean(VALUES)
    assert found.least.documents == pytest.approx(mean - 2.57 * error)
    assert found.most.documents == pytest.approx(mean + 2.57 * error)
    assert found.most.records == pytest.approx(2 * (mean + 2.57 * error))


def test_the_more_was_read_the_less_is_open():
    few, most, all_ = (margins(*without(VALUES), read=read) for read in (0.0, 0.75, 1.0))
    assert most.most.documents - 99 == pytest.approx((few.most.documents - 99) / 2, abs=2)
    assert all_.most.documents == all_.least.documents == statistics.fmean(VALUES)


def test_if_all_was_read_what_is_open_are_constants_and_copies():
    whole = made(1000.0)
    found = margins(whole, [], read=1.0)
    for name in ("core_hours", "wall_hours", "euros", "watt_hours"):
        assert getattr(found.most, name) == pytest.approx(TIME * getattr(whole, name))
        assert getattr(found.least, name) == pytest.approx(getattr(whole, name) / TIME)
    step, least, most = (one.steps["publish"] for one in (whole, found.least, found.most))
    assert most.core_hours == pytest.approx(TIME * step.core_hours)
    assert most.shuffled_bytes == pytest.approx(SIZE * step.shuffled_bytes)
    assert least.disk_bytes == pytest.approx(step.disk_bytes / SIZE)
    assert found.most.parts_bytes == pytest.approx(SIZE * whole.parts_bytes)
    assert found.least.tokens == pytest.approx((1 - COPIES) * whole.tokens)
    assert found.most.tokens == whole.tokens
    assert found.least.languages["deu_Latn"].tokens == pytest.approx(found.least.tokens)
    assert found.least.documents == found.most.documents == whole.documents


def test_from_one_place_nothing_can_be_told_of_the_others():
    found = margins(made(10.0), [made(0.0)], read=0.1)
    assert (found.least.documents, found.most.documents) == (0.0, 20.0)


def test_a_language_that_stands_at_one_place_only_may_be_none():
    both, one = ("deu_Latn", "fin_Latn"), ("deu_Latn",)
    found = margins(made(40.0, both), [made(40.0, both)] * 3 + [made(20.0, one)], read=0.0)
    assert found.least.languages["fin_Latn"].documents == 0.0
    assert found.most.languages["fin_Latn"].documents > 40.0


def test_a_language_that_stands_at_few_places_may_be_off_by_more():
    whole, others = without(VALUES)
    at = [margins(whole, others, read=0.0, places={"deu_Latn": n}) for n in (1, 2, 6)]
    most = [one.most.languages["deu_Latn"].documents for one in at]
    assert most[0] > most[1] > most[2] == at[0].most.documents


def test_a_mixture_may_leave_out_all():
    found = margins(made(10.0), [], read=1.0, may_go=1.0)
    assert found.least.published == found.least.tokens == found.least.shards == 0
    assert found.most.published == 10.0


def numbers(estimated):
    """All figures of an estimate, in their order."""
    found = msgspec.to_builtins(estimated)
    while any(isinstance(one, dict) for one in found.values()):
        found = {f"{k}/{below}": one for k, v in found.items() for below, one in nested(v)}
    return found


def nested(value):
    return value.items() if isinstance(value, dict) else [("", value)]


@pytest.mark.parametrize("values", [VALUES, [0.0, 0.0, 300.0], [5.0, 5.0]])
def test_no_figure_is_below_nothing_or_out_of_order(values):
    whole, others = without(values)
    found = margins(whole, others, read=0.0)
    least, about, most = (numbers(one) for one in (found.least, whole, found.most))
    assert least.keys() == about.keys() == most.keys()
    for name, figure in about.items():
        assert 0 <= least[name] <= figure * (1 + 1e-9), name
        assert figure <= most[name] * (1 + 1e-9), name
