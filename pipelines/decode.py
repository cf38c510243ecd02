"""Bytes to text: whether a payload is a web page, and in which encoding it is written.

Encodings carry their names from the WHATWG Encoding Standard, and a label means what that standard
says it means: `iso-8859-1` is windows-1252, `gb2312` is gbk.
"""

import codecs
import re
from typing import Literal

import chardet
import chardetng_py
import re2
from msgspec import Struct
from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

MAX_BROKEN_SHARE = 0.001
MAX_NUL_SHARE = 0.01
_SNIFFED_BYTES = 4_096
_DECLARATION_BYTES = 16_384
_SAMPLE_BYTES = 131_072

Method = Literal["bom", "utf-8", "utf-8-repaired", "http", "meta", "detected", "arbiter"]


class Decoded(Struct, frozen=True, gc=False):
    """A payload as text, free of NUL and of control characters other than tab and line ends.

    `method` says what told the encoding: a byte order mark, well-formed UTF-8 itself, UTF-8 with
    a few broken bytes replaced, the HTTP header, the page's own declaration, two detectors that
    agree, or a third where they did not.
    """

    text: str
    charset: str
    method: Method


class Undecodable(Struct, frozen=True, gc=False):
    """Why a payload cannot be read as text: the rule, what it measured, its limit, what it saw."""

    rule: Literal["binary", "charset"]
    value: float
    limit: float
    detail: str


class ContentType(Struct, frozen=True, gc=False):
    """A Content-Type header: media type in lower case ("" if none) and charset label, if any."""

    media_type: str
    charset: str | None


def decode(
    payload: bytes, http_charset: str | None, domain_hint: str | None = None
) -> Decoded | Undecodable:
    """Return the payload as text, or why it has none. Never raises.

    A declaration is believed only where the bytes bear it out, and well-formed UTF-8 needs none.
    A last character cut off by truncation is dropped. `domain_hint` is the host of the page: its
    top-level domain helps the detector.
    """
    if wide := _utf_16(payload):
        return _wide(payload, *wide)
    body = payload.translate(_CONTROLS_TO_SPACE, b"\0")
    marked = body.startswith(codecs.BOM_UTF8)
    body = body.removeprefix(codecs.BOM_UTF8)
    if (text := _strictly(body, "utf-8")) is not None:
        return Decoded(text, "utf-8", "bom" if marked else "utf-8")
    return (
        _nearly_utf_8(body)
        or _declared(body, http_charset, domain_hint)
        or _detected(body, domain_hint)
    )


def looks_binary(payload: bytes) -> Undecodable | None:
    """Return why the payload is no text, by its first 4 kB: a known signature or NUL bytes."""
    head = payload[:_SNIFFED_BYTES]
    nul_share = head.count(0) / max(1, len(head))
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return Undecodable("binary", nul_share, MAX_NUL_SHARE, kind)
    if nul_share > MAX_NUL_SHARE and not _utf_16(payload):
        return Undecodable("binary", nul_share, MAX_NUL_SHARE, "nul")
    return None


def content_type(header: str | None) -> ContentType:
    """Return the parts of a Content-Type header, however carelessly it is written."""
    media_type, *parameters = (header or "")[:1_000].replace(",", ";").split(";")
    charset = None
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and charset is None:
            charset = value.strip(" \t\"'") or None
    return ContentType(media_type.strip(" \t\"'").lower(), charset)


def sniff_html(head: bytes, content_type_header: str | None) -> bool:
    """Return whether a payload that begins with `head` is an HTML page.

    A media type of HTML is believed unless the root element is a feed's. Where the type is missing
    or says nothing, the first tag decides, as in the WHATWG MIME Sniffing Standard; where it says
    XML, the root element must be `html`.
    """
    media_type = content_type(content_type_header).media_type
    start = head[:_SNIFFED_BYTES]
    if _utf_16(start):
        start = start.replace(b"\0", b"").lstrip(b"\xff\xfe")
    if media_type in ("text/html", "application/xhtml+xml"):
        return _FEED.match(start) is None
    if media_type in ("text/xml", "application/xml"):
        return _HTML_ROOT.match(start) is not None
    if media_type in _SAYS_NOTHING:
        return _HTML_ROOT.match(start) is not None or _HTML_TAG.match(start) is not None
    return False


def charset_named(label: str | None) -> str | None:
    """Return the WHATWG name of the encoding that a label stands for, or None if it is unknown."""
    label = (label or "").strip(" \t\r\n\"'").lower()
    if not label.isascii() or len(label) > 40:
        return None
    codec = map_encoding_to_html5(label, fallback_utf8=False)
    return _NAMES.get(codec) if codec else None


