"""What filters measure, told by filters themselves: they are run on names instead of numbers."""

from collections.abc import Iterator
from math import isfinite
from typing import Any

from florilegium.filters.catalogue import DEFAULTS, ON_REQUEST, PROFILES, AnyFilter
from florilegium.filters.rule import Filter, Measure

ALL = (*DEFAULTS, *ON_REQUEST, *PROFILES["datatrove"])
"""Every filter that measures, in the order of the references."""
NUMBERED = {
    "licence_class": "license_class",
    "licence_tier": "license_tier",
    "licence_disagreement": "license_flags & 1",
    "lang_second_opinion": "lang_evidence",
}
"""Columns that a rule reads off as numbers, by the rule."""


class Expression:
    """Stands for a number while a filter reads it, and keeps how it was reckoned."""

    def __init__(self, text: str, quotient: bool = False) -> None:
        self.text, self.quotient = text, quotient

    def __truediv__(self, other: "Expression") -> "Expression":
        above, below = (
            f"({t})" if " " in t and t[0] != "(" else t for t in (self.text, other.text)
        )
        return Expression(f"{above} / {below}", quotient=True)

    def __sub__(self, other: "Expression") -> "Expression":
        return Expression(f"{self.text} - {other.text}")

    def __add__(self, other: int) -> "Expression":
        return Expression(f"{self.text} + {other}")

    def __bool__(self) -> bool:
        return not self.text.startswith("top_")  # so that the branch is shown where none repeats

    def __lt__(self, other: float) -> bool:
        return self.quotient  # a share is below 1, the number it is a share of is not


class _Facts:
    license_class, license_tier, license_flags = "unknown", "D", 0
    lang_evidence = "heliport fra"  # contradicts, so that limits are not lifted

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name == "lang":
            return "eng_Latn"
        if name.startswith("opening_"):  # which stands in for the top one
            return Expression(f"(top_{name.removeprefix('opening_')} or {name})")
        return _Facts() if name == "counts" else Expression(name)


def trace(rule: Filter) -> list[Measure]:
    """Return the measures of a filter with expressions for values."""
    return list(rule.measures(_Facts()))  # type: ignore[arg-type]


def measured(rule: AnyFilter) -> Iterator[tuple[str, str, str, str]]:
    """Yield of each rule of a filter its name, what it measures, and its bounds, in words."""
    for one in trace(rule):
        low, high = (f"{bound:,}" if isfinite(bound) else "" for bound in (one.low, one.high))
        value = one.value
        read_off = value.text if isinstance(value, Expression) else NUMBERED[one.rule]
        yield f"`{one.rule}`", f"`{read_off}`", low, high


def tag(rule: Filter) -> str:
    """Return the name by which a recipe asks for a filter."""
    return str(rule.__struct_config__.tag)
