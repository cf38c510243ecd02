"""What the names say that authors of pages give to elements: class, id and role.

These are words of the markup, shared by sites of all languages, not of the text. They are weak
hints among many; only the names of consent systems decide alone.
"""

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from florilegium.pipelines.blocks.markup import CLASS, CLASS_END, ID, ID_END, ROLE, ROLE_END
from florilegium.pipelines.blocks.walk import Walk

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
COOKIE: Final = 1 << NAME_GROUPS.index("cookie")
CONSENT: Final = 1 << len(NAME_GROUPS)
"""The bit of an element that asks for consent to cookies."""

_CONSENT_SYSTEMS: Final = (
    "onetrust", "cybot", "cookiebot", "usercentrics", "didomi", "cmplz", "borlabs", "sp_message",
    "qc-cmp", "quantcast", "iubenda", "tarteaucitron", "axeptio", "klaro", "gdpr", "cc-window",
)  # fmt: skip
_BANNERS: Final = (
    "banner", "consent", "notice", "bar", "law", "popup", "overlay", "modal", "layer", "dialog",
    "message", "hint", "hinweis", "info", "box",
)  # fmt: skip
# Consent and cookies as authors call them at home: whole words, or one with a banner behind it.
# Parts of words would find the Polish "rodo" in every Italian "prodotto".
_AT_HOME: Final = (
    "souhlas", "suhlas", "zgoda", "rodo", "datenschutz", "samtykke", "samtycke", "toestemming",
    "hozzajarulas", "evaste", "evasteet", "slapukai", "piskotki", "sutik", "kolacici", "sikdatnes",
    "kupsised", "informasjonskapsler",
)  # fmt: skip
_TOPICS: Final = ("category-", "tag-")
"""How the classes begin that say what a page is about."""
# Alternatives of literals, nothing repeated: no match can backtrack far.
_PATTERNS = tuple(re.compile(pattern) for pattern in _GROUPS.values())
_ANY = re.compile("|".join(_GROUPS.values()))
_PIECE = re.compile(r"[^\W\d_]{2,}")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
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
        begin = name[:_MAX_LENGTH]
        known = CONSENT if _asks_for_consent(begin) else 0
        for piece in _PIECE.findall(begin.lower()):
            known |= _piece_bits(piece)
        if len(_names) >= _MAX_REMEMBERED:
            _names.clear()
        _names[name] = known
    return known


def _asks_for_consent(name: str) -> bool:
    lowered = name.lower()
    if any(system in lowered for system in _CONSENT_SYSTEMS):
        return True
    if "cookie" not in lowered and not any(word in lowered for word in _AT_HOME):
        return False
    return any(_is_banner(one) for one in name.split() if not one.lower().startswith(_TOPICS))


def _is_banner(name: str) -> bool:
    """Tell whether one class or id names a banner that asks for consent."""
    lowered = name.lower()
    if "cookie" in lowered and any(banner in lowered for banner in _BANNERS):
        return True
    pieces = _PIECE.findall(_HUMP.sub("-", name).lower())
    return any(
        piece.startswith(word) and (piece == word or piece[len(word) :].startswith(_BANNERS))
        for piece in pieces
        for word in _AT_HOME
    )


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
