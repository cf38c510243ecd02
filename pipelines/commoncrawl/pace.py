"""The pace of requests: so many a second at most, fewer after every error."""

import threading
import time
from collections.abc import Callable
from functools import cache

_SLOWEST = 1 / 64
"""Share of the full pace below which errors do not push it."""
_STEPS = 100
"""Answers without an error that lead from nothing back to the full pace."""


class Pace:
    """Lets requests go one by one, evenly spaced; safe to use from several threads."""

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._most = self._now = per_second
        self._next = clock()
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()

    @property
    def per_second(self) -> float:
        """Requests that may be made in a second as things stand."""
        return self._now

    def wait(self) -> None:
        """Return when the next request may be made."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + 1 / self._now
        if turn > now:
            self._sleep(turn - now)

    def slower(self) -> None:
        """Halve the pace: something went wrong, and requests may be the reason."""
        with self._lock:
            self._now = max(self._now / 2, self._most * _SLOWEST)

    def faster(self) -> None:
        """Come a step nearer to the full pace: a request was answered."""
        with self._lock:
            self._now = min(self._most, self._now + self._most / _STEPS)


@cache
def pace_of(per_second: float) -> Pace:
    """Return the pace that all work of this process keeps together."""
    return Pace(per_second)
