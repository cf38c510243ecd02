"""Texts made of what their host says on every page."""

from collections.abc import Iterator

from florilegium.filters.rule import Filter, Measure, Share
from florilegium.manifests.document import Facts


class HostLines(Filter, frozen=True, tag="host-lines"):
    """Share of the lines of a text that stand on many pages of its host, 0 to 1.

    It is measured where `[lines]` of the recipe says so, on hosts with enough pages; others pass.
    It is that of the text before lines were cut.
    """

    max_host_lines: Share = 0.9

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield the share, if it was measured."""
        if facts.host_line_share is not None:
            yield Measure("host_line_share", facts.host_line_share, high=self.max_host_lines)
