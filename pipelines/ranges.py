"""Numbers of a recipe that make no sense, where a single field cannot tell."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict


def empty_ranges(tables: Iterable[tuple[str, Struct]]) -> Iterator[tuple[str, str, str]]:
    """Yield the names of limits of which the lower is above the upper, and where they are.

    A table comes with its key; `min_x` and `max_x` in it are the ends of a range.
    """
    for key, table in tables:
        limits = asdict(table)
        for low in (name for name in limits if name.startswith("min_")):
            high = f"max_{low.removeprefix('min_')}"
            if high in limits and limits[low] > limits[high]:
                yield low, high, key


def numbers(value: Any, key: str) -> Iterator[tuple[str, float]]:  # noqa: ANN401
    """Yield all numbers in plain values, and where they are."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield key, value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from numbers(one, f"{key}.{name}")
    elif isinstance(value, list | tuple):
        for place, one in enumerate(value):
            yield from numbers(one, f"{key}[{place}]")
