"""The build, told from top to bottom: harvest, deduplicate, decide, publish, seal.

Every step looks for what is already done under the same fingerprint and does only the rest, so
that an interrupted build goes on where it was, and a changed rule does not read a WARC again.
"""

import itertools
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from florilegium.dedup.methods import METHODS
from florilegium.manifests import manifest as manifests
from florilegium.manifests.location import Location, remove_tree, replacing
from florilegium.manifests.manifest import Manifest
from florilegium.pipelines import language_models, provenance
from florilegium.pipelines.alarms import check as check_alarms
from florilegium.pipelines.calibrate import Limits, calibrate
from florilegium.pipelines.calibrate_quality import Quality, calibrate_quality
from florilegium.pipelines.decide import LostRecordsError, PartToDecide, decide
from florilegium.pipelines.deduplicate import write_decisions
from florilegium.pipelines.display import Display
from florilegium.pipelines.engine import Engine
from florilegium.pipelines.harvest import UnitError, failures, harvest
from florilegium.pipelines.index import BadIndexError, Published, open_index
from florilegium.pipelines.inputs import Input, plan_units
from florilegium.pipelines.lines import PartWithLines, find_lines, shares_of
from florilegium.pipelines.lock import LockedError, lock
from florilegium.pipelines.part import Part, Unit, finished, remove_damaged, remove_left_over
from florilegium.pipelines.publish import PartToPublish, PublishPlaces, publish
from florilegium.pipelines.recipe import Recipe, resolved
from florilegium.pipelines.seal import Draft, ledger_path, seal
from florilegium.pipelines.shard_plans import ShardPlan, group_into_waves, plan_shards
from florilegium.pipelines.shards import note_path
from florilegium.pipelines.verdict import Verdict, raised, read_total

Step: TypeAlias = Literal["harvest", "deduplicate", "lines", "decide", "publish"]
"""A step that an engine runs. What comes after the last, seal, is done where the build is."""


class StepError(RuntimeError):
    """A step that must be run first; the message names it."""

    def __init__(self, step: Step) -> None:
        super().__init__(f"{step} is not done: run it first, with --step {step}")


class Plan(Struct, frozen=True):
    """What a build will do: its units, and the places where it works and leaves its release."""

    recipe: Recipe
    units: list[Unit]
    build_id: str
    home: Location
    against: tuple[Published, ...] = ()
    """Earlier releases, copies of whose documents are left out."""

    @property
    def work(self) -> Location:
        """Private; can be deleted when no build is running."""
        return self.home / "work"

    @property
    def parts(self) -> Location:
        """What harvest made, unit by unit."""
        return self.work / "parts"

    @property
    def bench(self) -> Location:
        """What this very build is working on."""
        return self.work / "builds" / self.build_id

    @property
    def decisions(self) -> Location:
        """Which documents of these units are copies, under the recipe's settings."""
        settings = [resolved(self.recipe)[key] for key in ("duplicates", "keep")]
        earlier = [one.about.root for one in self.against]
        made_of = [[unit.fingerprint for unit in self.units], *settings, earlier]
        return self.work / "decisions" / provenance.digest(made_of)[:16]

    @property
    def lines(self) -> Location | None:
        """What was found of repeated lines; None if the recipe does not ask for them."""
        return None if self.recipe.lines.repeated == "ignore" else self.bench / "lines"

    def earlier(self) -> tuple[tuple[int, str], ...]:
        """Return the earlier releases, each after the ordinal of its first index."""
        ends = itertools.accumulate((len(one.files) for one in self.against), initial=0)
        first = (len(self.units) + end for end in ends)
        return tuple((number, one.name) for number, one in zip(first, self.against, strict=False))

    @property
    def draft(self) -> Location:
        """The release while it is being written.

        A folder of a store cannot be moved, so there a release is one once it has a manifest.
        """
        return self.bench / "release" if isinstance(self.home, Path) else self.release

    @property
    def release(self) -> Location:
        """The finished release."""
        return self.home / self.build_id

    def pending(self) -> list[Unit]:
        """Return the units whose parts are still to be made."""
        there = finished(self.parts)
        return [unit for unit in self.units if unit.folder not in there]

    def made(self) -> list[Part]:
        """Return the parts of all units, in their order; StepError if one is missing."""
        there = finished(self.parts)
        if any(unit.folder not in there for unit in self.units):
            raise StepError("harvest")
        return [there[unit.folder] for unit in self.units]

    def compared(self) -> list[Location]:
        """Return the decisions on each unit, in order; StepError if one is missing."""
        folder = self.decisions
        places = [folder / f"{number:06d}.npy" for number in range(len(self.units))]
        there = {path.name for path in folder.glob("*.npy")}
        if any(place.name not in there for place in places):
            raise StepError("deduplicate")
        return places

    def searched(self) -> None:
        """Raise StepError unless repeated lines were looked for in all units, where they are."""
        if self.lines is None:
            return
        there = {path.name for path in self.lines.glob("*.npy")}
        if any(shares_of(self.lines, n).name not in there for n in range(len(self.units))):
            raise StepError("lines")

    def total(self) -> Verdict:
        """Return what was decided on all units; StepError if that is missing.

        LostRecordsError if it is on other units.
        """
        total = read_total(self.bench / "total.json")
        if total is None:
            raise StepError("decide")
        if len(total.ledger) != len(self.units):
            raise LostRecordsError("not every part was decided on; run the build again")
        return total


