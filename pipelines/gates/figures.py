"""The figures of a release that gates look at, from its manifest and its tables."""

from collections import Counter

from msgspec import Struct

from florilegium.manifests import distributions, domains, funnel
from florilegium.manifests import manifest as manifests
from florilegium.manifests.distributions import PERSONAL, Distribution
from florilegium.manifests.funnel import LossKey
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest
from florilegium.pipelines.gates import fates


class Figures(Struct, frozen=True, kw_only=True):
    """What there is in a release, and what became of the rest."""

    manifest: Manifest
    received: dict[tuple[str, str | None], int]
    """Records that reached a stage, by stage and language."""
    lost: dict[tuple[str, str | None], int]
    """Records that it lost."""
    unaccounted: int
    """Records of which neither shards nor ledger know."""
    top_domain: tuple[str, int]
    """The registrable domain with most tokens, and how many."""
    by_language: dict[str, Distribution]
    personal: dict[str, int]
    """Items of personal data by kind."""

    @property
    def pages(self) -> int:
        """Records that are pages at all."""
        return self.received.get(("lists", None), 0)

    @property
    def text_bytes(self) -> int:
        """Bytes of all texts."""
        return sum(one.text_bytes for one in self.manifest.languages)

    def rate(self, stage: str) -> tuple[int, int]:
        """Return how many records a stage lost and received, in all languages."""
        lost, received = (
            sum(number for (at, _), number in one.items() if at == stage)
            for one in (self.lost, self.received)
        )
        return lost, received

    def found(self, lang: str) -> int:
        """Return how many documents were found in a language."""
        return self.received.get((funnel.STAGES[funnel.FIRST_WITH_LANGUAGE], lang), 0)

    def kept(self) -> dict[str, tuple[int, int]]:
        """Return documents and tokens by language."""
        return {one.lang: (one.documents, one.tokens) for one in self.manifest.languages}


def figures(release: Location) -> Figures:
    """Return the figures of a release; ValueError or OSError if a table cannot be read."""
    manifest = manifests.read(release)
    losses = _losses(release, manifest)
    kept = {one.lang: one.documents for one in manifest.languages}
    steps = funnel.funnel(losses, kept)
    by_language = distributions.read(release)
    whole = distributions.added(by_language.values())
    kinds = sorted({name for name, _ in whole if name.startswith(PERSONAL)})
    return Figures(
        manifest=manifest,
        received={(step.stage, step.lang): step.received for step in steps},
        lost={(step.stage, step.lang): sum(step.lost.values()) for step in steps},
        unaccounted=manifest.records
        - sum(shard.rows for shard in manifest.shards)
        - sum(table.rows for table in manifest.ledger),
        top_domain=_top_domain(release, manifest),
        by_language=by_language,
        personal={
            name.removeprefix(PERSONAL): distributions.totals_of(whole, name)[1] for name in kinds
        },
    )


def _losses(release: Location, manifest: Manifest) -> Counter[LossKey]:
    """Return how many records each rule lost; canaries are no records of the web."""
    late = funnel.STAGES[funnel.FIRST_WITH_LANGUAGE :]
    planted = (
        (one.stage, one.rule, one.lang if one.stage in late else None)
        for one in fates.losses(release, manifest)
    )
    return +(_all_losses(manifest) - Counter(planted))


def _all_losses(manifest: Manifest) -> Counter[LossKey]:
    return Counter(
        {
            (step.stage, rule, step.lang): number
            for step in manifest.funnel
            for rule, number in step.lost.items()
        }
    )


def _top_domain(release: Location, manifest: Manifest) -> tuple[str, int]:
    top = ("", 0)
    for table in domains.tables(manifest):
        for name, one in domains.rows(release / table.path):
            if one.tokens > top[1]:
                top = name, one.tokens
    return top
