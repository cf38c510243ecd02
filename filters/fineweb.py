"""FineWeb's rules as datatrove decides them, with its reasons, order and limits."""

from collections.abc import Iterator

from florilegium.filters.rule import Amount, Filter, Measure, Share, ratio, share
from florilegium.manifests.document import Facts


class FineWeb(Filter, frozen=True, tag="fineweb"):
    """How lines end, how long they are, which repeat (FineWeb, arXiv:2406.17557) as in datatrove.

    For comparison: limits are those of datatrove's `FineWebQualityFilter`, the end of a line is
    its very last character.
    """

    min_line_punct_ratio: Share = 0.12
    max_short_line_ratio: Share = 0.67
    max_char_dup_ratio: Share = 0.01
    max_list_ratio: Amount = 0.3

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield ends of lines, short lines, characters of repeated ones, newlines a word."""
        counts = facts.counts
        punctuated = share(counts.punctuated_lines, counts.lines)
        yield Measure("line_punct_ratio", punctuated, low=self.min_line_punct_ratio)
        short = share(counts.short_lines, counts.lines)
        yield Measure("short_line_ratio", short, high=self.max_short_line_ratio)
        repeated = share(counts.duplicate_line_chars, counts.chars - counts.newlines)
        yield Measure("char_dup_ratio", repeated, high=self.max_char_dup_ratio)
        newlines = ratio(counts.newlines, counts.words)
        yield Measure("list_ratio", newlines, high=self.max_list_ratio)
