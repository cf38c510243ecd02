"""The stages of harvest, in the order of the flow: each turns a page into more, or into a loss.

Only what can never be wanted is dropped here: what is no HTML, cannot be decoded, was opted out,
is in no language of the recipe or has hardly any text. Everything else is measured and kept, and
the recipe's rules decide later.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import cached_property
from types import TracebackType
from typing import Self

from msgspec import Struct

from florilegium.filters.address import address, resolved
from florilegium.filters.evidence import Hint, hints, weighed
from florilegium.filters.headers import links
from florilegium.filters.language import Identity, merged
from florilegium.filters.licence import Licence, header_evidence, licence
from florilegium.filters.licence_names import terms
from florilegium.filters.normalise import normalise
from florilegium.filters.optouts.judge import unheard
from florilegium.filters.optouts.page import bits, verdict
from florilegium.filters.paragraphs import (
    Paragraph,
    foreign_share,
    paragraphs,
    read,
    runs,
    share_in,
    without_foreign,
)
from florilegium.filters.personal import Span, count, find, in_words, mask, of_kinds
from florilegium.manifests.counts import Counts
from florilegium.manifests.document import Document
from florilegium.manifests.ledger import Loss
from florilegium.pipelines.assessment.assessors import Assessor, loaded
from florilegium.pipelines.harvest.tokens import TokenCounter
from florilegium.pipelines.harvest.warc import Damage, Record
from florilegium.pipelines.named import language_models
from florilegium.pipelines.named.blocklists import Blocklists
from florilegium.pipelines.pages.decode import Decoded, decode
from florilegium.pipelines.pages.extract import (
    Extracted,
    Extractor,
    Failure,
    Glance,
    check_structure,
)
from florilegium.pipelines.pages.metadata import Metadata, opt_outs
from florilegium.pipelines.pages.page import Page, host_and_domain, read_page
from florilegium.pipelines.pages.sniffing import Undecodable, content_type, looks_binary, sniff_html
from florilegium.pipelines.recipe import Recipe

# A first look at the text may only drop a page when its language is beyond doubt.
SURE_SCORE = 0.9
SURE_CHARS = 400
REMEMBERED_PAGES = 512
TAKEN_BEFORE = "wet"
"""The extractor of a text that was taken out of its page before we read it."""


class Tools:
    """What a worker loads once: models, tokenizer and the extraction child. For one thread."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.languages = frozenset(recipe.languages)
        self.blocklists = Blocklists(recipe.blocklists)
        self.identifier = language_models.load(recipe.language_model)
        self._second = language_models.load_second(recipe.language_model)
        self.tokens = TokenCounter(recipe.tokenizer)
        self.extractor = Extractor(recipe.extraction)
        self._remembered: OrderedDict[bytes, Extracted | Failure] = OrderedDict()

    @cached_property
    def assessors(self) -> list[Assessor]:
        """What the recipe lets look at texts, beyond harvest; loaded when it is first asked for."""
        return loaded(self.recipe)

    def extract(self, html: str) -> Extracted | Failure:
        """Return the main text; a page seen a moment ago is not parsed again."""
        # Not that of the payload: the same bytes read in another encoding are another page.
        digest = hashlib.sha256(html.encode("utf-8", "surrogatepass")).digest()
        if digest in self._remembered:
            self._remembered.move_to_end(digest)
            return self._remembered[digest]
        found = self.extractor.extract(html)
        self._remembered[digest] = found
        if len(self._remembered) > REMEMBERED_PAGES:
            self._remembered.popitem(last=False)
        return found

    def second_opinion(self, text: str, lang: str) -> str:
        """Return what the recipe's second identifier says of a text, as evidence, or nothing."""
        return self._second.evidence(text, lang) if self._second else ""

    def close(self) -> None:
        """End the extraction child."""
        self.extractor.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Markup(Struct, frozen=True):
    """A page in characters, after a first look at it."""

    page: Page
    decoded: Decoded
    glance: Glance
    rights: int


def page_of(item: Record | Damage, warc: str, recipe: Recipe) -> Page | Loss:
    """Stage `read`, as a recipe wants it."""
    return read_page(item, warc, recipe.keep_truncated, recipe.conversions == "read")


