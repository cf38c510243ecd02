"""Words that stand before numbers and say what they are, in the languages of Europe."""

import re
from collections.abc import Iterable
from typing import Final

import re2

from florilegium.filters.identities import NAMES

_PHONE_PARTS: Final = (
    "tel[eé]f[oóôō]n", "telefoon", "telemó", "t[eé]l[eé]phone", "t[eé]l[eé]copi", "teileafón",
    "telefaks", "telefax", "tālru", "puhelin", "guthán", "mobiltel", "mobitel", "telephone",
    "rufnummer", "festnetz", "durchwahl", "whatsapp", "komórk", "cellulare", "numru tat-tel",
    "mowbajl", "τηλ[εέ]φων", "κινητ[όο]", "телефон", "мобил", "мобіл",
)  # fmt: skip
_PHONE_WORDS: Final = (
    "t[eé]l", "tlf", "tfn", "tfno", "tlm", "telem", "fono?", "f[oó]n", "phone", "fax", "faks",
    "faksi?", "mob", "mobile?", r"mobil\pL{0,4}", "mobiel", "m[oó]vil",
    "gsm", "puh", "viber", "hotline", "tālr", "ffôn", r"kom\.",
    "τηλ", "κιν", "φαξ", "тел", "моб", "факс",
)  # fmt: skip
_PHONE_IF_NEXT: Final = ("portable", "cell?", "handy", "s[ií]mi", "call")
"""Words that mean a phone only right before the number."""

_CARD_PARTS: Final = (
    "card", "kard", "karte", "carte", "carta", "tarjeta", "cartão", "kort", "kart[ayąęuio]",
    "kaar[td]", "kárty", "kártya", "kortel", "cárta", "κάρτα", "карт", "visa", "maestro",
)  # fmt: skip
_NET_WORDS: Final = (
    "ip", "ipv4", "host", "server", "proxy", "dns", "gateway", "ip-[a-z]+", "сървър",
)  # fmt: skip
_VERSION_WORDS: Final = (
    "v", "ver", "release", "build", "firmware", "driver", "kernel", "update", "section", "chapter",
    "kapitel", "abschnitt", "article", "artikel", "art", "oid",
)  # fmt: skip
_VERSION_STEMS: Final = (
    "vers[ijã]", "verż", "verze", "verzi", "wersj", "έκδοσ", "верс", "leagan", "väljalas",
    "redakcij", "laidien", "utgåv", "udgav",
)  # fmt: skip
_CHANGES: Final = (
    "version", "update", "upgrade", "patch", "hotfix", "bugfix", "release", "changelog", "korrekt",
    "korrig", "poprav", "oprav", "isprav", "rättels", "rettels", "popraw", "labojum", "pataisa",
    "parandu", "korjaus", "διόρθωσ", "ενημέρωσ", "поправк", "обновл", "javítás", "frissít",
    "mise à jour", "correctif", "actualiza", "correcci", "aggiornament", "correzion", "atualiza",
    "correç", "correcți", "actualiz", "päivity", "aktuali", "uuendus", "atnaujin", "atjaun",
    "ceartú", "nuashon", "aġġorna",
)  # fmt: skip
_OTHER_NUMBERS: Final = (
    "isbn(?:-1[03])?", "issn", "ismn", "ean", "gtin", "doi", "isni", "orcid", "lei", "bic",
    "zvg", "hrb", "vat", "ust-?id[a-z.-]*", "siret", "siren",
)  # fmt: skip


def _compile(words: Iterable[str], end: str = "") -> "re2._Regexp[str]":
    return re2.compile(rf"(?i)(?:^|\PL)(?:{'|'.join(words)}){end}")


_ANY: Final = re2.compile(
    rf"(?i){'|'.join((*_PHONE_PARTS, *_CARD_PARTS))}"
    rf"|(?:^|\PL)(?:{'|'.join((*_PHONE_WORDS, *_PHONE_IF_NEXT, 'imei', *NAMES))})"
)
_PHONE: Final = re2.compile(
    rf"(?i){'|'.join(_PHONE_PARTS)}|(?:^|\PL)(?:{'|'.join(_PHONE_WORDS)})(?:\PL|$)"
    rf"|(?:^|\PL)(?:{'|'.join(_PHONE_IF_NEXT)})\PL*$"
)
_CARD: Final = re2.compile(rf"(?i){'|'.join(_CARD_PARTS)}")
_DEVICE: Final = _compile(["imei"])
_NET: Final = _compile(_NET_WORDS, r"(?:\PL|$)")
_VERSION: Final = re2.compile(
    rf"(?i)(?:^|\PL)(?:{'|'.join(_VERSION_WORDS)}|(?:{'|'.join(_VERSION_STEMS)})\pL*)\PL*$|§"
)
_CHANGE: Final = re2.compile(rf"(?i){'|'.join(_CHANGES)}")
_OTHER: Final = _compile(_OTHER_NUMBERS, r"[^\pL]*$")

