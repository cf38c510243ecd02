"""Which language a text is written in, told by a small fastText model that ships with the package.

The script of a text is counted first, so that the model is never asked to weigh an alphabet it
can see.
"""

import hashlib
import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import as_file, files
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

from florilegium.filters.fasttext_model import FastText
from florilegium.filters.language_table import MACRO, MAX_CHARACTERS, NO_LANGUAGE, group_of
from florilegium.filters.scripts import SCRIPTS, Points, Scripts, dominant_scripts, points_of

_PASSED_OVER = -1  # in place of a script: a line that need not be told
_TOGETHER = 256  # texts taken at a time, a bound on memory

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


def _fold(lines: str) -> Points:
    return _folding().take(points_of(unicodedata.normalize("NFC", lines).lower()))


def fold(text: str) -> str:
    """Return lower-case words of letters, one space between them: all that a model is shown."""
    return " ".join(_fold(text.replace("\n", " ")).tobytes().decode("utf-32-le").split())


def _start(text: str) -> str:
    """Return what is looked at of a text, as one line."""
    return text[:MAX_CHARACTERS].replace("\n", " ")


def normalise(text: str) -> str:
    """Return the words of the first `MAX_CHARACTERS` as `fold` has them."""
    return fold(_start(text))


class Identity(Struct, frozen=True):
    """The language of a text as the model sees it."""

    lang: str
    """Most probable language in the text's script; ``und_Zzzz`` when there are no letters."""

    score: float
    """Its probability, 0 to 1, among all labels of the model, whatever their script."""

    second: str
    """Next most probable language in the script; ``und_`` and the script when there is none.

    Where a second model has told close languages apart, it is the next of these.
    """

    second_score: float
    """Its probability, 0 to 1."""

    script: str
    """Script of most letters, ISO 15924; ``Zzzz`` when there are none."""


def merged(identity: Identity, wanted: Container[str]) -> Identity:
    """Return the identity with its language as the macro language, if that is wanted.

    Its probability is that of its members among the two best labels.
    """
    macro, other = MACRO.get(identity.lang, ""), MACRO.get(identity.second, "")
    if macro not in wanted or not macro:
        return identity
    if other != macro:
        return replace(identity, lang=macro)
    score = round(identity.score + identity.second_score, 4)
    return Identity(macro, score, f"und_{identity.script}", 0.0, identity.script)


class LanguageIdentifier(Protocol):
    """Anything that tells languages."""

    labels: tuple[str, ...]

    def identify(self, text: str) -> Identity: ...  # noqa: D102
    def identify_all(self, texts: Sequence[str]) -> Iterator[Identity]: ...  # noqa: D102
    def identify_lines(self, text: str, least: int) -> tuple[Identity, Iterator[Identity]]: ...  # noqa: D102


class Identifier:
    """A loaded model. It cannot be pickled: load it in each process that uses it."""

    digests: Mapping[str, str]
    """SHA-256 of each model file, hexadecimal, by what it is."""

    labels: tuple[str, ...]
    """Codes the model tells, sorted."""

    def __init__(
        self, path: str | Path, close: Mapping[str, str | Path] = MappingProxyType({})
    ) -> None:
        """Load a fastText model trained on normalised text, with labels as in `LANGUAGES`.

        `close` has a model for some groups of close languages, which then tells them apart.
        Raises OSError if a file cannot be read, ValueError if it is not a fastText model.
        """
        data = Path(path).read_bytes()
        apart = {group: Path(file).read_bytes() for group, file in sorted(close.items())}
        self._first = _Model(data)
        self._close = {group: _Model(model) for group, model in apart.items()}
        self.labels = tuple(sorted(self._first.labels))
        named = {"language model": data}
        named |= {f"language model {group}": model for group, model in apart.items()}
        self.digests = {name: hashlib.sha256(model).hexdigest() for name, model in named.items()}

    @classmethod
    def packaged(cls) -> "Identifier":
        """Load the models that ship with the package."""
        with as_file(_DATA) as folder:
            return cls.of(folder)

    @classmethod
    def of(cls, folder: Path) -> "Identifier":
        """Load ``language.ftz`` and ``language-<group>.ftz`` from a folder."""
        close = {file.stem.partition("-")[2]: file for file in folder.glob("language-*.ftz")}
        return cls(folder / "language.ftz", close)

    def identify(self, text: str) -> Identity:
        """Return the language of the first `MAX_CHARACTERS` of any text. Never raises."""
        return self._identified([text])[0]

    def identify_all(self, texts: Sequence[str]) -> Iterator[Identity]:
        """Yield the language of each text, as `identify` does but sooner. Never raises."""
        for start in range(0, len(texts), _TOGETHER):
            yield from self._identified(texts[start : start + _TOGETHER])

    def identify_lines(self, text: str, least: int) -> tuple[Identity, Iterator[Identity]]:
        """Return the language of a text, as `identify` does, and that of each of its lines.

        Lines of fewer than `least` characters, without spaces around them, are passed over. What
        is looked at for both is counted once. Never raises.
        """
        head = text[:MAX_CHARACTERS].split("\n")
        short = [head.pop()] if len(text) > MAX_CHARACTERS else []  # may go on after the start
        rest = text.split("\n")[len(head) :] if short else []
        lines: list[str] = []
        for line in head:
            (lines if len(line.strip()) >= least else short).append(line)
        together = "\n".join([*lines, " ".join(short)])
        each = dominant_scripts(together, len(lines) + 1)
        each[-1] = _PASSED_OVER
        scripts = np.concatenate([dominant_scripts(_start(text), 1), each])
        whole, *found = self._told(_fold(together), scripts, True)
        own = map(_Told.identity, found, each.tolist())
        later = [line for line in map(str.strip, rest) if len(line) >= least]
        return whole.identity(int(scripts[0])), chain(own, self.identify_all(later))

    def _identified(self, texts: Sequence[str]) -> list[Identity]:
        lines = "\n".join(map(_start, texts))
        scripts = dominant_scripts(lines, len(texts))
        found = self._told(_fold(lines), scripts, False)
        return [one.identity(script) for script, one in zip(scripts.tolist(), found, strict=True)]

    def _told(self, folded: Points, scripts: Scripts, whole: bool) -> list["_Told"]:
        """Return what the models say of each line that is not passed over.

        If `whole`, all lines as one come first, and so does their script.
        """
        found = self._first.told(folded, scripts, whole)
        for group in self._close.keys() & {one.close for one in found}:
            among = [i for i, one in enumerate(found) if one.close == group]
            places = np.flatnonzero(scripts >= 0)[among]
            some = np.full(len(scripts), _PASSED_OVER)
            some[places] = scripts[places]
            again = self._close[group].told(folded, some, whole)
            for i, one in zip(among, again, strict=True):
                found[i] = found[i].told_apart(one)
        return found