def _utf_16(payload: bytes) -> tuple[str, Method] | None:
    """UTF-16 shows itself by its mark or by its zero bytes; no declaration could be read before."""
    if payload.startswith(codecs.BOM_UTF16_LE):
        return "utf-16le", "bom"
    if payload.startswith(codecs.BOM_UTF16_BE):
        return "utf-16be", "bom"
    head = payload[:_SNIFFED_BYTES]
    even, odd, third = head[::2].count(0), head[1::2].count(0), len(head) // 6
    if odd > third and odd > 20 * even:
        return "utf-16le", "detected"
    if even > third and even > 20 * odd:
        return "utf-16be", "detected"
    return None


def _wide(payload: bytes, charset: str, method: Method) -> Decoded | Undecodable:
    text, broken = _leniently(payload, charset)
    if broken > MAX_BROKEN_SHARE * len(payload):
        return Undecodable("charset", broken / len(payload), MAX_BROKEN_SHARE, charset)
    return Decoded(text.removeprefix("\ufeff").translate(_CONTROLS_IN_TEXT), charset, method)


def _nearly_utf_8(body: bytes) -> Decoded | Undecodable | None:
    """Text of another encoding hardly ever forms UTF-8 by chance: so the well-formed decide.

    Such a page must not go on to the detectors: in windows-1252 nearly everything decodes.
    """
    text, replaced = _leniently(body, "utf-8")
    broken = replaced - body.count("\ufffd".encode())
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    if beyond_ascii - replaced < 2 * broken:
        return None
    if broken > MAX_BROKEN_SHARE * len(body):
        return Undecodable("charset", broken / len(body), MAX_BROKEN_SHARE, "utf-8")
    return Decoded(text, "utf-8", "utf-8-repaired")


def _declared(body: bytes, http_label: str | None, host: str | None) -> Decoded | None:
    """Where header and page name two encodings and both fit, the detector casts the vote.

    A header's windows-1252 alone yields to two detectors that agree on another: too many servers
    send ISO-8859-1 with every page they have.
    """
    labels: tuple[tuple[str | None, Method], ...] = (
        (http_label, "http"),
        (_own_declaration(body), "meta"),
    )
    readings = []
    for label, method in labels:
        charset = _legacy(label)
        text = _strictly(body, charset) if charset else None
        if charset and text is not None and not _C1.search(text):
            readings.append(Decoded(text, charset, method))
    if len(readings) == 2 and readings[0].text != readings[1].text:
        winner, _ = _vote(body, host)
        elected = _strictly(body, winner) if winner else None
        return next((reading for reading in readings if reading.text == elected), readings[0])
    if [(reading.charset, reading.method) for reading in readings] == [("windows-1252", "http")]:
        winner, agreed = _vote(body, host)
        return None if agreed and winner != "windows-1252" else readings[0]
    return readings[0] if readings else None


def _vote(body: bytes, host: str | None) -> tuple[str | None, bool]:
    """Return what most detectors take the page for, and whether any two agree."""
    votes = _votes(body, host)
    winner = max(votes, key=votes.count, default=None)
    return winner, winner is not None and votes.count(winner) > 1


def _detected(body: bytes, host: str | None) -> Decoded | Undecodable:
    votes = _votes(body, host)
    method: Method = "detected" if len(votes) == 2 and len(set(votes)) == 1 else "arbiter"
    least_broken, seen = 1.0, "unknown"
    for charset in sorted(dict.fromkeys(votes), key=votes.count, reverse=True):
        text, broken = _leniently(body, charset)
        text, controls = _C1.subn("\ufffd", text)
        share = (broken + controls) / len(body)
        if share <= MAX_BROKEN_SHARE:
            return Decoded(text, charset, method)
        if share < least_broken:
            least_broken, seen = share, charset
    return Undecodable("charset", least_broken, MAX_BROKEN_SHARE, seen)


def _own_declaration(body: bytes) -> str | None:
    """Return the label a page gives in a `<meta>` or, failing that, in its XML declaration."""
    head = body[:_DECLARATION_BYTES]
    declared = _META_CHARSET.search(_COMMENT.sub(b"", head)) or _XML_ENCODING.match(head)
    label: bytes | None = declared.group(1) if declared else None
    return label.decode("latin-1") if label else None


