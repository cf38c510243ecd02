"""Directives to robots on a page: the header X-Robots-Tag, and meta tags.

X-Robots-Tag is read as Google documents it; `noai` and `noimageai` are those of DeviantArt (2022);
meta tags are those of the HTML Standard's extensions, for everyone or for one crawler.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from florilegium.filters import headers as header_fields
from florilegium.filters.optouts.agents import MEANT
from florilegium.filters.optouts.signal import Found, Signal

SPECIFICATION: Final = "X-Robots-Tag and robots meta as of 2026-11; noai, noimageai of 2022-11"

_DIRECTIVES: Final = {
    "noai": Signal.NOAI,
    "noimageai": Signal.NOIMAGEAI,
    "noindex": Signal.NOINDEX,
    "none": Signal.NOINDEX,
}
_VALUED: Final = ("max-snippet", "max-image-preview", "max-video-preview", "unavailable_after")


def in_headers(headers: Sequence[tuple[str, str]]) -> Iterator[Found]:
    """Yield what the headers of a response refuse.

    A directive belongs to the crawler last named before it in its field, else to everyone.
    """
    for value in header_fields.values(headers, "x-robots-tag"):
        addressed = True
        for part in value.lower().split(","):
            name, colon, directives = part.partition(":")
            if colon and _is_agent(name.strip()):
                addressed, part = _is_meant(name.strip()), directives
            if addressed:
                yield from _directives(part.split(), "header")


def in_tags(robots: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[Found]:
    """Yield what meta tags refuse: directives by the crawler they address, "robots" is everyone."""
    for agent, tokens in robots:
        if _is_meant(agent.lower()):
            yield from _directives([token.lower() for token in tokens], "meta")


def _directives(tokens: Iterable[str], where: Literal["header", "meta"]) -> Iterator[Found]:
    for token in tokens:
        if signal := _DIRECTIVES.get(token):
            yield Found(signal, where, token)


def _is_agent(name: str) -> bool:
    """Tell the name of a crawler from a directive with a value and from a date with a time."""
    return name not in _VALUED and " " not in name and not name[:1].isdigit()


def _is_meant(agent: str) -> bool:
    return agent in ("*", "robots") or agent.partition("/")[0] in MEANT
