"""Bytes to text: in which encoding a page is written."""

import codecs
import re
from typing import Final, Literal

from msgspec import Struct

from florilegium.pipelines.pages.charsets import legacy, leniently, strictly
from florilegium.pipelines.pages.detection import weigh
from florilegium.pipelines.pages.sniffing import Undecodable, pattern, utf_16

MAX_BROKEN_SHARE: Final = 0.001
_DECLARATION_BYTES: Final = 16_384
_CANDIDATES: Final = 4
"""How many encodings are tried where the first ones leave too much undecoded."""
_BEYOND_DOUBT: Final = 700
"""By how much another encoding must beat a header's windows-1252, hundredths of a nat. Chosen by
`bench/choose_detection.py`, on text held out from training."""
_ENOUGH_LETTERS: Final = 6
"""How many different bytes beyond ASCII it takes to overrule a header."""
_ENOUGH_SIGNS: Final = 16
"""The same for encodings of several bytes a character: few of them are a guess."""

Method = Literal["bom", "utf-8", "utf-8-repaired", "http", "meta", "detected"]


class Decoded(Struct, frozen=True, gc=False):
    """A payload as text, free of NUL and of control characters other than tab and line ends.

    `method` says what told the encoding: a byte order mark, well-formed UTF-8 itself, UTF-8 with
    a few broken bytes replaced, the HTTP header, the page's own declaration, or the letters that
    its bytes would be.
    """

    text: str
    charset: str
    method: Method


def decode(payload: bytes, http_charset: str | None) -> Decoded | Undecodable:
    """Return the payload as text, or why it has none. Never raises.

    A declaration is believed only where the bytes bear it out, and well-formed UTF-8 needs none.
    A last character cut off by truncation is dropped.
    """
    if wide := utf_16(payload):
        return _wide(payload, *wide)
    body = payload.translate(_CONTROLS_TO_SPACE, b"\0")
    marked = body.startswith(codecs.BOM_UTF8)
    body = body.removeprefix(codecs.BOM_UTF8)
    if (text := strictly(body, "utf-8")) is not None:
        return Decoded(text, "utf-8", "bom" if marked else "utf-8")
    return _nearly_utf_8(body) or _declared(body, http_charset) or _detected(body)


def _wide(payload: bytes, charset: str, method: Method) -> Decoded | Undecodable:
    text, broken = leniently(payload, charset)
    if broken > MAX_BROKEN_SHARE * len(payload):
        return Undecodable("charset", broken / len(payload), MAX_BROKEN_SHARE, charset)
    return Decoded(text.removeprefix("\ufeff").translate(_CONTROLS_IN_TEXT), charset, method)


def _nearly_utf_8(body: bytes) -> Decoded | Undecodable | None:
    """Text of another encoding hardly ever forms UTF-8 by chance: so the well-formed decide.

    Such a page must not go on to the detectors: in windows-1252 nearly everything decodes.
    """
    text, replaced = leniently(body, "utf-8")
    broken = replaced - body.count("\ufffd".encode())
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    if beyond_ascii - replaced < 2 * broken:
        return None
    if broken > MAX_BROKEN_SHARE * len(body):
        return Undecodable("charset", broken / len(body), MAX_BROKEN_SHARE, "utf-8")
    return Decoded(text, "utf-8", "utf-8-repaired")


def _declared(body: bytes, http_label: str | None) -> Decoded | None:
    """Where header and page name two encodings and both fit, the letters decide.

    A header's windows-1252 alone yields to an encoding that is likelier beyond doubt: too many
    servers send ISO-8859-1 with every page they have.
    """
    labels: tuple[tuple[str | None, Method], ...] = (
        (http_label, "http"),
        (_own_declaration(body), "meta"),
    )
    readings = []
    for label, method in labels:
        charset = legacy(label)
        text = strictly(body, charset) if charset else None
        if charset and text is not None and not _C1.search(text):
            readings.append(Decoded(text, charset, method))
    if len(readings) == 2 and readings[0].text != readings[1].text:
        return _likelier(body, *readings)
    if [(reading.charset, reading.method) for reading in readings] == [("windows-1252", "http")]:
        return _surely_another(body, readings[0].text) or readings[0]
    return readings[0] if readings else None


def _likelier(body: bytes, first: Decoded, second: Decoded) -> Decoded:
    """Return the reading that fits better; the first if nothing speaks for the second."""
    surprise = weigh(body).surprise
    worst = max(surprise.values(), default=0) + 1
    return min(first, second, key=lambda reading: surprise.get(reading.charset, worst))


def _surely_another(body: bytes, text: str) -> Decoded | None:
    """Return the page in another encoding, if many different letters speak for it."""
    evidence = weigh(body, once=True)
    for charset in evidence.candidates()[:1]:
        usual = evidence.surprise.get("windows-1252")
        if usual is None:
            sure = evidence.size >= _ENOUGH_SIGNS
        else:
            lead = usual - evidence.surprise[charset]
            sure = evidence.size >= _ENOUGH_LETTERS and lead >= _BEYOND_DOUBT
        other = strictly(body, charset) if sure else None
        if other is not None and other != text and not _C1.search(other):
            return Decoded(other, charset, "detected")
    return None


def _detected(body: bytes) -> Decoded | Undecodable:
    least_broken, seen = 1.0, "unknown"
    for charset in weigh(body).candidates()[:_CANDIDATES]:
        text, broken = leniently(body, charset)
        text, controls = _C1.subn("\ufffd", text)
        share = (broken + controls) / len(body)
        if share <= MAX_BROKEN_SHARE:
            return Decoded(text, charset, "detected")
        if share < least_broken:
            least_broken, seen = share, charset
    return Undecodable("charset", least_broken, MAX_BROKEN_SHARE, seen)


def _own_declaration(body: bytes) -> str | None:
    """Return the label a page gives in a `<meta>` or, failing that, in its XML declaration."""
    head = body[:_DECLARATION_BYTES]
    declared = _META_CHARSET.search(_COMMENT.sub(b"", head)) or _XML_ENCODING.match(head)
    label: bytes | None = declared.group(1) if declared else None
    return label.decode("latin-1") if label else None


_CONTROLS: Final = [code for code in range(32) if chr(code) not in "\t\n\r"]
_CONTROLS_TO_SPACE = bytes(32 if code in _CONTROLS else code for code in range(256))
_CONTROLS_IN_TEXT = dict.fromkeys(_CONTROLS[1:], " ") | {0: None}
# One character class, no repetition: this cannot backtrack.
_C1 = re.compile("[\x80-\x9f]")
_COMMENT = pattern(r"<!--.*?-->")
_META_CHARSET = pattern(r"""<meta\s[^>]*?charset\s*=\s*["']?\s*([a-z0-9_.:\-]+)""")
_XML_ENCODING = pattern(r"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([a-z0-9_.:\-]+)""")
