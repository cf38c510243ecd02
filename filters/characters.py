"""What kind of character a code point is: a table of bit flags, from this Python's Unicode data."""

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt
from numba import njit

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
"""Ends a sentence: Unicode's Sentence_Terminal."""
CLOSER = 1024
"""May follow the end of a sentence: closing brackets, quotes of either side, an asterisk."""
LINE_BREAK = 2048
"""Ends a line, as `str.splitlines`."""
BULLET = 4096
"""Begins an item of a list."""
LISTED_SYMBOL = 8192
"""In the list of marks and controls that datatrove takes for symbols, instead of a category."""
MISREAD_FIRST = 16384
"""First byte of a letter in UTF-8, read as Windows-1252."""
MISREAD_NEXT = 32768
"""A further byte of it, read so; the no-break space is left out, which may follow any letter."""

SOFT_MARKS = "-/\\|@^+%"
_TERMINAL_RANGES = """
0021 002E 003F 0589 061D-061F 06D4 0700-0702 07F9 0837 0839 083D-083E 0964-0965 104A-104B 1362
1367-1368 166E 1735-1736 17D4-17D6 17D9-17DA 1803 1809 1944-1945 1AA8-1AAB 1B5A-1B5B 1B5E-1B5F
1B7D-1B7E 1C3B-1C3C 1C7E-1C7F 203C-203D 2047-2049 2E2E 2E3C 2E53-2E54 3002 A4FF A60E-A60F A6F3
A6F7 A876-A877 A8CE-A8CF A92F A9C8-A9C9 AA5D-AA5F AAF0-AAF1 ABEB FE52 FE56-FE57 FF01 FF0E FF1F
FF61 10A56-10A57 10F55-10F59 10F86-10F89 11047-11048 110BE-110C1 11141-11143 111C5-111C6 111CD
111DE-111DF 11238-11239 1123B-1123C 112A9 1144B-1144C 115C2-115C3 115C9-115D7 11641-11642
1173C-1173E 11944 11946 11A42-11A43 11A9B-11A9C 11C41-11C42 11EF7-11EF8 11F43-11F44 16A6E-16A6F
16AF5 16B37-16B38 16B44 16E98 1BC9F 1DA88
"""


def _terminals() -> str:
    bounds = ([int(end, 16) for end in found.split("-")] for found in _TERMINAL_RANGES.split())
    return "".join(chr(code) for ends in bounds for code in range(ends[0], ends[-1] + 1))


TERMINALS = _terminals()
QUOTES = "\"'*\u201a\u201e"
LINE_BREAKS = "\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
BULLETS = "-*\u00b7\u2022\u2023\u2043\u25aa\u25ab\u25a0\u25a1\u25cb\u25cf\u25e6\u25ba"
LISTED_SYMBOLS = (
    "\"#$%&'()*+,-/:;<=>@[\\]^_`{|}~\u00ab\u00b4\u00bb\u2013\u2014\u2019\u201c\u201d\u201e\u2026\u2236"
    "\u2501\u25ba\u3001\u3008\u3009\u300a\u300b\u300c\u300d\u3010\u3011\uff05\uff08\uff09\uff0c\uff11\uff1a"
    "\uff1b\uff5e" + TERMINALS + "".join(map(chr, (*range(9), *range(11, 32), *range(127, 160))))
)
MISREAD_FIRSTS = "\u00c2\u00c3\u00c4\u00c5\u00d0\u00d1\u00e2"
MISREAD_NEXTS = "".join(map(chr, (*range(0x80, 0xA0), *range(0xA1, 0xC0)))) + (
    "\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d"
    "\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178"
)

_CAPITAL = LETTER | UPPER
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
        (LISTED_SYMBOLS, LISTED_SYMBOL),
        (MISREAD_FIRSTS, MISREAD_FIRST),
        (MISREAD_NEXTS, MISREAD_NEXT),
    ):
        for character in characters:
            table[ord(character)] |= flag
    table.flags.writeable = False
    return table


@njit(cache=True, nogil=True)
def count_any(flags: Flags, kinds: int) -> int:
    """How many characters are of one of these kinds or more; a loop that is done many at a time."""
    found = 0
    for i in range(len(flags)):
        found += (flags[i] & kinds) > 0
    return found


@njit(cache=True, nogil=True)
def count_capitals(flags: Flags) -> int:
    """How many characters are letters in upper case."""
    found = 0
    for i in range(len(flags)):
        found += (flags[i] & _CAPITAL) == _CAPITAL
    return found


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
