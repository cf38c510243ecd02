"""Trains the block classifier that ships with the package, and writes its card.

    python bench/train_blocks.py --data DIR --out pipelines/blocks/

DIR holds the gold files and the WARC files the segments refer to (see `blocks_data.py`). Needs
`bench/train-requirements.txt`. Everything is seeded and trees grow on one thread, so the same data
give the same model file.
"""

import argparse
import importlib.metadata
import json
import tempfile
import time
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np
from blocks_data import FOLDS, GoldPage, gold_digest, read_gold
from blocks_labels import labels_from_segments, labels_from_teachers, labels_from_text
from blocks_score import OTHER_KINDS, Score, scores
from catboost import CatBoostClassifier, Pool
from numpy.typing import NDArray

from florilegium.pipelines.blocks.context import expect, with_context
from florilegium.pipelines.blocks.features import Features, features
from florilegium.pipelines.blocks.model import STEPS, Trees, from_bytes, to_bytes
from florilegium.pipelines.blocks.page import Page, read_page
from florilegium.pipelines.blocks.text import write

SEEDS = (1, 2, 3, 4, 5, 6)  # an ensemble each, of which the model is the mean
SHAPES = {"first": (100, 6), "second": (150, 6)}  # trees, depth
BOOSTING = {
    "learning_rate": 0.2, "loss_function": "CrossEntropy", "l2_leaf_reg": 5, "border_count": 32,
    "rsm": 0.3, "bootstrap_type": "Bernoulli", "subsample": 0.6, "thread_count": 1,
    "verbose": 0, "allow_writing_files": False,
}  # fmt: skip
PAGE_WEIGHT = 60.0
NEWS_WEIGHT = 2.5  # few pages, and in languages no other page is in
OTHER_WEIGHT = 3.0  # few pages, and unlike articles
SEGMENT_WEIGHT, SEGMENT_BONUS, TAUGHT_WEIGHT = 3.0, 0.5, 0.3
LENGTH_POWER = 0.6  # of the characters of a block in its weight

Rows = NDArray[np.float32]


class Example(NamedTuple):
    """A page with its features and what should come out."""

    gold: GoldPage
    page: Page
    found: Features
    labels: NDArray[np.float64]
    weights: NDArray[np.float64]


def example(gold: GoldPage) -> Example | None:
    """Return the page made ready, or None if no block is found on it."""
    page = read_page(gold.html)
    if page is None:
        return None
    found = features(page)
    weights = found.layout.characters**LENGTH_POWER
    weights *= PAGE_WEIGHT / weights.sum()
    if gold.text is not None:
        labels = labels_from_text(page.texts, gold.text)
        if gold.kind.startswith("news"):
            weights *= NEWS_WEIGHT
        elif gold.kind in OTHER_KINDS:
            weights *= OTHER_WEIGHT
        return Example(gold, page, found, labels, weights)
    labels = labels_from_segments(page.texts, gold)
    known = labels >= 0
    labels = np.where(known, labels, labels_from_teachers(page.texts, gold.html))
    weights = np.where(known, weights * SEGMENT_WEIGHT + SEGMENT_BONUS, weights * TAUGHT_WEIGHT)
    return Example(gold, page, found, labels, weights)


def grow(part: str, rows: list[Rows], labels: list[np.ndarray], weights: list[np.ndarray]) -> Trees:
    """Return trees for labels between 0 and 1: the mean of one ensemble for each seed."""
    columns = np.concatenate(rows, axis=1).T
    pool = Pool(columns, np.clip(np.concatenate(labels), 0, 1), weight=np.concatenate(weights))
    count, depth = SHAPES[part]
    return _mean([_read(_fitted(pool, seed, count, depth), count, depth) for seed in SEEDS])


def _fitted(pool: Pool, seed: int, count: int, depth: int) -> dict:  # type: ignore[type-arg]
    model = CatBoostClassifier(iterations=count, depth=depth, random_seed=seed, **BOOSTING)
    model.fit(pool)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.json")
        model.save_model(str(path), format="json")
        found: dict = json.loads(path.read_text())  # type: ignore[type-arg]
    return found


class _Ensemble(NamedTuple):
    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    leaf: NDArray[np.float64]
    bias: float


def _read(model: dict, count: int, depth: int) -> _Ensemble:  # type: ignore[type-arg]
    known = model["features_info"]["float_features"]
    place = {
        known_as["feature_index"]: known_as.get("flat_feature_index", known_as["feature_index"])
        for known_as in known
    }
    scale, bias = model["scale_and_bias"]
    feature = np.zeros((count, depth), np.int32)
    threshold = np.full((count, depth), np.inf, np.float32)  # no question: always no
    leaf = np.zeros((count, 1 << depth))
    for number, tree in enumerate(model["oblivious_trees"]):
        for level, split in enumerate(tree["splits"] or ()):
            feature[number, level] = place[split["float_feature_index"]]
            threshold[number, level] = split["border"]
        values = np.array(tree["leaf_values"]) * scale
        leaf[number, : len(values)] = values
    return _Ensemble(feature, threshold, leaf, float(bias[0] if isinstance(bias, list) else bias))


