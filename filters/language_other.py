"""Any other fastText model that tells languages, such as GlotLID or OpenLID, in place of ours.

It runs in fastText itself, and is shown text as it is, on one line.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import fasttext

from florilegium.filters.language import Identity
from florilegium.filters.language_table import MAX_CHARACTERS, NO_LANGUAGE
from florilegium.filters.scripts import dominant_script

MOST_LABELS = 10
"""Labels a model is asked for; those in another script than the text are passed over."""

_PREFIX = "__label__"
_CODE = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")

# Models name individual languages where we have the one they are written as.
_OURS = {
    "als": "sqi", "arb": "ara", "azj": "aze", "cmn": "zho", "ekk": "est", "eml": "egl",
    "fil": "tgl", "khk": "mon", "lvs": "lav", "nor": "nob", "pes": "fas", "rmy": "rom",
    "sro": "srd", "src": "srd", "ydd": "yid",
}  # fmt: skip


class OtherIdentifier:
    """A loaded model of somebody else's. It cannot be pickled."""

    labels: tuple[str, ...]
    """Codes it tells, as we name them, sorted."""

    def __init__(self, path: str | Path, codes: Mapping[str, str]) -> None:
        """Load a supervised fastText model; `codes` has our code for labels that need one.

        Labels such as ``__label__deu_Latn`` need none, nor do individual languages of Albanian,
        Latvian and so on. ValueError if the file is no such model, if a label is left that is no
        code, or if `codes` names a label that the model does not have.
        """
        model = fasttext.load_model(str(path))
        given = [label.removeprefix(_PREFIX) for label in model.get_labels()]
        if unknown := sorted(codes.keys() - set(given)):
            raise ValueError(f"the language model has no label {unknown[0]!r}")
        self._model = model.f
        self._codes = {label: codes.get(label, _code(label)) for label in given}
        if wrong := sorted(x for x, code in self._codes.items() if not _CODE.fullmatch(code)):
            raise ValueError(
                f"the language model's label {wrong[0]!r} ({len(wrong)} such) is no code "
                "such as deu_Latn: say which it stands for"
            )
        self.labels = tuple(sorted(set(self._codes.values())))

    def identify(self, text: str) -> Identity:
        """Return the language of the first `MAX_CHARACTERS` of any text. Never raises."""
        start = text[:MAX_CHARACTERS].encode("utf-8", "replace").decode()
        script = dominant_script(start)
        found: Counter[str] = Counter()
        for score, label in self._model.predict(_line(start), MOST_LABELS, 0.0, "strict"):
            code = self._codes[label.removeprefix(_PREFIX)]
            if code[4:] == script or code == NO_LANGUAGE:
                found[code] += score
        best = [*found.most_common(2), (f"und_{script}", 0.0), (f"und_{script}", 0.0)]
        if script == "Zzzz":
            best = best[-2:]
        (lang, score), (second, second_score) = best[:2]
        return Identity(lang, _share(score), second, _share(second_score), script)

    def identify_all(self, texts: Sequence[str]) -> Iterator[Identity]:
        """Yield the language of each text."""
        return map(self.identify, texts)

    def identify_lines(self, text: str, least: int) -> tuple[Identity, Iterator[Identity]]:
        """Return the language of a text, and of each of its lines of `least` characters or more."""
        lines = [line for line in map(str.strip, text.split("\n")) if len(line) >= least]
        return self.identify(text), self.identify_all(lines)


def _code(label: str) -> str:
    language, _, script = label.partition("_")
    if language == "zxx":
        return NO_LANGUAGE
    return f"{_OURS.get(language, language)}_{script}"


def _line(text: str) -> str:
    """Return a text on the one line that fastText reads."""
    return " ".join(text.split()) + "\n"


def _share(score: float) -> float:
    return round(min(max(score, 0.0), 1.0), 4)  # fastText's may exceed 1 by a little
