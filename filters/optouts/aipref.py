"""AI preferences: draft-ietf-aipref-attach-05 and -vocab-08, a dictionary as in RFC 9651.

It stands in the header `Content-Usage` or on lines of robots.txt. More lenient than the RFC so that
no reservation is lost to a slip: one malformed member does not void the others, case is ignored,
and of a repeated key the most restrictive counts.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from florilegium.filters import headers as header_fields
from florilegium.filters.optouts.robots_txt import RobotsTxt
from florilegium.filters.optouts.signal import Found, Signal

SPECIFICATION: Final = "draft-ietf-aipref-attach-05, draft-ietf-aipref-vocab-08"


def reserves(preferences: str) -> bool:
    """Say whether preferences refuse training: `train-ai=n`, the one category that is about it."""
    for member in header_fields.members(preferences.lower(), ","):
        key, _, preference = next(header_fields.members(member, ";")).partition("=")
        if (key.strip(), preference.strip()) == ("train-ai", "n"):
            return True
    return False


def in_headers(headers: Sequence[tuple[str, str]]) -> Iterator[Found]:
    """Yield what the headers of a response refuse."""
    for value in header_fields.values(headers, "content-usage"):
        if reserves(value):
            yield Found(Signal.CONTENT_USAGE, "header", "train-ai=n")


def in_robots_txt(robots: RobotsTxt, agent: str, path: bytes) -> Iterator[Found]:
    """Yield what robots.txt refuses of a path; lines of the same path are put together."""
    for use in robots.uses(agent, "content-usage", path):
        if reserves(use.value):
            yield Found(Signal.CONTENT_USAGE, "robots", f"line {use.line}: train-ai=n")
