"""Words of labelled text, by language: how frequent each is, and how long they are."""

import json
import lzma
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path
from statistics import mean, median
from typing import NamedTuple

from florilegium.filters.language_table import MACRO
from florilegium.filters.normalise import normalise
from florilegium.filters.segment import profile, words_in

MOST_LINES = 12_000  # of one source and language
LEAST_LINES = 300
"""Of a source, unless a language has none with as many."""
WORDS, MOST_WORDS = 30, 150
LEAST_SHARE = 0.002
"""Share of the lines of labelled text in which a word of another list must occur."""
LEFT_ENGLISH = 10
"""How many times as frequent a word is in English than in some source of text, if it is no word of
the language."""
_JOINTS = "'\u2019\u00b7-"


class Source(NamedTuple):
    """What one source says of a language."""

    shares: Counter[str]
    """Shares of lines in which words occur."""
    word_chars: float
    """Characters of text for each word, what stands between words included."""


def read(texts: Path, codes: Iterable[str]) -> dict[str, list[Source]]:
    """Return what is found in lines `[label, source, text]` of each language that has any."""
    members = defaultdict(list)
    for code in codes:
        members[code].append(code)
        if code in MACRO:
            members[code].append(MACRO[code])
    numbers: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    seen: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    with lzma.open(texts, "rt", encoding="utf-8") as file:
        for label, source, text in map(json.loads, file):
            for code in members.get(label, ()):
                number = numbers[code, source]
                if number["lines"] < MOST_LINES:
                    line = normalise(text).lower()
                    words = words_in(line, profile(code))
                    number.update(lines=1, words=len(words), chars=len(line))
                    seen[code, source].update(set(filter(_is_spelt, words)))
    return {
        code: [_source(numbers[code, source], seen[code, source]) for source in sources]
        for code, sources in _large(numbers).items()
    }


def _large(numbers: dict[tuple[str, str], Counter[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for code in sorted({code for code, _ in numbers}):
        own = {source: number["lines"] for (c, source), number in numbers.items() if c == code}
        found[code] = [s for s, lines in own.items() if lines >= LEAST_LINES] or [*own]
    return found


def _source(number: Counter[str], seen: Counter[str]) -> Source:
    shares = Counter({word: times / number["lines"] for word, times in seen.items()})  # type: ignore[misc]
    return Source(shares, number["chars"] / max(1, number["words"]))


def _is_spelt(word: str) -> bool:
    return any(map(str.isalpha, word)) and all(c.isalpha() or c in _JOINTS for c in word)


def word_lengths(found: dict[str, list[Source]]) -> dict[str, float]:
    """Return the characters a word takes in each language, the mean over its sources."""
    return {code: mean(one.word_chars for one in sources) for code, sources in found.items()}


def frequencies(found: dict[str, list[Source]]) -> dict[str, Counter[str]]:
    """Return for each language the mean shares over its sources, without words left in English.

    Some catalogues are half translated; a word that English shares is frequent in all sources.
    """
    english = _mean(found["eng_Latn"])
    return {
        code: Counter(
            {
                word: share
                for word, share in _mean(sources).items()
                if min(one.shares[word] for one in sources) * LEFT_ENGLISH >= english[word]
            }
        )
        for code, sources in found.items()
    }


def _mean(sources: list[Source]) -> Counter[str]:
    words = {word for one in sources for word in one.shares}
    return Counter({word: mean(one.shares[word] for one in sources) for word in words})  # type: ignore[misc]


def _ordered(shares: Counter[str]) -> list[str]:
    return sorted(shares, key=lambda word: (-shares[word], word))


def words_of_a_line(shares: dict[str, Counter[str]]) -> float:
    """Return how many of its thirty most frequent words a line of the typical language holds."""
    return median(sum(of[word] for word in _ordered(of)[:WORDS]) for of in shares.values() if of)


def stop_words(shares: Counter[str], listed: Iterable[str], enough: float) -> list[str]:
    """Return the stop words of a language, sorted: so many that a line holds `enough` of them.

    Words that are `listed` elsewhere are taken as well if they occur often enough.
    """
    if not shares:
        return sorted({word.lower() for word in listed})
    ordered = _ordered(shares)[:MOST_WORDS]
    held = list(accumulate(shares[word] for word in ordered))
    best = ordered[: max(WORDS, bisect_left(held, enough) + 1)]
    return sorted({*best, *(word for word in listed if shares[word] >= LEAST_SHARE)})
