"""Texts to measure duplicates with: from files, or made up; and near copies planted among them."""

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from florilegium.dedup.fold import fold
from florilegium.dedup.shingles import shingles
from florilegium.dedup.signature import _buffers
from florilegium.manifests.document import Document
from florilegium.pipelines import recipe
from florilegium.pipelines.harvest.stages import Tools, harvest_page
from florilegium.pipelines.harvest.warc import read
from florilegium.pipelines.pages.page import Page, read_page

LETTERS = "eeeaaainnrrssttolldukmgpbvfhzáéíóúäöüßøåčšžłęąñç"
MENU = "Startseite Kontakt Impressum Datenschutz Suche Anmelden Warenkorb Newsletter abonnieren"
EDITS = (0.003, 0.006, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12)


def texts_of(paths: Iterable[Path]) -> Iterator[str]:
    """Yield the texts in Parquet and JSON lines (`text`), in WARC files, or whole other files."""
    for path in paths:
        names = path.name.split(".")
        if path.suffix == ".parquet":
            for batch in pq.ParquetFile(path).iter_batches(columns=["text"]):
                yield from batch.column("text").to_pylist()
        elif path.suffix == ".jsonl":
            yield from (json.loads(line)["text"] for line in path.open(encoding="utf-8"))
        elif "warc" in names:
            yield from _pages(path)
        else:
            yield path.read_text(encoding="utf-8")


def _pages(warc: Path) -> Iterator[str]:
    with Tools(recipe.load("european")) as tools:
        for item in read(warc):
            page = read_page(item, warc.name)
            found = harvest_page(page, tools) if isinstance(page, Page) else page
            if isinstance(found, Document):
                yield found.text


def generated(number: int, words: int, seed: int = 0) -> Iterator[str]:
    """Yield texts of about so many words, drawn by Zipf's law from 50,000 made-up ones."""
    rng = np.random.default_rng(seed)
    letters = np.array(list(LETTERS))
    lengths = rng.integers(2, 13, 50_000)
    vocabulary = np.array(["".join(rng.choice(letters, length)) for length in lengths], object)
    weights = 1 / np.arange(3, 50_003)
    limits = np.cumsum(weights / weights.sum())
    for _ in range(number):
        size = int(words * rng.uniform(0.5, 1.5))
        drawn = np.searchsorted(limits, rng.random(size)).clip(max=49_999)
        yield " ".join(vocabulary[drawn].tolist())


def plant(originals: Sequence[str], seed: int = 0) -> tuple[list[str], list[tuple[int, int]]]:
    """Return the texts with two altered copies of each, and which pairs are original and copy.

    A copy has some words replaced, a menu around it, its end cut off, or a passage put in.
    """
    chance = random.Random(seed)
    texts: list[str] = []
    pairs = []
    for text in originals:
        texts.append(text)
        first = len(texts) - 1
        for kind in chance.sample(("edit", "edit", "wrap", "cut", "insert"), 2):
            pairs.append((first, len(texts)))
            texts.append(altered(text, kind, originals, chance))
    return texts, pairs


def altered(text: str, kind: str, others: Sequence[str], chance: random.Random) -> str:
    """Return a copy of a text, altered in one of four ways, with words of another if need be."""
    words = text.split(" ")
    if kind == "cut":
        return " ".join(words[: max(10, int(len(words) * chance.uniform(0.4, 0.98)))])
    strange = chance.choice(others).split(" ")
    some = strange[: chance.randint(5, 60)]
    if kind == "wrap":
        return "\n".join([MENU, " ".join(some), text, MENU])
    if kind == "insert":
        place = chance.randint(0, len(words))
        return " ".join(words[:place] + some + words[place:])
    share = chance.choice(EDITS)
    return " ".join(chance.choice(strange) if chance.random() < share else w for w in words)


class Sets:
    """The shingles of texts, to compare them exactly."""

    def __init__(self, texts: Sequence[str]) -> None:
        hashes, ends, _ = shingles(*fold(*_buffers(texts)))
        self._of = [np.unique(hashes[a:b]) for a, b in pairwise(ends)]

    def similarity(self, one: int, other: int) -> float:
        """Return the Jaccard similarity of two texts, 0 to 1."""
        common = np.intersect1d(self._of[one], self._of[other], assume_unique=True).size
        union = self._of[one].size + self._of[other].size - common
        return common / union if union else 1.0


def write(texts: Iterable[str], folder: Path, each: int) -> list[Path]:
    """Write texts, with numbers as ids, to Parquet files of so many documents each."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    whole = iter(texts)
    while chosen := list(islice(whole, each)):
        ids = [str(len(paths) * each + place) for place in range(len(chosen))]
        table = pa.table({"id": ids, "text": pa.array(chosen, pa.large_string())})
        paths.append(folder / f"{len(paths):06d}.parquet")
        pq.write_table(
            table, paths[-1], compression="zstd", compression_level=1, row_group_size=1_000
        )
    return paths
