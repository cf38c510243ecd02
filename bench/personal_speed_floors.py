"""A suite of floors: how fast personal data is found and masked, on texts of the repository alone.

The demonstration's pages, a planted sentence in every seventh or so, are found and masked in a few
rounds, of which the best counts: what else the machine does can only slow it down. Bounds are
absolute, with a margin for slow machines; `make bench-personal` holds the ratio to the peer. Takes
some ten seconds.
"""

from hashlib import sha256
from importlib import resources
from pathlib import Path

from floors import Identity
from personal_planted import SENTENCES
from personal_speed import HOSTILE, our_speed, planted_in, seconds
from selectolax.lexbor import LexborHTMLParser

ROUNDS = 7
TIMES = 3
SHORT, LONG = 4_000, 40_000


def missing(data: Path) -> str | None:
    """Return nothing: the texts are part of the code."""
    return None


def identity(data: Path) -> dict[str, Identity]:
    """Return the digest of the sentences."""
    digest = sha256(SENTENCES.read_bytes()).hexdigest()
    return {"sentences": Identity(digest, "hold the floors on the new ones with --raise")}


def measure(data: Path) -> dict[str, float]:
    """Return megabytes a second of one core, and how a character's cost grows with the text."""
    texts = planted_in(_texts() * TIMES)
    return {
        "MB a second": max(our_speed(texts) for _ in range(ROUNDS)),
        "cost of a character at ten times as many": max(map(_growth, HOSTILE)),
    }


def _growth(piece: str) -> float:
    """Return the cost of a character of a long text over that of a short one of a ms or more."""
    short, long = (seconds(piece, size) for size in (SHORT, LONG))
    return long / LONG / (max(short, 0.001) / SHORT)


def _texts() -> list[str]:
    pages = resources.files("florilegium.pipelines") / "demo"
    found = []
    for page in sorted(pages.iterdir(), key=lambda page: page.name):
        if page.name.endswith(".html"):
            tree = LexborHTMLParser(page.read_bytes())
            tree.strip_tags(["script", "style"])
            if tree.body is not None:
                found.append(tree.body.text(separator="\n"))
    return found
