"""Texts made of numbers, codes and pictures rather than words."""

from collections.abc import Iterator

from florilegium.filters.limits import ByLanguage
from florilegium.filters.rule import Amount, Measure, Share, share
from florilegium.manifests.document import Facts


class Words(ByLanguage, frozen=True, tag="words"):
    """Share of words with a letter, and stop words (Gopher, arXiv:2112.11446, A.1.1).

    Punctuation marks are no words here. Counting them, as is often done, makes a language's comma
    rules decide: the mean over the same news then ranges from .75 to .89, without them from .98
    to .99. Different stop words are counted. Languages whose list was made of text need two, those
    with another list or none need none, unless a limit is given.
    """

    min_alpha_words: Share = 0.80
    min_stop_words: Amount | None = None

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield words with a letter as a share of the non-symbol words, different stop words."""
        alpha_words = share(facts.counts.alpha_words, facts.counts.non_symbol_words)
        yield Measure("alpha_word_share", alpha_words, low=self.min_alpha_words)
        low = self.limit("min_stop_words", facts.lang)
        yield Measure("different_stop_words", facts.counts.different_stop_words, low=low)
