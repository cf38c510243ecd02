"""The months of a build: what is done between harvest and deduplication, and what seal says."""

from collections.abc import Sequence

import msgspec
import pyarrow.parquet as pq
from msgspec import UNSET, UnsetType

from florilegium.manifests.buckets import Bucket, sum_of
from florilegium.manifests.carried import PATH, Carried, tally
from florilegium.manifests.entries import entry
from florilegium.manifests.location import Location, locate, replacing
from florilegium.manifests.manifest import Table
from florilegium.manifests.month import Amount, Month, Part, added
from florilegium.manifests.schema import CARRIED_SCHEMA, to_table
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.months.carry import carry_out, stays
from florilegium.pipelines.months.hosts import HEARD
from florilegium.pipelines.months.parents import Ancestry, beside, settings
from florilegium.pipelines.months.remembered import passed_on, remembered
from florilegium.pipelines.months.told import folder_of, told
from florilegium.pipelines.planning import Plan
from florilegium.pipelines.recipe import Recipe
from florilegium.pipelines.rights.replay import OptOutList
from florilegium.pipelines.verdicts.verdict import Verdict


def carried(plan: Plan, parts: Sequence[Location], engine: Engine) -> bool:
    """Find what new input says of earlier documents and carry it out.

    Returns whether releases or the log changed, so that the build has to be planned again.
    ListError or SelectionError if a list of the recipe cannot be used.
    """
    if plan.parents is None:
        return False
    parents, recipe, home = plan.parents, plan.recipe, plan.home
    lists = _lists(recipe)
    found = told(
        parts,
        parents.chain,
        recipe,
        [OptOutList(one) for one in lists],
        _folder(parents, home),
        engine,
    )
    return carry_out(found, lists, settings(recipe), parents.chain, home, engine)


def remembered_by(
    plan: Plan, parts: Sequence[Location], folder: Location
) -> tuple[Location, int] | None:
    """Return a file, in `folder`, of what hosts said before, and how much; None if nobody knows."""
    if plan.parents is None or not plan.remembers:
        return None
    place = folder / "remembered.parquet"
    folder.mkdir(parents=True, exist_ok=True)
    return place, remembered(parts, plan.parents.chain, place)


def sealed(plan: Plan, total: Verdict) -> tuple[Month | UnsetType, tuple[Table, ...]]:
    """Return what came, went and changed by a build, and the table of what it says of documents.

    Neither is there without a parent.
    """
    if plan.parents is None:
        return UNSET, ()
    parents, recipe, home, release = plan.parents, plan.recipe, plan.home, plan.draft
    chain, found = parents.chain, _told_before(parents, home)
    mine = [link for link in chain.links if beside(link, home)]
    names = {one.name for one in plan.against}
    counted = [tally(release / table.path, names) for table in total.ledger if names]
    buckets = (one for some in total.kept.values() for one in some.values())
    kept = sum_of([Bucket(), *buckets])
    held = Amount(documents=kept.documents, tokens=kept.tokens)
    earlier = tuple(
        Part(
            build_id=link.form.build_id,
            documents=link.form.documents,
            tokens=link.form.tokens,
        )
        for link in mine
    )
    made = Month(
        made_of=parents.made_of,
        came=held,
        unchanged=sum(one.unchanged for one in counted),
        changed=sum(one.changed for one in counted),
        copies=sum(one.copies for one in counted),
        gone=sum(one.fate == "gone" for one in found),
        opted_out=sum(one.fate == "opted_out" for one in found),
        erased=sum(link.before - link.form.documents for link in mine),
        earlier=earlier,
        whole=added([held, *earlier]),
    )
    listed = [one for one in found if stays(one, settings(recipe), chain, home)]
    tables = [_write(listed, release)] if listed else []
    heard = _folder(parents, home) / HEARD
    if heard.is_file():
        tables += passed_on(heard, release, plan.noted.blocked() if plan.noted else None)
    return made, tuple(tables)


def _write(listed: list[Carried], release: Location) -> Table:
    (release / PATH).parent.mkdir(parents=True, exist_ok=True)
    with replacing(release / PATH) as draft:
        pq.write_table(to_table(listed, CARRIED_SCHEMA), draft, compression="zstd")
        return entry(PATH, len(listed), draft)


def _told_before(parents: Ancestry, home: Location) -> list[Carried]:
    place = _folder(parents, home) / "told.msgpack"
    return msgspec.msgpack.decode(place.read_bytes(), type=list[Carried])


def _folder(parents: Ancestry, home: Location) -> Location:
    return folder_of(home / "work", parents.made_of, parents.origins)


def _lists(recipe: Recipe) -> list[Location]:
    return [locate(name) for name in settings(recipe).lists]
