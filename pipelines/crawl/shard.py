"""A worker's share of a round: many hosts at once on one event loop, each by itself."""

import asyncio
import gc
import time
from collections import Counter
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec
import uvloop
from msgspec import Struct

from florilegium.manifests.location import replacing
from florilegium.pipelines.crawl import frontier, urls
from florilegium.pipelines.crawl.agent import policy, user_agent
from florilegium.pipelines.crawl.client import Client, Common, Exchange, StoppedError
from florilegium.pipelines.crawl.frontier import FETCHED, HostPlan
from florilegium.pipelines.crawl.host import HostVisit
from florilegium.pipelines.crawl.journal import Answered, Done, Journal, Outcome
from florilegium.pipelines.crawl.languages import Languages
from florilegium.pipelines.crawl.outcomes import Fate, fate
from florilegium.pipelines.crawl.places import Job, Places
from florilegium.pipelines.crawl.robots import Origin
from florilegium.pipelines.crawl.scope import Scope
from florilegium.pipelines.crawl.warc_records import Capture, payload_of, sha1
from florilegium.pipelines.crawl.wire import replayed
from florilegium.pipelines.crawl.writer import Place, WarcWriter
from florilegium.pipelines.harvest.warc import Record
from florilegium.pipelines.pages.page import seconds_of, target_of

_TICK: Final = 0.25
_GRACE: Final = 5.0


class Progress(Struct, frozen=True):
    """How far a worker is in a round."""

    hosts: int = 0
    """Hosts that are finished."""
    states: dict[str, int] = {}
    bytes: int = 0


