"""Verdicts: what became of the documents of a part, or of several, in numbers that can be added."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain

import msgspec
from msgspec import Struct

from florilegium.manifests import deciles
from florilegium.manifests.buckets import Bucket, sum_of
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Alarm, Table
from florilegium.pipelines.verdicts.alarms import Alarms, first, of_components, of_release
from florilegium.pipelines.verdicts.loss_examples import Candidate, fewest


class Verdict(Struct, frozen=True, kw_only=True):
    """What a part, or several, come to: losses, and what is kept by language and bucket."""

    records: int = 0
    losses: list[tuple[str, str, str | None, int]] = []
    """Stage, rule, language, number."""
    kept: dict[str, dict[int, Bucket]] = {}
    licences: list[tuple[str, str, int, int]] = []
    """Licence and tier, empty without one, documents and tokens of what is kept."""
    quality: dict[str, dict[int, int]] = {}
    """Scores of the kept documents that have one, by language: how many round to a thousandth."""
    captured: dict[str, int] = {}
    """Documents that are kept by month of capture."""
    domains: list[Table] = []
    """The files of the table of domains."""
    ledger: list[Table] = []
    """The files of the ledger, one a part."""
    index: list[Table] = []
    """The files of the index, one a part, if there is one."""
    copies: list[Table] = []
    """What earlier releases hold copies of, a file for each of their indexes."""
    reasons: list[Table] = []
    """The files of all reasons, one a part, if the recipe asks for them."""
    alarms: list[Alarm] = []
    """Inputs and hosts that lost too much: the first of each kind."""
    alarms_raised: dict[str, int] = {}
    """How many there are of each kind."""
    largest: list[Alarm] = []
    """Documents for which most others gave way, whether or not that is too many."""
    examples: list[Candidate] = []
    """A few lost documents of each rule."""


def added(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the sum of verdicts; their order makes no difference."""
    whole = list(verdicts)
    kept: dict[str, dict[int, Bucket]] = {}
    for verdict in whole:
        for lang, buckets in verdict.kept.items():
            mine = kept.setdefault(lang, {})
            for number, one in buckets.items():
                mine[number] = sum_of([mine.get(number, Bucket()), one])
    return Verdict(
        records=sum(verdict.records for verdict in whole),
        losses=counted(loss for verdict in whole for loss in verdict.losses),
        kept=kept,
        licences=licensed(one for verdict in whole for one in verdict.licences),
        quality={
            lang: deciles.added(verdict.quality.get(lang, {}) for verdict in whole)
            for lang in sorted({lang for verdict in whole for lang in verdict.quality})
        },
        captured=_summed(verdict.captured for verdict in whole),
        domains=_by_path(verdict.domains for verdict in whole),
        ledger=_by_path(verdict.ledger for verdict in whole),
        index=_by_path(verdict.index for verdict in whole),
        copies=_by_path(verdict.copies for verdict in whole),
        reasons=_by_path(verdict.reasons for verdict in whole),
        alarms=first(alarm for verdict in whole for alarm in verdict.alarms),
        alarms_raised=_summed(verdict.alarms_raised for verdict in whole),
        largest=first(one for verdict in whole for one in verdict.largest),
        examples=fewest(one for verdict in whole for one in verdict.examples),
    )


def raised(total: Verdict, settings: Alarms) -> tuple[list[Alarm], dict[str, int]]:
    """Return the alarms that are listed, and how many there are of each kind."""
    kept = sum(b.documents for buckets in total.kept.values() for b in buckets.values())
    late = sum(n for stage, _, _, n in total.losses if stage in ("duplicates", "quality", "canary"))
    components = of_components(total.largest, kept + late, settings)
    nothing = of_release(total.records, kept)
    more: dict[str, int] = {one.kind: 1 for one in nothing}
    if components:
        more["component"] = len(components)
    return first([*total.alarms, *components, *nothing]), _summed([total.alarms_raised, more])


def _by_path(tables: Iterable[list[Table]]) -> list[Table]:
    return sorted(chain.from_iterable(tables), key=lambda table: table.path)


def _summed(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    whole: Counter[str] = Counter()
    for one in counts:
        whole.update(one)
    return dict(sorted(whole.items()))


def counted(
    losses: Iterable[tuple[str, str, str | None, int]],
) -> list[tuple[str, str, str | None, int]]:
    """Return losses of the same stage, rule and language added up, sorted."""
    numbers: Counter[tuple[str, str, str | None]] = Counter()
    for stage, rule, lang, number in losses:
        numbers[stage, rule, lang] += number
    return [(*key, numbers[key]) for key in sorted(numbers, key=str)]


def licensed(kept: Iterable[tuple[str, str, int, int]]) -> list[tuple[str, str, int, int]]:
    """Return documents and tokens under the same licence and tier added up, sorted."""
    numbers: dict[tuple[str, str], tuple[int, int]] = {}
    for spdx, tier, documents, tokens in kept:
        before = numbers.get((spdx, tier), (0, 0))
        numbers[spdx, tier] = before[0] + documents, before[1] + tokens
    return [(*key, *numbers[key]) for key in sorted(numbers)]


def read_verdict(folder: Location) -> Verdict | None:
    """Return the verdict written in a folder, or None if it is not finished."""
    return read_total(folder / "verdict.json")


def read_total(place: Location) -> Verdict | None:
    """Return a sum of verdicts, or None if it is not finished."""
    try:
        return msgspec.json.decode(place.read_bytes(), type=Verdict)
    except FileNotFoundError:
        return None
