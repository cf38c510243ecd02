"""The command that crawls. It returns the exit code of the program."""

from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from florilegium.manifests.location import locate
from florilegium.pipelines.commands.answers import (
    DONE,
    LOCKED,
    NOTHING_TO_DO,
    TRY_AGAIN,
    USAGE,
    console_for,
    ended,
    print_json,
    printable,
    stopped,
)
from florilegium.pipelines.crawl.crawl import Summary, UnfinishedError
from florilegium.pipelines.crawl.crawl import crawl as crawl_into
from florilegium.pipelines.crawl.seeds import SeedError
from florilegium.pipelines.crawl.seeds import seeds as read_seeds
from florilegium.pipelines.crawl.settings import Crawl
from florilegium.pipelines.crawl.urls import Url
from florilegium.pipelines.crawl.watch import Watch
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.lock import LockedError
from florilegium.pipelines.recipe import Recipe, RecipeError, changed
from florilegium.pipelines.recipe import load as load_recipe


def crawl(
    seeds: Iterable[str],
    out: Path,
    contact: str | None,
    recipe: str | None,
    changes: Iterable[str],
    again: bool,
    workers: int,
    output: str,
) -> int:
    """Crawl, or go on with a crawl, and say what there is then."""
    try:
        settings = _settings(recipe, contact, changes)
        found = read_seeds([*settings.seeds, *seeds])
    except (RecipeError, SeedError, ValueError) as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)
    return run(settings, found, out, again, workers, output)


def crawled_before(recipe: Recipe, out: str, workers: int, output: str, console: Console) -> int:
    """Crawl what a recipe says before it is built; return `DONE` if there is something to build."""
    try:
        settings = with_contact(recipe.crawl or Crawl())
        seeds = read_seeds(settings.seeds)
        folder = warc_folder(recipe, out).parent
    except ValueError as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)
    code = run(settings, seeds, folder, again=False, workers=workers, output=output, before=console)
    return DONE if code == NOTHING_TO_DO else code


def warc_folder(recipe: Recipe, out: str) -> Path:
    """Return where a recipe's crawl keeps its WARC files; RecipeError if that is in a store."""
    place = locate(out) / recipe.name / "crawl" / "warc"
    if not isinstance(place, Path):
        raise RecipeError(f"{out}: a crawl needs a local folder; crawl first, and name --input")
    return place


def demo_crawl(folder: Path) -> int:
    """Crawl the demonstration's site, and say what there is then."""
    from florilegium.pipelines.demo.site import crawled

    console = console_for("text")
    watch = Watch(console)
    try:
        summary = crawled(folder, watch)
    except LockedError as error:
        return ended(LOCKED, str(error).replace("build", "crawl"))
    except Exception as error:
        return stopped(error)
    show(summary, folder, console)
    return _answered(summary, folder, False, watch.code)


def run(
    settings: Crawl,
    seeds: list[Url],
    out: Path,
    again: bool,
    workers: int,
    output: str,
    before: Console | None = None,
) -> int:
    """Crawl from seeds and say what there is then; return the exit code.

    If it comes `before` a build, people read along on the build's console, and standard output is
    left to it.
    """
    console = before or console_for(output)
    quiet, watch = before is not None, Watch(console)
    try:
        summary = crawl_into(out, settings, seeds, Embedded(workers=workers), watch, again)
    except UnfinishedError as error:
        return ended(USAGE, str(error))
    except LockedError as error:
        return ended(LOCKED, str(error).replace("build", "crawl"))
    except Exception as error:
        return stopped(error)
    if output != "json":
        show(summary, out, console)
    elif not quiet:
        print_json(summary)
    return _answered(summary, out, quiet, watch.code)


def _settings(recipe: str | None, contact: str | None, changes: Iterable[str]) -> Crawl:
    """Return the settings of a recipe, or the defaults, with changes; RecipeError if they lack."""
    chosen = load_recipe(recipe) if recipe else Recipe(name="crawl", languages=("european",))
    chosen = replace(chosen, crawl=chosen.crawl or Crawl())
    wanted = [f"crawl.{change}" for change in changes]
    wanted += [f"crawl.contact={contact}"] if contact else []
    settings = changed(chosen, wanted).crawl
    assert settings is not None
    return with_contact(settings)


def with_contact(settings: Crawl) -> Crawl:
    """Return the settings; RecipeError if nobody could be asked about the crawl."""
    if not settings.contact:
        raise RecipeError(
            "there is no contact: name a page, or mailto:…, where those whom the crawl visits can "
            "find out about it, by --contact or as crawl.contact of the recipe"
        )
    return settings


def _answered(summary: Summary, out: Path, quiet: bool, code_if_stopped: int) -> int:
    if summary.end == "stopped":
        return ended(code_if_stopped, "stopped; run the same command again to go on")
    if summary.end == "waiting":
        return ended(TRY_AGAIN, "hosts asked for rest; run the same command again later")
    if not summary.rounds_run:
        if quiet:
            return NOTHING_TO_DO
        return ended(NOTHING_TO_DO, f"nothing to do: {out} is finished; --again visits it anew")
    return DONE


def show(summary: Summary, out: Path, console: Console) -> None:
    """Print how a crawl ended, and what it knows."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("addresses", justify="right")
    table.add_column("state and reason")
    for reason, number in sorted(summary.stats.reasons.items()):
        table.add_row(f"{number:,}", printable(reason))
    for reason, number in summary.stats.passed_by.items():
        table.add_row(f"{number:,}", printable(f"links passed by: {reason}"))
    console.print(table)
    stats = summary.stats
    console.print(
        f"{_counted(stats.states.get('fetched', 0), 'page')} of {_counted(stats.hosts, 'host')}, "
        f"{stats.bytes:,} bytes received, {_counted(len(summary.files), 'file')} in "
        f"{out / 'warc'}; "
        f"end: {summary.end}",
        soft_wrap=True,
    )


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
