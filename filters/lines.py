"""Texts whose lines are not those of prose: menus, lists, fragments."""

from collections.abc import Iterator

from florilegium.filters.rule import Filter, Measure, ratio, share
from florilegium.manifests.document import Facts


class Lines(Filter, frozen=True, tag="lines"):
    """How lines end, how many and how long they are (FineWeb, arXiv:2406.17557, section 3.6).

    Limits are shares, 0 to 1, except `max_newlines_per_word`. Unlike FineWeb's, the end of a
    sentence is looked for before closing quotes and brackets, in the marks of the language. Short
    lines are not limited by default; FineWeb's limit is 0.67.
    """

    min_sentence_lines: float = 0.10
    max_newlines_per_word: float = 0.30
    max_duplicate_line_chars: float = 0.10
    max_short_lines: float = 1.0

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield lines that end a sentence, newlines a word, duplicates, short lines."""
        counts = facts.counts
        sentence_lines = share(counts.sentence_lines, counts.lines)
        yield Measure("sentence_line_share", sentence_lines, low=self.min_sentence_lines)
        newlines = ratio(counts.newlines, counts.words)
        yield Measure("newlines_per_word", newlines, high=self.max_newlines_per_word)
        duplicates = share(counts.duplicate_line_chars, counts.chars - counts.newlines)
        yield Measure("duplicate_line_char_share", duplicates, high=self.max_duplicate_line_chars)
        short_lines = share(counts.short_lines, counts.lines)
        yield Measure("short_line_share", short_lines, high=self.max_short_lines)
