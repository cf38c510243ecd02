"""The build, told from top to bottom: harvest, deduplicate, decide, publish, seal.

Every step looks for what is already done under the same fingerprint and does only the rest, so
that an interrupted build goes on where it was, and a changed rule does not read a WARC again.
"""

import shutil
from pathlib import Path

from msgspec import Struct

from florilegium.manifests import manifest as manifests
from florilegium.manifests.manifest import Manifest
from florilegium.pipelines import provenance
from florilegium.pipelines.decide import PartToDecide, Verdict, decide, read_verdict
from florilegium.pipelines.deduplicate import write_decisions
from florilegium.pipelines.display import Display
from florilegium.pipelines.engine import Engine
from florilegium.pipelines.files import replacing
from florilegium.pipelines.harvest import UnitError, failures, harvest
from florilegium.pipelines.inputs import plan_units
from florilegium.pipelines.lock import lock
from florilegium.pipelines.part import Part, Unit, load, remove_drafts
from florilegium.pipelines.publish import PartToPublish, ShardPlan, note_path, plan_shards, publish
from florilegium.pipelines.publish import waves as group_into_waves
from florilegium.pipelines.recipe import Recipe, resolved
from florilegium.pipelines.seal import Draft, ledger_path, merge_buckets, seal

WAVE_BYTES = 64 << 20
"""Text that publish moves at a time, for each worker."""


class Plan(Struct, frozen=True):
    """What a build will do: its units, and the places where it works and leaves its release."""

    recipe: Recipe
    units: list[Unit]
    build_id: str
    home: Path

    @property
    def work(self) -> Path:
        """Private; can be deleted when no build is running."""
        return self.home / "work"

    @property
    def parts(self) -> Path:
        """What harvest made, unit by unit."""
        return self.work / "parts"

    @property
    def bench(self) -> Path:
        """What this very build is working on."""
        return self.work / "builds" / self.build_id

    @property
    def decisions(self) -> Path:
        """Which documents of these units are copies, under the recipe's settings."""
        made_of = [[unit.fingerprint for unit in self.units], resolved(self.recipe)["duplicates"]]
        return self.work / "decisions" / provenance.digest(made_of)[:16]

    @property
    def draft(self) -> Path:
        """The release while it is being written."""
        return self.bench / "release"

    @property
    def release(self) -> Path:
        """The finished release."""
        return self.home / self.build_id

    def pending(self) -> list[Unit]:
        """Return the units whose parts are still to be made."""
        return [unit for unit in self.units if self.part(unit) is None]

    def part(self, unit: Unit) -> Part | None:
        """Return the finished part of a unit, or None."""
        return load(self.parts / unit.folder)


def plan(recipe: Recipe, files: list[Path], out: Path) -> Plan:
    """Return what a build of these files would do; InputError if they cannot be told apart."""
    units = plan_units(files, provenance.harvest_fingerprint(recipe))
    build_id = provenance.digest([[u.fingerprint for u in units], resolved(recipe)])[:12]
    return Plan(recipe, units, build_id, out / recipe.name)


def build(plan: Plan, engine: Engine, display: Display) -> Manifest:
    """Make a release; return its manifest.

    LockedError if another build is at work in the same place, UnitError if units could not be
    harvested, ValueError or LostRecordsError if counts do not agree.
    """
    with lock(plan.work / "lock"):
        _harvest(plan, engine, display)
        _deduplicate(plan, engine, display)
        verdicts = _decide(plan, engine, display)
        plans = plan_shards(merge_buckets(verdicts), plan.recipe.shards)
        _publish(plan, plans, engine, display)
        return _seal(plan, verdicts, plans, display)


def _harvest(plan: Plan, engine: Engine, display: Display) -> None:
    pending = plan.pending()
    notes = _emptied(plan.bench / "progress")
    plan.parts.mkdir(parents=True, exist_ok=True)
    remove_drafts(plan.parts)
    with display.harvest(plan.units, pending, notes):
        if pending:
            engine.run(lambda root: harvest(root, pending, plan.recipe, plan.parts, notes, engine))
    if left := plan.pending():
        raise UnitError(failures(left, plan.parts))


def _deduplicate(plan: Plan, engine: Engine, display: Display) -> None:
    finished = plan.decisions / "finished"
    with display.step("deduplicate"):
        if finished.exists():
            return
        plan.decisions.mkdir(parents=True, exist_ok=True)
        sources = [
            (number, str(plan.parts / unit.folder / "signatures.npy"))
            for number, unit in enumerate(plan.units)
        ]
        engine.run(
            lambda root: write_decisions(root, sources, plan.decisions, plan.recipe.duplicates)
        )
        finished.touch()


def _decide(plan: Plan, engine: Engine, display: Display) -> list[Verdict]:
    (plan.draft / "audit" / "losses").mkdir(parents=True, exist_ok=True)
    todo = [
        PartToDecide(
            ordinal=number,
            part=str(plan.parts / unit.folder),
            decisions=str(plan.decisions / f"{number:06d}.npy"),
            verdict=str(_verdict(plan, number)),
            ledger=str(plan.draft / ledger_path(number)),
        )
        for number, unit in enumerate(plan.units)
        if read_verdict(_verdict(plan, number)) is None
    ]
    with display.step("decide"):
        if todo:
            sizes = [plan.units[part.ordinal].bytes for part in todo]
            engine.run(lambda root: decide(root, todo, sizes, plan.recipe, engine))
    verdicts = [read_verdict(_verdict(plan, number)) for number in range(len(plan.units))]
    return [verdict for verdict in verdicts if verdict is not None]


def _publish(plan: Plan, plans: list[ShardPlan], engine: Engine, display: Display) -> None:
    notes = plan.bench / "shards"
    notes.mkdir(parents=True, exist_ok=True)
    todo = [shard for shard in plans if not note_path(notes, shard).exists()]
    parts = [
        PartToPublish(part=str(plan.parts / unit.folder), verdict=str(_verdict(plan, number)))
        for number, unit in enumerate(plan.units)
    ]
    sizes = [unit.bytes for unit in plan.units]
    done = len(plans) - len(todo)
    with display.counted("publish", len(plans), done, "shards") as advance:
        for wave in group_into_waves(todo, WAVE_BYTES * engine.workers, engine.workers):
            engine.run(
                lambda root, wave=wave: publish(  # type: ignore[misc]
                    root, parts, sizes, wave, plan.recipe.shards, plan.draft, notes, engine
                )
            )
            advance(len(wave))


def _seal(
    plan: Plan, verdicts: list[Verdict], plans: list[ShardPlan], display: Display
) -> Manifest:
    with display.step("seal"):
        parts = [part for unit in plan.units if (part := plan.part(unit)) is not None]
        sealed = seal(
            Draft(
                plan.draft,
                plan.build_id,
                plan.recipe,
                parts,
                verdicts,
                plans,
                plan.bench / "shards",
            )
        )
        plan.draft.rename(plan.release)
        shutil.rmtree(plan.bench)
        _point_to(plan.release)
    return sealed


def _point_to(release: Path) -> None:
    """Let the link `latest` beside a release lead to it."""
    with replacing(release.with_name("latest")) as draft:
        draft.symlink_to(release.name)


def finished(plan: Plan) -> Manifest | None:
    """Return the manifest of the release that this build would make, if it is there already."""
    try:
        return manifests.read(plan.release)
    except FileNotFoundError:
        return None


def _verdict(plan: Plan, number: int) -> Path:
    return plan.bench / "verdicts" / f"{number:06d}"


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
