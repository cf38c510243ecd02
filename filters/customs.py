"""What counting needs to know of a language: how it is written, and its most frequent words."""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np

from florilegium.filters.groups import NO_HASHES, Hashes, hash_words
from florilegium.filters.limits import limits
from florilegium.filters.scripts import SCRIPTS
from florilegium.filters.segment import profile


class Customs(NamedTuple):
    """The customs of one language."""

    profile: int = 0
    """Bits of its spelling, see `segment`."""
    script: int = 0
    """The script it is written in, an index of `SCRIPTS`; 0 for any."""
    stop_words: Hashes = NO_HASHES
    """Sorted hashes of its stop words."""


@cache
def customs(lang: str) -> Customs:
    """Return the customs of a language such as `deu_Latn`; those that are not known are empty."""
    script = lang.partition("_")[2]
    known = SCRIPTS.index(script) if script in SCRIPTS else 0
    return Customs(profile(lang), known, word_list(limits(lang).stop_words))


def word_list(words: Iterable[str]) -> Hashes:
    """Return the sorted hashes of words, to be looked for."""
    return np.unique(hash_words(list(words)))
