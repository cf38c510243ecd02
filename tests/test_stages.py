import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from florilegium.filters.optouts.policy import Rights
from florilegium.manifests.counts import Counts
from florilegium.manifests.document import Document
from florilegium.manifests.ledger import Loss
from florilegium.manifests.personal import Personal
from florilegium.manifests.schema import DOCUMENT_SCHEMA, LOSS_SCHEMA, to_table
from florilegium.pipelines.harvest.stages import harvest_page
from florilegium.pipelines.pages.extract import Extraction

INDONESIAN = (
    "Di bengkel di tepi danau ada tiga puluh jam yang berdetak, dan tidak satu pun sama.",
    "Sudah empat puluh tahun sang tukang memperbaiki jam menara tua, roda demi roda.",
    "Yang paling tua berasal dari sebuah biara dan sudah berbunyi sebelum ada kapal uap.",
    "Siapa yang datang berkunjung akan disuguhi teh hangat dan sebuah cerita yang panjang.",
    "Pada musim dingin, ketika danau membeku, detaknya terdengar sampai ke seberang.",
    "Anak-anak yang pulang dari sekolah berhenti di depan jendela dan menghitung bandulnya.",
)
CONTACT = "Fragen an uhren@werkstatt.example oder telefonisch unter +49 30 901820, auch am Abend."


def lost(found, stage, rule, **details):
    """Assert that this is a loss of the page at that stage by that rule, with these details."""
    assert isinstance(found, Loss), found
    assert (found.stage, found.rule) == (stage, rule)
    for name, value in details.items():
        assert getattr(found, name) == value, name
    return found


def test_an_ordinary_page_becomes_a_document_with_all_its_fields(tools, page, html, prose):
    head = (
        '<meta property="article:published_time" content="2026-02-10T07:15:00Z">'
        '<link rel="license" href="https://creativecommons.org/licenses/by-sa/4.0/">'
    )
    captured = page(html(*prose, head=head))
    found = harvest_page(captured, tools)
    assert isinstance(found, Document)
    text = "\n".join(prose)
    assert found == Document(
        id=captured.id,
        url=captured.url,
        host="blog.beispiel.example",
        domain="beispiel.example",
        crawl_time=1_773_000_000,
        title="Der Uhrmacher",
        published="2026-02-10",
        lang="deu_Latn",
        lang_score=found.lang_score,
        lang_second=found.lang_second,
        lang_second_score=found.lang_second_score,
        foreign_share=0.0,
        english_share=0.0,
        paragraph_langs=f"deu_Latn {len(prose)}",
        chars=len(text),
        text_bytes=len(text.encode()),
        tokens=tools.tokens.count(text),
        counts=Counts(),
        dup_size=1,
        license="CC-BY-SA-4.0",
        license_class="share-alike",
        license_tier="A",
        license_evidence="link CC-BY-SA-4.0",
        rights=0,
        pii=Personal(),
        extractor=found.extractor,
        extraction_confidence=found.extraction_confidence,
        charset="utf-8",
        charset_method="utf-8",
        warc="a.warc.gz",
        warc_offset=1_234,
        warc_length=567,
        payload_digest=hashlib.sha256(captured.payload).digest(),
        text=text,
    )
    assert re.fullmatch(r"blocks \d+\.\d+\.\d+ [0-9a-f]{8}", found.extractor)
    assert 0.5 < found.extraction_confidence < 1
    assert 0.5 < found.lang_score <= 1
    assert found.lang_second.endswith("_Latn")
    assert found.lang_second != "deu_Latn"


@pytest.mark.parametrize(
    ("href", "canonical"),
    [
        ("/uhren/alt?seite=1#top", "https://blog.example.org/uhren/alt?seite=1"),
        ("https://www.example.org/", "https://www.example.org/"),
        ("https://blog.example.com/", None),
        ("javascript:void(0)", None),
        ("", None),
    ],
)
def test_a_canonical_address_counts_on_the_same_domain(href, canonical, page, html, prose, tools):
    markup = html(*prose, head=f'<link rel="canonical" href="{href}">')
    place = {"url": "https://blog.example.org/u", "host": "blog.example.org"}
    found = harvest_page(page(markup, domain="example.org", **place), tools)
    assert found.canonical == canonical


def test_a_canonical_address_may_stand_in_the_response(page, html, prose, tools):
    headers = [("Link", '<https://blog.beispiel.example/u>; rel="canonical"')]
    place = {"domain": "blog.beispiel.example"}  # the suffix list does not know .example
    found = harvest_page(page(html(*prose), headers=headers, **place), tools)
    assert found.canonical == "https://blog.beispiel.example/u"


def test_another_encoding_is_read_and_named(tools, page, html, prose):
    captured = page(html().encode("windows-1252"), "text/html; charset=windows-1252")
    found = harvest_page(captured, tools)
    assert (found.charset, found.charset_method) == ("windows-1252", "http")
    assert found.text == "\n".join(prose)


