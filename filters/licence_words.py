"""Licences in words: names, claims that all is reserved, and what a sentence about one speaks of.

Pages say these things in their own language. Every pattern is RE2, so time is linear in the text.
"""

from collections.abc import Iterator
from functools import cache
from importlib import resources
from itertools import islice
from typing import Literal, TypeAlias

import re2
from msgspec import Struct

from florilegium.filters.licence_names import RESERVED, Name, at, by_identifier, called, deed

_WINDOW = 120
_MOST = 20
_MOST_LOOKED_AT = 500


class Mention(Struct, frozen=True, gc=False):
    """A licence named in a text, and where the name begins and ends."""

    name: Name
    start: int
    end: int


_DASHES = "\u2010\u2011\u2013-"
_SEPARATOR = rf"[\s{_DASHES}]"
_CODE = (
    rf"\bCC{_SEPARATOR}{{0,2}}(?P<code>BY(?:[\s/{_DASHES}]{{1,2}}(?:NC|SA|ND)){{0,2}}|0\b)"
    rf"(?:[\s,v{_DASHES}]{{1,3}}(?P<version>[1-4]\.[0-9])"
    rf"(?:{_SEPARATOR}{{1,2}}(?P<port>[A-Z]{{2,3}}\b))?)?"
    r"|\bcc-(?P<low>by(?:-(?:nc|sa|nd)){0,2})\b(?:-(?P<lowversion>[1-4]\.[0-9]))?"
)
# "Creative Commons material by …" names nobody's licence: capitals or a condition are asked for.
_DEED = re2.compile(
    rf"\bBY(?:{_SEPARATOR}(?:NC|SA|ND)){{0,2}}\b|\bby(?:[{_DASHES}](?:nc|sa|nd)){{1,2}}\b"
)
_NUMBER = re2.compile(r"\b[1-4]\.[0-9]\b")
_CONDITION = re2.compile(r"(?i)nc|nd|sa")
_NO_PORTS = ("int", "unp")

Subject: TypeAlias = Literal["own", "other"] | None
"""What a sentence is about: the text of its page, a thing that is not, or neither."""


@cache
def _patterns() -> dict[str, str]:
    source = resources.files("florilegium.filters") / "licence_words.tsv"
    lines = [line for line in source.read_text("utf-8").splitlines() if not line.startswith("#")]
    patterns: dict[str, list[str]] = {}
    for says, pattern in (line.split("\t") for line in lines[1:]):
        patterns.setdefault(says, []).append(pattern)
    return {says: "|".join(found) for says, found in patterns.items()}


def said(what: str) -> str:
    """Return the RE2 pattern of all ways in which something is said, as in `licence_words.tsv`."""
    return _patterns()[what]


@cache
def _pattern(says: str) -> "re2._Regexp":
    return re2.compile(rf"(?i)(?:{said(says)})")


@cache
def _in_words() -> dict[str, str]:
    return called()


@cache
def _names() -> "re2._Regexp":
    words = "|".join(re2.escape(one) for one in _in_words())
    reserved = said("reserved")
    return re2.compile(
        rf"{_CODE}|(?i:creative\s+commons)|(?i:\b(?P<called>{words}))|(?i:(?P<reserved>{reserved}))"
    )


def mentions(text: str) -> Iterator[Mention]:
    """Yield the licences that a text names, the first twenty, in order; linear in the length.

    After five hundred words that might have been one, no further is looked at.

    >>> [one.name.spdx for one in mentions("© 2020, CC BY-SA 3.0 DE; code: MIT License")]
    ['CC-BY-SA-3.0-DE', 'MIT']
    """
    number = 0
    for found in islice(_names().finditer(text), _MOST_LOOKED_AT):
        name, end = _name(found, text)
        if name is not None:
            yield Mention(name, found.start(), end)
            number += 1
        if number == _MOST:
            return


def named(value: str) -> list[Name]:
    """Return the licences that a value of metadata names: by address, identifier or in words."""
    if name := at(value) or by_identifier(value):
        return [name]
    words = (word.strip("<>().,;\"'") for word in value.split() if "/" in word)
    links = [name for word in words if (name := at(word))]
    return links or [one.name for one in mentions(value) if subject(value[: one.end]) != "other"]


def _name(found: "re2._Match", text: str) -> tuple[Name | None, int]:
    groups = found.groupdict()
    if groups["reserved"]:
        return Name(RESERVED), found.end()
    if words := groups["called"]:
        spdx = _in_words().get(words.lower())
        return Name(spdx) if spdx else None, found.end()
    if low := groups["low"]:
        return by_identifier(f"cc-{low}-{groups['lowversion'] or ''}".rstrip("-")), found.end()
    if code := groups["code"]:
        if code == "0":
            return Name("CC0-1.0"), found.end()
        port = (groups["port"] or "").lower()
        port = "" if port in _NO_PORTS else port
        return _deed(code, groups["version"] or "", port), found.end()
    return _spelt_out(text, found.end())


def _deed(code: str, version: str, port: str = "") -> Name | None:
    kinds = {part.lower() for part in _CONDITION.findall(code[2:])}
    return deed(_code(kinds), version, port) if _code(kinds) else None


def _code(kinds: set[str]) -> str:
    """Return the code of a deed by its conditions; no deed allows changes and forbids them."""
    if {"nd", "sa"} <= kinds:
        return ""
    return "-".join(["by", *(kind for kind in ("nc", "nd", "sa") if kind in kinds)])


def _spelt_out(text: str, start: int) -> tuple[Name | None, int]:
    """Return the licence whose conditions stand after the words Creative Commons."""
    window = text[start : start + _WINDOW]
    for end in (". ", "\n", ";", "|", "•"):
        window = window.partition(end)[0]
    if "zero" in window[:12].lower() or "cc0" in window.lower():
        return Name("CC0-1.0"), start
    number = _NUMBER.search(window)
    version = number[0] if number else ""
    if found := _DEED.search(window):
        return _deed(found[0], version), start + found.end()
    said = {one for one in ("by", "nc", "nd", "sa") if _pattern(one).search(window)}
    if not said or not (code := _code(said - {"by"})):
        return None, start
    return deed(code, version), start + (number.end() if number else 0)


def subject(sentence: str) -> Subject:
    """Return what a sentence is about that names a licence; its own text, if it names both.

    >>> subject("Inhalte stehen unter"), subject("Foto: A. Berg,"), subject("© 2024")
    ('own', 'other', None)
    """
    if _pattern("own").search(sentence):
        return "own"
    return "other" if _pattern("other").search(sentence) else None
