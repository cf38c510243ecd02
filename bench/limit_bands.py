"""How limits may differ by language: which of some ways treats the same text alike.

    python bench/limit_bands.py --tables fineweb2_european.json FILE...   of bench/quality_pages.py

The text is that of Debian's manuals, the same in many languages. It is none of what evenness is
measured on. Few of its pages are bad enough to be lost, so all limits are also tried at fractions
or multiples of themselves. Uneven is the standard deviation over languages of the effect of the
language on what is lost, pages held equal, added up over these; the error of a difference
is from pages drawn anew.
"""

import argparse
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from even_limits import facts_of
from language_limits import NAMES, Tables, entries_of, published

from florilegium.filters.limits import Limits, limits
from florilegium.filters.rule import share
from florilegium.manifests.counts import Counts

LEAST_LANGUAGES, LEAST_PAGES = 5, 20
KINDS: dict[str, tuple[tuple[str, ...], tuple[float, ...]]] = {
    "n-grams": (tuple(NAMES.values()), (0.3, 0.4, 0.5, 0.7, 1.0)),
    "duplicate lines": (("max_duplicate_lines",), (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)),
    "ends of lines": (("min_sentence_lines",), (1.0, 2.0, 3.0, 4.0, 5.0)),
}
"""Limits, and the fractions or multiples of them that are tried."""
BANDS = (0.5, 0.25, 0.15, 0.10, 0.05)
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
    shares: dict[str, Matrix]
    """By kind of limit, pages x languages x limits: what each bounds, less than nothing if from
    below."""
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
    size = len(kept), len(langs)
    shares = {kind: np.full((*size, len(names)), np.nan) for kind, (names, _) in KINDS.items()}
    word_chars = np.full(size, np.nan)
    for row, of in enumerate(kept):
        mine = [lang for lang in langs if lang in of]
        for lang, known in zip(mine, facts_of([of[lang] for lang in mine], mine), strict=True):
            counts, place = known.counts, langs.index(lang)
            word_chars[row, place] = math.log(counts.chars / max(1, counts.words))
            for kind, (names, _) in KINDS.items():
                shares[kind][row, place] = [_bounded(name, counts) for name in names]
    return Manuals(langs, shares, word_chars)


def _bounded(name: str, counts: Counts) -> float:
    """Return what a limit bounds, less than nothing if it does from below."""
    of = name.partition("_")[2]
    if of.endswith("gram"):
        return share(getattr(counts, f"{of}_chars"), counts.chars)
    found = share(getattr(counts, of), counts.lines)
    return -found if name.startswith("min_") else found


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


def unevenness(shares: Matrix, most: Matrix, fractions: Iterable[float]) -> float:
    """Return how unlike languages are treated by limits, `most`: languages x limits; see above."""
    absent = np.isnan(shares[:, :, 0])
    return float(
        sum(
            effects(np.where(absent, np.nan, (shares > part * most).any(2))).std()
            for part in fractions
        )
    )


def ways(manuals: Manuals, kind: str, tables: Tables) -> dict[str, Matrix]:
    """Return limits of a kind by way to have them, languages x limits, signed as shares are."""
    names, _ = KINDS[kind]
    default = _of(Limits(), names)
    theirs = np.array([_published(lang, names, tables) for lang in manuals.langs])
    lengths = effects(manuals.word_chars)[:, None]
    return {
        "one for all": np.broadcast_to(default, theirs.shape),
        **{f"published, within {band:.0%}": default * np.clip(theirs / default, 1 - band, 1 + band)
           for band in BANDS},
        **{f"by length of words ** -{power:g}": default * np.exp(-power * lengths)
           for power in (0.5, 1.0, 1.5)},
        "as shipped": np.array([_of(limits(lang), names) for lang in manuals.langs]),
    }  # fmt: skip


def _of(known: Limits, names: Sequence[str]) -> Matrix:
    return np.array([getattr(known, n) * (-1 if n.startswith("min_") else 1) for n in names])


def _published(lang: str, names: Sequence[str], tables: Tables) -> Matrix:
    figures = msgspec.structs.asdict(Limits())
    for entry in entries_of(lang, tables):  # English has none
        figures |= published(entry)
    return _of(msgspec.convert(figures, Limits), names)


def main() -> None:
    """Print how uneven each way is, and how much more so than one limit for all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tables", type=Path, required=True, help="FineWeb2's configurations")
    parser.add_argument("files", nargs="+", type=Path)
    given = parser.parse_args()
    manuals = read(given.files)
    print(f"{len(manuals.word_chars)} pages, {len(manuals.langs)} languages")
    tables = json.loads(given.tables.read_text(encoding="utf-8"))["languages"]
    for kind in KINDS:
        print(kind)
        show(manuals.shares[kind], ways(manuals, kind, tables), KINDS[kind][1])


def show(shares: Matrix, tried: dict[str, Matrix], fractions: Sequence[float]) -> None:
    """Print a line for each way."""
    draw = np.random.default_rng(0)
    drawn = [draw.integers(0, len(shares), len(shares)) for _ in range(DRAWS)]
    base = np.array([unevenness(shares[rows], tried["one for all"], fractions) for rows in drawn])
    for name, most in tried.items():
        more = np.array([unevenness(shares[rows], most, fractions) for rows in drawn]) - base
        print(f"  {name:30} {unevenness(shares, most, fractions):.3f}   "
              f"more than one for all: {more.mean():+.3f} ± {more.std():.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
