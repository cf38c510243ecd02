"""Content signals: lines of robots.txt such as `Content-Signal: search=yes, ai-train=no`.

Cloudflare's content signals policy (contentsignals.org, September 2025) says of itself that they
reserve rights under article 4 of the directive on copyright in the digital single market.
"""

from collections.abc import Iterator
from typing import Final

from florilegium.filters.optouts.robots_txt import RobotsTxt
from florilegium.filters.optouts.signal import Found, Signal

SPECIFICATION: Final = "Content Signals Policy, 2025-09"


def in_robots_txt(robots: RobotsTxt, agent: str, path: bytes) -> Iterator[Found]:
    """Yield what robots.txt refuses of a path."""
    for use in robots.uses(agent, "content-signal", path):
        signals = (signal.split("=") for signal in use.value.lower().split(","))
        if ["ai-train", "no"] in ([word.strip() for word in signal] for signal in signals):
            yield Found(Signal.CONTENT_SIGNAL, "robots", f"line {use.line}: ai-train=no")
