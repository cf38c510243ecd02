"""ai.txt: Spawning (2023). Groups and patterns as in robots.txt, mostly of kinds of files.

A page of text is often refused as `*.html` or `*.txt` though its address ends otherwise, so a path
without an ending is also held against patterns with these.
"""

from collections.abc import Iterator
from typing import Final

from florilegium.filters.optouts.robots_txt import RobotsTxt
from florilegium.filters.optouts.signal import Found, Signal

SPECIFICATION: Final = "Spawning ai.txt, 2023-05"
FILE: Final = "/ai.txt"
_ENDINGS: Final = (b".html", b".txt")


def about(file: RobotsTxt, agent: str, path: bytes) -> Iterator[Found]:
    """Yield that an agent may not train on a path, if so."""
    for form in _forms(path):
        rule = file.decisive(agent, form)
        if rule is not None and not rule.allows:
            yield Found(Signal.AI_TXT, "file", f"{agent}, line {rule.line}: {rule.text}")
            return


def _forms(path: bytes) -> Iterator[bytes]:
    yield path
    whole = path.partition(b"?")[0]
    if b"." not in whole.rpartition(b"/")[2]:
        yield from (whole + ending for ending in _ENDINGS)
