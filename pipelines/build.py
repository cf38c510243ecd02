"""The build, told from top to bottom: harvest, deduplicate, decide, publish, seal.

Every step looks for what is already done under the same fingerprint and does only the rest, so
that an interrupted build goes on where it was, and a changed rule does not read a WARC again.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from florilegium.manifests.location import Location, remove_tree
from florilegium.manifests.manifest import Manifest
from florilegium.pipelines import provenance
from florilegium.pipelines.assessment.assess import PartToAssess, assess
from florilegium.pipelines.assessment.assessors import pinned
from florilegium.pipelines.commands.display import Display
from florilegium.pipelines.commoncrawl.plan import plans_of
from florilegium.pipelines.duplicates.copies import EarlierFile
from florilegium.pipelines.duplicates.deduplicate import write_decisions
from florilegium.pipelines.duplicates.index import BadIndexError
from florilegium.pipelines.duplicates.lines import PartWithLines, find_lines
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.erasure import blocked
from florilegium.pipelines.erasure.purge import purge
from florilegium.pipelines.files import copied, emptied
from florilegium.pipelines.gates import canaries, promotion
from florilegium.pipelines.gates.admission import admit
from florilegium.pipelines.harvest.harvest import UnitError, failures, harvest, problems_of
from florilegium.pipelines.harvest.inputs import Input, plan_units
from florilegium.pipelines.harvest.part import Part, remove_damaged, remove_left_over
from florilegium.pipelines.last import remember
from florilegium.pipelines.lock import LockedError, lock
from florilegium.pipelines.mixture.mix import mix, parts_to_mix
from florilegium.pipelines.months import month as months
from florilegium.pipelines.months.narrow import narrowed
from florilegium.pipelines.months.parents import ancestry
from florilegium.pipelines.named import blocklists, language_models
from florilegium.pipelines.planning import STAGED, Plan, StepError, planned
from florilegium.pipelines.publishing.publish import PartToPublish, PublishPlaces, publish
from florilegium.pipelines.publishing.seal import Draft, ledger_path, seal
from florilegium.pipelines.publishing.shard_plans import ShardPlan, group_into_waves, plan_shards
from florilegium.pipelines.publishing.shards import note_path
from florilegium.pipelines.recipe import Recipe
from florilegium.pipelines.rights import optouts
from florilegium.pipelines.rights.licences import find_licences, tables
from florilegium.pipelines.runs.sweep import sweep
from florilegium.pipelines.steps import Search, Step
from florilegium.pipelines.verdicts.alarms import check as check_alarms
from florilegium.pipelines.verdicts.decide import PartToDecide, decide
from florilegium.pipelines.verdicts.verdict import Verdict, raised


def plan(
    recipe: Recipe,
    files: list[Input],
    out: Location,
    against: Sequence[Location] = (),
    parent: str | None = None,
    home: Location | None = None,
) -> Plan:
    """Return what a build of these files would do; InputError if they cannot be told apart.

    It works and leaves its release in a folder of `out` named after the recipe, or in `home`.

    NamedFileError if a model or list is not what the recipe says, BadIndexError if an earlier
    release cannot be built against, SecretError or LogError if what was erased cannot be kept out,
    ChainError if a `parent`, of the recipe or another, is not whole.
    """
    blocklists.check_all(recipe.blocklists)
    recipe = pinned(recipe)
    language_models.check(recipe.language_model, recipe.languages)
    home = home or out / recipe.name
    parents = ancestry(parent, recipe, files, home, against)
    if (against or parents) and recipe.duplicates.scope == "release":
        raise BadIndexError(
            f"the recipe {recipe.name} compares documents of one release only "
            "(duplicates.scope): it cannot be built against another"
        )
    made_by = provenance.harvest_fingerprint(recipe)
    units = plan_units(files, made_by)
    if recipe.gates is not None and recipe.gates.canaries:
        units = canaries.planted(units, recipe, made_by)
    return planned(recipe, units, home, against, parents)


def build(plan: Plan, engine: Engine, display: Display) -> Manifest:
    """Make a release, and promote it unless it fails its gates; return its manifest.

    LockedError if another build is at work in the same place, UnitError if units could not be
    harvested, ValueError or LostRecordsError if counts do not agree, AlarmError if the recipe wants
    to stop for an alarm.
    """
    with lock(plan.work / "lock"):
        display.begin()
        sweep(plan)
        blocked.check_still(plan.home, plan.noted)
        parts = _harvest(plan, engine, display)
        plan, parts = _months(plan, parts, engine, display)
        _rights(plan, parts, engine, display)
        decisions = _deduplicate(plan, parts, engine, display)
        _search(plan, "lines", parts, decisions, engine, display)
        _search(plan, "licences", parts, decisions, engine, display)
        _assess(plan, parts, decisions, engine, display)
        _mix(plan, parts, decisions, engine, display)
        total = _decide(plan, decisions, engine, display)
        shards = _publish(plan, parts, total, engine, display)
        return _seal(plan, parts, total, shards, display)


def build_step(plan: Plan, step: Step, engine: Engine, display: Display) -> None:
    """Run one step of a build, after those before it; StepError names one that is missing."""
    with lock(plan.work / "lock"):
        display.begin()
        sweep(plan)
        blocked.check_still(plan.home, plan.noted)
        if step == "harvest":
            _harvest(plan, engine, display)
            return
        if plan.parents is not None:
            plan, _ = _months(plan, plan.made(), engine, display)
        if step == "rights":
            _rights(plan, plan.made(), engine, display)
        elif step == "deduplicate":
            _deduplicate(plan, plan.made(), engine, display)
        elif step in ("lines", "licences"):
            _search(plan, step, plan.made(), plan.compared(), engine, display)
        elif step == "assess":
            plan.searched("lines")
            _assess(plan, plan.made(), plan.compared(), engine, display)
        elif step == "mix":
            plan.known()
            _mix(plan, plan.made(), plan.compared(), engine, display)
        elif step == "decide":
            plan.known()
            plan.settled()
            _decide(plan, plan.compared(), engine, display)
        else:
            _publish(plan, plan.made(), plan.total(), engine, display)


def _harvest(plan: Plan, engine: Engine, display: Display) -> list[Part]:
    plan.parts.mkdir(parents=True, exist_ok=True)
    remove_damaged(plan.parts)
    pending = plan.pending()
    notes = emptied(plan.bench / "progress")
    with display.harvest(plan.units, pending, notes):
        if pending:
            engine.run(
                lambda root: harvest(root, pending, plan.recipe, plan.parts, notes, engine),
                "harvest",
            )
    if left := plan.pending():
        problems = problems_of(left, plan.parts)
        display.units_failed(problems)
        raise UnitError(failures(problems))
    remove_left_over(plan.parts)
    if plan.noted is not None:
        purge(plan.work, plan.noted, engine)
    return plan.made()


def _months(
    plan: Plan, parts: list[Part], engine: Engine, display: Display
) -> tuple[Plan, list[Part]]:
    """Carry on what the input says of earlier releases; plan again if that changed them."""
    if plan.parents is None:
        return plan, parts
    with display.step("months"):
        changed = months.carried(plan, plan.crawled(parts), engine)
    if not changed:
        return plan, parts
    remove_tree(plan.bench)
    plan = plan.again()
    display.planned(plan)
    return plan, _harvest(plan, engine, display)


def _rights(plan: Plan, parts: list[Part], engine: Engine, display: Display) -> None:
    if (folder := plan.judged(parts)) is None:
        return
    with display.step("rights"):
        if not optouts.judged(folder, len(parts)):
            planted = next((n for n, u in enumerate(plan.units) if u.name == canaries.NAME), None)
            settings = optouts.JudgeSettings(
                plan.recipe.rights, str(folder), str(folder / STAGED), planted
            )
            known = months.remembered_by(plan, plan.crawled(parts), folder)
            engine.run(optouts.laid_out(plan.places(parts), parts, settings, known), "rights")
        plan.heard(parts)


def _deduplicate(plan: Plan, parts: list[Part], engine: Engine, display: Display) -> list[Location]:
    with display.step("deduplicate"):
        with suppress(StepError):
            return plan.compared()
        plan.decisions.mkdir(parents=True, exist_ok=True)
        places = enumerate(plan.places(parts))
        sources = [(number, str(place / "signatures.npy")) for number, place in places]
        recipe, judged = plan.recipe, _text(plan.heard(parts)) or ""
        indexes = narrowed(plan, sources, judged, engine)
        engine.run(
            lambda root: write_decisions(
                root, sources, plan.decisions, recipe.duplicates, recipe.keep, indexes, judged
            ),
            "deduplicate",
        )
        return plan.compared()


def _search(
    plan: Plan, step: Search, parts: list[Part], decisions: list[Location], engine: Engine,
    display: Display,
) -> None:  # fmt: skip
    """Run a step that looks at all pages of a host, if the recipe asks for it."""
    if (folder := plan.found_by(step)) is None:
        return
    with display.step(step):
        with suppress(StepError):
            return plan.searched(step)
        judged = _text(plan.heard(parts))
        todo = [
            PartWithLines(str(place / "documents.parquet"), str(decided), judged)
            for place, decided in zip(plan.places(parts), decisions, strict=False)
        ]
        lay_out = {
            "lines": lambda root: find_lines(root, todo, plan.recipe, folder),
            "licences": lambda root: find_licences(
                root, todo, plan.recipe, folder, folder / STAGED
            ),
        }
        engine.run(lay_out[step], step)
        plan.searched(step)


def _assess(
    plan: Plan, parts: list[Part], decisions: list[Location], engine: Engine, display: Display
) -> None:
    if (folder := plan.assessed) is None:
        return
    with display.step("assess"):
        with suppress(StepError):
            plan.told()
            return
        found = _found(plan, parts)
        todo = [
            PartToAssess(
                ordinal=number,
                documents=str(place / "documents.parquet"),
                decisions=str(decisions[number]),
                lines=found["lines"],
                judged=found["judged"],
            )
            for number, place in enumerate(plan.places(parts))
        ]
        sizes = [unit.bytes for unit in plan.units]
        engine.run(lambda root: assess(root, todo, sizes, plan.recipe, folder, engine), "assess")
        plan.told()


def _mix(
    plan: Plan, parts: list[Part], decisions: list[Location], engine: Engine, display: Display
) -> None:
    if (folder := plan.mixed) is None:
        return
    with display.step("mix"):
        with suppress(StepError):
            plan.settled()
            return
        plan.heard(parts)
        todo = parts_to_mix(plan.crawled(parts), decisions, _found(plan, parts))
        engine.run(lambda root: mix(root, todo, plan.recipe, folder), "mix")
        plan.settled()


def _decide(plan: Plan, decisions: list[Location], engine: Engine, display: Display) -> Verdict:
    (plan.draft / "audit" / "losses").mkdir(parents=True, exist_ok=True)
    plan.heard(parts := plan.made())
    place, found = plan.bench / "total.json", _found(plan, parts)
    todo = [
        PartToDecide(
            ordinal=number,
            part=str(plan.parts / unit.folder),
            decisions=str(decisions[number]),
            verdict=str(_verdict(plan, number)),
            release=str(plan.draft),
            ledger=ledger_path(number),
            earlier=plan.earlier(),
            mixed=_text(plan.mixed),
            **found,
        )
        for number, unit in enumerate(plan.units)
    ]
    sizes = [unit.bytes for unit in plan.units]
    names = [one.name for one in plan.against for _ in one.files]
    earlier = [
        EarlierFile(number=number, earlier=name, decisions=str(noted), release=str(plan.draft))
        for number, (name, noted) in enumerate(
            zip(names, decisions[len(plan.units) :], strict=True)
        )
    ]
    with display.step("decide"):
        if not place.exists():
            engine.run(
                lambda root: decide(root, todo, sizes, plan.recipe, place, engine, earlier),
                "decide",
            )
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
    found = _found(plan, parts)
    sources = [
        PartToPublish(
            documents=str(place / "documents.parquet"),
            verdict=str(_verdict(plan, number)),
            **found,
            ordinal=number,
        )
        for number, place in enumerate(plan.places(parts))
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
        found = plan.found_by("licences"), plan.judged(parts)
        for folder in found:
            if folder is not None:
                copied(folder / STAGED, plan.draft)
        made = plan.draft, plan.build_id, plan.recipe, parts, total, shards, notes
        documents = [place / "documents.parquet" for place in plan.places(parts)]
        known = earlier, tuple(tables(found[0])), optouts.sites_known(found[1])
        more, month = (plan.noted, plan.mixed), months.sealed(plan, total)
        sealed = seal(Draft(*made, documents, *known, plans_of(plan.units), *more, *month))
        remember(plan, parts, sealed.documents)
        if isinstance(plan.draft, Path) and isinstance(plan.release, Path):
            plan.draft.rename(plan.release)
        admit(plan.release, plan.recipe)
        remove_tree(plan.bench)
        remove_tree(plan.work / "months")
    return sealed


def tidy(plan: Plan) -> None:
    """Do what a build left undone that was stopped when its release was there already."""
    with suppress(LockedError), lock(plan.work / "lock"):
        promotion.mend(plan.home)
        if plan.bench.is_dir():
            admit(plan.release, plan.recipe)
            remove_tree(plan.bench)


def _found(plan: Plan, parts: list[Part]) -> dict[str, str | None]:
    """Return the folders of what steps found in all units, by the names that later ones use."""
    return {
        "lines": _text(plan.found_by("lines")),
        "licences": _text(plan.found_by("licences")),
        "judged": _text(plan.judged(parts)),
        "assessed": _text(plan.assessed),
    }


def _text(place: Location | None) -> str | None:
    return None if place is None else str(place)


def _verdict(plan: Plan, number: int) -> Location:
    return plan.bench / "verdicts" / f"{number:06d}"
