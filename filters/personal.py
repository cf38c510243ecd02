"""Personal data in text: e-mail, phone, address on the net, account, card, identity number.

One pass of RE2 over the bytes finds what may be personal data; then each candidate has to prove
itself by its check digits, its form or the words before it. Names of people are not found.
"""

import ipaddress
import re
from collections import Counter
from functools import cache
from typing import Final, Literal, NamedTuple

import phonenumbers
import re2
from stdnum import iban, luhn, numdb

from florilegium.filters.identities import is_identity
from florilegium.manifests.document import Personal

Kind = Literal["email", "phone", "ip", "iban", "card", "national_id"]


class Span(NamedTuple):
    """An item of personal data: the characters from `start` up to, but not at, `end`."""

    kind: Kind
    start: int
    end: int


# Over bytes, taken for Latin-1, RE2 is twice as fast as over text.
_BYTES: Final = re2.Options()
_BYTES.encoding = re2.Options.Encoding.LATIN1
_BYTES.max_mem = 1 << 26

# Between the digits of one number: space, dot, slash, brackets, no-break spaces, dashes.
_BETWEEN: Final = rb"(?:[ ./()\-]|\xc2\xa0|\xe2\x80[\x90\x91\x93\xaf]){0,3}"
# No pattern looks at what stands around it: that is left to `_verify`, so that a text
# and the same text masked are read in step.
_CANDIDATE: Final = re2.compile(
    rb"[A-Za-z0-9._%+\-]{1,64}@(?:[A-Za-z0-9\x80-\xff\-]{1,63}\.)+[A-Za-z]{2,24}"
    rb"|[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"
    rb"|[A-Z]{6}[0-9]{2}[A-Z][0-9]{2}[A-Z][0-9]{3}[A-Z]|[XYZ]-?[0-9]{7}-?[A-Z]"
    rb"|[0-9]{6}[A-FU-Y][0-9]{3}[0-9A-Y]"
    rb"|(?:[0-9a-fA-F]{1,4}:){2,7}(?::?[0-9a-fA-F]{1,4}){1,7}"
    rb"|[+(]{0,2}[0-9](?:" + _BETWEEN + rb"[0-9]){6,21}-?[A-Z]{0,2}"
    rb"|[0-9]{1,3}(?:\.[0-9]{1,3}){3}",
    options=_BYTES,
)
_MASK_FOLLOWS: Final = re2.compile(_BETWEEN + rb"<[a-z\-]{2,11}-pii>", options=_BYTES)
_FIRST_TOKEN: Final = re.compile(rb"[^A-Za-z0-9]*[A-Za-z0-9]+")

_REACH: Final = 40
"""How many bytes before a number its name may stand."""

_PHONE_NAME: Final = re2.compile(
    r"(?i)(?:^|\PL)(?:t[eé]l|tlf|tfn|tel[eé]f[oóôō]n\pL*|t[eé]l[eé]phone|fono?|f[oó]n|phone|fax|faks"
    r"|mob|mobil\pL*|m[oó]vil|gsm|handy|cell?|puh|puhelin|s[ií]mi|call|whatsapp|ffôn|guthán"
    r"|τηλ|τηλέφωνο|κιν|κινητό|φαξ|тел|телефон\pL*|моб|факс|tālr|tālrunis)(?:\PL|$)"
)
_CARD_NAME: Final = re2.compile(
    r"(?i)card|karte|carte|carta|tarjeta|kort|kart[ay]|kaart|κάρτα|карт|visa|maestro"
)
_NET_NAME: Final = re2.compile(r"(?i)(?:^|\PL)(?:ip|ipv4|host|server|proxy|dns|gateway)(?:\PL|$)")
_VERSION_NAME: Final = re2.compile(
    r"(?i)(?:^|\PL)(?:v|ver|versi?[oó]n\pL*|verze|wersja|versj\pL*|версия|release|build|firmware"
    r"|driver|kernel|update|section|chapter|kapitel|abschnitt|article|artikel|art|oid)\PL*$|§"
)

