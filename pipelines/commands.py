"""The smaller commands. Each returns the exit code of the program, and loads what it needs."""

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from florilegium.manifests.location import Location, locate
from florilegium.pipelines.answers import (
    DONE,
    FAILED,
    USAGE,
    console_for,
    ended,
    print_json,
    stopped,
)
from florilegium.pipelines.inputs import find_release


def verify(release: str, output: str) -> int:
    """Check a release and print every finding."""
    from florilegium.manifests.verify import verify as check

    try:
        place = find_release(release)
        findings = list(check(place))
        alarms = _alarms(place)
    except ValueError as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)
    if output == "json":
        print_json({"release": str(release), "findings": findings, "alarms": alarms})
    else:
        for finding in findings:
            click.echo(finding)
        for alarm in alarms:
            click.echo(alarm)
        things = "finding" if len(findings) == 1 else "findings"
        click.echo(f"{release}: {f'{len(findings):,} {things}' if findings else 'verified'}")
    return FAILED if findings else DONE


def inspect(page: str | None, jsonl: bool, inputs: Iterable[str], recipe: str, output: str) -> int:
    """Show what a build would think of a page, or of each on standard input."""
    from florilegium.pipelines import inspection
    from florilegium.pipelines.inputs import InputError, find_files
    from florilegium.pipelines.language_models import LanguageModelError
    from florilegium.pipelines.recipe import RecipeError
    from florilegium.pipelines.recipe import load as load_recipe

    if jsonl == (page is not None):
        return ended(USAGE, "give either a PAGE or --jsonl")
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
    except (RecipeError, InputError, LanguageModelError) as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)
    if output == "json":
        print_json(found)
    else:
        inspection.show(found, console_for(output))
    return DONE


def calibrate(recipe: str, inputs: Iterable[str], out: str, output: str) -> int:
    """Print the filters that what was harvested comes to."""
    from florilegium.pipelines import build, calibrate, calibrate_quality
    from florilegium.pipelines.inputs import find_files
    from florilegium.pipelines.recipe import load as load_recipe

    try:
        plan = build.plan(load_recipe(recipe), find_files(inputs), locate(out))
        limits, quality = build.calibrated(plan)
    except ValueError as error:
        return ended(USAGE, str(error))
    except (OSError, ModuleNotFoundError, build.StepError) as error:
        return stopped(error)
    if output == "json":
        print_json({"certainty": limits, "quality": quality})
    elif output == "text":
        for line in (*calibrate.toml(limits), "", *calibrate_quality.toml(quality)):
            click.echo(line)
    return DONE


def identify(jsonl: bool, output: str) -> int:
    """Tell the language of the text on standard input, or of each of its JSON lines."""
    from florilegium.filters.language import Identifier
    from florilegium.pipelines import identification

    identifier = Identifier.packaged()
    if jsonl:
        for line in identification.answer_lines(sys.stdin.buffer, identifier):
            sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()
        return DONE
    text = sys.stdin.buffer.read().decode("utf-8", "replace")
    found = identification.answer(None, text, identifier)
    if output == "json":
        print_json(found)
    for said in identification.lines_of(found) if output == "text" else ():
        click.echo(said)
    return DONE


def recipes(output: str) -> int:
    """List the shipped recipes."""
    from florilegium.pipelines.recipe import load, resolved, shipped

    found = [load(name) for name in shipped()]
    if output == "json":
        print_json([resolved(recipe) for recipe in found])
    for recipe in found if output == "text" else ():
        click.echo(f"{recipe.name}: {len(recipe.languages)} languages")
    return DONE


def demo_web(folder: Path) -> int:
    """Write the demonstration's WARC files."""
    from florilegium.pipelines import demo_web as demonstration

    paths = demonstration.pack(folder)
    pages = len(demonstration.captures())
    click.echo(f"{pages} pages written to {', '.join(str(path) for path in paths)}")
    return DONE


def _alarms(release: Location) -> list[str]:
    """Return the alarms of a release; none if its manifest cannot be read, which is a finding."""
    from florilegium.manifests import manifest as manifests
    from florilegium.pipelines.summary import alarm_lines

    try:
        return alarm_lines(manifests.read(release))
    except (OSError, ValueError, RecursionError):
        return []
