"""How good a text is, as far as rules and extraction tell: enough to choose between copies."""

from florilegium.filters.catalogue import DEFAULTS
from florilegium.manifests.document import Facts

_STEPS = 8


def standing(facts: Facts) -> float:
    """Return a score of quality, 0 to 1: the higher, the better.

    It is an eighth lower for each measure of the rules in DEFAULTS that does not hold, up to
    seven, and within that eighth the higher the surer the extraction is of the text; a text
    without `extraction_confidence` is at its lower end. The rules have the limits that they are
    shipped with, so that a recipe with others can be decided on without reading the input again.
    """
    failed = sum(not measure.holds for rule in DEFAULTS for measure in rule.measures(facts))
    above = _STEPS - 1 - min(failed, _STEPS - 1)
    return (above + (facts.extraction_confidence or 0.0)) / _STEPS
