"""Licences of a host: what most of its pages say lends weight, what one page alone says loses it.

A template puts its footer on every page, so a link there that all pages have is the site's own
word. One licensed page among many is more likely an embedded thing that was taken for the page's.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from florilegium.filters.licence import Flag, Tier, moved
from florilegium.filters.licence_names import family

Stated: TypeAlias = dict[str, list[int]]
"""Pages of a host that state a licence, by its family, for the tiers A to C."""
Hosts: TypeAlias = dict[str, tuple[int, Stated]]
"""Pages of each host, and what is stated on how many."""
Steps: TypeAlias = dict[str, int]
"""How many tiers weaker a licence is on the pages of a host, by family; negative is stronger."""

_COUNTED: tuple[Tier, ...] = ("A", "B", "C")


class Licences(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the pages of a host bear on the licence of each, copies not counted.

    A mention (tier D) counts for nothing. The table of hosts is in `audit/licences/`.
    """

    consensus: Literal["ignore", "apply"] = "ignore"
    """`apply` lifts tier C to B for a licence that most pages of a host state, and weakens by one
    tier that of the only page of a host that states any."""
    min_pages: Annotated[int, Meta(ge=2)] = 5
    """A host with fewer pages has no consensus."""
    min_share: Annotated[float, Meta(gt=0, le=1)] = 0.8
    """Share of a host's pages that state the same licence, versions and ports aside."""


def count(pages: Iterable[tuple[str, str | None, str | None]]) -> Hosts:
    """Return the hosts of pages, each given by host, licence and tier."""
    hosts: Hosts = {}
    for host, spdx, tier in pages:
        number, stated = hosts.get(host, (0, {}))
        hosts[host] = number + 1, stated
        if spdx is not None and tier in _COUNTED:
            stated.setdefault(family(spdx), [0] * len(_COUNTED))[_COUNTED.index(tier)] += 1
    return hosts


def added(many: Iterable[Hosts]) -> Hosts:
    """Return the sum; the order makes no difference."""
    whole: Hosts = {}
    for hosts in many:
        for host, (number, stated) in hosts.items():
            before, mine = whole.get(host, (0, {}))
            for name, tiers in stated.items():
                mine[name] = [a + b for a, b in zip(mine.get(name, [0, 0, 0]), tiers, strict=True)]
            whole[host] = before + number, mine
    return whole


def steps(pages: int, stated: Mapping[str, list[int]], settings: Licences) -> Steps:
    """Return by how many tiers the licences of a host are moved; no entry is no move."""
    if pages < settings.min_pages:
        return {}
    if sum(sum(tiers) for tiers in stated.values()) == 1:
        return dict.fromkeys(stated, 1)
    enough = settings.min_share * pages
    return {name: -1 for name, tiers in stated.items() if sum(tiers) >= enough}


def settled(spdx: str, tier: Tier, flags: int, moves: Steps) -> tuple[Tier, int]:
    """Return tier and flags of a page after the pages of its host were taken into account.

    Only tier C rises: what is said for machines on every page is no surer than on one.
    """
    move = moves.get(family(spdx), 0)
    if move < 0 and tier == "C":
        return moved(tier, move), flags | Flag.RAISED
    if move > 0 and tier in _COUNTED:
        return moved(tier, move), flags | Flag.LOWERED
    return tier, flags
