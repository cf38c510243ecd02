"""Encodings that nobody declared are told by the letters that the bytes would be."""

import hashlib
import json
import random
import time
from importlib import resources

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from florilegium.pipelines.pages.charsets import charset_named, codec, leniently, strictly
from florilegium.pipelines.pages.decode import Decoded, decode
from florilegium.pipelines.pages.detection import shipped_model, tally, weigh
from florilegium.pipelines.pages.sniffing import Undecodable

TEXTS = {
    "Albanian": "Gjyshja çdo mbrëmje i tregonte nipërve për një dhelpër që donte të këndonte.",
    "Belarusian": "Ля старога млына штогод збіраліся ўсе суседзі, каб паслухаць, як спявае рака.",
    "Catalan": "El forner de la plaça obria abans de l'alba; «així», deia, «desperto els veïns».",
    "Danish": "Fyrpasseren gik op ad trappen hver aften, tændte lyset og så ud over øhavet.",
    "Dutch": "De knecht zei: ‘Vóór de winter is het klaar’ – maar niemand in België geloofde hem.",
    "English": "“It’s only a café,” she said – and ordered tea for £2.",
    "Esperanto": "La ĝardenisto ĉiumatene aŭskultis, ĉu la birdoj jam revenis el siaj vojaĝoj.",
    "Macedonian": "Ѓорѓи секоја недела одеше на пазар, и им раскажуваше приказни на луѓето.",
    "Norwegian": "Båten lå på land hele vinteren, og først når isen gikk, kom bestefar og årene.",
    "Portuguese": "O sapateiro não tinha pressa: à tarde ouvia canções e só então acabava.",
    "Serbian": "Ђак је сваког јутра чекао воз, а кад би пао снег, ишао је пешке кроз њиве.",
    "Slovak": "Žatva sa skončila skôr než zvyčajne, a tak mohli ľudia tancovať až do noci.",
    "Slovene": "Čebelar je šel v hrib še pred zoro, ker je želel slišati, kako se panji prebujajo.",
    "Spanish": "¿Quién sabe dónde duerme el viento? La niña preguntó otra vez, y el señor calló.",
    "Swedish": "På ön fanns en enda väg, och längs den växte åkerbär som ingen orkade plocka.",
    "Welsh": "Âi'r hen ŵr at y dŵr gan ganu, a'r sêr uwch y tŷ fel tân ar y môr.",
    "Yiddish": "דער שוסטער האָט יעדן אָוונט דערציילט מעשׂיות, און די קינדער האָבן געהערט.",
}  # fmt: skip

ENCODED = [
    ("Albanian", "windows-1252"), ("Belarusian", "windows-1251"), ("Belarusian", "koi8-u"),
    ("Catalan", "windows-1252"), ("Catalan", "iso-8859-15"), ("Danish", "windows-1252"),
    ("Dutch", "windows-1252"), ("English", "windows-1252"), ("Esperanto", "iso-8859-3"),
    ("Macedonian", "windows-1251"), ("Macedonian", "iso-8859-5"), ("Norwegian", "windows-1252"),
    ("Portuguese", "windows-1252"), ("Serbian", "windows-1251"), ("Serbian", "iso-8859-5"),
    ("Serbian", "x-mac-cyrillic"), ("Slovak", "windows-1250"), ("Slovak", "iso-8859-2"),
    ("Slovene", "windows-1250"), ("Slovene", "iso-8859-2"), ("Spanish", "iso-8859-15"),
    ("Spanish", "macintosh"), ("Swedish", "iso-8859-15"), ("Welsh", "iso-8859-14"),
    ("Yiddish", "windows-1255"),
]  # fmt: skip


def encoded(text: str, charset: str) -> tuple[str, bytes]:
    """Return a page without a declaration, and its bytes, as far as the encoding can write it."""
    page = f"<!DOCTYPE html><html><body class='plain'><p>{text}</p></body></html>"
    payload = page.encode(codec(charset), "ignore")
    return payload.decode(codec(charset)), payload


@pytest.mark.parametrize(("language", "charset"), ENCODED)
def test_a_sentence_is_enough(language, charset):
    page, payload = encoded(TEXTS[language], charset)
    found = decode(payload, None)
    assert isinstance(found, Decoded)
    assert (found.text, found.method) == (page, "detected")


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("きのう、山のふもとの小さな駅で、古い時計を直す人に会いました。", "shift_jis"),
        ("きのう、山のふもとの小さな駅で、古い時計を直す人に会いました。", "euc-jp"),
        ("어제 산 아래 작은 역에서 오래된 시계를 고치는 사람을 만났습니다.", "euc-kr"),
        ("昨天我在山脚下的小车站遇见了一位修理旧钟表的老人。", "gb18030"),
        ("昨天我在山腳下的小車站遇見了一位修理舊鐘錶的老人。", "big5"),
    ],
)
def test_the_far_east_is_told_too(text, charset):
    page, payload = encoded(text, charset)
    assert decode(payload, None) == Decoded(page, charset, "detected")
    assert decode(payload, "iso-8859-1") == Decoded(page, charset, "detected")


