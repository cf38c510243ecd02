"""How a recipe follows from another: what its file says beside the recipe, and what that does.

All of it is on plain values. What comes out is a recipe written out, so it builds what the same
recipe would build that names no base.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from florilegium.pipelines.nested import entry, name_of
from florilegium.pipelines.spelling import nearest

Tables = dict[str, Any]
"""Values of a recipe under their keys, as TOML has them."""


class Descent(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a recipe's file says beside the recipe. It is no part of what is built.

    All but `name` is inherited. A key that the file gives comes before that of the base: tables
    are joined key by key, a list or a value stands for the whole one. Then lists are changed.
    """

    base: str = ""
    """The recipe that all keys are taken from which this one does not give: the name of a shipped
    one, or a path that begins at the folder of this file. A base may have a base."""
    description: str = ""
    """What the recipe is for, in a sentence. It is not inherited."""
    remove: dict[str, Any] = {}
    """Entries that a list loses, by their `use` or `name`, or by the value itself:
    `filters = ["lines"]`."""
    change: dict[str, Any] = {}
    """Tables by the `use` or `name` of the entry whose keys they set, as in
    `[change.filters.repetition]`."""
    add: dict[str, Any] = {}
    """Lists of what comes after the entries that are there, as in `[[add.filters]]`."""


def parted(given: Tables) -> tuple[Descent, Tables]:
    """Return what a file says beside the recipe, and the recipe.

    msgspec.ValidationError if the former is not what it should be.
    """
    beside = {key: given[key] for key in Descent.__struct_fields__ if key in given}
    return msgspec.convert(beside, Descent), {k: v for k, v in given.items() if k not in beside}


def merged(base: Tables, own: Tables) -> Tables:
    """Return tables with others laid over them: key by key, while both sides have a table."""
    found = dict(base)
    for key, value in own.items():
        below = found.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            found[key] = merged(below, value)
        else:
            found[key] = value
    return found


def edited(values: Tables, descent: Descent) -> Tables:
    """Return tables whose lists have lost, changed and gained what a file says, in this order.

    ValueError says what is not there.
    """
    values = _at_lists(values, descent.remove, "remove", _without)
    values = _at_lists(values, descent.change, "change", _changed)
    return _at_lists(values, descent.add, "add", _with)


def edits(descent: Descent) -> set[str]:
    """Return the keys at the top below which a file changes lists."""
    return {*descent.remove, *descent.change, *descent.add}


def places(values: Tables, descent: Descent) -> Iterator[tuple[str, str]]:
    """Yield where an entry of a list at the top is counted, and where the file changes it."""
    for key, wanted in descent.change.items():
        for position, one in enumerate(values.get(key) or ()):
            if isinstance(one, dict) and name_of(one) in wanted:
                yield f"$.{key}[{position}]", f"$.change.{key}.{name_of(one)}"


Act = Callable[[list[Any], Any, str], list[Any]]


def _at_lists(values: Tables, wanted: Tables, way: str, act: Act) -> Tables:
    found = dict(values)
    for key, value in wanted.items():
        here = f"{way}.{key}"
        if key not in found:
            raise ValueError(f"`{here}`: there is no {key!r}{nearest(key, sorted(found))}")
        below = found[key]
        if isinstance(below, list | tuple):
            found[key] = act(list(below), value, here)
        elif isinstance(below, dict) and isinstance(value, dict):
            found[key] = _at_lists(below, value, here, act)
        else:
            raise ValueError(f"`{here}`: {key!r} is no list; it can be given as it is")
    return found


def _without(many: list[Any], names: Any, here: str) -> list[Any]:  # noqa: ANN401
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"`{here}` is not a list of names")
    for name in names:
        known = [name_of(one) for one in many]
        if name not in known:
            raise ValueError(f"`{here}`: there is no {name!r}{nearest(name, known)}")
        many = [one for one in many if name_of(one) != name]
    return many


def _changed(many: list[Any], wanted: Any, here: str) -> list[Any]:  # noqa: ANN401
    if not isinstance(wanted, dict) or not all(isinstance(own, dict) for own in wanted.values()):
        raise ValueError(f"`{here}` is not a table for each entry that changes")
    for name, own in wanted.items():
        old = entry(many, name, f"`{here}`")
        many = [merged(one, own) if one is old else one for one in many]
    return many


def _with(many: list[Any], more: Any, here: str) -> list[Any]:  # noqa: ANN401
    if not isinstance(more, list):
        raise ValueError(f"`{here}` is not a list")
    known = [name_of(one) for one in many]
    for one in more:
        if not isinstance(one, dict) and name_of(one) in known:
            raise ValueError(f"`{here}`: {one!r} is there already")
    return [*many, *more]
