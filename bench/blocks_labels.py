"""Which blocks of a page are main text, told from its full text or from segments of it.

A label is between 0 and 1: the share of a block's shingles that are in the main text, or how many
teachers kept it where only segments are known.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import trafilatura
from blocks_data import GoldPage
from blocks_score import shingles, squeezed, words
from numpy.typing import NDArray

Labels = NDArray[np.float64]

_SURE = 0.5
_NEAR = 12  # blocks within which a short block is judged by the words around it
_CONTEXT = 6
TEACHERS: tuple[tuple[dict[str, bool], float], ...] = (
    ({}, 0.6),
    ({"favor_precision": True}, 0.4),
)
"""Ways to run trafilatura on pages with segments only, and how much each is believed."""


def labels_from_text(texts: Sequence[str], gold: str) -> Labels:
    """Return a label for each block of a page whose whole main text is known."""
    tokens = [words(text) for text in texts]
    wanted = shingles(words(gold))
    labels = np.array([_share(block, wanted) if len(block) >= 4 else -1.0 for block in tokens])
    _take_back_copies(labels, tokens, wanted)
    sure = np.flatnonzero(labels >= _SURE)
    for number in np.flatnonzero(labels < 0).tolist():
        labels[number] = _by_surroundings(number, tokens, wanted, sure) if tokens[number] else 0.0
    return labels


def _share(tokens: Sequence[str], wanted: Counter[tuple[str, ...]]) -> float:
    runs = [tuple(tokens[at : at + 4]) for at in range(len(tokens) - 3)]
    return sum(run in wanted for run in runs) / len(runs)


def _take_back_copies(
    labels: Labels, tokens: list[list[str]], wanted: Counter[tuple[str, ...]]
) -> None:
    """Let no more copies of a block be main text than the main text has; those amid more stay."""
    mass = np.where(labels >= _SURE, [sum(map(len, block)) for block in tokens], 0)
    copies: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, block in enumerate(tokens):
        if len(block) >= 4 and labels[number] >= _SURE:
            copies[tuple(block)].append(number)
    for block, places in copies.items():
        around = {
            at: int(mass[max(0, at - _CONTEXT) : at + _CONTEXT + 1].sum() - mass[at])
            for at in places
        }
        ranked = sorted(places, key=lambda at: (-around[at], at))
        labels[ranked[max(1, wanted[block[:4]]) :]] = 0.0


def _by_surroundings(
    number: int, tokens: list[list[str]], wanted: Counter[tuple[str, ...]], sure: NDArray[np.int64]
) -> float:
    """Judge a block of less than four words by the shingles it makes with what stands around."""
    block = tokens[number]
    place = int(np.searchsorted(sure, number))
    joined: list[list[str]] = []
    if place > 0 and number - sure[place - 1] <= _NEAR:
        joined.append(tokens[sure[place - 1]][-3:] + block)
    if place < len(sure) and sure[place] - number <= _NEAR:
        joined.append(block + tokens[sure[place]][:3])
    if number > 0:
        joined.append(tokens[number - 1][-3:] + block)
    if number + 1 < len(tokens):
        joined.append(block + tokens[number + 1][:3])
    return max((_share(run, wanted) for run in joined if len(run) >= 4), default=0.0)


def labels_from_segments(texts: Sequence[str], page: GoldPage) -> Labels:
    """Return 1 for blocks with a wanted segment, 0 with an unwanted one, -1 for all others."""
    labels = np.full(len(texts), -1.0)
    for number, text in enumerate(map(squeezed, texts)):
        wanted = any(squeezed(segment) in text for segment in page.wanted)
        unwanted = any(squeezed(segment) in text for segment in page.unwanted)
        if wanted != unwanted:
            labels[number] = float(wanted)
    return labels


def labels_from_teachers(texts: Sequence[str], html: str) -> Labels:
    """Return how far trafilatura, run in two ways, keeps each block."""
    tokens = [words(text) for text in texts]
    labels = np.zeros(len(texts))
    for options, weight in TEACHERS:
        text = trafilatura.extract(html, include_comments=False, include_tables=True, **options)
        kept = words(text or "")
        runs, pairs, single = shingles(kept), set(itertools.pairwise(kept)), set(kept)
        for number, block in enumerate(tokens):
            if len(block) >= 4:
                labels[number] += weight * _share(block, runs)
            elif len(block) >= 2:
                labels[number] += weight * all(pair in pairs for pair in itertools.pairwise(block))
            elif block:
                labels[number] += weight * 0.5 * (block[0] in single)
    return labels
