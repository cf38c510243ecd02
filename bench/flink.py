"""How a build on Flink takes to more slots: the same input on one slot and on two.

Starts clusters of its own on this machine by `deploy/flink/local.py`, one after the other, and
prints the seconds of each step by the clock. Quote it from a quiet machine only.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / "deploy" / "flink" / "local.py"
SHAPES = [(1, 1), (2, 1), (1, 2)]
STEPS = ["harvest", "deduplicate", "decide", "publish"]


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", type=Path, default=ROOT.parent / "shared" / "data" / "warc")
    parser.add_argument("--recipe", default="european")
    parser.add_argument("--rounds", type=int, default=1)
    chosen = parser.parse_args()
    print("| TaskManagers x slots | round | " + " | ".join(STEPS) + " | root |")
    print("| --- | ---: |" + " ---: |" * len(STEPS) + " --- |")
    for turn in range(chosen.rounds):
        for managers, slots in SHAPES:
            took, root = measure(managers, slots, chosen.input, chosen.recipe)
            cells = " | ".join(f"{took[step]:.1f} s" for step in STEPS)
            print(f"| {managers} x {slots} | {turn + 1} | {cells} | {root[:12]} |", flush=True)


def measure(managers: int, slots: int, source: Path, recipe: str) -> tuple[dict[str, float], str]:
    """Return the seconds of each step, and the root."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "flink")
        shape = [f"--task-managers={managers}", f"--slots={slots}"]
        local("start", home, *shape)
        try:
            # The first job of a cluster loads classes; it is not counted.
            build(source, recipe, Path(folder, "warm"), first=True)
            return build(source, recipe, Path(folder, "out"))
        finally:
            local("stop", home)


def build(
    source: Path, recipe: str, out: Path, first: bool = False
) -> tuple[dict[str, float], str]:
    """Build on the cluster at the usual address; of the first build, only one file."""
    given = sorted(source.rglob("*.warc*"))[0] if first else source
    command = [sys.executable, "-m", "florilegium.pipelines.cli.main", "build", recipe]
    command += [f"--input={given}", f"--out={out}", "--engine=flink", "--output=text"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    took = {
        step: float(found[1])
        for step in STEPS
        if (found := re.search(rf"^{step}\b.*?([\d.]+) s$", done.stdout, re.MULTILINE))
    }
    root = re.search(r"^root +(\w+)", done.stdout, re.MULTILINE)
    return took, root[1] if root else ""


def local(action: str, home: Path, *more: str) -> None:
    """Start or stop a cluster."""
    command = [sys.executable, str(LOCAL), action, f"--home={home}", *more]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