class _Told(NamedTuple):
    """What a model says of a text."""

    lang: str
    score: float
    second: str
    second_score: float
    close: str
    """The group of the best label, if there are others of it in the script."""
    together: float
    """The probability of the group's labels in the script; of the best label if there is none."""

    def told_apart(self, again: "_Told") -> "_Told":
        """Return the same when a second model has parted the probability of the group anew."""
        if not again.together:
            return self
        part = self.together / again.together
        return self._replace(
            lang=again.lang,
            score=again.score * part,
            second=again.second,
            second_score=again.second_score * part,
        )

    def identity(self, number: int) -> Identity:
        """Return what is said to the outside of a text in a script, an index of `SCRIPTS`."""
        script = SCRIPTS[number]
        return Identity(
            self.lang or f"und_{script}",
            round(self.score, 4),
            self.second or f"und_{script}",
            round(self.second_score, 4),
            script,
        )


class _Model:
    """A fastText model, asked for labels in the script of the text only."""

    def __init__(self, data: bytes) -> None:
        self._model = FastText(data)
        self.labels = self._model.labels
        names = sorted({group_of(label) for label in self.labels} - {""})
        self._close = [group_of(label) for label in self.labels]
        self._families = np.array([names.index(n) if n else -1 for n in self._close], np.int32)
        self._admitted = _admitted(self.labels)

    def told(self, folded: Points, scripts: Scripts, whole: bool) -> list[_Told]:
        """Return what the model says of each line whose script is not `_PASSED_OVER`.

        Scripts are indices of `SCRIPTS`. If `whole`, all lines as one come first.
        """
        lines = scripts[1:] if whole else scripts
        together = whole and scripts[0] >= 0
        sums = self._model.sums(folded, np.full(len(lines), together) | (lines >= 0))
        if whole:
            sums = self._model.with_all(sums)
        best, scores = self._model.best_two(sums, scripts, self._admitted, self._families)
        told = scripts >= 0
        best, scores = best[told], scores[told]
        return [
            self._told(*labels, *probabilities)
            for labels, probabilities in zip(best.tolist(), scores.tolist(), strict=True)
        ]

    def _told(
        self, best: int, second: int, score: float, second_score: float, together: float
    ) -> _Told:
        if best < 0:
            return _Told("", 0.0, "", 0.0, "", 0.0)
        lang = self.labels[best]
        other = self.labels[second] if second >= 0 else ""
        return _Told(lang, score, other, second_score, self._close[best], together)


def _admitted(labels: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which labels text of each script may get: those of the script itself."""
    wordless = (NO_LANGUAGE, "Latn")  # what is in no language is in Latin letters, if in any
    admitted = [
        [label[4:] == script or (label, script) == wordless for label in labels]
        for script in SCRIPTS
    ]
    admitted[0] = [False] * len(labels)
    return np.array(admitted)
