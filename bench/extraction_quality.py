"""Scores extractors on pages with known main text, side by side in one run.

    python bench/extraction_quality.py [--gold DIR] [--every N] [--json FILE]

DIR is the one the classifier is trained from (see `blocks_data.py`), so the column `blocks` is
in-sample. The column `blocks cv` is the honest one: the cross-validation by domain that the card of
the model records. Every page goes through every extractor in turn, and speed is in processor time
of the process that does the work. Readability takes part where its environment is there
(`make bench-quality`). Floors are held by `quality_floors.py`.
"""

import argparse
import json
import logging
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from blocks_data import GOLD, gold_digest, is_there, read_gold
from blocks_score import GROUPS, Score, scores
from extractors import EXTRACTORS, READABILITY, readability, run
from rich.console import Console
from rich.table import Table

from florilegium.pipelines.blocks.model import shipped_model

CARD = Path(__file__).parent.parent / "pipelines" / "blocks" / "blocks.json"


def validated() -> dict[str, Score]:
    """Return the cross-validated scores that the card of the shipped model records."""
    card = json.loads(CARD.read_text(encoding="utf-8"))
    return {group: Score(**score) for group, score in card["cross_validation"]["scores"].items()}


def show(measured: Mapping[str, Mapping[str, Score]], ms: Mapping[str, float]) -> None:
    """Print one table: a row for each group of pages, a column for each extractor."""
    table = Table(title="F1 (precision/recall)")
    table.add_column("group")
    for name in ("pages", "blocks cv", *measured):
        table.add_column("in-sample" if name == "blocks" else name, justify="right")
    honest = validated()
    for group in GROUPS:
        row = [found[group] for found in measured.values() if group in found]
        if row:
            cells = [_cell(score) for score in (honest[group], *row)]
            table.add_row(group, str(row[0].pages), *cells)
    table.add_row("ms a page", "", "", *(f"{value:.2f}" for value in ms.values()))
    table.add_row("pages/s/core", "", "", *(f"{1000 / value:.0f}" for value in ms.values()))
    Console(width=170).print(table)


def _cell(score: Score) -> str:
    return f"{score.f1:.3f} ({score.precision:.2f}/{score.recall:.2f})"


def main() -> None:
    """Run all extractors over the gold pages, print the table, and write the JSON."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--gold", type=Path, default=GOLD)
    arguments.add_argument("--every", type=int, default=1, help="take every Nth page only")
    arguments.add_argument("--json", type=Path, help="write the figures there")
    given = arguments.parse_args()
    if not is_there(given.gold):
        print(f"skipped: the pages with known main text are not in {given.gold}")
        return
    logging.disable(logging.CRITICAL)
    pages = read_gold(given.gold)[:: given.every]
    with ExitStack() as running:
        asked = dict(EXTRACTORS)
        if READABILITY.exists():
            asked["readability"] = running.enter_context(readability())
        else:
            print("readability is left out: make bench-quality installs it")
        texts, seconds = run(pages, asked)
    measured = {name: scores(pages, found) for name, found in texts.items()}
    ms = {name: 1000 * sum(each) / len(pages) for name, each in seconds.items()}
    show(measured, ms)
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
