"""The command line."""

import errno
import logging
import os
import sys
import time
from pathlib import Path
from typing import Literal, NoReturn

import click
import msgspec
from rich.console import Console

from florilegium.manifests.manifest import Manifest
from florilegium.pipelines import build as builds
from florilegium.pipelines.display import Display
from florilegium.pipelines.engine import Engine
from florilegium.pipelines.inputs import InputError, find_files
from florilegium.pipelines.lock import LockedError
from florilegium.pipelines.recipe import RecipeError, resolved, shipped
from florilegium.pipelines.recipe import load as load_recipe
from florilegium.pipelines.summary import print_summary

DONE, FAILED, USAGE, NOTHING_TO_DO, LOCKED, TRY_AGAIN, INTERRUPTED = 0, 1, 2, 3, 5, 75, 130
_OUT_OF_SPACE = os.strerror(errno.ENOSPC)
_BYTES_PER_WORKER = 16 << 20

Output = Literal["text", "json"]
output_option = click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to answer on standard output.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="florilegium")
def main() -> None:
    """Text corpora for European language models, built from WARC files, that can be defended.

    Exit codes: 0 done, 1 failed, 2 wrong usage or recipe, 3 nothing to do, 5 another build is at
    work in the same place, 75 try again (for instance, when the disk is full).
    """


@main.command()
@click.argument("recipe")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    required=True,
    metavar="WARC",
    help="A WARC file, or a folder of them. May be given more than once.",
)
@click.argument("more_inputs", nargs=-1, metavar="[WARC]...")
@click.option(
    "--out",
    default="corpora",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where corpora are kept: the release goes to OUT/NAME/BUILD.",
    show_default=True,
)
@click.option(
    "--workers",
    type=click.IntRange(1, 512),
    help="Worker processes. Default: one for every 16 MiB of input, at most one a core.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@output_option
def build(
    recipe: str,
    inputs: tuple[str, ...],
    more_inputs: tuple[str, ...],
    out: Path,
    workers: int | None,
    dry_run: bool,
    output: Output,
) -> None:
    """Build a release from WARC files by RECIPE: a shipped one by name, or a TOML file.

    An interrupted build goes on where it was when the same command is run again.
    """
    started = time.monotonic()
    try:
        chosen = load_recipe(recipe)
        files = find_files((*inputs, *more_inputs))
        plan = builds.plan(chosen, files, out)
    except (RecipeError, InputError) as error:
        _fail(USAGE, str(error))
    count = workers or _workers(sum(unit.bytes for unit in plan.units))
    console = Console(stderr=output == "json", highlight=False)
    if (there := builds.finished(plan)) is not None:
        _answer(output, there, plan.release, console)
        _fail(NOTHING_TO_DO, f"nothing to do: {plan.release} is finished already")
    if dry_run:
        _say_plan(plan, count, output)
        return
    _run(plan, count, output, console, started)


@main.command("demo-web")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def demo_web(folder: Path) -> None:
    """Write the demonstration's WARC files, pages of our own with known fates, into FOLDER."""
    from florilegium.pipelines.demo_web import captures, pack

    paths = pack(folder)
    click.echo(f"{len(captures())} pages written to {', '.join(str(path) for path in paths)}")


@main.command()
@output_option
def recipes(output: Output) -> None:
    """List the recipes that come with the package."""
    found = [load_recipe(name) for name in shipped()]
    if output == "json":
        click.echo(msgspec.json.encode([resolved(recipe) for recipe in found]))
        return
    for recipe in found:
        click.echo(f"{recipe.name}: {len(recipe.languages)} languages")


@main.command()
@click.argument("release", type=click.Path(exists=True, file_okay=False, path_type=Path))
@output_option
def verify(release: Path, output: Output) -> None:
    """Check the release in folder RELEASE from its files alone; exit 1 with every finding."""
    from florilegium.manifests.verify import verify as check

    findings = list(check(release))
    if output == "json":
        click.echo(msgspec.json.encode({"release": str(release), "findings": findings}))
    else:
        for finding in findings:
            click.echo(finding)
        click.echo(f"{release}: {len(findings)} findings" if findings else f"{release}: verified")
    sys.exit(FAILED if findings else DONE)


def _run(
    plan: builds.Plan, workers: int, output: Output, console: Console, started: float
) -> None:
    """Build, and end with the exit code that fits what happened."""
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    try:
        manifest = builds.build(plan, Engine(workers), Display(console))
    except LockedError as error:
        _fail(LOCKED, str(error))
    except KeyboardInterrupt:
        _fail(INTERRUPTED, "interrupted; run the same command again to go on")
    except Exception as error:
        if _disk_is_full(error):
            _fail(TRY_AGAIN, f"{_OUT_OF_SPACE}: free some and run the same command again")
        _fail(FAILED, _said(error))
    _answer(output, manifest, plan.release, console)
    console.print(f"\nbuilt in {time.monotonic() - started:,.1f} s")


def _answer(output: Output, manifest: Manifest, release: Path, console: Console) -> None:
    if output == "text":
        print_summary(manifest, release, console)
        return
    click.echo(
        msgspec.json.encode(
            {
                "release": str(release),
                "build_id": manifest.build_id,
                "root": manifest.root,
                "records": manifest.records,
                "documents": manifest.documents,
                "tokens": manifest.tokens,
            }
        )
    )


def _say_plan(plan: builds.Plan, workers: int, output: Output) -> None:
    pending = plan.pending()
    facts = {
        "recipe": plan.recipe.name,
        "languages": len(plan.recipe.languages),
        "units": len(plan.units),
        "units_done": len(plan.units) - len(pending),
        "bytes": sum(unit.bytes for unit in plan.units),
        "workers": workers,
        "release": str(plan.release),
    }
    if output == "json":
        click.echo(msgspec.json.encode(facts))
        return
    for name, value in facts.items():
        click.echo(f"{name.replace('_', ' '):11} {value}")


def _disk_is_full(error: BaseException) -> bool:
    # Across processes, Beam passes an error on as text.
    return getattr(error, "errno", None) == errno.ENOSPC or _OUT_OF_SPACE in str(error)


def _said(error: Exception) -> str:
    """Return what an error says; of a worker's traceback, the last line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    traceback = any(line.startswith("Traceback") for line in lines)
    return lines[-1] if traceback else "\n".join(lines)


def _workers(size: int) -> int:
    cores = len(os.sched_getaffinity(0))
    return max(1, min(cores, size // _BYTES_PER_WORKER))


def _fail(code: int, message: str) -> NoReturn:
    click.echo(f"florilegium: {message}", err=True)
    sys.exit(code)
