"""Settings of nested tables, each written `KEY.KEY=VALUE`."""

from collections.abc import Sequence
from typing import Any

import msgspec

from florilegium.pipelines.spelling import nearest

_MANY = (dict, list, tuple)


def put(tables: dict[str, Any], setting: str) -> None:
    """Make a setting in tables of plain values; ValueError says what is not known.

    The value is written as in TOML; one that is no TOML is a string. Of a list of tables, a key is
    the `use` or the `name` of one.
    """
    path, equals, value = setting.partition("=")
    if not equals or not path.strip():
        raise ValueError(f"{setting!r} is no setting: write KEY.KEY=VALUE")
    _put(tables, [key.strip() for key in path.split(".")], _plain(value.strip()), setting)


def _put(into: Any, keys: list[str], value: Any, setting: str) -> None:  # noqa: ANN401
    *above, last = keys
    for key in above:
        into = _below(into, key, setting)
    if not isinstance(into, _MANY):
        raise ValueError(f"{setting}: there is nothing below {above[-1]!r} to set")
    if not isinstance(into, dict) or (
        isinstance(into.get(last), _MANY) and not isinstance(value, _MANY)
    ):
        raise ValueError(f"{setting}: {last!r} holds more than one value: name a key in it")
    into[last] = value


def _below(node: Any, key: str, setting: str) -> Any:  # noqa: ANN401
    if isinstance(node, dict):
        return node.setdefault(key, {})
    if not isinstance(node, list | tuple):
        raise ValueError(f"{setting}: there is nothing below a single value to set")
    return entry(node, key, setting)


def entry(many: Sequence[Any], name: str, said: str) -> dict[str, Any]:
    """Return the one table of a list that has the name; ValueError says which there are."""
    tables = [one for one in many if isinstance(one, dict)]
    found = [one for one in tables if name_of(one) == name]
    if len(found) == 1:
        return found[0]
    names = [name_of(one) for one in tables]
    if found:
        raise ValueError(f"{said}: {name!r} is there {len(found)} times: change the recipe")
    raise ValueError(
        f"{said}: there is no {name!r}{nearest(name, names)}; there are: {', '.join(names)}"
    )


def name_of(one: Any) -> str:  # noqa: ANN401
    """Return by what an entry of a list goes: its `use` or `name`, or what it is itself."""
    return str(one.get("use") or one.get("name")) if isinstance(one, dict) else str(one)


def _plain(value: str) -> Any:  # noqa: ANN401
    try:
        return msgspec.toml.decode(f"value = {value}")["value"]
    except (msgspec.DecodeError, KeyError, RecursionError):
        return value
