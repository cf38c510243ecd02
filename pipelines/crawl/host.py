"""One host in one round: its rules first, then its addresses, one after the other."""

import logging
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from florilegium.filters.optouts.judge import FILES, ROBOTS
from florilegium.filters.optouts.robots_txt import MAX_BYTES
from florilegium.pipelines.crawl import urls
from florilegium.pipelines.crawl.client import Client, Exchange, StoppedError
from florilegium.pipelines.crawl.dial import ForbiddenError, UnreachableError
from florilegium.pipelines.crawl.discovery import Discovery
from florilegium.pipelines.crawl.frontier import FAILED, FETCHED, REFUSED, HostPlan, Task
from florilegium.pipelines.crawl.journal import Answered, Outcome, Rested
from florilegium.pipelines.crawl.outcomes import (
    BUSY,
    Fate,
    conditions,
    fate,
    pause,
    retried,
    validator,
)
from florilegium.pipelines.crawl.robots import MAX_REDIRECTS, Origin, Rules, State, state_of
from florilegium.pipelines.crawl.scope import domain_of
from florilegium.pipelines.crawl.urls import Url
from florilegium.pipelines.crawl.warc_records import Capture, Earlier, capture, payload_of
from florilegium.pipelines.crawl.wire import BrokenError
from florilegium.pipelines.pages.page import decoded_body

if TYPE_CHECKING:
    from florilegium.pipelines.crawl.shard import Shard

_FAILURES: Final = (UnreachableError, BrokenError)
_MAX_LICENCES: Final = 3
_LOG: Final = logging.getLogger(__name__)


