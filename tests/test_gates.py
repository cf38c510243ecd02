"""Each gate passes what it should, and fails for the cause that it is there for."""

import itertools
from io import StringIO
from math import log

import pytest
from msgspec.structs import replace
from rich.console import Console

from florilegium.dedup.decisions import Reason
from florilegium.manifests.personal import Personal
from florilegium.manifests.stability import psi
from florilegium.pipelines.gates.judge import judge
from florilegium.pipelines.gates.settings import NAMES, Gates
from florilegium.pipelines.gates.table import show

GATES = Gates(min_documents=40, max_top_domain=0.2)
LANGUAGES = ("deu_Latn", "fra_Latn")


@pytest.fixture
def made(workshop, document, loss, tmp_path):
    """Makes a release of a hundred documents in two languages, some of them changed."""

    numbered = itertools.count()

    def make(change=lambda number, one: one, losses=(), decisions=(), numbers=range(100)):
        place = tmp_path / str(next(numbered))
        here = type(workshop)(place)
        documents = [
            change(n, document(n, LANGUAGES[n % 2], quality=(n % 50) / 50)) for n in numbers
        ]
        lost = [loss(1_000 + n, stage, rule) for n, (stage, rule) in enumerate(losses)]
        here.add(documents, lost, decisions)
        here.publish()
        here.seal()
        return here.release

    return make


def judged(now, before=None, settings=GATES):
    report = judge(now, settings, before)
    return {gate.name: gate for gate in report.gates}, report.failed


def test_a_release_like_the_one_before_passes_all_gates(made):
    gates, failed = judged(made(), made())
    assert failed == ()
    assert list(gates) == [name for name in NAMES if name != "canaries"]
    assert gates["documents"].value == 0
    assert gates["psi"].value == 0
    assert gates["psi"].n == 50
    assert gates["unaccounted"].value == 0
    assert gates["keep_rate"].value == 1


def test_without_a_release_before_changes_are_not_judged(made):
    gates, failed = judged(made())
    assert failed == ()
    assert gates["psi"].value is None
    assert "no release before" in gates["psi"].said


def test_a_release_before_that_cannot_be_read_fails(made):
    before = made()
    (before / "audit" / "distributions.parquet").write_bytes(b"")
    assert judged(made(), before)[1] == ("parent",)


def test_a_language_that_is_gone_fails(made):
    now = made(lambda n, one: replace(one, lang="deu_Latn"))
    gates, failed = judged(now, made())
    assert {"languages", "language_documents", "language_tokens"} <= set(failed)
    assert "fra_Latn (50 documents)" in gates["languages"].said
    assert gates["language_documents"].about == "fra_Latn"
    assert gates["language_documents"].value == -1


def test_far_fewer_or_far_more_documents_fail(made):
    few, many = made(numbers=range(45)), made(numbers=range(200))
    gates, failed = judged(few, many)
    assert failed[:2] == ("documents", "tokens")
    assert gates["documents"].said.startswith("the number of documents fell by 77.5%, from 200 to")
    assert "documents" in judged(many, few, replace(GATES, max_rise=3.0))[1]
    assert "documents" not in judged(many, few, replace(GATES, max_rise=4.0))[1]


def test_a_host_that_fills_the_release_fails(made):
    now = made(lambda n, one: replace(one, domain="spam.example") if n % 3 == 0 else one)
    gates, failed = judged(now)
    assert failed == ("top_domain",)
    assert "spam.example" in gates["top_domain"].said
    tokens = gates["top_domain"]
    assert 0.25 < tokens.value < 0.45


def test_a_rule_that_removes_nearly_all_fails(made):
    lost = [("decode", "not_html")] * 900
    gates, failed = judged(made(losses=lost), made(), replace(GATES, min_keep_rate=0.2))
    assert failed == ("keep_rate", "keep_rate_change")
    assert gates["keep_rate"].value == 0.1
    assert gates["keep_rate"].n == 1_000
    assert gates["keep_rate_change"].value == pytest.approx(-0.9)


def test_a_language_of_which_nearly_nothing_is_kept_fails(made, document):
    now = made(lambda n, one: document(n, "fra_Latn", text="zu kurz") if n % 2 and n > 3 else one)
    gates, failed = judged(now, made(), replace(GATES, min_language_keep_rate=0.1))
    assert {"language_keep_rate", "language_keep_rate_change"} <= set(failed)
    assert gates["language_keep_rate"].about == "fra_Latn"
    assert gates["language_keep_rate"].value == 0.04


