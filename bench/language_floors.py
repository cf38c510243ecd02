"""What the floors of language identification are held against: see docs/decisions/0005."""

import hashlib
from pathlib import Path

from floors import Identity
from language_quality import TIERS, figures_of, judged, scores

from florilegium.filters.language import Identifier

FOLDER = "language_id"


def missing(data: Path) -> str | None:
    """Return what is not there to measure on, or None."""
    lacking = [f"{tier}.jsonl" for tier in TIERS if not _gold(data, tier).is_file()]
    return f"{', '.join(lacking)} not in {data / FOLDER}" if lacking else None


def identity(data: Path) -> dict[str, Identity]:
    """Return the digests of the gold-labelled text and of the model."""
    gold = hashlib.sha256()
    for tier in TIERS:
        gold.update(hashlib.sha256(_gold(data, tier).read_bytes()).digest())
    return {
        "gold": Identity(gold.hexdigest(), "take the text the floors are of, or --raise"),
        **{
            name: Identity(digest, "if it is meant to be another, --raise")
            for name, digest in Identifier.packaged().digests.items()
        },
    }


def measure(data: Path) -> dict[str, float]:
    """Return the figures of sentences, documents and starts of sentences."""
    found = judged(Identifier.packaged(), data / FOLDER)
    return figures_of({tier: scores(pairs) for tier, pairs in found.items()})


def _gold(data: Path, tier: str) -> Path:
    return data / FOLDER / f"{tier}.jsonl"
