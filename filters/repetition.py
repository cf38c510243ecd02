"""Texts that say the same thing again and again."""

from collections.abc import Iterator

from florilegium.filters.rule import Filter, Measure, share
from florilegium.manifests.document import Facts


class Repetition(Filter, frozen=True, tag="repetition"):
    """Repeated lines and n-grams of words (Gopher, arXiv:2112.11446, table A1).

    Limits are shares, 0 to 1: of lines, else of the characters of the text. The defaults are the
    medians of the limits that FineWeb2 (arXiv:2506.20920) sets for the 39 European languages it
    has most text of; the shares themselves hardly differ between languages.
    """

    max_duplicate_lines: float = 0.296
    max_top_bigram: float = 0.214
    max_top_trigram: float = 0.189
    max_top_4gram: float = 0.165
    max_duplicate_5gram: float = 0.160
    max_duplicate_6gram: float = 0.149
    max_duplicate_7gram: float = 0.137
    max_duplicate_8gram: float = 0.126
    max_duplicate_9gram: float = 0.116
    max_duplicate_10gram: float = 0.105

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield duplicate lines, then the most frequent short, then the repeated long n-grams."""
        counts = facts.counts
        duplicate_lines = share(counts.duplicate_lines, counts.lines)
        yield Measure("duplicate_line_share", duplicate_lines, high=self.max_duplicate_lines)
        for rule, chars, limit in (
            ("top_bigram_share", counts.top_bigram_chars, self.max_top_bigram),
            ("top_trigram_share", counts.top_trigram_chars, self.max_top_trigram),
            ("top_4gram_share", counts.top_4gram_chars, self.max_top_4gram),
            ("duplicate_5gram_share", counts.duplicate_5gram_chars, self.max_duplicate_5gram),
            ("duplicate_6gram_share", counts.duplicate_6gram_chars, self.max_duplicate_6gram),
            ("duplicate_7gram_share", counts.duplicate_7gram_chars, self.max_duplicate_7gram),
            ("duplicate_8gram_share", counts.duplicate_8gram_chars, self.max_duplicate_8gram),
            ("duplicate_9gram_share", counts.duplicate_9gram_chars, self.max_duplicate_9gram),
            ("duplicate_10gram_share", counts.duplicate_10gram_chars, self.max_duplicate_10gram),
        ):
            yield Measure(rule, share(chars, counts.chars), high=limit)
