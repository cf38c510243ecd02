import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from florilegium.dedup.decisions import Reason
from florilegium.filters.foreign import Foreign
from florilegium.filters.length import Length
from florilegium.manifests import domains
from florilegium.manifests.buckets import bucket
from florilegium.manifests.ledger import Loss
from florilegium.manifests.schema import LOSS_SCHEMA, from_table
from florilegium.pipelines.duplicates.settings import Duplicates
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.recipe import Recipe
from florilegium.pipelines.verdicts import domains as of_domains
from florilegium.pipelines.verdicts.decide import (
    LostRecordsError,
    PartToDecide,
    decide,
    decide_part,
)
from florilegium.pipelines.verdicts.verdict import added, read_total, read_verdict

RECIPE = Recipe(
    name="x",
    languages=("deu_Latn",),
    filters=(Length(min_chars=40), Foreign()),
    duplicates=Duplicates(min_similarity=0.75),
)


class Case:
    """One part, what deduplication said of it, and what is decided."""

    def __init__(self, home, part, decisions, ordinal=0):
        self.home, self._part, self._decisions, self.ordinal = home, part, decisions, ordinal
        home.mkdir(parents=True, exist_ok=True)

    @property
    def todo(self):
        return PartToDecide(
            ordinal=self.ordinal,
            part=str(self.home / "part"),
            decisions=str(self.home / "decisions.npy"),
            verdict=str(self.home / "verdict"),
            release=str(self.home),
            ledger="ledger.parquet",
        )

    def prepare(self, documents, losses=(), decided=(), records=None):
        """Documents must be in the order of the part: decisions name a place in it."""
        assert [d.id for d in documents] == [d.id for d in sorted(documents, key=order)]
        shutil.rmtree(self.home / "part", ignore_errors=True)
        self._part(self.home / "part", documents, losses, records=records)
        self._decisions(
            self.home / "decisions.npy",
            [(self.ordinal << 32 | place, *rest) for place, *rest in decided],
        )
        return self

    def decide(self, recipe=RECIPE):
        return decide_part(self.todo, recipe)

    @property
    def ledger(self):
        table = pq.read_table(self.home / "ledger.parquet")
        assert table.schema.equals(LOSS_SCHEMA, check_metadata=True)
        return from_table(table, Loss)

    @property
    def sizes(self):
        return np.load(self.home / "verdict" / "sizes.npy").tolist()


def order(document):
    return document.lang, document.id


@pytest.fixture
def case(tmp_path, part, decisions):
    return Case(tmp_path / "case", part, decisions)


@pytest.fixture
def rows(document):
    """Ten documents in the order of a part."""
    return sorted((document(n) for n in range(10)), key=order)


def test_what_is_not_lost_is_kept_for_one_copy(case, rows, loss):
    verdict = case.prepare(rows, [loss(50), loss(51, rule="binary")]).decide()
    assert case.sizes == [1] * 10
    assert sorted(verdict.losses) == [
        ("decode", "binary", None, 1),
        ("decode", "not_html", None, 1),
    ]
    assert (verdict.records, verdict.ledger[0].rows) == (12, 2)
    assert set(verdict.kept) == {"deu_Latn"}
    assert sum(b.documents for b in verdict.kept["deu_Latn"].values()) == 10


def test_what_is_kept_is_counted_by_language_and_bucket(case, document):
    documents = sorted(
        [document(n, lang) for n, lang in enumerate(["deu_Latn", "fra_Latn"] * 20)], key=order
    )
    verdict = case.prepare(documents).decide()
    for lang in ("deu_Latn", "fra_Latn"):
        for number, held in verdict.kept[lang].items():
            mine = [d for d in documents if d.lang == lang and bucket(d.id) == number]
            assert held.documents == len(mine) > 0
            assert held.tokens == sum(d.tokens for d in mine)
            assert held.chars == sum(d.chars for d in mine)
            assert held.bytes == sum(d.text_bytes for d in mine)
        assert set(verdict.kept[lang]) == {bucket(d.id) for d in documents if d.lang == lang}


def test_a_copy_that_was_not_compared_is_lost_without_value_and_limit(case, rows):
    case.prepare(rows, decided=[(5, Reason.NEAR_DUPLICATE, rows[2].id, 0)])
    decisions = np.load(case.home / "decisions.npy")
    decisions["similarity"] = np.nan
    np.save(case.home / "decisions.npy", decisions)
    case.decide()
    (near,) = case.ledger
    assert (near.rule, near.value, near.limit) == ("near_duplicate", None, None)


