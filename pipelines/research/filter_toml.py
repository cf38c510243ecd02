"""Filters as a recipe spells them."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from florilegium.filters.catalogue import AnyFilter

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml(filters: Iterable[AnyFilter]) -> Iterator[str]:
    """Yield the lines of filters, defaults included; what is not given is left out."""
    for rule in filters:
        yield from ("", "[[filters]]")
        plain = msgspec.to_builtins(rule)
        yield from _entries(plain)
        for name, table in plain.items():
            if isinstance(table, dict):
                yield from _table(f"filters.{_key(name)}", table)


def _table(path: str, table: dict[str, Any]) -> Iterator[str]:
    """Yield a table, and a table of its own for each that is in it; deeper ones are in a line."""
    if own := list(_entries(table)):
        yield from ("", f"[{path}]", *own)
    for name, inner in sorted(table.items()):
        if isinstance(inner, dict):
            yield from ("", f"[{path}.{_key(name)}]")
            yield from (f"{_key(key)} = {_value(value)}" for key, value in inner.items())


def _entries(table: dict[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        if value is not None and not isinstance(value, dict):
            yield f"{_key(name)} = {_value(value)}"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name)


def _value(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(k)} = {_value(v)}' for k, v in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value)  # strings, numbers and truth are spelt alike
