"""Which opt-outs a build honours, and what follows if it cannot be known whether there is one."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from florilegium.filters.optouts import (
    ai_txt,
    aipref,
    content_signal,
    robots_tag,
    robots_txt,
    rsl,
    tdmrep,
)
from florilegium.filters.optouts.agents import OURS, expanded
from florilegium.filters.optouts.signal import Signal

Protocol = Literal[
    "robots-txt", "noai", "noimageai", "noindex", "tdm", "content-usage", "content-signal", "rsl",
    "ai-txt",
]  # fmt: skip
Reaction = Literal["allow", "drop", "quarantine"]

PROTOCOLS: Final[dict[Protocol, tuple[Signal, str]]] = {
    "robots-txt": (Signal.ROBOTS_TXT, robots_txt.SPECIFICATION),
    "noai": (Signal.NOAI, robots_tag.SPECIFICATION),
    "noimageai": (Signal.NOIMAGEAI, robots_tag.SPECIFICATION),
    "noindex": (Signal.NOINDEX, robots_tag.SPECIFICATION),
    "tdm": (Signal.TDM, tdmrep.SPECIFICATION),
    "content-usage": (Signal.CONTENT_USAGE, aipref.SPECIFICATION),
    "content-signal": (Signal.CONTENT_SIGNAL, content_signal.SPECIFICATION),
    "rsl": (Signal.RSL | Signal.RSL_HOST | Signal.RSL_PAGE, rsl.SPECIFICATION),
    "ai-txt": (Signal.AI_TXT, ai_txt.SPECIFICATION),
}
"""Every protocol that a recipe may name: the bit it sets, and the specification it is read by."""

_AGENT: Final = r"^(\*|[A-Za-z0-9._-]+)\Z"


class Rights(Struct, frozen=True, forbid_unknown_fields=True):
    """Which opt-outs a build honours: by default all of them, whenever they were made."""

    regime: Annotated[
        Literal["commercial_art4", "research_60d"],
        Meta(
            description="what the text is mined for: by anyone, who must heed reservations "
            "(`commercial_art4`: article 4 of directive (EU) 2019/790), or for scientific "
            "research, where they have no effect and are only recorded (`research_60d`: article 3 "
            "there, section 60d of the German act)"
        ),
    ] = "commercial_art4"
    honour: Annotated[
        tuple[Protocol, ...],
        Meta(description="protocols that drop a page; all others are only recorded"),
    ] = tuple(PROTOCOLS)
    agents: Annotated[
        tuple[Annotated[str, Meta(pattern=_AGENT)], ...],
        Meta(
            description="whom a host must not have refused: product tokens of robots.txt, `*` for "
            "everyone it does not name, `florilegium` for us, `training` and `apertus` for the "
            "lists of crawlers in `filters/agents.tsv`"
        ),
    ] = ("*", OURS, "training")
    retroactive: Annotated[
        Literal["all", "agents", "none"],
        Meta(
            description="what a host said last, after the page was captured: `all` of it counts "
            "too, `agents` only whom robots.txt refuses (as Apertus has it), or `none` of it"
        ),
    ] = "all"
    missing: Annotated[
        Reaction,
        Meta(description="what becomes of a page if the input has no robots.txt of its host"),
    ] = "allow"
    unreachable: Annotated[
        Reaction,
        Meta(
            description="what becomes of it if the host could not give its robots.txt (a status of "
            "500 or more, or 429), and gave none in the 30 days before"
        ),
    ] = "drop"

    def mask(self) -> Signal:
        """Return the bits of all protocols that are honoured."""
        union = Signal(0)
        for name in self.honour:
            union |= PROTOCOLS[name][0]
        return union

    def expanded(self) -> tuple[str, ...]:
        """Return whom a host must not have refused, lists taken apart."""
        return expanded(self.agents)