def test_more_copies_than_before_fail(made):
    copies = [(n, Reason.NEAR_DUPLICATE, None, 0) for n in range(90)]
    gates, failed = judged(made(decisions=copies), made())
    assert {"duplicate_rate", "duplicate_rate_change"} <= set(failed)
    assert gates["duplicate_rate"].value == 0.9
    assert gates["duplicate_rate_change"].said.startswith("the rate of copies went from 0.0% to 90")


def test_opt_outs_that_are_gone_fail(made):
    before = made(losses=[("rights", "robots_txt")] * 50)
    gates, failed = judged(made(), before)
    assert failed == ("keep_rate_change", "opt_out_rate_change")
    assert gates["opt_out_rate_change"].value == pytest.approx(-1 / 3)
    strict = replace(GATES, max_opt_out_rate=0.3)
    assert judged(before, None, strict)[1] == ("opt_out_rate",)


def test_more_personal_data_than_before_fail(made):
    now = made(lambda n, one: replace(one, pii=Personal(phone=n % 3, iban=1)))
    gates, failed = judged(now, made(lambda n, one: replace(one, pii=Personal(phone=n % 3))))
    assert failed == ("personal_change",)
    assert gates["personal_change"].about == "iban"
    assert gates["personal_change"].n == 100
    gates, failed = judged(now, None, replace(GATES, max_personal_per_mb={"iban": 10, "card": 0}))
    assert failed == ("personal",)
    size = sum(len(row) for row in texts(now))
    assert gates["personal"].value == pytest.approx(100e6 / size)


def texts(release):
    import florilegium

    table = florilegium.open(release).documents(columns=["text"]).to_arrow()
    return [text.encode() for text in table.column("text").to_pylist()]


@pytest.mark.parametrize("measure", ["lang_score", "quality", "extraction_confidence", "chars"])
def test_scores_and_lengths_that_moved_fail(made, measure):
    def moved(number, one):
        if measure == "chars":
            return replace(one, text=(longer := one.text * 9), chars=len(longer),
                           text_bytes=len(longer.encode()))  # fmt: skip
        return replace(one, **{measure: 0.3})

    gates, failed = judged(made(moved), made(), replace(GATES, off=("tokens", "language_tokens")))
    assert failed == ("psi",)
    assert gates["psi"].about.endswith(measure)
    assert judged(made(moved), made(), replace(GATES, off=("psi",)))[1] == ()


def test_of_few_documents_nothing_is_judged(made):
    now = made(lambda n, one: replace(one, domain="spam.example"), numbers=range(10))
    assert judged(now, made(numbers=range(30, 45)))[1] == ()


def test_the_table_says_passed_only_of_what_was_judged(made):
    screen = Console(file=StringIO(), width=200)
    show(judge(made(), GATES, None), screen)
    said = {line.split()[0]: line for line in screen.file.getvalue().splitlines()}
    assert " passed " in said["unaccounted"]
    assert "passed" not in said["psi"]
    assert "not judged: there is no release before" in said["psi"]
    assert "not judged: no kind has a limit" in said["personal"]


def test_alarms_fail(made):
    copies = [(n, Reason.NEAR_DUPLICATE, None, 0) for n in range(95)]
    now = made(decisions=copies)
    off = ("duplicate_rate", "language_keep_rate")
    gates, failed = judged(now, settings=replace(GATES, off=off))
    assert failed == ("alarms",)
    assert gates["alarms"].value == 1
    assert judged(now, settings=replace(GATES, off=off, max_alarms=1))[1] == ()


def test_the_index_is_what_is_computed_by_hand():
    before, after = {0.0: 50, 0.5: 50}, {0.0: 80, 0.5: 20}
    a, b, c = 50.5 / 101, 80.5 / 101, 20.5 / 101
    expected = (b - a) * log(b / a) + (c - a) * log(c / a)
    assert psi(before, after) == pytest.approx(expected) == pytest.approx(0.40629, abs=1e-5)
    assert psi(before, before) == 0
    assert psi(after, before) == pytest.approx(psi(before, after), rel=0.5)


def test_small_classes_are_put_together_so_that_chance_moves_little():
    before = {n / 1000: 1 for n in range(1000)}
    after = {n / 1000 + 0.0004: 1 for n in range(1000)}
    assert psi(before, after) < 0.01
    assert psi({0.5: 1_000}, {0.5: 995, 0.1: 5}) < 0.01
    assert psi({0.1: 500, 0.9: 500}, {0.9: 1_000}) > 1
