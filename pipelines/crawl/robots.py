"""What a host lets the crawler fetch: robots.txt by RFC 9309, and what holds if there is none.

The file is read by `filters/optouts`, as it is when a corpus is built; here are the rules of when
to ask for it, and of what holds when it cannot be had.
"""

from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct

from florilegium.filters.optouts.agents import OURS, expanded
from florilegium.filters.optouts.pattern import canonical
from florilegium.filters.optouts.robots_txt import EVERYONE, MAX_BYTES, RobotsTxt
from florilegium.filters.optouts.timeline import FRESH_SECONDS
from florilegium.pipelines.crawl.settings import Crawl
from florilegium.pipelines.crawl.urls import Url

MAX_REDIRECTS: Final = 5
State = Literal["present", "none", "unreachable"]


class Origin(Struct, frozen=True, gc=False):
    """What is known of the robots.txt of an origin, kept from round to round."""

    origin: str
    host: str
    fetched: float
    """Seconds since 1970."""
    state: State
    detail: str
    """Why it is unreachable, or its status."""
    body: bytes

    def is_fresh(self, now: float, retry_seconds: float) -> bool:
        """Say whether it still counts: a day, and less if it could not be had (RFC 9309, 2.4)."""
        age = FRESH_SECONDS if self.state != "unreachable" else retry_seconds
        return now - self.fetched < age


def state_of(status: int) -> State:
    """Return what the status of a robots.txt means that is no redirect (RFC 9309, 2.3.1).

    Too many requests (429) mean that the host cannot say now.
    """
    if 200 <= status < 300:
        return "present"
    return "none" if 400 <= status < 500 and status != 429 else "unreachable"


class Rules:
    """The rules of one origin for us."""

    def __init__(self, origin: Origin, settings: Crawl) -> None:
        body = origin.body if origin.state == "present" else b""
        self._file = RobotsTxt(body[:MAX_BYTES])
        names = dict.fromkeys((settings.agent.lower(), OURS))
        ours = [name for name in names if self._file.names(name)]
        self._ours = ours or [EVERYONE]
        others = expanded(settings.obey)
        self._obeyed = [*self._ours, *(name for name in others if self._file.names(name))]

    def refusal(self, url: Url) -> str | None:
        """Return the line that forbids an address, None if it may be fetched."""
        path = canonical(url.target.encode())
        for agent in self._obeyed:
            rule = self._file.decisive(agent, path)
            if rule is not None and not rule.allows:
                return f"line {rule.line} ({agent}): {rule.text}"[:300]
        return None

    @property
    def delay(self) -> float:
        """Seconds between requests that the host asks for, 0 if for none."""
        return max((self._file.delay(agent) for agent in self._obeyed), default=0.0)

    @property
    def sitemaps(self) -> Iterable[str]:
        """Addresses of sitemaps."""
        return self._file.sitemaps

    @property
    def licences(self) -> Iterable[str]:
        """Addresses of licences for all pages of the host."""
        return [link for _, link in self._file.licences]
