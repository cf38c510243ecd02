"""The written languages of Europe, and every other label of the packaged model.

Languages are named by ISO 639-3 and ISO 15924, as in ``deu_Latn``.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from msgspec import Struct

NO_LANGUAGE = "zxx_Zzzz"
"""Label of text that is in no language: code, addresses, product numbers."""

MAX_CHARACTERS = 2000
"""Characters of a text that are looked at to tell its language, from its start."""

_DATA = files("florilegium.filters")


class Language(Struct, frozen=True):
    """A language in one script, as the table of languages has it."""

    code: str
    """ISO 639-3 and ISO 15924, as in ``srp_Cyrl``; macro codes for Albanian, Latvian and so on."""

    name: str
    """English name."""

    bcp47: str
    """Tag for ``lang`` attributes and HTTP headers."""

    european: bool
    """Whether it is one of the written languages of Europe that a build may ask for."""

    group: str
    """Name of the close languages it is easily mistaken for, or empty."""


def _languages() -> Iterator[tuple[str, Language]]:
    table = _DATA.joinpath("languages.tsv").read_text(encoding="utf-8").splitlines()
    for row in csv.DictReader(table, delimiter="\t", strict=True):
        code, european = row["code"], row["european"] == "yes"
        yield code, Language(code, row["name"], row["bcp47"], european, row["group"])


LANGUAGES: Mapping[str, Language] = MappingProxyType(dict(_languages()))
"""Every language of Europe and every label of the packaged model, by code."""


_MEMBERS = {"hbs": ("bos", "cnr", "hrv", "srp"), "nor": ("nno", "nob")}

MACRO: Mapping[str, str] = MappingProxyType(
    {
        f"{member}{code[3:]}": code
        for code in LANGUAGES
        for member in _MEMBERS.get(code[:3], ())
        if f"{member}{code[3:]}" in LANGUAGES
    }
)
"""The macro language, such as ``hbs_Latn``, that a code is a member of."""


@cache
def packaged_labels() -> frozenset[str]:
    """Return the codes that the packaged model tells, from its card."""
    card = json.loads(_DATA.joinpath("language.json").read_text(encoding="utf-8"))
    return frozenset(card["labels"])


@cache
def european() -> tuple[str, ...]:
    """Return the codes of the European languages that the packaged model tells, sorted."""
    return tuple(sorted(code for code in packaged_labels() if LANGUAGES[code].european))


def group_of(code: str) -> str:
    """Return the name of the group of close languages that a code is of, or nothing."""
    language = LANGUAGES.get(code)
    return language.group if language else ""


def easily_mistaken(one: str, other: str) -> bool:
    """Return whether two codes are of one group of close languages."""
    return group_of(one) != "" and group_of(one) == group_of(other)
