"""Seal: counts merged, the law checked, the manifest written. Small, on the driver."""

from collections import Counter, defaultdict

import msgspec
from msgspec import UNSET, Struct, UnsetType

from florilegium.filters.optouts.policy import PROTOCOLS
from florilegium.manifests import buckets, distributions, erasures, mixture, tree
from florilegium.manifests import manifest as manifests
from florilegium.manifests.buckets import Bucket, sum_of
from florilegium.manifests.deciles import Histogram, deciles
from florilegium.manifests.entries import entry
from florilegium.manifests.funnel import LossKey, funnel
from florilegium.manifests.location import Location, files, replacing
from florilegium.manifests.manifest import (
    Earlier,
    Input,
    Language,
    Licence,
    Manifest,
    OptOuts,
    Protocol,
    Resource,
    Table,
)
from florilegium.manifests.merkle import Span, joined
from florilegium.manifests.month import Month
from florilegium.pipelines import own_code, provenance
from florilegium.pipelines.erasure.blocked import Noted
from florilegium.pipelines.files import read_all
from florilegium.pipelines.harvest.part import Part
from florilegium.pipelines.mixture.results import read_mixed
from florilegium.pipelines.publishing import derived
from florilegium.pipelines.publishing.shard_plans import ShardPlan
from florilegium.pipelines.publishing.shards import PublishedShard, note_path
from florilegium.pipelines.recipe import Recipe, resolved
from florilegium.pipelines.rights.optouts import SitesNote
from florilegium.pipelines.verdicts.loss_examples import write_examples
from florilegium.pipelines.verdicts.verdict import Verdict, raised


class Draft(Struct, frozen=True):
    """A release about to be sealed: where it is, and what each of its units came to."""

    folder: Location
    build_id: str
    recipe: Recipe
    parts: list[Part]
    total: Verdict
    plans: list[ShardPlan]
    notes: Location
    documents: list[Location]
    """The documents of each part."""
    against: tuple[Earlier, ...] = ()
    hosts: tuple[Table, ...] = ()
    """The table of licences by host, if there is one."""
    sites: list[SitesNote] = []
    """What is known of the sites of documents, if anything is."""
    chosen_by: tuple[Resource, ...] = ()
    """The plans that chose records of the inputs."""
    noted: Noted | None = None
    """What was erased from the corpus, if anything was."""
    mixed: Location | None = None
    """Where it says what was drawn of each language, if the recipe has a mixture."""
    month: Month | UnsetType = UNSET
    """What came, went and changed, if the build was asked for a parent."""
    carried: tuple[Table, ...] = ()
    """The table of what was said of earlier documents, if anything was."""


def seal(draft: Draft) -> Manifest:
    """Write the tables of all documents, the manifest and what follows from it; clear drafts away.

    ValueError if anything that was counted twice was not counted alike.
    """
    published = _published(draft)
    shards = tuple(one.shard for one in published)
    spans = [
        Span(plan.first_leaf, one.subtrees)
        for plan, one in zip(draft.plans, published, strict=True)
    ]
    losses: Counter[LossKey] = Counter()
    for stage, rule, lang, number in draft.total.losses:
        losses[stage, rule, lang] += number
    kept = draft.total.kept
    languages = tuple(
        _language(lang, kept[lang], draft.total.quality.get(lang, {})) for lang in sorted(kept)
    )
    alarms, alarms_raised = raised(draft.total, draft.recipe.alarms)
    made = Manifest(
        name=draft.recipe.name,
        build_id=draft.build_id,
        root=joined(tree.nodes_of(spans)).root().hex(),
        records=sum(part.records for part in draft.parts),
        documents=sum(shard.rows for shard in shards),
        recipe=resolved(draft.recipe),
        recipe_sha256=provenance.digest(resolved(draft.recipe)),
        code=own_code.code(),
        environment=provenance.environment(),
        resources=(*provenance.used(draft.recipe), *draft.chosen_by, *_resource(draft.noted)),
        tokens_counted="exactly",
        inputs=tuple(
            Input(
                name=p.unit,
                bytes=p.bytes,
                sha256=p.sha256,
                records=p.records,
                passed_over=p.passed_over,
            )
            for p in draft.parts
        ),
        funnel=funnel(losses, {language.lang: language.documents for language in languages}),
        against=draft.against,
        month=draft.month,
        alarms=tuple(alarms),
        alarms_raised=alarms_raised,
        languages=languages,
        captured=draft.total.captured,
        licences=tuple(
            Licence(license=spdx or None, tier=tier or None, documents=documents, tokens=tokens)
            for spdx, tier, documents, tokens in draft.total.licences
        ),
        shards=shards,
        ledger=tuple(draft.total.ledger),
        opt_outs=_opt_outs(draft, losses),
        tables=(
            *(note.table for note in draft.sites if note.table is not None),
            _buckets(draft.folder, kept),
            _distributions(draft.folder, published),
            _tree(draft.folder, spans),
            *_mixture(draft),
            *draft.total.domains,
            *draft.hosts,
            *draft.total.index,
            *draft.total.copies,
            *draft.total.reasons,
            write_examples(draft.total.examples, draft.documents, draft.folder),
            *draft.carried,
            *_log(draft),
        ),
    )
    clear_drafts(draft.folder)
    names = [derived.REPORT, *derived.named(draft.recipe.release.exports)]
    derived.write(draft.folder, made, names, draft.folder)
    with replacing(draft.folder / manifests.NAME) as path:
        path.write_bytes(manifests.encode(made))
    return made


