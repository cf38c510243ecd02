"""Measures how many documents a core tells the language of, and the memory that takes.

    python bench/language_speed.py [--bytes 1200] [--rounds 5]

Documents are the texts of the demonstration, each repeated or cut to the same length. Of several
rounds the median counts; seconds are those of the processor.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from florilegium.filters.language import Identifier
from florilegium.filters.paragraphs import read

DOCUMENTS = 2_000
DEMO = Path(__file__).parent.parent / "pipelines" / "demo"

# What a process has, in MiB: with all that a build imports, once any compiled code has run, and
# with the models loaded and used. `VmHWM` is of this process; ru_maxrss would be of its parent.
_MEMORY = """
def size(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024
import florilegium.pipelines.build, florilegium.pipelines.harvest.harvest
from florilegium.filters import language, paragraphs, scripts
imported = size("VmRSS")
scripts.dominant_script("a")
before = size("VmRSS")
model = language.Identifier.packaged()
paragraphs.read("Ein Satz, der lang genug ist, um eine Sprache zu haben. " * 40, model)
print(imported, before, size("VmHWM"))
"""


def texts(size: int) -> Iterator[str]:
    """Yield the texts of the demonstration's pages, each of so many bytes."""
    for page in sorted(DEMO.rglob("*.html")):
        body = LexborHTMLParser(page.read_bytes()).body
        text = body.text(separator="\n", strip=True) if body else ""
        if len(text) > 200:
            repeats = -(-size // len(text.encode()))
            yield "\n".join([text] * repeats).encode()[:size].decode("utf-8", "ignore")


def a_second(work: Callable[[], object], documents: int, rounds: int) -> float:
    """Return documents for each second of the processor, the median of some rounds."""
    work()
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return documents / statistics.median(seconds)


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bytes", type=int, default=1_200)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    some = list(texts(options.bytes))
    documents = (some * -(-DOCUMENTS // len(some)))[:DOCUMENTS]
    model = Identifier.packaged()
    memory = subprocess.run(
        [sys.executable, "-c", _MEMORY], check=True, capture_output=True, text=True
    )
    imported, before, after = map(float, memory.stdout.split())
    figures = {
        "documents a second, one by one": a_second(
            lambda: [model.identify(text) for text in documents], DOCUMENTS, options.rounds
        ),
        "documents a second, together": a_second(
            lambda: list(model.identify_all(documents)), DOCUMENTS, options.rounds
        ),
        "documents a second, one by one with each paragraph": a_second(
            lambda: [read(text, model) for text in documents], DOCUMENTS, options.rounds
        ),
        "MiB of a process that has imported a build": imported,
        "MiB of compiled code at its first use": before - imported,
        "MiB of the models, at most": after - before,
    }
    print(json.dumps({name: round(value, 1) for name, value in figures.items()}, indent=1))


if __name__ == "__main__":
    main()
