import itertools

from hypothesis import given
from hypothesis import strategies as st

from florilegium.manifests.buckets import BUCKETS, Bucket, bucket
from florilegium.pipelines.publishing.shard_plans import (
    SLICE_BYTES,
    ShardPlan,
    Wanted,
    group_into_waves,
    plan_shards,
)
from florilegium.pipelines.recipe import Shards

LANGUAGES = ("deu_Latn", "fra_Latn", "gle_Latn")

buckets = st.builds(
    lambda documents, each, tokens: Bucket(documents, documents * tokens, 0, documents * each),
    st.integers(1, 5),
    st.integers(1, 900),
    st.integers(1, 90),
)
by_bucket = st.dictionaries(st.integers(0, BUCKETS - 1), buckets, max_size=30)
all_kept = st.dictionaries(st.sampled_from(LANGUAGES), by_bucket)
sizes = st.integers(1, 20_000)
units = st.sampled_from(["bytes", "tokens"])


@given(all_kept, sizes, units)
def test_every_bucket_is_in_one_shard_and_no_shard_is_empty(kept, size, unit):
    plans = plan_shards(kept, Shards(size=size, unit=unit))
    assert all(plan.documents > 0 for plan in plans)
    for lang, mine in kept.items():
        for number, one in mine.items():
            holders = [p for p in plans if p.lang == lang and number * p.of // BUCKETS == p.index]
            assert len(holders) == 1, (lang, number, one)
    assert sum(p.documents for p in plans) == sum(
        b.documents for m in kept.values() for b in m.values()
    )
    assert sum(p.bytes for p in plans) == sum(b.bytes for m in kept.values() for b in m.values())


@given(all_kept, sizes, units)
def test_the_number_of_shards_is_the_least_power_of_two_that_does(kept, size, unit):
    for plan in plan_shards(kept, Shards(size=size, unit=unit)):
        whole = sum(getattr(b, unit) for b in kept[plan.lang].values())
        assert plan.of & (plan.of - 1) == 0
        assert plan.of <= BUCKETS
        assert 0 <= plan.index < plan.of
        assert plan.of * size >= whole or plan.of == BUCKETS
        assert plan.of == 1 or plan.of // 2 * size < whole


@given(all_kept, sizes, units)
def test_leaves_are_numbered_without_a_gap_by_language_and_range(kept, size, unit):
    plans = plan_shards(kept, Shards(size=size, unit=unit))
    assert [(p.lang, p.index) for p in plans] == sorted((p.lang, p.index) for p in plans)
    ends = list(itertools.accumulate((plan.documents for plan in plans), initial=0))
    assert [plan.first_leaf for plan in plans] == ends[:-1]


@given(by_bucket, sizes)
def test_shards_of_two_sizes_nest(mine, size):
    large = plan_shards({"deu_Latn": mine}, Shards(size=size))
    small = plan_shards({"deu_Latn": mine}, Shards(size=-(-size // 4)))
    for one in small:
        (around,) = [p for p in large if one.index * p.of // one.of == p.index]
        assert around.first_leaf <= one.first_leaf
        assert one.first_leaf + one.documents <= around.first_leaf + around.documents


def test_evenly_spread_ids_fill_shards_evenly():
    kept = {"deu_Latn": {number: Bucket(1, 1, 1, 100) for number in range(BUCKETS)}}
    plans = plan_shards(kept, Shards(size=25_600))
    assert [plan.bytes for plan in plans] == [25_600] * 16


def test_the_unit_decides_what_the_size_counts():
    kept = {"deu_Latn": {number: Bucket(1, 10, 1, 1_000) for number in range(0, BUCKETS, 16)}}
    assert len(plan_shards(kept, Shards(size=2_560, unit="tokens"))) == 1
    assert len(plan_shards(kept, Shards(size=2_560, unit="bytes"))) == 128


def test_the_ranges_of_ids_are_those_of_the_buckets():
    assert bucket(bytes(16)) == 0
    assert bucket(b"\xff" * 16) == BUCKETS - 1
    assert bucket(b"\x80" + bytes(15)) == BUCKETS // 2


@given(st.binary(min_size=16, max_size=16), st.integers(0, 12))
def test_a_shard_is_the_range_of_ids_that_verification_expects(identity, power):
    of = 1 << power
    assert bucket(identity) * of // BUCKETS == int.from_bytes(identity) * of >> 128


def a_plan(size, index=0, of=1, lang="deu_Latn"):
    return ShardPlan(lang=lang, index=index, of=of, first_leaf=0, documents=1, bytes=size)


@st.composite
def wanted_shards(draw):
    """Some of the shards of some languages, in any order, each of one or several slices."""
    plans = []
    for lang in draw(st.sets(st.sampled_from(LANGUAGES))):
        of = 1 << draw(st.integers(0, 12))
        indexes = draw(st.sets(st.integers(0, of - 1), max_size=6))
        sizes = st.integers(1, 5 * SLICE_BYTES)
        plans += [a_plan(draw(sizes), index, of, lang) for index in indexes]
    return draw(st.permutations(plans))


# Few different bytes, so that ids often lie at the edge of a shard.
identities = st.lists(st.sampled_from(b"\x00\x01\x10\x7f\x80\xff"), min_size=16, max_size=16).map(
    bytes
)


def holds(plan, lang, identity):
    return plan.lang == lang and int.from_bytes(identity) * plan.of >> 128 == plan.index


@given(wanted_shards(), st.sampled_from(LANGUAGES), identities)
def test_a_document_is_found_in_the_shard_and_slice_that_its_id_says(plans, lang, identity):
    found = Wanted(plans).slice_of(lang, identity)
    holders = [plan for plan in plans if holds(plan, lang, identity)]
    if not holders:
        assert found is None
        return
    (plan,) = holders
    whole = plan.of * plan.slices
    number = int.from_bytes(identity) * whole >> 128
    assert found == (plan.label, number - plan.index * plan.slices)
    assert 0 <= found[1] < plan.slices


@given(wanted_shards(), st.sampled_from(LANGUAGES), identities, identities)
def test_a_range_of_ids_is_of_use_if_a_wanted_shard_meets_it(plans, lang, one, other):
    first, last = sorted((one, other))
    met = [
        plan
        for plan in plans
        if plan.lang == lang
        and int.from_bytes(first) * plan.of >> 128 <= plan.index
        and int.from_bytes(last) * plan.of >> 128 >= plan.index
    ]
    assert Wanted(plans).any_of_ids(lang, first, last) is bool(met)


@given(wanted_shards(), st.sampled_from(LANGUAGES), st.sampled_from(LANGUAGES))
def test_a_range_of_languages_is_of_use_if_a_shard_of_one_is_wanted(plans, one, other):
    first, last = sorted((one, other))
    met = [plan for plan in plans if first <= plan.lang <= last]
    assert Wanted(plans).any_of_languages(first, last) is bool(met)


def test_where_nothing_is_wanted_nothing_is_found():
    nothing = Wanted([])
    assert nothing.slice_of("deu_Latn", bytes(16)) is None
    assert not nothing.any_of_ids("deu_Latn", bytes(16), b"\xff" * 16)
    assert not nothing.any_of_languages("a", "z")


@given(st.lists(st.integers(0, 100), max_size=30), st.integers(1, 200), st.integers(1, 4))
def test_every_shard_is_in_one_wave_and_waves_are_bounded(texts, most, fewest):
    plans = [a_plan(size, index) for index, size in enumerate(texts)]
    grouped = list(group_into_waves(plans, most, fewest))
    assert [plan for wave in grouped for plan in wave] == plans
    assert all(grouped)
    for wave in grouped:
        assert sum(p.bytes for p in wave) <= most or len(wave) <= fewest
    for wave, following in itertools.pairwise(grouped):
        assert sum(p.bytes for p in [*wave, following[0]]) > most
