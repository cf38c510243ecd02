"""Speed of all measures of a text, beside datatrove's four filters where the peer is installed.

    python bench/measures_speed.py [--texts FILE] [--rounds N]    FILE of bench/quality_pages.py

Processor time, everything on the same texts in the same run, by turns; medians of the rounds, of
ratios too. Without a file the texts are those of the demo, one of each language that both sides
have words for. Holds the floors of bench/baseline.json: section `measures` for all machines,
`measures beside the peer` where datatrove is in build/peer (`make bench-peer`).
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import floors
from resiliparse.extract.html2text import extract_plain_text

from florilegium.filters.measures import COMPILED, PLAIN, Kernels, customs, measure
from florilegium.filters.normalise import normalise
from florilegium.filters.scripts import dominant_script

ROOT = Path(__file__).parents[1]
PEER = ROOT / "build" / "peer" / "bin" / "python"
ORACLE = Path(__file__).with_name("datatrove_speed.py")
PAGES = ROOT / "pipelines" / "demo"
SIZE = 4_096
MOST = 240
# Languages that both sides have words for without a download.
LANGUAGES = (
    *("deu", "eng", "fra", "spa", "ita", "nld", "por", "cat", "ces", "swe", "dan", "ell", "pol"),
    *("fin", "slv", "tur", "hun", "est", "ron", "slk", "bul", "hrv"),
)

Text = tuple[str, str]


def from_file(path: Path) -> list[Text]:
    """Return clean texts of 500 to 20,000 characters, with their languages, from all of a file."""
    pages = map(json.loads, path.open(encoding="utf-8"))
    found = [(p["lang"], p["clean"]) for p in pages if p["lang"][:3] in LANGUAGES]
    found = [one for one in found if 500 < len(one[1]) < 20_000]
    return found[:: -(-len(found) // MOST)]


def written() -> Iterator[Text]:
    """Yield the prose of the demo by language, at most four kilobytes."""
    for lang in LANGUAGES:
        pages = [page.read_text(encoding="utf-8") for page in sorted(PAGES.glob(f"{lang}-*.html"))]
        text = "\n".join(extract_plain_text(page, main_content=True) for page in pages)
        whole = re.sub("\n\n+", "\n", normalise(text)).encode()[:SIZE].decode("utf-8", "ignore")
        if whole:
            yield f"{lang}_{dominant_script(whole)}", whole


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
    parts = sum(len(text.encode()) for _, text in texts) / SIZE
    rounds_: list[dict[str, float]] = []
    for _ in range(rounds):
        compiled = statistics.median(seconds(texts, COMPILED) for _ in range(9))
        plain = statistics.median(seconds(texts, PLAIN) for _ in range(3))
        comes, split = times(process) if process else (0.0, 0.0)
        rounds_.append(
            {
                "ms for 4 kB": compiled / parts * 1000,
                "ms for 4 kB without numba": plain / parts * 1000,
                "times as fast as datatrove as it comes": comes / compiled,
                "times as fast as datatrove, split": split / compiled,
                "times as fast as datatrove without numba": comes / plain,
            }
        )
    if process:
        process.communicate()
    found = {name: statistics.median(one[name] for one in rounds_) for name in rounds_[0]}
    own = {name: value for name, value in found.items() if name.startswith("ms")}
    beside = {name: value for name, value in found.items() if process and name not in own}
    return {"measures": own, "measures beside the peer": beside}


def main() -> None:
    """Print the figures beside their floors; exit 1 if one does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    texts = from_file(given.texts) if given.texts else list(written())
    size = sum(len(text.encode()) for _, text in texts) / len(texts) / 1000
    languages = len({lang for lang, _ in texts})
    print(f"{len(texts)} texts in {languages} languages, {size:.1f} kB each")
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
