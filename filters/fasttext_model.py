"""Classification of text with a quantised fastText model, in compiled code.

fastText (arXiv:1607.01759) takes the mean of a vector for each word and for each of its n-grams
of characters, and a softmax over the labels. Its own program decodes every vector each time a
text needs it; here all are decoded once, those of a known word are added up beforehand, and
texts are taken many at a time. Vectors are kept as whole numbers, so that their sums are exact:
what is said of a text does not depend on how it is cut or in which order it is added up.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from florilegium.filters.fasttext_file import END, Floats, Indices, read
from florilegium.filters.scripts import Points, points_of

Steps = npt.NDArray[np.int16]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_SPACE, _LINE_BREAK, _BEFORE, _AFTER = 0x20, 0x0A, 0x3C, 0x3E
_OFFSET, _PRIME, _ALL = 2166136261, 16777619, 0xFFFFFFFF  # of 32-bit FNV-1a
_MOST_STEPS = 32_767
_ADDED = 60_000  # so many of them fit into 32 bits
_LARGE = 4.0  # above it a vector is one of few, that would make the steps of all others coarse


class Weights(NamedTuple):
    """What the compiled code needs of a model."""

    step: float
    """What 1 in a vector stands for."""
    ngrams: Steps
    """A row for each n-gram that is left; those of the large ones are last, and zero."""
    large: Indices
    """The rows of the large ones."""
    known: Indices
    """A row for each known word, the sum of its own vector and its n-grams'."""
    counts: Indices
    """How many vectors the row of a word is the sum of."""
    words: Points
    """The known words one after the other, characters as `_bytes_of` has them, between marks."""
    starts: Indices
    """Where each of them begins, and where the last ends."""
    slots: Indices
    """Hash table of the words: a row of `known`, or -1."""
    buckets: Indices
    """For each hash of an n-gram the row of `ngrams`, or -1 if it was pruned."""
    lengths: tuple[int, int]
    """Characters of the shortest n-gram, 2 or more, and of the longest."""
    end: int
    """Row of the word that ends each line."""
    output: Floats
    """A row for each dimension, a column for each label."""


class Sums(NamedTuple):
    """The vectors of some lines, added up."""

    vectors: Integers
    """A row for each line; that of the word that ends it is in it, once."""
    counts: Integers
    """How many vectors were added up; 0 if there are no words in a line."""


class FastText:
    """A classifier, read from the bytes of a file that fastText's `quantize` made."""

    labels: tuple[str, ...]
    """Labels in the order of the file, without their prefix."""

    def __init__(self, data: bytes) -> None:
        """Read a model; raises ValueError if it is not of the kind `fasttext_file.read` reads."""
        contents = read(data)
        self.labels = contents.labels
        words = [points_of(f"<{word.decode()}>") for word in contents.words]
        first, last = contents.vectors[: len(words)], contents.vectors[len(words) :]
        large = np.abs(last).max(axis=1) > _LARGE
        order = np.argsort(large, kind="stable")
        buckets = np.where(contents.buckets < 0, -1, np.argsort(order)[contents.buckets])
        step = float(np.abs(last[~large]).max(initial=1e-6)) / _MOST_STEPS
        last /= np.float32(step)
        np.rint(last, out=last)
        ngrams = np.zeros(last.shape, np.int16)
        ngrams[: np.count_nonzero(~large)] = last[~large]
        self._weights = Weights(
            step=step,
            ngrams=ngrams,
            large=last[large].astype(np.int32),
            known=np.rint(first / np.float32(step)).astype(np.int32),
            counts=np.ones(len(words), np.int32),
            words=np.concatenate(words),
            starts=np.cumsum([0, *map(len, words)], dtype=np.int32),
            slots=np.full(2 << len(words).bit_length(), -1, np.int32),
            buckets=buckets.astype(np.int32),
            lengths=contents.lengths,
            end=contents.words.index(END),
            output=np.ascontiguousarray(contents.output.T),
        )
        _complete(self._weights)

    def sums(self, lines: Points, wanted: Booleans) -> Sums:
        r"""Return what each line comes to; those that are not wanted count as without words.

        Lines are parted by \n and words by spaces.
        """
        return Sums(*_sums(lines, wanted, self._weights))

    def with_all(self, sums: Sums) -> Sums:
        """Return the same with what all lines come to as one before them."""
        again = max(0, np.count_nonzero(sums.counts) - 1)
        vectors = sums.vectors.sum(axis=0) - again * self._weights.known[self._weights.end]
        count = sums.counts.sum() - again * self._weights.counts[self._weights.end]
        return Sums(np.vstack([vectors, sums.vectors]), np.concatenate([[count], sums.counts]))

    def best_two(
        self, sums: Sums, groups: Integers, admitted: Booleans, families: Indices
    ) -> tuple[Indices, Floats]:
        """Return the two most probable labels of each line that its group admits.

        A line's group is a row of `admitted`, which has a column for each label, or -1 if the
        line is to be passed over. `families` has the number of each label's family, -1 if none.
        The first array holds indices of `labels`, -1 where there is none, in lines passed over
        and in those without words. The second holds their probabilities, 0
        to 1, among all labels, and as a third the probability of all admitted labels of the
        family of the best.
        """
        weights = self._weights
        return _best_two(*sums, groups, admitted, families, weights.step, weights.output)


