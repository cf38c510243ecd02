"""Which language a text is written in, told by a small fastText model that ships with the package.

Languages are named by ISO 639-3 and ISO 15924, as in ``deu_Latn``. The script of a text is
counted first, so that the model is never asked to weigh an alphabet it can see.
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
from numba import njit

from florilegium.filters.fasttext_model import FastText
from florilegium.filters.languages import LANGUAGES

MAX_CHARACTERS = 2000
"""Characters of a text that are looked at, from its start."""

MIN_PARAGRAPH = 40
"""Characters below which a paragraph is too short to be called foreign."""

MIN_FOREIGN_SCORE = 0.6
"""Score below which a paragraph's own label is not believed."""

NO_LANGUAGE = "zxx_Zzzz"
"""Label of text that is in no language: code, addresses, product numbers."""

_TOGETHER = 256  # paragraphs taken at a time, a bound on memory

_DATA = files("florilegium.filters")


# First and last code point of the letters of a script, after the Unicode character database.
_LETTERS = """
Latn 0041-005A 0061-007A 00AA-00AA 00BA-00BA 00C0-00D6 00D8-00F6 00F8-02B8 1E00-1EFF
Latn 2C60-2C7F A722-A787 A78B-A7FF AB30-AB64 FB00-FB06 FF21-FF3A FF41-FF5A
Grek 0370-0373 0376-037D 0386-0386 0388-03E1 03F0-03FF 1F00-1FFF
Cyrl 0400-0481 048A-052F 1C80-1C8A 1D2B-1D2B A640-A66E A680-A69D
Armn 0531-0556 0560-0588 FB13-FB17
Hebr 05D0-05F2 FB1D-FB4F
Arab 0620-064A 066E-06D5 06EE-06EF 06FA-06FF 0750-077F 08A0-08C9 FB50-FDFB FE70-FEFC
Syrc 0710-072F
Thaa 0780-07A5
Deva 0904-0939 0958-0961 0972-097F
Beng 0985-09B9 09DC-09E1 09F0-09F1
Guru 0A05-0A39 0A59-0A5E
Gujr 0A85-0AB9 0AE0-0AE1
Orya 0B05-0B39 0B5C-0B61
Taml 0B83-0BB9
Telu 0C05-0C39 0C58-0C61
Knda 0C85-0CB9 0CDE-0CE1
Mlym 0D05-0D3A 0D5F-0D61 0D7A-0D7F
Sinh 0D85-0DC6
Thai 0E01-0E33 0E40-0E46
Laoo 0E81-0EB3 0EC0-0EDF
Tibt 0F40-0F6C
Mymr 1000-102A 103F-103F 1050-109F
Geor 10A0-10FF 1C90-1CBF 2D00-2D2D
Hang 1100-11FF 3131-318E AC00-D7A3
Ethi 1200-139F 2D80-2DDE
Cher 13A0-13FD AB70-ABBF
Cans 1401-167F
Khmr 1780-17B3
Mong 1820-18AA
Copt 03E2-03EF 2C80-2CEE
Jpan 3041-309F 30A1-30FA 30FC-30FF 31F0-31FF FF66-FF9D
Hani 3005-3007 3400-4DBF 4E00-9FFF F900-FAD9 20000-323AF
Goth 10330-1034A
"""

_SCRIPTS = ("Zzzz", *dict.fromkeys(row.split()[0] for row in _LETTERS.split("\n") if row))


Points = npt.NDArray[np.uint32]
Scripts = npt.NDArray[np.int64]


def _script_table() -> npt.NDArray[np.uint8]:
    table = np.zeros(0x110000, np.uint8)
    for row in filter(None, _LETTERS.split("\n")):
        script, *ranges = row.split()
        for first, last in (letters.split("-") for letters in ranges):
            table[int(first, 16) : int(last, 16) + 1] = _SCRIPTS.index(script)
    return table


_SCRIPT_OF = _script_table()
_HANI, _JPAN = _SCRIPTS.index("Hani"), _SCRIPTS.index("Jpan")


def dominant_script(text: str) -> str:
    """Return the ISO 15924 code of the script most letters are in, ``Zzzz`` if there are none.

    Chinese characters count as Japanese when at least one letter in ten beside them is kana.
    """
    return _SCRIPTS[int(_dominant_scripts(text.replace("\n", " "), 1)[0])]


def _dominant_scripts(lines: str, count: int) -> Scripts:
    """Return the dominant script of each line, an index of `_SCRIPTS`."""
    return _count_letters(_points(lines), _SCRIPT_OF, np.zeros(len(_SCRIPTS), np.int64), count)


@njit(cache=True, nogil=True)
def _count_letters(
    points: Points, script_of: npt.NDArray[np.uint8], letters: Scripts, lines: int
) -> Scripts:
    dominant = np.zeros(lines, np.int64)
    i = 0
    for line in range(lines):
        letters[:] = 0
        while i < len(points) and points[i] != 0x0A:
            letters[script_of[points[i]]] += 1
            i += 1
        i += 1
        letters[0] = 0
        kana = letters[_JPAN] * 10 >= letters[_HANI]
        own, other = (_JPAN, _HANI) if kana else (_HANI, _JPAN)
        letters[own] += letters[other]
        letters[other] = 0
        dominant[line] = np.argmax(letters)
    return dominant


def _points(text: str) -> Points:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


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


def _fold(lines: str) -> str:
    """Return lines in lower case with all that is no letter made a space."""
    lower = unicodedata.normalize("NFC", lines).lower()
    return _folding().take(_points(lower)).tobytes().decode("utf-32-le")


def _start(text: str) -> str:
    """Return what is looked at of a text, as one line."""
    return text[:MAX_CHARACTERS].replace("\n", " ")


def normalise(text: str) -> str:
    """Return what the model is shown: lower-case words of letters, one space between them.

    Only the first `MAX_CHARACTERS` are read. Training and identification fold text alike.
    """
    return " ".join(_fold(_start(text)).split())


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
        scripts = _dominant_scripts(lines, len(texts))
        best, scores = self._model.best_two(_fold(lines), scripts, self._admitted)
        found = zip(texts, scripts.tolist(), best.tolist(), scores.tolist(), strict=True)
        for text, script, labels, probabilities in found:
            yield text, self._identity(_SCRIPTS[script], *labels, *probabilities)

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
        for script in _SCRIPTS
    ]
    admitted[0] = [False] * len(labels)
    return np.array(admitted)


def _is_foreign(own: Identity, lang: str) -> bool:
    if own.score < MIN_FOREIGN_SCORE or own.lang == NO_LANGUAGE:
        return False
    return own.lang[:3] != lang[:3] and not _easily_mistaken(own.lang, lang)


def _easily_mistaken(one: str, other: str) -> bool:
    first, second = LANGUAGES.get(one), LANGUAGES.get(other)
    return bool(first and second and first.group and first.group == second.group)
