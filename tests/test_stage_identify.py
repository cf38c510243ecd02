"""What harvest makes of languages: foreign paragraphs, macro languages, declared languages."""

import pytest

from florilegium.filters import evidence as evidence_module
from florilegium.pipelines.harvest.stages import harvest_page
from florilegium.pipelines.research.inspection import inspect_page, inspect_text

ENGLISH = (
    "My neighbour keeps bees at the bottom of her garden, and every autumn she gives us honey.",
    "She tells us which flowers the bees liked best, and what the weather did to them this year.",
    "When the winter is long, she worries about them and walks down the garden every morning.",
)
CROATIAN = (
    "Prošloga tjedna otvorena je nova gradska knjižnica u kojoj će mladima biti dostupno tisuću "
    "novih knjiga te računala.",
    "Ravnateljica kaže kako je zgrada obnovljena europskim novcem i da će nedjeljom biti otvorena.",
)


def test_columns_tell_the_languages_of_paragraphs(tools, page, html, prose):
    found = harvest_page(page(html(*prose, ENGLISH[0])), tools)
    assert found.paragraph_langs == f"deu_Latn {len(prose)}, eng_Latn 1"
    whole = sum(map(len, prose)) + len(ENGLISH[0])
    assert found.english_share == pytest.approx(len(ENGLISH[0]) / whole, abs=1e-4)
    assert found.english_share == found.foreign_share
    assert 0 <= found.lang_second_score <= found.lang_score


def test_foreign_paragraphs_are_dropped_where_the_recipe_says_so(with_recipe, page, html, prose):
    dropping = with_recipe(foreign_paragraphs="drop")
    mixed = page(html(*prose[:3], ENGLISH[0], *prose[3:]))
    found = harvest_page(mixed, dropping)
    assert found.text == "\n".join(prose)
    assert found.chars == len(found.text)
    assert found.foreign_share > 0
    assert found.paragraph_langs == "deu_Latn 3, eng_Latn 1, deu_Latn 2"
    assert harvest_page(mixed, with_recipe()).text.count("\n") == len(prose)


def test_a_page_that_is_too_short_without_its_foreign_paragraphs_is_lost(
    with_recipe, page, html, prose
):
    captured = page(html(prose[0], ENGLISH[0]))
    assert harvest_page(captured, with_recipe()).lang == "deu_Latn"
    lost = harvest_page(captured, with_recipe(foreign_paragraphs="drop"))
    assert (lost.stage, lost.rule, lost.lang) == ("identify", "foreign_paragraphs", "deu_Latn")
    assert (lost.value, lost.limit) == (len(prose[0]), 150)


def test_a_recipe_of_a_macro_language_merges_its_members(with_recipe, page, html):
    merging = with_recipe(languages=("hbs_Latn",))
    found = harvest_page(page(html(*CROATIAN)), merging)
    assert found.lang == "hbs_Latn"
    assert found.foreign_share == 0
    apart = harvest_page(page(html(*CROATIAN)), with_recipe(languages=("hrv_Latn", "srp_Latn")))
    assert apart.lang in ("hrv_Latn", "srp_Latn") or apart.detail == "bos_Latn"


def test_what_a_page_declares_does_not_outweigh_its_text(tools, page, html, prose):
    declared = html(*prose).replace("<html>", '<html lang="fr">')
    found = harvest_page(page(declared, headers=[("Content-Language", "it")]), tools)
    assert found.lang == "deu_Latn"
    assert found.lang_evidence == ""


# Danish and Bokmål alike, so that the model is sure of neither.
BETWEEN = (
    "Hun sagde at det var en god dag og at hun ville komme hjem til byen med en stor gave.",
) * 3


@pytest.mark.parametrize(
    ("head", "evidence"),
    [
        ('<link rel="alternate" hreflang="{}" href="https://EXAMPLE.org/a">', "hreflang {}"),
        ('<link rel="alternate" hreflang="{}" href="/a">', "hreflang {}"),
        ('<meta property="og:locale" content="{}">', "locale {}"),
        ('<link rel="alternate" hreflang="{}" href="/b">', ""),
    ],
)
def test_the_pages_own_alternate_and_its_locale_decide_between_two_labels(
    monkeypatch, with_recipe, page, html, head, evidence
):
    tools = with_recipe(languages=("dan_Latn", "nob_Latn"))
    monkeypatch.setattr(evidence_module, "MAX_WEAK_SCORE", 1.0)
    monkeypatch.setattr(evidence_module, "MIN_SECOND_SHARE", 0.0)
    text = html(*BETWEEN)
    first = tools.identifier.identify("\n".join(BETWEEN))
    assert {first.lang, first.second} == {"dan_Latn", "nob_Latn"}
    tag = {"dan_Latn": "da", "nob_Latn": "nb"}[first.second]
    said = text.replace("<head>", "<head>" + head.format(tag))
    found = harvest_page(page(said, url="https://example.org/a"), tools)
    assert found.lang_evidence == evidence.format(tag)
    inspected = inspect_page(page(said, url="https://example.org/a"), "x", tools)
    assert inspected.lang_evidence == found.lang_evidence
    assert found.lang == (first.second if evidence else first.lang)


def test_a_page_that_is_its_own_alternate_in_two_languages_says_nothing(
    monkeypatch, with_recipe, page, html
):
    tools = with_recipe(languages=("dan_Latn", "nob_Latn"))
    monkeypatch.setattr(evidence_module, "MAX_WEAK_SCORE", 1.0)
    monkeypatch.setattr(evidence_module, "MIN_SECOND_SHARE", 0.0)
    links = "".join(f'<link rel="alternate" hreflang="{x}" href="/a">' for x in ("da", "nb"))
    said = html(*BETWEEN).replace("<head>", "<head>" + links)
    assert harvest_page(page(said, url="https://example.org/a"), tools).lang_evidence == ""


def test_inspection_drops_foreign_paragraphs_and_merges_as_a_build_does(with_recipe, prose):
    dropping = with_recipe(foreign_paragraphs="drop")
    mixed = "\n".join((*prose, ENGLISH[0]))
    assert inspect_text("a", None, mixed, dropping).text == "\n".join(prose)
    short = inspect_text("a", None, "\n".join((*prose[:1], *ENGLISH[:1])), dropping)
    assert (short.stage, short.rule) == ("identify", "foreign_paragraphs")
    merging = with_recipe(languages=("hbs_Latn",))
    assert inspect_text("a", None, "\n".join(CROATIAN), merging).lang == "hbs_Latn"