@pytest.mark.parametrize("astray", [-3, -1, 1, 1_000_000])
def test_records_that_are_neither_kept_nor_lost_stop_the_build(case, rows, loss, astray):
    case.prepare(rows, [loss(50)], records=11 + astray)
    with pytest.raises(
        LostRecordsError,
        match=rf"{11 + astray} records read, but 10 kept and 1 lost: {astray} unaccounted",
    ):
        case.decide()
    assert read_verdict(case.home / "verdict") is None
    assert not (case.home / "ledger.parquet").exists()


def test_a_part_that_is_gone_stops_the_build(case, rows):
    case.prepare(rows)
    (case.home / "part" / "part.json").unlink()
    with pytest.raises(LostRecordsError, match="the part is gone; run the build again"):
        case.decide()


def test_a_copy_is_lost_to_the_kept_one_which_stands_for_both(case, rows):
    verdict = case.prepare(
        rows,
        decided=[
            (2, Reason.KEPT, rows[2].id, 4),
            (5, Reason.NEAR_DUPLICATE, rows[2].id, 0),
            (6, Reason.EXACT_DUPLICATE, rows[2].id, 0),
            (9, Reason.SAME_CAPTURE, rows[2].id, 0),
        ],
    ).decide()
    assert case.sizes == [1, 1, 4, 1, 1, 0, 0, 1, 1, 0]
    lost = {x.id: x for x in case.ledger}
    assert set(lost) == {rows[place].id for place in (5, 6, 9)}
    near = lost[rows[5].id]
    assert (near.stage, near.rule, near.dup_of) == ("duplicates", "near_duplicate", rows[2].id)
    assert (near.value, near.limit) == (pytest.approx(0.9), 0.75)
    assert lost[rows[6].id].rule == "exact_duplicate"
    assert lost[rows[9].id].rule == "same_capture"
    assert all(one.dup_of == rows[2].id for one in lost.values())
    assert verdict.losses == [
        ("duplicates", "exact_duplicate", "deu_Latn", 1),
        ("duplicates", "near_duplicate", "deu_Latn", 1),
        ("duplicates", "same_capture", "deu_Latn", 1),
    ]


def test_a_loss_says_where_the_document_came_from(case, rows):
    case.prepare(rows, decided=[(4, Reason.NEAR_DUPLICATE, b"k" * 16, 0)]).decide()
    (one,) = case.ledger
    gone = rows[4]
    assert (one.id, one.warc, one.warc_offset) == (gone.id, gone.warc, gone.warc_offset)
    assert (one.size, one.host, one.domain, one.lang) == (
        gone.text_bytes, gone.host, gone.domain, gone.lang,
    )  # fmt: skip


def test_decisions_on_other_parts_do_not_touch_this_one(tmp_path, part, decisions, rows):
    case = Case(tmp_path / "case", part, decisions, ordinal=7).prepare(rows)
    decisions(
        case.home / "decisions.npy",
        [(n << 32 | 3, Reason.EXACT_DUPLICATE, b"k" * 16, 0) for n in (6, 7, 8)],
    )
    case.decide()
    assert [x.id for x in case.ledger] == [rows[3].id]
    assert case.sizes == [1, 1, 1, 0, 1, 1, 1, 1, 1, 1]


def test_a_poor_copy_is_lost_as_a_copy(case, document):
    """Duplicates come before rules: else a copy would be lost for another reason than its twin."""
    poor = document(1, text="zu kurz")
    case.prepare([poor], decided=[(0, Reason.EXACT_DUPLICATE, b"k" * 16, 0)]).decide()
    assert [(x.stage, x.rule) for x in case.ledger] == [("duplicates", "exact_duplicate")]


def test_a_kept_original_must_still_pass_the_rules(case, document):
    poor = document(1, text="zu kurz")
    case.prepare([poor], decided=[(0, Reason.KEPT, poor.id, 5)]).decide()
    assert [(x.stage, x.rule) for x in case.ledger] == [("quality", "non_symbol_chars")]
    assert case.sizes == [0]


def test_the_first_rule_that_fails_is_the_reason_with_value_and_limit(case, document):
    one = document(1, text="zu kurz", foreign_share=1.0)
    case.prepare([one]).decide()
    (found,) = case.ledger
    assert (found.stage, found.rule, found.lang) == ("quality", "non_symbol_chars", "deu_Latn")
    assert (found.value, found.limit, found.dup_of) == (7, 40, None)
    case.decide(replace(RECIPE, filters=RECIPE.filters[::-1]))
    (found,) = case.ledger
    assert found.rule == next(Foreign().measures(one)).rule
    assert found.value == 1.0


