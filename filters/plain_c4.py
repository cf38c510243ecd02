"""The twin of the kernel of `c4_counts`, with Python's own strings: equal integers."""

import re

import numpy as np

from florilegium.filters.c4_counts import PHRASES
from florilegium.filters.characters import Codes, Flags, flag_table
from florilegium.filters.plain_counts import sentences_of
from florilegium.filters.segment import Offsets

_CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
_ENDS = (".", "?", "!", '"', "'")
_TAILS = tuple(map(ord, _ENDS))
_OPEN = ord("[")
_PLACEHOLDER, _SCRIPT, *_NOTICES = (phrase.encode() for phrase in PHRASES)


def count_c4(
    codes: Codes, flags: Flags, heads: Offsets, ends: Offsets
) -> tuple[int, int, int, int]:
    """Return what the kernel returns, in its order."""
    lines = chars = sentences = 0
    cited = np.searchsorted(np.flatnonzero(codes == _OPEN), np.stack((heads, ends)))
    cited = cited[0] < cited[1]
    counted = sentences_of(codes, flags, heads, ends)
    for k in np.flatnonzero(cited | np.isin(codes[ends - 1], _TAILS)):
        line = _text(codes[heads[k] : ends[k]])
        words = line.split()
        if len(words) < 3 or (len(line) > 1000 and max(map(len, words)) > 1000):
            continue
        if cited[k]:
            line = _CITATION.sub("", line)
        if not line.endswith(_ENDS) or line.endswith("..."):
            continue
        folded = line.encode("utf-8", "surrogatepass").lower()  # of bytes, so ASCII only
        if _PLACEHOLDER in folded:
            return lines, chars, sentences, 1
        if _SCRIPT in folded:
            continue
        if "{" in line:
            return lines, chars, sentences, 2
        if any(notice in folded for notice in _NOTICES):
            continue
        lines += 1
        chars += len(line)
        sentences += _sentences(line) if cited[k] else int(counted[k])
    return lines, chars, sentences, 0


def _text(codes: Codes) -> str:
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def _sentences(line: str) -> int:
    codes = np.frombuffer((line + " ").encode("utf-32-le", "surrogatepass"), np.uint32)
    bounds = np.zeros(1, np.int32), np.array([len(line)], np.int32)
    return int(sentences_of(codes, flag_table().take(codes), *bounds)[0])
