"""The difference of a release to its parent: what `diff` finds, and how shares of losses moved."""

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from florilegium.manifests.differences import WAYS, Amount, Reason, Way, Ways, differences
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest

_SHOWN = 50


class Change(Struct, frozen=True):
    """Documents of a language or a domain that changed, came or went, by way."""

    name: str
    ways: dict[Way, Amount]

    @property
    def documents(self) -> int:
        """Documents that moved."""
        return sum(amount.documents for amount in self.ways.values())


class RuleChange(Struct, frozen=True):
    """The share of all records that a rule cost, then and now."""

    stage: str
    rule: str
    shares: tuple[float, float]


class Difference(Struct, frozen=True):
    """What a release has more or less than its parent."""

    name: str
    build_id: str
    root: str
    records: tuple[int, int]
    documents: tuple[int, int]
    tokens: tuple[int, int]
    total: Ways
    languages: list[Change]
    """Languages that changed, those in which most moved first."""
    domains: list[Change]
    """The domains in which most moved."""
    reasons: list[Reason]
    """Why documents came and went, the most frequent reason first."""
    rules: list[RuleChange]
    """Rules whose share changed, the greatest change first."""

    @property
    def moved(self) -> list[Way]:
        """What became of documents that did not stay as they were."""
        return [way for way in WAYS[1:] if self.total[way].documents]


def difference(now: tuple[Location, Manifest], parent: tuple[Location, Manifest]) -> Difference:
    """Return how a release differs from its parent; OSError and ValueError as `differences`."""
    manifest, earlier = now[1], parent[1]
    found = differences(parent, now)
    then, today = _shares(earlier), _shares(manifest)
    rules = [
        RuleChange(*key, (then.get(key, 0.0), today.get(key, 0.0)))
        for key in then.keys() | today.keys()
        if then.get(key) != today.get(key)
    ]
    return Difference(
        name=earlier.name,
        build_id=earlier.build_id,
        root=earlier.root,
        records=(earlier.records, manifest.records),
        documents=(earlier.documents, manifest.documents),
        tokens=(earlier.tokens, manifest.tokens),
        total=found.total,
        languages=_changes(found.languages),
        domains=_changes(found.domains)[:_SHOWN],
        reasons=sorted(found.reasons, key=lambda one: -one.documents),
        rules=sorted(rules, key=lambda r: (-abs(r.shares[1] - r.shares[0]), r.stage, r.rule)),
    )


def _changes(moved: Mapping[str, Ways]) -> list[Change]:
    changes = (
        Change(name, {way: ways.get(way, Amount()) for way in WAYS[1:]})
        for name, ways in moved.items()
    )
    return sorted(
        (change for change in changes if change.documents),
        key=lambda change: (-change.documents, change.name),
    )


def _shares(manifest: Manifest) -> dict[tuple[str, str], float]:
    """Return the share of records that each rule cost."""
    lost: Counter[tuple[str, str]] = Counter()
    for step in manifest.funnel:
        for rule, number in step.lost.items():
            lost[step.stage, rule] += number
    return {key: number / manifest.records for key, number in lost.items()}
