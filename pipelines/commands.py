"""What the commands do. Each returns the exit code of the program."""

import errno
import logging
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import click
import msgspec
from rich.console import Console

from florilegium.manifests.location import Location, locate
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.manifest import read as read_manifest
from florilegium.manifests.verify import verify as check
from florilegium.pipelines import build as builds
from florilegium.pipelines import demo_web as demonstration
from florilegium.pipelines import dry_run as forecasts
from florilegium.pipelines import inspection
from florilegium.pipelines.display import Display
from florilegium.pipelines.engine import DeferredError, Engine, EngineError
from florilegium.pipelines.engines import EngineChoice, choose
from florilegium.pipelines.files import NO_ROOM
from florilegium.pipelines.inputs import InputError, find_files
from florilegium.pipelines.lock import LockedError
from florilegium.pipelines.recipe import RecipeError, resolved, shipped
from florilegium.pipelines.recipe import load as load_recipe
from florilegium.pipelines.summary import alarm_lines, print_summary

DONE, FAILED, USAGE, NOTHING_TO_DO, LOCKED, TRY_AGAIN, INTERRUPTED = 0, 1, 2, 3, 5, 75, 130


def build(
    recipe: str,
    inputs: Iterable[str],
    out: str,
    choice: EngineChoice,
    step: builds.Step | None,
    dry_run: bool,
    output: str,
    price_core_hour: float | None = None,
    against: Iterable[str] = (),
) -> int:
    """Build a release, or take one step of it, or say what would be done and what it takes."""
    try:
        earlier = [_release(name) for name in against]
        plan = builds.plan(load_recipe(recipe), find_files(inputs), locate(out), earlier)
        there = builds.release_made(plan)
        if there is not None and not dry_run:
            builds.tidy(plan)
    except (RecipeError, ValueError) as error:
        return _ended(USAGE, str(error))
    except (OSError, ModuleNotFoundError) as error:
        return _stopped(error)
    console = _console(output)
    if there is not None:
        _answer(output, there, plan.release, console)
        return _ended(NOTHING_TO_DO, f"nothing to do: {plan.release} is finished already")
    try:
        engine = choose(choice, plan)
    except EngineError as error:
        return _ended(FAILED, str(error))
    if dry_run:
        return _say_plan(plan, choice.name, engine.workers, price_core_hour, output)
    return _build(plan, step, engine, output, console)


def verify(release: str, output: str) -> int:
    """Check a release and print every finding."""
    try:
        place = _release(release)
        findings = list(check(place))
        alarms = _alarms(place)
    except ValueError as error:
        return _ended(USAGE, str(error))
    except OSError as error:
        return _stopped(error)
    if output == "json":
        _print_json({"release": str(release), "findings": findings, "alarms": alarms})
    else:
        for finding in findings:
            click.echo(finding)
        for alarm in alarms:
            click.echo(alarm)
        click.echo(f"{release}: {len(findings)} findings" if findings else f"{release}: verified")
    return FAILED if findings else DONE


def inspect(page: str | None, jsonl: bool, inputs: Iterable[str], recipe: str, output: str) -> int:
    """Show what a build would think of a page, or of each on standard input."""
    if jsonl == (page is not None):
        return _ended(USAGE, "give either a PAGE or --jsonl")
    try:
        chosen = load_recipe(recipe)
        if jsonl:
            for line in inspection.answer_lines(sys.stdin.buffer, chosen):
                sys.stdout.buffer.write(line + b"\n")
                sys.stdout.buffer.flush()
            return DONE
        assert page is not None
        warcs = [file.place for file in find_files(inputs)] if inputs else []
        found = inspection.inspect(page, warcs, chosen)
    except (RecipeError, InputError) as error:
        return _ended(USAGE, str(error))
    except OSError as error:
        return _stopped(error)
    if output == "json":
        _print_json(found)
    else:
        inspection.show(found, _console(output))
    return DONE


def recipes(output: str) -> int:
    """List the shipped recipes."""
    found = [load_recipe(name) for name in shipped()]
    if output == "json":
        _print_json([resolved(recipe) for recipe in found])
    for recipe in found if output == "text" else ():
        click.echo(f"{recipe.name}: {len(recipe.languages)} languages")
    return DONE