_LINK: Final = re.compile(
    r"[ ,;/|\u00a0]{1,3}(?:(?:or|und|oder|et|ou|e|y|o|i|ili|ali|lub|nebo|alebo|sau|és|vagy|og|eller"
    r"|och|ja|tai|või|en|of|ir|ar|arba|vai|un|и|или|ή|και|agus|nó|u|jew)[ \u00a0])?"
)
# Names that follow their number: in Hungarian they stand last.
_PHONE_AFTER: Final = re.compile(r"(?i)[ \u00a0]?(?:telefonsz|mobilsz|sz[áa]m[oú])")
_NET_AFTER: Final = re.compile(r"[ \u00a0]?(?i:ip)(?![^\W\d_])")
_VERSION_AFTER: Final = re.compile(r"(?i)[ \u00a0]?-?[ao]?s? ?(?:verzi|vers|kiadás|sürüm)")

_NOT_A_PHONE: Final = re.compile(
    r"[0-9]{1,2}(?P<a>[ ./-]{1,2})[0-9]{1,2}(?P=a)(?:19|20)[0-9]{2}(?![0-9])"  # a date
    r"|(?:19|20)[0-9]{2}([./-])(?:0[1-9]|1[0-2])\2(?:0[1-9]|[12][0-9]|3[01])(?![0-9])"
    r"|(?:19|20)[0-9]{2}(?:[^0-9]+(?:19|20)[0-9]{2})+$"  # years
    r"|[0-9]{1,3}(?:[ .\u00a0\u202f]000)+$"  # a round amount
)
_UNIT: Final = re.compile(
    r"[ \u00a0\u202f]?(?:[€$£¥%°]|(?:EUR|USD|GBP|CHF|PLN|CZK|HUF|RON|SEK|DKK|NOK|BGN|kr|zł|Kč"
    r"|Ft|lei|лв|euros?|mil)(?![^\W\d_]))"
)


def is_named(words: str) -> bool:
    """Say whether any name of a phone, a card, a device or an identifier is in these words."""
    return _ANY.search(words) is not None


def names_phone(words: str) -> bool:
    """Say whether a telephone is named, and no other number after it."""
    return _PHONE.search(words) is not None and _OTHER.search(words) is None


def names_card(words: str) -> bool:
    """Say whether a payment card is named."""
    return _CARD.search(words) is not None


def names_device(words: str) -> bool:
    """Say whether the number of a mobile device is named."""
    return _DEVICE.search(words) is not None


def names_host(words: str) -> bool:
    """Say whether a computer on the net is named."""
    return _NET.search(words) is not None


def ends_with_version(words: str) -> bool:
    """Say whether the words end with the name of a version or a section."""
    return _VERSION.search(words) is not None


def names_version(words: str) -> bool:
    """Say whether the words end with the name of a version or a section, or tell of a change."""
    return ends_with_version(words) or _CHANGE.search(words) is not None


def links(words: str) -> bool:
    """Say whether what stands between two numbers makes them alternatives."""
    return _LINK.fullmatch(words) is not None


def ends_phone(after: str) -> bool:
    """Say whether the name of a telephone follows, as it does in Hungarian."""
    return _PHONE_AFTER.match(after) is not None


def ends_host(after: str) -> bool:
    """Say whether the name of an address on the net follows."""
    return _NET_AFTER.match(after) is not None


def ends_version(after: str) -> bool:
    """Say whether the name of a version follows."""
    return _VERSION_AFTER.match(after) is not None


def is_amount(written: str, after: str) -> bool:
    """Say whether a number is a date, years, or an amount by its form or the unit behind it."""
    return _NOT_A_PHONE.match(written) is not None or _UNIT.match(after) is not None
