"""Text in one form: what looks the same is the same, and nothing invisible is left."""

import unicodedata
from typing import Final

import re2

# Nonstarters that a text may stack on one letter: the bound of the Stream-Safe Text Format
# (UAX 15, section 13). Composition takes time with the square of such a run.
_STACKED: Final = re2.compile(r"(\p{M}{30})\p{M}+")

_LINE_ENDS: Final = re2.compile("\r\n|[\r\v\f\x85\u2028\u2029]")

# Controls, soft hyphens, zero-width spaces, marks of direction, byte order marks, noncharacters.
_INVISIBLE: Final = re2.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff]"
)

# Joiners shape words and emoji; beside a space or another joiner they do nothing.
_JOINERS: Final = re2.compile("([\u200c\u200d])[\u200c\u200d]+")
_JOINER_FIRST: Final = re2.compile(r"(^|[\s\pZ])[\x{200c}\x{200d}]")
_JOINER_LAST: Final = re2.compile(r"[\x{200c}\x{200d}]([\s\pZ]|$)")

_BLANK_LINES: Final = re2.compile("\n{3,}")

# Legacy encodings had no comma below, so that older Romanian text carries cedillas.
_ROMANIAN: Final = str.maketrans("şŞţŢ\u0327", "șȘțȚ\u0326")


def normalise(text: str, lang: str | None = None) -> str:
    r"""Return the text in NFC, its lines ended by \n, without controls and invisible marks.

    Lines lose the spaces at their end, runs of blank lines shrink to one, lone surrogates become
    U+FFFD, and in Romanian (`lang` starts with "ron") cedillas become commas below. Idempotent;
    time is linear in the length.
    """
    text = _LINE_ENDS.sub("\n", _without_surrogates(text))
    text = _INVISIBLE.sub("", text)
    if "\u200c" in text or "\u200d" in text:
        text = _JOINERS.sub(r"\1", text)
        text = _JOINER_LAST.sub(r"\1", _JOINER_FIRST.sub(r"\1", text))
    text = _composed(text)
    if lang is not None and lang.startswith("ron"):
        text = _composed(text.translate(_ROMANIAN))
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return str(_BLANK_LINES.sub("\n\n", text)).strip()


def _without_surrogates(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _composed(text: str) -> str:
    """Return the text in NFC, at most thirty marks on a letter."""
    if text.isascii():
        return text
    # Twice, because composition takes some characters apart, for good.
    text = unicodedata.normalize("NFC", _STACKED.sub(r"\1", text))
    return str(_STACKED.sub(r"\1", text))
