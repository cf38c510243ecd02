"""The command that trains a scorer. It returns the exit code of the program."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from florilegium.pipelines.assessment.train_quality import Card, train
from florilegium.pipelines.commands.answers import DONE, USAGE, ended, print_json, stopped


def train_quality(
    good: Sequence[str], bad: Sequence[str], out: str, field: str, output: str
) -> int:
    """Train a scorer and say how it does on what was held out."""
    try:
        card = train(good, bad, Path(out), field)
    except ValueError as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)
    if output == "json":
        print_json(card)
    for line in _told(card, out) if output == "text" else ():
        click.echo(line)
    return DONE


def _told(card: Card, out: str) -> Iterator[str]:
    held = card.held_out
    for kind in ("good", "bad"):
        yield f"{kind:<9} {card.examples[kind]:,} texts of {card.origins[kind]:,} origins"
    if held.auc is None:
        yield "held out  none of either kind: how good the model is, is not known"
    else:
        yield f"held out  {held.good:,} good and {held.bad:,} bad texts of other origins"
        yield f"AUC       {held.auc:.3f}; {held.accuracy:.1%} on the right side of 0.5"
        for limit, share in held.good_kept.items():
            kept = held.bad_kept[limit]
            yield f"limit {limit:<5} keeps {share:.1%} of the good and {kept:.1%} of the bad"
    yield ""
    yield "[[scorers]]"
    yield f'path = "{Path(out, card.model)}"'
    yield f'sha256 = "{card.sha256}"'