def _votes(body: bytes, host: str | None) -> list[str]:
    """Return what chardetng and uchardet take the page for and, if they differ, what chardet does.

    The best of them comes first: it wins where no two agree. Two encodings agree if they read the
    sample alike, as windows-1250 and iso-8859-2 often do. The sample is the stretch of the page
    where bytes beyond ASCII begin.
    """
    beyond_ascii = _BEYOND_ASCII.search(body)
    start = max(0, beyond_ascii.start() - 1_024) if beyond_ascii else 0
    sample = body[start : start + _SAMPLE_BYTES]
    domain = (host or "").rstrip(".").rpartition(".")[2].lower()
    # chardetng aborts on a top-level domain that it finds malformed.
    top_level = domain.encode() if domain.isascii() and domain.replace("-", "").isalnum() else None
    first = _legacy(chardetng_py.detect(sample, allow_utf8=False, tld=top_level))
    second = _legacy(detect_encoding(sample))
    third = _legacy(chardet.detect(sample)["encoding"]) if first != second else None
    votes = [vote for vote in (first, second, third) if vote]
    readings = [_leniently(sample, vote)[0] for vote in votes]
    return [votes[readings.index(reading)] for reading in readings]


def _legacy(label: str | None) -> str | None:
    """Return the name of an encoding other than Unicode, which is ruled out before."""
    charset = charset_named(label)
    return None if charset is None or charset.startswith("utf-") else charset


def _strictly(body: bytes, charset: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(_CODECS[charset])("strict").decode(body)
    except UnicodeDecodeError:
        return None


def _leniently(body: bytes, charset: str) -> tuple[str, int]:
    """Return the text, and how many replacement characters are in it."""
    text = codecs.getincrementaldecoder(_CODECS[charset])("replace").decode(body)
    return text, text.count("\ufffd")


def _pattern(expression: str) -> "re2._Regexp":
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.case_sensitive = False
    options.dot_nl = True
    return re2.compile(expression.encode("latin-1"), options=options)


_CONTROLS = [code for code in range(32) if chr(code) not in "\t\n\r"]
_CONTROLS_TO_SPACE = bytes(32 if code in _CONTROLS else code for code in range(256))
_CONTROLS_IN_TEXT = dict.fromkeys(_CONTROLS[1:], " ") | {0: None}
# One character class, no repetition: this cannot backtrack.
_C1 = re.compile("[\x80-\x9f]")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")

_COMMENT = _pattern(r"<!--.*?-->")
_META_CHARSET = _pattern(r"""<meta\s[^>]*?charset\s*=\s*["']?\s*([a-z0-9_.:\-]+)""")
_XML_ENCODING = _pattern(r"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([a-z0-9_.:\-]+)""")
_PROLOGUE = r"(?:\xef\xbb\xbf)?(?:\s|<!--.*?-->|<\?.*?>)*"
_FEED = _pattern(_PROLOGUE + r"<(?:rss|feed|rdf:rdf)[\s>]")
_HTML_ROOT = _pattern(_PROLOGUE + r"(?:<!doctype\s+html[\s>]|<html[\s>])")
_HTML_TAG = _pattern(
    _PROLOGUE + r"<(?:(?:head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[\s>]|!--)"
)
_SAYS_NOTHING = (
    "", "text/plain", "application/octet-stream", "unknown/unknown", "application/unknown", "*/*",
)  # fmt: skip

_SIGNATURES = (
    (b"%PDF-", "pdf"), (b"%!PS-", "postscript"), (b"\xd0\xcf\x11\xe0", "office"),
    (b"PK\x03\x04", "zip"), (b"\x1f\x8b", "gzip"), (b"Rar!", "rar"), (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x89PNG\r\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF87a", "gif"), (b"GIF89a", "gif"),
    (b"RIFF", "riff"), (b"OggS", "ogg"), (b"ID3", "mp3"), (b"wOFF", "font"), (b"wOF2", "font"),
)  # fmt: skip

# What resiliparse calls an encoding (the codec Python has for it) and its WHATWG name.
_NAMES = {
    **{f"cp{page}": f"windows-{page}" for page in range(1250, 1259)},
    **{f"iso8859-{part}": f"iso-8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
    "utf-8": "utf-8",
    "utf-16-le": "utf-16le",
    "utf-16-be": "utf-16be",
    "iso8859-11": "windows-874",
    "cp866": "ibm866",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "mac-roman": "macintosh",
    "gbk": "gbk",
    "gb18030": "gb18030",
    "big5": "big5",
    "euc_jp": "euc-jp",
    "euc_kr": "euc-kr",
    "iso2022_jp": "iso-2022-jp",
    "shift_jis": "shift_jis",
}
# The standard's decoders are supersets of what the names say; these are Python's nearest.
_SUPERSETS = {
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "windows-874": "cp874",
}
_CODECS = {name: _SUPERSETS.get(name, codec) for codec, name in _NAMES.items()}
