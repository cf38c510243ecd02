"""The arithmetic of a mixture: lots, limits, borders, domains, weights."""

import hashlib
from fractions import Fraction

import numpy as np
import pytest
from conftest import make_document
from hypothesis import given
from hypothesis import strategies as st
from mixtures import tokens_of, whole_of

from florilegium.manifests.mixture import WHOLE, asked, border_share, lot, step, weighed
from florilegium.pipelines.mixture.arithmetic import CELLS, cells_of, edge, limit, tempered
from florilegium.pipelines.mixture.settings import Domains, Mixture
from florilegium.pipelines.recipe import Recipe, RecipeError, changed, load, parse, resolved

LANGUAGES = ("deu_Latn", "fra_Latn", "gle_Latn")
lots = st.floats(0, 1, exclude_max=True)
tables = st.dictionaries(st.sampled_from([*LANGUAGES, "default"]), st.floats(0, 1), max_size=4)


@st.composite
def crowds(draw):
    """Parts of documents: their numbers, languages, scores, domains and lengths."""
    made = draw(
        st.lists(
            st.tuples(
                st.sampled_from(LANGUAGES),
                st.none() | st.integers(0, 4).map(lambda tenths: tenths / 10),
                st.sampled_from(["klein.example", "gross.example", "riesig.example"]),
                st.sampled_from([0, 1, 7, 100]),
                st.integers(0, 2),
            ),
            max_size=60,
        )
    )
    parts = [[], [], []]
    for number, (lang, quality, domain, tokens, part) in enumerate(made):
        parts[part].append(
            make_document(number, lang, quality=quality, domain=domain, tokens=tokens)
        )
    return parts


budgets = st.dictionaries(
    st.sampled_from([*LANGUAGES, "default"]), st.sampled_from([0, 1, 50, 107, 900]), max_size=4
)
named = st.dictionaries(st.sampled_from(LANGUAGES), st.sampled_from([0.3, 1, 2, 5]), min_size=1)
domains = st.none() | st.builds(
    Domains, max_whole=st.integers(1, 9), exponent=st.sampled_from([0.0, 0.3, 0.5, 1.0])
)
mixtures = st.builds(
    Mixture,
    quality=tables,
    share=tables,
    domains=domains,
    tokens=budgets,
    weights=named | st.just({}),
)


def ids(documents):
    return {one.id for one in documents}


def test_lots_are_spread_evenly_and_say_nothing_of_the_order_of_ids():
    identities = sorted(hashlib.sha256(str(n).encode()).digest()[:16] for n in range(20_000))
    drawn = np.array([lot(one) for one in identities])
    assert ((drawn >= 0) & (drawn < 1)).all()
    counted = np.histogram(drawn, 20, (0, 1))[0]
    assert abs(counted - 1_000).max() < 5 * 1_000**0.5
    assert abs(drawn[:2_000].mean() - 0.5) < 5 * (1 / 12 / 2_000) ** 0.5
    assert abs(np.corrcoef(drawn, np.arange(len(drawn)))[0, 1]) < 5 / len(drawn) ** 0.5


def test_a_lot_is_always_the_same():
    assert lot(bytes(16)) == 0.12825199177166957
    assert lot(b"\xff" * 16) != lot(bytes(16))


@given(lots)
def test_a_cell_holds_lots_from_its_edge_to_the_next_and_is_narrow(number):
    (cell,) = cells_of(np.array([number]))
    assert 0 <= cell < CELLS
    assert edge(int(cell)) <= number < edge(int(cell) + 1)
    assert edge(int(cell) + 1) <= max(edge(int(cell)) * (1 + 1 / 4096), 2**-40)


def test_the_ends_of_all_cells():
    assert edge(0) == 0
    assert edge(1) == 2**-40
    assert edge(CELLS) == WHOLE
    assert all(edge(n) < edge(n + 1) for n in range(0, CELLS, 997))


