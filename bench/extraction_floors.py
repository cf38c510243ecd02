"""What the floors of extraction are held against: see docs/decisions/0015-quality-floors.md."""

import json
from collections.abc import Mapping
from pathlib import Path

from blocks_data import GoldPage, files_digest, is_there, read_gold
from blocks_score import Score, scores
from extraction_quality import CARD, validated
from extractors import BLOCKS, TRAFILATURA, run, times_as_fast
from floors import FloorError, Identity

from florilegium.pipelines.blocks.model import shipped_model

GAINS = {
    "news el+pl+ru+en": "news all",
    "articles": "articles",
    "other types": "other types",
    "segments": "segments",
}
"""Groups of pages in which the cross-validated model is compared, as `blocks_score` names them."""
SPEED_EVERY, SPEED_ROUNDS = 8, 3


def missing(data: Path) -> str | None:
    """Return what is not there to measure on, or None."""
    return None if is_there(data) else f"the pages with known main text are not in {data}"


def identity(data: Path) -> dict[str, Identity]:
    """Return the digests of the pages and of the model. FloorError if the card is another's."""
    model = shipped_model().digest
    if (stated := json.loads(CARD.read_text(encoding="utf-8"))["sha256"]) != model:
        raise FloorError(
            f"{CARD.name} is the card of model {stated[:12]}, but {model[:12]} is shipped: "
            "take both from one run of bench/train_blocks.py"
        )
    return {
        "gold": Identity(
            files_digest(data),
            "take the pages the floors are of; if others are meant, train on them "
            "(bench/train_blocks.py), then --raise",
        ),
        "model": Identity(model, "if it is meant to be another, --raise"),
    }


def measure(data: Path) -> dict[str, float]:
    """Return gains over trafilatura, how many times as fast, and the scores of the shipped model.

    A gain is F1 of the cross-validation in the card less F1 of trafilatura, run now.
    """
    pages = read_gold(data)
    texts, _ = run(pages, {"blocks": BLOCKS, "trafilatura": TRAFILATURA})
    found = {name: scores(pages, made) for name, made in texts.items()}
    return {
        **gains(validated(), found["trafilatura"]),
        "times as fast as trafilatura": speed(pages),
        **{f"in-sample {group}": score.f1 for group, score in found["blocks"].items()},
    }


def gains(validated: Mapping[str, Score], other: Mapping[str, Score]) -> dict[str, float]:
    """Return how much better F1 is in each group. FloorError if the pages are not the same."""
    found = {}
    for name, group in GAINS.items():
        if group not in validated or group not in other:
            raise FloorError(f"{group}: was not measured on both sides")
        ours, theirs = validated[group], other[group]
        if ours.pages != theirs.pages:
            raise FloorError(
                f"{group}: cross-validated on {ours.pages} pages, but there are {theirs.pages}"
            )
        found[f"gain {name}"] = ours.f1 - theirs.f1
    return found


def speed(pages: list[GoldPage]) -> float:
    """Return how many times as fast as trafilatura the model is, on some of the pages."""
    return times_as_fast(BLOCKS, TRAFILATURA, pages[::SPEED_EVERY], SPEED_ROUNDS)
