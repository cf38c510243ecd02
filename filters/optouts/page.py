"""The opt-outs that a page or its response carries, by all protocols."""

import itertools
from collections.abc import Iterable, Sequence

from florilegium.filters.optouts import aipref, robots_tag, rsl, tdmrep
from florilegium.filters.optouts.policy import Rights
from florilegium.filters.optouts.signal import Found, Signal


def signals(
    headers: Sequence[tuple[str, str]],
    robots: Iterable[tuple[str, tuple[str, ...]]] = (),
    tdm_reservation: str | None = None,
    rsl_link: str | None = None,
    rsl_licences: Iterable[str] = (),
    url: str = "",
) -> tuple[Found, ...]:
    """Return every signal of a page, each once, in the order of the protocols. Never raises.

    `headers` are those of the response, `robots` the page's own directives by the crawler they
    address ("robots" is everyone), `tdm_reservation` the content of that meta tag, `rsl_link` the
    address of a licence in Really Simple Licensing, `rsl_licences` those that stand in the page,
    `url` its own address, to which these refer.
    """
    found = itertools.chain(
        robots_tag.in_headers(headers),
        robots_tag.in_tags(robots),
        tdmrep.on_page(headers, tdm_reservation),
        aipref.in_headers(headers),
        rsl.on_page(headers, rsl_link),
        rsl.in_page(rsl_licences, url),
    )
    return tuple(dict.fromkeys(found))


def verdict(found: Iterable[Found], policy: Rights) -> Found | None:
    """Return the first signal that costs the page its place, or None if nothing here does.

    A licence that is only offered does not: its terms are elsewhere. Nor does anything where
    reservations have no effect.
    """
    if policy.regime == "research_60d":
        return None
    mask = policy.mask() & ~Signal.RSL
    return next((item for item in found if item.signal in mask), None)


def bits(found: Iterable[Found]) -> int:
    """Return the set of signals as an integer, for `Document.rights`."""
    union = Signal(0)
    for item in found:
        union |= item.signal
    return int(union)