@njit(cache=True, nogil=True)
def _complete(weights: Weights) -> None:
    """Enter the words into the hash table; add to their vectors those of their n-grams."""
    words, starts, slots = weights.words, weights.starts, weights.slots
    rows = np.empty(len(words) * weights.lengths[1], np.uint32)
    left = np.empty(len(words), np.int32)
    for i in range(len(words)):
        words[i] = _bytes_of(words[i])
    for number in range(len(weights.counts)):
        word = words[starts[number] : starts[number + 1]]
        value = _OFFSET
        for letter in word:
            value = _mixed(value, letter)
        slots[_slot(word, value, words, starts, slots)] = number
        if number == weights.end:
            continue
        left[: len(word)] = np.arange(len(word), 0, -1)
        count = _find_ngrams(word, left, len(word), rows, weights.buckets, weights.lengths)
        whole = np.zeros(weights.known.shape[1], np.int64)
        _add_ngrams(rows[:count], weights.ngrams, weights.large, whole)
        weights.known[number] += whole.astype(np.int32)
        weights.counts[number] += count


@njit(cache=True, nogil=True)
def _sums(points: Points, wanted: Booleans, weights: Weights) -> tuple[Integers, Integers]:
    vectors = np.zeros((len(wanted), weights.known.shape[1]), np.int64)
    counts = np.zeros(len(wanted), np.int64)
    start = 0
    for line in range(len(wanted)):
        end = start
        while end < len(points) and points[end] != _LINE_BREAK:
            end += 1
        if wanted[line]:
            counts[line] = _add_line(points[start:end], weights, vectors[line])
        start = end + 1
    return vectors, counts


@njit(cache=True, nogil=True)
def _add_line(line: Points, weights: Weights, whole: Integers) -> int:
    """Add the vectors of a line to `whole`; return how many they are."""
    # Taken out once: each time costs a count of references.
    words, starts, slots = weights.words, weights.starts, weights.slots
    known, counts = weights.known, weights.counts
    letters = np.empty(2 * len(line) + 3, np.uint32)  # of words that are not known
    left = np.empty(len(letters), np.int32)  # how many to the end of the word
    size, begin, count, value = 0, 0, 0, _OFFSET
    for i in range(len(line) + 1):
        if i < len(line) and line[i] != _SPACE:
            if size == begin:
                letters[size] = _BEFORE
                size += 1
                value = _mixed(_OFFSET, _BEFORE)
            letter = _bytes_of(line[i])
            letters[size] = letter
            size += 1
            value = _mixed(value, letter)
            continue
        if size == begin:
            continue
        letters[size] = _AFTER
        size += 1
        row = slots[_slot(letters[begin:size], _mixed(value, _AFTER), words, starts, slots)]
        if row >= 0:
            for k in range(len(whole)):
                whole[k] += known[row, k]
            count += counts[row]
            size = begin
            continue
        for j in range(begin, size):
            left[j] = size - j
        begin = size
    if count == 0 and size == 0:
        return 0
    rows = np.empty(size * weights.lengths[1], np.uint32)
    found = _find_ngrams(letters, left, size, rows, weights.buckets, weights.lengths)
    _add_ngrams(rows[:found], weights.ngrams, weights.large, whole)
    whole += known[weights.end]
    return count + found + int(counts[weights.end])


