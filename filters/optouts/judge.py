"""Two verdicts a document: by what its host said when it was captured, and by what it said last.

The most restrictive wins. Captures go in, verdicts come out, with their evidence.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeVar
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from florilegium.filters.optouts import ai_txt, aipref, content_signal, rsl, tdmrep
from florilegium.filters.optouts.agents import OURS
from florilegium.filters.optouts.origin import host_of, origin
from florilegium.filters.optouts.pattern import path_of
from florilegium.filters.optouts.policy import Reaction, Rights
from florilegium.filters.optouts.robots_txt import EVERYONE, RobotsTxt
from florilegium.filters.optouts.signal import Found, Signal
from florilegium.filters.optouts.timeline import NEWEST, Effect, Timeline
from florilegium.manifests.host_record import HostRecord

File = TypeVar("File", RobotsTxt, tdmrep.TdmRep, rsl.Rsl)
Word = Literal["allowed", "reserved", "unreachable", "unknown"]
When = Literal["crawl", "build"]

ROBOTS: Final = "/robots.txt"
FILES: Final = (ROBOTS, tdmrep.FILE, ai_txt.FILE)
"""Paths at which hosts speak for all their pages; licences in RSL may be at any."""
NAMES: Final = tuple(file.rpartition("/")[2] for file in FILES)


class Evidence(Struct, frozen=True):
    """A signal, when it was in effect, and the capture that says so."""

    when: When
    found: Found
    record: HostRecord


class Judgement(Struct, frozen=True):
    """What is to be said of a document's rights."""

    rights: int
    """Bits of `Signal`: those of the page and those of its host."""
    crawl: Word
    build: Word
    rule: str | None = None
    """What costs the document its place, as in the ledger of losses; None if nothing does."""
    detail: str | None = None
    source: str | None = None
    """The capture that says so: name of its WARC file, its byte there, its SHA-256."""
    evidence: tuple[Evidence, ...] = ()
    robots: tuple[Effect, Effect] = (Effect("unknown"), Effect("unknown"))
    """What robots.txt was in effect at crawl, and is known last."""


def unheard(rights: int, policy: Rights) -> Word:
    """Return the verdict on a page of whose host nothing is known."""
    return "reserved" if _on_page(rights) & policy.mask() else "unknown"


