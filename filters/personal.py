"""Personal data in text: addresses, phone numbers, accounts, cards, national identifiers.

One pass of RE2 over the bytes finds what may be personal data; then each candidate has to prove
itself by its check digits, its form or the words before it. Names of people are not found.
"""
# ruff: noqa: RUF001  (top-level domains have Cyrillic and Greek letters)

import re
from collections import Counter
from collections.abc import Container, Mapping
from typing import Final, Literal, NamedTuple

import re2

from florilegium.filters.proof import is_email, proven
from florilegium.manifests.personal import KINDS, NATIONAL, Personal

Action = Literal["mask", "count", "drop"]


class Span(NamedTuple):
    """An item of personal data: the characters from `start` up to, but not at, `end`."""

    kind: str
    """A field of `Personal`."""
    start: int
    end: int


# Over bytes, taken for Latin-1, RE2 is twice as fast as over text.
_BYTES: Final = re2.Options()
_BYTES.encoding = re2.Options.Encoding.LATIN1
_BYTES.max_mem = 1 << 26

# Between the digits of one number: space, dot, slash, brackets, no-break spaces, dashes.
_BETWEEN: Final = rb"(?:[ ./()\-]|\xc2\xa0|\xe2\x80[\x90\x91\x93\xaf]){0,3}"
# Markdown escapes an underscore at the edge of a word, and a bracket.
_AT: Final = rb"(?:@| ?\\?[\[({] ?(?:at|AT|@) ?[\])}] ?)"
_DOT: Final = rb"(?:\.| ?\\?[\[({] ?(?:dot|DOT|punkt) ?[\])}] ?)"
_LABEL: Final = rb"(?:[A-Za-z0-9\-]|[\xc3-\xd4][\x80-\xbf]){1,63}"
_LETTERS: Final = "|".join(["бг", "рф", "ею", "ευ", "ελ", "срб", "мкд", "укр", "бел"]).encode()
# No pattern looks at what stands around it: that is left to `_verify`, so that a text
# and the same text masked are read in step.
_CANDIDATE: Final = re2.compile(
    rb"(?:[A-Za-z0-9._%+\-]|\\_){1,64}" + _AT + rb"(?:" + _LABEL + _DOT + rb")+"
    rb"(?:[A-Za-z]{2,24}|" + _LETTERS + rb")"
    rb"|[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"
    rb"|[A-Z]{6}[0-9]{2}[A-Z][0-9]{2}[A-Z][0-9]{3}[A-Z]|[XYZ]-?[0-9]{7}-?[A-Z]"
    rb"|[A-Z]{2} ?(?:[0-9]{2} ?){3}[A-D]"
    rb"|[0-9]{6}[A-FU-Y][0-9]{3}[0-9A-Y]|[0-9]{2} ?[0-9]{6} ?[A-Z] ?[0-9]{3}"
    rb"|[12](?: ?[0-9]{2}){2} ?2[AB] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}"
    rb"|(?:[0-9a-fA-F]{1,4}:){2,7}(?::?[0-9a-fA-F]{1,4}){1,7}"
    rb"|bc1[ac-hj-np-z02-9]{11,71}|[13][1-9A-HJ-NP-Za-km-z]{25,34}"
    rb"|[+(]{0,2}[0-9](?:" + _BETWEEN + rb"[0-9]){6,21}(?: ?-?[A-Z]{1,2}(?:[0-9])?)?"
    rb"|[0-9]{1,3}(?:\.[0-9]{1,3}){3}",
    options=_BYTES,
)
_MASK_FOLLOWS: Final = re2.compile(_BETWEEN + rb"<[a-z\-]{2,20}-pii>", options=_BYTES)
_GOES_ON: Final = re2.compile(
    rb"[\xc3-\xd4]|(?:[A-Za-z0-9.\-]|[\xc3-\xd4][\x80-\xbf])*<[a-z\-]{2,20}-pii>",
    options=_BYTES,
)
_COLON: Final = re2.compile(rb":[^ \n]", options=_BYTES)
_FIRST_TOKEN: Final = re.compile(rb"[^A-Za-z0-9]*[A-Za-z0-9]+")

_AFTER: Final = 16
"""How many bytes after a number tell what it is."""
_REACH: Final = 40
"""How many characters before a number its name may stand."""


