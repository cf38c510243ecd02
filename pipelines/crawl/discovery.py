"""From what a response leads to, to what the frontier takes in."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from florilegium.pipelines.crawl import urls
from florilegium.pipelines.crawl.found import Link, contents
from florilegium.pipelines.crawl.frontier import Task
from florilegium.pipelines.crawl.journal import Found
from florilegium.pipelines.crawl.languages import Languages, by_address
from florilegium.pipelines.crawl.scope import Scope
from florilegium.pipelines.crawl.settings import Crawl
from florilegium.pipelines.crawl.urls import Url
from florilegium.pipelines.crawl.wire import Response
from florilegium.pipelines.pages.page import decoded_body

_ABSOLUTE: Final = ("http://", "https://")


class Led(Struct, frozen=True, gc=False):
    """What a response leads to, as far as it is new, and what it says of the use of it."""

    found: list[Found]
    rights: int = 0


NOWHERE: Final = Led([])


class Discovery:
    """Finds addresses in the responses of one host, each once."""

    def __init__(self, scope: Scope, languages: Languages, settings: Crawl) -> None:
        self._scope = scope
        self._languages = languages
        self._redirects = settings.limits.redirects
        self._seen: set[str] = set()
        self._written: dict[str, set[str]] = {}

    def led(
        self, task: Task, url: Url, response: Response, payload: bytes, passed_by: Counter[str]
    ) -> Led:
        """Return what a response leads to; links that do not belong to the crawl are counted."""
        if 300 <= response.status < 400:
            return self._moved(task, url, response.header("location"), passed_by)
        if not 200 <= response.status < 300 or not payload:
            return NOWHERE
        codings = (response.header("content-encoding"),)
        body = decoded_body(payload, codings)
        if not body:
            return NOWHERE
        known = self._written.setdefault(url.origin, set())
        there = contents(url.href, response.headers, body, known)
        base = urls.read(there.base, url.href) if there.base != url.href else url
        if base is not None and base.origin != url.origin:
            there = contents(url.href, response.headers, body)
            known = self._written.setdefault(base.origin, set())
        found = []
        for link in there.links:
            if _says_where(link.target):
                known.add(link.target)
            if one := self._one(task, url, base or url, link, there.lang, passed_by):
                found.append(one)
        return Led(found, there.rights)

    def sitemaps(self, url: Url, places: Iterable[str]) -> list[Found]:
        """Return the sitemaps that a robots.txt names, as far as they belong to the crawl."""
        task = Task(url.href, -1, 0, "", 0, "", "", "", 0.0, "")
        nothing: Counter[str] = Counter()
        links = (Link(place, "robots") for place in places)
        via = urls.read("/robots.txt", url.origin) or url
        return [one for link in links if (one := self._one(task, via, via, link, "", nothing))]

    def _moved(self, task: Task, url: Url, location: str, passed_by: Counter[str]) -> Led:
        if not location:
            return NOWHERE
        if task.hops >= self._redirects:
            passed_by["redirects"] += 1
            return NOWHERE
        one = self._one(task, url, url, Link(location, "redirect"), task.lang, passed_by)
        return Led([one] if one else [])

    def _one(
        self, task: Task, url: Url, base: Url, link: Link, declared: str, passed_by: Counter[str]
    ) -> Found | None:
        to = urls.read(link.target, base.href)
        if to is None:
            passed_by["no address"] += 1
            return None
        if to.href in self._seen or to.href == task.url:
            return None
        self._seen.add(to.href)
        lang = link.lang or by_address(to.host, to.target) or declared or task.lang
        refusal = self._scope.refusal(to)
        if refusal is None and not self._languages.wants(lang):
            refusal = "language"
        if refusal is not None:
            passed_by[refusal] += 1
            return None
        moved = link.source == "redirect"
        return Found(
            url=to.href,
            host=to.host,
            depth=task.depth if moved else task.depth + 1,
            hops=task.hops + 1 if moved else 0,
            source=link.source,
            via=url.href,
            lang=lang,
            priority=self._languages.rank(lang),
        )


def _says_where(target: str) -> bool:
    """Say whether a link leads to the same place on whichever page of an origin it stands."""
    return target.startswith(_ABSOLUTE) or (target[:1] == "/" and target[1:2] not in ("/", "\\"))
