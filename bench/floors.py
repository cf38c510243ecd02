"""Floors: what a figure must reach, kept in a committed baseline where they can only get stricter.

A section of the baseline holds the floors of one suite of measurements. *Required* floors are set
by people and are often differences between two things measured in one run. *Recorded* floors are
what exactly this model came to on exactly this data: they guard it against changes of code and
libraries, and are recorded anew when the model or the data are others.
"""

import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

BASELINE = Path(__file__).with_name("baseline.json")
_STEPS = 1_000  # recorded floors have three decimals, so that the last ones decide nothing


class FloorError(ValueError):
    """A measurement that cannot be held against the floors, or a floor that may not be set."""


class Floor(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A bound that a figure must keep: at least this much, or at most. FloorError if not one."""

    at_least: float | None = None
    at_most: float | None = None

    def __post_init__(self) -> None:
        if (self.at_least is None) == (self.at_most is None) or not math.isfinite(self.bound):
            raise FloorError("a floor has either `at_least` or `at_most`, a finite number")

    @property
    def bound(self) -> float:
        """The number that must be reached, or not be exceeded."""
        bound = self.at_most if self.at_least is None else self.at_least
        assert bound is not None
        return bound

    def holds(self, value: float) -> bool:
        """Say whether a figure keeps the bound; one that is no number does not."""
        return value >= self.bound if self.at_most is None else value <= self.bound

    def stricter(self, bound: float) -> "Floor":
        """Return the floor with this bound. FloorError if it would ask for less."""
        moved = replace(self, **{"at_least" if self.at_most is None else "at_most": bound})
        if not self.holds(bound):
            raise FloorError(f"a floor may only get stricter: {self.bound} stays, not {bound}")
        return moved

    def reached(self, value: float) -> "Floor":
        """Return the strictest floor of this kind and three decimals that a figure keeps."""
        if self.at_most is None:
            return Floor(at_least=math.floor(value * _STEPS) / _STEPS)
        return Floor(at_most=math.ceil(value * _STEPS) / _STEPS)

    def __str__(self) -> str:
        return f"at {'most' if self.at_least is None else 'least'} {self.bound:g}"


Floors = dict[str, Floor]


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """The floors of one suite, and what the recorded ones were measured on."""

    required: Floors = {}
    recorded: Floors = {}
    measured_on: dict[str, str] = {}
    """SHA-256 of data and models, by name."""


class Identity(Struct, frozen=True):
    """What a measurement is made on: its digest, and what to do if it is not the baseline's."""

    sha256: str
    remedy: str


def read(path: Path = BASELINE) -> dict[str, Section]:
    """Return the sections of a baseline. ValueError if the file is not one."""
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Section])


def write(sections: Mapping[str, Section], path: Path = BASELINE) -> None:
    """Write a baseline, a floor a line."""
    plain: dict[str, Any] = msgspec.to_builtins(sections)
    parts = []
    for name, section in plain.items():
        blocks = [
            f"    {_json(key)}: {{\n"
            + ",\n".join(f"      {_json(k)}: {_json(v)}" for k, v in group.items())
            + "\n    }"
            for key, group in section.items()
            if group
        ]
        parts.append(f"  {_json(name)}: {{\n" + ",\n".join(blocks) + "\n  }")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def _json(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    return text.replace('":', '": ') if isinstance(value, dict) else text


def strangers(section: Section, found: Mapping[str, Identity]) -> Iterator[str]:
    """Yield a sentence for each model or data that is not what the floors were recorded on."""
    for name in sorted(found.keys() | section.measured_on.keys()):
        known = section.measured_on.get(name, "none")
        if name not in found:
            yield f"{name}: the baseline has {known[:12]}, but nothing of that name is measured"
        elif found[name].sha256 != known:
            it = found[name]
            yield f"{name} is {it.sha256[:12]}, the baseline's is {known[:12]}: {it.remedy}"


def broken(floors: Mapping[str, Floor], figures: Mapping[str, float]) -> Iterator[str]:
    """Yield a sentence for each floor that does not hold, or whose figure is missing."""
    for name, floor in floors.items():
        if name not in figures:
            yield f"{name}: was not measured, but has a floor"
        elif not floor.holds(figures[name]):
            yield f"{name} is {figures[name]:.4f}, must be {floor}"


def complain(sentences: Iterable[str]) -> bool:
    """Print sentences on broken floors to standard error; return whether there were any."""
    said = [f"floor broken: {sentence}" for sentence in sentences]
    print(*said, sep="\n", end="\n" * bool(said), file=sys.stderr)
    return bool(said)


def hold(name: str, figures: Mapping[str, float]) -> bool:
    """Say which required floors of a section of the baseline are broken, and return whether any."""
    return complain(broken(read()[name].required, figures))


def unheld(section: Section, figures: Mapping[str, float]) -> Iterator[str]:
    """Yield a sentence for each figure without a floor."""
    for name in figures.keys() - section.required.keys() - section.recorded.keys():
        yield f"{name}: has no floor; --raise records one"


def raised(
    section: Section,
    found: Mapping[str, Identity],
    figures: Mapping[str, float],
    bounds: Mapping[str, float],
) -> Section:
    """Return the section with required floors at these bounds and recorded ones at the figures.

    Every floor gets stricter or stays. Only where the model or the data are others than those that
    the recorded floors are of, these are taken anew; the required ones must hold there too.
    FloorError if one does not hold, or would be lowered.
    """
    if unknown := sorted(bounds.keys() - section.required.keys()):
        raise FloorError(f"no required floor is named {', '.join(unknown)}")
    required = {
        name: floor.stricter(bounds[name]) if name in bounds else floor
        for name, floor in section.required.items()
    }
    others = any(strangers(section, found))
    gone = {name: floor for name, floor in section.recorded.items() if name not in figures}
    held = required | (gone if others else section.recorded)
    if sentences := list(broken(held, figures)):
        raise FloorError("nothing was raised: " + "; ".join(sentences))
    recorded: Floors = {}
    for name, value in figures.items():
        if name not in required:
            before = section.recorded.get(name, Floor(at_least=value))
            after = before.reached(value)
            recorded[name] = after if others or before.holds(after.bound) else before
    measured_on = {name: it.sha256 for name, it in found.items()}
    return Section(required=required, recorded=recorded, measured_on=measured_on)
