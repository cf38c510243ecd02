"""Languages of paragraphs, and how much of a text is in another language than the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.filters.language import Identifier
from florilegium.filters.paragraphs import (
    MAX_RUNS,
    Paragraph,
    foreign_share,
    paragraphs,
    runs,
    share_in,
    without_foreign,
)

MODEL = Identifier.packaged()
GERMAN = "Gestern sind wir mit dem Fahrrad an den See gefahren, und unterwegs hat es geregnet."
GREEK = "Χθες το βράδυ πήγαμε στη θάλασσα με τα παιδιά, και ο αέρας ήταν ζεστός."
ENGLISH = "My neighbour keeps bees at the bottom of her garden and gives us a jar of honey."
NYNORSK = (
    "I går tok vi toget til byen for å kjøpe ei gåve til søstera mi. Kva trur du ho ynskjer seg?"
)
SERBIAN = "Sinoć smo bili u gostima kod prijatelja. Oni su kupili staru kuću pored reke."
CODE = (
    "for (int i = 0; i < n; i++) { std::cout << arr[i] << std::endl; } return 0; } import os, sys"
)


def foreign(text, lang):
    return foreign_share(paragraphs(text, MODEL), lang)


def test_the_foreign_share_counts_the_characters_of_foreign_paragraphs():
    share = foreign(f"{GERMAN}\n\n  {GREEK}\nKurz und gut", "deu_Latn")
    assert share == round(len(GREEK) / (len(GREEK) + len(GERMAN) + len("Kurz und gut")), 4)
    assert foreign(GERMAN, "deu_Latn") == 0
    assert foreign(GERMAN, "ell_Grek") == 1
    assert foreign("", "deu_Latn") == 0


def test_the_english_share_counts_paragraphs_in_english_only():
    found = paragraphs(f"{GERMAN}\n{ENGLISH}\n{GREEK}", MODEL)
    whole = len(GERMAN) + len(ENGLISH) + len(GREEK)
    assert share_in(found, "eng") == round(len(ENGLISH) / whole, 4)
    assert share_in(paragraphs(GERMAN, MODEL), "eng") == 0


def test_every_paragraph_of_a_long_text_is_looked_at():
    text = "\n".join([GERMAN] * 350 + [GREEK] + [GERMAN] * 50)
    assert foreign(text, "deu_Latn") == round(len(GREEK) / (len(GREEK) + 400 * len(GERMAN)), 4)
    turning = GERMAN[:60] + " " + GREEK * 3
    assert foreign(turning, "deu_Latn") == 1


def test_short_lines_and_code_and_close_languages_are_not_foreign():
    assert foreign("Read more\nAbout us\nPrivacy policy", "deu_Latn") == 0
    assert foreign(CODE, "deu_Latn") == 0
    assert foreign(NYNORSK, "nob_Latn") == 0
    assert foreign(SERBIAN, "srp_Cyrl") == 0
    assert foreign(SERBIAN, "hrv_Latn") == 0
    assert foreign(SERBIAN, "slv_Latn") == 1


def test_a_paragraph_in_a_script_without_a_label_is_foreign():
    amharic = "ትናንት ማታ ወደ ጓደኞቻችን ቤት ሄድን። እነሱ አሮጌ ቤት ገዝተዋል። ቤቱን ይጠግናሉ።"
    assert runs(paragraphs(amharic, MODEL)) == "und_Ethi 1"
    assert foreign(amharic, "deu_Latn") == 1


def test_paragraphs_in_another_language_are_left_out():
    text = f"{GERMAN}\n{ENGLISH}\n\nKurz und gut\n{GREEK}"
    left = without_foreign(text, paragraphs(text, MODEL), "deu_Latn")
    assert left == f"{GERMAN}\n\nKurz und gut"
    assert without_foreign(ENGLISH, paragraphs(ENGLISH, MODEL), "deu_Latn") == ""


def test_runs_tell_the_languages_in_their_order():
    text = f"{GERMAN}\n{GERMAN}\nKurz und gut\n{ENGLISH}"
    assert runs(paragraphs(text, MODEL)) == "deu_Latn 2, - 1, eng_Latn 1"
    assert runs(()) == ""
    many = [Paragraph("x", lang, 1.0) for lang in ("deu_Latn", "eng_Latn") * MAX_RUNS]
    assert runs(many).count(",") == MAX_RUNS
    assert runs(many).endswith(", …")


@pytest.mark.parametrize("text", ["", "\n\n", "\x00", "\ud800" * 50, "1" * 50, "🌷" * 50])
def test_what_has_no_letters_is_in_no_language(text):
    assert runs(paragraphs(text, MODEL)) in ("", "- 1", "und_Zzzz 1")
    assert foreign(text, "deu_Latn") == 0


any_text = st.text(st.characters(exclude_categories=[])) | st.sampled_from([GERMAN, GREEK, "", " "])


@given(st.lists(any_text))
def test_paragraphs_make_up_the_text_and_shares_are_shares(lines):
    text = "\n".join(lines)
    found = paragraphs(text, MODEL)
    assert [one.text for one in found] == [x for x in map(str.strip, text.split("\n")) if x]
    assert 0 <= foreign_share(found, "deu_Latn") <= 1
    assert 0 <= share_in(found, "eng") <= 1
    left = without_foreign(text, found, "deu_Latn")
    again = paragraphs(left, MODEL)
    assert foreign_share(again, "deu_Latn") == 0
    assert [one for one in found if not one.is_foreign("deu_Latn")] == list(again)
