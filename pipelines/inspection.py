"""Inspection: all that a build would think of one page, every reason and not only the first."""

import base64
import hashlib
import math
from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table
from rich.text import Text

from florilegium.filters.language import merged
from florilegium.filters.licence import header_evidence, licence
from florilegium.filters.measures import counts, customs, measure
from florilegium.filters.normalise import normalise
from florilegium.filters.paragraphs import (
    foreign_share,
    paragraphs,
    runs,
    share_in,
    without_foreign,
)
from florilegium.filters.personal import count, find, mask
from florilegium.filters.rights import signals
from florilegium.manifests.counts import Counts
from florilegium.manifests.document import Document, Personal
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location
from florilegium.pipelines.decode import Decoded, decode
from florilegium.pipelines.extract import Failure
from florilegium.pipelines.files import fetched
from florilegium.pipelines.inputs import InputError
from florilegium.pipelines.metadata import Metadata
from florilegium.pipelines.page import Page, read_page
from florilegium.pipelines.recipe import Recipe
from florilegium.pipelines.sniffing import content_type
from florilegium.pipelines.stages import Tools, harvest_page
from florilegium.pipelines.warc import Record, read


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
    """`kept` or `lost`, duplicates apart, which a page alone cannot show."""
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
    """Every opt-out found, whether or not the recipe honours it."""
    license: str | None = None
    license_tier: str | None = None
    extractor: str | None = None
    extraction_confidence: float | None = None
    text: str | None = None
    """The text as a release would hold it."""
    lang: str | None = None
    lang_score: float | None = None
    lang_second: str | None = None
    lang_second_score: float | None = None
    foreign_share: float | None = None
    english_share: float | None = None
    paragraph_langs: str | None = None
    chars: int | None = None
    tokens: int | None = None
    pii: Personal | None = None
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
        for warc in warcs:
            with fetched(warc) as path:
                for item in read(path):
                    if isinstance(item, Record) and _is_at(item, page):
                        taken = read_page(item, warc.name, recipe.keep_truncated)
                        return _captured(taken, page, tools)
        file = Path(page)
        if not file.is_file():
            raise InputError(f"there is neither a file {page!r} nor a capture of it in the input")
        return inspect_payload(file.name, None, file.read_bytes(), tools)


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
    return _judged(found, outcome, tools.recipe)


def inspect_text(name: str, url: str | None, text: str, tools: Tools) -> Inspection:
    """Return what a build would think of a text: its language, measures and personal data."""
    found = Inspection(id=name, url=url)
    text = normalise(text)
    identity = merged(tools.identifier.identify(text), tools.languages)
    chars = len(text)
    text = normalise(text, identity.lang)
    found_languages = paragraphs(text, tools.identifier)
    if tools.recipe.foreign_paragraphs == "drop":
        text = without_foreign(text, found_languages, identity.lang)
    spans = find(text)
    if tools.recipe.personal == "mask":
        text = mask(text, spans)
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
    return _overruled(_judged(found, document, tools.recipe), chars, len(spans), tools)


def _overruled(found: Inspection, chars: int, items: int, tools: Tools) -> Inspection:
    """Return the inspection with the loss, if any, that comes before all rules of quality."""
    least = tools.recipe.extraction.min_chars
    loss: tuple[str, str, float | None, float | None, str | None]
    if chars < least:
        loss = "extract", "too_short", chars, least, None
    elif found.lang not in tools.languages:
        loss = "identify", "language", found.lang_score, None, found.lang
    elif tools.recipe.foreign_paragraphs == "drop" and len(found.text or "") < least:
        loss = "identify", "foreign_paragraphs", len(found.text or ""), least, None
    elif items and tools.recipe.personal == "drop":
        loss = "personal", "personal_data", items, 0, None
    else:
        return found
    found.fate = "lost"
    found.stage, found.rule, found.value, found.limit, found.detail = loss
    return found


def show(found: Inspection, console: Console) -> None:
    """Print an inspection for a person; what the page says stands as it is, never as markup."""
    console.print(_plain(found.url or found.id, "bold"), soft_wrap=True)
    if found.fate == "kept":
        console.print("[green]would be kept[/], unless it is a copy")
    else:
        measured = "" if found.value is None else f": {found.value:.4g}, limit {found.limit}"
        about = f" ({found.detail})" if found.detail else ""
        why = f" at {found.stage} by {found.rule}{measured}{about}"
        console.print(Text("would be lost", "red") + _plain(why))
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in _said(found):
        table.add_row(Text(name, "dim"), _plain(str(value)))
    console.print(table)
    for one in found.measures:
        mark = ("ok  ", "green") if one.holds else ("out ", "red")
        low = "" if one.low is None else f"≥ {one.low:g} "
        high = "" if one.high is None else f"≤ {one.high:g}"
        console.print(Text.assemble(mark, f"{one.rule:28} {one.value:10.4g}   {low}{high}"))
    if found.counts is not None:
        console.print()
        console.print(_counted_table(found.counts))
    if found.text is not None:
        console.print()
        console.print(Text(found.text), soft_wrap=True)


