"""The table of languages: every language of Europe, and every label of the packaged model."""

import csv
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from msgspec import Struct

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


@cache
def european() -> tuple[str, ...]:
    """Return the codes of the European languages that the packaged model tells, sorted."""
    card = json.loads(_DATA.joinpath("language.json").read_text(encoding="utf-8"))
    return tuple(sorted(code for code in card["labels"] if LANGUAGES[code].european))
