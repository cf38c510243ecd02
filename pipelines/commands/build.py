"""The command that builds. It returns the exit code of the program."""

import time
from collections.abc import Iterable
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console

from florilegium.manifests import gate_report
from florilegium.manifests.envelope import sign
from florilegium.manifests.location import Location, find_release, locate
from florilegium.manifests.manifest import Manifest
from florilegium.pipelines import build as builds
from florilegium.pipelines.commands.answers import (
    DONE,
    FAILED,
    INTERRUPTED,
    LOCKED,
    NOTHING_TO_DO,
    STAGED,
    USAGE,
    console_for,
    ended,
    print_json,
    stopped,
)
from florilegium.pipelines.commands.audit import unlocked
from florilegium.pipelines.commands.display import Display
from florilegium.pipelines.commands.summary import alarm_lines, print_summary
from florilegium.pipelines.engines.choice import EngineChoice, choose
from florilegium.pipelines.engines.engine import DeferredError, Engine, EngineError
from florilegium.pipelines.forecast import forecast as forecasts
from florilegium.pipelines.forecast.prices import Prices, prices_of
from florilegium.pipelines.forecast.show import show as show_forecast
from florilegium.pipelines.gates.admission import is_staged, said_of
from florilegium.pipelines.gates.promotion import latest as newest
from florilegium.pipelines.gates.table import show
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.lock import LockedError
from florilegium.pipelines.planning import Plan
from florilegium.pipelines.recipe import RecipeError, changed
from florilegium.pipelines.recipe import load as load_recipe
from florilegium.pipelines.runs.budget import Budget, how_far
from florilegium.pipelines.runs.stopping import Stopped, interruptible
from florilegium.pipelines.steps import Step
from florilegium.pipelines.watch.watch import Watch


def build(
    recipe: str,
    inputs: Iterable[str],
    out: str,
    choice: EngineChoice,
    step: Step | None,
    dry_run: bool,
    output: str,
    watch: Watch,
    prices: str | None = None,
    against: Iterable[str] = (),
    all_reasons: bool = False,
    key: Path | None = None,
    parent: str | None = None,
    budget: Budget | None = None,
) -> int:
    """Build a release, or take one step of it, or say what would be done and what it takes."""
    started = time.monotonic()
    try:
        progress = Console(quiet=True) if watch.logs else console_for(output)
        signing = unlocked(key) if key else None
        costs = prices_of(choice.name, prices)
        earlier = [find_release(name) for name in against]
        chosen = changed(load_recipe(recipe), ["reasons=all"] if all_reasons else [])
        if not dry_run:
            watch.corpus(chosen.name, locate(out) / chosen.name)
        if chosen.crawl is not None:
            from florilegium.pipelines.commands import crawl as crawl_command

            workers = choice.workers or 1
            goes = step is None and not dry_run
            if goes:
                watch.begin_if_free()
                with watch.step("crawl"):
                    code = crawl_command.crawled_before(chosen, out, workers, output, progress)
                if code:
                    return code
            inputs = [*inputs, str(crawl_command.warc_folder(chosen, out))]
        plan = builds.plan(chosen, find_files(inputs), locate(out), earlier, parent)
        watch.planned(plan)
        newest(plan.home)  # What says it has to be readable before the work, not only after it.
        there = plan.released()
        if there is not None and not dry_run:
            builds.tidy(plan)
    except (RecipeError, ValueError) as error:
        return ended(USAGE, str(error))
    except (OSError, ModuleNotFoundError) as error:
        return stopped(error)
    console = console_for(output)
    if there is not None:
        if signing is not None:
            sign(plan.release, signing)
        watch.released(there, plan.release)
        if (code := _answer(output, there, plan.release, console)) != DONE:
            return code
        return ended(NOTHING_TO_DO, f"nothing to do: {plan.release} is finished already")
    try:
        engine = choose(choice, plan)
    except EngineError as error:
        return ended(FAILED, str(error))
    if dry_run:
        return _say_plan(plan, choice.name, engine.workers, costs, output)
    watch.at_work_on(choice.name, engine.workers)
    if budget is not None:
        budget.begin(costs, engine.workers, time.monotonic() - started)
    return _build(plan, step, engine, output, console, Display(progress, watch), watch, signing)


def _build(
    plan: Plan,
    step: Step | None,
    engine: Engine,
    output: str,
    console: Console,
    display: Display,
    watch: Watch,
    key: Ed25519PrivateKey | None,
) -> int:
    started, before = time.monotonic(), len(plan.units) - len(plan.pending())
    try:
        if step is not None:
            with interruptible():
                builds.build_step(plan, step, engine, display)
            _answer_step(output, plan, step)
            return DONE
        with interruptible():
            manifest = builds.build(plan, engine, display)
        release = plan.home / manifest.build_id
        if key is not None:
            sign(release, key)
        watch.released(manifest, release)
    except DeferredError as written:
        return ended(DONE, str(written))
    except LockedError as error:
        return ended(LOCKED, str(error))
    except Stopped as stop:
        return ended(stop.code, how_far(plan, stop, watch.at_step, before))
    except KeyboardInterrupt:
        return ended(INTERRUPTED, "interrupted; run the same command again to go on")
    except Exception as error:
        return stopped(error)
    code = _answer(output, manifest, release, console)
    display.say(f"\nbuilt in {time.monotonic() - started:,.1f} s")
    return code


def _answer_step(output: str, plan: Plan, step: Step) -> None:
    if output == "json":
        print_json({"build_id": plan.build_id, "step": step})
    else:
        click.echo(f"{step} is done for build {plan.build_id}")


def _answer(output: str, manifest: Manifest, release: Location, console: Console) -> int:
    """Say what a release is, and what its gates said; return `STAGED` if it failed them."""
    try:
        report = gate_report.read(release)
    except ValueError as error:
        return ended(FAILED, str(error))
    if output == "text":
        print_summary(manifest, release, console)
        if report is not None:
            show(report, console)
    else:
        print_json(
            {
                "release": str(release),
                "build_id": manifest.build_id,
                "root": manifest.root,
                "records": manifest.records,
                "documents": manifest.documents,
                "tokens": manifest.tokens,
                "alarms": alarm_lines(manifest),
                **({} if report is None else {"gates": report}),
            }
        )
    if report is None or not is_staged(release, report):
        return DONE
    return ended(STAGED, said_of(release, report))


def _say_plan(plan: Plan, engine: str, workers: int, prices: Prices, output: str) -> int:
    try:
        found = forecasts.forecast(plan, engine, workers, prices)
    except OSError as error:
        return stopped(error)
    if output == "json":
        print_json(found)
    else:
        show_forecast(found, console_for(output))
    return DONE
