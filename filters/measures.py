"""Text to counts: one pass that yields every integer the quality rules need."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import config

from florilegium.filters import (
    c4_counts,
    character_counts,
    groups,
    line_counts,
    plain_c4,
    plain_characters,
    plain_lines,
    plain_repetition,
    plain_segment,
    plain_words,
    repetition_counts,
    segment,
    sentence_counts,
    word_counts,
)
from florilegium.filters.characters import Codes, Flags, flag_table
from florilegium.filters.customs import Customs, customs
from florilegium.filters.groups import Hashes
from florilegium.filters.scripts import SCRIPT_OF
from florilegium.manifests.counts import Counts

__all__ = ["COMPILED", "PLAIN", "Kernels", "counts", "customs", "measure"]

Kernel = Callable[..., Any]


class Kernels(NamedTuple):
    """The steps of a count, either as loops that numba compiles or in whole-array steps."""

    hash_prefixes: Kernel
    hash_spans: Kernel
    count_characters: Kernel
    count_repeated_chars: Kernel
    count_signs: Kernel
    split_words: Kernel
    count_words: Kernel
    group: Kernel
    count_repetition: Kernel
    count_listed: Kernel
    split_lines: Kernel
    count_lines: Kernel
    count_sentences: Kernel
    split_paragraphs: Kernel
    count_duplicates: Kernel
    count_c4: Kernel


def _kernels(*modules: object) -> Kernels:
    found = {name: getattr(module, name) for module in modules for name in vars(module)}
    return Kernels(*(found[name] for name in Kernels._fields))


COMPILED = _kernels(
    *(character_counts, segment, groups, word_counts, repetition_counts),
    *(line_counts, sentence_counts, c4_counts),
)
PLAIN = _kernels(
    *(plain_characters, plain_segment, plain_words, plain_repetition),
    *(plain_lines, plain_c4),
)


def measure(
    texts: pa.LargeStringArray | Sequence[str],
    languages: Sequence[Customs] | None = None,
    kernels: Kernels = PLAIN if config.DISABLE_JIT else COMPILED,  # type: ignore[attr-defined]
) -> npt.NDArray[np.int64]:
    """Count each text: a matrix of documents x fields of `Counts`.

    `languages` holds the `customs` of each text's language, none by default. Any text is counted
    in linear time; an Arrow null counts as the empty text, a lone surrogate as a character that is
    neither letter nor mark. The first call of a machine compiles the kernels, some seconds; they
    are cached beside the source or, where that cannot be written, in NUMBA_CACHE_DIR. Where numba
    is switched off by its own NUMBA_DISABLE_JIT=1, whole-array steps give the same integers.

    Raises ValueError if there are not as many languages as texts.
    """
    strings = texts.to_pylist() if isinstance(texts, pa.Array) else texts
    if languages is None:
        languages = [Customs()] * len(strings)
    matrix = np.zeros((len(strings), len(Counts.__struct_fields__)), np.int64)
    table = flag_table()
    for row, text, customs_ in zip(matrix, strings, languages, strict=True):
        if text:
            row[:] = _count(text, customs_, table, kernels)
    return matrix


def counts(row: npt.NDArray[np.int64]) -> Counts:
    """One row of the matrix, with names."""
    return Counts(*row.tolist())


def _count(text: str, language: Customs, table: Flags, use: Kernels) -> list[int]:
    """Count one text, in the order of the fields."""
    # The space beyond the end spares the kernels to ask whether there is a next character.
    codes = np.frombuffer((text + " ").encode("utf-32-le", "surrogatepass"), np.uint32)
    flags = table.take(codes)
    prefixes = use.hash_prefixes(codes)
    return [
        len(text),
        *use.count_characters(codes, flags, SCRIPT_OF, language.script),
        use.count_repeated_chars(prefixes),
        *use.count_signs(codes),
        *_count_words(codes, flags, prefixes, language, use),
        *_count_lines(codes, flags, prefixes, language, use),
    ]


def _count_words(
    codes: Codes, flags: Flags, prefixes: Hashes, language: Customs, use: Kernels
) -> chain[int]:
    starts, ends = use.split_words(codes, flags, language.profile)
    words = use.hash_spans(prefixes, starts, ends)
    numbers, different, times = use.group(words)
    repetition = use.count_repetition(words, ends - starts, numbers, times).tolist()
    return chain(
        (len(starts),),
        use.count_words(flags, starts, ends),
        repetition[:2],
        use.count_listed(different, times, language.stop_words),
        repetition[2:],
    )


def _count_lines(
    codes: Codes, flags: Flags, prefixes: Hashes, language: Customs, use: Kernels
) -> chain[int]:
    starts, heads, ends = use.split_lines(codes, flags)
    lines = use.hash_spans(prefixes, starts, ends)
    firsts, lasts = use.split_paragraphs(codes, starts, ends)
    paragraphs = use.hash_spans(prefixes, firsts, lasts)
    sentences = use.count_sentences(codes, flags, heads, ends)
    return chain(
        (len(starts),),
        use.count_lines(codes, flags, starts, heads, ends, language.profile),
        use.count_duplicates(lines, starts, ends),
        (int(sentences.sum()), len(firsts)),
        use.count_duplicates(paragraphs, firsts, lasts),
        use.count_c4(codes, flags, heads, ends, sentences),
    )
