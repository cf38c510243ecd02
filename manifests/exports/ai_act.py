"""The public summary of training content that Article 53(1)(d) of the AI Act asks of providers.

It follows the template of the European Commission (24 July 2025, C(2025) 8311), section by
section; nothing is left empty. It is of a corpus: of what else a model was trained on, it says what
the publisher says in the recipe.
"""

import csv
import io
from collections.abc import Iterator

from florilegium.manifests import publication as publications
from florilegium.manifests.derived import Source
from florilegium.manifests.exports import top_domains, words
from florilegium.manifests.exports.words import NOT_APPLICABLE
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.publication import Publication, said

_SHOWN = 1_000
_OFFICIAL = {
    "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr", "hu", "it", "lt", "lv",
    "mt", "nl", "pl", "pt", "ro", "sk", "sl", "sv",
}  # fmt: skip
"""ISO 639-1 codes of the official languages of the Union."""


def summary(source: Source) -> bytes:
    """Return the summary in Markdown."""
    release = publications.of(source.manifest.recipe)
    lines = [
        *_head(source.manifest, release),
        *_provider(release),
        *_model(release),
        *_content(source, release),
        *_public_data(release),
        *_private_data(release),
        *_crawled(source, release),
        *_others(release),
        *_processing(source.manifest, release),
    ]
    return ("\n".join(lines) + "\n").encode()


def domain_list(source: Source) -> bytes:
    """Return the list of the largest domains as CSV, a tenth of all, the largest first.

    Columns: rank, domain, documents, tokens, bytes of text, and whether an SME has to list it.
    """
    most, most_of_sme = top_domains.cuts(top_domains.number_of(source))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["rank", "domain", "documents", "tokens", "bytes", "within_cut_of_sme"])
    for rank, (name, one) in enumerate(top_domains.largest(source, most), 1):
        sme = "yes" if rank <= most_of_sme else "no"
        writer.writerow([rank, name, one.documents, one.tokens, one.bytes, sme])
    return out.getvalue().encode("utf-8", "backslashreplace")


def _head(manifest: Manifest, release: Publication) -> Iterator[str]:
    yield "# Public summary of training content"
    yield ""
    yield "By the template of the European Commission for general-purpose AI models, Article"
    yield "53(1)(d) of Regulation (EU) 2024/1689 (AI Act)."
    yield ""
    yield from _fields(
        ("Version of the summary", words.version(manifest, release)),
        ("Last update", said(release.published)),
        ("Training content described", f"corpus {manifest.name}, build {manifest.build_id}"),
        ("Root of the corpus (Merkle, SHA-256)", manifest.root),
    )


def _provider(release: Publication) -> Iterator[str]:
    publisher = release.publisher
    yield from ("## 1. General information", "", "### 1.1 Provider identification", "")
    yield from _fields(
        ("Provider name", said(publisher.name)),
        ("Contact details", said(publisher.contact)),
        ("Authorised representative, name and contact details", said(publisher.representative)),
        ("Small or medium-sized enterprise", said(publisher.sme)),
    )


def _model(release: Publication) -> Iterator[str]:
    model = release.model
    yield from ("### 1.2 Model identification", "")
    yield from _fields(
        ("Versioned model names", said(", ".join(model.names))),
        ("Model dependencies", said(model.based_on)),
        ("Date of placement of the model on the Union market", said(model.placed_on_market)),
    )