@pytest.mark.parametrize("words", ["© 2009 Harbour & Sons", "£20 or ¥30", "½ cup, 20 °C", "5 €"])
def test_a_few_signs_in_plain_english_are_those_of_windows_1252(words):
    page, payload = encoded(words, "windows-1252")
    assert decode(payload, None) == Decoded(page, "windows-1252", "detected")


def test_noise_is_no_text_in_any_encoding():
    for seed in range(20):
        noise = random.Random(seed).randbytes(2_000).replace(b"\0", b"")
        found = decode(b"<html><body>" + noise, None)
        assert isinstance(found, Undecodable)
        assert (found.rule, found.value, found.detail) == ("charset", 1.0, "unknown")
        assert weigh(noise).candidates() == []


@given(
    st.sampled_from(ENCODED),
    st.integers(0, 80),
    st.integers(1, 80),
    st.integers(1, 40),
)
def test_a_declaration_that_fits_is_never_made_worse(case, start, length, times):
    """However little text there is, and however often it is repeated."""
    language, charset = case
    page, payload = encoded(TEXTS[language][start : start + length] * times, charset)
    assume(not payload.isascii() and strictly(payload, "utf-8") is None)
    found = decode(payload, charset)
    assert isinstance(found, Decoded)
    assert found.text == page


@given(
    st.binary(max_size=500), st.sampled_from(["windows-1250", "koi8-r", "iso-8859-7", "shift_jis"])
)
def test_a_page_is_read_as_declared_if_that_gives_no_broken_and_no_control_characters(
    body, charset
):
    body = body.translate(None, bytes(range(32)))
    text = strictly(body, charset)
    assume(text is not None and not any("\x80" <= letter <= "\x9f" for letter in text))
    found = decode(body, charset)
    if isinstance(found, Decoded) and not found.charset.startswith("utf-"):
        assert (found.text, found.method) == (text, "http")


@given(st.binary())
def test_evidence_is_whole_numbers_and_the_best_comes_first(body):
    evidence = weigh(body)
    assert evidence.size == sum(byte >= 0x80 for byte in body)
    assert list(evidence.surprise.values()) == sorted(evidence.surprise.values())
    assert all(type(each) is int for each in evidence.surprise.values())
    for charset in evidence.candidates():
        leniently(body, charset)


def test_bytes_are_counted_by_what_stands_beside_them():
    counts = tally(b"\xe9a \xe9\xe8.").reshape(128, 3, 3)
    assert counts.sum() == 3
    assert counts[0xE9 - 0x80, 0, 1] == counts[0xE9 - 0x80, 0, 2] == counts[0xE8 - 0x80, 2, 0] == 1
    assert tally(b"\xe9" * 10, most=4).sum() == 4


def test_time_grows_no_faster_than_the_page():
    def seconds(body: bytes) -> float:
        started = time.process_time()
        decode(body, None)
        return time.process_time() - started

    for unit in (b"<p>\xe9t\xe9 ", b"\xff", b"<meta charset=", b"<!--\xe9", b"\xc3\xa9\xe9"):
        decode(unit * 1_000, None)  # what is loaded and compiled once
        small, large = unit * (1 << 20), unit * (1 << 23)
        assert min(seconds(large[: 8 << 20]) for _ in range(3)) < 3
        assert seconds(small[: 1 << 20]) < 1


def test_the_card_is_that_of_the_model():
    folder = resources.files("florilegium.pipelines.pages")
    data = (folder / "detection.npz").read_bytes()
    card = json.loads((folder / "detection.json").read_text("utf-8"))
    model = shipped_model()
    assert hashlib.sha256(data).hexdigest() == card["sha256"]
    assert len(data) == card["bytes"]
    assert sorted(set(model.languages)) == card["languages"]
    assert sorted(set(model.charsets)) == card["encodings"]
    assert {charset_named(name) for name in model.charsets} == set(model.charsets)
    assert model.surprise.shape == (128 * 9, len(model.charsets))
    assert model.surprise.dtype == np.int16
    assert model.surprise.min() >= 0
