"""What researchers ask of finished releases. Each command returns the exit code of the program."""

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any, ParamSpec

import click
import msgspec
import pyarrow as pa
from rich.table import Table
from rich.text import Text

from florilegium.manifests import allotment, json_lines
from florilegium.manifests.allotment import Allotment
from florilegium.manifests.buckets import sum_of
from florilegium.manifests.differences import WAYS, Amount, Differences, Ways
from florilegium.manifests.document import Document
from florilegium.manifests.release import Drawn, Release, open_release
from florilegium.manifests.samples import Form, Sample
from florilegium.manifests.schema import DOCUMENT_SCHEMA, to_table
from florilegium.manifests.selection import DamagedError, EmptySampleError, plan
from florilegium.manifests.stats import Group, Grouping, Spread
from florilegium.pipelines.commands.answers import (
    DONE,
    FAILED,
    NOTHING_TO_DO,
    USAGE,
    console_for,
    ended,
    print_json,
    printable,
    stopped,
)

Asking = ParamSpec("Asking")
_SHOWN = (
    "url",
    "title",
    "published",
    "lang",
    "license",
    "tokens",
    "quality",
    "warc",
    "warc_offset",
)


def _answering(command: Callable[Asking, int]) -> Callable[Asking, int]:
    """Turn what may go wrong into an exit code and one line."""

    @wraps(command)
    def answer(*arguments: Asking.args, **named: Asking.kwargs) -> int:
        try:
            return command(*arguments, **named)
        except EmptySampleError as error:
            return ended(NOTHING_TO_DO, str(error))
        except (DamagedError, OSError, pa.ArrowException) as error:
            return stopped(error)
        except ValueError as error:
            return ended(USAGE, str(error))

    return answer


@_answering
def sample(
    release: str,
    question: dict[str, Any],
    languages: Iterable[str],
    out: str | None,
    written: Form,
    output: str,
) -> int:
    """Draw a sample, or say what would come out."""
    opened = open_release(release)
    drawn = opened.sample(**question, languages=languages)
    if out is None:
        return _say_plan(opened, drawn, output)
    made = drawn.write(out, written)
    if output == "json":
        print_json(made)
        return DONE
    console = console_for(output)
    console.print(_held(made))
    share = made.documents / opened.manifest.documents
    console.print(
        f"{made.documents:,} documents ({share:.2%}) and {made.tokens:,} tokens "
        f"in {len(made.shards):,} shards"
    )
    console.print(f"root    {made.root}\nsample  {out}", soft_wrap=True)
    return DONE


def _held(made: Sample) -> Table:
    table = _table("language", "documents", "tokens")
    for one in sorted(made.languages, key=lambda one: (-one.tokens, one.lang)):
        table.add_row(one.lang, f"{one.documents:,}", f"{one.tokens:,}")
    return table


def _say_plan(opened: Release, drawn: Drawn, output: str) -> int:
    planned = plan(opened.place, opened.manifest, drawn.asked)
    if output == "json":
        print_json({lang: one.expected for lang, one in planned.items()})
        return DONE
    console = console_for(output)
    table = _table("language", "ids", "documents", "tokens", "bytes of text")
    for lang, one in planned.items():
        if not one.most.documents:
            continue
        sizes = (one.expected.documents, one.expected.tokens, one.expected.bytes)
        table.add_row(lang, _up_to(one), *(f"{size:,}" for size in sizes))
    whole = sum_of(one.expected for one in planned.values())
    console.print(table)
    console.print(f"about {whole.documents:,} documents and {whole.tokens:,} tokens")
    return DONE


def _up_to(one: Allotment) -> str:
    return f"{one.below / allotment.ALL:.3%}"


@_answering
def get(release: str, wanted: str, text_only: bool, output: str) -> int:
    """Show a document by id, or all captures of an address."""
    opened = open_release(release)
    found = opened.find(wanted)
    if not found:
        return ended(FAILED, f"{release}: holds no document {printable(wanted)}")
    for number, document in enumerate(found):
        if text_only:
            click.echo(document.text)
        elif output == "json":
            (line,) = json_lines.lines(to_table([document], DOCUMENT_SCHEMA))
            click.echo(line, nl=False)
        else:
            click.echo("\n" * (number > 0), nl=False)
            for line_of_text in _told(document):
                click.echo(line_of_text)
    return DONE


