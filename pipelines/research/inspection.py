"""Inspection: all that a build would think of one page, every reason and not only the first."""

import base64
import hashlib
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from florilegium.filters.language import merged
from florilegium.filters.licence import explained
from florilegium.filters.measures import counts, customs, measure
from florilegium.filters.normalise import normalise
from florilegium.filters.optouts.judge import Judge
from florilegium.filters.optouts.origin import origin, site
from florilegium.filters.optouts.page import bits
from florilegium.filters.optouts.policy import Rights
from florilegium.filters.optouts.timeline import MAX_REDIRECTS, led_to
from florilegium.filters.optouts.words import of_page, sentences
from florilegium.filters.paragraphs import (
    foreign_share,
    paragraphs,
    runs,
    share_in,
    without_foreign,
)
from florilegium.filters.personal import Span, count, find, in_words, mask, of_kinds
from florilegium.manifests.counts import Counts
from florilegium.manifests.document import Document
from florilegium.manifests.host_record import HostRecord
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location
from florilegium.manifests.personal import Personal
from florilegium.pipelines.files import fetched
from florilegium.pipelines.harvest.host_records import read_host_record
from florilegium.pipelines.harvest.inputs import InputError
from florilegium.pipelines.harvest.stages import Tools, harvest_page, page_of, stated_licence
from florilegium.pipelines.harvest.warc import Record, read
from florilegium.pipelines.pages.decode import Decoded, decode
from florilegium.pipelines.pages.extract import Failure
from florilegium.pipelines.pages.metadata import Metadata, opt_outs
from florilegium.pipelines.pages.page import Page
from florilegium.pipelines.pages.sniffing import content_type
from florilegium.pipelines.recipe import Recipe


class Judged(Struct, frozen=True):
    """One measure and the range the recipe allows it."""

    rule: str
    value: float
    low: float | None
    high: float | None
    holds: bool


class Inspection(Struct, kw_only=True, omit_defaults=False):
    """What a build would think of a page; what could not be known is null."""

    id: str
    url: str | None = None
    fate: str = "lost"
    """`kept` or `lost`, duplicates and the mixture apart, which a page alone cannot show."""
    stage: str | None = None
    """Stage that would lose it, with rule, value, limit and detail as in the ledger."""
    rule: str | None = None
    value: float | None = None
    limit: float | None = None
    detail: str | None = None
    charset: str | None = None
    charset_method: str | None = None
    metadata: Metadata | None = None
    rights: list[dict[str, str]] = []
    """Every opt-out found on the page, whether or not the recipe honours it."""
    rights_reasons: list[str] = []
    """The same in plain words."""
    signals: int = 0
    """The same as bits, as a document has them."""
    host: list[str] = []
    """What its host says of the use of the page, in plain words, if it was looked for."""
    license: str | None = None
    license_tier: str | None = None
    license_reasons: list[str] = []
    """In plain words what the licence is and what every piece of evidence says."""
    extractor: str | None = None
    extraction_confidence: float | None = None
    text: str | None = None
    """The text as a release would hold it."""
    lang: str | None = None
    lang_score: float | None = None
    lang_second: str | None = None
    lang_second_score: float | None = None
    lang_evidence: str | None = None
    """What decided a weak language beside the text, as `declared de`."""
    foreign_share: float | None = None
    english_share: float | None = None
    paragraph_langs: str | None = None
    chars: int | None = None
    tokens: int | None = None
    pii: Personal | None = None
    masked: dict[str, int] = {}
    """What of `pii` is masked in the text, by kind."""
    counts: dict[str, int] | None = None
    measures: list[Judged] = []


class _Line(Struct):
    """A line of input: a page as bytes, or a text already extracted."""

    id: str
    url: str | None = None
    html_base64: str | None = None
    text: str | None = None


def inspect(page: str, warcs: Iterable[Location], recipe: Recipe) -> Inspection:
    """Return what a build would think of an HTML file, or of an address captured in WARC files.

    InputError if there is no such page.
    """
    with Tools(recipe) as tools:
        taken, said = _searched(page, warcs, recipe)
        if taken is not None:
            return _captured(taken, said, page, tools)
        file = Path(page)
        if not file.is_file():
            raise InputError(f"there is neither a file {page!r} nor a capture of it in the input")
        return inspect_payload(file.name, None, file.read_bytes(), tools)


