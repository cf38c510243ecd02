"""Texts with many words of a list."""

from collections.abc import Iterator

from florilegium.filters.rule import Filter, Measure, Share
from florilegium.manifests.document import Facts


class BadWords(Filter, frozen=True, tag="bad-words"):
    """Share of words on a word list of the recipe for the language, 0 to 1; others pass.

    Any share is allowed by default. Such lists hit medicine, law, literature and the very groups
    that are insulted; C4 dropped a page for a single word (arXiv:2104.08758).
    """

    max_bad_words: Share = 1.0

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield the share, if it was measured."""
        if facts.bad_word_share is not None:
            yield Measure("bad_word_share", facts.bad_word_share, high=self.max_bad_words)
