"""Every filter a recipe may name."""

from florilegium.filters.bad_words import BadWords
from florilegium.filters.benchmarks import Benchmarks
from florilegium.filters.c4 import C4
from florilegium.filters.certainty import Certainty
from florilegium.filters.datatrove import Datatrove
from florilegium.filters.fineweb import FineWeb
from florilegium.filters.fineweb2 import FineWeb2
from florilegium.filters.foreign import Foreign
from florilegium.filters.gopher import GopherQuality, GopherRepetition
from florilegium.filters.host_lines import HostLines
from florilegium.filters.length import Length
from florilegium.filters.lines import Lines
from florilegium.filters.quality import Quality
from florilegium.filters.repetition import Repetition
from florilegium.filters.symbols import Symbols
from florilegium.filters.terms import Licensed
from florilegium.filters.words import Words

AnyFilter = (
    Length
    | Certainty
    | Foreign
    | Words
    | Symbols
    | Lines
    | Repetition
    | HostLines
    | Licensed
    | Quality
    | BadWords
    | Benchmarks
    | Datatrove
    | GopherRepetition
    | GopherQuality
    | C4
    | FineWeb
    | FineWeb2
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
    Quality(),
    BadWords(),
    Benchmarks(),
)
"""One set of limits for every language, in the order of verdicts: the plainest reason first.

Good prose passes at much the same rate in each language; see `docs/decisions/0004`.
"""

ON_REQUEST: tuple[AnyFilter, ...] = (Licensed(), FineWeb2())
"""Filters that a recipe has only if it names them."""

PROFILES: dict[str, tuple[AnyFilter, ...]] = {
    "even": DEFAULTS,
    "datatrove": (GopherRepetition(), GopherQuality(), C4(), FineWeb()),
}
"""Filters of a recipe that lists none: ours, or datatrove's rules with its limits."""
