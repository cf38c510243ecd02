"""Classification of text with a quantised fastText model, in compiled code.

fastText (arXiv:1607.01759) takes the mean of a vector for each word and for each of its n-grams
of characters, and a softmax over the labels. Its own program decodes every vector each time a
text needs it; here all are decoded once, those of a known word are added up beforehand, and
texts are taken many at a time.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from florilegium.filters.fasttext_file import END, Floats, Indices, read

Bytes = npt.NDArray[np.int8]  # signed, because fastText hashes them so
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_SPACE, _LINE_BREAK, _BEFORE, _AFTER = 0x20, 0x0A, 0x3C, 0x3E
_OFFSET, _PRIME, _ALL = 2166136261, 16777619, 0xFFFFFFFF  # of 32-bit FNV-1a


class Weights(NamedTuple):
    """What the compiled code needs of a model."""

    vectors: Floats
    """A row for each known word, the sum of its own vector and its n-grams'; then the n-grams."""
    counts: Indices
    """How many vectors the row of a word is the sum of."""
    words: Bytes
    """The known words one after the other, each between the marks of its ends."""
    starts: Indices
    """Where each of them begins, and where the last ends."""
    slots: Indices
    """Hash table of the words: a row of `vectors`, or -1."""
    buckets: Indices
    """For each hash of an n-gram the row of `vectors`, or -1 if it was pruned."""
    lengths: tuple[int, int]
    """Characters of the shortest n-gram, 1 or more, and of the longest."""
    end: int
    """Row of the word that ends each line."""
    output: Floats
    """A row for each dimension, a column for each label."""


class FastText:
    """A classifier, read from the bytes of a file that fastText's `quantize` made."""

    labels: tuple[str, ...]
    """Labels in the order of the file, without their prefix."""

    def __init__(self, data: bytes) -> None:
        """Read a model; raises ValueError if it is not of the kind `fasttext_file.read` reads."""
        contents = read(data)
        self.labels = contents.labels
        words = [b"<%b>" % word for word in contents.words]
        self._weights = Weights(
            vectors=contents.vectors,
            counts=np.ones(len(words), np.int32),
            words=np.frombuffer(b"".join(words), np.int8),
            starts=np.cumsum([0, *map(len, words)], dtype=np.int32),
            slots=np.full(2 << len(words).bit_length(), -1, np.int32),
            buckets=contents.buckets,
            lengths=contents.lengths,
            end=contents.words.index(END),
            output=np.ascontiguousarray(contents.output.T),
        )
        _complete(self._weights)

    def best_two(
        self, lines: str, groups: Integers, admitted: Booleans, families: Indices
    ) -> tuple[Indices, Floats]:
        r"""Return the two most probable labels of each line that its group admits.

        Lines are parted by \n and words by spaces; a line's group is a row of `admitted`, which
        has a column for each label. `families` has the number of each label's family, -1 if none.
        The first array holds indices of `labels`, -1 where there is none and in lines without
        words. The second holds their probabilities, 0 to 1, among all labels, and as a third the
        probability of all admitted labels of the family of the best.
        """
        text = np.frombuffer(lines.encode(), np.int8)
        return _best_two(text, groups, admitted, families, self._weights)


@njit(cache=True, nogil=True)
def _complete(weights: Weights) -> None:
    """Enter the words into the hash table; add to their vectors those of their n-grams."""
    rows = np.empty(len(weights.words) * weights.lengths[1], np.int32)
    slots = weights.slots
    for number in range(len(weights.counts)):
        word = weights.words[weights.starts[number] : weights.starts[number + 1]]
        slots[_slot(word, len(word), weights.words, weights.starts, slots)] = number
        if number == weights.end:
            continue
        count = _append_ngrams(word, len(word), rows, 0, weights.buckets, weights.lengths)
        for i in range(count):
            for k in range(weights.vectors.shape[1]):
                weights.vectors[number, k] += weights.vectors[rows[i], k]
        weights.counts[number] += count


@njit(cache=True, nogil=True)
def _best_two(
    text: Bytes, groups: Integers, admitted: Booleans, families: Indices, weights: Weights
) -> tuple[Indices, Floats]:
    best = np.full((len(groups), 2), -1, np.int32)
    scores = np.zeros((len(groups), 3), np.float32)
    start = 0
    for line in range(len(groups)):
        end = start
        while end < len(text) and text[end] != _LINE_BREAK:
            end += 1
        rows, count = _rows(text[start:end], weights)
        if count > 0:
            logits = _logits(rows, count, weights.vectors, weights.output)
            _rank(logits, admitted[groups[line]], families, best[line], scores[line])
        start = end + 1
    return best, scores


