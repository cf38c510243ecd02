"""Encodings by their names in the WHATWG Encoding Standard, and Python's codecs for them.

A label means what the standard says it means: `iso-8859-1` is windows-1252, `gb2312` is gbk.
"""

import codecs
from typing import Final

from resiliparse.parse.encoding import map_encoding_to_html5

_MAX_LABEL: Final = 40


def charset_named(label: str | None) -> str | None:
    """Return the WHATWG name of the encoding that a label stands for, or None if it is unknown."""
    label = (label or "").strip(" \t\r\n\"'").lower()
    if not label.isascii() or len(label) > _MAX_LABEL:
        return None
    if label in ("x-mac-cyrillic", "x-mac-ukrainian"):  # resiliparse does not know them
        return "x-mac-cyrillic"
    codec = map_encoding_to_html5(label, fallback_utf8=False)
    return _NAMES.get(codec) if codec else None


def legacy(label: str | None) -> str | None:
    """Return the name of an encoding other than Unicode's, or None."""
    charset = charset_named(label)
    return None if charset is None or charset.startswith("utf-") else charset


def codec(charset: str) -> str:
    """Return Python's name for an encoding, a superset of it where the standard's is one too."""
    return _CODECS[charset]


def strictly(body: bytes, charset: str) -> str | None:
    """Return the text, a last character that is cut off left out; None if it is not all valid."""
    try:
        return codecs.getincrementaldecoder(codec(charset))("strict").decode(body)
    except UnicodeDecodeError:
        return None


def leniently(body: bytes, charset: str) -> tuple[str, int]:
    """Return the text, and how many replacement characters are in it."""
    text = codecs.getincrementaldecoder(codec(charset))("replace").decode(body)
    return text, text.count("\ufffd")


# What resiliparse calls an encoding (the codec Python has for it) and its WHATWG name.
_NAMES: Final = {
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
    "mac-cyrillic": "x-mac-cyrillic",
    "gbk": "gbk",
    "gb18030": "gb18030",
    "big5": "big5",
    "euc_jp": "euc-jp",
    "euc_kr": "euc-kr",
    "iso2022_jp": "iso-2022-jp",
    "shift_jis": "shift_jis",
}
# The standard's decoders are supersets of what the names say; these are Python's nearest.
_SUPERSETS: Final = {
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "windows-874": "cp874",
}
_CODECS: Final = {name: _SUPERSETS.get(name, codec) for codec, name in _NAMES.items()}