class Judge:
    """Judges the documents of a few origins by what these said. Each file is read once."""

    def __init__(self, records: Iterable[HostRecord], policy: Rights) -> None:
        self.timeline = Timeline(records)
        self._policy = policy
        self._agents = policy.expanded()
        self._mask = policy.mask()
        self._named: dict[RobotsTxt, list[str]] = {}
        self._read: dict[tuple[str, bytes], RobotsTxt | tdmrep.TdmRep | rsl.Rsl] = {}

    def judge(self, url: str, time: int, rights: int) -> Judgement:
        """Return the verdicts on a document by address, time of capture and bits of its page."""
        of = origin(url)
        if of is None:
            word = unheard(rights, self._policy)
            return Judgement(rights, word, word)
        path = path_of(url)
        then = self._at(of, path, time, "crawl", rights)
        last = self._at(of, path, NEWEST, "build", rights)
        crawl, build = (self._word(*side, rights) for side in (then, last))
        evidence = (*then[1], *last[1])
        rule, detail, source = self._refusal(then, last)
        if rule is None:
            rule, detail = self._own_refusal(rights, evidence)
        for one in evidence:
            rights |= one.found.signal
        return Judgement(rights, crawl, build, rule, detail, source, evidence, (then[0], last[0]))

    def _at(
        self, of: str, path: bytes, time: float, when: When, rights: int
    ) -> tuple[Effect, list[Evidence]]:
        robots = self.timeline.at(of, ROBOTS, time)
        said = self._said(of, path, time, rights, robots)
        return robots, [Evidence(when, one, record) for one, record in said]

    def _said(
        self, of: str, path: bytes, time: float, rights: int, robots: Effect
    ) -> Iterator[tuple[Found, HostRecord]]:
        places = self._offered(of) if rights & Signal.RSL else set()
        if robots.state == "present" and robots.record is not None:
            file = self._file(robots.record, RobotsTxt)
            for one in self._in_robots(file, path):
                yield one, robots.record
            for line, link in file.licences:
                yield Found(Signal.RSL_HOST, "robots", f"line {line}: {link}"), robots.record
                places.add(_place(of, link))
        if not rights & Signal.TDM_OPEN and (record := self._there(of, tdmrep.FILE, time)):
            for one in self._file(record, tdmrep.TdmRep).about(path):
                yield one, record
        if record := self._there(of, ai_txt.FILE, time):
            file = self._file(record, RobotsTxt)
            for agent in self._asked(file):
                for one in ai_txt.about(file, agent, path):
                    yield one, record
        for where, resource in sorted(places):
            if record := self._there(where, resource, time):
                for one in self._file(record, rsl.Rsl).about(host_of(of), path):
                    yield one, record

    def _there(self, of: str, resource: str, time: float) -> HostRecord | None:
        effect = self.timeline.at(of, resource, time)
        return effect.record if effect.state == "present" else None

    def _offered(self, of: str) -> set[tuple[str, str]]:
        """Return where there are licences on a host: a page that links to one means these."""
        paths = self.timeline.resources(of)
        return {(of, path) for path in paths if path.rpartition("/")[2] not in NAMES}

    def _in_robots(self, file: RobotsTxt, path: bytes) -> Iterator[Found]:
        for agent in self._asked(file):
            rule = file.decisive(agent, path)
            if rule is not None and not rule.allows:
                said = f"{agent}, line {rule.line}: {rule.text}"
                yield Found(Signal.ROBOTS_TXT, "file", said)
        for agent in self._agents if file.about_use else ():
            yield from aipref.in_robots_txt(file, agent, path)
            yield from content_signal.in_robots_txt(file, agent, path)

    def _asked(self, file: RobotsTxt) -> Iterable[str]:
        """Return the agents that a file names; one that names us does not mean us by everyone."""
        if file not in self._named:
            ours = OURS in self._agents and file.names(OURS)
            named = (agent for agent in self._agents if file.names(agent))
            self._named[file] = [agent for agent in named if not (ours and agent == EVERYONE)]
        return self._named[file]

    def _refusal(
        self, then: tuple[Effect, list[Evidence]], last: tuple[Effect, list[Evidence]]
    ) -> tuple[str | None, str | None, str | None]:
        """Return rule, detail and source of what costs a document its place, if anything does."""
        policy = self._policy
        if policy.regime == "research_60d":
            return None, None, None
        counting = [*then[1], *(e for e in last[1] if self._counts_later(e.found))]
        for one in counting:
            if self._reserves(one.found):
                said = f"{one.found.value[:80]} (at {one.when})"
                return one.found.rule, said, _cited(one.record)
        states = [then[0].state]
        if policy.retroactive != "none":
            states.append(last[0].state)
        reactions: list[tuple[Reaction, str]] = []
        if "unreachable" in states:
            reactions.append((policy.unreachable, "robots_unreachable"))
        if set(states) == {"unknown"}:
            reactions.append((policy.missing, "robots_missing"))
        for reaction, rule in reactions:
            if reaction != "allow":
                return (rule if reaction == "drop" else f"{rule}_held"), None, None
        return None, None, None

    def _own_refusal(
        self, rights: int, evidence: Iterable[Evidence]
    ) -> tuple[str | None, str | None]:
        """Return rule and detail of what a page itself refuses.

        In a build there is no such page: harvest leaves none. But a release may have been built
        when less was honoured. What its host says as well, and does not count, is taken to be all.
        """
        own = _on_page(rights) & self._mask
        for one in evidence:
            own &= ~one.found.signal
        if self._policy.regime == "research_60d" or not own:
            return None, None
        found = Found(next(signal for signal in Signal if signal & own), "page", "")
        return found.rule, "the page itself, when captured"

    def _counts_later(self, found: Found) -> bool:
        if self._policy.retroactive == "agents":
            return found.signal is Signal.ROBOTS_TXT
        return self._policy.retroactive == "all"

    def _reserves(self, found: Found) -> bool:
        offered = found.signal is Signal.RSL_HOST and found.where == "robots"
        return bool(found.signal & self._mask) and not offered

    def _word(self, robots: Effect, evidence: list[Evidence], rights: int) -> Word:
        on_page = _on_page(rights) & self._mask
        if on_page or any(self._reserves(one.found) for one in evidence):
            return "reserved"
        return "allowed" if robots.state in ("present", "none") else robots.state  # type: ignore[return-value]

    def _file(self, record: HostRecord, kind: type[File]) -> File:
        key = kind.__name__, record.sha256
        if key not in self._read:
            self._read[key] = kind(record.body)
        return self._read[key]  # type: ignore[return-value]


def _cited(record: HostRecord) -> str:
    return f"{record.warc} {record.warc_offset} {record.sha256.hex()}"


def _place(of: str, link: str) -> tuple[str, str]:
    """Return origin and path of a licence that a robots.txt names."""
    try:
        target = urljoin(of + ROBOTS, link)
        return origin(target) or "", urlsplit(target).path or "/"
    except ValueError:
        return "", ""


_PAGE: Final = (
    Signal.NOAI
    | Signal.NOIMAGEAI
    | Signal.NOINDEX
    | Signal.TDM
    | Signal.CONTENT_USAGE
    | Signal.RSL_PAGE
)


def _on_page(rights: int) -> Signal:
    """Return those of the bits that reserve a page by themselves."""
    return Signal(rights) & _PAGE
