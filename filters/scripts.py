"""Which script a text is written in, counted letter by letter."""

import numpy as np
import numpy.typing as npt
from numba import njit

# First and last code point of the letters of a script, after the Unicode character database.
_LETTERS = """
Latn 0041-005A 0061-007A 00AA-00AA 00BA-00BA 00C0-00D6 00D8-00F6 00F8-02B8 1E00-1EFF
Latn 2C60-2C7F A722-A787 A78B-A7FF AB30-AB64 FB00-FB06 FF21-FF3A FF41-FF5A
Grek 0370-0373 0376-037D 0386-0386 0388-03E1 03F0-03FF 1F00-1FFF
Cyrl 0400-0481 048A-052F 1C80-1C8A 1D2B-1D2B A640-A66E A680-A69D
Armn 0531-0556 0560-0588 FB13-FB17
Hebr 05D0-05F2 FB1D-FB4F
Arab 0620-064A 066E-06D5 06EE-06EF 06FA-06FF 0750-077F 08A0-08C9 FB50-FDFB FE70-FEFC
Syrc 0710-072F
Thaa 0780-07A5
Deva 0904-0939 0958-0961 0972-097F
Beng 0985-09B9 09DC-09E1 09F0-09F1
Guru 0A05-0A39 0A59-0A5E
Gujr 0A85-0AB9 0AE0-0AE1
Orya 0B05-0B39 0B5C-0B61
Taml 0B83-0BB9
Telu 0C05-0C39 0C58-0C61
Knda 0C85-0CB9 0CDE-0CE1
Mlym 0D05-0D3A 0D5F-0D61 0D7A-0D7F
Sinh 0D85-0DC6
Thai 0E01-0E33 0E40-0E46
Laoo 0E81-0EB3 0EC0-0EDF
Tibt 0F40-0F6C
Mymr 1000-102A 103F-103F 1050-109F
Geor 10A0-10FF 1C90-1CBF 2D00-2D2D
Hang 1100-11FF 3131-318E AC00-D7A3
Ethi 1200-139F 2D80-2DDE
Cher 13A0-13FD AB70-ABBF
Cans 1401-167F
Khmr 1780-17B3
Mong 1820-18AA
Copt 03E2-03EF 2C80-2CEE
Jpan 3041-309F 30A1-30FA 30FC-30FF 31F0-31FF FF66-FF9D
Hani 3005-3007 3400-4DBF 4E00-9FFF F900-FAD9 20000-323AF
Goth 10330-1034A
"""

SCRIPTS = ("Zzzz", *dict.fromkeys(row.split()[0] for row in _LETTERS.split("\n") if row))
"""Codes of the scripts that are told apart; the first stands for none."""

Points = npt.NDArray[np.uint32]
Scripts = npt.NDArray[np.int64]


def _script_table() -> npt.NDArray[np.uint8]:
    table = np.zeros(0x110000, np.uint8)
    for row in filter(None, _LETTERS.split("\n")):
        script, *ranges = row.split()
        for first, last in (letters.split("-") for letters in ranges):
            table[int(first, 16) : int(last, 16) + 1] = SCRIPTS.index(script)
    return table


SCRIPT_OF = _script_table()
"""Index of the script of each code point that is a letter, 0 of any other."""
_HANI, _JPAN = SCRIPTS.index("Hani"), SCRIPTS.index("Jpan")


def dominant_script(text: str) -> str:
    """Return the ISO 15924 code of the script most letters are in, ``Zzzz`` if there are none.

    Chinese characters count as Japanese when at least one letter in ten beside them is kana.
    """
    return SCRIPTS[int(dominant_scripts(text.replace("\n", " "), 1)[0])]


def dominant_scripts(lines: str, count: int) -> Scripts:
    """Return the dominant script of each line, an index of `SCRIPTS`."""
    return _count_letters(points_of(lines), SCRIPT_OF, np.zeros(len(SCRIPTS), np.int64), count)


@njit(cache=True, nogil=True)
def _count_letters(
    points: Points, script_of: npt.NDArray[np.uint8], letters: Scripts, lines: int
) -> Scripts:
    dominant = np.zeros(lines, np.int64)
    i = 0
    for line in range(lines):
        letters[:] = 0
        while i < len(points) and points[i] != 0x0A:
            letters[script_of[points[i]]] += 1
            i += 1
        i += 1
        letters[0] = 0
        kana = letters[_JPAN] * 10 >= letters[_HANI]
        own, other = (_JPAN, _HANI) if kana else (_HANI, _JPAN)
        letters[own] += letters[other]
        letters[other] = 0
        dominant[line] = np.argmax(letters)
    return dominant


def points_of(text: str) -> Points:
    """Return the code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