@given(
    st.dictionaries(st.integers(0, CELLS - 1), st.integers(0, 1 << 40), max_size=30),
    st.integers(0, 1 << 44),
)
def test_a_budget_is_met_from_below_and_no_further_cell_fits(filled, most):
    tokens = np.zeros(CELLS, np.uint64)
    for cell, number in filled.items():
        tokens[cell] = number
    found, left = limit(tokens, most)
    below = [cell for cell in sorted(filled) if edge(cell) < found]
    assert left == sum(filled[cell] for cell in below) <= most
    above = [cell for cell in sorted(filled) if edge(cell) >= found and filled[cell]]
    assert (not above) if found == WHOLE else left + filled[above[0]] > most


@pytest.mark.parametrize("budget", [300, 3_000, 30_000, 2_999_999])
def test_a_small_budget_of_a_large_language_is_met_closely(budget):
    rng = np.random.default_rng(5)
    places, lengths = rng.random(300_000), rng.integers(1, 20, 300_000)
    tokens = np.zeros(CELLS, np.uint64)
    np.add.at(tokens, cells_of(places), lengths.astype(np.uint64))
    found, left = limit(tokens, budget)
    assert left == lengths[places < found].sum()
    assert budget - left <= 19 + budget / 1_000


@given(crowds(), mixtures)
def test_budgets_and_weights_hold_and_every_document_is_kept_or_lost(parts, mixture):
    kept, lost = whole_of(parts, mixture)
    every = [one for part in parts for one in part]
    assert ids(kept).isdisjoint(lost)
    assert ids(kept) | lost.keys() == ids(every)
    tokens = tokens_of(kept)
    for lang in LANGUAGES:
        most = asked(mixture.tokens, lang)
        assert most is None or tokens[lang] <= most
    before = tokens_of(
        one for one in every if lost.get(one.id) is None or lost[one.id].rule == "weight"
    )
    allowed = weighed(mixture.weights, before)
    assert all(tokens[lang] <= most for lang, most in allowed.items())
    for loss in lost.values():
        assert loss.stage == "mixture"
        assert loss.value is not None
        assert loss.limit is not None
        if loss.rule == "quality_share":
            assert loss.value <= loss.limit
        else:
            assert loss.value >= loss.limit


@given(crowds(), mixtures, st.randoms(use_true_random=False))
def test_neither_the_order_of_documents_nor_of_parts_nor_their_number_matters(parts, mixture, rng):
    kept, lost = whole_of(parts, mixture)
    every = [one for part in parts for one in part]
    rng.shuffle(every)
    again, again_lost = whole_of([every[:7], every[7:]], mixture)
    assert ids(again) == ids(kept)
    assert again_lost == lost


@given(crowds(), mixtures, st.integers(1, 500))
def test_a_larger_budget_holds_all_of_a_smaller_one(parts, mixture, more):
    small = Mixture(tokens=mixture.tokens, domains=mixture.domains, quality=mixture.quality)
    large = Mixture(
        tokens={lang: number + more for lang, number in mixture.tokens.items()},
        domains=mixture.domains,
        quality=mixture.quality,
    )
    assert ids(whole_of(parts, small)[0]) <= ids(whole_of(parts, large)[0])