class HostVisit:
    """Asks for what is planned of a host, and notes what became of each address."""

    def __init__(self, plan: HostPlan, shard: "Shard") -> None:
        self._plan = plan
        self._shard = shard
        self._settings = shard.settings
        self._client = shard.client(plan.host, plan.not_before)
        self._discovery = Discovery(shard.scope, shard.languages, shard.settings)
        self._rules: dict[str, Rules | None] = {}
        self._failures = self._busy = 0
        self._left = plan.bytes_left

    async def serve(self) -> None:
        """Ask for everything, unless something ends the visit before."""
        why = "done"
        for task in self._plan.tasks:
            if task.url in self._shard.settled:
                continue
            if why := self._over():
                break
            await self._safely(task)
        self._client.close()
        self._shard.journal.write(Rested(self._plan.host, self._client.not_before, why or "done"))

    async def _safely(self, task: Task) -> None:
        """Ask for an address; whatever a page does, the crawl goes on."""
        url = urls.read(task.url)
        if url is None:
            self._note(task, Fate(REFUSED, "address: none that can be asked for"))
            return
        try:
            await self._ask(task, url)
        except (StoppedError, OSError):
            raise  # a disk that is full is not the fault of a page
        except Exception as error:
            _LOG.warning("%s: %s: %s", task.url, type(error).__name__, error)
            self._note(task, Fate(FAILED, f"internal: {type(error).__name__}"), asked=True)

    def _over(self) -> str:
        """Return what ends the visit before its end, if anything does."""
        if self._failures >= self._settings.limits.failures:
            self._client.rest(self._settings.limits.retry_seconds)
            return "failures"
        if self._left <= 0:
            return "budget: bytes of the host"
        if self._client.not_before - time.time() > self._settings.max_delay:
            return "rests"
        return "time" if self._shard.is_over() else ""

    async def _ask(self, task: Task, url: Url) -> None:
        limits = self._settings.limits
        try:
            rules = await self._ruled(url)
            if rules is None:
                reason = f"robots: {self._shard.origins[url.origin].detail}"
                self._note(task, retried(reason, task, limits, time.time()), asked=True)
                return
            if refusal := rules.refusal(url):
                self._note(task, Fate(REFUSED, f"robots: {refusal}"))
                return
            if self._over() == "rests":
                return
            exchange = await self._client.get(url, conditions(task))
        except ForbiddenError as error:
            self._note(task, Fate(REFUSED, f"address: {error}"))
        except _FAILURES as error:
            self._failures += 1
            self._note(task, retried(str(error), task, limits, time.time()), asked=True)
        else:
            self._settle(task, exchange)

    def _settle(self, task: Task, exchange: Exchange) -> None:
        """Write down an exchange, and note what follows from it."""
        response, now = exchange.response, time.time()
        self._left -= len(response.raw)
        earlier = Earlier(task.digest, task.captured, task.record) if task.digest else None
        written = capture(exchange, earlier, self._settings.chunked == "removed")
        found = fate(response, task, self._settings.limits, now)
        self._failures = self._failures + 1 if response.status >= 500 else 0
        if response.status in BUSY:
            rest = pause(response, self._settings, self._client.delay, self._busy, now)
            self._busy += 1
            self._client.rest(rest)
        else:
            self._busy = 0
        self._record(task, exchange, written, found)

    def _record(self, task: Task, exchange: Exchange, written: Capture, found: Fate) -> None:
        outcome = self.outcome(task, exchange, written, found)
        self._shard.keep(outcome, written)

    def outcome(self, task: Task, exchange: Exchange, written: Capture, found: Fate) -> Outcome:
        """Return what is to be noted of an exchange, but for where its record is."""
        response = exchange.response
        passed_by: Counter[str] = Counter()
        led = self._discovery.led(task, exchange.url, response, written.payload, passed_by)
        fetched = found.state == FETCHED
        new = fetched and bool(written.digest) and not written.revisit
        return Outcome(
            url=task.url,
            host=self._plan.host,
            state=found.state,
            reason="unchanged" if written.revisit else found.reason,
            time=exchange.time,
            status=response.status,
            asked=True,
            not_before=found.not_before,
            bytes=len(response.raw),
            digest=written.digest if new else "",
            etag=validator(response, "etag") if fetched else "",
            last_modified=validator(response, "last-modified") if fetched else "",
            rights=led.rights,
            record=written.record,
            found=led.found,
            passed_by=dict(passed_by),
        )

    def _note(self, task: Task, found: Fate, asked: bool = False) -> None:
        self._shard.note(
            Outcome(
                url=task.url,
                host=self._plan.host,
                state=found.state,
                reason=found.reason,
                time=time.time(),
                not_before=found.not_before,
                asked=asked,
            )
        )

    async def _ruled(self, url: Url) -> Rules | None:
        """Return the rules for an address; None if its host could not say what they are."""
        if url.origin not in self._rules:
            origin = self._shard.origins.get(url.origin)
            retry = self._settings.limits.retry_seconds
            if origin is None or not origin.is_fresh(time.time(), retry):
                origin = await self._heard(url)
            rules = Rules(origin, self._settings) if origin.state != "unreachable" else None
            self._rules[url.origin] = rules
            if rules is not None:
                self._client.delay = max(self._client.delay, rules.delay)
                if origin.fetched >= self._shard.started:
                    await self._hear_of_rights(url, rules)
        return self._rules[url.origin]

    async def _heard(self, url: Url) -> Origin:
        """Ask for robots.txt and note what it says; what fails for good means unreachable."""
        state, detail, body = await self._robots(url)
        origin = Origin(url.origin, url.host, time.time(), state, detail, body[:MAX_BYTES])
        self._shard.origins[url.origin] = origin
        found = []
        if state == "present":
            found = self._discovery.sitemaps(url, Rules(origin, self._settings).sitemaps)
        self._shard.journal.write(
            Answered(origin.origin, origin.host, origin.fetched, state, detail, origin.body, found)
        )
        return origin

    async def _robots(self, url: Url) -> tuple[State, str, bytes]:
        """Follow a robots.txt through its redirects, within the site (RFC 9309, 2.3.1.2).

        ForbiddenError if its own origin must not be dialled.
        """
        at = urls.read(ROBOTS, url.origin)
        for _ in range(MAX_REDIRECTS + 1):
            if at is None or domain_of(at.host) != domain_of(url.host):
                return "unreachable", "redirects out of the site", b""
            try:
                exchange = await self._of(at).get(at)
            except ForbiddenError as error:
                if at.origin == url.origin:
                    raise  # no page of this origin can ever be asked for
                return "unreachable", f"address: {error}", b""
            except _FAILURES as error:
                return "unreachable", str(error), b""
            response = exchange.response
            self._keep(exchange)
            if 300 <= response.status < 400 and (link := response.header("location")):
                at = urls.read(link, at.href)
                continue
            state = state_of(response.status)
            if response.status in BUSY:
                self._client.rest(
                    pause(response, self._settings, self._client.delay, 0, time.time())
                )
            content = decoded_body(payload_of(response), (response.header("content-encoding"),))
            if state == "present" and (content is None or response.truncated == "disconnect"):
                return "unreachable", "cannot be read", b""
            return state, f"status {response.status}", content or b""
        return "none", "too many redirects", b""

    def _of(self, url: Url) -> Client:
        return self._client if url.host == self._plan.host else self._shard.client(url.host)

    def _keep(self, exchange: Exchange) -> None:
        """Write down an exchange of a file that speaks for the host, which no frontier has."""
        task = Task(exchange.url.href, 0, 0, "", 0, "", "", "", 0.0, "")
        written = capture(exchange, None, self._settings.chunked == "removed")
        self._left -= len(exchange.response.raw)
        kept = Outcome(
            url=task.url,
            host=self._plan.host,
            state="kept",
            reason="",
            time=exchange.time,
            status=exchange.response.status,
            bytes=len(exchange.response.raw),
        )
        self._shard.keep(kept, written)

    async def _hear_of_rights(self, url: Url, rules: Rules) -> None:
        """Keep what a host says of the use of its pages, for those who build a corpus of them."""
        places = [urls.read(path, url.origin) for path in FILES if path != ROBOTS]
        licences = [urls.read(link, url.origin) for link in rules.licences]
        places += [one for one in licences if one and one.origin == url.origin][:_MAX_LICENCES]
        for place in places:
            if place is None or place.href in self._shard.settled or rules.refusal(place):
                continue
            if self._over() == "rests":
                return
            try:
                self._keep(await self._client.get(place))
            except (ForbiddenError, *_FAILURES):
                self._failures += 1
