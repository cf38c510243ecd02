"""Scorers: made of good and bad examples, judged on other domains, and used by a build."""

import gzip
import hashlib
import json
import random
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from florilegium.filters.quality import Quality
from florilegium.manifests.deciles import added, count, deciles
from florilegium.manifests.verify import verify
from florilegium.pipelines import build as builds
from florilegium.pipelines.assessment.examples import ExampleError, find, read
from florilegium.pipelines.assessment.scorers import Model, Scorers, line_of
from florilegium.pipelines.assessment.train_quality import auc, train
from florilegium.pipelines.commands.answers import console_for
from florilegium.pipelines.commands.display import Display
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.named.files import NamedFileError
from florilegium.pipelines.named.texts import Scorer
from florilegium.pipelines.recipe import load

TEXTS = (
    "the river and its bank were formed by ice long ago as we know from stones",
    "buy cheap now click here best price casino bonus free offer login",
)
GOOD, BAD = (text.split() for text in TEXTS)


def lines(seed, words, number=300, sites=60):
    """Pages of some sites: mostly these words, some of the other kind's."""
    lots = random.Random(seed)
    other = BAD if words is GOOD else GOOD
    for n in range(number):
        text = " ".join(lots.choices(words, k=30) + lots.choices(other, k=12))
        yield {"text": text, "url": f"https://www.site{seed}-{n % sites}.example/{n}"}


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("examples")
    good = "".join(json.dumps(row) + "\n" for row in lines(1, GOOD))
    (folder / "good.jsonl.gz").write_bytes(gzip.compress(good.encode()))
    pq.write_table(pa.Table.from_pylist(list(lines(2, BAD))), folder / "bad.parquet")
    return folder


@pytest.fixture(scope="module")
def trained(examples, tmp_path_factory):
    out = tmp_path_factory.mktemp("model")
    return out, train([str(examples / "good.jsonl.gz")], [str(examples / "bad.parquet")], out)


def test_a_scorer_tells_good_from_bad_on_sites_it_has_not_seen(trained):
    _, card = trained
    assert card.held_out.good > 5
    assert card.held_out.bad > 5
    assert card.held_out.auc > 0.95
    assert card.examples["good"] + card.held_out.good == 300
    assert card.origins["good"] < 60


def test_a_domain_is_held_out_as_a_whole(examples, tmp_path):
    sites = [f"https://www.only-{n}.example/" for n in range(60)]
    found = set()
    for site in sites[:15]:
        rows = [{**row, "url": site} for row in lines(1, GOOD)]
        (tmp_path / "one.jsonl").write_text("\n".join(map(json.dumps, rows)))
        places = [str(tmp_path / "one.jsonl")], [str(examples / "bad.parquet")]
        with suppress(ExampleError):
            found.add(train(*places, tmp_path / "x").held_out.good)
            continue
        with pytest.raises(ExampleError, match="0 different good examples are left"):
            train(*places, tmp_path / "x")
        found.add(300)
    assert found == {0, 300}


def test_the_same_examples_give_the_same_model_in_whatever_order_files_are_named(
    examples, trained, tmp_path
):
    halves = list(lines(1, GOOD))
    for name, rows in (("b", halves[150:]), ("a", halves[:150])):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    places = [str(tmp_path / "b.jsonl"), str(tmp_path / "a.jsonl")]
    again = train(places, [str(examples / "bad.parquet")], tmp_path / "out")
    assert again.sha256 == trained[1].sha256
    assert again.held_out == trained[1].held_out


def test_a_text_that_is_good_and_bad_is_neither_and_repeated_ones_count_once(examples, tmp_path):
    rows = list(lines(1, GOOD))
    (tmp_path / "good.jsonl").write_text("\n".join(map(json.dumps, [*rows, *rows[:7]])))
    (tmp_path / "bad.jsonl").write_text("\n".join(map(json.dumps, [*lines(2, BAD), *rows[:3]])))
    card = train([str(tmp_path / "good.jsonl")], [str(tmp_path / "bad.jsonl")], tmp_path / "out")
    assert card.left_out == {"repeated": 7, "both": 3}


def test_text_in_a_page_that_fasttext_would_take_for_a_label_or_an_end_is_none(trained):
    model = Model(str(trained[0] / "quality.bin"), "good")
    assert line_of("a __label__good b</s> c") == "a good b c"
    text = " ".join(BAD * 3)
    assert abs(model.score(f"</s> {text}") - model.score(text)) < 0.01
    assert model.score(text) < 0.2 < 0.8 < model.score(" ".join(GOOD * 3))


def test_odd_texts_have_a_score(trained):
    model = Model(str(trained[0] / "quality.bin"), "good")
    for text in ("", "\n", "\x00", "\ud800", "a" * 1_000_000, "</s>", "__label__bad"):
        assert 0 <= model.score(text) <= 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50), st.integers(1, 49))