def demo_web(folder: Path) -> int:
    """Write the demonstration's WARC files."""
    paths = demonstration.pack(folder)
    pages = len(demonstration.captures())
    click.echo(f"{pages} pages written to {', '.join(str(path) for path in paths)}")
    return DONE


def _alarms(release: Location) -> list[str]:
    """Return the alarms of a release; none if its manifest cannot be read, which is a finding."""
    try:
        return alarm_lines(read_manifest(release))
    except (OSError, ValueError, RecursionError):
        return []


def _release(name: str) -> Location:
    """Return where a release is; in a store, `latest` is a note of its name."""
    place = locate(name)
    if isinstance(place, Path) or place.name != "latest":
        return place
    return place.with_name(place.read_text())


def _build(
    plan: builds.Plan, step: builds.Step | None, engine: Engine, output: str, console: Console
) -> int:
    _hear_warnings_of_ours_only()
    started = time.monotonic()
    try:
        if step is not None:
            builds.build_step(plan, step, engine, Display(console))
            _answer_step(output, plan, step)
            return DONE
        manifest = builds.build(plan, engine, Display(console))
    except DeferredError as written:
        return _ended(DONE if step else FAILED, str(written))
    except LockedError as error:
        return _ended(LOCKED, str(error))
    except KeyboardInterrupt:
        return _ended(INTERRUPTED, "interrupted; run the same command again to go on")
    except Exception as error:
        return _stopped(error)
    _answer(output, manifest, plan.release, console)
    console.print(f"\nbuilt in {time.monotonic() - started:,.1f} s")
    return DONE


def _hear_warnings_of_ours_only() -> None:
    """Keep Beam's pages of traces away: what went wrong is said once, in a line."""
    logging.getLogger().addHandler(logging.NullHandler())
    logging.getLogger("florilegium").handlers = [_Said()]


class _Said(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        click.echo(f"florilegium: {record.getMessage()}", err=True)


def _answer_step(output: str, plan: builds.Plan, step: builds.Step) -> None:
    if output == "json":
        _print_json({"build_id": plan.build_id, "step": step})
    else:
        click.echo(f"{step} is done for build {plan.build_id}")


def _answer(output: str, manifest: Manifest, release: Location, console: Console) -> None:
    if output == "text":
        print_summary(manifest, release, console)
        return
    _print_json(
        {
            "release": str(release),
            "build_id": manifest.build_id,
            "root": manifest.root,
            "records": manifest.records,
            "documents": manifest.documents,
            "tokens": manifest.tokens,
        }
    )


def _say_plan(
    plan: builds.Plan, engine: str, workers: int, price_core_hour: float | None, output: str
) -> int:
    try:
        found = forecasts.dry_run(plan, engine, workers, price_core_hour)
    except OSError as error:
        return _stopped(error)
    if output == "json":
        _print_json(found)
    else:
        forecasts.show(found, _console(output))
    return DONE


def _console(output: str) -> Console:
    """Return where a person reads along: wide enough for tables where no terminal says how wide."""
    console = Console(stderr=output == "json", highlight=False)
    if not console.is_terminal:
        console.width = 120
    return console


def _print_json(value: object) -> None:
    click.echo(msgspec.json.encode(value).decode())


def _ended(code: int, message: str) -> int:
    click.echo(f"florilegium: {message}", err=True)
    return code


def _stopped(error: Exception) -> int:
    """Say what stopped the work, and whether the same command may do better later."""
    if (full := _no_room(error)) is not None:
        return _ended(TRY_AGAIN, f"{full}: make room and run the same command again")
    if isinstance(error, OSError) and error.errno == errno.EAGAIN:
        return _ended(TRY_AGAIN, f"{error}: run the same command again later")
    return _ended(FAILED, _said(error))


def _no_room(error: BaseException) -> str | None:
    """Return how the system says that nothing more can be written, if that is the error."""
    # Across processes, Beam passes an error on as text.
    names = (os.strerror(code) for code in sorted(NO_ROOM))
    return next((name for name in names if name in str(error)), None)


def _said(error: Exception) -> str:
    """Return what an error says; of a worker's traceback, the last line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    traceback = any(line.startswith("Traceback") for line in lines)
    return lines[-1] if traceback else "\n".join(lines)
