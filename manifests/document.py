"""The document: the one record that every stage reads and every shard holds."""

from typing import Annotated

from msgspec import Meta, Struct

from florilegium.manifests.counts import Counts
from florilegium.manifests.personal import Personal


class Facts(Struct, frozen=True, array_like=True, kw_only=True):
    """All that a build knows of a page, except its text. Rules decide on facts alone."""

    id: Annotated[
        bytes, Meta(description="8 bytes of the SHA-256 of the address, 8 of that of the capture")
    ]
    url: Annotated[str, Meta(description="address the page was captured from")]
    canonical: Annotated[
        str | None, Meta(description="address the page calls its own, if on the same domain")
    ] = None
    host: Annotated[str, Meta(description="host of the address")]
    domain: Annotated[str, Meta(description="registrable domain of the host")]
    crawl_time: Annotated[int, Meta(description="time of capture, seconds since 1970 UTC")]
    title: Annotated[str | None, Meta(description="title the page gives itself")] = None
    published: Annotated[str | None, Meta(description="date of publication, YYYY-MM-DD")] = None
    lang: Annotated[str, Meta(description="ISO 639-3 and ISO 15924, as in deu_Latn")]
    lang_score: Annotated[float, Meta(description="probability of the language, 0 to 1")]
    lang_second: Annotated[str, Meta(description="second most probable language")]
    lang_second_score: Annotated[float, Meta(description="its probability, 0 to 1")] = 0.0
    lang_evidence: Annotated[
        str,
        Meta(
            description="what a second identifier says, as `heliport deu`, then what decided a "
            "weak language beside the text, as `declared de`"
        ),
    ] = ""
    foreign_share: Annotated[
        float, Meta(description="share of characters in paragraphs of another language, 0 to 1")
    ]
    english_share: Annotated[
        float, Meta(description="share of characters in paragraphs in English, 0 to 1")
    ] = 0.0
    paragraph_langs: Annotated[
        str, Meta(description="languages of paragraphs in their order, as `deu_Latn 3, eng_Latn 1`")
    ] = ""
    host_line_share: Annotated[
        float | None,
        Meta(description="share of lines that many pages of the host have, if that was measured"),
    ] = None
    chars: Annotated[int, Meta(description="length of the text in Unicode code points")]
    text_bytes: Annotated[int, Meta(description="length of the text in bytes of UTF-8")]
    tokens: Annotated[
        int, Meta(description="length of the text in tokens of the recipe's tokenizer")
    ]
    counts: Annotated[Counts, Meta(description="integers from which every share follows")]
    quality: Annotated[
        float | None, Meta(description="score of the recipe's scorer, 0 to 1; null without one")
    ] = None
    bad_word_share: Annotated[
        float | None,
        Meta(description="share of words that are on a word list of the recipe, 0 to 1"),
    ] = None
    benchmark: Annotated[
        str | None, Meta(description="benchmark that shares most runs of words with the text")
    ] = None
    benchmark_ngrams: Annotated[
        int | None, Meta(description="runs of words it shares; null if no benchmark was compared")
    ] = None
    objections: Annotated[
        str | None, Meta(description="filters of datatrove that object, as JSON: name and reason")
    ] = None
    dup_size: Annotated[int, Meta(description="documents this one stands for, itself included")] = 1
    license: Annotated[str | None, Meta(description="SPDX identifier of the page's licence")] = None
    license_jurisdiction: Annotated[
        str | None, Meta(description="country of the licence's port, as its address has it")
    ] = None
    license_class: Annotated[
        str, Meta(description="what the licence asks for, from `permissive` to `unknown`")
    ] = "unknown"
    license_tier: Annotated[
        str | None, Meta(description="strength of the licence evidence, A (best) to D")
    ] = None
    license_flags: Annotated[
        int, Meta(description="bit set of what else there is to know of the licence")
    ] = 0
    license_evidence: Annotated[
        str, Meta(description="places and names, the best first, as `link CC-BY-4.0, a CC0-1.0`")
    ] = ""
    rights: Annotated[
        int, Meta(description="bit set of the opt-out signals of the page and of its host")
    ] = 0
    rights_crawl: Annotated[
        str,
        Meta(
            description="verdict when it was captured: `allowed`, `reserved`, or, of a host whose "
            "robots.txt could not be had or is not known, `unreachable`, `unknown`"
        ),
    ] = "unknown"
    rights_build: Annotated[
        str, Meta(description="verdict on what its host said last, in the same words")
    ] = "unknown"
    pii: Annotated[Personal, Meta(description="personal data found, by kind")] = Personal()
    extractor: Annotated[
        str, Meta(description="program, version and digest of its model that found the text")
    ]
    extraction_confidence: Annotated[
        float | None, Meta(description="F1 the model expects of the text, 0 to 1; null without one")
    ] = None
    charset: Annotated[str, Meta(description="character encoding, WHATWG name")]
    charset_method: Annotated[str, Meta(description="how the encoding was told")]
    warc: Annotated[str, Meta(description="name of the WARC file")]
    warc_offset: Annotated[int, Meta(description="byte at which the record starts in that file")]
    warc_length: Annotated[int, Meta(description="bytes of the record in that file")]
    payload_digest: Annotated[bytes, Meta(description="32 bytes: SHA-256 of the decoded payload")]


class Document(Facts, frozen=True, array_like=True, kw_only=True):
    """A web page reduced to its text."""

    text: Annotated[str, Meta(description="main text, NFC, one newline between blocks")]
