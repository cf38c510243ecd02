"""One build in this process, its stages timed: where the processor time goes, and the memory.

    python bench/stages.py --out FOLDER [--recipe R] [--small-bounds] [--small-slices] WARC...

Prints JSON: processor seconds by stage (a stage without those it calls), processor seconds and
peak memory of each step of the build, and the bytes of each of its shuffles. `--small-bounds`
makes harvest write and publish move a sixteenth of the usual text at a time, so that a small
input fills what it may fill and then shows whether memory goes on growing. `--small-slices` lets
publish move about one document of a part to a slice, as it is where parts and shards are many.
"""

import argparse
import json
import re
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shuffles import Shuffles

from florilegium.filters.language import Identifier
from florilegium.pipelines import build
from florilegium.pipelines.cli import main as cli
from florilegium.pipelines.engines import embedded
from florilegium.pipelines.harvest import harvest, part, stages
from florilegium.pipelines.pages import extract
from florilegium.pipelines.publishing import shard_plans

STAGES: tuple[tuple[Any, str, str], ...] = (
    (harvest, "read_page", "read"),
    (stages, "sniff_html", "decode"),
    (stages, "looks_binary", "decode"),
    (stages, "decode", "decode"),
    (stages, "check_structure", "structure"),
    (stages, "signals", "rights"),
    (stages, "verdict", "rights"),
    (stages, "licence", "rights"),
    (extract.Extractor, "look", "first look"),
    (extract.Extractor, "extract", "extract"),
    (stages, "normalise", "normalise"),
    (Identifier, "identify", "language"),
    (stages, "paragraphs", "languages of paragraphs"),
    (stages, "find", "personal data"),
    (stages, "mask", "personal data"),
    (stages.TokenCounter, "count", "tokens"),
    (harvest, "measure", "measures"),
    (harvest, "sign", "signatures"),
    (harvest.PartWriter, "add", "write part"),
    (harvest.PartWriter, "commit", "write part"),
    (harvest.UnitProgress, "add", "progress"),
    (stages.Tools, "__init__", "load models"),
)
"""The functions that are timed: where each is looked up, its name there, its stage's name."""

STEPS = (
    "_harvest", "_rights", "_deduplicate", "_search", "_assess", "_decide", "_publish", "_seal"
)  # fmt: skip


class Profile:
    """Processor seconds and calls by stage, steps with seconds and peak MiB."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self.steps: dict[str, float] = {}
        self.peaks: dict[str, float] = {}
        self.shuffles = Shuffles()
        self._within: list[float] = []

    def time_stage(self, owner: Any, name: str, stage: str) -> None:  # noqa: ANN401
        """Time a function for its stage, without the timed functions that it calls."""
        function = getattr(owner, name)

        def timed(*arguments: object, **named: object) -> object:
            self._within.append(0.0)
            started = time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                taken = time.thread_time() - started
                self.add(stage, taken - self._within.pop())
                if self._within:
                    self._within[-1] += taken

        setattr(owner, name, timed)

    def time_child(self) -> None:
        """Time the extraction child: a first look apart from an extraction."""
        ask = extract.Extractor._ask

        def timed(extractor: Any, task: str, html: str) -> object:  # noqa: ANN401
            before = extractor._child
            started = _child_seconds(before)
            reply = ask(extractor, task, html)
            after = extractor._child
            taken = _child_seconds(after) - (started if after is before else 0.0)
            # A look that names an extractor found the main text as well.
            found = getattr(reply, "extractor", "")
            self.add("extract, child" if found else "first look, child", taken)
            return reply

        extract.Extractor._ask = timed  # type: ignore[assignment,method-assign]

    def time_step(self, name: str) -> None:
        """Time a step of the build, with all processes that it starts and ends."""
        function: Callable[..., object] = getattr(build, name)

        def timed(*arguments: object) -> object:
            Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
            started = _tree_seconds()
            named = arguments[1] if name == "_search" else name.removeprefix("_")
            step = self.shuffles.step = str(named)
            try:
                return function(*arguments)
            finally:
                self.steps[step] = _tree_seconds() - started
                self.peaks[step] = _peak()

        setattr(build, name, timed)

    def add(self, stage: str, seconds: float) -> None:
        """Count one call."""
        self.seconds[stage] += seconds
        self.calls[stage] += 1


def _tree_seconds() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def _child_seconds(child: Any) -> float:  # noqa: ANN401
    if child is None:
        return 0.0
    return int(Path(f"/proc/{child.pid}/schedstat").read_text().split()[0]) / 1e9


def _peak() -> float:
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def main() -> None:
    """Build under the clock and print what it showed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", required=True)
    parser.add_argument("--recipe", default="european")
    parser.add_argument("--small-bounds", action="store_true")
    parser.add_argument("--small-slices", action="store_true")
    parser.add_argument("warcs", nargs="+")
    arguments = parser.parse_args()
    if arguments.small_bounds:
        part.RUN_CHARS //= 16
        embedded.SHUFFLE_BYTES //= 16
    if arguments.small_slices:
        shard_plans.SLICE_BYTES >>= 10
    profile = Profile()
    for owner, name, stage in STAGES:
        profile.time_stage(owner, name, stage)
    profile.time_child()
    for name in STEPS:
        profile.time_step(name)
    profile.shuffles.watch()
    loaded = _tree_seconds()
    inputs = [word for path in arguments.warcs for word in ("--input", path)]
    command = ["build", arguments.recipe, *inputs, "--workers", "1", "--out", arguments.out]
    try:
        cli.main([*command, "--output", "json"])
    except SystemExit as ended:
        if ended.code:
            raise
    together = profile.shuffles.together
    print(
        json.dumps(
            {
                "imports": loaded,
                "steps": profile.steps,
                "peaks": profile.peaks,
                "shuffles": [
                    {"step": step, "name": name, "bytes": size, "together": name in together}
                    for (step, name), size in profile.shuffles.bytes.items()
                ],
                "stages": {
                    stage: {"seconds": seconds, "calls": profile.calls[stage]}
                    for stage, seconds in profile.seconds.items()
                },
            }
        )
    )


if __name__ == "__main__":
    main()
