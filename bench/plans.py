"""How often the margins of a plan hold what a build then has.

    python bench/plans.py FOLDER [--recipe NAME] [--times N] [--mib SIZE ...]

Builds the WARC files of a folder once, then plans the same build from samples of each size, at
other places each time. Prints, for each sample, what share of the input it was and what was
estimated as a share of what there is, with `!` where the margin does not hold it; then how many
ranges held, of totals and of single languages.
"""

import argparse
import hashlib
import tempfile
from pathlib import Path

from msgspec.structs import replace
from rich.console import Console

from florilegium.manifests import funnel
from florilegium.manifests.manifest import Manifest
from florilegium.pipelines.build import build, plan
from florilegium.pipelines.commands.display import Display
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.forecast import places
from florilegium.pipelines.forecast.forecast import Forecast, reckoned
from florilegium.pipelines.forecast.prices import PRICES
from florilegium.pipelines.forecast.sample import sample
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.harvest.stages import Tools
from florilegium.pipelines.planning import Plan
from florilegium.pipelines.recipe import load


def main() -> None:
    """Build once, plan often, compare."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--recipe", default="european")
    options.add_argument("--times", type=int, default=6)
    options.add_argument("--mib", type=float, nargs="+", default=[1.0, 4.0])
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as out, Tools(load(given.recipe)) as tools:
        planned = plan(load(given.recipe), find_files([str(given.folder)]), Path(out))
        before = [planned_from(planned, tools, mib, turn)
                  for mib in given.mib for turn in range(given.times)]  # fmt: skip
        made = build(planned, Embedded(1), Display(Console(stderr=True)))
    held = [compared(said, made) for said in before]
    for name, of in zip(("totals", "languages"), zip(*held, strict=True), strict=True):
        found = [one for each in of for one in each]
        print(f"{name}: {sum(found)} of {len(found)} ranges held")


def planned_from(planned: Plan, tools: Tools, mib: float, turn: int) -> Forecast:
    """Return what is said by a sample of so many mebibytes, at places by a number."""
    places.MIN_BYTES = int(mib * (1 << 20))
    units = [
        replace(one, fingerprint=hashlib.sha256(f"{turn}/{one.name}".encode()).hexdigest())
        for one in planned.units
    ]
    return reckoned(planned, sample(units, 0, tools), "embedded", 1, PRICES["embedded"])


def compared(said: Forecast, made: Manifest) -> tuple[list[bool], list[bool]]:
    """Print how a forecast did; return which ranges held, of totals and of languages."""
    lost = funnel.by_rule(made.funnel)
    unread = sum(number for (stage, _), number in lost.items() if stage == "read")
    true = {
        "records": made.records,
        "pages": made.records - unread - lost.get(("decode", "not_html"), 0),
        "published": made.documents,
        "tokens": made.tokens,
    }
    totals = {
        name: getattr(said.least, name) <= number <= getattr(said.most, name)
        for name, number in true.items()
    }
    languages = [
        said.least.languages[one.lang].tokens <= one.tokens <= said.most.languages[one.lang].tokens
        for one in made.languages
        if one.lang in said.estimate.languages
    ]
    shown = (
        f"{name} {getattr(said.estimate, name) / number:.2f}{'' if totals[name] else '!'}"
        for name, number in true.items()
    )
    share = f"{said.read.bytes / said.bytes:.0%}"
    print(share, *shown, f"languages {sum(languages)}/{len(languages)}", sep="  ")
    return list(totals.values()), languages


if __name__ == "__main__":
    main()