def _content(source: Source, release: Publication) -> Iterator[str]:
    manifest = source.manifest
    rows = words.languages(source)
    named = {name: _is_official(source.tongue(code).tag) for name, code, *_ in rows}
    official = [name for name, yes in named.items() if yes]
    others = [name for name, yes in named.items() if not yes]
    last = words.period(manifest)
    yield from ("### 1.3 Modalities, overall training data size and other characteristics", "")
    text = "Main text of web pages in HTML: articles, notices, reference pages, discussions and "
    text += "whatever else is published so. Navigation and advertising removed."
    yield from words.table(
        ("modality", "present", "training data size", "types of content"),
        [
            ("text", "yes", _size(manifest.tokens), text),
            *((name, "no", "not applicable", "not applicable")
              for name in ("image", "audio", "video", "other")),
        ],
    )  # fmt: skip
    yield ""
    tokens = f"{manifest.tokens:,} tokens by {manifest.recipe.get('tokenizer', 'its tokenizer')}"
    yield from _fields(
        ("Exact size", f"{manifest.documents:,} documents, {tokens}, "
         f"{words.text_bytes(manifest):,} bytes in UTF-8"),
        ("Latest date of data acquisition", _month(last[1]) if last else "not applicable"),
        ("Continuous training on new data after that date", "not applicable: a release is fixed"),
        ("Official languages of the Union", ", ".join(official) or "none"),
        ("Other languages", ", ".join(others) or "none"),
        ("Other characteristics", "Of countries and groups of people, nothing was measured beyond "
         "languages and domains."),
        ("Additional comments", f"Description: {said(release.description)}"),
    )  # fmt: skip
    header = ("language", "code", "documents", "tokens", "bytes")
    yield from words.table(header, rows)
    yield ""


def _is_official(tag: str) -> bool:
    return tag.partition("-")[0] in _OFFICIAL


def _public_data(release: Publication) -> Iterator[str]:
    yield from ("## 2. List of data sources", "", "### 2.1 Publicly available datasets", "")
    if not release.datasets:
        yield from _fields(
            ("Were publicly available datasets used", _by_sources(release)),
            ("Modalities", "not applicable" if release.crawlers else said("")),
            ("Large datasets", "not applicable" if release.crawlers else said("")),
            ("Other datasets", "not applicable" if release.crawlers else said("")),
        )
        return
    yield from _fields(
        ("Were publicly available datasets used", "yes"),
        ("Modalities", "text"),
        ("Large datasets", "listed below"),
        ("Other datasets", "none in this corpus beyond those listed"),
    )
    yield from words.table(
        ("dataset", "where it is", "what was taken of it"),
        [(one.name, said(one.url), said(one.description)) for one in release.datasets],
    )
    yield ""


def _by_sources(release: Publication) -> str:
    return "no: the pages were crawled, see 2.3" if release.crawlers else said("")


def _private_data(release: Publication) -> Iterator[str]:
    yield "### 2.2 Private non-publicly available datasets obtained from third parties"
    yield ""
    yield "This corpus was made of captured web pages and of nothing else. For the models:"
    yield ""
    yield "#### 2.2.1 Datasets commercially licensed by rightsholders or their representatives"
    yield from ("", words.cell(said(release.licensed_data)), "")
    yield "#### 2.2.2 Private datasets obtained from other third parties"
    yield from ("", words.cell(said(release.private_data)), "")


def _crawled(source: Source, release: Publication) -> Iterator[str]:
    yield from ("### 2.3 Data crawled and scraped from online sources", "")
    used = "yes" if release.crawlers else "no: see 2.1" if release.datasets else said("")
    yield from _fields(("Were crawlers used by the provider or on its behalf", used))
    for one in release.crawlers:
        yield from _fields(
            ("Crawler name", one.name),
            ("Identifier", said(one.agent)),
            ("Purposes", said(one.purpose)),
            ("Behaviour (robots.txt, other protocols, captchas, passwords, paywalls)",
             said(one.behaviour)),
        )  # fmt: skip
    if not release.crawlers:
        absent = "not applicable" if release.datasets else said("")
        yield from _fields(
            ("Crawler names or identifiers", absent), ("Purposes", absent), ("Behaviour", absent)
        )
    span = words.period(source.manifest)
    yield from _fields(
        ("Period of data collection", f"{_month(span[0])} to {_month(span[1])}" if span
         else "not applicable"),
        ("Type of content and online sources", "web pages in HTML, in the languages of 1.3"),
        ("Modality", "text"),
    )  # fmt: skip
    yield from _domains(source, release)


