"""Mixtures in releases: the pipeline, the ledger, what verify finds, whatif, erasure, steps."""

import json
import shutil
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import in_order, make_document
from erasing import ANNA, RECIPE, losses, urls
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mixtures import MixedWorkshop, recipe_with, tokens_of, whole_of
from msgspec.structs import replace
from tamperings import rows_of

from florilegium.dedup.decisions import Reason
from florilegium.manifests import mixture as mixtures
from florilegium.manifests.mixture import PATH, lot
from florilegium.manifests.verify import verify
from florilegium.pipelines import build as builds
from florilegium.pipelines.commands.answers import console_for
from florilegium.pipelines.commands.display import Display
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.mixture.settings import Domains, Mixture
from florilegium.pipelines.planning import StepError
from florilegium.pipelines.recipe import changed, load
from florilegium.pipelines.research.whatif import whatif

pytest_plugins = ["erasing"]

MIXTURE = Mixture(
    quality={"deu_Latn": 0.6},
    unscored=0.8,
    share={"deu_Latn": 0.9},
    domains=Domains(max_whole=20, exponent=0.5),
    tokens={"deu_Latn": 1_200, "default": 5_000},
    weights={"deu_Latn": 3, "fra_Latn": 1, "default": 2},
)
RULES = {"quality_share", "sampled", "domain_share", "token_budget", "weight"}


def crowd(numbers, lang="deu_Latn"):
    """Documents of which half have a score, and most are of one domain."""
    return in_order(
        make_document(
            n,
            lang,
            quality=(n % 97) / 97 if n % 2 else None,
            domain="gross.example" if n % 4 else f"klein-{n % 50}.example",
        )
        for n in numbers
    )


def fill(workshop, parts):
    for number, documents in enumerate(parts):
        workshop.add(documents, name=f"{number}.warc.gz")
    return workshop


PARTS = (
    crowd(range(200)),
    in_order([*crowd(range(300, 420)), *crowd(range(500, 560), "fra_Latn")]),
    crowd(range(600, 601), "gle_Latn"),
)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """A sealed release with a mixture that uses every rule."""
    home = tmp_path_factory.mktemp("mixed") / "workshop"
    workshop = fill(MixedWorkshop(home, recipe_with(MIXTURE)), PARTS)
    workshop.mix()
    workshop.publish()
    return workshop, workshop.seal()


def test_the_release_has_what_the_mixture_leaves_and_verifies(mixed):
    workshop, manifest = mixed
    assert list(verify(workshop.release)) == []
    kept, lost = whole_of(PARTS, MIXTURE)
    rows = pq.read_table(workshop.release / "data").to_pylist()
    assert {row["id"] for row in rows} == {one.id for one in kept}
    assert {one.lang: one.tokens for one in manifest.languages} == dict(tokens_of(kept))
    assert Counter((one.rule, one.lang) for one in lost.values()) == workshop.losses
    assert {rule for rule, _ in workshop.losses} == RULES
    found = mixtures.read(workshop.release)
    assert found["deu_Latn"].documents == 320
    assert found["deu_Latn"].max_tokens == 1_200 >= tokens_of(kept)["deu_Latn"]


def test_the_ledger_says_of_every_document_left_out_by_what_value_and_limit(mixed):
    workshop, _ = mixed
    losses = pq.read_table(workshop.release / "audit" / "losses").to_pylist()
    _, lost = whole_of(PARTS, MIXTURE)
    assert {row["id"] for row in losses} == lost.keys()
    for row in losses:
        assert row["stage"] == "mixture"
        assert row["limit"] == pytest.approx(lost[row["id"]].limit)
        if row["rule"] in ("sampled", "domain_share"):
            assert row["value"] == pytest.approx(lot(row["id"]))


def test_every_document_left_out_has_its_reason(mixed):
    workshop, _ = mixed
    reasons = pq.read_table(workshop.release / "audit" / "reasons").to_pylist()
    losses = pq.read_table(workshop.release / "audit" / "losses").to_pylist()
    assert Counter(row["id"] for row in reasons) == Counter(row["id"] for row in losses)
    assert all(row["decides"] and row["stage"] == "mixture" for row in reasons)


