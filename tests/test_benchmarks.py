"""Texts that give away a benchmark: found by the runs of words they share, and lost by its name."""

import gzip
import hashlib
import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from florilegium.filters.length import Length
from florilegium.filters.ngrams import Runs, runs_of, word_hashes
from florilegium.manifests.verify import verify
from florilegium.pipelines import build as builds
from florilegium.pipelines.assessment.benchmarks import Contamination, pinned
from florilegium.pipelines.commands.answers import console_for
from florilegium.pipelines.commands.display import Display
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.named.files import NamedFileError
from florilegium.pipelines.named.texts import Benchmark
from florilegium.pipelines.recipe import RecipeError, load, parse

QUESTION = (
    "Which of the following rivers, if any, flows through four capitals on its way to the sea?"
)


def benchmark(path, **changes):
    fields = {"name": "rivers", "path": str(path), "fields": ("question",)}
    digest = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    return Benchmark(**{**fields, **digest, **changes})


def rows(path, *questions):
    path.write_text("".join(json.dumps({"question": q, "id": 1}) + "\n" for q in questions))
    return path


def words(text):
    """What GPT-3 compares, the slow way."""
    kept = "".join(c for c in text.casefold() if c.isalnum() or c.isspace())
    return kept.split()


TINY = st.text("ab ,.", max_size=60)


@given(TINY, TINY, st.integers(1, 4))
def test_runs_are_shared_as_a_set_of_tuples_says(text, other, length):
    runs = Runs(length, [(0, runs_of(word_hashes(other), length))])
    mine, theirs = words(text), words(other)
    there = {tuple(theirs[i : i + length]) for i in range(len(theirs) - length + 1)}
    found = [tuple(mine[i : i + length]) in there for i in range(len(mine) - length + 1)]
    assert runs.shared(word_hashes(text)).tolist() == [sum(found)]
    assert len(runs) == len(there)


@given(st.text())
def test_any_text_has_as_many_words_as_are_left_without_punctuation(text):
    assert len(word_hashes(text)) <= len(text)
    assert word_hashes(text).tolist() == word_hashes(text + " \u2026 ").tolist()


def test_case_quotes_hyphens_and_ligatures_make_no_difference():
    one = word_hashes("„Die ﬁnale Well-Known-Frage“, sagt’s DER Maßstab!")
    assert one.tolist() == word_hashes("die finale wellknown-frage sagts der massstab").tolist()


def test_a_run_in_several_benchmarks_counts_for_the_first():
    runs = runs_of(word_hashes("eins zwei drei"), 2)
    assert Runs(2, [(1, runs), (0, runs[:1])]).shared(word_hashes("eins zwei drei")).tolist() == [
        1,
        1,
    ]


def test_a_quoted_question_is_found_and_one_of_twelve_shared_words_is_not(tmp_path, document):
    there = Contamination([benchmark(rows(tmp_path / "a.jsonl", QUESTION))])
    tokens = QUESTION.split()
    quoted = document(1, text=f"Quiz: “{QUESTION.upper()}” Wer weiß es?")
    assert there.assess(quoted) == {"benchmark": "rivers", "benchmark_ngrams": len(tokens) - 12}
    close = document(2, text=" ".join(tokens[:12]) + " anders")
    assert there.assess(close) == {"benchmark_ngrams": 0}


@pytest.mark.parametrize("kind", ["jsonl", "jsonl.gz", "parquet", "txt", "nested.jsonl"])
def test_every_format_is_read(kind, tmp_path, document):
    path, fields = tmp_path / f"x.{kind}", ("question",)
    match kind:
        case "jsonl":
            rows(path, "short", QUESTION)
        case "jsonl.gz":
            path.write_bytes(gzip.compress(rows(tmp_path / "a.jsonl", QUESTION).read_bytes()))
        case "parquet":
            pq.write_table(pa.table({"question": [QUESTION], "n": [1]}), path)
        case "txt":
            path.write_text("short\n\n" + QUESTION.replace(" through ", "\nthrough ") + "\n")
        case _:
            path.write_text(json.dumps({"q": {"choices": ["no", QUESTION]}}))
            fields = ("q.choices",)
    found = Contamination([benchmark(path, fields=fields)]).assess(document(1, text=QUESTION))
    assert found["benchmark"] == "rivers"