class Shard:
    """What the visits of a worker share."""

    def __init__(self, job: Job, stop: asyncio.Event) -> None:
        self._job = job
        self._places = Places(Path(job.folder))
        self.settings = job.settings
        self.started = job.round.began
        self.common = Common(job.settings, user_agent(job.settings), stop)
        self.scope = Scope(job.settings, _read(job.seeds), job.round.visit_began)
        self.languages = Languages(job.settings)
        self.settled: set[str] = set()
        """Addresses that were asked for in this round already."""
        self.origins: dict[str, Origin] = {}
        self._clients: dict[str, Client] = {}
        self._states: Counter[str] = Counter()
        self._hosts = self._bytes = self._asked = 0
        self._last: Place | None = None
        self._failed: Exception | None = None
        self._resumed = 0.0
        number, shard = job.round.number, job.shard
        self.journal = Journal(self._places.journal(number, shard))
        began = time.strftime("%Y%m%d%H%M%S", time.gmtime(job.round.visit_began))
        prefix = f"{quote(job.settings.agent.lower())}-{began}-{shard:03d}"
        about = policy(job.settings)
        self.writer = WarcWriter(self._places.warc, prefix, job.settings.warc_bytes, about)

    def client(self, host: str, not_before: float = 0.0) -> Client:
        """Return the one that asks a host, made when it is first needed."""
        if host not in self._clients:
            self._clients[host] = Client(self.common, max(not_before, self._resumed))
        return self._clients[host]

    def is_over(self) -> bool:
        """Say whether nothing new is to be begun in this round."""
        spent = self._asked >= self._job.pages or self._bytes >= self._job.bytes
        return spent or time.time() >= self._job.until

    def keep(self, outcome: Outcome, written: Capture) -> None:
        """Write the records of an exchange, and note what became of its address."""
        place = self.writer.write(written.members)
        self.note(
            msgspec.structs.replace(
                outcome, warc=place.warc, offset=place.offset, length=written.first
            )
        )

    def note(self, outcome: Outcome) -> None:
        """Note what became of an address."""
        self.journal.write(outcome)
        self._count(outcome)

    def _count(self, outcome: Outcome) -> None:
        self.settled.add(outcome.url)
        self._states[outcome.state] += 1
        self._bytes += outcome.bytes
        self._asked += outcome.asked

    async def serve(self) -> bool:
        """Visit every host that is planned; return whether all was done, and not stopped."""
        if self._resume():
            return True
        for partition in self._job.partitions:
            folder = self._places.round(self._job.round.number)
            for row in frontier.read(folder, "origins", partition).to_pylist():
                self.origins.setdefault(row["origin"], Origin(**row))
        ticking = asyncio.create_task(self._tick())
        try:
            await self._visit_all()
            stopped = self.common.stop.is_set()
            if not stopped:
                self.journal.write(Done())
                self._places.done(self._job.round.number, self._job.shard).touch()
            return not stopped
        finally:
            ticking.cancel()
            self._show()
            self.writer.close()
            self.journal.close()

    async def _visit_all(self) -> None:
        room = asyncio.Semaphore(self.settings.open_hosts)
        visits: set[asyncio.Task[None]] = set()
        folder = self._places.round(self._job.round.number)
        try:
            for partition in self._job.partitions:
                for plan in frontier.plan(folder, partition, self.settings, self.started):
                    await room.acquire()
                    if self.common.stop.is_set():
                        break
                    visit = asyncio.create_task(self._visit(plan, room))
                    visits.add(visit)
                    visit.add_done_callback(visits.discard)
                    self._raise_failed()
            await self._finished(visits)
        finally:
            for visit in visits:
                visit.cancel()
            await asyncio.gather(*visits, return_exceptions=True)
            self._raise_failed()

    async def _finished(self, visits: set[asyncio.Task[None]]) -> None:
        """Wait for all visits, and after a stop for those that are nearly over."""
        while visits:
            await asyncio.wait(visits, timeout=_TICK, return_when=asyncio.FIRST_EXCEPTION)
            self._raise_failed()
            if visits and self.common.stop.is_set():
                await asyncio.wait(visits, timeout=_GRACE)
                return

    async def _visit(self, plan: HostPlan, room: asyncio.Semaphore) -> None:
        try:
            await HostVisit(plan, self).serve()
            self._hosts += 1
        except StoppedError:
            pass
        except Exception as error:
            self._failed = error
        finally:
            room.release()

    def _raise_failed(self) -> None:
        if self._failed is not None:
            raise self._failed

    async def _tick(self) -> None:
        sweeping = asyncio.create_task(self.common.sweep(_TICK))
        try:
            while True:
                await asyncio.sleep(2 * _TICK)
                self._show()
                if self._places.stop.exists():
                    self.common.stop.set()
        finally:
            sweeping.cancel()

    def _show(self) -> None:
        path = self._places.progress(self._job.round.number) / f"{self._job.shard:05d}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as draft:
            draft.write_bytes(
                msgspec.json.encode(Progress(self._hosts, dict(self._states), self._bytes))
            )

    def _resume(self) -> bool:
        """Take up what was done before in this round; return whether that was all of it."""
        if not self.journal.exists():
            self.journal.begin()
            self.writer.go_on()
            return False
        done = False
        for note in self.journal.resume():
            if isinstance(note, Outcome):
                self._count(note)
                if note.warc:
                    self._last = Place(note.warc, note.offset, note.length)
            elif isinstance(note, Answered):
                self.origins[note.origin] = _origin(note)
            done |= isinstance(note, Done)
        if done:
            self.journal.close()
            self._places.done(self._job.round.number, self._job.shard).touch()
            return True
        self._recover()
        # Whom the last requests went to before the end is not known.
        self._resumed = time.time() + self.settings.delay
        return False

    def _recover(self) -> None:
        """Note what was written to a WARC file, but not noted before the worker was killed."""
        left = [
            (place, item)
            for place, item in self.writer.recover(self._last)
            if item.kind in ("response", "revisit")
            and (seconds_of(item.headers.get("warc-date", "")) or 0) >= int(self.started)
        ]
        if not left:
            return
        wanted = {target_of(item): (place, item) for place, item in left}
        folder = self._places.round(self._job.round.number)
        for partition in self._job.partitions:
            for plan in frontier.plan(folder, partition, self.settings, self.started):
                for task in plan.tasks:
                    if task.url in wanted and task.url not in self.settled:
                        place, item = wanted[task.url]
                        self.note(self._recovered(plan, task, place, item))

    def _recovered(
        self, plan: HostPlan, task: frontier.Task, place: Place, item: Record
    ) -> Outcome:
        url = urls.read(task.url)
        assert url is not None
        response = replayed(item.block, item.headers.get("warc-truncated", ""))
        time = float(seconds_of(item.headers["warc-date"]) or 0)
        exchange = Exchange(url, b"", response, item.headers.get("warc-ip-address", ""), time)
        payload, revisit = payload_of(response), item.kind == "revisit"
        digest = "" if revisit or response.truncated else sha1(payload)
        written = Capture(b"", 0, item.headers["warc-record-id"], payload, digest, revisit)
        found = fate(response, task, self.settings.limits, time)
        if revisit:
            found = Fate(FETCHED, "unchanged")
        outcome = HostVisit(plan, self).outcome(task, exchange, written, found)
        return msgspec.structs.replace(
            outcome, warc=place.warc, offset=place.offset, length=place.length
        )


def run(job: Job) -> bool:
    """Do a worker's share of a round; return whether it is done, False if it was stopped."""

    async def serve() -> bool:
        return await Shard(job, asyncio.Event()).serve()

    # What the libraries keep stays: looking through it again and again for garbage takes time.
    gc.freeze()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(serve())


def _read(seeds: tuple[str, ...]) -> list[urls.Url]:
    return [url for seed in seeds if (url := urls.read(seed)) is not None]


def _origin(note: Answered) -> Origin:
    return Origin(note.origin, note.host, note.fetched, note.state, note.detail, note.body)