@njit(cache=True, nogil=True)
def _rows(line: Bytes, weights: Weights) -> tuple[Indices, int]:
    """Return the rows that make up a line and of how many vectors they are sums."""
    words, starts, slots = weights.words, weights.starts, weights.slots
    buckets, lengths, counts = weights.buckets, weights.lengths, weights.counts
    rows = np.empty((2 * len(line) + 3) * lengths[1], np.int32)
    word = np.empty(len(line) + 2, np.int8)
    word[0] = _BEFORE
    size, count, length, met = 0, 0, 1, False
    for i in range(len(line) + 1):
        if i < len(line) and line[i] != _SPACE:
            word[length] = line[i]
            length += 1
            continue
        if length == 1:
            continue
        word[length], met = _AFTER, True
        row = slots[_slot(word, length + 1, words, starts, slots)]
        if row < 0:
            longer = _append_ngrams(word, length + 1, rows, size, buckets, lengths)
            count += longer - size
            size = longer
        else:
            rows[size] = row
            count += counts[row]
            size += 1
        length = 1
    if met:
        rows[size] = weights.end
        count += counts[weights.end]
        size += 1
    return rows[:size], count


@njit(cache=True, nogil=True)
def _append_ngrams(
    word: Bytes, length: int, rows: Indices, size: int, buckets: Indices, lengths: tuple[int, int]
) -> int:
    """Append the rows of the n-grams of a word between its marks; return the new size."""
    shortest, longest = lengths
    for start in range(length):
        if _inside_character(word[start]):
            continue
        value, end = _OFFSET, start
        for characters in range(1, longest + 1):
            if end == length:
                break
            value = _mix(value, word[end])
            end += 1
            while end < length and _inside_character(word[end]):
                value = _mix(value, word[end])
                end += 1
            mark = characters == 1 and (start == 0 or end == length)
            if characters >= shortest and not mark:
                # Written in any case, kept if there: a branch would be guessed wrong half the time.
                row = buckets[np.uint32(value) % np.uint32(len(buckets))]
                rows[size] = row
                size += row >= 0
    return size


@njit(cache=True, nogil=True)
def _logits(rows: Indices, count: int, vectors: Floats, output: Floats) -> Floats:
    """Return what the mean of some vectors says of each label."""
    whole = _sum(rows.view(np.uint32), vectors)
    logits = np.zeros(output.shape[1], np.float32)
    for k in range(len(whole)):
        mean = whole[k] / np.float32(count)
        for label in range(len(logits)):
            logits[label] += mean * output[k, label]
    return logits


@njit(cache=True, nogil=True)
def _sum(rows: npt.NDArray[np.uint32], vectors: Floats) -> Floats:
    whole = np.zeros(vectors.shape[1], np.float32)
    fours = len(rows) // 4 * 4
    for i in range(0, fours, 4):  # together, so that four rows are on their way from memory
        a, b, c, d = rows[i], rows[i + 1], rows[i + 2], rows[i + 3]
        for k in range(len(whole)):
            whole[k] += vectors[a, k] + vectors[b, k] + vectors[c, k] + vectors[d, k]
    for row in rows[fours:]:
        for k in range(len(whole)):
            whole[k] += vectors[row, k]
    return whole


@njit(cache=True, nogil=True)
def _rank(
    logits: Floats, admitted: Booleans, families: Indices, best: Indices, scores: Floats
) -> None:
    """Set the two best of the admitted labels, their probabilities, and that of the family."""
    highest = logits.max()
    whole = np.float32(0)
    for label in range(len(logits)):
        whole += np.exp(logits[label] - highest)
        if not admitted[label]:
            continue
        if best[0] < 0 or logits[label] > logits[best[0]]:
            best[1], best[0] = best[0], label
        elif best[1] < 0 or logits[label] > logits[best[1]]:
            best[1] = label
    for place in range(2):
        if best[place] >= 0:
            scores[place] = np.exp(logits[best[place]] - highest) / whole
    scores[2] = scores[0]
    if best[0] < 0 or families[best[0]] < 0:
        return
    family = np.float32(0)
    for label in range(len(logits)):
        if admitted[label] and families[label] == families[best[0]]:
            family += np.exp(logits[label] - highest)
    scores[2] = family / whole


@njit(cache=True, nogil=True)
def _slot(word: Bytes, length: int, words: Bytes, starts: Indices, slots: Indices) -> int:
    """Return where a word between its marks is in the hash table, or where it would be."""
    value = _OFFSET
    for i in range(length):
        value = _mix(value, word[i])
    slot = value & (len(slots) - 1)
    while slots[slot] >= 0 and not _is_word(word, length, words, starts, slots[slot]):
        slot = (slot + 1) & (len(slots) - 1)
    return slot


@njit(cache=True, nogil=True)
def _is_word(word: Bytes, length: int, words: Bytes, starts: Indices, number: int) -> bool:
    start = starts[number]
    if starts[number + 1] - start != length:
        return False
    for i in range(length):  # noqa: SIM110  (numba compiles this, not all())
        if words[start + i] != word[i]:
            return False
    return True


@njit(cache=True, nogil=True)
def _mix(value: int, byte: int) -> int:
    """One step of 32-bit FNV-1a over signed bytes, as fastText takes it."""
    return ((value ^ (byte & _ALL)) * _PRIME) & _ALL


@njit(cache=True, nogil=True)
def _inside_character(byte: int) -> bool:
    return byte & 0xC0 == 0x80