def _searched(
    url: str, warcs: Iterable[Location], recipe: Recipe
) -> tuple[Page | Loss | None, list[HostRecord]]:
    """Return the first capture of an address, if any, and all that its site says in the input.

    The input is read again for each hop out of its site.
    """
    taken: Page | Loss | None = None
    said: list[HostRecord] = []
    mine = site(origin(url) or "")
    places = list(warcs)
    for warc in places:
        with fetched(warc) as path:
            for item in read(path):
                if host := read_host_record(item, warc.name):
                    said += [host[0]] if site(host[0].origin) == mine else []
                if taken is None and isinstance(item, Record) and _is_at(item, url):
                    taken = host[1] if host else page_of(item, warc.name, recipe)
    return taken, said + _said_elsewhere(said, {mine}, places)


def _said_elsewhere(
    said: list[HostRecord], known: set[str], warcs: list[Location]
) -> list[HostRecord]:
    """Return what sites say to which redirects lead, from these captures or from one another."""
    found: list[HostRecord] = []
    latest = said
    for _ in range(MAX_REDIRECTS):
        sites = {site(to[0]) for record in latest if (to := led_to(record))} - known
        if not sites:
            break
        known |= sites
        latest = [one for warc in warcs for one in _said_by(sites, warc)]
        found += latest
    return found


def _said_by(sites: set[str], warc: Location) -> Iterator[HostRecord]:
    with fetched(warc) as path:
        for item in read(path):
            host = read_host_record(item, warc.name)
            if host and site(host[0].origin) in sites:
                yield host[0]


def answer_lines(lines: BinaryIO, recipe: Recipe) -> Iterator[bytes]:
    """Yield one JSON answer for each line of JSON; a line that is none is answered by its error."""
    with Tools(recipe) as tools:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield msgspec.json.encode(_answer(msgspec.json.decode(line, type=_Line), tools))
            except (ValueError, RecursionError) as error:
                yield msgspec.json.encode({"line": number, "error": str(error)})


def inspect_payload(name: str, url: str | None, payload: bytes, tools: Tools) -> Inspection:
    """Return what a build would think of a page served as HTML with this body."""
    page = Page(
        id=hashlib.sha256(name.encode()).digest()[:16],
        url=url or "",
        host="",
        domain="",
        crawl_time=0,
        headers=(),
        content_type="text/html",
        payload=payload,
        warc="",
        warc_offset=0,
        warc_length=0,
    )
    return inspect_page(page, name, tools)


def inspect_page(page: Page, name: str, tools: Tools) -> Inspection:
    """Return what a build would think of a captured page."""
    found = Inspection(id=name, url=page.url or None)
    outcome = harvest_page(page, tools)
    _add_declarations(found, page, tools)
    if isinstance(outcome, Loss):
        _add_loss(found, outcome)
        found.lang = outcome.lang or (outcome.detail if outcome.stage == "identify" else None)
        return found
    return _judged(found, outcome, tools)


def inspect_text(name: str, url: str | None, text: str, tools: Tools) -> Inspection:
    """Return what a build would think of a text: its language, measures and personal data."""
    found = Inspection(id=name, url=url)
    text = normalise(text)
    identity = merged(tools.identifier.identify(text), tools.languages)
    opinion, chars = tools.second_opinion(text, identity.lang), len(text)
    text = normalise(text, identity.lang)
    found_languages = paragraphs(text, tools.identifier)
    if tools.recipe.foreign_paragraphs == "drop":
        text = without_foreign(text, found_languages, identity.lang)
    spans = find(text)
    text = mask(text, spans, tools.recipe.kinds_to("mask"))
    document = Document(
        id=b"",
        url=url or "",
        host="",
        domain="",
        crawl_time=0,
        lang=identity.lang,
        lang_score=identity.score,
        lang_second=identity.second,
        lang_second_score=identity.second_score,
        lang_evidence=opinion,
        foreign_share=foreign_share(found_languages, identity.lang),
        english_share=share_in(found_languages, "eng"),
        paragraph_langs=runs(found_languages),
        chars=len(text),
        text_bytes=len(text.encode()),
        tokens=tools.tokens.count(text),
        counts=Counts(),
        pii=count(spans),
        extractor="",
        charset="",
        charset_method="",
        warc="",
        warc_offset=0,
        warc_length=0,
        payload_digest=b"",
        text=text,
    )
    refused = of_kinds(spans, tools.recipe.kinds_to("drop"))
    return _overruled(_judged(found, document, tools), chars, refused, tools)


