"""How good extracted text is, against full texts and against segments.

Full texts are compared by 4-shingles of words, with multiplicity, and F1 is that of the mean
precision and the mean recall, as the article-extraction-benchmark of Scrapinghub does it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import NamedTuple

from blocks_data import GoldPage

_WORD = re.compile(r"\w+")
NEWS_ABROAD = ("news-el", "news-pl", "news-ru")
OTHER_KINDS = ("collection", "documentation", "forum", "listing", "product", "service")
GROUPS: dict[str, tuple[str, ...]] = {
    "news el": ("news-el",),
    "news pl": ("news-pl",),
    "news ru": ("news-ru",),
    "news el+pl+ru": NEWS_ABROAD,
    "news en": ("news-en",),
    "news all": (*NEWS_ABROAD, "news-en"),
    "articles": ("article",),
    "other types": OTHER_KINDS,
    **{kind: (kind,) for kind in OTHER_KINDS},
    "segments": ("segments",),
}


class Score(NamedTuple):
    """F1, precision and recall, 0 to 1, over so many pages."""

    f1: float
    precision: float
    recall: float
    pages: int


class Hits(NamedTuple):
    """What one text got right, shingles or segments."""

    right: int
    wrong: int
    missed: int


def words(text: str) -> list[str]:
    """Return the words of a text: runs of letters, digits and underscores."""
    return _WORD.findall(text)


def shingles(tokens: Sequence[str], size: int = 4) -> Counter[tuple[str, ...]]:
    """Return how often each run of so many words occurs; a shorter text is one shingle."""
    last = max(1, len(tokens) - size + 1)
    return Counter(tuple(tokens[at : at + size]) for at in range(last) if tokens)


def squeezed(text: str) -> str:
    """Return the text with every run of white space as one space."""
    return " ".join(text.split())


def scores(pages: Sequence[GoldPage], texts: Sequence[str]) -> dict[str, Score]:
    """Return the score of each group of pages that has any."""
    hits = [hits_of(page, text) for page, text in zip(pages, texts, strict=True)]
    found: dict[str, Score] = {}
    for group, kinds in GROUPS.items():
        chosen = [hit for page, hit in zip(pages, hits, strict=True) if page.kind in kinds]
        if chosen:
            found[group] = score_of(group, chosen)
    return found


def score_of(group: str, hits: Iterable[Hits]) -> Score:
    """Return the score of a group from what the texts of its pages got right."""
    return (_pooled if group == "segments" else _averaged)(hits)


def hits_of(page: GoldPage, text: str) -> Hits:
    """Return what a text got right of a page."""
    if page.text is None:
        line = squeezed(text)
        right = sum(squeezed(segment) in line for segment in page.wanted)
        wrong = sum(squeezed(segment) in line for segment in page.unwanted)
        return Hits(right, wrong, len(page.wanted) - right)
    gold, given = shingles(words(page.text)), shingles(words(text))
    right = sum((gold & given).values())
    return Hits(right, given.total() - right, gold.total() - right)


def _averaged(hits: Iterable[Hits]) -> Score:
    hits = list(hits)
    # Undefined for an empty answer (precision) or an empty gold text (recall): left out there.
    precision = _mean(hits, lambda hit: (hit.right, hit.wrong))
    recall = _mean(hits, lambda hit: (hit.right, hit.missed))
    return _score(precision, recall, len(hits))


def _mean(hits: Iterable[Hits], parts: Callable[[Hits], tuple[int, int]]) -> float:
    shares = [good / (good + bad) for good, bad in map(parts, hits) if good + bad]
    return fmean(shares) if shares else 0.0


def _pooled(hits: Iterable[Hits]) -> Score:
    hits = list(hits)
    right, wrong, missed = (sum(hit[part] for hit in hits) for part in range(3))
    return _score(right / max(1, right + wrong), right / max(1, right + missed), len(hits))


def _score(precision: float, recall: float, pages: int) -> Score:
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return Score(f1, precision, recall, pages)
