"""What a mixture costs: processor time of decide without one, and of mix and decide with one.

usage: python bench/mixture.py [--rounds N] [--out FOLDER] WARC...

All inputs are harvested and compared once. Then the steps that differ are run in turn, without and
with a mixture, on one worker in this process, so that whatever else the machine does meets both.
Prints the median seconds of each step and their ratio.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from msgspec.structs import replace

from florilegium.manifests.location import remove_tree
from florilegium.pipelines import build as builds
from florilegium.pipelines.commands.answers import console_for
from florilegium.pipelines.commands.display import Display
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.mixture.settings import Domains, Mixture
from florilegium.pipelines.planning import Plan
from florilegium.pipelines.recipe import load
from florilegium.pipelines.steps import Step

MIXTURE = Mixture(
    share={"eng_Latn": 0.5},
    domains=Domains(max_whole=5),
    tokens={"default": 100_000},
    weights={"deu_Latn": 2, "eng_Latn": 1},
)
"""All that needs no scorer."""


def seconds(plan: Plan, step: Step) -> float:
    """Return the processor seconds of a step."""
    start = time.process_time()
    builds.build_step(plan, step, Embedded(), Display(console_for("json")))
    return time.process_time() - start


def main() -> None:
    """Print what the steps take."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("warcs", nargs="+", metavar="WARC")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir(), "bench-mixture"))
    asked = parser.parse_args()
    sys.argv[1:] = []  # Beam would take them for its own
    files, plain = find_files(asked.warcs), load("european")
    without = builds.plan(plain, files, asked.out)
    mixed = builds.plan(replace(plain, mixture=MIXTURE), files, asked.out)
    for step in ("harvest", "rights", "deduplicate"):
        seconds(without, step)
    taken: dict[str, list[float]] = {"decide": [], "mix": [], "decide, mixed": []}
    for number in range(asked.rounds + 1):
        remove_tree(without.bench)
        remove_tree(mixed.bench)
        found = (
            ("decide", seconds(without, "decide")),
            ("mix", seconds(mixed, "mix")),
            ("decide, mixed", seconds(mixed, "decide")),
        )
        for name, one in found if number else ():  # the first round warms up
            taken[name].append(one)
    total = sum(one.documents for kept in mixed.total().kept.values() for one in kept.values())
    before = sum(one.documents for kept in without.total().kept.values() for one in kept.values())
    print(f"{before:,} documents pass the rules, {total:,} are left by the mixture")
    for name, some in taken.items():
        print(f"{name:14} {median(some):.3f} s ({min(some):.3f} to {max(some):.3f})")
    mixing = median(taken["mix"]) + median(taken["decide, mixed"])
    print(f"with a mixture: {mixing / median(taken['decide']):.2f} times decide alone")


if __name__ == "__main__":
    main()
