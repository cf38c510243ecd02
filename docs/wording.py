"""How references are written: what is said beside fields, types in words, tables."""

import ast
import inspect
import textwrap
from collections.abc import Collection, Iterable, Iterator
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
import pyarrow as pa
from msgspec import Struct
from msgspec import inspect as types

from florilegium.filters.catalogue import DEFAULTS
from florilegium.manifests.schema import arrow_schema


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


def default_of(field: Any) -> str:  # noqa: ANN401
    """Return the default of a field of a record, in words."""
    if field.required:
        return "must be given"
    value = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
    if value is msgspec.UNSET:
        return "none"
    if isinstance(value, Struct) or value == DEFAULTS:
        return "see below"
    if isinstance(value, int) and value >= 1 << 20 and value % (1 << 20) == 0:
        return f"`{value}` ({value >> 20} MiB)"
    return f"`{msgspec.json.encode(value).decode()}`"


def type_in_words(kind: types.Type, linked: Collection[type] = ()) -> str:
    """Return what a value may be, in words; records among those `linked` by a link."""
    match kind:
        case types.Metadata(type=inner):
            return type_in_words(inner, linked)
        case types.LiteralType(values=values):
            return " or ".join(f"`{value}`" for value in values)
        case types.VarTupleType(item_type=item):
            return f"list of {type_in_words(item, linked)}"
        case types.DictType(value_type=item):
            return f"table of {type_in_words(item, linked)}"
        case types.StructType(cls=record):
            name = record.__name__
            return f"[{name}](#{name.lower()})" if record in linked else "table"
        case types.UnionType(types=kinds):
            if all(isinstance(one, types.StructType) for one in kinds):
                return "tables"
            return " or ".join(type_in_words(one, linked) for one in kinds)
        case types.StrType(pattern=str(pattern)):
            return f"string like `{pattern}`"
    names = {types.IntType: "integer", types.FloatType: "number", types.StrType: "string",
             types.BoolType: "true or false", types.NoneType: "null"}  # fmt: skip
    return names.get(type(kind), "any") + _bounds(kind)


def _bounds(kind: types.Type) -> str:
    low, high = getattr(kind, "ge", None), getattr(kind, "le", None)
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    if (above := getattr(kind, "gt", None)) is not None:
        return f", more than {above:g}" + (f" and at most {high:g}" if high is not None else "")
    return f", {low} or more" if low is not None else ""


def columns(record: type[Struct]) -> Iterator[str]:
    """Yield a table of the Parquet columns of a record."""
    rows = [
        (f"`{field.name}`", _arrow(field), (field.metadata or {})[b"description"].decode())
        for field in arrow_schema(record)
    ]
    return table(("column", "Arrow type", "meaning"), rows)


def _arrow(field: pa.Field) -> str:
    kind = "struct of int32" if pa.types.is_struct(field.type) else str(field.type)
    return f"{kind}, may be null" if field.nullable else kind


def prose(thing: type) -> str:
    """Return what is said of a thing beside it."""
    return inspect.getdoc(thing) or ""


def fenced(text: str) -> tuple[str, ...]:
    """Return the lines of a text as it is."""
    return ("```text", *(line.rstrip() for line in text.splitlines()), "```")


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield the lines of a table."""
    for row in (head, ("---",) * len(head), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def field_rows(record: type[Struct]) -> Iterator[str]:
    """Yield a table of the fields of a record and what is written beside each."""
    about = descriptions(record)
    rows = [(f"`{name}`", about.get(name, "")) for name in record.__struct_fields__]
    return table(("field", "meaning"), rows)
