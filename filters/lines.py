"""Texts whose lines are not those of prose: menus, lists, fragments."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from florilegium.filters.limits import ByLanguage
from florilegium.filters.rule import Amount, Measure, Share, balance, ratio, share
from florilegium.manifests.document import Facts


class Lines(ByLanguage, frozen=True, tag="lines"):
    """How lines end, how many and how long they are (FineWeb, arXiv:2406.17557, section 3.6).

    Limits are shares, 0 to 1, except `max_newlines_per_word` and `min_prose_lines`. Unlike
    FineWeb's, the end of a sentence is looked for before closing quotes and brackets, in the marks
    of the language. Prose lines are the share of lines that end a sentence less the share of short
    ones, -1 to 1: of all single numbers it tells main text best from text with menus and footers
    (docs/decisions/0019). `min_sentence_lines` is that of the language if it is not given.
    Short lines alone are not limited by default; FineWeb's limit is 0.67.
    """

    min_sentence_lines: Share | None = None
    max_newlines_per_word: Amount = 0.30
    max_duplicate_line_chars: Share = 0.20
    max_short_lines: Share = 1.0
    min_prose_lines: Annotated[float, Meta(ge=-1, le=1)] = -0.4

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield lines that end a sentence, newlines a word, duplicates, short lines, prose."""
        counts = facts.counts
        sentence_lines = share(counts.sentence_lines, counts.lines)
        low = self.limit("min_sentence_lines", facts.lang)
        yield Measure("sentence_line_share", sentence_lines, low=low)
        newlines = ratio(counts.newlines, counts.words)
        yield Measure("newlines_per_word", newlines, high=self.max_newlines_per_word)
        duplicates = share(counts.duplicate_line_chars, counts.chars - counts.newlines)
        yield Measure("duplicate_line_char_share", duplicates, high=self.max_duplicate_line_chars)
        short_lines = share(counts.short_lines, counts.lines)
        yield Measure("short_line_share", short_lines, high=self.max_short_lines)
        prose = balance(counts.sentence_lines, counts.short_lines, counts.lines)
        yield Measure("prose_line_balance", prose, low=self.min_prose_lines)
