"""What the names say that authors of pages give to elements: class, id and role.

These are words of the markup, shared by sites of all languages, not of the text. They are weak
hints among many; only the names of consent systems decide alone.
"""

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from florilegium.pipelines.block_markup import CLASS, CLASS_END, ID, ID_END, ROLE, ROLE_END
from florilegium.pipelines.block_walk import Walk

_GROUPS: Final = {
    "content": r"content|body|text|main|detail",
    "article": r"article|story|entry|posts?$|blog|news",
    "comment": r"comment|disqus|respond|reply|replies",
    "navigation": r"^nav|menu|navig|breadcrumb|paginat|pager|^toc$|^tabs?$|^skip",
    "footer": r"foot|bottom|copyright|legal|colophon",
    "header": r"head$|header|heading|masthead|banner|topbar|logo|^top$",
    "social": r"^shar(?:e|ing)|social|twitter|facebook|follow|addthis|^like|^vk$",
    "related": r"relat|recommend|similar|popular|^most|trending|^more|^readmore|^next|^also|latest"
    r"|teaser|promo|outbrain|taboola|linked",
    "advertisement": r"^ads?$|^adv|sponsor|commercial|adsense|^ad[a-z]?slot",
    "cookie": r"cookie|consent|gdpr",
    "byline": r"^meta|byline|author|^date|^time|publi|^info|dateline|kicker|credit",
    "side": r"side|widget|^rail|^right|^left|column|aside",
    "sign_up": r"newsletter|subscri|signup|login|register|modal|popup|overlay|paywall|search",
    "caption": r"caption|image|photo|gallery|media|figure|slide|carousel",
    "tags": r"^tags?$|categor|topic|keyword|label",
    "product": r"product|price|spec|descr|feature|review|rating|^item|listing|^card|grid",
    "forum": r"thread|message|forum|question|answer|quote|signature|^user",
    "hidden": r"hidden|^hide|invisible|^sr$|screen|visually|collaps|print",
}
NAME_GROUPS: Final = tuple(_GROUPS)
CONSENT: Final = 1 << len(NAME_GROUPS)
"""The bit of an element that asks for consent to cookies."""

_CONSENT_SYSTEMS: Final = (
    "onetrust", "cybot", "cookiebot", "usercentrics", "didomi", "cmplz", "borlabs", "sp_message",
    "qc-cmp", "quantcast", "iubenda", "tarteaucitron", "axeptio", "klaro", "gdpr", "souhlas",
    "zgoda", "rodo", "datenschutz", "samtykke",
)  # fmt: skip
_COOKIE_BANNERS: Final = (
    "banner", "consent", "notice", "bar", "law", "popup", "overlay", "modal", "layer", "dialog",
    "message", "hint", "info",
)  # fmt: skip
# Alternatives of literals, nothing repeated: no match can backtrack far.
_PATTERNS = tuple(re.compile(pattern) for pattern in _GROUPS.values())
_ANY = re.compile("|".join(_GROUPS.values()))
_PIECE = re.compile(r"[^\W\d_]{2,}")
_MAX_LENGTH = 200
_MAX_REMEMBERED = 50_000

_pieces: dict[str, int] = {}
_names: dict[str, int] = {}


def name_bits(page: str, walked: Walk) -> NDArray[np.int64]:
    """Return, a container each, one bit for each group of names it bears, and `CONSENT`."""
    _, places, which = np.unique(walked.signatures[:, 1], return_index=True, return_inverse=True)
    bits = [
        _bits(
            f"{page[row[CLASS] : row[CLASS_END]]} {page[row[ID] : row[ID_END]]}"
            f" {page[row[ROLE] : row[ROLE_END]]}"
        )
        for row in walked.attributes[places].tolist()
    ]
    return np.array(bits, np.int64)[which]


def _bits(name: str) -> int:
    known = _names.get(name)
    if known is None:
        lowered = name[:_MAX_LENGTH].lower()
        known = CONSENT if _asks_for_consent(lowered) else 0
        for piece in _PIECE.findall(lowered):
            known |= _piece_bits(piece)
        if len(_names) >= _MAX_REMEMBERED:
            _names.clear()
        _names[name] = known
    return known


def _asks_for_consent(name: str) -> bool:
    if any(system in name for system in _CONSENT_SYSTEMS):
        return True
    return "cookie" in name and any(banner in name for banner in _COOKIE_BANNERS)


def _piece_bits(piece: str) -> int:
    known = _pieces.get(piece)
    if known is None:
        known = 0
        if _ANY.search(piece):
            known = sum(1 << bit for bit, group in enumerate(_PATTERNS) if group.search(piece))
        if len(_pieces) >= _MAX_REMEMBERED:
            _pieces.clear()
        _pieces[piece] = known
    return known