def harvest_page(page: Page, tools: Tools) -> Document | Loss:
    """Return the document in a page, its counts still to be made, or why there is none."""
    markup = read_markup(page, tools)
    if isinstance(markup, Loss):
        return markup
    return read_text(markup, tools)


def read_markup(page: Page, tools: Tools) -> Markup | Loss:
    """Stages `lists`, `decode` and `rights`: bytes to characters, and whether anyone may use them.

    A listed address is looked at no further: that is why lists are consulted first.
    """
    if listed := tools.blocklists.find(page.url):
        return page.loss("lists", "blocklist", detail=str(listed)[:80])
    if page.plain:
        return _text_as_it_is(page, tools)
    if not sniff_html(page.payload, page.content_type):
        return page.loss("decode", "not_html", detail=(page.content_type or "none")[:60])
    decoded = looks_binary(page.payload) or decode(
        page.payload, content_type(page.content_type).charset
    )
    if isinstance(decoded, Undecodable):
        return _refused(page, "decode", decoded)
    if failure := check_structure(decoded.text, tools.recipe.extraction):
        return _refused(page, "decode", failure)
    glance = tools.extractor.look(decoded.text)
    if isinstance(glance, Failure):
        return _refused(page, "extract", glance)
    about = glance.metadata
    found = opt_outs(about, page.headers, page.url)
    if refusal := verdict(found, tools.recipe.rights):
        return page.loss("rights", refusal.rule, detail=refusal.value[:60])
    return Markup(page, decoded, glance, bits(found))


def _text_as_it_is(page: Page, tools: Tools) -> Markup | Loss:
    """Return a text that somebody else took out of a page; nothing is known of that page."""
    decoded = looks_binary(page.payload) or decode(page.payload, "utf-8")
    if isinstance(decoded, Undecodable):
        return _refused(page, "decode", decoded)
    if len(decoded.text) > (limit := tools.recipe.extraction.max_chars):
        return page.loss("decode", "too_large", value=len(decoded.text), limit=limit)
    taken = Extracted(decoded.text, TAKEN_BEFORE)
    return Markup(page, decoded, Glance(decoded.text, Metadata(), taken), rights=0)


def read_text(markup: Markup, tools: Tools) -> Document | Loss:
    """Stages `extract`, `identify` and `personal`: the main text, its language, its masks."""
    page, recipe = markup.page, tools.recipe
    if foreign := _foreign_at_a_glance(markup, tools):
        return foreign
    extracted = markup.glance.main_text or tools.extract(markup.decoded.text)
    if isinstance(extracted, Failure):
        return _refused(page, "extract", extracted)
    text = normalise(extracted.text)
    if len(text) < recipe.extraction.min_chars:
        return page.loss("extract", "too_short", value=len(text), limit=recipe.extraction.min_chars)
    told, found = read(text, tools.identifier)
    identity, evidence = weighed(told, _hints(markup))
    identity = merged(identity, tools.languages)
    if identity.lang not in tools.languages:
        return _foreign(page, identity)
    opinion = tools.second_opinion(text, identity.lang)
    evidence = ", ".join(filter(None, (opinion, evidence)))
    if (own := normalise(text, identity.lang)) != text:
        text, found = own, paragraphs(own, tools.identifier)
    if recipe.foreign_paragraphs == "drop":
        text = without_foreign(text, found, identity.lang)
        if len(text) < (limit := recipe.extraction.min_chars):
            return page.loss(
                "identify", "foreign_paragraphs", value=len(text), limit=limit, lang=identity.lang
            )
    spans = find(text)
    if refused := of_kinds(spans, recipe.kinds_to("drop")):
        what, number = in_words(count(refused)), len(refused)
        return page.loss(
            "personal", "personal_data", value=number, limit=0, detail=what, lang=identity.lang
        )
    text = mask(text, spans, recipe.kinds_to("mask"))
    return _document(markup, text, identity, evidence, found, extracted, spans, tools)


