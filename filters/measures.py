"""Text to counts: one pass that yields every integer the quality rules need."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from florilegium.filters.c4_counts import count_c4
from florilegium.filters.characters import Flags, flag_table
from florilegium.filters.groups import hash_spans, number
from florilegium.filters.line_counts import (
    count_characters,
    count_duplicate_lines,
    count_lines,
    count_words,
)
from florilegium.filters.repetition_counts import count_repetition
from florilegium.filters.segment import profile, split_lines, split_words
from florilegium.manifests.counts import Counts

__all__ = ["counts", "measure", "profile"]


def measure(
    texts: pa.LargeStringArray | Sequence[str],
    profiles: npt.NDArray[np.uint8] | None = None,
) -> npt.NDArray[np.int64]:
    """Count each text: a matrix of documents x fields of `Counts`.

    `profiles` holds the `profile` of each text's language, none by default. Any text is counted in
    linear time; an Arrow null counts as the empty text, a lone surrogate as a character that is
    neither letter nor mark. The first call of a machine compiles the kernels, some seconds; they
    are cached beside the source or, where that cannot be written, in NUMBA_CACHE_DIR.

    Raises ValueError if there are not as many profiles as texts.
    """
    strings = texts.to_pylist() if isinstance(texts, pa.Array) else texts
    if profiles is None:
        profiles = np.zeros(len(strings), np.uint8)
    matrix = np.zeros((len(strings), len(Counts.__struct_fields__)), np.int64)
    table = flag_table()
    for row, text, bits in zip(matrix, strings, profiles.tolist(), strict=True):
        if text:
            row[:] = _count(text, bits, table)
    return matrix


def counts(row: npt.NDArray[np.int64]) -> Counts:
    """One row of the matrix, with names."""
    return Counts(*row.tolist())


def _count(text: str, bits: int, table: Flags) -> list[int]:
    """Count one text, in the order of the fields."""
    # The space beyond the end spares the kernels to ask whether there is a next character.
    codes = np.frombuffer((text + " ").encode("utf-32-le", "surrogatepass"), np.uint32)
    flags = table.take(codes)
    starts, ends = split_words(codes, flags, bits)
    repetition = count_repetition(hash_spans(codes, starts, ends), ends - starts)
    first, last = split_lines(codes, flags)
    numbers, _ = number(hash_spans(codes, first, last))
    return list(
        chain(
            (len(text),),
            count_characters(flags),
            (text.count("\n"), text.count("#"), text.count("...") + text.count("\u2026")),
            (len(starts),),
            count_words(flags, starts, ends),
            repetition.tolist(),
            (len(first),),
            count_lines(codes, flags, first, last, bits),
            count_duplicate_lines(first, last, numbers),
            count_c4(codes, flags, first, last),
        )
    )
