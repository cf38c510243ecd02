"""Scores ways to train the language model on text held out of the training text.

    python bench/language_choices.py --packages DIR [--data DIR] [NAME=VALUE ...]

NAME is one of `Amounts`, `TRAINING` or `QUANTISING`; what is not named is as in the packaged
model. Gold-labelled text is not looked at: every choice is made here. Prints a line of JSON.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import language_text
from language_lines import Amounts, examples
from language_quality import scores
from train_language import QUANTISING, TRAINING, train

from florilegium.filters.language import Identifier
from florilegium.filters.languages import LANGUAGES

SENTENCES, DOCUMENTS, LINES_OF_DOCUMENT = 100, 30, 5  # of each language, at most
PREFIXES = (20, 40, 80)


def items(held: dict[str, list[str]]) -> Iterator[tuple[str, str, str]]:
    """Yield (tier, label, text) of sentences, documents made of several, and their starts."""
    for code, lines in sorted(held.items()):
        lines = [line for line in lines if len(line) >= 25]
        for line in lines[:SENTENCES]:
            yield "sentence", code, line
            for size in PREFIXES:
                if len(line) > size:
                    yield f"prefix_{size}", code, line[:size]
        for place in range(min(DOCUMENTS, len(lines) // LINES_OF_DOCUMENT)):
            yield "document", code, "\n".join(lines[place::DOCUMENTS][:LINES_OF_DOCUMENT])


def judged(model: Path, held: dict[str, list[str]]) -> dict[str, dict[str, float | int]]:
    """Return the scores of a model on each tier."""
    identifier = Identifier(model)
    pairs: dict[str, list[tuple[str, str]]] = {}
    for tier, code, text in items(held):
        if LANGUAGES[code].european:
            pairs.setdefault(tier, []).append((code, identifier.identify(text).lang))
    return {tier: scores(found) for tier, found in pairs.items()}


def main() -> None:
    """Train with the given settings on what is left, and print the scores on what is held out."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--packages", type=Path, required=True, help="where packages are kept")
    parser.add_argument("--data", type=Path, help="folder of more text")
    parser.add_argument("settings", nargs="*", metavar="NAME=VALUE")
    options = parser.parse_args()
    chosen = {
        name: json.loads(value) for name, _, value in (s.partition("=") for s in options.settings)
    }
    amounts = Amounts(**{n: v for n, v in chosen.items() if n in Amounts._fields})
    training = {**TRAINING, **{n: v for n, v in chosen.items() if n in TRAINING}}
    quantising = {**QUANTISING, **{n: v for n, v in chosen.items() if n in QUANTISING}}
    text, held = language_text.held_out(language_text.read(options.packages, options.data))
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / "language.ftz"
        train(examples(text, amounts), model, training, quantising)
        print(
            json.dumps({"settings": chosen, "bytes": model.stat().st_size, **judged(model, held)})
        )


if __name__ == "__main__":
    main()
