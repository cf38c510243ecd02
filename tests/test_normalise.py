import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.filters.normalise import normalise

AWKWARD = (
    "aes \t\n\r\x00\x0b\x85\xa0\xad\u0301\u0316\u0327\u031b\u0326\u0344"
    "\u200b\u200c\u200d\u2028\ufeffşţ\u1e9b\ud800\udc00"
)
TEXTS = st.text() | st.text(AWKWARD) | st.text(st.characters())


@given(TEXTS, st.sampled_from([None, "deu_Latn", "ron_Latn"]))
def test_a_normal_text_stays_as_it_is(text, lang):
    once = normalise(text, lang)
    assert normalise(once, lang) == once


@given(TEXTS)
def test_the_form_is_nfc_without_controls_or_space_at_the_ends(text):
    text = normalise(text)
    assert unicodedata.is_normalized("NFC", text)
    assert not [c for c in text if unicodedata.category(c) == "Cc" and c not in "\n\t"]
    assert text == text.strip()
    assert "\n\n\n" not in text
    assert all(line == line.rstrip() for line in text.split("\n"))
    text.encode()


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P"])))
def test_letters_digits_and_marks_of_punctuation_only_change_as_nfc_says(text):
    assert normalise(text) == unicodedata.normalize("NFC", text)


def test_lines_end_in_one_newline_and_lose_their_last_spaces():
    assert normalise("eins  \r\nzwei\t\rdrei\x85vier\u2028fünf") == "eins\nzwei\ndrei\nvier\nfünf"


def test_runs_of_blank_lines_shrink_to_one():
    assert normalise("eins\n \n\u200b\n\t\nzwei\n\ndrei\n\n\n") == "eins\n\nzwei\n\ndrei"


def test_soft_hyphens_and_zero_width_spaces_leave_their_words_whole():
    assert normalise("Donau\u00addampf\u200bschiff\ufeff\u2060fahrt\x07") == "Donaudampfschifffahrt"


def test_joiners_stay_inside_words_and_emoji_only():
    assert normalise("می\u200cخواهم \u200cund\u200d \u200d") == "می\u200cخواهم und"
    assert normalise("\U0001f469\u200d\U0001f680") == "\U0001f469\u200d\U0001f680"


def test_letters_and_their_accents_are_one_character():
    assert normalise("cafe\u0301 cafe\u200b\u0301") == "café café"


def test_a_letter_keeps_thirty_marks_of_a_thousand():
    assert normalise("a" + "\u0316" * 1000 + "b") == "a" + "\u0316" * 30 + "b"


def test_romanian_gets_its_commas_and_turkish_keeps_its_cedillas():
    assert normalise("Ţara şi viaţa, s\u0327i", "ron_Latn") == "Țara și viața, și"
    assert normalise("şimdi", "tur_Latn") == "şimdi"


def test_lone_surrogates_are_replaced_and_pairs_are_joined():
    assert normalise("a\ud800b \ud83d\ude00") == "a\ufffdb 😀"


@pytest.mark.parametrize(
    "piece", ["\u0300\u0316", " ", "\n ", "\u200d", "\u200d ", "a\u0301", "\ud800", "\u0344"]
)
def test_time_grows_no_faster_than_length(piece):
    def seconds(repeats):
        text = "a" + piece * repeats
        start = time.process_time()
        normalise(text)
        return time.process_time() - start

    assert min(seconds(160_000) for _ in range(2)) < 8 * max(seconds(40_000), 0.01)
