"""Texts that give away what a model is to be tested on."""

from collections.abc import Iterator

from florilegium.filters.rule import Filter, Measure, Number
from florilegium.manifests.document import Facts


class Benchmarks(Filter, frozen=True, tag="benchmarks"):
    """Runs of words that a text shares with a benchmark of the recipe (GPT-3, arXiv:2005.14165, C).

    The ledger names the benchmark that shares most. Texts that were compared with none pass.
    """

    max_ngrams: Number = 0

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield how many runs are shared, if that was counted."""
        if facts.benchmark_ngrams is not None:
            yield Measure(
                "benchmark_ngrams",
                facts.benchmark_ngrams,
                high=self.max_ngrams,
                detail=facts.benchmark,
            )
