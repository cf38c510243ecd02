"""Whether a payload is a web page: by what its header says of it, and by how it begins."""

import codecs
from typing import Final, Literal

import re2
from msgspec import Struct

MAX_NUL_SHARE: Final = 0.01
_SNIFFED_BYTES: Final = 4_096


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


def looks_binary(payload: bytes) -> Undecodable | None:
    """Return why the payload is no text, by its first 4 kB: a known signature or NUL bytes."""
    head = payload[:_SNIFFED_BYTES]
    nul_share = head.count(0) / max(1, len(head))
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return Undecodable("binary", nul_share, MAX_NUL_SHARE, kind)
    if nul_share > MAX_NUL_SHARE and not utf_16(payload):
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
    if utf_16(start):
        start = start.replace(b"\0", b"").lstrip(b"\xff\xfe")
    if media_type in ("text/html", "application/xhtml+xml"):
        return _FEED.match(start) is None
    if media_type in ("text/xml", "application/xml"):
        return _HTML_ROOT.match(start) is not None
    if media_type in _SAYS_NOTHING:
        return _HTML_ROOT.match(start) is not None or _HTML_TAG.match(start) is not None
    return False


def utf_16(payload: bytes) -> tuple[str, Literal["bom", "detected"]] | None:
    """Return which UTF-16 a payload is in, and what shows it: its mark or its zero bytes.

    No declaration could be read before.
    """
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


def pattern(expression: str) -> "re2._Regexp":
    """Return a pattern for bytes that takes both cases and runs in linear time."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.case_sensitive = False
    options.dot_nl = True
    return re2.compile(expression.encode("latin-1"), options=options)


_PROLOGUE = r"(?:\xef\xbb\xbf)?(?:\s|<!--.*?-->|<\?.*?>)*"
_FEED = pattern(_PROLOGUE + r"<(?:rss|feed|rdf:rdf)[\s>]")
_HTML_ROOT = pattern(_PROLOGUE + r"(?:<!doctype\s+html[\s>]|<html[\s>])")
_HTML_TAG = pattern(
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
