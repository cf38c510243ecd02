"""The signature of a text: all that deduplication needs to know of it."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from florilegium.dedup.bands import bands
from florilegium.dedup.fold import fold
from florilegium.dedup.methods import Method
from florilegium.dedup.shingles import shingles

_CHUNK = 1 << 20
"""Bytes of text signed at a time: enough for speed, little enough to stay in the cache."""
_CHUNK_TEXTS = 1 << 10
"""Texts signed at a time: a sketch may be far larger than its text."""


def sign(texts: pa.LargeStringArray | Sequence[str], method: Method) -> NDArray[np.void]:
    """Return the signature of each text, in order; the type is that of the method.

    Any text can be signed: lone surrogates count as punctuation, a null as an empty text. An
    array is signed without making Python strings of it.
    """
    data, offsets = _buffers(texts)
    signatures = np.empty(offsets.size - 1, method.signature)
    for start, stop in _chunks(offsets):
        _sign(data, offsets[start : stop + 1], method, signatures[start:stop])
    return signatures


def _sign(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], method: Method, out: NDArray[np.void]
) -> None:
    letters, bounds = fold(data, offsets)
    folded = letters.astype("<u2", copy=False).view(np.uint8).data
    digests = (xxhash.xxh3_128_digest(folded[2 * a : 2 * b]) for a, b in pairwise(bounds.tolist()))
    hashes, ends, words = shingles(letters, bounds)
    sketches = method.sketch(hashes, ends)
    out["text"] = np.frombuffer(b"".join(digests), "<u8").reshape(-1, 2)
    out["bands"] = bands(sketches, method.bands, method.rows)
    out["sketch"] = sketches[:, : method.stored] & 0xFF
    out["words"] = words


def _buffers(
    texts: pa.LargeStringArray | Sequence[str],
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes of the texts and the bounds of each in them, without a copy if possible."""
    if not isinstance(texts, pa.Array):
        encoded = [text.encode("utf-8", "replace") for text in texts]
        offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
        return np.frombuffer(b"".join(encoded), np.uint8), offsets
    if texts.null_count:
        texts = texts.fill_null("")
    if len(texts) == 0:  # Arrow may leave out the buffers of an empty array
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    _, offsets, data = texts.cast(pa.large_string()).buffers()
    bounds = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data or b"", np.uint8), bounds


def _chunks(offsets: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield runs of at most _CHUNK_TEXTS texts and _CHUNK bytes, or of one text that is longer."""
    start, texts = 0, offsets.size - 1
    while start < texts:
        stop = int(np.searchsorted(offsets, offsets[start] + _CHUNK, side="right")) - 1
        stop = min(max(stop, start + 1), start + _CHUNK_TEXTS, texts)
        yield start, stop
        start = stop
