"""Which language each paragraph of a text is in, and how much of the text is in another.

A paragraph is a line. Its own label is believed only if it is long enough and sure enough; any
other counts with the text it stands in. Spaces around a paragraph are not counted.
"""

from collections.abc import Sequence
from itertools import groupby

from msgspec import Struct

from florilegium.filters.language import Identity, LanguageIdentifier
from florilegium.filters.language_table import NO_LANGUAGE, easily_mistaken

MIN_PARAGRAPH = 40
"""Characters below which a paragraph is too short to have a language of its own."""

MIN_SCORE = 0.6
"""Probability below which a paragraph's own label is not believed."""

MAX_RUNS = 200
"""Runs of paragraphs that are written down of one text."""


class Paragraph(Struct, frozen=True, gc=False):
    """A line of a text that is not blank."""

    text: str
    """Without spaces around it."""
    lang: str
    """Its language, or empty if it is too short or too uncertain to have one of its own."""
    score: float
    """Probability of the label it got, believed or not, 0 to 1; 0 if it is too short."""

    def is_foreign(self, lang: str) -> bool:
        """Whether it is in another language than `lang`, and none easily mistaken for it."""
        if self.lang in ("", NO_LANGUAGE, "und_Zzzz") or self.lang[:3] == lang[:3]:
            return False
        return not easily_mistaken(self.lang, lang)


def read(text: str, identifier: LanguageIdentifier) -> tuple[Identity, tuple[Paragraph, ...]]:
    """Return the language of a text, and its paragraphs in their order, each with its own."""
    identity, told = identifier.identify_lines(text, MIN_PARAGRAPH)
    found = []
    for line in map(str.strip, text.split("\n")):
        if len(line) >= MIN_PARAGRAPH:
            own = next(told)
            # A script that no label is of needs no model to be believed.
            sure = own.score >= MIN_SCORE or own.lang.startswith("und_")
            found.append(Paragraph(line, own.lang if sure else "", own.score))
        elif line:
            found.append(Paragraph(line, "", 0.0))
    return identity, tuple(found)


def paragraphs(text: str, identifier: LanguageIdentifier) -> tuple[Paragraph, ...]:
    """Return the paragraphs of a text in their order, each with its language."""
    return read(text, identifier)[1]


def foreign_share(found: Sequence[Paragraph], lang: str) -> float:
    """Return the share of characters, 0 to 1, in paragraphs of another language than `lang`."""
    return _share(found, [one for one in found if one.is_foreign(lang)])


def share_in(found: Sequence[Paragraph], language: str) -> float:
    """Return the share of characters, 0 to 1, in paragraphs of a language such as ``eng``."""
    return _share(found, [one for one in found if one.lang[:3] == language])


def runs(found: Sequence[Paragraph]) -> str:
    """Return languages as runs of paragraphs, at most `MAX_RUNS`: ``deu_Latn 3, eng_Latn 1``.

    Paragraphs without a language of their own are ``-``.
    """
    counted = [(lang or "-", len(list(run))) for lang, run in groupby(found, lambda one: one.lang)]
    written = [f"{lang} {count}" for lang, count in counted[:MAX_RUNS]]
    return ", ".join(written + ["…"] * (len(counted) > MAX_RUNS))


def without_foreign(text: str, found: Sequence[Paragraph], lang: str) -> str:
    """Return the text without its paragraphs in another language than `lang`."""
    own = iter(found)
    kept = [line for line in text.split("\n") if not (line.strip() and next(own).is_foreign(lang))]
    return "\n".join(kept).strip("\n")


def _share(found: Sequence[Paragraph], some: Sequence[Paragraph]) -> float:
    whole = sum(len(one.text) for one in found)
    return round(sum(len(one.text) for one in some) / whole, 4) if whole else 0.0
