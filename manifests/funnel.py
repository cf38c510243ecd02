"""The funnel: what each stage received, lost and passed on. Its sums must agree."""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct

STAGES = (
    "read",
    "lists",
    "decode",
    "rights",
    "extract",
    "identify",
    "personal",
    "erase",
    "duplicates",
    "quality",
    "canary",
    "mixture",
)
"""Every stage that can lose something, in the order of the flow."""
_SELDOM = frozenset({"erase", "canary", "mixture"})
"""Stages that are in a funnel only where they lost something."""
COMPARED = ("duplicates", "quality", "canary", "mixture")
"""Stages that documents reach whose facts are all known, to be compared and judged."""
FIRST_WITH_LANGUAGE = STAGES.index("personal")

LossKey = tuple[str, str, str | None]
"""Stage, rule and language of a loss."""


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One stage, for one language once it is known: received = kept + everything lost."""

    stage: str
    """One of `STAGES`."""
    lang: str | None
    """Language; null for the stages before it is known."""
    received: int
    """Records that reached the stage."""
    lost: dict[str, int]
    """Records that each rule dropped."""
    kept: int
    """Records that were passed on."""

    def __post_init__(self) -> None:
        lost = sum(self.lost.values())
        where = f"{self.stage} ({self.lang})" if self.lang else self.stage
        if min(self.kept, *self.lost.values(), 0) < 0:
            raise ValueError(f"{where}: fewer than none kept or lost")
        if self.received != self.kept + lost:
            raise ValueError(
                f"{where}: {self.received} received, but {self.kept} kept and {lost} lost"
            )


def funnel(losses: Mapping[LossKey, int], kept: Mapping[str, int]) -> tuple[Step, ...]:
    """Return the steps that follow from the counted losses and the documents kept by language.

    Stages before the language is known have one step each, later ones one for each language; there
    is none of `erase` or `mixture` if nothing was lost there.
    ValueError for a stage that is not in `STAGES`.
    """
    steps: list[Step] = []
    passing = sum(losses.values()) + sum(kept.values())
    late_stages = _late(stage for stage, _, _ in losses)
    for stage in STAGES[:FIRST_WITH_LANGUAGE]:
        lost = _lost(losses, stage, None)
        steps.append(_step(stage, None, passing, lost))
        passing = steps[-1].kept
    for lang in sorted({lang for _, _, lang in losses if lang} | set(kept)):
        late = {s: _lost(losses, s, lang) for s in late_stages}
        passing = sum(sum(lost.values()) for lost in late.values()) + kept.get(lang, 0)
        for stage, lost in late.items():
            steps.append(_step(stage, lang, passing, lost))
            passing = steps[-1].kept
    unknown = {stage for stage, _, _ in losses} - set(STAGES)
    if unknown:
        raise ValueError(f"losses at stages that do not exist: {', '.join(sorted(unknown))}")
    return tuple(steps)


def check(steps: Iterable[Step], records: int, documents: int) -> None:
    """Raise ValueError unless the steps lead from the records read to the documents kept.

    They must be those that `funnel` returns, in its order: what a step passes on is compared with
    what the next one received, so a step left out or out of place would hide what is lost there.
    """
    steps = tuple(steps)
    _check_order(steps)
    early = [step for step in steps if step.lang is None]
    late = [step for step in steps if step.lang is not None]
    passing = records
    for step in early:
        _agree(f"records reaching {step.stage}", passing, step.received)
        passing = step.kept
    first = STAGES[FIRST_WITH_LANGUAGE]
    _agree(
        f"documents reaching {first}", passing, sum(s.received for s in late if s.stage == first)
    )
    for before, after in itertools.pairwise(late):
        if before.lang == after.lang:
            _agree(f"{after.lang} documents reaching {after.stage}", before.kept, after.received)
    _agree("documents kept", sum(kept_by_language(late).values()), documents)


def kept_by_language(steps: Iterable[Step]) -> dict[str, int]:
    """Return how many documents of each language the last stage kept."""
    return {s.lang: s.kept for s in steps if s.lang is not None}


def by_rule(steps: Iterable[Step]) -> Counter[tuple[str, str]]:
    """Return how many records each rule lost, by stage and rule."""
    counted: Counter[tuple[str, str]] = Counter()
    for step in steps:
        for rule, lost in step.lost.items():
            counted[step.stage, rule] += lost
    return counted


def _check_order(steps: tuple[Step, ...]) -> None:
    languages = sorted({step.lang for step in steps if step.lang is not None})
    late = _late(step.stage for step in steps)
    flow = [(stage, None) for stage in STAGES[:FIRST_WITH_LANGUAGE]] + [
        (stage, lang) for lang in languages for stage in late
    ]
    if [(step.stage, step.lang) for step in steps] != flow:
        raise ValueError("the steps of the funnel are not all the stages in the order of the flow")


def _late(there: Iterable[str]) -> list[str]:
    """Return the stages after which the language is known, of a funnel in which these are."""
    left_out = _SELDOM.difference(there)
    return [stage for stage in STAGES[FIRST_WITH_LANGUAGE:] if stage not in left_out]


def _lost(losses: Mapping[LossKey, int], stage: str, lang: str | None) -> dict[str, int]:
    """Return the losses of a stage by rule; before the language is known, those of all."""
    early = STAGES.index(stage) < FIRST_WITH_LANGUAGE
    counted: Counter[str] = Counter()
    for (at, rule, of), number in losses.items():
        if at == stage and (early or of == lang):
            counted[rule] += number
    return dict(sorted(counted.items()))


def _step(stage: str, lang: str | None, received: int, lost: dict[str, int]) -> Step:
    kept = received - sum(lost.values())
    return Step(stage=stage, lang=lang, received=received, lost=lost, kept=kept)


def _agree(what: str, expected: int, found: int) -> None:
    if expected != found:
        raise ValueError(f"{what}: {expected} expected, {found} counted, {expected - found} astray")
