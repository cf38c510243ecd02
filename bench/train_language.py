"""Trains the language model that ships with the package, and writes its card.

    python bench/train_language.py --packages DIR [--data DIR] --out filters/

Text comes from packages, fetched into a folder (`language_packages.py`), and from an optional
folder with ``train_all.jsonl.xz`` (lines ``[label, source, text]``), ``wordlists.tar.xz``
(``wl/<label>.txt``, words found in that language and hardly in any other), and the gold-labelled
``sentence.jsonl`` and ``document.jsonl``, whose passages are left out. Everything is seeded and
fastText runs on one thread, so the same data give the same model file.
"""

import argparse
import hashlib
import importlib.metadata
import json
import tempfile
from collections import Counter
from pathlib import Path

import fasttext
import language_close
from language_lines import SEED, Amounts, examples
from language_text import Text, read, sha256

TRAINING: dict[str, int | float | str] = {
    "dim": 24, "minn": 2, "maxn": 5, "bucket": 300_000, "minCount": 4, "epoch": 4, "lr": 0.8,
    "loss": "softmax", "thread": 1, "seed": SEED,
}  # fmt: skip
QUANTISING: dict[str, int | bool] = {"cutoff": 106_000, "qnorm": True, "dsub": 2, "thread": 1}


def train(
    lines: list[str], target: Path, training: dict[str, int | float | str] = TRAINING,
    quantising: dict[str, int | bool] = QUANTISING,
) -> None:  # fmt: skip
    """Train on example lines and write the quantised model."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "language.txt"
        file.write_text("".join(lines), encoding="utf-8")
        model = fasttext.train_supervised(str(file), verbose=0, **training)
        model.quantize(verbose=0, **quantising)
        model.save_model(str(target))


def train_close(text: Text, out: Path) -> dict[str, dict[str, object]]:
    """Train and write the models of close languages; return what is to be known of each."""
    found = {}
    for group in language_close.GROUPS:
        lines, model = language_close.examples(group, text), out / f"language-{group}.ftz"
        train(lines, model, language_close.TRAINING, language_close.QUANTISING)
        found[group] = about(lines, model)
    return found


def about(lines: list[str], model: Path) -> dict[str, object]:
    """Return the digest and size of a model, its labels, and how many lines taught it each."""
    counts = Counter(line.split(" ", 1)[0].removeprefix("__label__") for line in lines)
    return {
        "digest": sha256(model),
        "bytes": model.stat().st_size,
        "labels": sorted(counts),
        "lines": dict(sorted(counts.items())),
        "lines_digest": hashlib.sha256("".join(lines).encode()).hexdigest(),
    }


def main() -> None:
    """Train, quantise, and write ``language.ftz`` and ``language.json``."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--packages", type=Path, required=True, help="where packages are kept")
    parser.add_argument("--any-version", action="store_true", help="of the packages")
    parser.add_argument("--data", type=Path, help="folder of more text")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model and its card")
    options = parser.parse_args()
    text = read(options.packages, options.data, pinned=not options.any_version)
    write(text, options.out)


def write(text: Text, out: Path) -> None:
    """Train all models on a text and write them with their card."""
    lines = examples(text, Amounts())
    model = out / "language.ftz"
    train(lines, model)
    close = train_close(text, out)
    whole = {
        **about(lines, model),
        "amounts": Amounts()._asdict(),
        "training": TRAINING,
        "quantising": QUANTISING,
        "close": {
            "groups": close,
            "amounts": language_close.AMOUNTS._asdict(),
            "training": language_close.TRAINING,
            "quantising": language_close.QUANTISING,
        },
        "program": f"fasttext-community {importlib.metadata.version('fasttext-community')}",
        "data": text.record,
    }
    card = json.dumps(whole, indent=1, ensure_ascii=False)
    (out / "language.json").write_text(card + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
