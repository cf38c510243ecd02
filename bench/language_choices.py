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

import language_close
import language_text
from language_lines import Amounts, examples
from language_quality import scores
from train_language import QUANTISING, TRAINING, train, train_close

from florilegium.filters.language import Identifier
from florilegium.filters.language_table import LANGUAGES

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


def told(identifier: Identifier, held: dict[str, list[str]]) -> dict[str, list[tuple[str, str]]]:
    """Return (label, label told) of all items of European languages, by tier."""
    pairs: dict[str, list[tuple[str, str]]] = {}
    for tier, code, text in items(held):
        if LANGUAGES[code].european:
            pairs.setdefault(tier, []).append((code, identifier.identify(text).lang))
    return pairs


def apart(pairs: dict[str, list[tuple[str, str]]]) -> dict[str, dict[str, float]]:
    """Return the share of right labels in each group that has a second model, by tier."""
    found: dict[str, dict[str, float]] = {}
    for group, codes in language_close.GROUPS.items():
        for tier in ("sentence", "document"):
            right = [truth == label for truth, label in pairs[tier] if truth in codes]
            found.setdefault(group, {})[tier] = round(sum(right) / len(right), 4)
    return found


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
        folder = Path(scratch)
        model = folder / "language.ftz"
        train(examples(text, amounts), model, training, quantising)
        alone = told(Identifier(model), held)
        train_close(text, folder)
        both = told(Identifier.of(folder), held)
        size = sum(file.stat().st_size for file in folder.glob("*.ftz"))
    figures = {tier: scores(pairs) for tier, pairs in both.items()}
    close = {"one model": apart(alone), "two": apart(both)}
    print(json.dumps({"settings": chosen, "bytes": size, "close": close, **figures}))


if __name__ == "__main__":
    main()