def _domains(source: Source, release: Publication) -> Iterator[str]:
    number = top_domains.number_of(source)
    most, most_of_sme = top_domains.cuts(number)
    wanted = most_of_sme if release.publisher.sme else most
    yield from ("#### Summary of the most relevant domain names", "")
    yield f"Pages of {number:,} registrable domains are in the corpus. The largest tenth of them"
    yield f"by bytes of text: {most:,}. What a small or medium-sized enterprise has to list, the"
    yield f"largest twentieth or 1,000 if that is less: {most_of_sme:,}. The whole tenth is in"
    yield f"`ai-act-domains.csv`; the first {min(wanted, _SHOWN):,} follow."
    yield ""
    if not number:
        yield from (NOT_APPLICABLE, "")
        return
    whole = words.text_bytes(source.manifest)
    shown = top_domains.largest(source, min(wanted, _SHOWN))
    yield from words.table(
        ("rank", "domain", "documents", "tokens", "bytes", "share of bytes"),
        [
            (rank, name, one.documents, one.tokens, one.bytes, words.share(one.bytes, whole))
            for rank, (name, one) in enumerate(shown, 1)
        ],
    )
    yield ""
    yield "Additional comments: `audit/domains/` in the release has all domains, with what was"
    yield "removed of each; every document names its address and its capture."
    yield ""


def _others(release: Publication) -> Iterator[str]:
    yield from ("### 2.4 User data", "")
    yield from _fields(
        ("Used in this corpus", "no: interactions with services of the provider are no input"),
        ("Used for the models otherwise", said(release.user_data)),
    )
    yield from ("### 2.5 Synthetic data", "")
    yield from _fields(
        ("Used in this corpus", "no: nothing in it was made by a model for the provider; web pages "
         "that others made with one were not told apart"),
        ("Used for the models otherwise, and the models that made it",
         said(release.synthetic_data)),
    )  # fmt: skip
    yield from ("### 2.6 Other sources of data", "")
    yield from _fields(
        ("Used in this corpus", "no"), ("Used for the models otherwise", said(release.other_data))
    )


def _processing(manifest: Manifest, release: Publication) -> Iterator[str]:
    yield from ("## 3. Data processing aspects", "")
    yield "### 3.1 Respect of reservation of rights from text and data mining"
    yield ""
    yield from _fields(
        ("Signatory to the code of practice for general-purpose AI models",
         said(release.publisher.code_of_practice)),
        ("Further measures of the provider", said(release.reservations)),
    )  # fmt: skip
    yield "Measures of the build:"
    yield ""
    yield from (f"- {words.cell(one)}" for one in words.reservations(manifest))
    yield from ("", "### 3.2 Removal of illegal content", "")
    lists = words.blocklists(manifest)
    removed = next(lost for stage, _, lost, _ in words.lost_by_stage(manifest) if stage == "lists")
    of_lists = f"{', '.join(lists)}: {removed:,} pages removed" if lists else "none were used"
    yield from _fields(
        ("Lists of addresses that are not wanted", of_lists),
        ("Further measures of the provider", said(release.illegal_content)),
    )
    yield from ("### 3.3 Other information", "")
    yield from (f"- {words.cell(one)}" for one in _other(manifest, release))


def _other(manifest: Manifest, release: Publication) -> Iterator[str]:
    yield f"Personal data: {words.personal(manifest)}"
    yield f"Copies: {words.duplicates(manifest)}"
    yield f"Quality: {words.rules(manifest)}"
    yield (
        f"{manifest.records:,} records were read, {manifest.documents:,} documents kept. Each of "
        "the others is in the ledger of the release with the rule that removed it."
    )
    yield f"From the provider: {said(release.other)}"


def _fields(*fields: tuple[str, str]) -> Iterator[str]:
    for name, value in fields:
        yield f"- **{name}:** {words.cell(value)}"
    yield ""


def _size(tokens: int) -> str:
    if tokens < 1_000_000_000:
        return "less than 1 billion tokens"
    many = tokens > 10_000_000_000_000
    return "more than 10 trillion tokens" if many else "1 billion to 10 trillion tokens"


def _month(month: str) -> str:
    """Return a month as the form has it.

    >>> _month("2026-03")
    '03/2026'
    """
    year, _, number = month.rpartition("-")
    return f"{number}/{year}"
