"""Crawlers that gather text to train models: what a host forbids one of them, it forbids us.

`agents.tsv` has a line for each, with its operator, where that is documented, and the lists it is
on: `training` is ours, `apertus` is the list by which Apertus removed hosts (arXiv:2509.14233).
"""

import csv
import hashlib
from collections.abc import Iterable
from importlib import resources
from typing import Final

VERSION: Final = "2026-11"
OURS: Final = "florilegium"
"""The product token by which a host can speak to us alone."""

_TABLE: Final = (resources.files("florilegium.filters") / "agents.tsv").read_text("utf-8")
_ROWS: Final = list(csv.DictReader(_TABLE.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))

LISTS: Final = {
    name: tuple(row["agent"].lower() for row in _ROWS if name in row["lists"].split())
    for name in ("training", "apertus")
}
MEANT: Final = frozenset((OURS, *LISTS["training"]))
"""Whoever a directive on a page addresses, if it is to count for us."""


def expanded(names: Iterable[str]) -> tuple[str, ...]:
    """Return agents in lower case, each once, in order; the name of a list stands for its agents.

    >>> expanded(["*", "GPTBot", "gptbot"])
    ('*', 'gptbot')
    """
    agents = (agent for name in names for agent in LISTS.get(name.lower(), (name.lower(),)))
    return tuple(dict.fromkeys(agents))


def digest() -> str:
    """Return the SHA-256 of the list as it is shipped, in hex."""
    return hashlib.sha256(_TABLE.encode()).hexdigest()
