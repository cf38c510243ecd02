"""A year of a small web, written by chance: what each month's crawl holds, and what should come.

Pages appear, change, vanish, are copied, and opt out by robots.txt, tdmrep.json or a meta tag; new
pages of hosts that refused come without the file that says so; some pages are to be erased by
command. Beside the WARC file of each month stands what the corpus should hold
after it, reckoned without any of the code that builds.
"""

import hashlib
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO

from fastwarc.stream_io import GzipWriter
from fastwarc.warc import WarcRecord, response

START = int(datetime(2026, 1, 10, tzinfo=UTC).timestamp())
MONTH = 30 * 24 * 3600
WORDS = {
    "deu_Latn": (
        "Garten|Brunnen|Mühle|Wiese|Brücke|Kapelle|Scheune|Hügel|Werkstatt|Markt|Ufer|Turm",
        "liegt|steht|ruht|wartet|leuchtet|schweigt|verfällt|wächst",
        "am Rand des Dorfes|hinter der alten Mauer|im Schatten der Linden|neben dem Bach|über den "
        "Dächern der Stadt|nicht weit vom Bahnhof|unter einem hohen Himmel",
        "Die Geschichte von {0} und {1} ist lang, denn der Ort {2} seit {4} Jahren {3}, und "
        "niemand weiß genau, warum das so ist.",
    ),
    "fra_Latn": (
        "jardin|puits|moulin|pré|pont|clocher|grenier|coteau|atelier|marché|rivage|phare",
        "repose|attend|brille|demeure|vieillit|résiste|dort|grandit",
        "au bord du village|derrière le vieux mur|à l'ombre des tilleuls|près du ruisseau|"
        "au-dessus des toits de la ville|non loin de la gare|sous un ciel immense",
        "L'histoire du {0} et du {1} est longue, car ce lieu {2} depuis {4} ans {3}, et personne "
        "ne sait vraiment pourquoi il en est ainsi.",
    ),
    "pol_Latn": (
        "ogród|młyn|most|kościół|spichlerz|pagórek|warsztat|rynek|brzeg|zamek|wiatrak|staw",
        "stoi|czeka|milczy|błyszczy|niszczeje|rośnie|trwa|śpi",
        "na skraju wsi|za starym murem|w cieniu lip|obok strumienia|nad dachami miasta|niedaleko "
        "dworca|pod wysokim niebem",
        "Każdy {0} i każdy {1} mają tu swoją historię, bo to miejsce {2} od {4} lat {3} i nikt nie "
        "wie dokładnie, dlaczego tak właśnie jest.",
    ),
    "fin_Latn": (
        "puutarha|kaivo|mylly|niitty|silta|kappeli|aitta|mäki|verstas|tori|ranta|torni",
        "seisoo|odottaa|hiljenee|loistaa|rapistuu|kasvaa|lepää|nukkuu",
        "kylän laidalla|vanhan muurin takana|lehmusten varjossa|puron vieressä|kaupungin kattojen "
        "yllä|lähellä asemaa|korkean taivaan alla",
        "Paikan nimi on {0} tai {1}, ja sen tarina on pitkä, sillä se {2} jo {4} vuotta {3}, eikä "
        "kukaan tiedä tarkasti, miksi niin on.",
    ),
}
"""Nouns, verbs, places and a sentence of each language."""


@dataclass(frozen=True)
class Page:
    """A page as it is at some time."""

    url: str
    lines: tuple[str, ...]

    @property
    def host(self) -> str:
        """The host that serves it."""
        return self.url.split("/")[2]


@dataclass
class Said:
    """What a month should come to, in numbers."""

    came: int = 0
    unchanged: int = 0
    changed: int = 0
    copies: int = 0
    gone: int = 0
    opted_out: int = 0


@dataclass
class Sizes:
    """How much of a month is what."""

    new: int = 20
    again: int = 10
    changed: int = 3
    vanished: int = 2
    reserved: int = 1
    copied: int = 2
    pages_a_host: int = 4