def _overruled(
    found: Inspection, chars: int, refused: tuple[Span, ...], tools: Tools
) -> Inspection:
    """Return the inspection with the loss, if any, that comes before all rules of quality."""
    least = tools.recipe.extraction.min_chars
    loss: tuple[str, str, float | None, float | None, str | None]
    if chars < least:
        loss = "extract", "too_short", chars, least, None
    elif found.lang not in tools.languages:
        loss = "identify", "language", found.lang_score, None, found.lang
    elif tools.recipe.foreign_paragraphs == "drop" and len(found.text or "") < least:
        loss = "identify", "foreign_paragraphs", len(found.text or ""), least, None
    elif refused:
        loss = "personal", "personal_data", len(refused), 0, in_words(count(refused))
    else:
        return found
    found.fate = "lost"
    found.stage, found.rule, found.value, found.limit, found.detail = loss
    return found


def _answer(line: _Line, tools: Tools) -> Inspection:
    if line.html_base64 is not None:
        payload = base64.b64decode(line.html_base64, validate=True)
        return inspect_payload(line.id, line.url, payload, tools)
    if line.text is None:
        raise ValueError("the line has neither `html_base64` nor `text`")
    return inspect_text(line.id, line.url, line.text, tools)


def _is_at(record: Record, url: str) -> bool:
    target = record.headers.get("warc-target-uri", "").strip("<>")
    return record.kind in ("response", "conversion") and target == url


def _captured(page: Page | Loss, said: list[HostRecord], name: str, tools: Tools) -> Inspection:
    if isinstance(page, Page):
        return _heard(inspect_page(page, name, tools), page, said, tools.recipe.rights)
    found = Inspection(id=name, url=name)
    _add_loss(found, page)
    return found


def _heard(found: Inspection, page: Page, said: list[HostRecord], policy: Rights) -> Inspection:
    """Return the inspection with what its host says, and with the loss that follows, if any.

    A build asks hosts before it looks at quality, and only after documents that it could read.
    """
    judged = Judge(said, policy).judge(page.url, page.crawl_time, found.signals)
    found.host = list(sentences(judged, policy))
    if judged.rule is not None and (found.fate == "kept" or found.stage == "quality"):
        found.fate, found.stage, found.rule = "lost", "rights", judged.rule
        found.value, found.limit, found.detail = None, None, judged.detail
    return found


def _add_declarations(found: Inspection, page: Page, tools: Tools) -> None:
    """Add what the page says of itself, even if the build would not come to read it."""
    if page.plain:
        return
    decoded = decode(page.payload, content_type(page.content_type).charset)
    if not isinstance(decoded, Decoded):
        return
    found.charset, found.charset_method = decoded.charset, decoded.method
    glance = tools.extractor.look(decoded.text)
    if isinstance(glance, Failure):
        return
    found.metadata = about = glance.metadata
    stated = opt_outs(about, page.headers, page.url)
    found.rights = [{"rule": one.rule, "where": one.where, "value": one.value} for one in stated]
    found.rights_reasons = list(of_page(stated, tools.recipe.rights))
    found.signals = bits(stated)
    if mark := stated_licence(page, about):
        found.license, found.license_tier = mark.spdx, mark.tier if mark.spdx else None
        found.license_reasons = list(explained(mark))


def _add_loss(found: Inspection, loss: Loss) -> None:
    found.stage, found.rule, found.detail = loss.stage, loss.rule, loss.detail
    found.value, found.limit = loss.value, loss.limit


_FACTS = (
    "text", "lang", "lang_score", "lang_second", "lang_second_score", "lang_evidence",
    "foreign_share", "english_share", "paragraph_langs", "chars", "tokens",
    "extraction_confidence",
)  # fmt: skip


def _judged(found: Inspection, document: Document, tools: Tools) -> Inspection:
    """Add the facts of a document, and every measure with its range."""
    (row,) = measure([document.text], [customs(document.lang)])
    told = {name: fact for one in tools.assessors for name, fact in one.assess(document).items()}
    document = msgspec.structs.replace(document, counts=counts(row), **told)
    for name in _FACTS:
        setattr(found, name, getattr(document, name))
    found.pii, found.extractor = document.pii, document.extractor or None
    numbers = {kind: getattr(document.pii, kind) for kind in sorted(tools.recipe.kinds_to("mask"))}
    found.masked = {kind: number for kind, number in numbers.items() if number}
    found.counts = msgspec.structs.asdict(document.counts)
    taken = [one for rule in tools.recipe.filters for one in rule.measures(document)]
    found.measures = [
        Judged(m.rule, m.value, _finite(m.low), _finite(m.high), m.holds) for m in taken
    ]
    failed = next((m for m in taken if not m.holds), None)
    if failed is None:
        found.fate = "kept"
    else:
        found.stage, found.rule, found.detail = "quality", failed.rule, failed.detail
        found.value, found.limit = failed.value, failed.limit
    return found


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None