def _foreign_at_a_glance(markup: Markup, tools: Tools) -> Loss | None:
    """Drop a page whose language is beyond doubt none of the recipe's, before the costly parse."""
    if len(markup.glance.text) < SURE_CHARS:
        return None
    identity = merged(tools.identifier.identify(markup.glance.text), tools.languages)
    if identity.lang in tools.languages or identity.score < SURE_SCORE:
        return None
    return _foreign(markup.page, identity)


def _hints(markup: Markup) -> Iterator[Hint]:
    """Yield what the page, its server and its address say of its language."""
    about, page = markup.glance.metadata, markup.page
    served = [value for name, value in page.headers if name.lower() == "content-language"]
    declared = (about.html_lang, *served, about.content_language)
    own = [tag for tag, target in about.alternates if _is_own(target, page.url)]
    # A page that is in several languages by its own account says nothing.
    named = own if len({tag.partition("-")[0].lower() for tag in own} - {"x"}) == 1 else ()
    return hints(
        (
            *(("declared", tag) for tag in declared),
            *(("hreflang", tag) for tag in named),
            ("locale", about.locale),
        ),
        page.url,
    )


def _is_own(target: str, url: str) -> bool:
    """Whether an address that a page names is its own."""
    found = resolved(target, url)
    return found is not None and address(found) == address(url)


def _foreign(page: Page, identity: Identity) -> Loss:
    return page.loss("identify", "language", value=identity.score, detail=identity.lang)


def _refused(page: Page, stage: str, why: Failure | Undecodable) -> Loss:
    return page.loss(stage, why.rule, value=why.value, limit=why.limit, detail=why.detail)


def _canonical(page: Page, declared: str | None) -> str | None:
    """Return the address that a page or its response declares as its own (RFC 6596).

    Anybody can claim to be a copy of a page elsewhere; only one on the same registrable domain
    counts.
    """
    named = (link.target for link in links(page.headers) if "canonical" in link.relations)
    link = declared or next(named, None)
    target = resolved(link, page.url) if link else None
    return target if target and host_and_domain(target)[1] == page.domain else None


def stated_licence(page: Page, about: Metadata) -> Licence | None:
    """Return the licence that a page and its response state, or None."""
    found = (*about.licences, *header_evidence(page.headers))
    return licence(found, page.url, _canonical(page, about.canonical) or "")


def _document(
    markup: Markup,
    text: str,
    identity: Identity,
    evidence: str,
    found: Sequence[Paragraph],
    extracted: Extracted,
    spans: tuple[Span, ...],
    tools: Tools,
) -> Document:
    page, metadata = markup.page, markup.glance.metadata
    mark = stated_licence(page, metadata)
    return Document(
        id=page.id,
        url=page.url,
        canonical=_canonical(page, metadata.canonical),
        host=page.host,
        domain=page.domain,
        crawl_time=page.crawl_time,
        title=normalise(metadata.title or "") or None,
        published=metadata.published,
        lang=identity.lang,
        lang_score=identity.score,
        lang_second=identity.second,
        lang_second_score=identity.second_score,
        lang_evidence=evidence,
        foreign_share=foreign_share(found, identity.lang),
        english_share=share_in(found, "eng"),
        paragraph_langs=runs(found),
        chars=len(text),
        text_bytes=len(text.encode()),
        tokens=tools.tokens.count(text),
        counts=Counts(),
        license=mark.spdx if mark else None,
        license_jurisdiction=mark.jurisdiction if mark else None,
        license_class=terms(mark.spdx if mark else None),
        license_tier=mark.tier if mark and mark.spdx else None,
        license_flags=int(mark.flags) if mark else 0,
        license_evidence=mark.summary if mark else "",
        rights=markup.rights,
        rights_crawl=(word := unheard(markup.rights, tools.recipe.rights)),
        rights_build=word,
        pii=count(spans),
        extractor=extracted.extractor,
        extraction_confidence=extracted.confidence,
        charset=markup.decoded.charset,
        charset_method=markup.decoded.method,
        warc=page.warc,
        warc_offset=page.warc_offset,
        warc_length=page.warc_length,
        payload_digest=hashlib.sha256(page.payload).digest(),
        text=text,
    )
