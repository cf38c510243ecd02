"""Texts full of hash signs, ellipses and bullets."""

from collections.abc import Iterator

from florilegium.filters.rule import Amount, Filter, Measure, Share, ratio, share
from florilegium.manifests.document import Facts


class Symbols(Filter, frozen=True, tag="symbols"):
    """Signs of tag lists, teasers and outlines (Gopher, arXiv:2112.11446, A.1.1).

    The first two limits are signs for each word, the others shares of lines, 0 to 1.
    """

    max_hashes_per_word: Amount = 0.10
    max_ellipses_per_word: Amount = 0.10
    max_bullet_lines: Share = 0.90
    max_ellipsis_lines: Share = 0.30

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield hash signs, ellipses, lines that begin with a bullet, lines cut short."""
        counts = facts.counts
        hashes = ratio(counts.hashes, counts.words)
        yield Measure("hashes_per_word", hashes, high=self.max_hashes_per_word)
        ellipses = ratio(counts.ellipses, counts.words)
        yield Measure("ellipses_per_word", ellipses, high=self.max_ellipses_per_word)
        bullets = share(counts.bullet_lines, counts.lines)
        yield Measure("bullet_line_share", bullets, high=self.max_bullet_lines)
        teasers = share(counts.ellipsis_lines, counts.lines)
        yield Measure("ellipsis_line_share", teasers, high=self.max_ellipsis_lines)
