"""The command that selects. It returns the exit code of the program."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import msgspec
from rich.console import Console
from rich.progress import Progress

from florilegium.manifests.location import locate
from florilegium.pipelines.commands.answers import (
    DONE,
    USAGE,
    console_for,
    ended,
    print_json,
    stopped,
)
from florilegium.pipelines.commoncrawl.plan import SUFFIX, Totals
from florilegium.pipelines.commoncrawl.selection import Selected
from florilegium.pipelines.commoncrawl.selection import select as selected
from florilegium.pipelines.recipe import load as load_recipe

_MOST_LANGUAGES = 20
_SECONDS_BETWEEN_LINES = 10.0


def select(recipe: str, out: str, without: Iterable[str], output: str) -> int:
    """Write a plan and say what it comes to."""
    try:
        if not out.endswith(SUFFIX):
            return ended(USAGE, f"--out {out!r}: a plan is a Parquet file, name it *{SUFFIX}")
        chosen, earlier = load_recipe(recipe), [locate(name) for name in without]
        with _watching(console_for("json")) as watch:
            found = selected(chosen, locate(out), earlier, watch)
    except ValueError as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)
    if output == "json":
        print_json(msgspec.to_builtins(found))
    else:
        _show(found, recipe, console_for(output))
    return DONE


@contextmanager
def _watching(console: Console) -> Iterator[Callable[[int, int], None]]:
    """Give what shows how much of an index is read: a bar on a terminal, elsewhere some lines."""
    if console.is_terminal:
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task("index", total=None)
            yield lambda done, whole: bar.update(task, completed=done, total=whole)
        return
    said = time.monotonic()

    def say(done: int, whole: int) -> None:
        nonlocal said
        if time.monotonic() - said > _SECONDS_BETWEEN_LINES:
            said = time.monotonic()
            console.print(f"index       {done:,} of {whole:,} files")

    yield say


def _show(found: Selected, recipe: str, console: Console) -> None:
    head = found.head
    for name, said in _lines(found, head.totals):
        console.print(f"{name:11} {said}", soft_wrap=True)
    if found.unnamed:
        first = ", ".join(found.unnamed[:_MOST_LANGUAGES])
        more = len(found.unnamed) - _MOST_LANGUAGES
        console.print(
            f"\nThe index has no name for {first}{f' and {more} more' if more > 0 else ''}: their "
            "pages are chosen only where it takes them for a language that is.",
            soft_wrap=True,
        )
    console.print(f"\nNext:\n  florilegium build {recipe} --input {found.plan}", soft_wrap=True)


def _lines(found: Selected, totals: Totals) -> Iterator[tuple[str, str]]:
    yield "snapshot", f"{found.head.snapshot} at {found.head.place.base}"
    yield "index", _index(found)
    share = f", {totals.pages / totals.snapshot_pages:.2%} of all" if totals.snapshot_pages else ""
    yield "pages", f"{totals.pages:,}{share}"
    if totals.robots:
        yield "robots.txt", f"{totals.robots:,} captures"
    modes = ", ".join(f"{mode} {number:,}" for mode, number in totals.modes.items())
    yield "files", f"{totals.files:,} ({modes})"
    yield "requests", f"{totals.requests:,}, {_time(totals.requests, found)} at least"
    yield "wanted", size(totals.wanted_bytes)
    yield "to be read", f"{size(totals.read_bytes)}{_saving(totals)}"
    if totals.lost:
        lost = sorted(totals.lost.items(), key=lambda pair: (-pair[1], pair[0]))
        yield "not chosen", ", ".join(f"{test} {number:,}" for test, number in lost)
    spoken = sorted(totals.languages.items(), key=lambda pair: (-pair[1], pair[0]))
    rest = sum(number for _, number in spoken[_MOST_LANGUAGES:])
    named = [f"{code} {number:,}" for code, number in spoken[:_MOST_LANGUAGES]]
    if named:
        yield "languages", ", ".join([*named, *([f"others {rest:,}"] if rest else [])])
    yield "plan", found.plan


def _index(found: Selected) -> str:
    read = f"{found.row_groups_read:,} of {found.row_groups:,} row groups"
    return f"{read} read, {size(found.head.totals.index_bytes)}"


def _saving(totals: Totals) -> str:
    if not totals.snapshot_bytes:
        return ""
    saved = 1 - totals.read_bytes / totals.snapshot_bytes
    return f", {saved:.1%} less than the about {size(totals.snapshot_bytes)} of all WARC files"


def _time(requests: int, found: Selected) -> str:
    seconds = requests / found.head.requests_per_second
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:,.0f} seconds"


def size(number: float) -> str:
    """Return a number of bytes as people say it.

    >>> size(1_500_000)
    '1.5 MB'
    """
    for unit, one in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if number >= one:
            return f"{number / one:,.1f} {unit}"
    return f"{number / 1e3:,.1f} kB"
