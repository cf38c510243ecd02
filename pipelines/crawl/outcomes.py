"""What a response means for the address that was asked for."""

from email.utils import parsedate_to_datetime
from typing import Final

from msgspec import Struct

from florilegium.pipelines.crawl.frontier import FAILED, FETCHED, GONE, REDIRECTED, WAITING, Task
from florilegium.pipelines.crawl.settings import Crawl, Limits
from florilegium.pipelines.crawl.wire import Response

BUSY: Final = (429, 503)
_GONE: Final = (404, 410)
_MOVED: Final = (301, 302, 303, 307, 308)
_NOT_MODIFIED: Final = 304
_MAX_RETRY_AFTER: Final = 7 * 24 * 3600.0
_MAX_HEADER: Final = 300


class Fate(Struct, frozen=True, gc=False):
    """State and reason of an address, and when it is to be asked for again, if it waits."""

    state: str
    reason: str
    not_before: float = 0.0


def fate(response: Response, task: Task, limits: Limits, now: float) -> Fate:
    """Return what a response means. What fails in a way that may pass is tried again."""
    status = response.status
    if response.truncated == "disconnect":
        return retried("disconnect: the response broke off", task, limits, now)
    if 200 <= status < 300:
        cut = f"cut off: {response.truncated}" if response.truncated else ""
        return Fate(FETCHED, cut)
    if status == _NOT_MODIFIED and task.digest:
        return Fate(FETCHED, "unchanged")
    if status in _MOVED and response.header("location"):
        return Fate(REDIRECTED, f"status {status}")
    if status in _GONE:
        return Fate(GONE, f"status {status}")
    if status in BUSY or status >= 500:
        return retried(f"status {status}", task, limits, now, rests=status in BUSY)
    return Fate(FAILED, f"status {status}")


def retried(reason: str, task: Task, limits: Limits, now: float, rests: bool = False) -> Fate:
    """Return the fate of an address that could not be had: to be tried again, or given up.

    If its host `rests`, that is what the next try waits for.
    """
    if task.asked + 1 >= limits.tries:
        return Fate(FAILED, reason)
    pause = 0.0 if rests else limits.retry_seconds * 4.0**task.asked
    return Fate(WAITING, reason, now + pause if pause else 0.0)


def pause(response: Response, settings: Crawl, delay: float, times: int, now: float) -> float:
    """Return the seconds that a busy host is left alone, the more the oftener it says so.

    `Retry-After` is heeded, as a number and as a date, up to a week.
    """
    asked = retry_after(response.header("retry-after"), now)
    growing = max(delay, settings.delay) * 4.0 ** min(times, 10)
    return min(max(asked, growing), _MAX_RETRY_AFTER)


def retry_after(value: str, now: float) -> float:
    """Return the seconds that a header Retry-After names, 0 if it cannot be read.

    >>> retry_after("120", 0.0), retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 0.0)
    (120.0, 60.0)
    """
    value = value.strip()[:100]
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return 0.0


def conditions(task: Task) -> list[tuple[str, str]]:
    """Return the headers by which a host need not send again what has not changed."""
    if not task.digest:
        return []
    fields = (("If-None-Match", task.etag), ("If-Modified-Since", task.last_modified))
    return [(name, value) for name, value in fields if value]


def validator(response: Response, name: str) -> str:
    """Return a header that names the version of a page; empty if it cannot be sent back."""
    value = response.header(name)
    return value if len(value) <= _MAX_HEADER and value.isprintable() and value.isascii() else ""
