"""What becomes of a sealed release: it is promoted, or stays staged with a report."""

import msgspec

from florilegium.manifests import gate_report
from florilegium.manifests.gate_report import GateReport
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest
from florilegium.pipelines.gates import promotion
from florilegium.pipelines.gates.judge import judge
from florilegium.pipelines.gates.promotion import latest
from florilegium.pipelines.gates.settings import Gates
from florilegium.pipelines.recipe import Recipe


def admit(release: Location, recipe: Recipe) -> None:
    """Promote a release, unless it fails the gates of its recipe; what they say is written down.

    To be called by who holds the lock of builds.
    """
    now = latest(release.parent)
    is_newest = now is not None and now.current.build_id == release.name
    if recipe.gates is not None and not is_newest:
        report = judge(release, recipe.gates, before(release))
        gate_report.write(release, report)
        if report.failed:
            return
    promotion.promote(release)


def before(release: Location) -> Location | None:
    """Return what a release is compared with: the newest of its corpus, or the one before that."""
    if (now := latest(release.parent)) is None:
        return None
    others = (one.build_id for one in (now.current, *now.earlier) if one.build_id != release.name)
    return next((release.parent / name for name in others), None)


def settings_of(manifest: Manifest) -> Gates:
    """Return the gates of the recipe that a release was built by; all defaults if it has none."""
    return msgspec.convert(manifest.recipe.get("gates") or {}, Gates)


def is_staged(release: Location, report: GateReport) -> bool:
    """Say whether a release failed its gates and was not promoted since."""
    now = latest(release.parent)
    return bool(report.failed) and (now is None or now.find(release.name) is None)


def said_of(release: Location, report: GateReport) -> str:
    """Return what is to be said of a release that failed its gates."""
    return (
        f"{release} is staged, not promoted: it failed {', '.join(report.failed)}; to accept that, "
        f"`florilegium promote {release} --despite GATE --because REASON`"
    )
