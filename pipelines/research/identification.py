"""`florilegium identify`: the language of a text and of each of its paragraphs."""

from collections.abc import Iterator
from typing import BinaryIO

import msgspec
from msgspec import Struct

from florilegium.filters.language import LanguageIdentifier
from florilegium.filters.language_table import group_of
from florilegium.filters.normalise import normalise
from florilegium.filters.paragraphs import foreign_share, read, share_in

MAX_LINE = 64 << 20
"""Bytes of a line of input; a longer one is answered by an error."""


class Segment(Struct, frozen=True):
    """A paragraph."""

    label: str | None
    """Its language; null if it is too short or too uncertain to have one of its own."""
    score: float
    """Probability of the label it got, believed or not, 0 to 1; 0 if it is too short."""
    chars: int
    """Its length in Unicode code points, without spaces around it."""


class Answer(Struct, frozen=True):
    """What language a text is in."""

    id: str | None
    label: str
    """ISO 639-3 and ISO 15924, as in `deu_Latn`; `und_` and the script if there is none."""
    score: float
    """Its probability, 0 to 1."""
    second: str
    """Next most probable language."""
    second_score: float
    """Its probability, 0 to 1."""
    group: str | None
    """Name of the close languages it is easily mistaken for."""
    script: str
    """Script of most letters, ISO 15924."""
    foreign_share: float
    """Share of characters in paragraphs of another language, 0 to 1."""
    english_share: float
    """Share of characters in paragraphs in English, 0 to 1."""
    segments: tuple[Segment, ...]
    """Each paragraph, a line that is not blank."""


class _Line(Struct):
    id: str
    text: str


def answer(name: str | None, text: str, identifier: LanguageIdentifier) -> Answer:
    """Return what language a text is in; it is normalised first, as in a build."""
    text = normalise(text)
    identity, found = read(text, identifier)
    return Answer(
        id=name,
        label=identity.lang,
        score=identity.score,
        second=identity.second,
        second_score=identity.second_score,
        group=group_of(identity.lang) or None,
        script=identity.script,
        foreign_share=foreign_share(found, identity.lang),
        english_share=share_in(found, "eng"),
        segments=tuple(Segment(one.lang or None, one.score, len(one.text)) for one in found),
    )


def answer_lines(lines: BinaryIO, identifier: LanguageIdentifier) -> Iterator[bytes]:
    """Yield one JSON answer for each line of JSON; a line that is none is answered by its error."""
    number = 0
    while line := lines.readline(MAX_LINE):
        number += 1
        if not line.strip():
            continue
        try:
            if len(line) == MAX_LINE and not line.endswith(b"\n"):
                _skip(lines)
                raise ValueError(f"a line of more than {MAX_LINE} bytes")
            given = msgspec.json.decode(line, type=_Line)
            yield msgspec.json.encode(answer(given.id, given.text, identifier))
        except (ValueError, RecursionError) as error:
            yield msgspec.json.encode({"line": number, "error": str(error)})


def _skip(lines: BinaryIO) -> None:
    """Read to the end of the line."""
    while (piece := lines.readline(MAX_LINE)) and not piece.endswith(b"\n"):
        pass


def lines_of(found: Answer) -> Iterator[str]:
    """Yield an answer as a person reads it."""
    yield f"language  {found.label} {found.score}"
    yield f"second    {found.second} {found.second_score}"
    if found.group:
        yield f"group     {found.group}"
    yield f"foreign   {found.foreign_share}"
    yield f"english   {found.english_share}"
    for number, segment in enumerate(found.segments, 1):
        yield f"{number:8}  {segment.label or '-'} {segment.score}, {segment.chars} characters"