_QUAD: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9.])")
_GROUPED_CARD: Final = re.compile(
    r"[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?![0-9])"
    r"|3[47][0-9]{2}([ -])[0-9]{6}\2[0-9]{5}(?![0-9])"
)
_SEPARATORS: Final = re.compile("[^0-9A-Z]")
_FILE_ENDINGS: Final = ("png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "json", "html")
_LETTER_VALUES: Final = {ord("A") + place: str(10 + place) for place in range(26)}
_GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")


def find(text: str) -> tuple[Span, ...]:
    """Return the personal data of a text in its order, without overlaps. Time is linear.

    A number without check digits or with weak ones counts only beside its name ("tel.",
    "PESEL"): at most forty bytes after it, and after any item found before it.
    """
    page = text.encode("utf-8", "replace")  # one mark for one surrogate: places stay
    spans: list[Span] = []
    at = previous = chars = 0
    while (match := _CANDIDATE.search(page, at)) is not None:
        start, end = match.span()
        written = match.group().decode()
        kind, size = _verify(page, written, start, end, previous)
        if kind is None:
            # Something else may begin inside: 2024 +49 30 901820.
            first = _FIRST_TOKEN.match(page, start, end)
            at = end if first is None else first.end()
            continue
        first_char = chars + len(page[previous:start].decode())
        chars = first_char + size
        spans.append(Span(kind, first_char, chars))
        at = previous = start + len(written[:size].encode())
    return tuple(spans)


def mask(text: str, spans: tuple[Span, ...]) -> str:
    """Return the text with each span replaced by its kind, as in "<email-pii>".

    In a text so masked nothing more is found.
    """
    pieces: list[str] = []
    at = 0
    for kind, start, end in spans:
        pieces += text[at:start], f"<{kind.replace('_', '-')}-pii>"
        at = end
    return "".join(pieces) + text[at:]


def count(spans: tuple[Span, ...]) -> Personal:
    """Return how many spans there are of each kind."""
    return Personal(**Counter(str(span.kind) for span in spans))


_NOTHING: Final = None, 0


def _verify(
    page: bytes, written: str, start: int, end: int, previous: int
) -> tuple[Kind | None, int]:
    """Return what a candidate is, if anything, and how many characters of it."""
    if "@" in written:
        ending = written.rpartition(".")[2].lower()
        return _NOTHING if ending in _FILE_ENDINGS else ("email", len(written))
    before = page[max(previous, start - _REACH) : start]
    if before.endswith(b"-pii>") or (before[-1:].isalnum() and written[0] != "("):
        return _NOTHING
    if start == previous > 0:
        return _NOTHING
    words = before.rpartition(b"-pii>")[2].decode("utf-8", "ignore")
    kind, size = _kind(written, words, page[end : end + 2].decode("utf-8", "ignore"))
    if kind is None:
        return _NOTHING
    after = start + len(written[:size].encode())
    if page[after : after + 1].isalnum() or _MASK_FOLLOWS.match(page, after):
        return _NOTHING
    return kind, size


def _kind(written: str, words: str, after: str) -> tuple[Kind | None, int]:
    if ":" in written:
        return ("ip", len(written)) if _is_address_6(written) else _NOTHING
    if written[1].isalpha() and written[2].isdigit():
        size = _iban_length(written)
        return ("iban", size) if size else _NOTHING
    quad = _QUAD.match(written)
    if quad and _is_address_4(quad.group(), words, written[quad.end() :] + after):
        return "ip", quad.end()
    if card := _card_length(written, words):
        return "card", card
    if is_identity(written, words):
        return "national_id", len(written)
    first = written.partition(" ")[0]
    if first != written and is_identity(first, words):
        return "national_id", len(first)
    return ("phone", len(written)) if _is_phone(written, words) else _NOTHING


def _iban_length(written: str) -> int:
    """Return how many characters from the start are an account number, 0 if none are.

    What follows an account number in capitals looks like a part of it, but every country
    has its length (ISO 13616).
    """
    size = _iban_size(written[:2])
    match = re.match(f"(?: ?[A-Z0-9]){{{size}}}", written)
    if size == 0 or match is None:
        return 0
    number = match.group().replace(" ", "")
    rest = int((number[4:] + number[:4]).translate(_LETTER_VALUES)) % 97
    return match.end() if rest == 1 and iban.is_valid(number) else 0


@cache
def _iban_size(country: str) -> int:
    """Return the number of characters of a country's account numbers, 0 if it has none."""
    [(_, form), *_] = numdb.get("iban").info(country)
    return 4 + sum(map(int, re.findall("([0-9]+)!", form["bban"]))) if "bban" in form else 0


def _is_address_6(written: str) -> bool:
    try:
        return ipaddress.IPv6Address(written) in _GLOBAL_UNICAST
    except ValueError:
        return False


def _is_address_4(written: str, words: str, after: str) -> bool:
    """Say whether four numbers are a public address, and not those of a version or a section."""
    if words[-1:] in (".", "-", "_") or after[:1] in ("-", "_", "~"):
        return False
    if after[:1] == "." and after[1:2].isdigit():
        return False
    try:
        if not ipaddress.IPv4Address(written).is_global:
            return False
    except ValueError:
        return False
    if _VERSION_NAME.search(words):
        return False
    return max(map(int, written.split("."))) >= 100 or bool(_NET_NAME.search(words))


def _card_length(written: str, words: str) -> int:
    """Return how many characters from the start are a payment card's number, 0 if none are."""
    grouped = _GROUPED_CARD.match(written)
    number = grouped.group() if grouped else written
    if not grouped and not (number.isdigit() and _CARD_NAME.search(words)):
        return 0
    digits = _SEPARATORS.sub("", number)
    is_card = 13 <= len(digits) <= 19 and digits[0] in "23456" and luhn.is_valid(digits)
    return len(number) if is_card else 0


def _is_phone(written: str, words: str) -> bool:
    digits = _SEPARATORS.sub("", written)
    if not digits.isdigit():
        return False
    if written.startswith("00"):
        written = "+" + written[2:]
    if "+" in written[:3] and _is_assigned(written):
        return True
    return 7 <= len(digits) <= 15 and bool(_PHONE_NAME.search(words))


def _is_assigned(written: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(written))
    except phonenumbers.NumberParseException:
        return False
