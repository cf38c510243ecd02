"""Texts that say the same thing again and again."""

from collections.abc import Iterator

from florilegium.filters.limits import ByLanguage
from florilegium.filters.rule import Measure, Share, share
from florilegium.manifests.document import Facts


class Repetition(ByLanguage, frozen=True, tag="repetition"):
    """Repeated lines and n-grams of words (Gopher, arXiv:2112.11446, table A1).

    Limits are shares, 0 to 1: of lines, else of the characters of the text. One that is not given
    is that of the language, after FineWeb2 (arXiv:2506.20920) and within a band around the median
    of the languages with most text; the shares themselves hardly differ between languages.
    """

    max_duplicate_lines: Share | None = None
    max_top_bigram: Share | None = None
    max_top_trigram: Share | None = None
    max_top_4gram: Share | None = None
    max_duplicate_5gram: Share | None = None
    max_duplicate_6gram: Share | None = None
    max_duplicate_7gram: Share | None = None
    max_duplicate_8gram: Share | None = None
    max_duplicate_9gram: Share | None = None
    max_duplicate_10gram: Share | None = None

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield duplicate lines, then the most frequent short, then the repeated long n-grams."""
        counts, lang = facts.counts, facts.lang
        for rule, name, part, whole in (
            ("duplicate_line_share", "max_duplicate_lines", counts.duplicate_lines, counts.lines),
            ("top_bigram_share", "max_top_bigram", counts.top_bigram_chars, counts.chars),
            ("top_trigram_share", "max_top_trigram", counts.top_trigram_chars, counts.chars),
            ("top_4gram_share", "max_top_4gram", counts.top_4gram_chars, counts.chars),
        ):
            yield Measure(rule, share(part, whole), high=self.limit(name, lang))
        for n, chars in (
            (5, counts.duplicate_5gram_chars),
            (6, counts.duplicate_6gram_chars),
            (7, counts.duplicate_7gram_chars),
            (8, counts.duplicate_8gram_chars),
            (9, counts.duplicate_9gram_chars),
            (10, counts.duplicate_10gram_chars),
        ):
            high = self.limit(f"max_duplicate_{n}gram", lang)
            yield Measure(f"duplicate_{n}gram_share", share(chars, counts.chars), high=high)
