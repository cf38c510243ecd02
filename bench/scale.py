"""Measures what a build costs by page and by document, for forecasts of large ones.

    python bench/scale.py [FOLDER]

Builds the WARC files of a folder (by default the sample's, or else the demonstration's) with one
worker: all their pages, and a quarter of them. What pages and documents cost is what the two
builds differ by, so that starting is not in it; steps after harvest are too short for that, and
what they cost includes their start. Prints tables and writes pipelines/forecast/costs.json,
which `florilegium plan` and docs/scale.md go by. Takes some minutes; wants a quiet machine.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ends
import msgspec
import pyarrow.compute as pc
import pyarrow.parquet as pq
from processes import Usage, run
from speed import FLORILEGIUM, OUT, QUARTER, ROOT, SAMPLES, WARM_EVERY, excerpt

from florilegium.manifests import funnel
from florilegium.manifests import manifest as manifests
from florilegium.pipelines.duplicates import deduplicate
from florilegium.pipelines.forecast import costs
from florilegium.pipelines.forecast.estimate import ON_REQUEST

HOME = OUT / "scale"
COSTS = ROOT / "pipelines" / "forecast" / "costs.json"
FIXED = 0.9
"""A shuffle that moves this share of all for a quarter of the pages does not go by pages."""

STAGES = {
    "rights and metadata": ("rights", "first look"),
    "extract": ("first look, child", "extract", "extract, child", "normalise"),
    "identify": ("language", "languages of paragraphs"),
    "personal": ("personal data",),
    "tokens": ("tokens",),
    "measure": ("measures",),
    "sign": ("signatures",),
    "write part": ("write part",),
}
"""Stages of harvest by what `bench/stages.py` times; the rest of harvest is `read and decode`."""

STEPS = ("deduplicate", "decide", "publish")
ASKED = """
[lines]
repeated = "cut"
[licences]
consensus = "apply"
[[word_lists]]
path = "{path}"
sha256 = "{digest}"
[mixture]
share = {{ default = 0.9 }}
domains = {{ max_whole = 100 }}
"""
"""What makes a build look at hosts and texts and draw a share; a list of one word takes no time."""
RIGHTS = """
[rights]
missing = "drop"
"""
"""What makes a build judge all documents, and lose those whose hosts say nothing."""


class Built:
    """One measured build: what it took and what came of it, numbers by name."""

    def __init__(self, warcs: Sequence[Path], name: str, recipe: str = "european") -> None:
        home = HOME / name
        command = [sys.executable, str(ROOT / "bench" / "stages.py"), "--small-slices"]
        self.usage: Usage = run(
            [*command, "--recipe", recipe, "--out", str(home), *map(str, warcs)],
            home.with_suffix(".log"),
        )
        self.said = self.usage.said
        self.manifest = manifests.read(home / "european" / "latest")
        self.work = home / "european" / "work"
        self.tables = sorted(map(str, self.work.glob("parts/*/*/documents.parquet")))
        self.numbers = self._counted() | self._on_disk() | self._seconds()

    def each(self, what: str, by: str) -> float:
        """Return how much of `what` one of `by` takes, the start included: an upper bound."""
        return self.numbers[what] / self.numbers[by]

    def _counted(self) -> dict[str, float]:
        made = self.manifest
        lost = funnel.by_rule(made.funnel)
        unread = sum(n for (at, rule), n in lost.items() if at == "read" or rule == "not_html")
        sizes = [pq.read_table(path, columns=["text_bytes"])["text_bytes"] for path in self.tables]
        return {
            "records": made.records,
            "pages": made.records - unread,
            "documents": sum(map(len, sizes)),
            "losses": made.records - sum(map(len, sizes)),
            "text_bytes": sum(pc.sum(size).as_py() or 0 for size in sizes),
            "ledgered": made.records - made.documents,
            "published_text_bytes": sum(language.text_bytes for language in made.languages),
        }

    def _on_disk(self) -> dict[str, float]:
        def size(pattern: str) -> int:
            return sum(path.stat().st_size for path in self.work.glob(pattern))

        return {
            "documents on disk": size("parts/*/*/documents.parquet"),
            "losses on disk": size("parts/*/*/losses.parquet"),
            "signatures on disk": size("parts/*/*/signatures.npy"),
            "decisions on disk": size("decisions/*/*.npy"),
            "shards on disk": sum(shard.file_bytes for shard in self.manifest.shards),
            "ledger on disk": sum(table.file_bytes for table in self.manifest.ledger),
        }

    def _seconds(self) -> dict[str, float]:
        timed = {name: found["seconds"] for name, found in self.said["stages"].items()}
        stages = {
            name: sum(timed.get(part, 0.0) for part in parts) for name, parts in STAGES.items()
        }
        return stages | self.said["steps"]


class Slope:
    """What one more page, document or byte adds, by two builds of different size."""

    def __init__(self, few: Built, all_of: Built) -> None:
        self._few, self._all = few.numbers, all_of.numbers

    def __call__(self, what: str, by: str) -> float:
        """Return what one more of `by` adds to `what`; noise makes it no less than nothing."""
        more = self._all[by] - self._few[by]
        return max(0.0, self._all[what] - self._few[what]) / more if more else 0.0

    def at_nothing(self, what: str, by: str) -> float:
        """Return how much of `what` there is without any of `by`."""
        return max(0.0, self._all[what] - self._all[by] * self(what, by))


def inputs(folder: Path | None) -> list[Path]:
    """Return the WARC files of a folder, of the sample, or else of the demonstration."""
    if folder is None and not SAMPLES.is_dir():
        folder = HOME / "demo"
        run([*FLORILEGIUM, "demo-web", str(folder)], HOME / "demo.log")
    return sorted(path for path in (folder or SAMPLES).iterdir() if ".warc" in path.name)


def measure(warcs: Sequence[Path]) -> costs.Costs:
    """Build twice and return what the builds show."""
    # The first build compiles and caches what numba runs: it is not part of a build.
    Built(excerpt(warcs[:1], WARM_EVERY, HOME / "tiny"), "warm")
    few = Built(excerpt(warcs, QUARTER, HOME / "quarter"), "few")
    whole = Built(warcs, "all")
    # Of the parts that are there, and the first also of their decisions.
    asked, judged = (Built(warcs, "all", _with(name)) for name in ("asked", "rights"))
    asked.numbers["rights"] = judged.numbers["rights"]
    slope = Slope(few, whole)
    stages = {name: 1000 * slope(name, "pages") for name in STAGES}
    rest = 1000 * slope("harvest", "pages") - sum(stages.values())
    return costs.Costs(
        measured=_measured(whole, warcs),
        stages={"read and decode": max(0.0, rest), **stages},
        steps={name: 1000 * whole.each(name, "documents") for name in STEPS}
        | {name: 1000 * asked.each(name, "documents") for name in ON_REQUEST},
        start_seconds=whole.said["imports"] + slope.at_nothing("harvest", "pages"),
        shuffles=(*_shuffles(few, whole), *_shuffles_on_request(asked, judged)),
        storage=costs.Storage(
            document=slope("documents on disk", "documents"),
            signature=slope("signatures on disk", "documents"),
            decision=slope("decisions on disk", "documents") + 4,  # of sizes.npy
            loss=slope("losses on disk", "losses"),
            published_text_byte=slope("shards on disk", "published_text_bytes"),
            ledger=slope("ledger on disk", "ledgered"),
        ),
        memory=_memory(few, whole),
        ends=costs.Ends(**ends.measure()),
    )


def _measured(whole: Built, warcs: Sequence[Path]) -> costs.Measured:
    counted = {name: int(whole.numbers[name]) for name in ("records", "pages", "documents")}
    return costs.Measured(
        machine=f"{_processor()}, {len(os.sched_getaffinity(0))} cores, "
        f"Python {platform.python_version()}",
        files=len(warcs),
        bytes=sum(warc.stat().st_size for warc in warcs),
        text_bytes=int(whole.numbers["text_bytes"]),
        published=whole.manifest.documents,
        tokens=whole.manifest.tokens,
        published_text_bytes={one.lang: one.text_bytes for one in whole.manifest.languages},
        **counted,
    )


def _processor() -> str:
    named = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return named[1].strip() if named else platform.machine()


def _shuffles(few: Built, whole: Built) -> Iterator[costs.Shuffle]:
    before = {(one["step"], one["name"]): one["bytes"] for one in few.said["shuffles"]}
    for one in whole.said["shuffles"]:
        by_unit = before.get((one["step"], one["name"]), 0) > FIXED * one["bytes"]
        number = len(whole.manifest.inputs) if by_unit else whole.numbers["documents"]
        yield costs.Shuffle(
            step=one["step"],
            name=one["name"],
            each="unit" if by_unit else "document",
            bytes=one["bytes"] / number,
            together=one["together"],
        )


def _with(name: str) -> str:
    """Return where the recipe `european` is with steps that not every build has."""
    path, words = HOME / f"{name}.toml", HOME / "words.txt"
    words.write_text("nonesuch\n")
    digest = hashlib.sha256(words.read_bytes()).hexdigest()
    more = RIGHTS if name == "rights" else ASKED.format(path=words, digest=digest)
    path.write_text((ROOT / "pipelines" / "recipes" / "european.toml").read_text() + more)
    return str(path)


def _shuffles_on_request(asked: Built, judged: Built) -> Iterator[costs.Shuffle]:
    found = [(asked, one) for one in asked.said["shuffles"] if one["step"] != "rights"]
    found += [(judged, one) for one in judged.said["shuffles"] if one["step"] == "rights"]
    for built, one in found:
        if one["step"] in ON_REQUEST:
            each = one["bytes"] / built.numbers["documents"]
            names = {name: one[name] for name in ("step", "name", "together")}
            yield costs.Shuffle(each="document", bytes=each, **names)


def _memory(few: Built, whole: Built) -> costs.Memory:
    def held(what: str) -> float:
        command = [sys.executable, str(ROOT / "bench" / "memory.py"), what, *whole.tables]
        return float(json.loads(run(command, HOME / f"memory-{what}.log").output))

    return costs.Memory(
        worker=int(held("worker")),
        harvest=int(few.said["peaks"]["harvest"] * (1 << 20) + held("part")),
        extraction=int(whole.usage.peak_children * (1 << 20)),
        publish=int(held("publish")),
        parts_a_partition=deduplicate._PARTS_A_PARTITION,
    )


def rounded(value: Any) -> Any:  # noqa: ANN401
    """Return plain values with no more digits than mean anything."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main() -> None:
    """Measure, write the constants and print them as docs/scale.md does."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path)
    folder = parser.parse_args().folder
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    found = rounded(msgspec.to_builtins(measure(inputs(folder))))
    COSTS.write_text(json.dumps(found, indent=1) + "\n")
    shutil.rmtree(HOME)
    sys.path.insert(0, str(ROOT / "docs"))
    import scaling

    print("\n".join(scaling.page()))


if __name__ == "__main__":
    main()