def clear_drafts(release: Location) -> None:
    """Remove what a worker that was killed left half written: it belongs to no release."""
    for path, _ in files(release):
        if path.name.startswith("."):
            path.unlink()


def ledger_path(ordinal: int) -> str:
    """Return where in a release the losses of a unit are."""
    return f"audit/losses/{ordinal:05d}.parquet"


def _published(draft: Draft) -> list[PublishedShard]:
    """Return the notes on the shards as they were written."""
    notes = read_all(note_path(draft.notes, plan) for plan in draft.plans)
    return [msgspec.json.decode(note, type=PublishedShard) for note in notes]


def _opt_outs(draft: Draft, losses: Counter[LossKey]) -> OptOuts:
    policy = draft.recipe.rights
    honoured = policy.honour if policy.regime == "commercial_art4" else ()
    removed: Counter[str] = Counter()
    for (stage, rule, _), number in losses.items():
        if stage == "rights":
            removed[rule] += number
    origins: Counter[str] = Counter()
    for note in draft.sites:
        origins.update(note.origins)
    return OptOuts(
        regime=policy.regime,
        retroactive=policy.retroactive,
        missing=policy.missing,
        unreachable=policy.unreachable,
        protocols=tuple(
            Protocol(name=name, specification=specification, honoured=name in honoured)
            for name, (_, specification) in PROTOCOLS.items()
        ),
        agents=policy.expanded(),
        removed=dict(sorted(removed.items())),
        origins=dict(sorted(origins.items())),
    )


def _language(lang: str, held: dict[int, Bucket], quality: Histogram) -> Language:
    total = sum_of([Bucket(), *held.values()])
    return Language(
        lang=lang,
        documents=total.documents,
        tokens=total.tokens,
        chars=total.chars,
        text_bytes=total.bytes,
        quality_deciles=deciles(quality),
    )


def _buckets(release: Location, kept: buckets.Kept) -> Table:
    with replacing(release / buckets.PATH) as draft:
        return entry(buckets.PATH, buckets.write(kept, draft), draft)


def _distributions(release: Location, published: list[PublishedShard]) -> Table:
    by_language: dict[str, list[distributions.Distribution]] = defaultdict(list)
    for one in published:
        by_language[one.shard.lang].append(distributions.unlisted(one.distribution))
    found = {lang: distributions.added(some) for lang, some in by_language.items()}
    with replacing(release / distributions.PATH) as draft:
        return entry(distributions.PATH, distributions.write(found, draft), draft)


def _resource(noted: Noted | None) -> tuple[Resource, ...]:
    return () if noted is None else (Resource(name=erasures.RESOURCE, sha256=noted.sha256),)


def _log(draft: Draft) -> list[Table]:
    """Copy the log of erasures into the release, as it was when the build was planned."""
    if draft.noted is None:
        return []
    content = draft.noted.content()
    with replacing(draft.folder / erasures.PATH) as path:
        path.write_bytes(content)
        return [entry(erasures.PATH, content.count(b"\n"), path)]


def _mixture(draft: Draft) -> list[Table]:
    if draft.mixed is None:
        return []
    with replacing(draft.folder / mixture.PATH) as path:
        return [entry(mixture.PATH, mixture.write(read_mixed(draft.mixed), path), path)]


def _tree(release: Location, spans: list[Span]) -> Table:
    with replacing(release / tree.PATH) as draft:
        return entry(tree.PATH, tree.write(tree.nodes_of(spans), draft), draft)
