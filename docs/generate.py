"""Writes the references in `docs/` from the code: commands, recipe, rules and all the others.

`python docs/generate.py` rewrites them; with `--check` nothing is written, and the exit code is 1
if one of them is not what the code says. What a field means is written once, beside the field.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args, get_origin

import click
import msgspec
from measures_page import measures_page
from msgspec import Struct
from msgspec import inspect as types
from operations_page import operations_page
from release_page import release_page
from scaling import page as scale_page
from tracing import ALL, measured, tag, trace
from wording import default_of, descriptions, fenced, prose, table, type_in_words

from florilegium.filters.catalogue import DEFAULTS, AnyFilter
from florilegium.filters.datatrove import Datatrove
from florilegium.filters.terms import Licensed
from florilegium.manifests.funnel import STAGES
from florilegium.manifests.losses import LOSSES
from florilegium.pipelines.cli.main import main as command_line
from florilegium.pipelines.inheritance import Descent
from florilegium.pipelines.recipe import HARVEST_KEYS, Recipe

HERE = Path(__file__).parent
NOTE = "<!-- Written by docs/generate.py from the code. Change the code, then run it. -->"
MARK = -987_654_321.0
"""A limit that no filter has, set to see which measure it bounds."""


def pages() -> dict[Path, str]:
    """Return the text of each generated page, by its path."""
    made: dict[str, Callable[[], Iterator[str]]] = {
        "commands": commands_page,
        "recipe": recipe_page,
        "rules": rules_page,
        "measures": measures_page,
        "release": release_page,
        "operations": operations_page,
        "scale": scale_page,
    }
    return {HERE / f"{name}.md": "\n".join([NOTE, *page()]) + "\n" for name, page in made.items()}


def commands_page() -> Iterator[str]:
    """Yield the lines of the reference of commands: the help of each, as it prints it."""
    top = command_line.make_context("florilegium", [], resilient_parsing=True)
    top.terminal_width = 90
    yield from ("# Commands", "", *fenced(command_line.get_help(top)))
    yield from _commands_below(top)


def _commands_below(above: click.Context) -> Iterator[str]:
    """Yield the help of each command in a group, and of those in the groups among them."""
    assert isinstance(above.command, click.Group)
    for name, command in sorted(above.command.commands.items()):
        context = click.Context(command, info_name=name, parent=above, terminal_width=90)
        yield from ("", f"## {context.command_path}", "", *fenced(command.get_help(context)))
        if isinstance(command, click.Group):
            yield from _commands_below(context)


def recipe_page() -> Iterator[str]:
    """Yield the lines of the reference of recipes: every key, what it may be, what it is."""
    yield from ("# Recipe", "", prose(Recipe), "")
    yield "A recipe is a TOML file. Only `name` and `languages` must be there. A key that is not"
    yield "listed here is refused. The manifest records the whole recipe, defaults included."
    yield ""
    harvest = ", ".join(f"`{key}`" for key in HARVEST_KEYS)
    yield f"A change to {harvest}, or to the `method` of"
    yield "`duplicates`, makes a build read its input again."
    yield "A change to anything else is applied to what was read before; so is one to all keys of"
    yield "`rights` but `regime` and `honour`."
    yield from ("", "## A recipe that follows from another", "", prose(Descent), "")
    yield from _keys(Descent)
    yield ""
    yield "`remove`, `change` and `add` are done in this order, on what the recipe has after its"
    yield "own keys, also in one without a base. A recipe has either a `profile` or `[[filters]]`;"
    yield "one of them that is given stands in place of either of the base. At most ten bases"
    yield "follow on each other. [Recipes of the field](recipes/README.md) shows one."
    yield from ("", "## Keys at the top", "")
    yield from _keys(Recipe)
    yield from _sections(Recipe, "")
    yield from ("", "## [[filters]]", "")
    yield "Each table names its filter with `use`. A recipe that has `[[filters]]` has exactly the"
    yield "filters it lists, in its order; one that has none has those of its `profile`: the first"
    yield f"{len(DEFAULTS)} of these, in this order, or with `datatrove` the last four. What is"
    yield "between them must be asked for."
    for rule in ALL:
        yield from ("", f'### use = "{tag(rule)}"', "", prose(type(rule)), "")
        if rule.__struct_fields__:
            yield from table(("key", "default", "meaning"), _limits(rule))
        else:
            yield "It has no keys."
    yield ""
    yield "There is one more, which a recipe has only if it says so:"
    yield from ("", f'### use = "{tag(Datatrove(filter="X"))}"', "", prose(Datatrove), "")
    yield from _keys(Datatrove)


def _sections(record: type[Struct], above: str) -> Iterator[str]:
    """Yield the keys of the tables in a record, and of those in them."""
    for field in msgspec.structs.fields(record):
        many = get_origin(field.type) is tuple
        for kind in get_args(field.type) or (field.type,):
            if isinstance(kind, type) and issubclass(kind, Struct):
                name = f"{above}{field.name}"
                heading = f"[[{name}]]" if many else f"[{name}]"
                yield from ("", f"## {heading}", "", prose(kind), "")
                yield from _keys(kind)
                yield from _sections(kind, f"{name}.")


def rules_page() -> Iterator[str]:
    """Yield the lines of the reference of rules: what is measured, and every way to be lost."""
    yield from ("# Rules", "")
    yield "A document that harvest kept is judged by these rules, in this order; the first that"
    yield "fails is named in the ledger, with value and limit. Both ends of a range are allowed."
    yield "What is measured is written in columns of a [document](release.md#documents), mostly of"
    yield "its `counts`. A share is at most 1, and of nothing it is 0. Limits that are data of each"
    yield "language, `filters/languages/*.toml`, are shown for English. The last four are those of"
    yield "the profile `datatrove`, which stand in place of all others."
    for rule in ALL:
        yield from ("", f"## {tag(rule).capitalize()}", "", prose(type(rule)), "")
        yield from table(("rule", "what is measured", "lowest", "highest"), measured(rule))
    yield from ("", "## Every way to be lost", "")
    yield "The ledger, `audit/losses/`, names a stage and a rule for every record that is in no"
    yield "shard. Stages in the order of the flow; a record is lost at the first that drops it."
    yield ""
    rows = [(f"`{s}`", f"`{r}`", about) for (s, r), about in LOSSES.items()]
    rows.sort(key=lambda row: STAGES.index(row[0].strip("`")))
    rules = [(rule, one.rule) for rule in ALL for one in trace(rule)]
    quality = [("`quality`", f"`{name}`", f"see {tag(rule)}") for rule, name in rules]
    others = ("`quality`", "name of a filter", "a filter of datatrove objects; detail: its reason")
    yield from table(("stage", "rule", "why"), [*rows, *quality, others])


def _keys(record: type[Struct]) -> Iterator[str]:
    about = descriptions(record)
    rows = [
        (
            f"`{f.name}`",
            type_in_words(types.type_info(f.type)),
            default_of(f),
            about.get(f.name, ""),
        )
        for f in msgspec.structs.fields(record)
    ]
    return table(("key", "type", "default", "meaning"), rows)


def _limits(rule: AnyFilter) -> Iterator[tuple[str, ...]]:
    about = descriptions(type(rule))
    for field in msgspec.structs.fields(rule):
        if isinstance(rule, Licensed) or not isinstance(field.default, int | float | None):
            yield f"`{field.name}`", default_of(field), about.get(field.name, "")
            continue
        marked = trace(msgspec.structs.replace(rule, **{field.name: MARK}))
        for one in marked:
            if MARK in (one.low, one.high):
                end = "lowest" if one.low == MARK else "highest"
                default = "of the language" if field.default is None else f"`{field.default}`"
                yield f"`{field.name}`", default, f"{end} `{one.rule}` allowed"


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` name those that should be written anew."""
    stale = [p for p, text in pages().items() if not p.exists() or p.read_text("utf-8") != text]
    for path in stale:
        if "--check" in arguments:
            print(f"{path.name} is not what the code says; run python docs/generate.py")
        else:
            path.write_text(pages()[path], "utf-8")
            print(f"{path.name} written")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
