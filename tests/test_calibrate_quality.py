"""Limits of quality by language, measured on what was harvested."""

import tomllib

import msgspec
import numpy as np
import pytest

from florilegium.filters.catalogue import DEFAULTS, AnyFilter
from florilegium.filters.certainty import Certainty, Limit
from florilegium.filters.datatrove import Datatrove
from florilegium.filters.lines import Lines
from florilegium.filters.quality import Quality as QualityLimits
from florilegium.filters.repetition import Repetition
from florilegium.manifests.counts import Counts
from florilegium.pipelines.research.calibrate import with_limits
from florilegium.pipelines.research.calibrate_quality import (
    MIN_DOCUMENTS,
    calibrate_quality,
    fitted,
    rates,
    remarks,
)
from florilegium.pipelines.research.filter_toml import toml


def histogram(shares):
    return np.bincount([round(share * 1000) for share in shares], minlength=1001)


def test_a_limit_keeps_98_in_100_within_a_band_around_the_default():
    assert fitted("max_top_bigram", histogram([0.2] * 98 + [0.9] * 2)) == 0.2
    assert fitted("max_top_bigram", histogram([0.9] * 100)) == pytest.approx(1.3 * 0.214, abs=5e-4)
    assert fitted("max_top_bigram", histogram([0.0] * 100)) == pytest.approx(0.75 * 0.214, abs=1e-3)
    assert fitted("min_sentence_lines", histogram([0.1] * 3 + [0.9] * 97)) == 0.1


@pytest.fixture
def harvested(tmp_path, document, part, part_table):
    """A part of documents that differ in one count, and its table."""
    counts = Counts(chars=1_000, words=200, lines=10, sentence_lines=8)
    documents = [
        document(n, counts=msgspec.structs.replace(counts, top_bigram_chars=180 + n % 2))
        for n in range(MIN_DOCUMENTS)
    ]
    few = [document(1_000, "fra_Latn", counts=counts)]
    part(tmp_path / "a", [*documents, *few])
    return [part_table(tmp_path / "a")]


def test_limits_and_keep_rates_are_those_of_each_language_with_enough_texts(harvested):
    found = calibrate_quality(harvested, (Lines(), Repetition(max_top_bigram=0.1805)))
    assert {type(rule) for rule in found.filters} == {Lines, Repetition}
    assert found.rates.keys() == {"deu_Latn"}
    german = found.rates["deu_Latn"]
    assert (german.documents, german.before, german.after) == (MIN_DOCUMENTS, 0.5, 1.0)
    assert found.filters[1].languages["deu_Latn"]["max_top_bigram"] == 0.181


def test_a_limit_that_the_recipe_gives_for_a_language_stays(harvested):
    given = Repetition(languages={"deu_Latn": {"max_top_bigram": 0.17}})
    (rule,) = calibrate_quality(harvested, (given,)).filters
    assert rule.languages["deu_Latn"]["max_top_bigram"] == 0.17
    assert "max_top_trigram" in rule.languages["deu_Latn"]


def test_a_language_far_from_its_family_raises_an_alarm():
    kept = {"deu_Latn": [100, 0, 90], "nld_Latn": [100, 0, 88], "swe_Latn": [100, 0, 50]}
    alarms = {lang: found.alarm for lang, found in rates(kept).items()}
    assert alarms["deu_Latn"] is alarms["nld_Latn"] is None
    assert alarms["swe_Latn"] == "keeps 0.50, the median of Germanic languages is 0.88"


def test_what_is_written_are_all_filters_of_the_recipe_for_another(harvested):
    found = calibrate_quality(harvested, DEFAULTS)
    assert [type(rule) for rule in found.filters] == [type(rule) for rule in DEFAULTS]
    odd = Datatrove(filter="X", arguments={"a b": [True, 'q"'], "c": {"d": {"e": 1.5}}})
    limits = {"deu_Latn": {"long": Limit(0.8, 90)}}
    scores = QualityLimits(min_qualities={"deu_Latn": 0.5})
    filters = with_limits((*found.filters, odd, scores), limits)
    lines = [*remarks(found), *toml(filters)]
    assert any(line.startswith("# deu_Latn: 100 documents, kept ") for line in lines)
    written = tomllib.loads("\n".join(lines))["filters"]
    assert tuple(msgspec.convert(one, AnyFilter) for one in written) == filters
    assert filters[1].min_scores == limits


def test_limits_of_certainty_are_in_a_filter_of_their_own_where_there_is_none():
    assert with_limits((Lines(),), {}) == (Certainty(), Lines())
