"""Limits of certainty: measured from scores, written for a recipe, and held by a filter."""

import statistics
import tomllib

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from florilegium.filters.catalogue import AnyFilter
from florilegium.filters.certainty import Certainty, Limit
from florilegium.pipelines.cli.main import main
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.research.calibrate import (
    HIGHEST,
    LOWEST,
    MIN_DOCUMENTS,
    calibrate,
    limit,
    with_limits,
)
from florilegium.pipelines.research.filter_toml import toml

scores_of_four_decimals = st.integers(0, 10_000).map(lambda n: n / 10_000)


def histogram(scores):
    return np.bincount([round(score * 10_000) for score in scores], minlength=10_001)


@given(st.lists(scores_of_four_decimals, min_size=1, max_size=50))
def test_a_limit_is_the_median_less_a_deviation_within_bounds(scores):
    expected = statistics.median(scores) - statistics.pstdev(scores)
    expected = min(max(expected, LOWEST), HIGHEST)
    assert limit(histogram(scores)) == pytest.approx(expected, abs=0.0051)


def test_limits_are_those_of_each_language_and_length(tmp_path, document, part, part_table):
    scores = [0.5, 0.6, 0.7] * MIN_DOCUMENTS
    sure = [document(n, lang_score=score, chars=500) for n, score in enumerate(scores)]
    long = [document(1_000 + n, lang_score=0.99, chars=5_000) for n in range(MIN_DOCUMENTS)]
    few = [document(2_000 + n, "fra_Latn", lang_score=0.9) for n in range(MIN_DOCUMENTS - 1)]
    part(tmp_path / "a", [*sure[:40], *few])
    part(tmp_path / "b", [*sure[40:], *long])
    limits = calibrate(part_table(tmp_path / name) for name in "ab")
    expected = round(0.6 - statistics.pstdev(scores), 2)
    assert limits == {
        "deu_Latn": {
            "medium": Limit(expected, len(scores)),
            "long": Limit(HIGHEST, MIN_DOCUMENTS),
        }
    }


def test_what_is_written_is_a_filter_that_a_recipe_can_have():
    limits = {"deu_Latn": {"short": Limit(0.41, 50), "long": Limit(0.9, 3_000)}}
    (written,) = tomllib.loads("\n".join(toml(with_limits((), limits))))["filters"]
    assert msgspec.convert(written, AnyFilter) == Certainty(min_scores=limits)


def test_a_text_is_held_to_the_limit_of_its_language_and_length(document):
    rule = Certainty(min_score=0.5, min_scores={"deu_Latn": {"short": Limit(0.8, 50)}})
    assert rule(document(1, lang_score=0.8, chars=299)) is None
    failed = rule(document(1, lang_score=0.79, chars=299))
    assert (failed.rule, failed.value, failed.limit) == ("lang_score", 0.79, 0.8)
    assert rule(document(1, lang_score=0.5, chars=300)) is None
    assert rule(document(1, "fra_Latn", lang_score=0.49, chars=10)).limit == 0.5


@pytest.mark.parametrize(
    ("lang", "length", "said"),
    [("deu", "short", "unknown language 'deu'"), ("deu_Latn", "shrt", "unknown length 'shrt'")],
)
def test_a_limit_that_no_text_would_meet_is_refused(lang, length, said):
    written = {"use": "certainty", "min_scores": {lang: {length: {"min_score": 1, "documents": 9}}}}
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert(written, AnyFilter)


def test_calibrate_reads_what_was_harvested_and_says_where_that_gives_no_limit(tmp_path):
    warc = str(pack(tmp_path / "web")[0])
    asked = ["demo", "--input", warc, "--out", str(tmp_path / "out")]
    early = CliRunner().invoke(main, ["calibrate", *asked])
    assert (early.exit_code, early.stdout) == (1, "")
    assert "harvest is not done" in early.stderr
    built = CliRunner().invoke(main, ["build", *asked, "--step", "harvest", "--workers", "1"])
    assert built.exit_code == 0, built.output
    found = CliRunner().invoke(main, ["calibrate", *asked])
    assert found.exit_code == 0
    written = msgspec.convert(tomllib.loads(found.stdout)["filters"], list[AnyFilter])
    assert Certainty() in written
    assert found.stderr == (f"no limits: no language has {MIN_DOCUMENTS} documents of one length\n")
    other = tmp_path / "other.toml"
    other.write_text('name = "demo"\nlanguages = ["european"]\n[extraction]\nmin_chars = 99\n')
    stale = CliRunner().invoke(main, ["calibrate", str(other), *asked[1:]])
    assert stale.exit_code == 1
    assert "the parts that are there were made with others: run it first" in stale.stderr
