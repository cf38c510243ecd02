"""Limits of quality for each language, from the counts of what was harvested.

A limit is what 98 % of the texts keep, within a band around the default, so that neither a corpus
of spam nor one of a single site can switch a rule off. Beside each stand the shares of texts that
the recipe's rules keep before and after; a language whose share is far from that of its family is
an alarm. Too few texts give no limits.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from florilegium.filters.catalogue import AnyFilter
from florilegium.filters.limits import ByLanguage, Limits, limits
from florilegium.filters.lines import Lines
from florilegium.filters.repetition import Repetition
from florilegium.manifests.document import Facts
from florilegium.manifests.location import Location
from florilegium.manifests.schema import from_table
from florilegium.manifests.tables import batches

MIN_DOCUMENTS = 100
KEPT = 0.98
BAND = 0.75, 1.3
"""Lowest and highest limit, as multiples of the default."""
FAR = 0.15
"""Difference to the median of the family's keep-rates that is an alarm."""
MIN_FAMILY = 3
_STEPS = 1_000

FITTED = {
    Repetition: {
        "duplicate_line_share": "max_duplicate_lines",
        "top_bigram_share": "max_top_bigram",
        "top_trigram_share": "max_top_trigram",
        "top_4gram_share": "max_top_4gram",
        **{f"duplicate_{n}gram_share": f"max_duplicate_{n}gram" for n in range(5, 11)},
    },
    Lines: {"sentence_line_share": "min_sentence_lines"},
}
"""Limits that are fitted, by the rule each is of."""

Histogram = NDArray[np.int64]
Own = dict[str, dict[str, float]]


class Rates(Struct, frozen=True):
    """Shares of a language's texts that the rules keep, 0 to 1."""

    documents: int
    before: float
    after: float
    family: str
    alarm: str | None = None
    """Why the share kept is remarkable, if it is."""


class Quality(Struct, frozen=True):
    """What a corpus comes to."""

    filters: tuple[AnyFilter, ...]
    """The filters of the recipe, with the fitted limits in those that have limits by language."""
    rates: dict[str, Rates]


def calibrate_quality(documents: Sequence[Location], filters: Sequence[AnyFilter]) -> Quality:
    """Return fitted limits and keep-rates from the tables of documents of some parts."""
    counted: defaultdict[tuple[str, str], Histogram]
    counted = defaultdict(lambda: np.zeros(_STEPS + 1, np.int64))
    for facts in _facts(documents):
        for kind, rules in FITTED.items():
            for one in kind().measures(facts):
                if one.rule in rules:
                    counted[facts.lang, rules[one.rule]][round(one.value * _STEPS)] += 1
    own: Own = {}
    for (lang, name), histogram in sorted(counted.items()):
        if histogram.sum() >= MIN_DOCUMENTS:
            own.setdefault(lang, {})[name] = fitted(name, histogram)
    after = tuple(_with(rule, own) for rule in filters)
    kept: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for facts in _facts(documents):
        if facts.lang in own:
            passed = (all(rule(facts) is None for rule in rules) for rules in (filters, after))
            for place, add in enumerate((1, *passed)):
                kept[facts.lang][place] += add
    return Quality(after, rates(kept))


def fitted(name: str, histogram: Histogram) -> float:
    """Return the limit that shares, counted by thousandths, come to; three decimals."""
    least = name.startswith("min_")
    reach = np.cumsum(histogram) / histogram.sum()
    place = int(np.searchsorted(reach, 1 - KEPT if least else KEPT))
    default = float(getattr(Limits(), name))
    return round(min(max(place / _STEPS, BAND[0] * default), BAND[1] * default), 3)


def rates(kept: dict[str, list[int]]) -> dict[str, Rates]:
    """Return the shares of texts kept of each language, from documents and those kept."""
    families: defaultdict[str, list[float]] = defaultdict(list)
    for lang, (documents, _, after) in kept.items():
        families[limits(lang).family].append(after / documents)
    found = {}
    for lang, (documents, before, after) in sorted(kept.items()):
        family = limits(lang).family
        others, share, alarm = families[family], after / documents, None
        if family and len(others) >= MIN_FAMILY and abs(share - median(others)) > FAR:
            alarm = f"keeps {share:.2f}, the median of {family} languages is {median(others):.2f}"
        found[lang] = Rates(documents, round(before / documents, 4), round(share, 4), family, alarm)
    return found


def remarks(found: Quality) -> Iterator[str]:
    """Yield keep-rates and alarms, a line each."""
    for lang, one in found.rates.items():
        yield f"# {lang}: {one.documents} documents, kept {one.before:.3f}, then {one.after:.3f}"
        if one.alarm:
            yield f"# ALARM {lang}: {one.alarm}"


def _with(rule: AnyFilter, own: Own) -> AnyFilter:
    """Return the filter with fitted limits; those that the recipe gives come before them."""
    names = FITTED.get(type(rule))
    if names is None or not isinstance(rule, ByLanguage):
        return rule
    mine = {
        lang: {name: value for name, value in found.items() if name in names.values()}
        for lang, found in own.items()
    }
    merged = {lang: mine.get(lang, {}) | given for lang, given in rule.languages.items()}
    return structs.replace(rule, languages=mine | merged)


def _facts(documents: Sequence[Location]) -> Iterator[Facts]:
    columns = list(Facts.__struct_fields__)
    for place in documents:
        for table in batches(place, columns):
            yield from from_table(table, Facts)
