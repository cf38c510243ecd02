"""Texts too short to learn from, too long to be one text, or not made of words."""

from collections.abc import Iterator

from florilegium.filters.rule import Amount, Filter, Measure, Number, ratio
from florilegium.manifests.document import Facts


class Length(Filter, frozen=True, tag="length"):
    """Length of a text and of its words, symbols left out (Gopher, arXiv:2112.11446, A.1.1).

    Gopher counts words and wants their mean length within 3 to 10. The same news has 1.7 times as
    many words in one European language as in another, so length is counted in characters here, and
    the band of the mean is wide enough for Welsh as well as for Finnish.
    """

    min_chars: Number = 200
    max_chars: Number = 1_000_000
    min_mean_word: Amount = 2.0
    max_mean_word: Amount = 14.0

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield characters of non-symbol words, and how many these have on average."""
        counts = facts.counts
        chars, words = counts.non_symbol_chars, counts.non_symbol_words
        yield Measure("non_symbol_chars", chars, self.min_chars, self.max_chars)
        mean = ratio(chars, words)
        yield Measure("mean_word_chars", mean, self.min_mean_word, self.max_mean_word)
