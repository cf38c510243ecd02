"""The file format of a quantised fastText classifier (arXiv:1612.03651), decoded."""

import numpy as np
import numpy.typing as npt
from msgspec import Struct

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int32]

END = b"</s>"
"""The word that ends each line."""

_MAGIC, _VERSION = 793712314, 12
_SUPERVISED, _SOFTMAX = 3, 3
_CENTROIDS = 256
_PREFIX = "__label__"


class Contents(Struct, frozen=True):
    """What a file holds, its vectors in full."""

    words: list[bytes]
    """Known words, UTF-8, `END` among them."""

    labels: tuple[str, ...]
    """Labels without their prefix."""

    vectors: Floats
    """A row for each word, then one for each n-gram that is left."""

    buckets: Indices
    """For each hash of an n-gram its number among those that are left, or -1 if it was pruned."""

    output: Floats
    """A row for each label."""

    lengths: tuple[int, int]
    """Characters of the shortest n-gram, 2 or more, and of the longest."""


def read(data: bytes) -> Contents:
    """Read a supervised softmax model, pruned and quantised with norms, without n-grams of words.

    Raises ValueError if the bytes are anything else or end too soon.
    """
    file = _Reader(data)
    if file.numbers("<i4", 2) != [_MAGIC, _VERSION]:
        raise ValueError("not a fastText model")
    options = file.numbers("<i4", 12)
    file.take("<f8", 1)
    dimensions, lengths = options[0], (options[9], options[10])
    if options[5:8] != [1, _SOFTMAX, _SUPERVISED] or not 2 <= lengths[0] <= lengths[1]:
        raise ValueError("a fastText model, but not a softmax classifier of words and n-grams")
    words, labels, kept = _read_dictionary(file)
    vectors = _read_vectors(file, dimensions)
    output = _read_output(file)
    shapes = (len(words) + len(kept), dimensions), (len(labels), dimensions)
    if (vectors.shape, output.shape) != shapes or END not in words:
        raise ValueError("a fastText model whose parts do not fit together")
    buckets = np.full(options[8], -1, np.int32)
    buckets[kept[:, 0]] = np.arange(len(kept))[kept[:, 1]]
    return Contents(words, labels, vectors, buckets, output, lengths)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, kind: str, count: int) -> npt.NDArray[np.generic]:
        """Return the next values; raises ValueError if the data end before them."""
        values = np.frombuffer(self._data, kind, count, self._position)
        self._position += values.nbytes
        return values

    def numbers(self, kind: str, count: int) -> list[int]:
        return list(map(int, self.take(kind, count)))

    def name(self) -> bytes:
        end = self._data.index(0, self._position)
        name = self._data[self._position : end]
        self._position = end + 1
        return name


def _read_dictionary(file: _Reader) -> tuple[list[bytes], tuple[str, ...], Indices]:
    """Return the words, the labels, and hash and number of each n-gram that is left."""
    entries, words, _ = file.numbers("<i4", 3)
    _, pruned = file.numbers("<i8", 2)
    if pruned <= 0:
        raise ValueError("a fastText model that is not pruned")
    names = []
    for _ in range(entries):
        names.append(file.name())
        file.take("i1", 9)  # frequency and kind; words come first, labels after
    labels = tuple(name.decode().removeprefix(_PREFIX) for name in names[words:])
    return names[:words], labels, file.take("<i4", 2 * pruned).reshape(-1, 2).astype(np.int32)


def _read_vectors(file: _Reader, dimensions: int) -> Floats:
    """Return the vectors of words and n-grams: a centroid for each part, times the norm."""
    if file.numbers("i1", 2) != [1, 1]:
        raise ValueError("a fastText model without quantised vectors and norms")
    rows, _ = file.numbers("<i8", 2)
    codes = file.take("u1", file.numbers("<i4", 1)[0]).reshape(rows, -1)
    centroids = _read_centroids(file, dimensions)
    norm_codes = file.take("u1", rows)
    norms = _read_centroids(file, 1)[0, norm_codes]
    vectors: Floats = centroids[np.arange(codes.shape[1]), codes].reshape(rows, dimensions)
    vectors *= norms
    return vectors


def _read_centroids(file: _Reader, dimensions: int) -> Floats:
    """Return an array of the parts of a vector, their centroids, and the numbers of each."""
    whole, parts, width, last = file.numbers("<i4", 4)
    if whole != dimensions or width != last or parts * width != whole:
        raise ValueError("a fastText model whose vectors are cut into unequal parts")
    centroids = file.take("<f4", whole * _CENTROIDS)
    return centroids.reshape(parts, _CENTROIDS, width).astype(np.float32)


def _read_output(file: _Reader) -> Floats:
    if file.numbers("i1", 1) != [0]:
        raise ValueError("a fastText model whose labels are quantised")
    rows, columns = file.numbers("<i8", 2)
    return file.take("<f4", rows * columns).reshape(rows, columns).astype(np.float32)