def _mean(ensembles: list[_Ensemble]) -> Trees:
    """Return all trees as one ensemble whose log odds are the mean of those of the ensembles."""
    feature, threshold, leaf, bias = zip(*ensembles, strict=True)
    return Trees(
        np.concatenate(feature),
        np.concatenate(threshold),
        np.round(np.concatenate(leaf) * (STEPS / len(ensembles))).astype(np.int16),
        fmean(bias),
    )


def grow_from(part: str, examples: list[Example], rows: list[Rows], chosen: list[int]) -> Trees:
    """Return trees for the blocks of the chosen pages."""
    return grow(
        part,
        [rows[at] for at in chosen],
        [examples[at].labels for at in chosen],
        [examples[at].weights for at in chosen],
    )


def out_of_fold(part: str, examples: list[Example], rows: list[Rows]) -> list[NDArray[np.float64]]:
    """Return for each page what trees grown without its fold say of its blocks."""
    answers: list[NDArray[np.float64]] = [np.zeros(0)] * len(examples)
    for fold in range(FOLDS):
        chosen = [at for at, one in enumerate(examples) if one.gold.fold != fold]
        trees = grow_from(part, examples, rows, chosen)
        for at, one in enumerate(examples):
            if one.gold.fold == fold:
                answers[at] = trees.probability(rows[at])
        print(f"{part}: fold {fold + 1} of {FOLDS}, {time.process_time():.0f} s", flush=True)
    return answers


def text_of(one: Example, likely: NDArray[np.float64]) -> str:
    """Return the text chosen by these probabilities."""
    return write(one.page, likely >= expect(likely, one.found.layout.characters).limit)


def train(examples: list[Example]) -> tuple[bytes, dict[str, str]]:
    """Return the model file, and by page name the text that models without its domain find."""
    everything = list(range(len(examples)))
    plain = [one.found.rows for one in examples]
    first = out_of_fold("first", examples, plain)
    rows = [with_context(one.found, likely) for one, likely in zip(examples, first, strict=True)]
    second = out_of_fold("second", examples, rows)
    texts = {
        one.gold.name: text_of(one, likely) for one, likely in zip(examples, second, strict=True)
    }
    parts = {
        "first": grow_from("first", examples, plain, everything),
        "second": grow_from("second", examples, rows, everything),
    }
    return to_bytes(parts, examples[0].found.names), texts


def card(model: bytes, data: str, examples: list[Example], measured: dict[str, Score]) -> str:
    """Return the card of a model as JSON."""
    return json.dumps(
        {
            "model": "blocks.npz",
            "sha256": from_bytes(model).digest,
            "bytes": len(model),
            "trained_by": "bench/train_blocks.py",
            "data_sha256": data,
            "pages": len(examples),
            "blocks": sum(len(one.page.blocks) for one in examples),
            "features": len(examples[0].found.names),
            "trees_and_depth": SHAPES,
            "seeds": SEEDS,
            "boosting": BOOSTING,
            "versions": {
                name: importlib.metadata.version(name)
                for name in ("catboost", "numpy", "selectolax", "trafilatura")
            },
            "cross_validation": {
                "folds": FOLDS,
                "by": "domain",
                "measure": "F1 of 4-shingles (segments: F1 of segments)",
                "scores": {
                    group: {name: round(value, 4) for name, value in score._asdict().items()}
                    for group, score in measured.items()
                },
            },
            "languages": "Full texts in Greek, Polish, Russian and English, segments mostly in "
            "German. No feature knows a language; others are unmeasured.",
        },
        indent=2,
    )


def main() -> None:
    """Train, print the cross-validation, and write model and card."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--texts", type=Path, help="write the out-of-fold texts there as JSON")
    given = arguments.parse_args()
    begun = time.process_time()
    gold = read_gold(given.data)
    examples = [one for one in map(example, gold) if one is not None]
    print(f"{len(examples)} of {len(gold)} pages ready, {time.process_time() - begun:.0f} s")
    model, texts = train(examples)
    measured = scores(gold, [texts.get(page.name, "") for page in gold])
    for group, score in measured.items():
        print(
            f"{group:14} F1 {score.f1:.3f}  P {score.precision:.3f}  R {score.recall:.3f}"
            f"  of {score.pages}"
        )
    (given.out / "blocks.npz").write_bytes(model)
    text = card(model, gold_digest(given.data, gold), examples, measured)
    (given.out / "blocks.json").write_text(text + "\n", encoding="utf-8")
    if given.texts:
        given.texts.write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    print(f"{len(model)} bytes, {time.process_time() - begun:.0f} s of processor time")


if __name__ == "__main__":
    main()
