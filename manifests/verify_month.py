"""Checking what a release says of its month, against the ledger and the table of what was said."""

from collections import Counter
from collections.abc import Iterator

from msgspec import UNSET

from florilegium.manifests.carried import PATH, tally
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.month import Month
from florilegium.manifests.schema import CARRIED_SCHEMA
from florilegium.manifests.tables import parquet
from florilegium.manifests.verify_files import UNREADABLE

_COUNTED = ("unchanged", "changed", "copies")
_TOLD = ("gone", "opted_out")


def check_month(release: Location, manifest: Manifest, there: set[str]) -> Iterator[str]:
    """Check the numbers of a month that can be counted again, and its table if it is `there`.

    What was erased since stands in the ledger under no name, and what this build erased is not in
    the table: then there may be fewer. The sums are checked when the manifest is read.
    """
    month = manifest.month
    named = PATH in {table.path for table in manifest.tables}
    if month is UNSET:
        if named:
            yield f"{PATH}: the manifest says nothing of a month"
        return
    yield from _check_ledger(release, manifest, month)
    told: Counter[str] = Counter()
    if named and PATH not in there:
        return
    if named:
        try:
            with parquet(release / PATH) as file:
                if not file.schema_arrow.equals(CARRIED_SCHEMA):
                    yield f"{PATH}: its columns are not those of what was said of earlier documents"
                    return
                told.update(file.read(["fate"], use_threads=False)["fate"].to_pylist())
        except UNREADABLE as error:
            yield f"{PATH}: cannot be read: {error}"
            return
    for fate in _TOLD:
        stated = getattr(month, fate)
        if told[fate] > stated or (told[fate] < stated and _is_listed(manifest, fate)):
            yield f"{PATH}: {told[fate]} documents {fate}, the manifest says {stated}"


def _check_ledger(release: Location, manifest: Manifest, month: Month) -> Iterator[str]:
    names = {f"{one.name}/{one.build_id}" for one in manifest.against}
    try:
        counted = [tally(release / table.path, names) for table in manifest.ledger]
    except UNREADABLE:
        return  # which is said where the ledger is checked
    found = {what: sum(getattr(one, what) for one in counted) for what in _COUNTED}
    stated = {what: getattr(month, what) for what in _COUNTED}
    if manifest.parent is not None:
        # A line that names an erased document does not tell its address any more.
        found, stated = {"known": sum(found.values())}, {"known": sum(stated.values())}
    for what, number in found.items():
        if number > stated[what] or (number < stated[what] and manifest.parent is None):
            yield f"month: {number} documents in the ledger are {what}, {stated[what]} are stated"


def _is_listed(manifest: Manifest, fate: str) -> bool:
    asked = manifest.recipe.get("months")
    said = asked if isinstance(asked, dict) else {}
    erased = {
        "gone": said.get("vanished", "keep") == "erase",
        "opted_out": said.get("opt_outs", "erase") == "erase",
    }
    return manifest.parent is None and not erased[fate]