@given(crowds(), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_holds_all_of_a_smaller_one(parts, one, other):
    small, large = (Mixture(share={"default": share}) for share in sorted([one, other]))
    assert ids(whole_of(parts, small)[0]) <= ids(whole_of(parts, large)[0])


@given(crowds(), st.floats(0, 1), st.floats(0, 1))
def test_the_best_of_a_language_stay_and_a_larger_share_of_them_holds_the_smaller(
    parts, one, other
):
    small, large = sorted([one, other])
    kept, lost = whole_of(parts, Mixture(quality={"deu_Latn": small}))
    more, _ = whole_of(parts, Mixture(quality={"deu_Latn": large}))
    assert ids(kept) <= ids(more)
    scored = [
        one for part in parts for one in part if one.lang == "deu_Latn" and one.quality is not None
    ]
    stays = [one.quality for one in scored if one.id not in lost]
    goes = [one.quality for one in scored if one.id in lost]
    assert not stays or not goes or max(goes) <= min(stays)
    assert ids(one for part in parts for one in part) - ids(scored) <= ids(kept)
    border = {loss.limit for loss in lost.values()}
    assert len(border) <= 1
    for limit_ in border:
        better = sum(one.quality > limit_ for one in scored)
        worse = sum(one.quality < limit_ for one in scored)
        assert better <= small * len(scored) + 1e-9
        assert len(scored) - worse >= small * len(scored) - 1e-9


def test_documents_without_a_score_are_drawn_where_others_compete():
    documents = [make_document(n, quality=n / 400 if n < 200 else None) for n in range(2_200)]
    other = [make_document(n, "fra_Latn") for n in range(3_000, 3_100)]
    mixture = Mixture(quality={"deu_Latn": 0.33}, unscored=0.3135, share={"deu_Latn": 0.95})
    kept, lost = whole_of([documents, other], mixture)
    assert sum(one.lang == "fra_Latn" for one in kept) == 100
    plain = [one for one in kept if one.lang == "deu_Latn" and one.quality is None]
    assert abs(len(plain) - 2_000 * 0.3135 * 0.95) < 5 * (2_000 * 0.3 * 0.7) ** 0.5
    assert all(lot(one.id) < 0.3135 * 0.95 for one in plain)
    assert sum(loss.rule == "quality_share" for loss in lost.values()) == 134
    assert {loss.rule for loss in lost.values()} == {"quality_share", "sampled"}


def test_a_border_that_many_share_is_crossed_by_lot():
    documents = [make_document(n, quality=0.5) for n in range(4_000)]
    kept, lost = whole_of([documents], Mixture(quality={"default": 0.25}))
    assert abs(len(kept) - 1_000) < 5 * (4_000 * 0.25 * 0.75) ** 0.5
    assert {(loss.value, loss.limit) for loss in lost.values()} == {(0.5, 0.5)}
    assert border_share(0.25, 4_000, 0, 4_000) == 0.25


@pytest.mark.parametrize(("exponent", "expected"), [(0.0, 100), (0.5, 632), (1.0, 4_000)])
def test_large_domains_give_up_a_part_and_small_ones_nothing(exponent, expected):
    large = [make_document(n, domain="gross.example") for n in range(4_000)]
    small = [make_document(n, domain=f"klein-{n // 100}.example") for n in range(5_000, 5_900)]
    foreign = [make_document(n, "fra_Latn", domain="gross.example") for n in range(6_000, 6_050)]
    mixture = Mixture(domains=Domains(max_whole=100, exponent=exponent))
    kept, lost = whole_of([large, small + foreign], mixture)
    assert ids(small) | ids(foreign) <= ids(kept)
    found = sum(one.domain == "gross.example" and one.lang == "deu_Latn" for one in kept)
    assert abs(found - expected) <= 5 * expected**0.5
    assert {loss.detail for loss in lost.values()} <= {"of 4000 documents"}


def test_a_budget_leaves_domains_as_they_were_weighed():
    """Else a budget below all limits of domains would draw as if there were none."""
    large = [make_document(n, domain="gross.example", tokens=1) for n in range(8_000)]
    small = [make_document(n, domain=f"klein-{n}.example", tokens=1) for n in range(9_000, 10_000)]
    mixture = Mixture(domains=Domains(max_whole=10, exponent=0.5), tokens={"default": 100})
    kept, _ = whole_of([large, small], mixture)
    assert 95 <= len(kept) <= 100
    rare = sum(one.domain != "gross.example" for one in kept)
    expected = len(kept) * 1_000 / (1_000 + 8_000**0.5 * 10**0.5)
    assert abs(rare - expected) < 5 * 4.2


def test_shares_of_domains_are_the_same_on_every_machine():
    assert tempered(100, 100, 0.3) == 1
    assert tempered(4_000, 100, 0.5) == 0.15811388300841897
    assert tempered(1_000_003, 997, 0.3) == 0.007926577292331774
    assert tempered(1_000_003, 997, 0.3) == pytest.approx((997 / 1_000_003) ** 0.7)
    assert tempered(10**12, 1, 1.0) == 1


@given(
    st.dictionaries(st.sampled_from([*LANGUAGES, "default"]), st.floats(0.01, 1e6), max_size=4),
    st.dictionaries(st.sampled_from(LANGUAGES), st.integers(0, 1 << 60)),
)
def test_named_languages_stand_to_each_other_as_their_weights(weights, tokens):
    most = weighed(weights, tokens)
    named = [lang for lang in tokens if tokens[lang] and lang in weights]
    if not named:
        assert most == {}
        return
    assert any(most[lang] == tokens[lang] for lang in named)
    assert all(most[lang] <= tokens[lang] for lang in named)
    each = [Fraction(most[lang]) / Fraction(weights[lang]) for lang in named]
    assert max(each) - min(each) <= 1 / Fraction(min(weights[lang] for lang in named))
    assert ("default" in weights) or most.keys() == set(named)


def test_weights_that_are_far_apart_allow_what_a_table_can_hold():
    most = weighed({"deu_Latn": 1e-300, "default": 1e300}, {"deu_Latn": 5, "fra_Latn": 5})
    assert most == {"deu_Latn": 5, "fra_Latn": 2**63 - 1}


def test_a_weight_names_the_languages_that_give_way():
    documents = [make_document(n, "deu_Latn", tokens=1) for n in range(300)]
    documents += [make_document(n, "fra_Latn", tokens=1) for n in range(1_000, 4_000)]
    documents += [make_document(n, "gle_Latn", tokens=1) for n in range(5_000, 5_020)]
    kept, lost = whole_of([documents], Mixture(weights={"deu_Latn": 2, "default": 1}))
    tokens = tokens_of(kept)
    assert (tokens["deu_Latn"], tokens["gle_Latn"]) == (300, 20)
    assert 147 <= tokens["fra_Latn"] <= 150
    assert {loss.rule for loss in lost.values()} == {"weight"}


MINIMAL = b'name = "x"\nlanguages = ["deu_Latn"]\n'


@pytest.mark.parametrize(
    ("mixture", "said"),
    [
        ("tokens = { deu_Latm = 5 }", "unknown language 'deu_Latm' (did you mean 'deu_Latn'?)"),
        ("tokens = { deu_Latn = -5 }", "Expected `int` >= 0"),
        ("token = { deu_Latn = 5 }", "unknown field `token` - at `$.mixture` (did you mean"),
        ("share = { default = 1.5 }", "Expected `float` <= 1.0"),
        ("share = { default = nan }", "Expected `float` >= 0.0 - at `$.mixture.share[...]`"),
        ("weights = { deu_Latn = 0 }", "Expected `float` > 0.0"),
        ("weights = { default = 1.0 }", "must name the languages"),
        ("domains = { exponent = 0.5 }", "missing required field `max_whole`"),
        ("unscored = 0.5", "`unscored` needs `quality`"),
        ("quality = { default = 0.3 }", "name `[[scorers]]`"),
    ],
)
def test_a_mixture_that_makes_no_sense_is_refused(mixture, said):
    with pytest.raises(RecipeError) as refused:
        parse(MINIMAL + f"[mixture]\n{mixture}\n".encode(), "x.toml")
    assert said in str(refused.value)


def test_a_recipe_without_a_mixture_is_written_as_before_there_were_any():
    assert "mixture" not in resolved(load("demo"))
    recipe = changed(load("demo"), ["mixture.tokens.default=5_000", "mixture.share.fra_Latn=0.5"])
    assert recipe.mixture == Mixture(tokens={"default": 5_000}, share={"fra_Latn": 0.5})
    assert resolved(recipe)["mixture"]["tokens"] == {"default": 5_000}
    assert isinstance(parse(MINIMAL + b"[mixture]\n", "x.toml"), Recipe)


def test_scores_are_compared_by_thousandths():
    assert [step(score) for score in (0, 0.0004, 0.0006, 1)] == [0, 0, 1, 1000]