@pytest.mark.parametrize(
    ("content_type", "detail"),
    [("application/json", "application/json"), ("image/" + "x" * 99, "image/" + "x" * 54)],
)
def test_what_says_it_is_no_html_is_lost(tools, page, html, content_type, detail):
    lost(harvest_page(page(html(), content_type), tools), "decode", "not_html", detail=detail)


def test_what_says_nothing_and_does_not_look_like_html_is_lost(tools, page, prose):
    plain = "\n".join(prose)
    lost(harvest_page(page(plain, None), tools), "decode", "not_html", detail="none")


def test_a_picture_that_is_sent_as_html_is_lost(tools, page):
    found = harvest_page(page(b"\x89PNG\r\n\x1a\n" + bytes(500)), tools)
    lost(found, "decode", "binary", detail="png")
    assert found.value > found.limit


def test_bytes_in_no_encoding_are_lost(tools, page):
    noise = b"".join(hashlib.sha256(bytes([n])).digest() for n in range(90)).replace(b"\0", b"x")
    found = lost(harvest_page(page(b"<html><p>" + noise), tools), "decode", "charset")
    assert found.value > found.limit


@pytest.mark.parametrize(
    ("limits", "rule", "limit"),
    [
        (Extraction(max_chars=300), "too_large", 300),
        (Extraction(max_depth=4), "too_deep", 4),
        (Extraction(max_attributes=2), "too_many_attributes", 2),
    ],
)
def test_a_page_that_would_cost_too_much_is_lost_before_it_is_parsed(
    with_recipe, page, html, prose, limits, rule, limit
):
    deep = html(*prose, "<b><i><u><s><em a=1 b=2 c=3>tief</em></s></u></i></b>")
    found = lost(harvest_page(page(deep), with_recipe(extraction=limits)), "decode", rule)
    assert found.limit == limit < found.value


RESERVED = [
    ({"head": '<meta name="robots" content="noai">'}, (), "noai_meta", "noai", 1),
    ({"head": '<meta name="robots" content="noimageai">'}, (), "noimageai_meta", "noimageai", 2),
    ({"head": '<meta name="robots" content="noindex">'}, (), "noindex_meta", "noindex", 4),
    ({"head": '<meta name="tdm-reservation" content="1">'}, (), "tdm_meta", "1", 8),
    ({}, [("X-Robots-Tag", "noai")], "noai_header", "noai", 1),
    ({}, [("TDM-Reservation", "1")], "tdm_header", "1", 8),
    ({}, [("Content-Usage", "train-ai=n")], "content_usage", "train-ai=n", 16),
]


@pytest.mark.parametrize(("head", "headers", "rule", "said", "bit"), RESERVED)
def test_a_page_that_is_reserved_is_lost_and_says_by_what(
    tools, with_recipe, page, html, head, headers, rule, said, bit
):
    captured = page(html(**head), headers=headers)
    lost(harvest_page(captured, tools), "rights", rule, detail=said, lang=None)
    # Under a recipe that does not honour it, the document remembers what was said.
    kept = harvest_page(captured, with_recipe(rights=Rights(honour=())))
    assert isinstance(kept, Document)
    assert kept.rights == bit


def test_rights_come_before_the_language(tools, page, html):
    reserved = html(*INDONESIAN, head='<meta name="robots" content="noai">')
    lost(harvest_page(page(reserved), tools), "rights", "noai_meta")


def test_a_page_without_text_is_lost(tools, page):
    bare = "<!DOCTYPE html><html><body><main></main></body></html>"
    lost(harvest_page(page(bare), tools), "extract", "empty", value=0, limit=150)


def test_a_page_with_hardly_any_text_is_lost(tools, page, html, prose):
    found = lost(harvest_page(page(html(prose[0])), tools), "extract", "too_short", limit=150)
    assert found.value == len(prose[0])


def test_a_text_that_shrinks_below_the_limit_when_it_is_cleaned_is_lost(tools, page, html, prose):
    """Soft hyphens count for the extractor; for a reader they are not there."""
    soft = "".join(letter + "\u00ad" for letter in prose[0])
    found = lost(harvest_page(page(html(soft)), tools), "extract", "too_short", limit=150)
    assert found.value == len(prose[0])


def test_a_language_that_is_not_in_the_recipe_is_lost_at_first_sight(tools, page, html):
    assert sum(map(len, INDONESIAN)) > 400
    found = harvest_page(page(html(*INDONESIAN)), tools)
    lost(found, "identify", "language", detail="ind_Latn", lang=None)
    assert found.value > 0.9


def test_a_short_text_in_another_language_is_lost_as_well(tools, page, html):
    found = harvest_page(page(html(*INDONESIAN[:3])), tools)
    lost(found, "identify", "language", detail="ind_Latn")


