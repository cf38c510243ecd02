"""Scores extractors on pages with known main text, side by side in one run.

    python bench/extraction_quality.py --gold DIR [--every N] [--json FILE]

DIR is the one the classifier is trained from (see `blocks_data.py`), so the column `blocks` is
in-sample. The column `blocks cv` is the honest one: the cross-validation by domain that the card of
the model records. Every page goes through every extractor in turn, and speed is in processor time.
"""

import argparse
import json
import logging
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import trafilatura
from blocks_data import GoldPage, gold_digest, read_gold
from blocks_score import GROUPS, Score, scores
from resiliparse.extract.html2text import extract_plain_text
from rich.console import Console
from rich.table import Table

from florilegium.pipelines.block_model import shipped_model
from florilegium.pipelines.blocks import main_text

_WARM_UP = 5  # pages before time is taken: compiled code is loaded with the first


def _trafilatura(**options: bool) -> Callable[[str], str]:
    def extract(html: str) -> str:
        return (
            trafilatura.extract(html, include_comments=False, include_tables=True, **options) or ""
        )

    return extract


EXTRACTORS: dict[str, Callable[[str], str]] = {
    "blocks": lambda html: main_text(html).text,
    "trafilatura": _trafilatura(),
    "favor_precision": _trafilatura(favor_precision=True),
    "fast": _trafilatura(fast=True),
    "resiliparse": lambda html: str(
        extract_plain_text(html, main_content=True, alt_texts=False, list_bullets=False)
    ),
}


def run(pages: list[GoldPage]) -> tuple[dict[str, list[str]], dict[str, float]]:
    """Return, for each extractor, the text of each page and the mean milliseconds a page."""
    texts: dict[str, list[str]] = {name: [] for name in EXTRACTORS}
    spent = dict.fromkeys(EXTRACTORS, 0.0)
    for page in pages[:_WARM_UP]:
        for extract in EXTRACTORS.values():
            extract(page.html)
    for page in pages:
        for name, extract in EXTRACTORS.items():
            begun = time.process_time()
            texts[name].append(extract(page.html))
            spent[name] += time.process_time() - begun
    return texts, {name: 1000 * seconds / len(pages) for name, seconds in spent.items()}


def card() -> dict[str, dict[str, float]]:
    """Return the cross-validated scores the card of the shipped model records."""
    text = resources.files("florilegium.pipelines").joinpath("blocks.json").read_text("utf-8")
    found: dict[str, dict[str, float]] = json.loads(text)["cross_validation"]["scores"]
    return found


def show(
    measured: dict[str, dict[str, Score]],
    validated: dict[str, dict[str, float]],
    ms: dict[str, float],
) -> None:
    """Print one table: a row for each group of pages, a column for each extractor."""
    table = Table(title="F1 (precision/recall)")
    table.add_column("group")
    table.add_column("pages", justify="right")
    table.add_column("blocks cv", justify="right")
    for name in measured:
        table.add_column("in-sample" if name == "blocks" else name, justify="right")
    for group in GROUPS:
        row = [found[group] for found in measured.values() if group in found]
        if row:
            known = validated.get(group)
            cell = _cell(Score(**known)) if known else "-"  # type: ignore[arg-type]
            table.add_row(group, str(row[0].pages), cell, *map(_cell, row))
    table.add_row("ms a page", "", "", *(f"{value:.2f}" for value in ms.values()))
    table.add_row("pages/s/core", "", "", *(f"{1000 / value:.0f}" for value in ms.values()))
    Console(width=170).print(table)


def _cell(score: Score) -> str:
    return f"{score.f1:.3f} ({score.precision:.2f}/{score.recall:.2f})"


def main() -> None:
    """Run all extractors over the gold pages, print the table, and write the JSON."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--gold", type=Path, required=True)
    arguments.add_argument("--every", type=int, default=1, help="take every Nth page only")
    arguments.add_argument("--json", type=Path, help="write the figures there")
    given = arguments.parse_args()
    logging.disable(logging.CRITICAL)
    pages = read_gold(given.gold)[:: given.every]
    texts, ms = run(pages)
    measured = {name: scores(pages, found) for name, found in texts.items()}
    show(measured, card(), ms)
    if given.json:
        figures = {
            "gold_sha256": gold_digest(given.gold, pages),
            "model_sha256": shipped_model().digest,
            "blocks_is": "in-sample; cross-validated scores are in blocks.json",
            "milliseconds_a_page": ms,
            "scores": {
                name: {group: score._asdict() for group, score in found.items()}
                for name, found in measured.items()
            },
        }
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