def plan(
    recipe: Recipe, files: list[Input], out: Location, against: Sequence[Location] = ()
) -> Plan:
    """Return what a build of these files would do; InputError if they cannot be told apart.

    LanguageModelError if the recipe's model is not what it says, BadIndexError if an earlier
    release cannot be built against.
    """
    if recipe.language_model.path:
        language_models.load(recipe.language_model)
    if against and recipe.duplicates.scope == "release":
        raise BadIndexError(
            f"the recipe {recipe.name} compares documents of one release only "
            "(duplicates.scope): it cannot be built against another"
        )
    units = plan_units(files, provenance.harvest_fingerprint(recipe))
    method = METHODS[recipe.duplicates.method]
    published = tuple(open_index(release, method) for release in dict.fromkeys(against))
    made_of: list[Any] = [[u.fingerprint for u in units], resolved(recipe)]
    made_of += [[one.about.root for one in published]] if published else []
    build_id = provenance.digest(made_of)[:12]
    return Plan(recipe, units, build_id, out / recipe.name, published)


def build(plan: Plan, engine: Engine, display: Display) -> Manifest:
    """Make a release; return its manifest.

    LockedError if another build is at work in the same place, UnitError if units could not be
    harvested, ValueError or LostRecordsError if counts do not agree, AlarmError if the recipe wants
    to stop for an alarm.
    """
    with lock(plan.work / "lock"):
        parts = _harvest(plan, engine, display)
        decisions = _deduplicate(plan, parts, engine, display)
        _lines(plan, parts, decisions, engine, display)
        total = _decide(plan, decisions, engine, display)
        shards = _publish(plan, parts, total, engine, display)
        return _seal(plan, parts, total, shards, display)


def build_step(plan: Plan, step: Step, engine: Engine, display: Display) -> None:
    """Run one step of a build, after those before it; StepError names one that is missing."""
    with lock(plan.work / "lock"):
        if step == "harvest":
            _harvest(plan, engine, display)
        elif step == "deduplicate":
            _deduplicate(plan, plan.made(), engine, display)
        elif step == "lines":
            _lines(plan, plan.made(), plan.compared(), engine, display)
        elif step == "decide":
            plan.searched()
            _decide(plan, plan.compared(), engine, display)
        else:
            _publish(plan, plan.made(), plan.total(), engine, display)


def _harvest(plan: Plan, engine: Engine, display: Display) -> list[Part]:
    plan.parts.mkdir(parents=True, exist_ok=True)
    remove_damaged(plan.parts)
    pending = plan.pending()
    notes = _emptied(plan.bench / "progress")
    with display.harvest(plan.units, pending, notes):
        if pending:
            engine.run(
                lambda root: harvest(root, pending, plan.recipe, plan.parts, notes, engine),
                "harvest",
            )
    if left := plan.pending():
        raise UnitError(failures(left, plan.parts))
    remove_left_over(plan.parts)
    return plan.made()


def _deduplicate(plan: Plan, parts: list[Part], engine: Engine, display: Display) -> list[Location]:
    with display.step("deduplicate"):
        with suppress(StepError):
            return plan.compared()
        plan.decisions.mkdir(parents=True, exist_ok=True)
        sources = [
            (number, str(place / "signatures.npy"))
            for number, place in enumerate(_files(plan, parts))
        ]
        recipe = plan.recipe
        indexes = [msgspec.json.encode(file).decode() for one in plan.against for file in one.files]
        engine.run(
            lambda root: write_decisions(
                root, sources, plan.decisions, recipe.duplicates, recipe.keep, indexes
            ),
            "deduplicate",
        )
        return plan.compared()


def _lines(
    plan: Plan, parts: list[Part], decisions: list[Location], engine: Engine, display: Display
) -> None:
    if (folder := plan.lines) is None:
        return
    with display.step("lines"):
        with suppress(StepError):
            plan.searched()
            return
        todo = [
            PartWithLines(documents=str(place / "documents.parquet"), decisions=str(decided))
            for place, decided in zip(_files(plan, parts), decisions, strict=True)
        ]
        engine.run(lambda root: find_lines(root, todo, plan.recipe, folder), "lines")
        plan.searched()


