"""Tells how sure it is that the block classifier is better than trafilatura on other pages.

    python bench/train_blocks.py --data DIR --out OUT --texts TEXTS
    python bench/blocks_bootstrap.py --gold DIR --texts TEXTS

TEXTS holds what models found that were trained without the domain of the page. Pages are drawn
again and again with repetition, the same for both (paired bootstrap, Efron and Tibshirani 1993).
"""

import argparse
import json
import logging
from pathlib import Path

import numpy as np
import trafilatura
from blocks_data import GoldPage, read_gold
from blocks_score import GROUPS, Hits, hits_of, score_of
from rich.console import Console
from rich.table import Table

_SEED = 1


def differences(
    pages: list[GoldPage], ours: list[str], theirs: list[str], draws: int
) -> dict[str, tuple[float, np.ndarray]]:
    """Return, for each group, by how much F1 is better, on all its pages and on each draw."""
    chance = np.random.default_rng(_SEED)
    both = [
        (hits_of(page, mine), hits_of(page, other))
        for page, mine, other in zip(pages, ours, theirs, strict=True)
    ]
    found: dict[str, tuple[float, np.ndarray]] = {}
    for group, kinds in GROUPS.items():
        chosen = [pair for page, pair in zip(pages, both, strict=True) if page.kind in kinds]
        if chosen:
            draw = (chance.integers(len(chosen), size=len(chosen)) for _ in range(draws))
            sampled = [_better(group, [chosen[at] for at in places]) for places in draw]
            found[group] = _better(group, chosen), np.array(sampled)
    return found


def _better(group: str, pairs: list[tuple[Hits, Hits]]) -> float:
    mine, other = zip(*pairs, strict=True)
    return score_of(group, mine).f1 - score_of(group, other).f1


def main() -> None:
    """Run trafilatura over the gold pages and print the differences."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--gold", type=Path, required=True)
    arguments.add_argument("--texts", type=Path, required=True)
    arguments.add_argument("--draws", type=int, default=1000)
    given = arguments.parse_args()
    logging.disable(logging.CRITICAL)
    pages = read_gold(given.gold)
    texts = json.loads(given.texts.read_text("utf-8"))
    ours = [texts.get(page.name, "") for page in pages]
    theirs = [
        trafilatura.extract(page.html, include_comments=False, include_tables=True) or ""
        for page in pages
    ]
    table = Table(title=f"blocks, cross-validated, minus trafilatura: F1, {given.draws} draws")
    for column in ("group", "pages", "difference", "deviation", "95 %"):
        table.add_column(column, justify="left" if column == "group" else "right")
    for group, (whole, drawn) in differences(pages, ours, theirs, given.draws).items():
        count = sum(page.kind in GROUPS[group] for page in pages)
        low, high = np.quantile(drawn, (0.025, 0.975))
        table.add_row(
            group, str(count), f"{whole:+.3f}", f"{drawn.std():.3f}", f"{low:+.3f} to {high:+.3f}"
        )
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
