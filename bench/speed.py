"""Measures speed and memory of a build; side by side with the peer where it is installed.

    python bench/speed.py [--rounds N] [WARC...]

Prints tables, writes build/bench/speed.json, and exits 1 if a floor of baseline.json is broken.
Speed is records a second of processor time, of all processes of a build together, start-up
included: what one core does that has nothing else to do. What is measured how, and why, is in
docs/decisions/0008-benchmarks.md.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import floors
from processes import Usage, run
from rich.console import Console
from tables import show

from florilegium.pipelines.harvest.warc import Record, read

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT.parent / "shared" / "data" / "warc"
SAMPLE_NAMES = ("open-00", "open-01", "eval-00", "eval-01")
PEER = ROOT / "build" / "peer" / "bin" / "python"
OUT = ROOT / "build" / "bench"
FLORILEGIUM = (sys.executable, "-c", "from florilegium.pipelines.cli.main import main; main()")
WARM_EVERY, QUARTER = 40, 4

JOBS = {
    "read": ("read", "decode", "structure", "rights", "first look", "first look, child"),
    "extract": ("extract", "extract, child", "normalise"),
    "language": ("language", "languages of paragraphs"),
    "quality": ("measures",),
    "duplicates": ("signatures", "deduplicate"),
    "personal data": ("personal data",),
    "tokens": ("tokens",),
    "write": ("write part", "publish", "seal"),
}
"""Jobs that both builds have, and our stages and steps that do them. The peer counts no tokens."""


def inputs(given: Sequence[Path]) -> list[Path]:
    """Return the WARC files to measure with: those given, the samples, or the demonstration's."""
    if given:
        return list(given)
    samples = [SAMPLES / f"sample-{name}.warc.gz" for name in SAMPLE_NAMES]
    if all(path.exists() for path in samples):
        return samples
    folder = OUT / "demo"
    run([*FLORILEGIUM, "demo-web", str(folder)], OUT / "demo.log")
    return sorted(folder.glob("*.warc.gz"))


def pages(warc: Path) -> list[Record]:
    """Return the captured pages of a file: what is counted as a record here."""
    return [item for item in read(warc) if isinstance(item, Record) and item.kind == "response"]


def excerpt(warcs: Sequence[Path], every: int, folder: Path) -> list[Path]:
    """Write files with one in so many of the pages of each file, and return them."""
    folder.mkdir(parents=True)
    for warc in warcs:
        whole = warc.read_bytes()
        chosen = (whole[page.offset :][: page.length] for page in pages(warc)[::every])
        (folder / warc.name).write_bytes(b"".join(chosen))
    return [folder / warc.name for warc in warcs]


def build(warcs: Sequence[Path], name: str) -> tuple[Usage, dict[str, Any]]:
    """Build with one worker, as a user would; return what it took and what came out."""
    named = [word for warc in warcs for word in ("--input", str(warc))]
    place = OUT / name
    command = [*FLORILEGIUM, "build", "european", *named, "--workers", "1", "--out", str(place)]
    return _measured([*command, "--output", "json"], place)


def build_peer(warcs: Sequence[Path], name: str) -> tuple[Usage, dict[str, Any]]:
    """Let the peer build the same files; return what it took and what came out."""
    place = OUT / name
    script = str(ROOT / "bench" / "peer.py")
    return _measured([str(PEER), script, "--out", str(place), *map(str, warcs)], place)


def profile(warcs: Sequence[Path], name: str, *options: str) -> tuple[Usage, dict[str, Any]]:
    """Build with the stages timed; see bench/stages.py."""
    place = OUT / name
    script = str(ROOT / "bench" / "stages.py")
    words = [*options, "--out", str(place), *map(str, warcs)]
    return _measured([sys.executable, script, *words], place)


def _measured(command: list[str], place: Path) -> tuple[Usage, dict[str, Any]]:
    usage = run(command, place.with_suffix(".log"))
    shutil.rmtree(place)
    return usage, usage.said


def side(rounds: list[tuple[Usage, dict[str, Any]]], records: int) -> dict[str, Any]:
    """Return the medians over some rounds of one build."""

    def median(field: str) -> float:
        return float(statistics.median(getattr(usage, field) for usage, _ in rounds))

    cpu = median("cpu")
    return {
        "records_per_second_per_core": records / cpu,
        "cpu_seconds": cpu,
        "cpu_seconds_of_each_round": [usage.cpu for usage, _ in rounds],
        "wall_seconds": median("wall"),
        "peak_sum_mib": median("peak_sum"),
        "peak_largest_mib": max(median("peak_main"), median("peak_children")),
        "documents": rounds[-1][1]["documents"],
    }