def _decide(plan: Plan, decisions: list[Location], engine: Engine, display: Display) -> Verdict:
    (plan.draft / "audit" / "losses").mkdir(parents=True, exist_ok=True)
    place = plan.bench / "total.json"
    todo = [
        PartToDecide(
            ordinal=number,
            part=str(plan.parts / unit.folder),
            decisions=str(decisions[number]),
            verdict=str(_verdict(plan, number)),
            release=str(plan.draft),
            ledger=ledger_path(number),
            earlier=plan.earlier(),
            lines=_text(plan.lines),
        )
        for number, unit in enumerate(plan.units)
    ]
    sizes = [unit.bytes for unit in plan.units]
    with display.step("decide"):
        if not place.exists():
            engine.run(lambda root: decide(root, todo, sizes, plan.recipe, place, engine), "decide")
        return plan.total()


def _publish(
    plan: Plan, parts: list[Part], total: Verdict, engine: Engine, display: Display
) -> list[ShardPlan]:
    check_alarms(raised(total, plan.recipe.alarms)[0], plan.recipe.alarms)
    shards = plan_shards(total.kept, plan.recipe.shards)
    notes = plan.bench / "shards"
    notes.mkdir(parents=True, exist_ok=True)
    there = {path.name for path in notes.glob("*.json")}
    todo = [shard for shard in shards if note_path(notes, shard).name not in there]
    sources = [
        PartToPublish(
            documents=str(place / "documents.parquet"),
            verdict=str(_verdict(plan, number)),
            lines=_text(plan.lines),
            ordinal=number,
        )
        for number, place in enumerate(_files(plan, parts))
    ]
    slices = plan.bench / "slices"
    places = PublishPlaces(release=str(plan.draft), notes=str(notes), slices=str(slices))
    sizes = [unit.bytes for unit in plan.units]
    done = len(shards) - len(todo)
    with display.counted("publish", len(shards), done, "shards") as advance:
        for wave in group_into_waves(todo, engine.shuffle_bytes, engine.workers):
            engine.run(
                lambda root, wave=wave: publish(  # type: ignore[misc]
                    root, sources, sizes, wave, plan.recipe.shards, places, engine
                ),
                "publish",
            )
            remove_tree(slices)
            advance(len(wave))
    return shards


def _seal(
    plan: Plan, parts: list[Part], total: Verdict, shards: list[ShardPlan], display: Display
) -> Manifest:
    with display.step("seal"):
        notes = plan.bench / "shards"
        earlier = tuple(one.about for one in plan.against)
        draft = Draft(plan.draft, plan.build_id, plan.recipe, parts, total, shards, notes, earlier)
        sealed = seal(draft)
        if isinstance(plan.draft, Path) and isinstance(plan.release, Path):
            plan.draft.rename(plan.release)
        _point_to(plan.release)
        remove_tree(plan.bench)
    return sealed


def tidy(plan: Plan) -> None:
    """Do what a build left undone that was stopped when its release was there already."""
    with suppress(LockedError), lock(plan.work / "lock"):
        if plan.bench.is_dir():
            _point_to(plan.release)
            remove_tree(plan.bench)


def _point_to(release: Location) -> None:
    """Let `latest` beside a release lead to it: a link, or in a store a note of its name."""
    with replacing(release.with_name("latest")) as draft:
        if isinstance(release, Path):
            draft.symlink_to(release.name)
        else:
            draft.write_text(release.name)


def _files(plan: Plan, parts: list[Part]) -> list[Location]:
    """Return where the files of each part are."""
    units = zip(plan.units, parts, strict=True)
    return [plan.parts / unit.folder / part.attempt for unit, part in units]


def release_made(plan: Plan) -> Manifest | None:
    """Return the manifest of the release that this build would make, if it is there already."""
    try:
        return manifests.read(plan.release)
    except FileNotFoundError:
        return None


def _text(place: Location | None) -> str | None:
    return None if place is None else str(place)


def _verdict(plan: Plan, number: int) -> Location:
    return plan.bench / "verdicts" / f"{number:06d}"


def _emptied(folder: Location) -> Location:
    remove_tree(folder)
    folder.mkdir(parents=True)
    return folder


def calibrated(plan: Plan) -> tuple[Limits, Quality]:
    """Return limits of certainty and of quality, from all that was harvested.

    StepError if something was not.
    """
    folders = [plan.parts / unit.folder for unit in plan.units]
    attempts = zip(folders, plan.made(), strict=True)
    documents = [folder / part.attempt / "documents.parquet" for folder, part in attempts]
    return calibrate(documents), calibrate_quality(documents, plan.recipe.filters)
