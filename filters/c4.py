"""C4's rules as datatrove decides them: on the lines it keeps, none of which is removed here."""

from collections.abc import Iterator

from florilegium.filters.rule import Amount, Filter, Measure
from florilegium.manifests.document import Facts


class C4(Filter, frozen=True, tag="c4"):
    """Sentences in lines that read like prose (C4, arXiv:1910.10683, section 2.2) as in datatrove.

    For comparison: C4 would also remove all other lines, such as those that end in a closing
    quote of another language than English. Here the text stays as it is.
    """

    min_sentences: Amount = 5
    max_placeholder: Amount = 0
    max_brace: Amount = 0

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield what drops a page at once, then the sentences of the lines that are kept."""
        counts = facts.counts
        yield Measure("lorem_ipsum", counts.c4_placeholder_stop, high=self.max_placeholder)
        yield Measure("curly_bracket", counts.c4_brace_stop, high=self.max_brace)
        yield Measure("too_few_sentences", counts.c4_sentences, low=self.min_sentences)
