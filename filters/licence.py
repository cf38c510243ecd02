"""Licences: what a page says about the terms of its own text, and how well it says it.

A licence on a page need not be the page's: pictures, maps, fonts, themes and comments have their
own. So evidence counts by where it stands, and what speaks of something else does not count.
"""

import enum
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from florilegium.filters import headers as header_fields
from florilegium.filters.address import address, resolved
from florilegium.filters.licence_names import RESERVED, Name, asked, at, terms

Place: TypeAlias = Literal[
    "http", "link", "meta", "json-ld", "microdata", "rdfa", "site", "a-rel-footer", "a-rel",
    "a-footer", "a-stated", "reserved", "a", "text-footer", "text", "other",
]  # fmt: skip
"""Where a licence is named; `other` is wherever it is that of something else than the page."""
Tier: TypeAlias = Literal["A", "B", "C", "D"]

TIERS: Final[tuple[Tier, ...]] = ("A", "B", "C", "D")

# A: said of the page as a whole, for machines. B: said for machines and readers of the whole site,
# or marked as the page's where pages say it. C: one of the two, or in so many words. D: any other.
_PLACES: Final[dict[Place, tuple[Tier, str]]] = {
    "http": ("A", "the response says it for machines (Link: rel=license)"),
    "link": ("A", "the page says it for machines (link rel=license)"),
    "meta": ("A", "the page says it for machines (a meta tag)"),
    "json-ld": ("A", "the page describes itself so (JSON-LD)"),
    "microdata": ("A", "the page describes itself so (microdata)"),
    "rdfa": ("A", "the page describes itself so (RDFa)"),
    "site": ("B", "the page says it of its whole site (JSON-LD)"),
    "a-rel-footer": ("B", "a link in the footer is marked as the page's licence"),
    "a-rel": ("C", "a link is marked as the licence of what is here"),
    "a-footer": ("C", "a link in the footer leads to it"),
    "a-stated": ("C", "a sentence with a link says it of the text"),
    "reserved": ("C", "the footer says so in words"),
    "a": ("D", "a link somewhere on the page leads to it"),
    "text-footer": ("D", "the footer names it, without a link"),
    "text": ("D", "the text names it"),
    "other": ("D", "it is said of something else on the page"),
}
_SEEN: Final = 60
_LISTED: Final = 8
_STRENGTHS: Final = {
    "A": "said of the page as a whole, for machines",
    "B": "said where pages say it, and marked as theirs",
    "C": "said where pages say it, or in words",
    "D": "a mention, which may be of something else",
}


class Flag(enum.IntFlag):
    """What else there is to know of a licence, one bit each, as in `Document.license_flags`."""

    DISAGREEMENT = 1
    RESERVED = 2
    OTHERS = 4
    RAISED = 8
    LOWERED = 16


class Evidence(Struct, frozen=True, gc=False):
    """A licence that a page names, the place where it does, and the first sixty characters of it.

    `about` is the address of what is licensed, if the page gives one.
    """

    name: Name
    place: Place
    seen: str = ""
    about: str | None = None


class Licence(Struct, frozen=True, gc=False):
    """The licence of a page: name, strength of the evidence, flags, and the evidence itself.

    `spdx` is None, and `tier` D, if all there is speaks of something else than the page.
    """

    spdx: str | None
    tier: Tier
    jurisdiction: str | None = None
    flags: Flag = Flag(0)
    evidence: tuple[Evidence, ...] = ()

    @property
    def summary(self) -> str:
        """The evidence in few words: `link CC-BY-4.0, a-footer CC-BY-NC-4.0`, the best first."""
        listed = dict.fromkeys(f"{one.place} {one.name.spdx}" for one in self.evidence)
        return ", ".join(list(listed)[:_LISTED])


def evidence(name: Name, place: Place, seen: str, about: str | None = None) -> Evidence:
    """Return evidence with a bounded, single line of what was seen."""
    return Evidence(name, place, " ".join(seen[: 4 * _SEEN].split())[:_SEEN], about)


def licence(found: Iterable[Evidence], *pages: str) -> Licence | None:
    """Return the licence of a page that goes by these addresses, or None if it names none.

    Mentions (tier D) count only where there is nothing better. Of licences that ask for different
    things the strictest is taken, and flagged; those that ask for the same, such as versions,
    national ports or a choice of two, do not contradict each other.
    """
    ordered = sorted(_attributed(found, pages), key=lambda one: (_tier(one), one.place == "other"))
    if not ordered:
        return None
    flags = Flag.OTHERS if any(one.place == "other" for one in ordered) else Flag(0)
    mine = [one for one in ordered if one.place != "other"]
    counting = [one for one in mine if _tier(one) != "D"] or mine
    if any(one.name.spdx == RESERVED for one in counting):
        flags |= Flag.RESERVED
    if not counting:
        return Licence(None, "D", flags=flags, evidence=tuple(ordered))
    strictest = max(asked(one.name.spdx) for one in counting)
    if min(asked(one.name.spdx) for one in counting) != strictest:
        flags |= Flag.DISAGREEMENT
    best = min(
        (one for one in counting if asked(one.name.spdx) == strictest),
        key=lambda one: (_tier(one), one.name.spdx.startswith("LicenseRef-CC")),
    )
    return Licence(best.name.spdx, _tier(best), best.name.jurisdiction, flags, tuple(ordered))


def header_evidence(headers: Sequence[tuple[str, str]]) -> tuple[Evidence, ...]:
    """Return the licences that a response names by `Link: <...>; rel=license` (RFC 8288)."""
    return tuple(
        evidence(name, "http", link.target, link.anchor or None)
        for link in header_fields.links(headers)
        if "license" in link.relations and (name := at(link.target))
    )


def explained(mark: Licence) -> Iterator[str]:
    """Yield in plain words what the licence of a page is, and what every piece of evidence says."""
    if mark.spdx is None:
        yield "none that is the page's own"
    else:
        port = f", port of {mark.jurisdiction.upper()}" if mark.jurisdiction else ""
        yield f"{mark.spdx} ({terms(mark.spdx)}{port}), tier {mark.tier}: {_STRENGTHS[mark.tier]}"
    if Flag.DISAGREEMENT in mark.flags:
        yield "the page contradicts itself; the strictest licence is taken"
    for one in mark.evidence[:_LISTED]:
        counts = "" if one.place == "other" else f"tier {_tier(one)}, "
        yield f"{one.name.spdx}: {counts}{_PLACES[one.place][1]}: {one.seen}"
    if (more := len(mark.evidence) - _LISTED) > 0:
        yield f"and {more} more"


def moved(tier: Tier, steps: int) -> Tier:
    """Return the tier so many steps weaker, or stronger if negative, within A to D."""
    return TIERS[min(max(TIERS.index(tier) + steps, 0), len(TIERS) - 1)]


def _tier(one: Evidence) -> Tier:
    return _PLACES[one.place][0]


def _attributed(found: Iterable[Evidence], pages: Sequence[str]) -> Iterator[Evidence]:
    """Yield each piece of evidence once; what speaks of another address becomes `other`."""
    here = [address(page).rstrip("/") for page in pages if page]
    for one in dict.fromkeys(found):
        if one.about and here and _written(one.about, pages[0]) not in here:
            yield Evidence(one.name, "other", one.seen, one.about)
        else:
            yield one


def _written(about: str, page: str) -> str:
    return address(resolved(about, page) or about).rstrip("/")