@njit(cache=True, nogil=True)
def _find_ngrams(
    letters: Points, left: Indices, size: int, rows: Points, buckets: Indices,
    lengths: tuple[int, int],
) -> int:  # fmt: skip
    """Write the rows of the n-grams of words between their marks; return how many there are."""
    shortest, longest = lengths
    found = 0
    for start in range(size):
        value = _OFFSET
        for i in range(min(longest, left[start])):
            value = _hashed(value, letters[np.uint32(start + i)])
            if i + 1 >= shortest:
                # Written in any case, kept if there: a branch would be guessed wrong half the time.
                row = buckets[np.uint32(value) % np.uint32(len(buckets))]
                rows[np.uint32(found)] = row
                found += row >= 0
    return found


@njit(cache=True, nogil=True)
def _add_ngrams(rows: Points, ngrams: Steps, large: Indices, whole: Integers) -> None:
    first_large = len(ngrams) - len(large)
    for row in rows:
        if row >= first_large:
            for k in range(len(whole)):
                whole[k] += large[row - first_large, k]
    for start in range(0, len(rows), _ADDED):
        some = rows[start : start + _ADDED]
        part = np.zeros(len(whole), np.int32)
        fours = len(some) // 4 * 4
        for i in range(0, fours, 4):  # together, so that four rows are on their way from memory
            a, b, c, d = some[i], some[i + 1], some[i + 2], some[i + 3]
            for k in range(len(part)):
                first = np.int32(ngrams[a, k]) + np.int32(ngrams[b, k])
                part[k] += first + np.int32(ngrams[c, k]) + np.int32(ngrams[d, k])
        for row in some[fours:]:
            for k in range(len(part)):
                part[k] += ngrams[row, k]
        for k in range(len(whole)):
            whole[k] += part[k]


@njit(cache=True, nogil=True)
def _best_two(
    vectors: Integers, counts: Integers, groups: Integers, admitted: Booleans, families: Indices,
    step: float, output: Floats,
) -> tuple[Indices, Floats]:  # fmt: skip
    best = np.full((len(groups), 2), -1, np.int32)
    scores = np.zeros((len(groups), 3), np.float32)
    logits = np.empty(output.shape[1], np.float32)
    for line in range(len(groups)):
        if counts[line] == 0 or groups[line] < 0:
            continue
        logits[:] = 0
        for k in range(len(output)):
            mean = np.float32(vectors[line, k] * step / counts[line])
            for label in range(len(logits)):
                logits[label] += mean * output[k, label]
        _rank(logits, admitted[groups[line]], families, best[line], scores[line])
    return best, scores


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
def _slot(word: Points, value: int, words: Points, starts: Indices, slots: Indices) -> int:
    """Return where a word between its marks is in the hash table, or where it would be."""
    slot = (value ^ (value >> 16)) & (len(slots) - 1)
    while slots[slot] >= 0 and not _is_word(word, words, starts, slots[slot]):
        slot = (slot + 1) & (len(slots) - 1)
    return slot


@njit(cache=True, nogil=True)
def _is_word(word: Points, words: Points, starts: Indices, number: int) -> bool:
    start = starts[number]
    if starts[number + 1] - start != len(word):
        return False
    for i in range(len(word)):  # noqa: SIM110  (numba compiles this, not all())
        if words[start + i] != word[i]:
            return False
    return True


@njit(cache=True, nogil=True)
def _mixed(value: int, part: int) -> int:
    """One step of 32-bit FNV-1a."""
    return ((value ^ part) * _PRIME) & _ALL


@njit(cache=True, nogil=True)
def _bytes_of(point: int) -> int:
    """Return the UTF-8 of a character, its first byte lowest."""
    if point < 0x80:
        return point
    if point < 0x800:
        return 0x80C0 | point >> 6 | (point & 0x3F) << 8
    if point < 0x10000:
        return 0x8080E0 | point >> 12 | (point >> 6 & 0x3F) << 8 | (point & 0x3F) << 16
    high = 0x8080F0 | point >> 18 | (point >> 12 & 0x3F) << 8 | (point >> 6 & 0x3F) << 16
    return high | (0x80 | point & 0x3F) << 24


@njit(cache=True, nogil=True)
def _hashed(value: int, character: int) -> int:
    """Take the bytes of a character into a 32-bit FNV-1a, signed, as fastText has them."""
    while True:
        byte = ((character & 0xFF) ^ 0x80) - 0x80
        value = _mixed(value, byte & _ALL)
        character >>= 8
        if character == 0:
            return value