def test_a_document_at_the_limit_stays(case, document):
    texts = {n: "x" * n for n in (39, 40, 41)}
    documents = sorted((document(n, text=text) for n, text in texts.items()), key=order)
    recipe = replace(RECIPE, filters=(Length(min_chars=40, max_mean_word=99),))
    case.prepare(documents).decide(recipe)
    assert [(x.value, x.limit) for x in case.ledger] == [(39, 40)]


def test_another_limit_gives_another_verdict_on_the_same_part(case, rows):
    case.prepare(rows)
    case.decide()
    assert sum(case.sizes) == 10
    longest = max(d.counts.non_symbol_chars for d in rows)
    case.decide(replace(RECIPE, filters=(Length(min_chars=longest),)))
    assert sum(case.sizes) == sum(d.counts.non_symbol_chars == longest for d in rows) < 10
    assert len(case.ledger) == 10 - sum(case.sizes)


places = st.lists(st.integers(0, 11), unique=True)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.sampled_from(["deu_Latn", "fra_Latn"]), min_size=12, max_size=12),
    places,
    places,
    st.lists(st.sampled_from(["read", "decode", "rights"]), max_size=6),
)
def test_every_record_is_kept_or_in_the_ledger_in_the_order_of_the_file(
    case, document, loss, langs, poor, copies, stages
):
    documents = sorted(
        (
            document(n, lang, **({"text": "kurz"} if n in poor else {}))
            for n, lang in enumerate(langs)
        ),
        key=order,
    )
    losses = [loss(40 + n, stage) for n, stage in enumerate(stages)]
    verdict = case.prepare(
        documents, losses, [(n, Reason.EXACT_DUPLICATE, b"k" * 16, 0) for n in copies]
    ).decide()
    ledger = case.ledger
    kept = {d.id for d, size in zip(documents, case.sizes, strict=True) if size}
    assert kept.isdisjoint(x.id for x in ledger)
    assert kept | {x.id for x in ledger} == {d.id for d in documents} | {x.id for x in losses}
    assert len(kept) + len(ledger) == verdict.records == 12 + len(stages)
    assert [x.warc_offset for x in ledger] == sorted(x.warc_offset for x in ledger)
    assert sum(number for *_, number in verdict.losses) == len(ledger) == verdict.ledger[0].rows
    for stage, rule, lang, number in verdict.losses:
        assert number == sum((x.stage, x.rule, x.lang) == (stage, rule, lang) for x in ledger)
    held = {n: b.documents for mine in verdict.kept.values() for n, b in mine.items()}
    assert sum(held.values()) == len(kept)


def test_the_verdict_that_is_read_is_the_one_that_was_given(case, rows, loss):
    folder = case.home / "verdict"
    assert read_verdict(folder) is None
    verdict = case.prepare(rows, [loss(50)]).decide()
    assert read_verdict(folder) == verdict


def test_deciding_again_writes_the_same_bytes(case, rows, loss):
    case.prepare(rows, [loss(50)], [(5, Reason.NEAR_DUPLICATE, rows[2].id, 0)]).decide()
    names = ("ledger.parquet", "verdict/sizes.npy", "verdict/verdict.json")
    before = [(case.home / name).read_bytes() for name in names]
    case.decide()
    assert [(case.home / name).read_bytes() for name in names] == before


def test_the_pipeline_decides_on_every_part(tmp_path, part, decisions, rows, loss):
    cases = [
        Case(tmp_path / str(n), part, decisions, n).prepare(rows, [loss(50)]) for n in range(3)
    ]
    engine = Embedded()
    total = tmp_path / "total.json"
    engine.run(lambda root: decide(root, [c.todo for c in cases], [1, 2, 3], RECIPE, total, engine))
    made = read_total(total)
    verdicts = added(read_verdict(c.home / "verdict") for c in cases)
    assert replace(made, domains=[]) == verdicts
    (table,) = made.domains
    counted = domains.added(of_domains.load(c.home / "verdict") for c in cases)
    assert dict(domains.rows(Path(cases[0].todo.release) / table.path)) == counted
    for one in cases:
        assert read_verdict(one.home / "verdict").records == 11
        assert [x.rule for x in one.ledger] == ["not_html"]


def test_the_pipeline_fails_when_records_are_astray(case, rows):
    case.prepare(rows, records=11)
    engine = Embedded()
    with pytest.raises(RuntimeError, match="1 unaccounted for"):
        engine.run(lambda root: decide(root, [case.todo], [1], RECIPE, case.home / "total", engine))
