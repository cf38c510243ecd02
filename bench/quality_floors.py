"""Holds measured quality against the floors of baseline.json; exits 1 if one is broken.

    python bench/quality_floors.py [--data DIR] [--only SUITE] [--raise [NAME=BOUND ...]]

Suites whose data are not in DIR are skipped. `--raise` sets named floors that are required to
stricter bounds, and records what the shipped models come to; it never lowers a floor. A further
suite is a module with `missing`, `identity` and `measure`, and a section of the baseline.
"""

import argparse
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import decoding_floors
import evenness
import extraction_floors
import floors
import language_floors
import personal_floors
import personal_speed_floors
from blocks_data import GOLD
from floors import FloorError, Identity, Section


class Suite(Protocol):
    """Something that is measured: what it lacks, what it is made on, and its figures by name."""

    def missing(self, data: Path) -> str | None: ...  # noqa: D102
    def identity(self, data: Path) -> dict[str, Identity]: ...  # noqa: D102
    def measure(self, data: Path) -> dict[str, float]: ...  # noqa: D102


SUITES: dict[str, Suite] = {
    "decoding": decoding_floors,
    "extraction": extraction_floors,
    "language": language_floors,
    "personal data": personal_floors,
    "personal data, quick": personal_speed_floors,
    "evenness": evenness,
}


def hold(section: Section, suite: Suite, data: Path) -> list[str]:
    """Return all that is wrong with what a suite measures, a sentence each."""
    found = suite.identity(data)
    if sentences := list(floors.strangers(section, found)):
        return sentences  # figures would be of something else
    figures = suite.measure(data)
    show(section, figures)
    held = section.required | section.recorded
    return [*floors.broken(held, figures), *floors.unheld(section, figures)]


def show(section: Section, figures: Mapping[str, float]) -> None:
    """Print the figures and their floors."""
    held = section.required | section.recorded
    for name, value in figures.items():
        print(f"  {name:32} {value:8.4f}   {held.get(name, 'no floor')}", flush=True)


def raise_floors(section: Section, suite: Suite, data: Path, bounds: dict[str, float]) -> Section:
    """Return the section with stricter floors, and print which of the recorded ones fell."""
    figures = suite.measure(data)
    made = floors.raised(section, suite.identity(data), figures, bounds)
    show(made, figures)
    for name, before in section.recorded.items():
        if name in made.recorded and not before.holds(made.recorded[name].bound):
            print(f"  taken anew: {name} was {before}, is {made.recorded[name]}")
    return made


def _bound(word: str) -> tuple[str, float]:
    name, _, bound = word.rpartition("=")
    try:
        return name, float(bound)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{word!r} is not NAME=BOUND") from None


def main() -> None:
    """Measure all suites, or one, and hold or raise their floors."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=GOLD)
    parser.add_argument("--only", choices=SUITES)
    parser.add_argument("--raise", dest="bounds", nargs="*", type=_bound, metavar="NAME=BOUND")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    sections = floors.read()
    sentences: list[str] = []
    for name in [given.only] if given.only else SUITES:
        suite, section = SUITES[name], sections.get(name, Section())
        if lacking := suite.missing(given.data):
            print(f"{name}: skipped, {lacking}")
            continue
        print(f"{name}:", flush=True)
        try:
            if given.bounds is None:
                sentences += hold(section, suite, given.data)
            else:
                made = raise_floors(section, suite, given.data, dict(given.bounds))
                floors.write(sections | {name: made})
                sections = floors.read()
        except FloorError as error:
            sentences.append(str(error))
    sys.exit(floors.complain(sentences))


if __name__ == "__main__":
    main()
