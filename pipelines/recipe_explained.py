"""What a recipe is: what it is for, what it follows from, and what it says otherwise."""

import json
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from florilegium.filters.catalogue import PROFILES
from florilegium.pipelines.nested import name_of
from florilegium.pipelines.recipe import Recipe, lineage, parse, resolved
from florilegium.pipelines.recipe_files import shipped

_PAGES = "docs/recipes"
_UNPAGED = ("demo", "monthly", "permissive")
"""Shipped recipes that follow no other project, so that nothing is to be told of them."""
_MOST = 6
"""Values of a list that a person is shown."""


class Line(Struct, frozen=True):
    """One recipe in the list of those that are shipped."""

    name: str
    description: str
    base: str
    languages: int


class Change(Struct, frozen=True):
    """A key that a recipe has otherwise than another; null on the side that has it not."""

    key: str
    """With a dot before each inner key, the entry of a list by its `use` or `name`."""
    before: Any
    after: Any


class Explanation(Struct, frozen=True):
    """A recipe against its base and against the defaults."""

    name: str
    description: str
    bases: tuple[str, ...]
    """The names or places of its bases, the nearest first."""
    page: str
    """Page in the source of florilegium that tells whose rules these are; empty if there is none.
    """
    from_base: tuple[Change, ...]
    from_defaults: tuple[Change, ...]

    @property
    def settings(self) -> dict[str, Any]:
        """All that is not a default, by key."""
        return {change.key: change.after for change in self.from_defaults}


def listed() -> list[Line]:
    """Return the recipes that come with the package, sorted by name."""
    lines = []
    for name in shipped():
        one = lineage(name)[-1]
        told = one.descent
        lines.append(Line(name, told.description, told.base, len(one.recipe.languages)))
    return lines


def explained(name_or_path: str) -> Explanation:
    """Return what a recipe is and what it says otherwise; errors are those of `recipe.load`."""
    *above, last = lineage(name_or_path)
    base = above[-1].recipe if above else None
    plain = Recipe(name=last.recipe.name, languages=(), filters=PROFILES["even"])
    paged = last.source in shipped() and last.source not in _UNPAGED
    return Explanation(
        name=last.recipe.name,
        description=last.descent.description,
        bases=tuple(one.source for one in reversed(above)),
        page=f"{_PAGES}/{last.source}.md" if paged else "",
        from_base=tuple(_changes(base, last.recipe)) if base else (),
        from_defaults=tuple(_changes(plain, last.recipe)),
    )


def told(one: Explanation) -> Iterator[str]:
    """Yield lines of an explanation for a person to read."""
    yield f"{one.name}: {one.description or 'without a description'}"
    yield f"follows from   {' -> '.join(one.bases) if one.bases else 'nothing: the defaults'}"
    if one.page:
        yield f"page           {one.page}"
    if one.bases:
        yield ""
        yield f"otherwise than {one.bases[0]}:"
        yield from _told(one.from_base)
    if len(one.bases) != 1 or one.from_base != one.from_defaults:
        yield ""
        yield "otherwise than the defaults:"
        yield from _told(one.from_defaults)


def _told(changes: tuple[Change, ...]) -> Iterator[str]:
    for change in changes:
        if change.before is None and isinstance(change.after, dict):
            yield f"  + {change.key} {_written(change.after)}"
        elif change.after is None and isinstance(change.before, dict):
            yield f"  - {change.key}"
        else:
            yield f"  {change.key} = {_written(change.after)}  (was {_written(change.before)})"
    if not changes:
        yield "  nothing"


def _changes(before: Recipe, after: Recipe) -> Iterator[Change]:
    old, new = resolved(before), resolved(after)
    for one in (old, new):
        del one["name"]
        one["languages"] = _languages(one["languages"])
    yield from _between("", old, new)


def _languages(codes: list[str]) -> list[str]:
    every = parse(b'name = "x"\nlanguages = ["european"]', "").languages
    return ["european"] if tuple(codes) == every else codes


def _between(key: str, old: Any, new: Any) -> Iterator[Change]:  # noqa: ANN401
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for inner in {**old, **new}:
            yield from _between(f"{key}.{inner}".lstrip("."), old.get(inner), new.get(inner))
    elif _tables(old) and _tables(new) and (old or new):
        yield from _of_entries(key, list(old), list(new))
    else:
        yield Change(key, old, new)


def _of_entries(key: str, old: list[Any], new: list[Any]) -> Iterator[Change]:
    names = [[name_of(one) for one in many] for many in (old, new)]
    if any(len(set(many)) < len(many) for many in names):
        yield Change(key, old, new)
        return
    before, after = (dict(zip(*pair, strict=True)) for pair in zip(names, (old, new), strict=True))
    for name, one in before.items():
        if name not in after:
            yield Change(f"{key}.{name}", one, None)
    for name, one in after.items():
        if name in before:
            yield from _between(f"{key}.{name}", before[name], one)
        else:
            yield Change(f"{key}.{name}", None, one)
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield Change(f"{key} (order)", names[0], names[1])


def _tables(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, list | tuple) and all(isinstance(one, dict) for one in value)


def _written(value: Any) -> str:  # noqa: ANN401
    """Return a value as one line of TOML, more or less: what is nothing, as such."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        inner = ", ".join(
            f"{key} = {_written(one)}"
            for key, one in value.items()
            if key not in ("use", "name") and one is not None
        )
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple) and len(value) > _MOST:
        some = ", ".join(_written(one) for one in value[:_MOST])
        return f"[{some}, and {len(value) - _MOST} more]"
    return json.dumps(value, ensure_ascii=False)
