"""What kind of character a code point is: a table of bit flags, from this Python's Unicode data."""

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.uint16]

SPACE = 1
"""White space, as `str.isspace`."""
LETTER = 2
"""General category L."""
UPPER = 4
"""Upper case, as `str.isupper`."""
LOWER = 8
"""Lower case, as `str.islower`."""
DIGIT = 16
"""General category Nd."""
MARK = 32
"""General categories P and S: punctuation, mathematical, currency and other signs."""
HARD = 64
"""Marks that do not cling to the word they touch: all but `SOFT_MARKS`."""
PICTURE = 128
"""General category So: pictographs, boxes, degree and copyright signs."""
SYMBOL = 256
"""Marks that are no pictures, and control characters: a word of these alone says nothing."""
TERMINAL = 512
"""Ends a sentence: Unicode's Sentence_Terminal, for the scripts written in Europe and some more."""
CLOSER = 1024
"""May follow the end of a sentence: closing brackets, quotes of either side, an asterisk."""
LINE_BREAK = 2048
"""Ends a line, as `str.splitlines`."""
BULLET = 4096
"""Begins an item of a list."""

SOFT_MARKS = "-/\\|@^+%"
TERMINALS = (
    ".?!\u0589\u061d\u061e\u061f\u06d4\u203c\u203d\u2047\u2048\u2049"
    "\u2e2e\u2e3c\u3002\uff01\uff0e\uff1f\uff61"
)
QUOTES = "\"'*\u201a\u201e"
LINE_BREAKS = "\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
BULLETS = "-*\u00b7\u2022\u2023\u2043\u25aa\u25ab\u25a0\u25a1\u25cb\u25cf\u25e6\u25ba"

_FLAGGED_PLANES = 0x40000  # above lie only tags, private use and selectors, none of them flagged


@cache
def flag_table() -> Flags:
    """Return the flags of each code point, 0x110000 of them; takes 0.2 s, once a process.

    Unassigned code points, private use and surrogates have none. The table follows
    `unicodedata.unidata_version`: another Python may know more letters.
    """
    table = np.zeros(0x110000, np.uint16)
    for code in range(_FLAGGED_PLANES):
        table[code] = _flags(chr(code))
    for characters, flag in (
        (TERMINALS, TERMINAL),
        (QUOTES, CLOSER),
        (LINE_BREAKS, LINE_BREAK),
        (BULLETS, BULLET),
    ):
        for character in characters:
            table[ord(character)] |= flag
    table.flags.writeable = False
    return table


def _flags(character: str) -> int:
    category = unicodedata.category(character)
    if category in ("Cn", "Co", "Cs"):
        return 0
    flags = SPACE if character.isspace() else 0
    if character.isupper():
        flags |= UPPER
    elif character.islower():
        flags |= LOWER
    if category[0] == "L":
        flags |= LETTER
    elif category == "Nd":
        flags |= DIGIT
    elif category[0] in "PS":
        flags |= MARK if character in SOFT_MARKS else MARK | HARD
        flags |= PICTURE if category == "So" else SYMBOL
    elif category == "Cc":
        flags |= SYMBOL
    if category in ("Pe", "Pf", "Pi"):
        flags |= CLOSER
    return flags
