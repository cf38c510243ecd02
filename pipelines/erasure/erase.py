"""Erasure, told from top to bottom: what is named, the log, a release without it, parts without it.

Every step finds what an interrupted one left, so the same command goes on where it was. The old
release is whole at any time; the new one is there whole or not at all.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from florilegium.manifests import erasures, funnel, mixture
from florilegium.manifests import manifest as manifests
from florilegium.manifests.derived import there as files_that_follow
from florilegium.manifests.location import Location, remove_tree, replacing, sha256
from florilegium.manifests.manifest import Manifest, Resource, Shard
from florilegium.manifests.merkle import joined
from florilegium.manifests.month import Amount, Month
from florilegium.manifests.predecessor import Predecessor
from florilegium.manifests.tree import nodes_of
from florilegium.pipelines import own_code, provenance
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.erasure import ledger as erase_ledger
from florilegium.pipelines.erasure import shards as erase_shards
from florilegium.pipelines.erasure import sums as erase_sums
from florilegium.pipelines.erasure import tables as erase_tables
from florilegium.pipelines.erasure.blocked import Noted
from florilegium.pipelines.erasure.heirs import Promoted, promote
from florilegium.pipelines.erasure.ledger import Follower
from florilegium.pipelines.erasure.log import Corpus
from florilegium.pipelines.erasure.purge import blocked_by, with_sizes
from florilegium.pipelines.erasure.rows import Gone, gone
from florilegium.pipelines.erasure.shards import Places
from florilegium.pipelines.erasure.tables import Change
from florilegium.pipelines.gates.listing import releases
from florilegium.pipelines.gates.promotion import succeed
from florilegium.pipelines.publishing import derived
from florilegium.pipelines.publishing.seal import clear_drafts
from florilegium.pipelines.recipe import Recipe, Shards


class Erased(Struct, frozen=True):
    """A release that was made by erasure."""

    place: Location
    manifest: Manifest
    promoted: Promoted
    left_out: list[str]
    """Files of the old release that are not in the new one: nobody knows what is in them."""


class Found(Struct, frozen=True):
    """What the log of a corpus takes out of a release."""

    release: Location
    manifest: Manifest
    gone: list[list[Gone]]
    """For each shard."""

    @property
    def documents(self) -> list[Gone]:
        """All of them."""
        return [one for some in self.gone for one in some]


def bench(corpus: Corpus, manifest: Manifest, *about: object) -> Location:
    """Return where work on a release is done: a folder named after all that it depends on."""
    made_of = [manifest.root, manifest.build_id, own_code.code(), *about]
    return corpus.work / "erasures" / provenance.digest(made_of)[:16]


def find(release: Location, corpus: Corpus, engine: Engine) -> Found:
    """Return what the log takes out of a release."""
    manifest, noted = manifests.read(release), corpus.noted()
    notes = bench(corpus, manifest, noted.sha256) / "found"
    return Found(release, manifest, gone(release, manifest, noted, engine, notes))


def erase(found: Found, corpus: Corpus, heirs: bool, engine: Engine) -> Erased:
    """Make of a release one without what the log names, and put it beside it.

    `heirs` says whether copies take the places of erased documents. To be called by who holds the
    lock of builds. It takes the old one's place if that is or was the newest. LogError if the old
    release has a log that the corpus does not go on with.
    """
    corpus.check_goes_on(found.release)
    parent, noted = found.manifest, corpus.noted()
    build_id = build_id_of(parent, noted, heirs)
    release, place = corpus.home / build_id, bench(corpus, parent, noted.sha256, heirs)
    # A folder of a store cannot be moved, so there a release is one once it has a manifest.
    draft = place / "release" if isinstance(release, Path) else release
    promoted = _promoted(found, corpus, engine, place / "followers") if heirs else Promoted([])
    manifest, left_out = _made(release), list[str]()
    if manifest is None:
        manifest, left_out = _written(found, corpus, promoted, build_id, draft, place, engine)
        if isinstance(draft, Path) and isinstance(release, Path):
            draft.rename(release)
    succeed(parent.build_id, release)
    return Erased(release, manifest, promoted, left_out)


def build_id_of(parent: Manifest, noted: Noted, heirs: bool) -> str:
    """Return the name of the release that an erasure makes of another."""
    made_of = [parent.root, parent.build_id, noted.sha256, heirs, own_code.code()]
    return provenance.digest(made_of)[:12]


def _made(release: Location) -> Manifest | None:
    try:
        return manifests.read(release)
    except FileNotFoundError:
        return None


def _promoted(found: Found, corpus: Corpus, engine: Engine, notes: Location) -> Promoted:
    ids = {one.id for one in found.documents}
    followers: list[Follower] = erase_ledger.followers(
        found.release, found.manifest, ids, engine, notes
    )
    recipe = msgspec.convert(found.manifest.recipe, Recipe)
    blocked = blocked_by(corpus.noted())
    mixed = mixture.read(found.release) if recipe.mixture is not None else None
    return promote(corpus.work, found.manifest, recipe, ids, followers, blocked, mixed)


def _written(
    found: Found,
    corpus: Corpus,
    promoted: Promoted,
    build_id: str,
    draft: Location,
    place: Location,
    engine: Engine,
) -> tuple[Manifest, list[str]]:
    """Write the new release; return its manifest, and what of the old one is left out."""
    parent, noted = found.manifest, corpus.noted()
    blocked = blocked_by(noted)
    sizes = msgspec.convert(parent.recipe["shards"], Shards)
    added = [one.document for one in promoted.heirs]
    places = Places(str(found.release), str(draft), str(place / "shards"))
    shards, spans = erase_shards.rewrite(parent, found.gone, added, places, sizes, engine)
    succession = {one.of: one.document.id for one in promoted.heirs}
    written = erase_ledger.rewrite(
        parent, found.gone, succession, replace(places, notes=str(place / "ledger")), noted, engine
    )
    change = Change(
        gone=found.documents,
        masked=set(erase_ledger.masked(written)),
        added=added,
        succeeded={one for file in written for one in file.succeeded},
        unfollowed=erase_ledger.unfollowed(written),
        indexed=with_sizes([(one.document.warc, one.document.dup_size, one.stored)
                            for one in promoted.heirs]),
    )  # fmt: skip
    tables, left_out = erase_tables.tables(found.release, draft, parent, change, blocked)
    tables += erase_tables.made_anew(found.release, draft, change, spans, noted.content())
    tables += erase_sums.domains(found.release, draft, parent, change, written)
    tables.append(erase_sums.distributions(found.release, draft, shards, change))
    languages = tuple(erase_sums.languages(draft, parent, shards, change))
    alarms, raised = erase_sums.alarms(parent, change, written, blocked)
    losses = Counter(_losses(parent))
    erase_ledger.added(written, losses)
    kept = {one.lang: one.documents for one in languages}
    manifest = replace(
        parent,
        build_id=build_id,
        root=joined(nodes_of(spans)).root().hex(),
        documents=sum(shard.rows for shard in shards),
        resources=_resources(parent, noted),
        parent=_parent(found, len(added)),
        month=_month(parent, shards),
        funnel=funnel.funnel(+losses, kept),
        alarms=alarms,
        alarms_raised=raised,
        languages=languages,
        captured=erase_sums.captured(parent, change),
        licences=erase_sums.licences(parent, change),
        shards=shards,
        ledger=tuple(one.table for one in written),
        tables=tuple(tables),
    )
    clear_drafts(draft)
    derived.write(draft, manifest, files_that_follow(found.release), draft)
    with replacing(draft / manifests.NAME) as path:
        path.write_bytes(manifests.encode(manifest))
    return manifest, left_out


def _month(parent: Manifest, shards: Iterable[Shard]) -> Month | UnsetType:
    if parent.month is UNSET:
        return UNSET
    listed = list(shards)
    held = Amount(
        documents=sum(shard.rows for shard in listed), tokens=sum(one.tokens for one in listed)
    )
    return parent.month.of(held)


def _losses(parent: Manifest) -> dict[funnel.LossKey, int]:
    return {
        (step.stage, rule, step.lang): number
        for step in parent.funnel
        for rule, number in step.lost.items()
    }


def _resources(parent: Manifest, noted: Noted) -> tuple[Resource, ...]:
    others = (one for one in parent.resources if one.name != erasures.RESOURCE)
    return (*others, Resource(name=erasures.RESOURCE, sha256=noted.sha256))


def _parent(found: Found, promoted: int) -> Predecessor:
    older = found.manifest.parent
    return Predecessor(
        build_id=found.manifest.build_id,
        root=found.manifest.root,
        manifest_sha256=sha256(found.release / manifests.NAME),
        documents=found.manifest.documents,
        erased=len(found.documents),
        promoted=promoted,
        code=own_code.code(),
        before=older.made_of if older is not None else (),
    )


def others(corpus: Corpus, name: str) -> Iterator[tuple[Location, Manifest]]:
    """Return the releases of a corpus that lie in its folder, with their manifests."""
    return ((place, made) for place, made in releases(corpus.home) if made.name == name)


def remove_release(place: Location) -> None:
    """Remove a release: first what makes it one, so that no half of it passes for a whole."""
    (place / manifests.NAME).unlink(missing_ok=True)
    remove_tree(place)
