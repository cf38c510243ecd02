"""How a candidate proves to be personal data: by check digits, form, or the words before it."""

import ipaddress
import re
from collections.abc import Iterator
from functools import cache
from typing import Final

import phonenumbers
import tldextract
from stdnum import bitcoin, iban, imei, luhn, numdb

from florilegium.filters import cues
from florilegium.filters.identities import named, striking

_AT: Final = re.compile(r"@|[\[({] ?(?:at|AT) ?[\])}]")
_LAST_LABEL: Final = re.compile(r"[^\W\d_]+\Z")
_QUAD: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9.])")
_GROUPED_CARD: Final = re.compile(
    r"[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?![0-9])"
    r"|3[47][0-9]{2}([ -])[0-9]{6}\2[0-9]{5}(?![0-9])"
)
_GROUP: Final = re.compile(r"[0-9A-Z]+(?= |\Z)")
_IN_ACCOUNT: Final = re.compile(r"(?<![^\W_])[A-Z]{2}[0-9]{2} ?(?:[A-Z0-9]{4} ?)*\Z")
_SEPARATORS: Final = re.compile("[^0-9A-Z]")
_MAX_GROUPS: Final = 4
_MIN_NUMBER: Final = 8  # what a national identifier has at least
_LETTER_VALUES: Final = {ord("A") + place: str(10 + place) for place in range(26)}
_GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")
_FOR_DOCUMENTS: Final = ipaddress.ip_network("2001:db8::/32")
_FOR_EXAMPLES: Final = ("example", "invalid", "test")  # RFC 2606: they look like real ones
_ENDS: Final = frozenset(_FOR_EXAMPLES).union(
    suffix.rpartition(".")[2]
    for suffix in tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None).tlds
)

Proof = tuple[str | None, int]
_NOTHING: Final = None, 0


def is_email(written: str) -> bool:
    """Say whether a candidate is an address of mail: at a top-level domain that there is."""
    end = _LAST_LABEL.search(written)
    return bool(end and end.group().lower() in _ENDS and _AT.search(written))


def proven(written: str, words: str, after: str, behind_phone: bool) -> Proof:
    """Return the kind of a candidate that is no address of mail, and its length in characters.

    `words` are those before it, `after` is what follows; `behind_phone` says whether the words
    begin at the end of a telephone number. The kind is None if it is nothing.
    """
    kind, size = _proven(written, words, after)
    if kind is None and behind_phone and cues.links(words):
        kind, size = _phone(written, after)
    # The digits of an account number whose check digits are wrong are nothing else.
    return _NOTHING if kind and _IN_ACCOUNT.search(words) else (kind, size)


def _proven(written: str, words: str, after: str) -> Proof:
    if ":" in written:
        return ("ip", len(written)) if _is_address_6(written) else _NOTHING
    if written[1].isalpha() and written[2].isdigit() and (size := _iban_length(written)):
        return "iban", size
    if kind := striking(written):
        return kind, len(written)
    if len(written) > 13 and written.isalnum() and not written.isdigit():
        return ("wallet", len(written)) if bitcoin.is_valid(written) else _NOTHING
    quad = _QUAD.match(written)
    if quad and _is_address_4(quad.group(), words, written[quad.end() :] + after):
        return "ip", quad.end()
    if (grouped := _GROUPED_CARD.match(written)) and _is_card(grouped.group()):
        return "card", grouped.end()
    if not (cues.is_named(words) or cues.ends_phone(after)):
        return _international(written, after)
    kind, size = _named(written, words)
    if kind is None:
        kind, size = _international(written, after)
    if kind is None and (cues.names_phone(words) or cues.ends_phone(after)):
        kind, size = _phone(written, after)
    return kind, size


def _named(written: str, words: str) -> Proof:
    """Return what a number is by its name: a card, a device or a national identifier."""
    if written.isdigit() and cues.names_card(words) and _is_card(written):
        return "card", len(written)
    for end in _ends(written):
        if kind := named(written[:end], words):
            return kind, end
    if cues.names_device(words):
        for end in _ends(written):
            digits = _SEPARATORS.sub("", written[:end])
            if len(digits) == 15 and imei.is_valid(digits):
                return "imei", end
    return _NOTHING


def _ends(written: str) -> Iterator[int]:
    """Yield where a number may end that another follows: at the end, then at the first blanks."""
    yield len(written)
    if (digits := _to_last_digit(written)) < len(written):
        yield digits
    for number, group in enumerate(_GROUP.finditer(written)):
        if number == _MAX_GROUPS:
            return
        if group.end() >= _MIN_NUMBER:
            yield group.end()


def _to_last_digit(written: str) -> int:
    """Return the length without letters at the end, and a digit behind them."""
    end = len(written)
    while end and not written[end - 1].isalpha() and end > len(written) - 2:
        end -= 1
    if not written[end - 1].isalpha():
        return len(written)
    return len(written[:end].rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ- "))


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
        address = ipaddress.IPv6Address(written)
    except ValueError:
        return False
    return address in _GLOBAL_UNICAST and address not in _FOR_DOCUMENTS


def _is_address_4(written: str, words: str, after: str) -> bool:
    """Say whether four numbers are a public address, and not those of a version or a section."""
    if words[-1:] in (".", "-", "_") or after[:1] in ("-", "_", "~"):
        return False
    if after[:1] == "." and after[1:2].isdigit():
        return False
    try:
        address = ipaddress.IPv4Address(written)
    except ValueError:
        return False
    if not address.is_global or address.is_multicast or cues.ends_version(after):
        return False
    # At the start of a line stand the numbers of sections: no name of the line before counts.
    line = words.rpartition("\n")[2]
    if cues.names_host(line) or cues.ends_host(after):
        return not cues.ends_with_version(words)
    return max(map(int, written.split("."))) >= 100 and not cues.names_version(words)


def _is_card(written: str) -> bool:
    digits = _SEPARATORS.sub("", written)
    return 13 <= len(digits) <= 19 and digits[0] in "23456" and bool(luhn.is_valid(digits))


def _international(written: str, after: str) -> Proof:
    """Return whether a number is an assigned one of a telephone, with the code of its country."""
    start = written[:4].lstrip("(")
    if not start.startswith(("+", "00")):
        return _NOTHING
    size = _to_last_digit(written)
    number = written[:size].lstrip("(")
    if number.startswith("00"):
        number = number[2:]
        if cues.is_amount(number, after):
            return _NOTHING
    return ("phone", size) if _is_assigned("+" + number.lstrip("+")) else _NOTHING


def _phone(written: str, after: str) -> Proof:
    """Return whether a number can be one of a telephone that is named."""
    size = _to_last_digit(written)
    number = written[:size]
    digits = _SEPARATORS.sub("", number)
    if not (digits.isdigit() and 7 <= len(digits) <= 15) or cues.is_amount(
        number, written[size:] + after
    ):
        return _NOTHING
    return "phone", size


def _is_assigned(written: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(written))
    except phonenumbers.NumberParseException:
        return False
