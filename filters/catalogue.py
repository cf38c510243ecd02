"""Every filter a recipe may name."""

from florilegium.filters.certainty import Certainty
from florilegium.filters.foreign import Foreign
from florilegium.filters.host_lines import HostLines
from florilegium.filters.length import Length
from florilegium.filters.lines import Lines
from florilegium.filters.repetition import Repetition
from florilegium.filters.symbols import Symbols
from florilegium.filters.terms import Licensed
from florilegium.filters.words import Words

AnyFilter = (
    Length | Certainty | Foreign | Words | Symbols | Lines | Repetition | HostLines | Licensed
)

DEFAULTS: tuple[AnyFilter, ...] = (
    Length(),
    Certainty(),
    Foreign(),
    Words(),
    Symbols(),
    Lines(),
    Repetition(),
    HostLines(),
)
"""One set of limits for every language, in the order of verdicts: the plainest reason first.

Good prose passes at much the same rate in each language; see `docs/decisions/0004`.
"""

ON_REQUEST: tuple[AnyFilter, ...] = (Licensed(),)
"""Filters that a recipe has only if it names them."""