def _told(document: Document) -> Iterator[str]:
    yield f"id           {document.id.hex()}"
    for name in _SHOWN:
        if (value := getattr(document, name)) is not None:
            yield f"{name:12} {printable(value)}"
    yield ""
    yield from (printable(line) for line in document.text.split("\n"))


@_answering
def stats(
    release: str,
    by: Grouping,
    measure: str | None,
    languages: Iterable[str],
    most: int,
    output: str,
) -> int:
    """Count documents by something, or say how a measure is spread."""
    opened = open_release(release)
    if measure is not None:
        spreads = opened.spread(measure, languages)
        if output == "json":
            print_json(spreads)
        else:
            console_for(output).print(_spreads(spreads))
        return DONE
    groups = opened.stats(by, languages)
    if output == "json":
        print_json(groups)
    else:
        console_for(output).print(_groups(groups, by, most))
    return DONE


def _groups(groups: list[Group], by: str, most: int) -> Table:
    table = _table(by, "documents", "tokens", "share", "characters", "bytes of text")
    whole = sum(group.tokens for group in groups) or 1
    rest = Group(f"{len(groups) - most:,} more")
    for group in groups[most:]:
        for field in Group.__struct_fields__[1:]:
            setattr(rest, field, getattr(rest, field) + getattr(group, field))
    for group in (*groups[:most], *([rest] if groups[most:] else [])):
        table.add_row(
            Text(printable(group.of or "none")),
            f"{group.documents:,}",
            f"{group.tokens:,}",
            f"{group.tokens / whole:.1%}",
            f"{group.chars:,}",
            f"{group.text_bytes:,}",
        )
    return table


def _spreads(spreads: list[Spread]) -> Table:
    quantiles = ("least", "5 %", "25 %", "median", "75 %", "95 %", "greatest")
    table = _table("language", "documents", "without", "mean", *quantiles)
    for one in sorted(spreads, key=lambda one: (-one.documents, one.lang)):
        if one.documents:
            values = [f"{value:,.6g}" for value in (one.mean, *one.quantiles)]
            table.add_row(one.lang, f"{one.documents:,}", f"{one.without:,}", *values)
    return table


@_answering
def diff(before: str, after: str, texts: bool, most: int, output: str) -> int:
    """Say what came, went and changed."""
    one, other = open_release(before), open_release(after)
    found = one.diff(other, texts)
    if output == "json":
        print_json(found)
        return DONE
    console = console_for(output)
    for part in _differences(found, most):
        console.print(part, soft_wrap=not isinstance(part, Table))
    return DONE


def _differences(found: Differences, most: int) -> Iterator[Table | Text]:
    names = (f"{side.name}/{side.build_id}" for side in (found.before, found.after))
    yield Text(" to ".join(names))
    yield _moves("language", {"all": found.total} | found.languages, most + 1)
    if found.domains:
        yield Text()
        yield _moves("domain", found.domains, most)
    if found.columns:
        changed = ", ".join(f"{name} {number:,}" for name, number in found.columns.items())
        yield Text(f"\nchanged in {changed}")
    if found.reasons:
        yield Text()
        table = _table("way", "language", "stage", "rule", "documents")
        for one in sorted(found.reasons, key=lambda one: -one.documents)[:most]:
            why = (one.stage, one.rule) if one.stage else ("", "not in its ledger")
            table.add_row(one.way, one.lang, *map(printable, why), f"{one.documents:,}")
        yield table


def _moves(by: str, moved: dict[str, Ways], most: int) -> Table:
    ways = [way for way in WAYS if any(way in mine for mine in moved.values())]
    table = _table(by, *(name for way in ways for name in (way, "tokens")))
    ordered = sorted(moved, key=lambda name: (-_moving(moved[name]), name))
    for name in ordered[:most]:
        amounts = [moved[name].get(way, Amount()) for way in ways]
        numbers = [f"{n:,}" for one in amounts for n in msgspec.structs.astuple(one)]
        table.add_row(Text(printable(name)), *numbers)
    if rest := ordered[most:]:
        sums = [
            f"{sum(getattr(moved[name].get(way, Amount()), field) for name in rest):,}"
            for way in ways
            for field in ("documents", "tokens")
        ]
        table.add_row(f"{len(rest):,} more", *sums)
    return table


def _moving(ways: Ways) -> int:
    return sum(amount.documents for way, amount in ways.items() if way != "same")


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="left" if name in ("stage", "rule", "language") else "right")
    return table
