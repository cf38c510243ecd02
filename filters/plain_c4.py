"""The twin of the kernel of `c4_counts`, with Python's own strings: equal integers."""

import re

import numpy as np

from florilegium.filters.c4_counts import PHRASES
from florilegium.filters.characters import Codes, Flags, flag_table
from florilegium.filters.plain_lines import count_sentences
from florilegium.filters.plain_segment import text_of
from florilegium.filters.segment import Offsets

_CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
_ENDS = (".", "?", "!", '"', "'")
_TAILS = frozenset((*_ENDS, "]"))  # of citations, which may stand behind the end
_MIN_WORDS, _MAX_WORD = 3, 1000
_PLACEHOLDER, _SCRIPT, *_NOTICES = (phrase.encode() for phrase in PHRASES)


def count_c4(
    codes: Codes, flags: Flags, heads: Offsets, ends: Offsets, of_lines: Offsets
) -> tuple[int, int, int, int, int]:
    """Return what the kernel returns, in its order."""
    lines = chars = sentences = 0
    text = text_of(codes)
    whole = _folded(text)
    suspect = any(phrase in whole for phrase in (_PLACEHOLDER, _SCRIPT, *_NOTICES))
    for start, end, inside in zip(heads.tolist(), ends.tolist(), of_lines.tolist(), strict=True):
        if text[end - 1] not in _TAILS:
            continue
        line = text[start:end]
        cited = "[" in line
        if len(line.split(None, 2)) < _MIN_WORDS:
            continue
        if len(line) > _MAX_WORD and max(map(len, line.split())) > _MAX_WORD:
            continue
        if cited:
            line = _CITATION.sub("", line)
        if not line.endswith(_ENDS) or line.endswith("..."):
            continue
        folded = _folded(line) if suspect or cited else b""
        if _PLACEHOLDER in folded:
            return lines, chars, sentences, 1, 0
        if _SCRIPT in folded:
            continue
        if "{" in line:
            return lines, chars, sentences, 0, 1
        if folded and any(notice in folded for notice in _NOTICES):
            continue
        lines += 1
        chars += len(line)
        sentences += _sentences(line) if cited else inside
    return lines, chars, sentences, 0, 0


def _folded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass").lower()  # of bytes, so ASCII only


def _sentences(line: str) -> int:
    codes = np.frombuffer((line + " ").encode("utf-32-le", "surrogatepass"), np.uint32)
    bounds = np.zeros(1, np.int32), np.array([len(line)], np.int32)
    return int(count_sentences(codes, flag_table().take(codes), *bounds)[0])
