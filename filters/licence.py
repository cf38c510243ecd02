"""Licences: what a page says about the terms of its own text, and how well it says it.

Creative Commons deeds only. Their addresses are read as Creative Commons publishes them
(https://creativecommons.org/licenses/list), the names are those of the SPDX licence list 3.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from florilegium.filters import headers as header_fields

Place = Literal["http", "link", "meta", "json-ld", "a-rel-footer", "a-rel", "a-footer", "a"]
Tier = Literal["A", "B", "C", "D"]

# A: said of the page as a whole, for machines. B: said for readers, where pages say it, and marked
# as the page's licence. C: one of the two. D: any mention, which may well be a photograph's.
_TIERS: dict[Place, Tier] = {
    "http": "A",
    "link": "A",
    "meta": "A",
    "json-ld": "A",
    "a-rel-footer": "B",
    "a-rel": "C",
    "a-footer": "C",
    "a": "D",
}
_CODES = ("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
_LEGACY_CODES = {"by-nd-nc": "by-nc-nd", "by-sa-nc": "by-nc-sa"}
_VERSIONS = ("1.0", "2.0", "2.5", "3.0", "4.0")
_PUBLIC_DOMAIN = {
    "zero": "CC0-1.0",
    "mark": "CC-PDM-1.0",
    "certification": "CC-PDDC",
}


class Evidence(Struct, frozen=True, gc=False):
    """An address that may name a licence, and the place where the page gives it."""

    url: str
    place: Place


class Licence(Struct, frozen=True, gc=False):
    """The licence of a page: SPDX name, strength of the evidence, and whether it is contradicted.

    A version or deed that SPDX does not list is named `LicenseRef-CC-...`.
    """

    spdx: str
    tier: Tier
    disagreement: bool = False


def licence(evidence: Iterable[Evidence]) -> Licence | None:
    """Return the best evidenced licence, or None. Two different licences make tier D of any.

    Versions and national ports of one licence do not contradict each other.
    """
    known = [(_TIERS[item.place], name) for item in evidence if (name := spdx(item.url))]
    if not known:
        return None
    tier, name = min(known, key=lambda found: found[0])
    if len({_without_version(other) for _, other in known}) > 1:
        return Licence(name, "D", disagreement=True)
    return Licence(name, tier)


def header_evidence(headers: Sequence[tuple[str, str]]) -> tuple[Evidence, ...]:
    """Return the licences that a response names by `Link: <...>; rel=license` (RFC 8288)."""
    found = [link.target for link in header_fields.links(headers) if "license" in link.relations]
    return tuple(Evidence(target, "http") for target in found)


def spdx(url: str) -> str | None:
    """Return the SPDX name of the Creative Commons licence at an address, or None.

    >>> spdx("https://creativecommons.org/licenses/by-sa/3.0/de/deed.en")
    'CC-BY-SA-3.0'
    """
    address = url[:500].strip().lower().removeprefix("https:").removeprefix("http:")
    host, *path = address.removeprefix("//").partition("?")[0].partition("#")[0].split("/")
    if host.removeprefix("www.") != "creativecommons.org" or len(path) < 2:
        return None
    kind, code, version = path[0], path[1], path[2] if len(path) > 2 else ""
    if kind == "publicdomain":
        return _PUBLIC_DOMAIN.get(code)
    if kind == "licenses" and code == "publicdomain":
        return "CC-PDDC"
    code = _LEGACY_CODES.get(code, code)
    if kind != "licenses" or code not in _CODES:
        return None
    if version in _VERSIONS:
        return f"CC-{code.upper()}-{version}"
    return f"LicenseRef-CC-{code.upper()}" + ("-2.1" if version == "2.1" else "")


_STRICTNESS = ("by", "by-sa", "by-nc", "by-nc-sa", "by-nd", "by-nc-nd")
UNLICENSED = 15
"""The strictness of a text under no licence that is known."""


def strictness(name: str | None, tier: str | None) -> int:
    """Return how much the terms of a licence ask for: 0 for the public domain, 1 for attribution.

    The order is that in which Creative Commons lists its licences, from the most permissive on.
    A text without a licence, or with one of tier D, which may well be a photograph's, has
    `UNLICENSED`.

    >>> strictness("CC0-1.0", "A"), strictness("CC-BY-SA-3.0", "B"), strictness("CC-BY-4.0", "D")
    (0, 2, 15)
    """
    if name is None or tier is None or tier == "D":
        return UNLICENSED
    bare = _without_version(name).removeprefix("CC-").lower()
    if name in _PUBLIC_DOMAIN.values():
        return 0
    return _STRICTNESS.index(bare) + 1 if bare in _STRICTNESS else UNLICENSED


def _without_version(name: str) -> str:
    return name.removeprefix("LicenseRef-").rstrip("0123456789.").rstrip("-")