def _counted_table(counts: dict[str, int]) -> Table:
    """Return all counts, three columns of names and numbers, to be read downwards."""
    table = Table(box=None, show_header=False, pad_edge=False)
    items = [(Text(name, "dim"), Text(f"{value:,}")) for name, value in counts.items()]
    third = -(-len(items) // 3)
    columns = [items[start : start + third] for start in range(0, len(items), third)]
    for row in zip_longest(*columns, fillvalue=(Text(), Text())):
        table.add_row(*chain.from_iterable(row))
    return table


def _plain(said: str, style: str = "") -> Text:
    """Return what a page says without the characters that would steer the terminal."""
    return Text("".join(c if c.isprintable() else " " for c in said), style)


def _said(found: Inspection) -> Iterator[tuple[str, Any]]:
    about = found.metadata or Metadata()
    values = (
        ("language", found.lang and f"{found.lang} {found.lang_score or ''}"),
        ("second", found.lang_second and f"{found.lang_second} {found.lang_second_score or ''}"),
        ("foreign", found.foreign_share),
        ("paragraphs", found.paragraph_langs),
        ("charset", found.charset and f"{found.charset} (by {found.charset_method})"),
        ("title", about.title),
        ("published", about.published),
        ("modified", about.modified),
        ("declared", ", ".join(_declared_languages(about))),
        ("canonical", about.canonical),
        ("opt-outs", ", ".join(f"{r['rule']}: {r['value']}" for r in found.rights)),
        ("licence", found.license and f"{found.license} (tier {found.license_tier})"),
        ("size", found.chars and f"{found.chars:,} characters, {found.tokens:,} tokens"),
        ("personal", found.pii and _counted(found.pii)),
        ("extractor", found.extractor),
        ("confidence", found.extraction_confidence),
    )
    return ((name, value) for name, value in values if value not in (None, "", 0))


def _declared_languages(about: Metadata) -> Iterator[str]:
    stated = (about.html_lang, about.content_language, about.locale)
    return (language for language in dict.fromkeys(stated) if language)


def _counted(personal: Personal) -> str:
    kinds = msgspec.structs.asdict(personal).items()
    return ", ".join(f"{kind} {number}" for kind, number in kinds if number)


def _answer(line: _Line, tools: Tools) -> Inspection:
    if line.html_base64 is not None:
        payload = base64.b64decode(line.html_base64, validate=True)
        return inspect_payload(line.id, line.url, payload, tools)
    if line.text is None:
        raise ValueError("the line has neither `html_base64` nor `text`")
    return inspect_text(line.id, line.url, line.text, tools)


def _is_at(record: Record, url: str) -> bool:
    target = record.headers.get("warc-target-uri", "").strip("<>")
    return record.kind == "response" and target == url


def _captured(page: Page | Loss, name: str, tools: Tools) -> Inspection:
    if isinstance(page, Page):
        return inspect_page(page, name, tools)
    found = Inspection(id=name, url=name)
    _add_loss(found, page)
    return found


def _add_declarations(found: Inspection, page: Page, tools: Tools) -> None:
    """Add what the page says of itself, even if the build would not come to read it."""
    decoded = decode(page.payload, content_type(page.content_type).charset)
    if not isinstance(decoded, Decoded):
        return
    found.charset, found.charset_method = decoded.charset, decoded.method
    glance = tools.extractor.look(decoded.text)
    if isinstance(glance, Failure):
        return
    found.metadata = about = glance.metadata
    found.rights = [
        {"rule": one.rule, "where": one.where, "value": one.value}
        for one in signals(page.headers, about.robots, about.tdm_reservation, about.rsl)
    ]
    if mark := licence((*about.licences, *header_evidence(page.headers))):
        found.license, found.license_tier = mark.spdx, mark.tier


def _add_loss(found: Inspection, loss: Loss) -> None:
    found.stage, found.rule, found.detail = loss.stage, loss.rule, loss.detail
    found.value, found.limit = loss.value, loss.limit


_FACTS = (
    "text", "lang", "lang_score", "lang_second", "lang_second_score", "foreign_share",
    "english_share", "paragraph_langs", "chars", "tokens",
)  # fmt: skip


def _judged(found: Inspection, document: Document, recipe: Recipe) -> Inspection:
    """Add the facts of a document, and every measure with its range."""
    (row,) = measure([document.text], [customs(document.lang)])
    document = msgspec.structs.replace(document, counts=counts(row))
    for name in _FACTS:
        setattr(found, name, getattr(document, name))
    found.pii, found.extractor = document.pii, document.extractor or None
    found.extraction_confidence = document.extraction_confidence
    found.counts = msgspec.structs.asdict(document.counts)
    taken = [one for rule in recipe.filters for one in rule.measures(document)]
    found.measures = [
        Judged(m.rule, m.value, _finite(m.low), _finite(m.high), m.holds) for m in taken
    ]
    failed = next((m for m in taken if not m.holds), None)
    if failed is None:
        found.fate = "kept"
    else:
        found.stage, found.rule = "quality", failed.rule
        found.value, found.limit = failed.value, failed.limit
    return found


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None