def test_neither_workers_nor_the_cut_of_inputs_change_what_is_left(mixed, tmp_path):
    other = fill(MixedWorkshop(tmp_path / "other", recipe_with(MIXTURE)), PARTS)
    other.mix(Embedded(workers=2))
    assert other.losses == mixed[0].losses
    assert other.total().kept == mixed[0].total().kept
    every = in_order(one for part in PARTS for one in part)
    cut = [in_order(every[start::5]) for start in range(5)]
    again = fill(MixedWorkshop(tmp_path / "again", recipe_with(MIXTURE)), cut)
    again.mix()
    assert again.total().kept == mixed[0].total().kept


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.lists(st.integers(0, 300), unique=True, max_size=12), min_size=1, max_size=3),
    st.sampled_from([{}, {"default": 0}, {"deu_Latn": 60}]),
    st.sampled_from([{}, {"deu_Latn": 1, "fra_Latn": 2}]),
    st.sampled_from([{}, {"default": 0.5}]),
    st.sampled_from([None, Domains(max_whole=1, exponent=0.0)]),
)
def test_the_pipeline_finds_what_arithmetic_in_one_place_finds(
    tmp_path_factory, numbers, tokens, weights, quality, domains
):
    mixture = Mixture(tokens=tokens, weights=weights, quality=quality, domains=domains)
    parts = [
        in_order(
            make_document(
                1_000 * part + n,
                ("deu_Latn", "fra_Latn")[n % 2],
                quality=n / 300 if n % 3 else None,
                domain=f"d{n % 3}.example",
            )
            for n in some
        )
        for part, some in enumerate(numbers)
    ]
    home = tmp_path_factory.mktemp("drawn") / "workshop"
    workshop = fill(MixedWorkshop(home, recipe_with(mixture)), parts)
    found = workshop.mix()
    kept, lost = whole_of(parts, mixture)
    held = workshop.total().kept
    assert sum(b.documents for some in held.values() for b in some.values()) == len(kept)
    assert Counter((one.rule, one.lang) for one in lost.values()) == workshop.losses
    assert set(found) == {one.lang for part in parts for one in part}


def test_copies_and_what_fails_the_rules_are_not_counted(tmp_path):
    workshop = MixedWorkshop(tmp_path / "w", recipe_with(Mixture(tokens={"default": 10**6})))
    documents = in_order([*crowd(range(20)), make_document(900, text="zu kurz")])
    place = next(n for n, one in enumerate(documents) if one.chars > 40)
    other = next(n for n, one in enumerate(documents) if one.chars > 40 and n != place)
    kept = documents[place].id
    workshop.add(
        documents,
        decisions=[(place, Reason.KEPT, kept, 2), (other, Reason.EXACT_DUPLICATE, kept, 0)],
    )
    found = workshop.mix()["deu_Latn"]
    assert found.documents == 19
    assert found.tokens == found.drawn_tokens == found.budget_tokens
    assert not workshop.losses


def changed_number(column):
    """Make a change of one number in a table."""

    def act(rows):
        values = rows.column(column).to_pylist()
        place = next(n for n, one in enumerate(values) if one is not None)
        values[place] += 1
        field = rows.schema.field(column)
        return rows.set_column(
            rows.schema.get_field_index(column), field, pa.array(values, field.type)
        )

    return act


CHECKED = (
    "documents", "scored", "best_share", "above", "at_border", "border_share", "unscored_share",
    "share", "max_tokens", "token_limit", "budget_tokens", "weight", "weight_tokens",
    "weight_limit", "border",
)  # fmt: skip
"""Numbers that follow from others of a release; what was brought and drawn are only bounded."""


@pytest.mark.parametrize("column", CHECKED)
def test_a_number_of_the_mixture_that_is_another_is_found(mixed, tmp_path, column):
    release = tmp_path / "copy"
    shutil.copytree(mixed[0].release, release)
    rows_of(PATH, changed_number(column))(release)
    assert any(PATH in one or "mixture" in one for one in verify(release))


def test_the_mixture_left_out_or_named_without_need_is_found(mixed, tmp_path):
    release = tmp_path / "copy"
    shutil.copytree(mixed[0].release, release)
    manifest = json.loads((release / "manifest.json").read_text())
    manifest["tables"] = [one for one in manifest["tables"] if one["path"] != PATH]
    (release / PATH).unlink()
    (release / "manifest.json").write_text(json.dumps(manifest))
    assert f"{PATH}: the manifest does not name it" in list(verify(release))


