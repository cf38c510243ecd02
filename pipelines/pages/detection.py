"""Which encoding a page without a declaration is written in.

European text gives its encoding away by the letters beyond ASCII: how often each occurs in a
language, and whether it stands beside letters of the alphabet or apart. A small model knows that
for every language in every encoding that it was used with, as naive Bayes does. What languages
of the Far East were written in is left to chardetng. How the model was trained:
`bench/train_detection.py`; how its constants and `MAX_SURPRISE` were chosen:
`bench/choose_detection.py`.
"""

import hashlib
import io
import re
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

import chardetng_py
import numpy as np
from numpy.typing import NDArray

from florilegium.pipelines.pages.charsets import legacy

CONTEXTS: Final = 9
"""What stands before and after a byte: a letter of ASCII, a byte beyond it, or neither."""

_SAMPLE_BYTES: Final = 131_072
_RUN_UP: Final = 1_024
_MULTI_BYTE: Final = {
    "gb18030": ("gb18030", "gbk"),
    "gbk": ("gb18030", "gbk"),
    **{name: (name,) for name in ("big5", "euc-jp", "euc-kr", "shift_jis")},
}
"""The names that go with what chardetng finds."""
_BEYOND_ASCII: Final = re.compile(rb"[\x80-\xff]")

MAX_SURPRISE: Final = 900
"""Hundredths of a nat for a byte beyond ASCII, on average: with more, it is no text we know."""
_MAX_COUNTED: Final = 100_000
ENOUGH: Final = 32
"""Bytes beyond ASCII on which that average means something."""


class Evidence(NamedTuple):
    """How many bytes beyond ASCII a page has, and how unlikely each encoding makes them."""

    size: int
    surprise: dict[str, int]
    """By encoding, the least surprising first: hundredths of a nat, in the language it suits
    best. An encoding of several bytes a character stands alone and without surprise."""

    def candidates(self) -> list[str]:
        """Return the encodings, the best first; none if all read the page as noise."""
        least = min(self.surprise.values(), default=0)
        noise = self.size >= ENOUGH and least > MAX_SURPRISE * self.size
        return [] if noise else list(self.surprise)


class Model(NamedTuple):
    """Surprises of bytes by language and encoding."""

    languages: tuple[str, ...]
    charsets: tuple[str, ...]
    """For each column, its encoding; that of `languages`, its language."""
    rarity: NDArray[np.int64]
    """For each column, what it costs to assume it at all, in hundredths of a nat."""
    surprise: NDArray[np.int16]
    """A row for each byte from 0x80 and context, in hundredths of a nat."""


def weigh(body: bytes, once: bool = False) -> Evidence:
    """Return how well each encoding explains the bytes. Never raises; time is linear.

    With `once`, a byte counts once in each context, so that a word said a hundred times says no
    more than once. chardetng sees the stretch of the page where bytes beyond ASCII begin. Whole
    numbers only are added, so that every machine finds the same.
    """
    first = _BEYOND_ASCII.search(body)
    start = max(0, first.start() - _RUN_UP) if first else 0
    found = legacy(chardetng_py.detect(body[start : start + _SAMPLE_BYTES], allow_utf8=False))
    counts = tally(body, _MAX_COUNTED)
    if once:
        counts = np.minimum(counts, 1)
    if found in _MULTI_BYTE:
        return Evidence(int(counts.sum()), dict.fromkeys(_MULTI_BYTE[found], 0))
    model = shipped_model()
    rows = np.flatnonzero(counts)
    surprises = counts[rows] @ model.surprise[rows].astype(np.int64) + model.rarity
    least: dict[str, int] = {}
    for column in np.argsort(surprises, kind="stable").tolist():
        least.setdefault(model.charsets[column], int(surprises[column]))
    return Evidence(int(counts.sum()), least)


def tally(body: bytes, most: int | None = None) -> NDArray[np.int64]:
    """Return how often each byte from 0x80 on occurs in each context: 128 times 9 numbers.

    The first `most` of such bytes are counted, by default all.
    """
    codes = np.frombuffer(b" " + body + b" ", np.uint8)
    at = np.flatnonzero(codes >= 0x80)[:most]
    rows = (codes[at].astype(np.int64) - 0x80) * CONTEXTS
    return np.bincount(
        rows + 3 * _kinds(codes[at - 1]) + _kinds(codes[at + 1]), minlength=128 * CONTEXTS
    )


def _kinds(codes: NDArray[np.uint8]) -> NDArray[np.int64]:
    lower = codes | 32
    letters = (lower >= ord("a")) & (lower <= ord("z"))
    return np.where(codes >= 0x80, 2, letters.astype(np.int64))


def to_bytes(model: Model) -> bytes:
    """Return the file of a model, the same bytes for the same numbers."""
    file = io.BytesIO()
    arrays = {name: np.asarray(value) for name, value in model._asdict().items()}
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def digest() -> str:
    """Return the SHA-256 of the model of the package, in hexadecimal."""
    return hashlib.sha256(_shipped()).hexdigest()


def _shipped() -> bytes:
    return resources.files(__package__).joinpath("detection.npz").read_bytes()


@cache
def shipped_model() -> Model:
    """Return the model of the package."""
    with np.load(io.BytesIO(_shipped()), allow_pickle=False) as arrays:
        languages, charsets = (tuple(arrays[name].tolist()) for name in Model._fields[:2])
        return Model(languages, charsets, arrays["rarity"], arrays["surprise"])
