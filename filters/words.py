"""Texts made of numbers, codes and pictures rather than words."""

from collections.abc import Iterator

from florilegium.filters.rule import Filter, Measure, share
from florilegium.manifests.document import Facts


class Words(Filter, frozen=True, tag="words"):
    """Share of words with a letter (Gopher, arXiv:2112.11446, A.1.1), 0 to 1.

    Punctuation marks are no words here. Counting them, as is often done, makes a language's comma
    rules decide: the mean over the same news then ranges from .75 to .89, without them from .98
    to .99.
    """

    min_alpha_words: float = 0.80

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield the words with a letter as a share of the non-symbol words."""
        alpha_words = share(facts.counts.alpha_words, facts.counts.non_symbol_words)
        yield Measure("alpha_word_share", alpha_words, low=self.min_alpha_words)
