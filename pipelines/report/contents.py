"""What a report says of a release: read from its manifest and tables, never from its documents."""

import heapq
from collections import Counter
from hashlib import sha256

from msgspec import Struct

from florilegium.filters.language_table import LANGUAGES
from florilegium.manifests import distributions, domains, loss_example
from florilegium.manifests import manifest as manifests
from florilegium.manifests.distributions import Distribution
from florilegium.manifests.domains import Domain
from florilegium.manifests.funnel import FIRST_WITH_LANGUAGE, STAGES, by_rule
from florilegium.manifests.location import Location
from florilegium.manifests.loss_example import LossExample
from florilegium.manifests.losses import LOSSES
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.schema import from_table
from florilegium.manifests.tables import parquet
from florilegium.pipelines.report.difference import Difference, difference
from florilegium.pipelines.report.histograms import Histogram, histogram

LATE = STAGES[FIRST_WITH_LANGUAGE:]
"""Stages that are counted by language."""
_DOMAINS = 50


class Stage(Struct, frozen=True):
    """A stage of the funnel, all languages together."""

    name: str
    received: int
    lost: int

    @property
    def kept(self) -> int:
        """Records passed on."""
        return self.received - self.lost


class Reason(Struct, frozen=True):
    """A rule, how many records it cost, and how the texts of some of them begin."""

    stage: str
    rule: str
    about: str
    lost: int
    examples: list[LossExample]


class Tongue(Struct, frozen=True):
    """A language: what reached the first stage that knows it, what each took, what is left."""

    lang: str
    name: str
    received: int
    lost: dict[str, int]
    documents: int
    tokens: int
    text_bytes: int
    quality_deciles: tuple[float, ...] | None


class Kind(Struct, frozen=True):
    """A kind of personal data: documents in which it was found, and how often."""

    name: str
    documents: int
    items: int


class Origin(Struct, frozen=True):
    """A domain, and what there is of it."""

    name: str
    held: Domain


class Contents(Struct, frozen=True, kw_only=True):
    """All that a report says."""

    manifest: Manifest
    manifest_sha256: str
    text_bytes: int
    stages: list[Stage]
    tongues: list[Tongue]
    reasons: list[Reason]
    personal: list[Kind]
    origins: list[Origin]
    """The domains with most tokens."""
    histograms: list[Histogram]
    copies: Histogram | None
    """How many documents each one stands for."""
    difference: Difference | None
    """To the parent release, if one is given."""


def contents(
    release: Location, manifest: Manifest, parent: tuple[Location, Manifest] | None = None
) -> Contents:
    """Read what a report says of a release with this manifest.

    With a parent, columns of documents are read in shards that differ. OSError if something cannot
    be read, ValueError if it is damaged.
    """
    whole = distributions.added(distributions.read(release).values())
    return Contents(
        manifest=manifest,
        manifest_sha256=sha256(manifests.encode(manifest)).hexdigest(),
        text_bytes=sum(language.text_bytes for language in manifest.languages),
        stages=_stages(manifest),
        tongues=_tongues(manifest),
        reasons=_reasons(manifest, _examples(release)),
        personal=_personal(whole),
        origins=_origins(release, manifest),
        histograms=[
            found
            for measure in ("tokens", "chars", *distributions.SCORES)
            if (found := histogram(whole, measure)) is not None
        ],
        copies=histogram(whole, "dup_size"),
        difference=difference((release, manifest), parent) if parent else None,
    )


def language_name(lang: str | None) -> str:
    """Return the English name of a language."""
    return LANGUAGES[lang].name if lang and lang in LANGUAGES else lang or ""


def _stages(manifest: Manifest) -> list[Stage]:
    received: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for step in manifest.funnel:
        received[step.stage] += step.received
        lost[step.stage] += sum(step.lost.values())
    return [Stage(name, received[name], lost[name]) for name in STAGES if name in received]


def _tongues(manifest: Manifest) -> list[Tongue]:
    """Return the languages, those with most tokens first."""
    held = {language.lang: language for language in manifest.languages}
    lost: dict[str, dict[str, int]] = {}
    received: dict[str, int] = {}
    for step in manifest.funnel:
        if step.lang is not None:
            lost.setdefault(step.lang, {})[step.stage] = sum(step.lost.values())
            received.setdefault(step.lang, step.received)
    found = []
    for lang in received:
        mine = held.get(lang)
        found.append(
            Tongue(
                lang=lang,
                name=language_name(lang),
                received=received[lang],
                lost=lost[lang],
                documents=mine.documents if mine else 0,
                tokens=mine.tokens if mine else 0,
                text_bytes=mine.text_bytes if mine else 0,
                quality_deciles=mine.quality_deciles if mine else None,
            )
        )
    return sorted(found, key=lambda one: (-one.tokens, one.lang))


def _examples(release: Location) -> list[LossExample]:
    with parquet(release / loss_example.PATH) as file:
        return from_table(file.read(use_threads=False), LossExample)


def _reasons(manifest: Manifest, examples: list[LossExample]) -> list[Reason]:
    """Return the rules in the order of stages, those that cost most first."""
    lost = by_rule(manifest.funnel)
    ordered = sorted(lost, key=lambda key: (STAGES.index(key[0]), -lost[key], key))
    return [
        Reason(
            *key,
            LOSSES.get(key) or f"{key[1].replace('_', ' ')} beyond a limit of the recipe",
            lost[key],
            [one for one in examples if (one.stage, one.rule) == key],
        )
        for key in ordered
        if lost[key]
    ]


def _origins(release: Location, manifest: Manifest) -> list[Origin]:
    found = (
        Origin(name, held)
        for table in domains.tables(manifest)
        for name, held in domains.rows(release / table.path)
        if held.documents
    )
    return heapq.nsmallest(_DOMAINS, found, key=lambda one: (-one.held.tokens, one.name))


def _personal(whole: Distribution) -> list[Kind]:
    """Return the kinds that were found, the most frequent first."""
    kinds = [
        Kind(measure.removeprefix(distributions.PERSONAL), documents, items)
        for (measure, _), (documents, items) in whole.items()
        if measure.startswith(distributions.PERSONAL)
    ]
    return sorted(kinds, key=lambda kind: (-kind.documents, kind.name))
