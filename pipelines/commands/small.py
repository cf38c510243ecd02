"""The smaller commands. Each returns the exit code of the program, and loads what it needs."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click
import msgspec
from msgspec import Struct

from florilegium.manifests.location import locate
from florilegium.pipelines.commands.answers import (
    DONE,
    USAGE,
    console_for,
    ended,
    print_json,
    printable,
    stopped,
)


def inspect(page: str | None, jsonl: bool, inputs: Iterable[str], recipe: str, output: str) -> int:
    """Show what a build would think of a page, or of each on standard input."""
    from florilegium.pipelines.commands import inspection_table
    from florilegium.pipelines.harvest.inputs import InputError, find_warcs
    from florilegium.pipelines.named.files import NamedFileError
    from florilegium.pipelines.recipe import RecipeError
    from florilegium.pipelines.recipe import load as load_recipe
    from florilegium.pipelines.research import inspection

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
        warcs = find_warcs(inputs) if inputs else []
        found = inspection.inspect(page, warcs, chosen)
    except (RecipeError, InputError, NamedFileError) as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)
    if output == "json":
        print_json(found)
    else:
        inspection_table.show(found, console_for(output))
    return DONE


def opt_outs(
    release: str,
    records: Iterable[str],
    lists: Iterable[str],
    recipe: str | None,
    workers: int,
    output: str,
) -> int:
    """Print what is to be erased of a release, and say how much that is."""
    from florilegium.manifests.location import find_release
    from florilegium.pipelines.engines.embedded import Embedded
    from florilegium.pipelines.harvest.inputs import find_warcs
    from florilegium.pipelines.recipe import load as load_recipe
    from florilegium.pipelines.rights import replay

    found: Counter[str] = Counter()
    try:
        if not (records or lists or recipe):
            return ended(USAGE, "give --records, --list or --recipe: there is nothing to replay")
        policy = load_recipe(recipe).rights if recipe else None
        warcs = find_warcs(records) if records else []
        named = [replay.OptOutList(locate(name)) for name in lists]
        place = find_release(release)
        for one in replay.replay(place, warcs, named, policy, Embedded(workers)):
            found[one.rule] += 1
            if output == "json":
                print_json(one)
            else:
                click.echo("\t".join(_printable(one)))
    except ValueError as error:
        return ended(USAGE, str(error))
    except Exception as error:
        return stopped(error)
    rules = ", ".join(f"{rule} {number:,}" for rule, number in sorted(found.items()))
    click.echo(f"{found.total():,} documents are opted out of by now{': ' * bool(rules)}{rules}",
               err=True)  # fmt: skip
    return DONE


def _printable(record: Struct) -> Iterable[str]:
    """Return the fields of a record without what would steer a terminal or break a line."""
    for value in msgspec.structs.astuple(record):
        yield printable(value)


def calibrate(recipe: str, inputs: Iterable[str], out: str, output: str) -> int:
    """Print the filters of a recipe with the limits that what was harvested comes to."""
    from florilegium.pipelines import build
    from florilegium.pipelines.harvest.inputs import find_files
    from florilegium.pipelines.planning import StepError
    from florilegium.pipelines.recipe import load as load_recipe
    from florilegium.pipelines.research import calibrate, calibrate_quality
    from florilegium.pipelines.research.filter_toml import toml

    try:
        plan = build.plan(load_recipe(recipe), find_files(inputs), locate(out))
        places = plan.places(plan.made())
        documents = [place / "documents.parquet" for place in places]
        limits = calibrate.calibrate(documents)
        quality = calibrate_quality.calibrate_quality(documents, plan.recipe.filters)
    except ValueError as error:
        return ended(USAGE, str(error))
    except (OSError, ModuleNotFoundError, StepError) as error:
        return stopped(error)
    if output == "json":
        print_json({"certainty": limits, "quality": quality})
    elif output == "text":
        filters = calibrate.with_limits(quality.filters, limits)
        for line in (*calibrate_quality.remarks(quality), *toml(filters)):
            click.echo(line)
    if not limits:
        least = calibrate.MIN_DOCUMENTS
        click.echo(f"no limits: no language has {least} documents of one length", err=True)
    return DONE


def identify(jsonl: bool, output: str) -> int:
    """Tell the language of the text on standard input, or of each of its JSON lines."""
    from florilegium.filters.language import Identifier
    from florilegium.pipelines.research import identification

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


def recipes(name: str | None, output: str) -> int:
    """List the shipped recipes, or explain one."""
    from florilegium.pipelines import recipe_explained
    from florilegium.pipelines.recipe import RecipeError

    try:
        found = recipe_explained.explained(name) if name else recipe_explained.listed()
    except RecipeError as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)
    if output == "json":
        print_json(found)
    elif isinstance(found, list):
        for one in found:
            click.echo(f"{one.name:<12} {one.description}")
    else:
        for line in recipe_explained.told(found):
            click.echo(printable(line))
    return DONE


def demo_web(folder: Path) -> int:
    """Write the demonstration's WARC files."""
    from florilegium.pipelines.demo import web as demonstration

    paths = demonstration.pack(folder)
    pages = len(demonstration.captures())
    click.echo(f"{pages} pages written to {', '.join(str(path) for path in paths)}")
    return DONE
