"""Estimates on a sample how many names of people are left in texts, which no pattern masks.

    build/names/bin/python bench/personal_names.py FILE.parquet... [--documents 50]

Runs in an environment of its own (`make bench-names`). Files have the columns `lang` and `text`:
the shards of a release, or one of personal_texts.py. For each language that an installed spaCy
model knows, the documents with the smallest SHA-256 of their text are read by it. Prints, by
language, how many names of people it takes for such, in how many documents, and megabytes a
second. Never a name. A model that sees a name where none is, or none where one is, is not
corrected: this is an estimate, at a thousandth of the speed of masking.
"""

import argparse
import hashlib
import importlib
import time
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

CODES = {"en": "eng_Latn", "fr": "fra_Latn", "es": "spa_Latn", "cs": "ces_Latn", "de": "deu_Latn"}
PERSON = ("PERSON", "PER", "persName", "P")
"""What models call a name of a person."""
MAX_CHARS = 20_000


def models() -> Iterator[tuple[str, Any]]:
    """Yield language and loaded model of each that is installed."""
    for entry in entry_points(group="spacy_models"):
        model = importlib.import_module(entry.value).load()
        if model.lang in CODES:
            yield CODES[model.lang], model


def sample(files: list[Path], documents: int) -> dict[str, list[str]]:
    """Return so many texts of each language, always the same ones of the same files."""
    texts: dict[str, set[str]] = defaultdict(set)
    for file in files:
        table = pq.read_table(file, columns=["lang", "text"], partitioning=None)
        for lang, text in zip(*(column.to_pylist() for column in table.columns), strict=True):
            texts[lang].add(text[:MAX_CHARS])
    return {
        lang: sorted(some, key=lambda text: hashlib.sha256(text.encode()).digest())[:documents]
        for lang, some in texts.items()
    }


def main() -> None:
    """Print a line a language."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--documents", type=int, default=50, help="of a language")
    given = parser.parse_args()
    texts = sample(given.files, given.documents)
    known = dict(models())
    for lang, model in sorted(known.items()):
        some = texts.get(lang, [])
        start = time.process_time()
        names = [
            sum(entity.label_ in PERSON for entity in document.ents)
            for document in model.pipe(some)
        ]
        seconds = time.process_time() - start
        size = sum(len(text.encode()) for text in some) / 1e6
        share, speed = sum(names) / max(size, 1e-9), size / max(seconds, 1e-9)
        print(
            f"{lang}  {len(some)} documents, {size:.2f} MB: {sum(names)} names in"
            f" {sum(map(bool, names))} documents, {share:.0f} a MB"
            f"  ({model.meta['name']} {model.meta['version']}, {speed:.3f} MB/s)"
        )
    for lang in sorted(texts.keys() - known.keys()):
        print(f"{lang}  {len(texts[lang])} documents: no model is installed")


if __name__ == "__main__":
    main()
