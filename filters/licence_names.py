"""Names of licences: from an address or a few words to SPDX, and what each licence asks for.

Creative Commons addresses are read as Creative Commons publishes them
(https://creativecommons.org/licenses/list); all others are in `licences.tsv`. Names are those of
the SPDX licence list 3.27. Nothing is guessed: a licence without a version stays one without.
"""

from functools import cache
from importlib import resources
from typing import Final, Literal, TypeAlias

import re2
from msgspec import Struct

Terms: TypeAlias = Literal[
    "permissive", "share-alike", "non-commercial", "no-derivatives", "reserved", "unknown"
]
"""What a licence asks for, from the least on. `permissive` is the public domain or attribution;
`reserved` is a page that says that nothing is allowed, `unknown` one that says nothing."""

TERMS: Final[tuple[Terms, ...]] = (
    "permissive", "share-alike", "non-commercial", "no-derivatives", "reserved", "unknown",
)  # fmt: skip
RESERVED: Final = "LicenseRef-all-rights-reserved"

_MAX_ADDRESS = 500
_CODES = ("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
_LEGACY_CODES = {"by-nd-nc": "by-nc-nd", "by-sa-nc": "by-nc-sa"}
_VERSIONS = ("1.0", "2.0", "2.5", "3.0", "4.0")
_PUBLIC_DOMAIN = {"zero": "CC0-1.0", "mark": "CC-PDM-1.0", "certification": "CC-PDDC"}
_PORTS = frozenset(
    (
        "CC-BY-2.5-AU", "CC-BY-3.0-AT", "CC-BY-3.0-AU", "CC-BY-3.0-DE", "CC-BY-3.0-IGO",
        "CC-BY-3.0-NL", "CC-BY-3.0-US", "CC-BY-NC-3.0-DE", "CC-BY-NC-ND-3.0-DE",
        "CC-BY-NC-ND-3.0-IGO", "CC-BY-NC-SA-2.0-DE", "CC-BY-NC-SA-2.0-FR", "CC-BY-NC-SA-2.0-UK",
        "CC-BY-NC-SA-3.0-DE", "CC-BY-NC-SA-3.0-IGO", "CC-BY-ND-3.0-DE", "CC-BY-SA-2.0-UK",
        "CC-BY-SA-2.1-JP", "CC-BY-SA-3.0-AT", "CC-BY-SA-3.0-DE", "CC-BY-SA-3.0-IGO",
    )
)  # fmt: skip
"""The national ports that SPDX has names for."""
_FORMS = (".html", ".htm", ".txt", ".pdf", ".en", ".de", ".fr", ".php")
_LISTS = ("spdx.org/licenses/", "opensource.org/licenses/", "choosealicense.com/licenses/")


class Name(Struct, frozen=True, gc=False):
    """A licence as SPDX names it, and the country of its port, in lower case, if it is one.

    What SPDX does not list is a `LicenseRef-…`; of a port without a name of its own, `spdx` is
    that of the licence it is a port of.
    """

    spdx: str
    jurisdiction: str | None = None


class _Known(Struct, frozen=True):
    spdx: str
    terms: Terms
    addresses: tuple[str, ...]
    called: tuple[str, ...]


def at(address: str) -> Name | None:
    """Return the licence whose text or deed is at an address, or None. Case does not matter.

    >>> at("http://www.creativecommons.org/licenses/by-sa/3.0/de/deed.en").spdx
    'CC-BY-SA-3.0-DE'
    """
    bare = address[:_MAX_ADDRESS].strip().lower().removeprefix("https:").removeprefix("http:")
    bare = bare.removeprefix("//").partition("?")[0].partition("#")[0].removeprefix("www.")
    path = bare.removeprefix("creativecommons.org/")
    if path != bare and (name := creative_commons(path.split("/"))):
        return name
    for prefix in _LISTS:
        if bare.startswith(prefix):
            return by_identifier(_without_form(bare.removeprefix(prefix).strip("/")))
    place = _without_form(bare.rstrip("/"))
    while place:
        if found := _by_address().get(place):
            return Name(found)
        place = place.rpartition("/")[0]
    return None


def creative_commons(path: list[str]) -> Name | None:
    """Return the licence at a path below creativecommons.org, in lower case."""
    kind, code, version, port, *_ = [*path, "", "", "", ""]
    if kind == "publicdomain":
        return Name(_PUBLIC_DOMAIN[code]) if code in _PUBLIC_DOMAIN else None
    if kind != "licenses":
        return None
    if code == "publicdomain":
        return Name("CC-PDDC")
    code = _LEGACY_CODES.get(code, code)
    return deed(code, version, port) if code in _CODES else None


def deed(code: str, version: str = "", port: str = "") -> Name:
    """Return the Creative Commons licence of a code such as "by-sa", a version and a country.

    >>> deed("by", "2.5", "it")
    Name(spdx='CC-BY-2.5', jurisdiction='it')
    """
    # Version 4.0 has no ports, and what follows it is a form of the text or a language.
    is_port = version != "4.0" and (port == "scotland" or (port.isalpha() and len(port) in (2, 3)))
    isolated = port.lower() if is_port and port.lower() != "rdf" else None
    if isolated and version and (exact := f"CC-{code}-{version}-{port}".upper()) in _PORTS:
        return Name(exact, isolated)
    if version in _VERSIONS:
        return Name(f"CC-{code.upper()}-{version}", isolated)
    return Name(f"LicenseRef-CC-{code.upper()}" + ("-2.1" if version == "2.1" else ""), isolated)


def by_identifier(word: str) -> Name | None:
    """Return the licence of which this is the SPDX identifier, in any case, or None.

    >>> by_identifier("cc-by-nc-sa-3.0-igo")
    Name(spdx='CC-BY-NC-SA-3.0-IGO', jurisdiction='igo')
    """
    word = word.strip().lower()
    if word.startswith("cc-by"):
        parts = word.split("-")[1:]
        kinds = [part for part in parts if part in ("by", "sa", "nc", "nd")]
        rest = [*parts[len(kinds) :], "", ""]
        code = _LEGACY_CODES.get("-".join(kinds), "-".join(kinds))
        return deed(code, rest[0], rest[1]) if code in _CODES else None
    found = _by_identifier().get(word)
    return Name(found) if found else None


def terms(spdx: str | None) -> Terms:
    """Return what a licence asks for; `unknown` of none, or of one that we do not know.

    >>> terms("CC-BY-3.0-DE"), terms("CC-BY-NC-SA-4.0"), terms("CC-BY-NC-ND-4.0")
    ('permissive', 'non-commercial', 'no-derivatives')
    """
    if spdx is None:
        return "unknown"
    if spdx in _terms():
        return _terms()[spdx]
    parts = spdx.removeprefix("LicenseRef-").split("-")
    if parts[:2] != ["CC", "BY"]:
        return "unknown"
    if "ND" in parts:
        return "no-derivatives"
    if "NC" in parts:
        return "non-commercial"
    return "share-alike" if "SA" in parts else "permissive"


UNLICENSED: Final = 15
"""The strictness of a text under no licence that is known."""
_FREE = ("CC0-1.0", "CC-PDM-1.0", "CC-PDDC", "PDDL-1.0", "Unlicense", "DL-DE-ZERO-2.0")
_STRICTNESS: dict[Terms, int] = {
    "permissive": 1, "share-alike": 2, "non-commercial": 3, "no-derivatives": 5, "reserved": 14
}  # fmt: skip


def strictness(spdx: str | None, tier: str | None) -> int:
    """Return how much the terms of a licence ask for: 0 for the public domain, 1 for attribution.

    The order is that in which Creative Commons lists its licences, from the most permissive on.
    A text without a licence, or with one of tier D, which may well be a photograph's, has
    `UNLICENSED`.

    >>> strictness("CC0-1.0", "A"), strictness("CC-BY-SA-3.0", "B"), strictness("CC-BY-4.0", "D")
    (0, 2, 15)
    """
    if spdx is None or tier is None or tier == "D":
        return UNLICENSED
    return asked(spdx)


def asked(spdx: str) -> int:
    """Return the strictness of a licence, however well it is evidenced."""
    if spdx in _FREE:
        return 0
    kind = terms(spdx)
    parts = spdx.split("-")
    more = (kind == "non-commercial" and "SA" in parts) or (
        kind == "no-derivatives" and "NC" in parts
    )
    return _STRICTNESS.get(kind, UNLICENSED) + more


def family(spdx: str) -> str:
    """Return a licence without version and country: those of one family do not contradict.

    >>> family("CC-BY-SA-3.0-DE"), family("GFDL-1.2-or-later"), family("LicenseRef-OGL-UK")
    ('CC-BY-SA', 'GFDL', 'OGL-UK')
    """
    bare = spdx.removeprefix("LicenseRef-")
    return str(_VERSION.sub("", bare)) if not bare.startswith("rightsstatements") else bare


_VERSION = re2.compile(r"-v?\d[\d.]*(-[A-Za-z-]+)?$")


def called() -> dict[str, str]:
    """Return the names of licences in words, lower case, longest first, with those of SPDX."""
    named = [(words, known.spdx) for known in _known() for words in known.called]
    return dict(sorted(named, key=lambda pair: (-len(pair[0]), pair[0])))


def _without_form(place: str) -> str:
    for ending in _FORMS:
        place = place.removesuffix(ending)
    return place.rstrip("/")


@cache
def _known() -> tuple[_Known, ...]:
    source = resources.files("florilegium.filters") / "licences.tsv"
    lines = [line for line in source.read_text("utf-8").splitlines() if not line.startswith("#")]
    rows = [(*line.split("\t"), "", "")[:4] for line in lines[1:]]
    return tuple(
        _Known(name, kind, tuple(places.split()), tuple(filter(None, words.split("; "))))  # type: ignore[arg-type]
        for name, kind, places, words in rows
    )


@cache
def _by_address() -> dict[str, str]:
    return {_without_form(place): known.spdx for known in _known() for place in known.addresses}


@cache
def _by_identifier() -> dict[str, str]:
    names = {known.spdx: known.spdx for known in _known()} | {n: n for n in _PUBLIC_DOMAIN.values()}
    short = {name.removesuffix("-only"): name for name in names if name.endswith("-only")}
    return {key.lower(): name for key, name in (short | names).items()}


@cache
def _terms() -> dict[str, Terms]:
    free: dict[str, Terms] = dict.fromkeys(_PUBLIC_DOMAIN.values(), "permissive")
    return free | {known.spdx: known.terms for known in _known()} | {RESERVED: "reserved"}
