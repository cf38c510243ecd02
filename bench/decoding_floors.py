"""What the floors of decoding and metadata are held against: see docs/decisions/0013."""

import hashlib
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from decoding import DECLARED, UNDECLARED, Tally, planted
from decoding_samples import Sample, from_pages, from_texts, own_texts, pages_in
from floors import Identity
from page_metadata import pages, times_the_parse

from florilegium.pipelines.pages.detection import digest

FOLDER = "warc"
PAGES_OF_A_LANGUAGE = 4
PAGES_OF_A_FILE = 100


def missing(data: Path) -> str | None:
    """Return what is not there to measure on, or None."""
    index = data / FOLDER / "INDEX.tsv"
    return None if index.is_file() else f"the sample is not in {index.parent}"


def identity(data: Path) -> dict[str, Identity]:
    """Return the digests of the sample's index and of the model of letters."""
    index = hashlib.sha256((data / FOLDER / "INDEX.tsv").read_bytes()).hexdigest()
    return {
        "sample": Identity(index, "take the sample the floors are of, or --raise"),
        "model": Identity(digest(), "if it is meant to be another, --raise"),
    }


def measure(data: Path) -> dict[str, float]:
    """Return shares of pages read right, and the time of the metadata in parses of the page."""
    folder = data / FOLDER
    files = sorted(folder.glob("*.warc.gz"))
    seen, right = planted(folder / "INDEX.tsv")
    return {
        **shares("own texts", from_texts(own_texts())),
        **shares("whole pages", from_pages(pages_in(files), PAGES_OF_A_LANGUAGE)),
        "planted pages": right / seen,
        "metadata in parses": times_the_parse(
            html for file in files for html in islice(pages(file), PAGES_OF_A_FILE)
        ),
    }


def shares(name: str, samples: Iterable[Sample]) -> dict[str, float]:
    """Return the shares of samples read right when undeclared and when rightly declared."""
    tally = Tally((UNDECLARED, *DECLARED))
    for sample in samples:
        tally.read(sample)
    return {f"{way.name}, {name}": tally.share(way) or 0.0 for way in tally.ways}