def test_deciles_are_those_of_the_sorted_scores_however_they_are_divided(scores, cut):
    parts = []
    for part in (scores[:cut], scores[cut:]):
        histogram = {}
        for score in part:
            count(histogram, score)
        parts.append(histogram)
    rounded = sorted(round(x * 1000) / 1000 for x in scores)
    ranks = [max(1, -(-k * len(scores) // 10)) for k in range(11)]
    assert deciles(added(parts)) == tuple(rounded[rank - 1] for rank in ranks)


def test_auc_is_the_share_of_pairs_in_order():
    assert auc(np.array([0.9, 0.4]), np.array([0.4, 0.1])) == 0.875


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.jsonl", '{"txt": "a"}', "example 1 has no text 'text'; there are: txt"),
        ("x.jsonl", "{", "line 1: "),
        ("x.parquet", "nothing", "x.parquet"),
        ("x.csv", "a", "not a file of examples"),
    ],
)
def test_what_is_no_example_is_named(name, content, said, tmp_path):
    (tmp_path / name).write_text(content)
    with pytest.raises(ExampleError) as told:
        [one for file in find([str(tmp_path / name)]) for one in read(file, "text")]
    assert said in str(told.value)


def test_a_scorer_that_is_none_is_refused(trained, tmp_path):
    (tmp_path / "x.bin").write_bytes(b"no model")
    digest = hashlib.sha256(b"no model").hexdigest()
    with pytest.raises(NamedFileError, match=r"^\S+ is no scorer: it has wrong file format!$"):
        Scorers([Scorer(path=str(tmp_path / "x.bin"), sha256=digest)])
    mine = Scorer(path=str(trained[0] / "quality.bin"), sha256=trained[1].sha256)
    with pytest.raises(NamedFileError, match="no label 'best'; it has: bad, good"):
        Scorers([replace(mine, label="best")])
    with pytest.raises(NamedFileError, match="two scorers are for all others"):
        Scorers([mine, mine])
    with pytest.raises(NamedFileError, match='needs its digest in the recipe: sha256 = "'):
        Scorers([replace(mine, sha256="")])


def test_a_build_scores_by_language_and_another_limit_publishes_only(trained, tmp_path):
    warcs = find_files(map(str, pack(tmp_path / "warcs")))
    scorer = Scorer(
        path=str(trained[0] / "quality.bin"),
        sha256=trained[1].sha256,
        languages=("eng_Latn", "deu_Latn"),
    )

    def build(**changes):
        plan = builds.plan(replace(load("demo"), **changes), warcs, tmp_path / "out")
        return plan, builds.build(plan, Embedded(), Display(console_for("json")))

    plan, first = build(scorers=(scorer,))
    assert list(verify(plan.release)) == []
    table = pq.read_table(plan.release / "data", columns=["lang", "quality"]).to_pylist()
    scored = {row["lang"] for row in table if row["quality"] is not None}
    assert scored == {"eng_Latn", "deu_Latn"}
    about = {x.lang: x for x in first.languages}
    english = sorted(row["quality"] for row in table if row["lang"] == "eng_Latn")
    assert about["fra_Latn"].quality_deciles is None
    assert about["eng_Latn"].quality_deciles[-1] == pytest.approx(english[-1], abs=0.0005)
    assert any(r.sha256 == scorer.sha256 for r in first.resources)
    there = {p: p.stat().st_mtime_ns for p in (plan.work / "assessed").rglob("*")}
    limit = Quality(min_qualities={"eng_Latn": round(english[1] + 0.001, 4)})
    other, second = build(scorers=(scorer,), filters=(limit,))
    assert {p: p.stat().st_mtime_ns for p in there} == there
    ledger = pq.read_table(other.release / "audit" / "losses").to_pylist()
    assert {x["lang"] for x in ledger if x["rule"] == "quality"} == {"eng_Latn"}
    assert sum(x["rule"] == "quality" for x in ledger) >= 2
    assert second.documents != first.documents


def test_the_command_trains_and_prints_what_a_recipe_needs(examples, trained, tmp_path):
    command = [sys.executable, "-m", "florilegium.pipelines.cli.main", "train-quality"]
    command += ["--good", str(examples / "good.jsonl.gz"), "--bad", str(examples / "bad.parquet")]
    done = subprocess.run([*command, "--out", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f'sha256 = "{trained[1].sha256}"' in done.stdout
    assert json.loads((tmp_path / "quality.json").read_text())["held_out"]["auc"] > 0.9
    command[command.index("--bad") + 1] = str(tmp_path / "nowhere")
    wrong = subprocess.run([*command, "--out", str(tmp_path)], capture_output=True, text=True)
    assert wrong.returncode == 2
    assert "there is no file or folder" in wrong.stderr
