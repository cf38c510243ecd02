"""Writes the references in `docs/` from the code: commands, recipe, rules and all the others.

`python docs/generate.py` rewrites them; with `--check` nothing is written, and the exit code is 1
if one of them is not what the code says. What a field means is written once, beside the field.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import click
import msgspec
import pyarrow as pa
from losses import LOSSES
from msgspec import Struct
from msgspec import inspect as types
from scaling import page as scale_page

from florilegium.filters.catalogue import DEFAULTS, ON_REQUEST, PROFILES, AnyFilter
from florilegium.filters.datatrove import Datatrove
from florilegium.filters.licence import Flag
from florilegium.filters.optouts.signal import Signal
from florilegium.filters.rule import Filter, Measure
from florilegium.filters.terms import Licensed
from florilegium.manifests.copies import FOLDER, Copies
from florilegium.manifests.counts import Counts
from florilegium.manifests.document import Document
from florilegium.manifests.failed_rule import FailedRule
from florilegium.manifests.funnel import STAGES, Step
from florilegium.manifests.host_record import HostRecord
from florilegium.manifests.ledger import Loss
from florilegium.manifests.manifest import (
    Alarm,
    Earlier,
    Input,
    Language,
    Licence,
    Manifest,
    OptOuts,
    Protocol,
    Resource,
    Shard,
    Table,
)
from florilegium.manifests.parent import Parent
from florilegium.manifests.personal import Personal
from florilegium.manifests.schema import arrow_schema
from florilegium.pipelines.cli import main as command_line
from florilegium.pipelines.recipe import HARVEST_KEYS, Recipe

HERE = Path(__file__).parent
NOTE = "<!-- Written by docs/generate.py from the code. Change the code, then run it. -->"
MARK = -987_654_321.0
"""A limit that no filter has, set to see which measure it bounds."""
_ALL = (*DEFAULTS, *ON_REQUEST, *PROFILES["datatrove"])


NUMBERED = {
    "licence_class": "license_class",
    "licence_tier": "license_tier",
    "licence_disagreement": "license_flags & 1",
    "lang_second_opinion": "lang_evidence",
}
"""Columns that a rule reads off as numbers, by the rule."""
FLAGS = {
    Flag.DISAGREEMENT: "the page names licences of different strictness; the strictest was taken",
    Flag.RESERVED: "the page also claims all rights",
    Flag.OTHERS: "the page also names licences of pictures or other things",
    Flag.RAISED: "most pages of the host say the same, so the tier is better than the page's own",
    Flag.LOWERED: "no other page of the host says so, so the tier is weaker than the page's own",
}


def pages() -> dict[Path, str]:
    """Return the text of each generated page, by its path."""
    made: dict[str, Callable[[], Iterator[str]]] = {
        "commands": commands_page,
        "recipe": recipe_page,
        "rules": rules_page,
        "document": document_page,
        "manifest": manifest_page,
        "scale": scale_page,
    }
    return {HERE / f"{name}.md": "\n".join([NOTE, *page()]) + "\n" for name, page in made.items()}


def commands_page() -> Iterator[str]:
    """Yield the lines of the reference of commands: the help of each, as it prints it."""
    top = command_line.make_context("florilegium", [], resilient_parsing=True)
    top.terminal_width = 90
    yield from ("# Commands", "", *_fenced(command_line.get_help(top)))
    yield from _commands_below(top)


def _commands_below(above: click.Context) -> Iterator[str]:
    """Yield the help of each command in a group, and of those in the groups among them."""
    assert isinstance(above.command, click.Group)
    for name, command in sorted(above.command.commands.items()):
        context = click.Context(command, info_name=name, parent=above, terminal_width=90)
        yield from ("", f"## {context.command_path}", "", *_fenced(command.get_help(context)))
        if isinstance(command, click.Group):
            yield from _commands_below(context)


def recipe_page() -> Iterator[str]:
    """Yield the lines of the reference of recipes: every key, what it may be, what it is."""
    yield from ("# Recipe", "", _prose(Recipe), "")
    yield "A recipe is a TOML file. Only `name` and `languages` must be there. A key that is not"
    yield "listed here is refused. The manifest records the whole recipe, defaults included."
    yield ""
    harvest = ", ".join(f"`{key}`" for key in HARVEST_KEYS)
    yield f"A change to {harvest}, or to the `method` of"
    yield "`duplicates`, makes a build read its input again."
    yield "A change to anything else is applied to what was read before; so is one to all keys of"
    yield "`rights` but `regime` and `honour`."
    yield from ("", "## Keys at the top", "")
    yield from _keys(Recipe)
    for field in msgspec.structs.fields(Recipe):
        if isinstance(field.type, type) and issubclass(field.type, Struct):
            yield from ("", f"## [{field.name}]", "", _prose(field.type), "")
            yield from _keys(field.type)
        for record in get_args(field.type) if get_origin(field.type) is tuple else ():
            if isinstance(record, type) and issubclass(record, Struct):
                yield from ("", f"## [[{field.name}]]", "", _prose(record), "")
                yield from _keys(record)
    yield from ("", "## [[filters]]", "")
    yield "Each table names its filter with `use`. A recipe that has `[[filters]]` has exactly the"
    yield "filters it lists, in its order; one that has none has those of its `profile`: the first"
    yield f"{len(DEFAULTS)} of these, in this order, or with `datatrove` the last four. What is"
    yield "between them must be asked for."
    for rule in _ALL:
        yield from ("", f'### use = "{_tag(rule)}"', "", _prose(type(rule)), "")
        yield from _table(("key", "default", "meaning"), _limits(rule))
    yield ""
    yield "There is one more, which a recipe has only if it says so:"
    yield from ("", f'### use = "{_tag(Datatrove(filter="X"))}"', "", _prose(Datatrove), "")
    yield from _keys(Datatrove)


def rules_page() -> Iterator[str]:
    """Yield the lines of the reference of rules: what is measured, and every way to be lost."""
    yield from ("# Rules", "")
    yield "A document that harvest kept is judged by these rules, in this order; the first that"
    yield "fails is named in the ledger, with value and limit. Both ends of a range are allowed."
    yield "What is measured is written in columns of a [document](document.md), mostly of its"
    yield "`counts`. A share is at most 1, and of nothing it is 0. Limits that are data of each"
    yield "language, `filters/languages/*.toml`, are shown for English. The last four are those of"
    yield "the profile `datatrove`, which stand in place of all others."
    for rule in _ALL:
        yield from ("", f"## {_tag(rule).capitalize()}", "", _prose(type(rule)), "")
        yield from _table(("rule", "what is measured", "lowest", "highest"), _measured(rule))
    yield from ("", "## Every way to be lost", "")
    yield "The ledger, `audit/losses/`, names a stage and a rule for every record that is in no"
    yield "shard. Stages in the order of the flow; a record is lost at the first that drops it."
    yield ""
    rows = [(f"`{s}`", f"`{r}`", about) for (s, r), about in LOSSES.items()]
    rows.sort(key=lambda row: STAGES.index(row[0].strip("`")))
    rules = [(rule, one.rule) for rule in _ALL for one in _trace(rule)]
    quality = [("`quality`", f"`{name}`", f"see {_tag(rule)}") for rule, name in rules]
    others = ("`quality`", "name of a filter", "a filter of datatrove objects; detail: its reason")
    yield from _table(("stage", "rule", "why"), [*rows, *quality, others])


def document_page() -> Iterator[str]:
    """Yield the lines of the reference of the Parquet columns, in shards and in the ledger."""
    yield from ("# Document and ledger", "", "## Documents: `data/`", "")
    yield from _columns(Document)
    for record, name in ((Counts, "counts"), (Personal, "pii")):
        yield from ("", f"### `{name}`", "", _prose(record), "")
        about = descriptions(record)
        rows = [(f"`{field}`", about.get(field, "")) for field in record.__struct_fields__]
        yield from _table(("field", "meaning"), rows)
    yield from ("", "### `rights`", "", _prose(Signal), "")
    yield from _table(("bit", "opt-out"), [(str(int(s)), f"`{s.name}`") for s in Signal])
    yield from ("", "### `license_flags`", "", _prose(Flag), "")
    yield from _table(("bit", "flag"), [(str(int(f)), f"`{f.name}`: {FLAGS[f]}") for f in Flag])
    yield from ("", "## Rights: `audit/rights/`", "", _prose(HostRecord), "")
    yield "There are those of hosts of documents that harvest kept, by origin, file and time."
    yield ""
    yield from _columns(HostRecord)
    yield from ("", "## Losses: `audit/losses/`", "", _prose(Loss), "")
    yield "Stages and rules are listed in [rules](rules.md)."
    yield ""
    yield from _columns(Loss)
    yield from ("", f"## Copies of earlier releases: `{FOLDER}/`", "", _prose(Copies), "")
    yield "The rows of a file are in the order of ids. There is none if nothing gave way."
    yield ""
    yield from _columns(Copies)
    yield from ("", "## Failed rules: `audit/reasons/`", "", _prose(FailedRule), "")
    yield 'They are there if the recipe says `reasons = "all"`, or `build` is told `--all-reasons`.'
    yield "What harvest lost was not measured further: it has no rows."
    yield from _columns(FailedRule)


def manifest_page() -> Iterator[str]:
    """Yield the lines of the reference of `manifest.json`."""
    yield from ("# Manifest", "", "`manifest.json` is one JSON object, its keys sorted.")
    for record in (
        Manifest,
        Input,
        Earlier,
        Parent,
        Step,
        OptOuts,
        Protocol,
        Alarm,
        Language,
        Licence,
        Shard,
        Table,
        Resource,
    ):
        yield from ("", f"## {record.__name__}", "", _prose(record), "")
        about = descriptions(record)
        rows = [
            (f"`{field.name}`", _type(types.type_info(field.type)), about.get(field.name, ""))
            for field in msgspec.structs.fields(record)
        ]
        yield from _table(("key", "type", "meaning"), rows)


def descriptions(record: type[Struct]) -> dict[str, str]:
    """Return what is written beside the fields of a record: as text below, or in their type."""
    found: dict[str, str] = {}
    for one in reversed(record.__mro__):
        if issubclass(one, Struct) and one.__module__.startswith("florilegium"):
            (body,) = ast.parse(textwrap.dedent(inspect.getsource(one))).body
            assert isinstance(body, ast.ClassDef)
            found |= _strings_below(body)
    for name, hint in get_type_hints(record, include_extras=True).items():
        if get_origin(hint) is Annotated and (about := get_args(hint)[1].description):
            found[name] = about
    return found


def _strings_below(body: ast.ClassDef) -> dict[str, str]:
    found = {}
    for before, node in zip(body.body, body.body[1:], strict=False):
        match before, node:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(about))),
            ):
                found[name] = " ".join(about.split())
    return found


def _keys(record: type[Struct]) -> Iterator[str]:
    about = descriptions(record)
    rows = [
        (f"`{f.name}`", _type(types.type_info(f.type)), _default(f), about.get(f.name, ""))
        for f in msgspec.structs.fields(record)
    ]
    return _table(("key", "type", "default", "meaning"), rows)


def _default(field: Any) -> str:  # noqa: ANN401
    if field.required:
        return "must be given"
    value = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
    if isinstance(value, Struct) or value == DEFAULTS:
        return "see below"
    if isinstance(value, int) and value >= 1 << 20 and value % (1 << 20) == 0:
        return f"`{value}` ({value >> 20} MiB)"
    return f"`{msgspec.json.encode(value).decode()}`"


def _type(kind: types.Type) -> str:
    match kind:
        case types.Metadata(type=inner):
            return _type(inner)
        case types.LiteralType(values=values):
            return " or ".join(f"`{value}`" for value in values)
        case types.VarTupleType(item_type=item):
            return f"list of {_type(item)}"
        case types.DictType(value_type=item):
            return f"table of {_type(item)}"
        case types.StructType(cls=record):
            known = record.__module__ == Manifest.__module__ or record in (Parent, Step)
            return f"[{record.__name__}](#{record.__name__.lower()})" if known else "table"
        case types.UnionType(types=kinds):
            if all(isinstance(one, types.StructType) for one in kinds):
                return "tables"
            return " or ".join(_type(one) for one in kinds)
        case types.StrType(pattern=str(pattern)):
            return f"string like `{pattern}`"
    names = {types.IntType: "integer", types.FloatType: "number", types.StrType: "string",
             types.BoolType: "true or false", types.NoneType: "null"}  # fmt: skip
    return names.get(type(kind), "any") + _bounds(kind)


def _bounds(kind: types.Type) -> str:
    low, high = getattr(kind, "ge", None), getattr(kind, "le", None)
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    return f", {low} or more" if low is not None else ""


def _columns(record: type[Struct]) -> Iterator[str]:
    rows = [
        (f"`{field.name}`", _arrow(field), (field.metadata or {})[b"description"].decode())
        for field in arrow_schema(record)
    ]
    return _table(("column", "Arrow type", "meaning"), rows)


def _arrow(field: pa.Field) -> str:
    kind = "struct of int32" if pa.types.is_struct(field.type) else str(field.type)
    return f"{kind}, may be null" if field.nullable else kind


class Expression:
    """Stands for a number while a filter reads it, and keeps how it was reckoned."""

    def __init__(self, text: str, quotient: bool = False) -> None:
        self.text, self.quotient = text, quotient

    def __truediv__(self, other: "Expression") -> "Expression":
        above, below = (f"({t})" if " " in t else t for t in (self.text, other.text))
        return Expression(f"{above} / {below}", quotient=True)

    def __sub__(self, other: "Expression") -> "Expression":
        return Expression(f"{self.text} - {other.text}")

    def __add__(self, other: int) -> "Expression":
        return Expression(f"{self.text} + {other}")

    def __lt__(self, other: float) -> bool:
        return self.quotient  # a share is below 1, the number it is a share of is not


class _Facts:
    license_class, license_tier, license_flags = "unknown", "D", 0
    lang_evidence = "heliport fra"  # contradicts, so that limits are not lifted

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name == "lang":
            return "eng_Latn"
        return _Facts() if name == "counts" else Expression(name)


def _trace(rule: Filter) -> list[Measure]:
    """Return the measures of a filter with expressions for values."""
    return list(rule.measures(_Facts()))  # type: ignore[arg-type]


def _measured(rule: AnyFilter) -> Iterator[tuple[str, ...]]:
    for one in _trace(rule):
        bounds = (f"{bound:,}" if isfinite(bound) else "" for bound in (one.low, one.high))
        value = one.value
        read_off = value.text if isinstance(value, Expression) else NUMBERED[one.rule]
        yield (f"`{one.rule}`", f"`{read_off}`", *bounds)


def _limits(rule: AnyFilter) -> Iterator[tuple[str, ...]]:
    about = descriptions(type(rule))
    for field in msgspec.structs.fields(rule):
        if isinstance(rule, Licensed) or not isinstance(field.default, int | float | None):
            yield f"`{field.name}`", _default(field), about.get(field.name, "")
            continue
        marked = _trace(msgspec.structs.replace(rule, **{field.name: MARK}))
        for one in marked:
            if MARK in (one.low, one.high):
                end = "lowest" if one.low == MARK else "highest"
                default = "of the language" if field.default is None else f"`{field.default}`"
                yield f"`{field.name}`", default, f"{end} `{one.rule}` allowed"


def _tag(rule: Filter) -> str:
    return str(rule.__struct_config__.tag)


def _prose(thing: type) -> str:
    return inspect.getdoc(thing) or ""


def _fenced(text: str) -> tuple[str, ...]:
    return ("```text", *(line.rstrip() for line in text.splitlines()), "```")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for row in (head, ("---",) * len(head), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


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
