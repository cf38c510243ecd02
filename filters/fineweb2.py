"""FineWeb2's rules, with the limits that it published for each language."""

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from florilegium.filters.fineweb import FineWeb
from florilegium.filters.gopher import GopherQuality, GopherRepetition
from florilegium.filters.rule import Filter, Measure
from florilegium.manifests.document import Facts

_OFF = 1.0
"""Of a share, a limit that everything keeps."""


class FineWeb2(Filter, frozen=True, tag="fineweb2"):
    """Repetition, ends of lines and words as FineWeb2 judges them (arXiv:2506.20920).

    For comparison: the rules are those of `gopher-repetition`, `fineweb` and `gopher-quality`, in
    FineWeb2's order, with its limits for the language, in `filters/fineweb2.tsv`. It has none for
    English and a few others, which have those of datatrove. Repeated paragraphs and short lines
    are not judged, and of the characters of repeated lines a tenth is allowed, in all languages.
    """

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield what the three filters look at, in FineWeb2's order."""
        for rule in rules(facts.lang):
            yield from rule.measures(facts)


@cache
def rules(lang: str) -> tuple[GopherRepetition, FineWeb, GopherQuality]:
    """Return the three filters with the limits of a language."""
    off = {
        "max_dup_para_frac": _OFF,
        "max_dup_para_char_frac": _OFF,
        "max_dup_line_char_frac": _OFF,
        "max_short_line_ratio": _OFF,
        "max_char_dup_ratio": 0.1,
    }
    limits = off | _published().get(lang, {})

    def of(kind: type[Filter]) -> dict[str, float]:
        return {name: limits[name] for name in kind.__struct_fields__ if name in limits}

    return (
        GopherRepetition(**of(GopherRepetition)),
        FineWeb(**of(FineWeb)),
        GopherQuality(**of(GopherQuality)),
    )


@cache
def _published() -> dict[str, dict[str, float]]:
    """Return the published limits by language, under the names of our filters' keys."""
    table = files("florilegium.filters").joinpath("fineweb2.tsv").read_text(encoding="utf-8")
    return {
        row.pop("lang"): {name: float(value) for name, value in row.items()}
        for row in csv.DictReader(table.splitlines(), delimiter="\t", strict=True)
    }