def compare(warcs: Sequence[Path], records: int, rounds: int) -> dict[str, Any]:
    """Build the files in turns, ours and the peer's; return both sides and the ratio."""
    ours: list[tuple[Usage, dict[str, Any]]] = []
    peers: list[tuple[Usage, dict[str, Any]]] = []
    for number in range(rounds):
        ours.append(build(warcs, f"ours-{number}"))
        if PEER.exists():
            peers.append(build_peer(warcs, f"peer-{number}"))
    found: dict[str, Any] = {"florilegium": side(ours, records)}
    if peers:
        found["peer"] = side(peers, records) | {
            key: peers[-1][1][key] for key in ("pages", "timeouts", "stages")
        }
        found["peer_ratio"] = found["peer"]["cpu_seconds"] / found["florilegium"]["cpu_seconds"]
    return found


def memory(quarter: Sequence[Path], warcs: Sequence[Path]) -> dict[str, Any]:
    """Return the peaks for a quarter of the pages and for all, and the worst growth."""
    peaks: dict[str, list[float]] = {}
    for name, files in (("memory-quarter", quarter), ("memory-all", warcs)):
        usage, said = profile(files, name, "--small-bounds")
        for step in ("harvest", "publish"):
            peaks.setdefault(step, []).append(said["peaks"][step])
        peaks.setdefault("extraction child", []).append(usage.peak_children)
    growth = {name: 100 * (whole / part - 1) for name, (part, whole) in peaks.items()}
    return {"peaks_mib": peaks, "growth_percent": growth, "worst": max(growth.values())}


def jobs(stages: dict[str, Any], peer: dict[str, Any] | None) -> dict[str, list[float | None]]:
    """Return processor seconds by job, ours and the peer's."""
    seconds = {name: found["seconds"] for name, found in stages["stages"].items()}
    seconds |= {name: taken for name, taken in stages["steps"].items() if name != "harvest"}
    theirs = peer["stages"] if peer else {}
    return {
        job: [sum(seconds.get(name, 0.0) for name in names), theirs.get(job)]
        for job, names in JOBS.items()
    }


def broken(found: dict[str, Any]) -> list[str]:
    """Return a sentence for each floor that does not hold; what was not measured is not held."""
    required = floors.read()["speed"].required
    measured = {name: floor for name, floor in required.items() if name in found}
    return list(floors.broken(measured, found))


def measure(warcs: list[Path], rounds: int) -> dict[str, Any]:
    """Measure everything; takes minutes."""
    records = sum(len(pages(warc)) for warc in warcs)
    # The first build compiles and caches what numba runs: it is not part of a build.
    build(excerpt(warcs[:1], WARM_EVERY, OUT / "tiny"), "warm")
    found = compare(warcs, records, rounds)
    usage, stages = profile(warcs, "stages")
    grown = memory(excerpt(warcs, QUARTER, OUT / "quarter"), warcs)
    return {
        "machine": {
            "cores": len(os.sched_getaffinity(0)),
            "system": platform.platform(),
            "python": platform.python_version(),
            "florilegium": metadata.version("florilegium"),
        },
        "input": {
            "files": [warc.name for warc in warcs],
            "records": records,
            "bytes": sum(warc.stat().st_size for warc in warcs),
        },
        **found,
        "profile": {"cpu_seconds": usage.cpu, **stages},
        "jobs_cpu_seconds": jobs(stages, found.get("peer")),
        "memory": grown,
        "memory_growth_percent": grown["worst"],
    }


def main() -> None:
    """Measure, show, write, and hold the figures against the floors."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=2, help="builds of each side")
    parser.add_argument("warcs", nargs="*", type=Path)
    arguments = parser.parse_args()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    found = measure(inputs(arguments.warcs), arguments.rounds)
    (OUT / "speed.json").write_text(json.dumps(found, indent=1) + "\n")
    show(found, Console(highlight=False))
    sys.exit(floors.complain(broken(found)))


if __name__ == "__main__":
    main()
