"""Speed of all measures of a text, beside datatrove's four filters where the peer is installed.

    python bench/measures_speed.py [--texts FILE] [--rounds N]    FILE of bench/quality_pages.py

Processor time, everything on the same texts in the same run, by turns; medians. Without a file the
texts are of the tests' own paragraphs. Holds the floors of bench/baseline.json: section `measures`
for all machines, `measures beside the peer` where datatrove is in build/peer (`make bench-peer`).
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import floors

from florilegium.filters.measures import COMPILED, PLAIN, Kernels, customs, measure

ROOT = Path(__file__).parents[1]
PEER = ROOT / "build" / "peer" / "bin" / "python"
ORACLE = Path(__file__).with_name("datatrove_speed.py")
PARAGRAPHS = ROOT / "tests" / "data" / "paragraphs.toml"
SIZE = 4_096
MOST = 240
# Languages that both sides have words for without a download.
LANGUAGES = (
    *("deu", "eng", "fra", "spa", "ita", "nld", "por", "cat", "ces", "swe", "dan", "ell", "pol"),
    *("fin", "slv", "tur", "hun", "est", "ron", "slk", "bul", "hrv"),
)

Text = tuple[str, str]


def from_file(path: Path) -> list[Text]:
    """Return clean texts of 500 to 20,000 characters, with their languages."""
    pages = map(json.loads, path.open(encoding="utf-8"))
    found = [(p["lang"], p["clean"]) for p in pages if p["lang"][:3] in LANGUAGES]
    return [one for one in found if 500 < len(one[1]) < 20_000][:MOST]


def written() -> Iterator[Text]:
    """Yield texts of four kilobytes: sentences of the tests' paragraphs, no two in one order."""
    good = tomllib.loads(PARAGRAPHS.read_text(encoding="utf-8"))["good"]
    for lang, text in good.items():
        if lang[:3] in LANGUAGES:
            words = text.split()
            steps = (step for step in range(1, len(words)) if len(words) % step)
            lines = (" ".join(words[::step] + words[1::step]) + "." for step in steps)
            whole = "\n".join(lines).encode()[:SIZE].decode("utf-8", "ignore")
            yield lang, whole


def seconds(texts: Sequence[Text], kernels: Kernels) -> float:
    """Return the processor seconds of all measures."""
    languages = [customs(lang) for lang, _ in texts]
    strings = [text for _, text in texts]
    start = time.process_time()
    measure(strings, languages, kernels)
    return time.process_time() - start


def peer(texts: Sequence[Text]) -> subprocess.Popen[str]:
    """Return datatrove, ready to be timed on the texts."""
    process = subprocess.Popen(
        [PEER, ORACLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    for lang, text in texts:
        process.stdin.write(json.dumps({"language": lang[:3], "text": text}) + "\n")
    return process


def times(process: subprocess.Popen[str]) -> tuple[float, float]:
    """Return datatrove's seconds as it comes, and with plain splitting."""
    assert process.stdin
    assert process.stdout
    process.stdin.write("go\n")
    process.stdin.flush()
    one, two = map(float, process.stdout.readline().split())
    return one, two


def measured(texts: Sequence[Text], rounds: int) -> dict[str, dict[str, float]]:
    """Return the figures of both sections of the baseline; the second is empty without the peer."""
    for kernels in (COMPILED, PLAIN):
        seconds(texts[:2], kernels)
    process = peer(texts) if PEER.exists() else None
    taken: dict[str, list[float]] = {"compiled": [], "plain": [], "comes": [], "split": []}
    for _ in range(rounds):
        taken["compiled"].append(statistics.median(seconds(texts, COMPILED) for _ in range(5)))
        taken["plain"].append(seconds(texts, PLAIN))
        if process:
            comes, split = times(process)
            taken["comes"].append(comes)
            taken["split"].append(split)
    if process:
        process.communicate()
    parts = sum(len(text.encode()) for _, text in texts) / SIZE
    took = {name: statistics.median(values or [0.0]) for name, values in taken.items()}
    own = {
        "ms for 4 kB": took["compiled"] / parts * 1000,
        "ms for 4 kB without numba": took["plain"] / parts * 1000,
    }
    if not process:
        return {"measures": own, "measures beside the peer": {}}
    beside = {
        "times as fast as datatrove as it comes": took["comes"] / took["compiled"],
        "times as fast as datatrove, split": took["split"] / took["compiled"],
        "times as fast as datatrove without numba": took["comes"] / took["plain"],
    }
    return {"measures": own, "measures beside the peer": beside}


def main() -> None:
    """Print the figures beside their floors; exit 1 if one does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    texts = from_file(given.texts) if given.texts else list(written())
    print(f"{len(texts)} texts in {len({lang for lang, _ in texts})} languages")
    sections, broken = floors.read(), []
    for name, figures in measured(texts, given.rounds).items():
        held = sections[name].required if figures else {}
        for figure, value in figures.items():
            print(f"  {figure:44} {value:9.3f}   {held.get(figure, 'no floor')}")
        broken += floors.broken(held, figures)
    for sentence in broken:
        print(f"floor broken: {sentence}", file=sys.stderr)
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