def test_the_recipe_says_which_languages_stay(with_recipe, page, html):
    french = with_recipe(languages=("fra_Latn",))
    lost(harvest_page(page(html()), french), "identify", "language", detail="deu_Latn")
    indonesian = with_recipe(languages=("ind_Latn",))
    found = harvest_page(page(html(*INDONESIAN)), indonesian)
    assert found.lang == "ind_Latn"
    assert found.text == "\n".join(INDONESIAN)


def test_a_paragraph_in_another_language_counts_as_foreign(tools, page, html, prose):
    found = harvest_page(page(html(*prose, *INDONESIAN[:1])), tools)
    assert found.lang == "deu_Latn"
    whole = sum(map(len, prose)) + len(INDONESIAN[0])
    assert found.foreign_share == pytest.approx(len(INDONESIAN[0]) / whole, abs=1e-4)


def test_personal_data_is_masked_counted_or_costs_the_page_its_place(
    tools, with_recipe, page, html, prose
):
    captured = page(html(*prose, CONTACT))
    masked = harvest_page(captured, tools)
    assert masked.pii == Personal(email=1, phone=1)
    assert masked.text.splitlines()[-1] == (
        "Fragen an <email-pii> oder telefonisch unter <phone-pii>, auch am Abend."
    )
    counted = harvest_page(captured, with_recipe(personal="count"))
    assert counted.pii == masked.pii
    assert counted.text.splitlines()[-1] == CONTACT
    for one in (masked, counted):
        assert one.chars == len(one.text)
        assert one.text_bytes == len(one.text.encode())
        assert one.tokens == tools.tokens.count(one.text)
    dropped = harvest_page(captured, with_recipe(personal="drop"))
    lost(
        dropped,
        "personal",
        "personal_data",
        value=2,
        limit=0,
        lang="deu_Latn",
        detail="email 1, phone 1",
    )


def test_a_page_without_personal_data_stays_where_others_are_dropped(with_recipe, page, html):
    assert isinstance(harvest_page(page(html()), with_recipe(personal="drop")), Document)


def test_a_loss_says_where_the_record_is_and_how_large_it_was(tools, page, html):
    captured = page(html(), "application/json")
    found = harvest_page(captured, tools)
    assert found == Loss(
        id=captured.id,
        warc="a.warc.gz",
        warc_offset=1_234,
        size=len(captured.payload),
        stage="decode",
        rule="not_html",
        detail="application/json",
        host="blog.beispiel.example",
        domain="beispiel.example",
    )


def test_a_page_seen_before_gives_the_same_document(tools, page, html):
    one = harvest_page(page(html()), tools)
    again = harvest_page(page(html(), url="https://spiegel.example/"), tools)
    assert again == replace(one, url="https://spiegel.example/")


def test_the_same_bytes_in_another_encoding_are_another_page(tools, page, html, prose):
    """Else a document would depend on what its worker had read before."""
    payload = html(*prose, "Señora Muñoz hat sie alle gehört, sagt man.").encode("windows-1252")
    spanish = harvest_page(page(payload, "text/html; charset=windows-1252"), tools)
    polish = harvest_page(page(payload, "text/html; charset=iso-8859-2"), tools)
    assert (spanish.charset, polish.charset) == ("windows-1252", "iso-8859-2")
    assert "Muñoz" in spanish.text
    assert "Muńoz" in polish.text


def test_a_page_full_of_spaces_does_not_stop_the_build(tools, page, html, prose):
    spaces = f"<pre>a{' ' * 1_200_000}b</pre>"
    found = harvest_page(page(html(*prose, spaces)), tools)
    assert isinstance(found, Document | Loss)


HOSTILE = {
    "surrogates": "&#xd800;&#xdfff;&#0;",
    "title": "</title><title>\ud83d",
    "controls": "".join(f"&#{n};" for n in range(1, 32)),
    "nothing closed": "<b><i><table><tr><td><a href=x>",
    "marks": "a" + "\u0301" * 5_000,
    "direction": "\u202e\u2066\u200f",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_comes_out_of_a_hostile_page_can_be_written(tools, page, html, prose, name):
    mixed = html(*prose, HOSTILE[name], title=HOSTILE[name], head=HOSTILE[name])
    found = harvest_page(page(mixed.encode("utf-8", "surrogatepass")), tools)
    schema = DOCUMENT_SCHEMA if isinstance(found, Document) else LOSS_SCHEMA
    assert to_table([found], schema).num_rows == 1


fragments = st.lists(
    st.sampled_from(
        ["<p>", "</p>", "<", ">", "&#", "<!--", "-->", "<title>", "<meta ", 'content="', "<body>",
         "Uhr ", "\xff", "\0", "<script>", "]]>", "<svg>", "é"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(fragments | st.binary(max_size=60))
def test_any_page_ends_as_a_document_or_a_loss(tools, page, payload):
    found = harvest_page(page(payload), tools)
    assert isinstance(found, Document | Loss)
    if isinstance(found, Loss):
        assert found.stage in ("decode", "rights", "extract", "identify")
