"""Rights: the machine-readable opt-outs that a page or its response carries.

Each protocol is one function that names its specification. Every signal seen is recorded; which of
them cost a page its place is the recipe's decision.
"""

import enum
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from florilegium.filters import headers as header_fields

AGENTS_VERSION = "2026-11"
AGENTS = frozenset(
    {
        "florilegium",
        "ai2bot",
        "amazonbot",
        "anthropic-ai",
        "applebot-extended",
        "bytespider",
        "ccbot",
        "claudebot",
        "cohere-ai",
        "cohere-training-data-crawler",
        "diffbot",
        "facebookbot",
        "google-extended",
        "gptbot",
        "meta-externalagent",
        "omgili",
        "pangubot",
        "timpibot",
    }
)
"""Crawlers that gather text to train models: what a page forbids one of them, it forbids us."""


class Signal(enum.IntFlag):
    """The kinds of opt-out, one bit each, as in `Document.rights`. A bit never changes meaning."""

    NOAI = 1
    NOIMAGEAI = 2
    NOINDEX = 4
    TDM = 8
    CONTENT_USAGE = 16
    RSL = 32


Honoured = Literal["noai", "noimageai", "noindex", "tdm", "content-usage"]
Where = Literal["header", "meta"]

_HONOURED: dict[Honoured, Signal] = {
    "noai": Signal.NOAI,
    "noimageai": Signal.NOIMAGEAI,
    "noindex": Signal.NOINDEX,
    "tdm": Signal.TDM,
    "content-usage": Signal.CONTENT_USAGE,
}
_DIRECTIVES = {
    "noai": Signal.NOAI,
    "noimageai": Signal.NOIMAGEAI,
    "noindex": Signal.NOINDEX,
    "none": Signal.NOINDEX,
}
_VALUED_DIRECTIVES = ("max-snippet", "max-image-preview", "max-video-preview", "unavailable_after")


class Rights(Struct, frozen=True, forbid_unknown_fields=True):
    """Which opt-outs a build honours: by default all of them."""

    honour: tuple[Honoured, ...] = tuple(_HONOURED)
    """Kinds of opt-outs that drop a page; all others are only recorded."""


class Found(Struct, frozen=True, gc=False):
    """One signal: its kind, where it stood, and the token that said it."""

    signal: Signal
    where: Where
    value: str

    @property
    def rule(self) -> str:
        """Name of the rule in the ledger of losses, such as `robots_meta` or `tdm_header`."""
        if self.signal is Signal.CONTENT_USAGE:
            return "content_usage"
        protocol = {Signal.TDM: "tdm", Signal.RSL: "rsl"}.get(self.signal, "robots")
        return f"{protocol}_{self.where}"


def signals(
    headers: Sequence[tuple[str, str]],
    robots: Iterable[tuple[str, tuple[str, ...]]] = (),
    tdm_reservation: str | None = None,
    rsl: str | None = None,
) -> tuple[Found, ...]:
    """Return every opt-out of a page, each once, in the order of the protocols. Never raises.

    `headers` are those of the response, `robots` the page's own directives by the crawler they
    address ("robots" is everyone), `tdm_reservation` the content of that meta tag, `rsl` the
    address of a licence in Really Simple Licensing.
    """
    found = itertools.chain(
        _robots_header(headers),
        _robots_meta(robots),
        _tdm_reservation(headers, tdm_reservation),
        _content_usage(headers),
        _rsl(headers, rsl),
    )
    return tuple(dict.fromkeys(found))


def verdict(found: Iterable[Found], policy: Rights) -> Found | None:
    """Return the first signal that the policy honours, or None if the page may be used."""
    honoured = [_HONOURED[name] for name in policy.honour]
    return next((item for item in found if item.signal in honoured), None)


def bits(found: Iterable[Found]) -> int:
    """Return the set of signals as an integer, for `Document.rights`."""
    union = Signal(0)
    for item in found:
        union |= item.signal
    return int(union)


def _robots_header(headers: Sequence[tuple[str, str]]) -> Iterator[Found]:
    """X-Robots-Tag as Google documents it, with `noai` and `noimageai` (DeviantArt, 2022).

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


def _robots_meta(robots: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[Found]:
    """`<meta name=robots>`, or the name of a crawler (HTML Standard, metadata extensions)."""
    for agent, tokens in robots:
        if _is_meant(agent.lower()):
            yield from _directives([token.lower() for token in tokens], "meta")


def _directives(tokens: Iterable[str], where: Where) -> Iterator[Found]:
    for token in tokens:
        if signal := _DIRECTIVES.get(token):
            yield Found(signal, where, token)


def _tdm_reservation(headers: Sequence[tuple[str, str]], meta: str | None) -> Iterator[Found]:
    """TDM Reservation Protocol, W3C Community Group final report of 10 May 2024.

    The meta tag supersedes the header; a value other than 0 and 1 counts as absent.
    """
    if meta is not None and meta.strip() in ("0", "1"):
        if meta.strip() == "1":
            yield Found(Signal.TDM, "meta", "1")
        return
    stated = ",".join(header_fields.values(headers, "tdm-reservation")).split(",")
    if "1" in [value.strip() for value in stated]:
        yield Found(Signal.TDM, "header", "1")


def _content_usage(headers: Sequence[tuple[str, str]]) -> Iterator[Found]:
    """Content-Usage, draft-ietf-aipref-attach-05 and -vocab-08: a dictionary as in RFC 9651.

    More lenient than the RFC so that no reservation is lost to a slip: one malformed member does
    not void the others, case is ignored, and of a repeated key the most restrictive counts.
    """
    for value in header_fields.values(headers, "content-usage"):
        for member in header_fields.members(value.lower(), ","):
            key, _, preference = next(header_fields.members(member, ";")).partition("=")
            if (key.strip(), preference.strip()) == ("train-ai", "n"):
                yield Found(Signal.CONTENT_USAGE, "header", "train-ai=n")


def _rsl(headers: Sequence[tuple[str, str]], linked: str | None) -> Iterator[Found]:
    """Really Simple Licensing 1.0 (10 December 2025): the terms are elsewhere, so only noted."""
    for link in header_fields.links(headers):
        if "license" in link.relations and link.media_type == "application/rsl+xml":
            yield Found(Signal.RSL, "header", link.target[:500])
    if linked:
        yield Found(Signal.RSL, "meta", linked[:500])


def _is_agent(name: str) -> bool:
    """Tell the name of a crawler from a directive with a value and from a date with a time."""
    return name not in _VALUED_DIRECTIVES and " " not in name and not name[:1].isdigit()


def _is_meant(agent: str) -> bool:
    return agent in ("*", "robots") or agent.partition("/")[0] in AGENTS
