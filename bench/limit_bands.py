"""How limits of n-grams may differ by language: which of some ways treats the same text alike.

    python bench/limit_bands.py --tables fineweb2_european.json FILE...   of bench/quality_pages.py

The text is that of Debian's manuals, the same in many languages. It is none of what evenness is
measured on. Few of its pages repeat themselves enough to be lost, so all limits are also tried at
fractions of themselves. Uneven is the standard deviation over languages of the effect of the
language on what is lost, pages held equal, added up over the fractions; the error of a difference
is from pages drawn anew.
"""

import argparse
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from even_limits import facts_of
from language_limits import NAMES, Tables, entries_of, published

from florilegium.filters.limits import Limits, limits
from florilegium.filters.rule import share

LEAST_LANGUAGES, LEAST_PAGES = 5, 20
FRACTIONS = (0.3, 0.4, 0.5, 0.7, 1.0)
DRAWS = 60
_MANUALS = (
    re.compile(r"https?://(?:m\.)?(?P<page>debian-handbook\.info)/browse/(?P<code>[\w-]+)/(?P<rest>.+)"),
    re.compile(r"https?://(?:m\.)?www\.debian\.org/releases/(?P<page>.+)\.(?P<code>[a-z-]+)(?P<rest>\.html)"),
    re.compile(
        r"https?://(?:m\.)?www\.debian\.org/doc/manuals/(?P<page>.+?)/(?P<code>[a-z]{2}(?:-[a-z]{2})?)"
        r"/(?P<rest>.+?)(?:\.[a-z]{2}(?:-[a-z]{2})?)?\.html"
    ),
)  # fmt: skip
"""Addresses of pages that are there in several languages."""

Matrix = npt.NDArray[np.float64]


class Manuals(NamedTuple):
    """Pages by language; what is not there is not a number."""

    langs: list[str]
    shares: Matrix
    """Pages x languages x limits: what each limit bounds."""
    word_chars: Matrix
    """Pages x languages: characters for each word."""


def translated(files: Sequence[Path]) -> Iterator[tuple[str, str, str]]:
    """Yield page, language and text of manuals, those left in another language out."""
    found = []
    for line in (line for path in files for line in path.open(encoding="utf-8")):
        page = json.loads(line)
        for address in filter(None, (one.fullmatch(page["url"]) for one in _MANUALS)):
            name = f"{address['page']} {address['rest']}"
            found.append((name, address["code"], page["lang"], page["clean"]))
    votes = defaultdict(list)
    for _, code, lang, _ in found:
        votes[code].append(lang)
    for name, code, lang, text in found:
        if lang == max(sorted(set(votes[code])), key=votes[code].count):
            yield name, lang, text


def read(files: Sequence[Path]) -> Manuals:
    """Return the manuals in files, pages in few languages and languages with few pages left out."""
    pages: dict[str, dict[str, str]] = defaultdict(dict)
    for name, lang, text in translated(files):
        pages[name][lang] = text
    kept = [of for of in pages.values() if len(of) >= LEAST_LANGUAGES]
    number = Counter(lang for of in kept for lang in of)
    langs = sorted(lang for lang in number if number[lang] >= LEAST_PAGES)
    shares = np.full((len(kept), len(langs), len(NAMES)), np.nan)
    word_chars = np.full((len(kept), len(langs)), np.nan)
    for row, of in enumerate(kept):
        mine = [lang for lang in langs if lang in of]
        for lang, known in zip(mine, facts_of([of[lang] for lang in mine], mine), strict=True):
            counts, place = known.counts, langs.index(lang)
            word_chars[row, place] = math.log(counts.chars / max(1, counts.words))
            shares[row, place] = [
                share(getattr(counts, f"{name.removeprefix('max_')}_chars"), counts.chars)
                for name in NAMES.values()
            ]
    return Manuals(langs, shares, word_chars)


def effects(values: Matrix) -> Matrix:
    """Return what each language adds to values of pages x languages, the pages held equal."""
    there = ~np.isnan(values)
    filled = np.where(there, values, 0.0)
    found = np.zeros(values.shape[1])
    for _ in range(200):
        of_page = (filled - there * found).sum(1) / np.maximum(there.sum(1), 1)
        found = (filled - there * of_page[:, None]).sum(0) / np.maximum(there.sum(0), 1)
        found -= found.mean()
    return found


def unevenness(shares: Matrix, most: Matrix) -> float:
    """Return how unlike languages are treated by limits, `most`: languages x limits; see above."""
    absent = np.isnan(shares[:, :, 0])
    return float(
        sum(
            effects(np.where(absent, np.nan, (shares > part * most).any(2))).std()
            for part in FRACTIONS
        )
    )


def ways(manuals: Manuals, tables: Tables) -> dict[str, Matrix]:
    """Return limits by way to have them, languages x limits."""
    default = np.array([getattr(Limits(), name) for name in NAMES.values()])
    theirs = np.array([_published(lang, tables, default) for lang in manuals.langs])
    lengths = effects(manuals.word_chars)[:, None]
    bands = (0.25, 0.15, 0.10, 0.05)
    return {
        "one for all": np.broadcast_to(default, theirs.shape),
        **{f"published, within {b:.0%}": np.clip(theirs, default * (1 - b), default * (1 + b))
           for b in bands},
        **{f"by length of words ** -{power:g}": default * np.exp(-power * lengths)
           for power in (0.5, 1.0, 1.5)},
        "as shipped": np.array([[getattr(limits(lang), name) for name in NAMES.values()]
                                for lang in manuals.langs]),
    }  # fmt: skip


def _published(lang: str, tables: Tables, default: Matrix) -> list[float]:
    figures = dict(zip(NAMES.values(), default.tolist(), strict=True))
    for entry in entries_of(lang, tables):  # English has none
        figures |= published(entry)
    return [figures[name] for name in NAMES.values()]


def main() -> None:
    """Print how uneven each way is, and how much more so than one limit for all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tables", type=Path, required=True, help="FineWeb2's configurations")
    parser.add_argument("files", nargs="+", type=Path)
    given = parser.parse_args()
    manuals = read(given.files)
    print(f"{len(manuals.shares)} pages, {len(manuals.langs)} languages")
    tables = json.loads(given.tables.read_text(encoding="utf-8"))["languages"]
    tried = ways(manuals, tables)
    draw = np.random.default_rng(0)
    drawn = [draw.integers(0, len(manuals.shares), len(manuals.shares)) for _ in range(DRAWS)]
    base = np.array([unevenness(manuals.shares[rows], tried["one for all"]) for rows in drawn])
    for name, tried_limits in tried.items():
        more = np.array([unevenness(manuals.shares[rows], tried_limits) for rows in drawn]) - base
        print(f"{name:32} {unevenness(manuals.shares, tried_limits):.3f}   "
              f"more than one for all: {more.mean():+.3f} ± {more.std():.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