def test_what_cannot_be_compared_is_refused_with_what_to_do(tmp_path):
    rows(tmp_path / "a.jsonl", "too short to be found")
    with pytest.raises(NamedFileError, match="none has 13 words: name other `fields`, or fewer"):
        Contamination([benchmark(tmp_path / "a.jsonl")])
    with pytest.raises(NamedFileError, match="no field 'text'; there are: question, id"):
        Contamination([benchmark(tmp_path / "a.jsonl", fields=("text",))])
    (tmp_path / "b.jsonl").write_text('{"question": 1}\nnonsense\n')
    with pytest.raises(NamedFileError, match="line 2: JSON is malformed"):
        Contamination([benchmark(tmp_path / "b.jsonl")])
    (tmp_path / "b.csv").write_text("x")
    with pytest.raises(NamedFileError, match=r"ends neither in \.jsonl"):
        Contamination([benchmark(tmp_path / "b.csv")])
    (tmp_path / "b.parquet").write_text("x")
    with pytest.raises(NamedFileError, match=r"b\.parquet"):
        Contamination([benchmark(tmp_path / "b.parquet")])
    with pytest.raises(NamedFileError, match="names a benchmark, and there is no file"):
        pinned([Benchmark(name="x", path=str(tmp_path / "nothing.jsonl"))])
    with pytest.raises(NamedFileError, match="is not the benchmark of the recipe"):
        pinned([benchmark(tmp_path / "a.jsonl", sha256="0" * 64)])


def test_a_recipe_whose_filters_do_not_look_at_benchmarks_is_refused():
    recipe = b'name = "x"\nlanguages = ["deu_Latn"]\n[[benchmarks]]\nname = "r"\npath = "r.jsonl"\n'
    assert parse(recipe, "x").benchmarks[0].words == 13
    with pytest.raises(RecipeError, match='add one with use = "benchmarks"'):
        parse(recipe + b'[[filters]]\nuse = "length"\n', "x")


def test_a_build_loses_what_gives_a_benchmark_away_and_another_one_reads_no_input(tmp_path):
    warcs = find_files(map(str, pack(tmp_path / "warcs")))

    def build(**changes):
        plan = builds.plan(replace(load("demo"), **changes), warcs, tmp_path / "out")
        return plan, builds.build(plan, Embedded(), Display(console_for("json")))

    plan, before = build()
    table = pq.read_table(plan.release / "data", columns=["id", "text", "lang"])
    text = next(r["text"] for r in table.to_pylist() if r["lang"] == "swe_Latn")
    sentence = " ".join(text.split()[10:30])
    file = rows(tmp_path / "leaked.jsonl", sentence, QUESTION)
    parts = {p: p.stat().st_mtime_ns for p in (plan.work / "parts").rglob("*")}
    plan, after = build(benchmarks=(benchmark(file, sha256=""),))
    assert {p: p.stat().st_mtime_ns for p in parts} == parts
    assert list(verify(plan.release)) == []
    assert after.documents == before.documents - 1
    ledger = pq.read_table(plan.release / "audit" / "losses").to_pylist()
    (lost,) = (x for x in ledger if x["rule"] == "benchmark_ngrams")
    assert (lost["detail"], lost["value"], lost["limit"]) == ("rivers", 8, 0)
    kept = pq.read_table(plan.release / "data", columns=["benchmark_ngrams"])
    assert set(kept.column(0).to_pylist()) == {0}
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert digest in {r.sha256 for r in after.resources if r.name.startswith("benchmark rivers")}
    other = rows(file, QUESTION)
    changed, again = build(benchmarks=(benchmark(other),))
    assert changed.build_id != plan.build_id
    assert again.documents == before.documents
    lenient, most = build(
        benchmarks=(benchmark(other),), filters=(Length(min_chars=190), *load("demo").filters[1:])
    )
    assert most.root == again.root
    assert lenient.assessed == changed.assessed


def test_a_million_words_are_looked_up_in_a_second(document):
    lots = random.Random(1)
    vocabulary = [f"wort{n}" for n in range(5_000)]
    text = " ".join(lots.choices(vocabulary, k=1_000_000))
    runs = Runs(13, [(0, runs_of(word_hashes(text), 13))])
    assert runs.shared(word_hashes(text)).tolist() == [1_000_000 - 12]
