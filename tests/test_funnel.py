import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from florilegium.manifests.funnel import (
    FIRST_WITH_LANGUAGE,
    STAGES,
    Step,
    by_rule,
    check,
    funnel,
    kept_by_language,
)

LANGUAGES = ("deu_Latn", "fra_Latn", "gle_Latn")
EARLY, LATE = STAGES[:FIRST_WITH_LANGUAGE], STAGES[FIRST_WITH_LANGUAGE:]
ALWAYS = tuple(stage for stage in LATE if stage not in ("erase", "canary", "mixture"))

rules = st.sampled_from(["a", "b", "c"])
numbers = st.integers(0, 50)
early_losses = st.dictionaries(st.tuples(st.sampled_from(EARLY), rules, st.none()), numbers)
late_losses = st.dictionaries(
    st.tuples(st.sampled_from(LATE), rules, st.sampled_from(LANGUAGES)), numbers
)
all_losses = st.builds(lambda one, other: one | other, early_losses, late_losses)
all_kept = st.dictionaries(st.sampled_from(LANGUAGES), numbers)


@given(all_losses, all_kept)
def test_the_steps_reconcile_whatever_was_lost(losses, kept):
    steps = funnel(losses, kept)
    check(steps, sum(losses.values()) + sum(kept.values()), sum(kept.values()))
    assert kept_by_language(steps) == {lang: 0 for _, _, lang in losses if lang} | kept


@given(all_losses, all_kept)
def test_every_loss_is_in_the_step_of_its_stage_and_language(losses, kept):
    steps = funnel(losses, kept)
    for (stage, rule, lang), number in losses.items():
        (step,) = [s for s in steps if (s.stage, s.lang) == (stage, lang)]
        assert step.lost[rule] == number
    counted = by_rule(steps)
    assert counted.total() == sum(losses.values())
    assert all(
        counted[stage, rule] == sum(n for (s, r, _), n in losses.items() if (s, r) == (stage, rule))
        for stage, rule, _ in losses
    )


@given(all_losses, all_kept, st.integers(-9, 9))
def test_a_record_that_is_missing_is_refused_with_how_many_are_astray(losses, kept, astray):
    assume(astray)
    records, documents = sum(losses.values()) + sum(kept.values()), sum(kept.values())
    with pytest.raises(ValueError, match=rf"records reaching read: .*, {astray} astray"):
        check(funnel(losses, kept), records + astray, documents)
    with pytest.raises(ValueError, match=rf"documents kept: .*, {astray} astray"):
        check(funnel(losses, kept), records, documents - astray)


@given(all_losses, all_kept, st.data())
def test_steps_that_lose_records_between_them_are_refused(losses, kept, data):
    steps = list(funnel(losses, kept))
    place = data.draw(st.integers(0, len(steps) - 1))
    more = data.draw(st.integers(1, 9))
    step = steps[place]
    steps[place] = replace(step, received=step.received + more, kept=step.kept + more)
    with pytest.raises(ValueError, match="astray"):
        check(steps, sum(losses.values()) + sum(kept.values()), sum(kept.values()))


@given(all_losses, all_kept, st.data())
def test_no_step_may_be_out_of_place(losses, kept, data):
    steps = funnel(losses, kept)
    shuffled = tuple(data.draw(st.permutations(steps)))
    assume(shuffled != steps)
    with pytest.raises(ValueError, match="in the order of the flow"):
        check(shuffled, sum(losses.values()) + sum(kept.values()), sum(kept.values()))


def test_no_step_may_be_left_out_or_said_twice():
    steps = funnel({("quality", "a", "deu_Latn"): 0}, {"deu_Latn": 5, "fra_Latn": 2})
    for place in range(len(steps)):
        for wrong in (
            steps[:place] + steps[place + 1 :],
            steps[:place] + steps[place : place + 1] + steps[place:],
        ):
            with pytest.raises(ValueError, match="in the order of the flow"):
                check(wrong, 7, 7)


def test_the_steps_of_two_languages_cannot_hide_a_loss_by_being_interleaved():
    def step(stage, lang, number):
        return Step(stage=stage, lang=lang, received=number, lost={}, kept=number)

    early = [step(stage, None, 10) for stage in EARLY]
    late = [
        step(stage, lang, 10 if lang == "deu_Latn" and stage == LATE[0] else 0)
        for stage in LATE
        for lang in ("deu_Latn", "fra_Latn")
    ]
    with pytest.raises(ValueError, match="in the order of the flow"):
        check([*early, *late], 10, 0)


def test_a_step_adds_up():
    step = Step(stage="decode", lang=None, received=10, lost={"a": 3, "b": 1}, kept=6)
    with pytest.raises(ValueError, match=r"^decode: 10 received, but 7 kept and 4 lost"):
        replace(step, kept=7)
    with pytest.raises(ValueError, match=r"^quality \(deu_Latn\): 9 received"):
        replace(step, stage="quality", lang="deu_Latn", received=9)


def test_a_step_cannot_lose_less_than_nothing():
    with pytest.raises(ValueError, match="fewer than none"):
        Step(stage="decode", lang=None, received=10, lost={"a": -3}, kept=13)
    with pytest.raises(ValueError, match="fewer than none"):
        Step(stage="decode", lang=None, received=0, lost={"a": 3}, kept=-3)


def test_a_stage_that_does_not_exist_is_refused_by_name():
    with pytest.raises(ValueError, match="stages that do not exist: brew, steep"):
        funnel({("steep", "a", None): 1, ("brew", "a", "deu_Latn"): 1}, {})


def test_a_late_loss_without_its_language_is_astray():
    steps = funnel({("quality", "a", None): 3}, {"deu_Latn": 4})
    with pytest.raises(ValueError, match="3 astray"):
        check(steps, 7, 4)


def test_stages_before_the_language_is_known_have_one_step_each():
    steps = funnel({("identify", "language", None): 2, ("quality", "words", "fra_Latn"): 1}, {})
    assert [(s.stage, s.lang) for s in steps] == [
        *((stage, None) for stage in EARLY),
        *((stage, "fra_Latn") for stage in ALWAYS),
    ]
    assert [s.received for s in steps] == [3] * len(EARLY) + [1] * len(ALWAYS)


@pytest.mark.parametrize(
    ("stage", "rule"), [("erase", "gdpr_17"), ("canary", "published"), ("mixture", "sampled")]
)
def test_a_stage_that_seldom_is_is_a_step_of_every_language_or_of_none(stage, rule):
    losses = {(stage, rule, "fra_Latn"): 1, ("quality", "words", "deu_Latn"): 2}
    steps = funnel(losses, {"gle_Latn": 3})
    expected = [one for one in LATE if one in ALWAYS or one == stage]
    assert [s.stage for s in steps if s.lang == "gle_Latn"] == expected
    assert {s.lang: s.lost for s in steps if s.stage == stage} == {
        "deu_Latn": {}, "fra_Latn": {rule: 1}, "gle_Latn": {},
    }  # fmt: skip
    assert kept_by_language(steps) == {"deu_Latn": 0, "fra_Latn": 0, "gle_Latn": 3}
    check(steps, 6, 3)
    assert kept_by_language(steps) == {"deu_Latn": 0, "fra_Latn": 0, "gle_Latn": 3}
    with pytest.raises(ValueError, match="not all the stages"):
        check([s for s in steps if (s.stage, s.lang) != (stage, "deu_Latn")], 6, 3)
