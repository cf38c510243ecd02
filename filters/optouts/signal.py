"""The kinds of opt-out, where they stand, and what they are called in ledger and recipe."""

import enum
from typing import Literal

from msgspec import Struct


class Signal(enum.IntFlag):
    """The kinds of opt-out, one bit each, as in `Document.rights`. A bit never changes meaning.

    `TDM_OPEN` is none: the page or its response says that its rights are not reserved. `RSL` means
    that a page links to a licence, and `RSL_HOST` that its host names one, or has one for it;
    whether that reserves the page is in the licence. `RSL_PAGE` means that a licence in the page
    itself does.
    """

    NOAI = 1
    NOIMAGEAI = 2
    NOINDEX = 4
    TDM = 8
    CONTENT_USAGE = 16
    RSL = 32
    ROBOTS_TXT = 64
    AI_TXT = 128
    CONTENT_SIGNAL = 256
    TDM_OPEN = 512
    RSL_HOST = 1024
    RSL_PAGE = 2048


Where = Literal["page", "header", "meta", "script", "robots", "file"]
"""`script` is a licence that stands in the page, `robots` a line of robots.txt about use, `file`
any other file of the host, or robots.txt; `page` is anywhere on it, if no more is known."""

_NAMES = {
    Signal.NOAI: "noai",
    Signal.NOIMAGEAI: "noimageai",
    Signal.NOINDEX: "noindex",
    Signal.TDM: "tdm",
    Signal.TDM_OPEN: "tdm",
    Signal.CONTENT_USAGE: "content_usage",
    Signal.RSL: "rsl",
    Signal.RSL_HOST: "rsl",
    Signal.RSL_PAGE: "rsl",
    Signal.ROBOTS_TXT: "robots_txt",
    Signal.AI_TXT: "ai_txt",
    Signal.CONTENT_SIGNAL: "content_signal",
}
_OF_ONE_PLACE = Signal.ROBOTS_TXT | Signal.AI_TXT | Signal.CONTENT_SIGNAL
_FIRST_PLACE = (Signal.CONTENT_USAGE, "header")


class Found(Struct, frozen=True, gc=False):
    """One signal: its kind, where it stood, and the token that said it."""

    signal: Signal
    where: Where
    value: str

    @property
    def rule(self) -> str:
        """Name of the rule in the ledger of losses, such as `noai_meta` or `tdm_file`."""
        name = _NAMES[self.signal]
        one_place = self.signal in _OF_ONE_PLACE or (self.signal, self.where) == _FIRST_PLACE
        return name if one_place else f"{name}_{self.where}"