@pytest.fixture(scope="module")
def warcs(tmp_path_factory):
    return pack(tmp_path_factory.mktemp("warcs"))


SETTINGS = (
    "mixture.tokens.default=900",
    "mixture.share.deu_Latn=0.5",
    "mixture.weights={ deu_Latn = 1, fra_Latn = 1 }",
    "mixture.domains={ max_whole = 1 }",
)


@pytest.fixture(scope="module")
def demo(warcs, tmp_path_factory):
    """The demonstration without a mixture, then with one, in the same place."""
    out = tmp_path_factory.mktemp("corpora")
    files = find_files(map(str, warcs))
    plain = builds.plan(load("demo"), files, out)
    first = builds.build(plain, Embedded(), Display(console_for("json")))
    told = whatif(changed(load("demo"), SETTINGS), out / "demo")
    plan = builds.plan(changed(load("demo"), SETTINGS), files, out)
    made = builds.build(plan, Embedded(), Display(console_for("json")))
    return first, told, plan, made


def held(manifest):
    return {one.lang: (one.documents, one.tokens) for one in manifest.languages}


def test_a_build_with_a_mixture_verifies_and_reads_nothing_anew(demo):
    first, _, plan, made = demo
    assert list(verify(plan.release)) == []
    assert made.records == first.records
    assert 0 < made.documents < first.documents
    assert all(tokens <= 900 for _, tokens in held(made).values())
    lost = Counter()
    for step in made.funnel:
        if step.stage == "mixture":
            lost.update(step.lost)
    assert lost["token_budget"] > 0
    assert first.documents - made.documents == lost.total()


def test_what_is_told_of_a_mixture_is_what_is_built(demo):
    first, told, plan, made = demo
    assert {lang: (one.documents, one.tokens) for lang, one in told.before.items()} == held(first)
    assert {lang: (one.documents, one.tokens) for lang, one in told.after.items()} == held(made)
    back = whatif(load("demo"), plan.home)
    assert {lang: (one.documents, one.tokens) for lang, one in back.after.items()} == held(first)


def test_a_recipe_without_a_mixture_has_no_trace_of_it(demo):
    first = demo[0]
    assert "mixture" not in first.recipe
    assert PATH not in {table.path for table in first.tables}
    assert "mixture" not in {step.stage for step in first.funnel}


def test_decide_names_the_step_that_is_missing(demo, warcs):
    plan = demo[2]
    recipe = replace(plan.recipe, mixture=Mixture(tokens={"default": 1}))
    other = builds.plan(recipe, find_files(map(str, warcs)), plan.home.parent)
    engine, display = Embedded(), Display(console_for("json"))
    with pytest.raises(StepError, match="mix is not done: run it first, with --step mix"):
        builds.build_step(other, "decide", engine, display)
    builds.build_step(other, "mix", engine, display)
    builds.build_step(other, "decide", engine, display)
    assert not any(other.total().kept.values())


@pytest.mark.parametrize("budget", [3_000, 7_000])
def test_what_is_erased_from_a_release_with_a_mixture_leaves_one_that_verifies(garden, budget):
    whole = urls(garden.latest)
    mixture = f"[mixture]\ntokens = {{ deu_Latn = {budget} }}\n"
    (garden.folder / "garten.toml").write_text(RECIPE + mixture)
    release = garden.build()
    published = urls(release)
    left_out = whole - published
    assert left_out
    named = {ANNA, min(published), min(left_out)}
    garden.erase(*(word for url in sorted(named) for word in ("--url", url)))
    assert garden.latest != release
    assert list(verify(garden.latest)) == []
    assert not urls(garden.latest) & named
    assert len(losses(garden.latest)) >= len(named)
    assert len(losses(garden.latest, "mixture")) < len(losses(release, "mixture"))
    found = mixtures.read(garden.latest)["deu_Latn"]
    rows = pq.read_table(garden.latest / "data", columns=["id", "quality"]).to_pylist()
    assert all(mixtures.stays(found, row["id"], row["quality"]) for row in rows)
