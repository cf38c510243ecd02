"""Which language a text is written in, told by a small fastText model that ships with the package.

The script of a text is counted first, so that the model is never asked to weigh an alphabet it
can see.
"""

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from florilegium.filters.fasttext_model import FastText
from florilegium.filters.languages import NO_LANGUAGE, easily_mistaken
from florilegium.filters.scripts import SCRIPTS, Points, dominant_scripts, points_of

MAX_CHARACTERS = 2000
"""Characters of a text that are looked at, from its start."""

MIN_PARAGRAPH = 40
"""Characters below which a paragraph is too short to be called foreign."""

MIN_FOREIGN_SCORE = 0.6
"""Score below which a paragraph's own label is not believed."""

_TOGETHER = 256  # paragraphs taken at a time, a bound on memory

_DATA = files("florilegium.filters")


@cache
def _folding() -> Points:
    """Return what each character becomes: letters stay, apostrophes are one, all else is space."""
    table = np.full(0x110000, 0x20, np.uint32)
    # Between the ideographs and the variation selectors no code point is a letter or a mark.
    for point in (*range(0x40000), *range(0xE0000, 0xE0200)):
        if unicodedata.category(chr(point))[0] in "LM":
            table[point] = point
    table[[0x27, 0x2BC, 0x2019]] = 0x27
    table[[0x0A, 0xB7]] = 0x0A, 0xB7
    return table


def fold(lines: str) -> str:
    """Return lines of text in lower case, all that is no letter made a space."""
    lower = unicodedata.normalize("NFC", lines).lower()
    return _folding().take(points_of(lower)).tobytes().decode("utf-32-le")


def _start(text: str) -> str:
    """Return what is looked at of a text, as one line."""
    return text[:MAX_CHARACTERS].replace("\n", " ")


def normalise(text: str) -> str:
    """Return what the model is shown: lower-case words of letters, one space between them.

    Only the first `MAX_CHARACTERS` are read. Training and identification fold text alike.
    """
    return " ".join(fold(_start(text)).split())


class Identity(Struct, frozen=True):
    """The language of a text as the model sees it."""

    lang: str
    """Most probable language in the text's script; ``und_Zzzz`` when there are no letters."""

    score: float
    """Its probability, 0 to 1, among all labels of the model, whatever their script."""

    second: str
    """Next most probable language in the script; ``und_`` and the script when there is none."""

    second_score: float
    """Its probability, 0 to 1."""

    script: str
    """Script of most letters, ISO 15924; ``Zzzz`` when there are none."""


class Identifier:
    """A loaded model. It cannot be pickled: load it in each process that uses it."""

    digest: str
    """SHA-256 of the model file, hexadecimal."""

    labels: tuple[str, ...]
    """Codes the model tells, sorted."""

    def __init__(self, path: str | Path) -> None:
        """Load a fastText model trained on normalised text, with labels as in `LANGUAGES`.

        Raises OSError if the file cannot be read, ValueError if it is not a fastText model.
        """
        data = Path(path).read_bytes()
        self.digest = hashlib.sha256(data).hexdigest()
        self._model = FastText(data)
        self.labels = tuple(sorted(self._model.labels))
        self._admitted = _admitted(self._model.labels)

    @classmethod
    def packaged(cls) -> "Identifier":
        """Load the model that ships with the package (``language.ftz``)."""
        with as_file(_DATA.joinpath("language.ftz")) as path:
            return cls(path)

    def identify(self, text: str) -> Identity:
        """Return the language of the first `MAX_CHARACTERS` of any text. Never raises."""
        return next(self._identified([text]))[1]

    def foreign_share(self, text: str, lang: str) -> float:
        """Return the share of the text's characters, 0 to 1, in paragraphs of another language.

        A paragraph is a line. It counts when it has `MIN_PARAGRAPH` characters or more and its
        own label is believed (`MIN_FOREIGN_SCORE`), is a language, and is not one that `lang`
        is easily mistaken for. Line breaks and surrounding spaces are not counted.
        """
        paragraphs = [line.strip() for line in text.split("\n")]
        whole = sum(map(len, paragraphs))
        long = [paragraph for paragraph in paragraphs if len(paragraph) >= MIN_PARAGRAPH]
        foreign = sum(
            len(paragraph)
            for start in range(0, len(long), _TOGETHER)
            for paragraph, own in self._identified(long[start : start + _TOGETHER])
            if _is_foreign(own, lang)
        )
        return round(foreign / whole, 4) if whole else 0.0

    def _identified(self, texts: Sequence[str]) -> Iterator[tuple[str, Identity]]:
        """Yield each text with its identity."""
        lines = "\n".join(map(_start, texts))
        scripts = dominant_scripts(lines, len(texts))
        best, scores = self._model.best_two(fold(lines), scripts, self._admitted)
        found = zip(texts, scripts.tolist(), best.tolist(), scores.tolist(), strict=True)
        for text, script, labels, probabilities in found:
            yield text, self._identity(SCRIPTS[script], *labels, *probabilities)

    def _identity(
        self, script: str, best: int, second: int, score: float, second_score: float
    ) -> Identity:
        labels, unknown = self._model.labels, f"und_{script}"
        return Identity(
            labels[best] if best >= 0 else unknown,
            round(score, 4),
            labels[second] if second >= 0 else unknown,
            round(second_score, 4),
            script,
        )


def _admitted(labels: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which labels text of each script may get: those of the script itself."""
    wordless = (NO_LANGUAGE, "Latn")  # what is in no language is in Latin letters, if in any
    admitted = [
        [label[4:] == script or (label, script) == wordless for label in labels]
        for script in SCRIPTS
    ]
    admitted[0] = [False] * len(labels)
    return np.array(admitted)


def _is_foreign(own: Identity, lang: str) -> bool:
    if own.score < MIN_FOREIGN_SCORE or own.lang == NO_LANGUAGE:
        return False
    return own.lang[:3] != lang[:3] and not easily_mistaken(own.lang, lang)