def find(text: str) -> tuple[Span, ...]:
    """Return the personal data of a text in its order, without overlaps. Time is linear.

    A number without check digits or with weak ones counts only beside its name ("tel.",
    "PESEL"): at most forty characters after it, and after any item found before it. A number that
    follows a telephone number, with at most "or" between, is one too.
    """
    page = text.encode("utf-8", "replace")  # one mark for one surrogate: places stay
    spans: list[Span] = []
    at = previous = chars = 0
    while (match := _CANDIDATE.search(page, at)) is not None:
        start, end = match.span()
        written = match.group().decode()
        last = spans[-1].kind if spans else None
        kind, size = _verify(page, written, start, end, previous, last)
        if kind is None:
            # Something else may begin inside: 2024 +49 30 901820.
            at = _next_start(page, start, end)
            continue
        first_char = chars + len(page[previous:start].decode())
        chars = first_char + size
        spans.append(Span(kind, first_char, chars))
        at = previous = start + len(written[:size].encode())
    return tuple(spans)


def _next_start(page: bytes, start: int, end: int) -> int:
    if page[start : start + 1] in b"(+":
        return start + 1
    first = _FIRST_TOKEN.match(page, start, end)
    return end if first is None else first.end()


def mask(text: str, spans: tuple[Span, ...], kinds: Container[str] = KINDS) -> str:
    """Return the text with each span of these kinds replaced by its kind, as in "<email-pii>".

    In a text so masked nothing more of these kinds is found.
    """
    pieces: list[str] = []
    at = 0
    for kind, start, end in of_kinds(spans, kinds):
        pieces += text[at:start], placeholder(kind)
        at = end
    return "".join(pieces) + text[at:]


def kinds_to(action: Action, default: Action, special: Mapping[str, Action]) -> frozenset[str]:
    """Return the kinds that an action is for, where some are not treated by default.

    `special` may name a kind, or `national_id` for all national identifiers it does not name.
    """
    actions = dict.fromkeys(KINDS, default)
    if "national_id" in special:
        actions |= dict.fromkeys(NATIONAL, special["national_id"])
    actions |= special
    return frozenset(kind for kind in KINDS if actions[kind] == action)


def of_kinds(spans: tuple[Span, ...], kinds: Container[str]) -> tuple[Span, ...]:
    """Return the spans that are of these kinds."""
    return tuple(span for span in spans if span.kind in kinds)


def in_words(found: Personal, kinds: Container[str] = KINDS) -> str:
    """Return how many items of these kinds there are, as "email 2, phone 1"."""
    numbers = ((kind, getattr(found, kind)) for kind in KINDS if kind in kinds)
    return ", ".join(f"{kind} {number}" for kind, number in numbers if number)


def placeholder(kind: str) -> str:
    """Return what stands for an item of a kind in a masked text."""
    return f"<{kind.replace('_', '-')}-pii>"


def count(spans: tuple[Span, ...]) -> Personal:
    """Return how many spans there are of each kind."""
    return Personal(**Counter(span.kind for span in spans))


_NOTHING: Final = None, 0


def _verify(
    page: bytes, written: str, start: int, end: int, previous: int, last: str | None
) -> tuple[str | None, int]:
    """Return what a candidate is, if anything, and how many characters of it."""
    if not (written[0].isdigit() and written[-1].isdigit()) and is_email(written):
        # Where more was read before a mask stood there, it was no address.
        return _NOTHING if _GOES_ON.match(page, end) else ("email", len(written))
    before = page[max(previous, start - 2 * _REACH) : start]
    if before.endswith(b"-pii>") or (before[-1:].isalnum() and written[0] != "("):
        return _NOTHING
    if start == previous > 0:
        return _NOTHING
    head, masked, tail = before.rpartition(b"-pii>")
    words = tail.decode("utf-8", "ignore")[-_REACH:]
    after = page[end : end + _AFTER].decode("utf-8", "ignore")
    if masked:
        last = "phone" if head.endswith(b"<phone") else None
    elif start - previous > len(before):
        last = None  # too far away
    kind, size = proven(written, words, after, behind_phone=last == "phone")
    if kind is None:
        return _NOTHING
    stop = start + len(written[:size].encode())
    if kind == "ip" and ":" in written and _COLON.match(page, stop):
        return _NOTHING
    if page[stop : stop + 1].isalnum() or _MASK_FOLLOWS.match(page, stop):
        return _NOTHING
    return kind, size
