"""Measures how fast personal data is found and masked, beside the peer, on real and planted text.

    python bench/personal_speed.py FILE.parquet [--rounds 3] [--sizes 1000 10000 100000]
    python bench/personal_speed.py --curve

The file is one of personal_texts.py. `--curve` shows only how time grows with a text of hyphens,
from 1,000 to 32,000 characters, ours and the peer's, which is stopped after two minutes. The peer
is
datatrove's PIIFormatter, which finds mail and IPv4 addresses; it is measured where `make
bench-peer` has installed it, in turns with us. Seconds are those of the processor. Also prints how
time grows with texts made to stall a pattern. Exits 1 if a floor of baseline.json is broken: these
are ratios to the peer and between sizes, for seconds mean nothing on another machine.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import floors
import pyarrow as pa
import pyarrow.parquet as pq
from personal_planted import fill, sentences
from rich.console import Console
from rich.table import Table
from rich.text import Text

from florilegium.filters.personal import find, mask

ROOT = Path(__file__).parent.parent
PEER = [str(ROOT / name) for name in ("build/peer/bin/python", "bench/peer_personal.py")]
HOSTILE = (
    "-a", "9", "@", ".", "a.", "a@", "@a.", "1 ", "1.", "+1", "(", "+49 1", "DE89 ", "dead:", "1a",
    "tel 1", "PESEL 1 1 1 1 1 1 1 1 1 1 1 1 ", "a@b.cc.1", "tel. 030 901820, ", "[at]", "\\_", "é.",
)  # fmt: skip
SIZES = (1_000, 10_000, 100_000, 1_000_000)
CURVE_SIZES = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000)
PEER_SECONDS = 120
"""Limit for one size."""
PLANTED_SHARE = 0.15


def planted_in(texts: list[str]) -> list[str]:
    """Return the texts, in every seventh or so a sentence with personal data or its like."""
    chance = random.Random(0)
    lines = [line for held_out in (True, False) for line in sentences(held_out)]
    return [
        with_sentence(text, *chance.choice(lines), chance)
        if chance.random() < PLANTED_SHARE
        else text
        for text in texts
    ]


def with_sentence(text: str, lang: str, sentence: str, chance: random.Random) -> str:
    """Return a text with a sentence, its slots filled, put in somewhere."""
    place = chance.randrange(len(text) + 1)
    return f"{text[:place]} {fill(sentence, lang, chance)[0]} {text[place:]}"


def our_speed(texts: list[str]) -> float:
    """Return megabytes of UTF-8 found and masked in a second of the processor."""
    size = sum(len(text.encode()) for text in texts) / 1e6
    start = time.process_time()
    for text in texts:
        mask(text, find(text))
    return size / (time.process_time() - start)


def texts_in(file: Path) -> list[str]:
    """Return the column `text` of a Parquet file."""
    return list(pq.read_table(file, columns=["text"]).column("text").to_pylist())


def peer_speed(file: Path) -> float:
    """Return the same of the peer, the best of its rounds."""
    said = subprocess.run([*PEER, str(file)], check=True, capture_output=True, text=True).stdout
    return max(json.loads(line)["mb_per_second"] for line in said.splitlines())


def peer_seconds(piece: str, size: int) -> float | None:
    """Return what the peer takes for repeated pieces; None if it had to be stopped."""
    command = [*PEER, f"--hostile={piece}", "--sizes", str(size)]
    try:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=PEER_SECONDS
        )
    except subprocess.TimeoutExpired:
        return None
    return float(json.loads(done.stdout)["seconds"])


def seconds(piece: str, size: int, rounds: int = 3) -> float:
    """Return the least seconds of some rounds for a text of so many characters."""
    text = (piece * (size // len(piece) + 1))[:size]
    taken = []
    for _ in range(rounds if size <= 50_000 else 1):
        start = time.process_time()
        find(text)
        taken.append(time.process_time() - start)
    return min(taken)


def hostile(sizes: Sequence[int], console: Console) -> float:
    """Print seconds by piece and size; return the worst growth of a character's cost.

    That is the cost of the largest size over that of the second largest, where it can be told
    from that of anything else: at least ten milliseconds.
    """
    shown = Table(
        "repeated", *(f"{size:,}" for size in sizes), "s/MB", title="seconds for so many characters"
    )
    worst = 0.0
    for piece in HOSTILE:
        taken = [seconds(piece, size) for size in sizes]
        shown.add_row(
            Text(repr(piece)),
            *(f"{one:.4f}" for one in taken),
            f"{taken[-1] / sizes[-1] * 1e6:.2f}",
        )
        worst = max(worst, taken[-1] / sizes[-1] / (max(taken[-2], 0.01) / sizes[-2]))
    console.print(shown)
    return worst


def curve(has_peer: bool, console: Console) -> None:
    """Print how time grows with a text of hyphens, the peer's and ours in turns.

    Beside each is what it took of the size before: twice as much if time is linear.
    """
    shown = Table("characters of '-a'", "datatrove, s", "times", "ours, s", "times")
    before: list[float | None] = [None, None]
    for size in CURVE_SIZES:
        theirs = peer_seconds("-a", size) if has_peer else None
        both = theirs, seconds("-a", size, rounds=20)
        stopped = f"stopped after {PEER_SECONDS}" if has_peer else "not installed"
        cells = [f"{size:,}"]
        for one, last in zip(both, before, strict=True):
            cells.append(stopped if one is None else f"{one:.6f}")
            cells.append("" if one is None or last is None else f"{one / last:.1f}")
        shown.add_row(*cells)
        before = list(both)
    console.print(shown)


def main() -> None:
    """Measure, show, and hold the ratios against their floors."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="of texts to stall it")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--curve", action="store_true", help="show how time grows, and no more")
    given = parser.parse_args()
    console = Console(highlight=False)
    has_peer = Path(PEER[0]).exists()
    if given.curve:
        curve(has_peer, console)
        return
    if given.file is None:
        parser.error("name the file of texts")
    figures: dict[str, float] = {}
    shown = Table("text", "MB", "ours, MB/s", "datatrove, MB/s", "times as fast")
    with tempfile.TemporaryDirectory() as folder:
        real = texts_in(given.file)
        sides = {"real": real, "planted": planted_in(real)}
        for name, texts in sides.items():
            file = Path(folder, f"{name}.parquet")
            pq.write_table(pa.table({"text": pa.array(texts, pa.large_string())}), file)
            our_speed(texts)  # fills the tables of the automaton
            rounds = [
                (our_speed(texts), peer_speed(file) if has_peer else float("nan"))
                for _ in range(given.rounds)
            ]
            ours, theirs = (statistics.median(side) for side in zip(*rounds, strict=True))
            size = sum(len(text.encode()) for text in texts) / 1e6
            values = (f"{size:.1f}", f"{ours:.0f}", f"{theirs:.1f}", f"{ours / theirs:.1f}")
            shown.add_row(name, *values)
            if has_peer:
                figures[f"times as fast as datatrove, {name} text"] = ours / theirs
    console.print(shown)
    figures["cost of a character at ten times as many"] = hostile(given.sizes, console)
    curve(has_peer, console)
    required = floors.read()["personal data, speed"].required
    measured = {name: floor for name, floor in required.items() if name in figures}
    sentences = list(floors.broken(measured, figures))
    for sentence in sentences:
        print(f"floor broken: {sentence}", file=sys.stderr)
    sys.exit(bool(sentences))


if __name__ == "__main__":
    main()