@dataclass
class Year:
    """A web that changes, and the corpus that should follow from it."""

    sizes: Sizes = field(default_factory=Sizes)
    seed: int = 1
    month: int = 0
    held: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What the corpus should hold: texts by address."""
    opted_out: set[str] = field(default_factory=set)
    """Addresses that must not be in it since they are reserved."""
    erased: set[str] = field(default_factory=set)
    """Addresses that were erased by command."""

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._number = 0
        self._closed: dict[str, str] = {}

    def crawl(self) -> tuple[bytes, Said]:
        """Return the WARC file of the next month, and what a build of it should come to."""
        self.month += 1
        said, sizes, chance = Said(), self.sizes, self._chance
        known = sorted(url for url in self.held if _host(url) not in self._closed)
        chance.shuffle(known)
        take = iter(known)
        some = {
            name: [url for _, url in zip(range(number), take, strict=False)]
            for name, number in (
                ("reserved", sizes.reserved), ("vanished", sizes.vanished),
                ("changed", sizes.changed), ("again", sizes.again), ("copied", sizes.copied),
            )
        }  # fmt: skip
        closed = sorted(self._closed)
        spared = {_host(url) for urls in some.values() for url in urls}
        closing = next((_host(url) for url in take if _host(url) not in spared), None)
        if closing is not None:
            self._closed[closing] = "tdmrep.json" if self.month % 2 else "robots.txt"
        new = [self._page() for _ in range(sizes.new)]
        copies = [Page(f"https://copy-{self.month}.example/{n}", self.held[url])
                  for n, url in enumerate(some["copied"])]  # fmt: skip
        again = [Page(url, self.held[url]) for url in some["again"]]
        altered = [Page(url, self._lines()) for url in some["changed"]]
        reserved = [Page(url, self.held[url]) for url in some["reserved"]]
        late = [Page(f"https://{host}/late/{self.month}", self._lines()) for host in closed[-1:]]
        self.opted_out |= {page.url for page in late}
        records = [_html(page, self.time) for page in (*new, *copies, *again, *altered, *late)]
        records += [_html(page, self.time, reserved=True) for page in reserved]
        records += [capture(url, "", self.time, status=404) for url in some["vanished"]]
        pages = (*new, *copies, *again, *altered, *reserved)
        hosts = {page.host for page in pages} | ({closing} if closing else set())
        for host in sorted(hosts):
            records += self._of_host(host)
        self._follow(said, some["reserved"], closing)
        said.came = len(new)
        self.held |= {page.url: page.lines for page in new}
        said.unchanged, said.changed = len(again), len(altered)
        said.copies, said.gone = len(copies), len(some["vanished"])
        chance.shuffle(records)
        return b"".join(records), said

    @property
    def time(self) -> int:
        """When the pages of the month are captured."""
        return START + self.month * MONTH

    def erase(self) -> str:
        """Choose an address that is to be erased now, and forget it."""
        url = self._chance.choice(sorted(self.held))
        del self.held[url]
        self.erased.add(url)
        return url

    def _follow(self, said: Said, reserved: list[str], closing: str | None) -> None:
        out = set(reserved) | {url for url in self.held if _host(url) == closing}
        said.opted_out = len(out)
        self.opted_out |= out
        for url in out:
            del self.held[url]

    def _page(self) -> Page:
        self._number += 1
        host = f"site-{self._number // self.sizes.pages_a_host}.example"
        return Page(f"https://{host}/page/{self._number}", self._lines())

    def _lines(self) -> tuple[str, ...]:
        chance = self._chance
        nouns, verbs, places, sentence = WORDS[chance.choice(sorted(WORDS))]
        some = [words.split("|") for words in (nouns, nouns, verbs, places)]
        return tuple(
            sentence.format(*(chance.choice(words) for words in some), chance.randrange(40, 900))
            for _ in range(8)
        )

    def _of_host(self, host: str) -> list[bytes]:
        closed = self._closed.get(host)
        robots = (
            "User-agent: *\nDisallow: /" if closed == "robots.txt" else "User-agent: *\nAllow: /"
        )
        records = [capture(f"https://{host}/robots.txt", robots, self.time)]
        if closed == "tdmrep.json":
            told = '[{"location": "/", "tdm-reservation": 1}]'
            records.append(capture(f"https://{host}/.well-known/tdmrep.json", told, self.time))
        return records


def _host(url: str) -> str:
    return url.split("/")[2]


def _html(page: Page, at: int, reserved: bool = False) -> bytes:
    meta = '<meta name="tdm-reservation" content="1">' if reserved else ""
    body = "".join(f"<p>{line}</p>" for line in page.lines)
    text = f"<!DOCTYPE html><html><head><title>Page</title>{meta}</head><body><main>{body}</main>"
    return capture(page.url, text, at, kind="text/html; charset=utf-8")


def capture(url: str, body: str, at: int, status: int = 200, kind: str = "text/plain") -> bytes:
    """Return a WARC record of a response, in a gzip member of its own."""
    record = WarcRecord()
    record.init_headers(response)
    digest = hashlib.sha256(f"{url} {at}".encode()).hexdigest()
    record.headers["WARC-Target-URI"] = url
    record.headers["WARC-Date"] = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    record.headers["WARC-Record-ID"] = f"<urn:year:{digest}>"
    record.headers["Content-Type"] = "application/http"
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n\r\n"
    record.set_bytes_content(head.encode() + body.encode())
    stream = BytesIO()
    out = GzipWriter(stream)
    record.write(out)
    out.close()
    return stream.getvalue()
