"""A suite of floors: precision and recall on planted personal data, held-out sentences apart."""

from hashlib import sha256
from pathlib import Path

from floors import Identity
from personal_planted import SENTENCES, score
from personal_planted import measure as found_in


def missing(data: Path) -> str | None:
    """Return nothing: the sentences are part of the code."""
    return None


def identity(data: Path) -> dict[str, Identity]:
    """Return the digest of the sentences."""
    digest = sha256(SENTENCES.read_bytes()).hexdigest()
    return {"sentences": Identity(digest, "hold the floors on the new ones with --raise")}


def measure(data: Path) -> dict[str, float]:
    """Return precision and recall on both halves, and the least of any language held out."""
    figures = {}
    for name, held_out in (("developed on", False), ("held out", True)):
        one = score(*found_in(held_out))
        figures |= {f"{name} precision": one.precision, f"{name} recall": one.recall}
    there, found = found_in(held_out=True)
    scores = [
        score({i for i in there if i[0] == lang}, {i for i in found if i[0] == lang})
        for lang in {lang for lang, _ in there}
    ]
    return figures | {
        "worst language precision": min(one.precision for one in scores),
        "worst language recall": min(one.recall for one in scores),
    }
