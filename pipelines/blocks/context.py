"""What the second pass knows besides: what the first pass thinks of the blocks around."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from florilegium.pipelines.blocks.features import Features
from florilegium.pipelines.blocks.layout import Layout, Row, share, shifted, window

_REACH: Final = 3
_WINDOW: Final = 5
CONTEXT_FEATURES: Final = (
    *(f"likely{by:+d}" for by in range(-_REACH, _REACH + 1)),
    "kind_likely", "pair_likely", "second_likely", "third_likely", "fourth_likely",
    "second_likely_blocks", "page_likely", "page_most_likely", "near_likely", "likely_before",
    "likely_of_most",
)  # fmt: skip


def with_context(found: Features, likely: Row) -> NDArray[np.float32]:
    """Return the features, and below them `CONTEXT_FEATURES` of the first pass's probabilities."""
    places = found.layout
    mass = likely * places.characters
    running = np.cumsum(mass)
    own = likely.astype(np.float32)[None]
    rows = [
        *(shifted(own, by)[0] if by else own[0] for by in range(-_REACH, _REACH + 1)),
        share(places.over(places.kind, mass), places.over(places.kind, places.characters)),
        share(places.over(places.pair, likely), places.over(places.pair, np.ones(places.size))),
        *_containers(places, likely, mass),
        np.full(places.size, running[-1] / places.characters.sum()),
        np.full(places.size, likely.max()),
        share(window(mass, _WINDOW), window(places.characters, _WINDOW)),
        share(running - mass, running[-1]),
        share(likely, likely.max()),
    ]
    return np.concatenate((found.rows, np.array(rows, np.float32)))


def _containers(places: Layout, likely: Row, mass: Row) -> list[Row]:
    by_text = share(places.inside(mass), places.inside(places.characters))
    by_block = share(places.inside(likely), places.inside(np.ones(places.size)))
    second, third, fourth = places.containers[1:]
    return [by_text[second], by_text[third], by_text[fourth], by_block[second]]


class Expected(NamedTuple):
    """How good the text can be expected to be, by the probabilities of its blocks."""

    f1: float
    """The F1 of the best choice of blocks, 0 to 1."""
    limit: float
    """The probability from which blocks are taken, 0 to 0.5."""


def expect(likely: Row, characters: Row) -> Expected:
    """Return what can be expected of the best choice of blocks, and where to set the limit.

    That choice takes blocks from F1 / 2 on (Lipton et al. 2014) if each is right or wrong for
    itself. On a page the model is unsure of, they are right or wrong together, and a lower limit
    is better: half the square of the precision that can be expected of that choice.
    """
    order = np.argsort(-likely, kind="stable")
    right, taken = np.cumsum(likely[order] * characters[order]), np.cumsum(characters[order])
    f1 = 2 * right / (taken + right[-1])
    best = int(f1.argmax())
    precision = float(right[best] / taken[best])
    return Expected(float(f1[best]), precision * precision / 2)
