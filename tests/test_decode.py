"""Bytes become text: encodings told and not told, truncated, broken and wrong."""

import csv
import re
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import given
from hypothesis import strategies as st

from florilegium.pipelines.pages.charsets import charset_named
from florilegium.pipelines.pages.decode import Decoded, decode
from florilegium.pipelines.pages.sniffing import Undecodable, content_type, looks_binary, sniff_html

WARC = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "warc"

TEXTS = {
    "pl": "Wieczorem młyn nad rzeką stał pusty, lecz ktoś zapalił światło w oknie na poddaszu. "
    "Dzieci mówiły, że mieszka tam źrebię, które umie śpiewać, choć żadne z nich go nie widziało. "
    "Młynarz śmiał się z tego i częstował je chlebem ze śliwkami, a później zamykał ciężkie drzwi.",
    "cs": "Na konci vesnice stojí stará kovárna, kde se ještě loni kovaly podkovy pro těžké koně. "
    "Kovářův vnuk se vrátil z města a říká, že řemeslo nesmí zmizet, dokud někdo umí udržet oheň. "
    "Každou sobotu přicházejí sousedé, přinesou koláče a dívají se, jak železo pomalu červená.",
    "hu": "A kertész minden reggel öntözi a rózsákat, aztán leül a tölgyfa alá és újságot olvas. "
    "Azt mondja, hogy a föld megőrzi az emlékeket, és ősszel a levelek között megtalálja őket. "
    "Unokái szívesen segítenek neki, különösen, ha sütőtök és főtt kukorica vár rájuk a végén.",
    "ro": "Bunica povestea că în pădurea de lângă sat trăia odinioară un urs care iubea mierea. "
    "Într-o iarnă grea a coborât până la fântână şi a stat acolo toată noaptea, fără să atingă "
    "nimic. Dimineaţa copiii i-au lăsat pâine şi brânză, iar el s-a întors încet spre munţi.",
    "hr": "Ribari su se vratili prije zore i odmah počeli čistiti mreže pune školjki i šljunka. "
    "Žene su na rivi čekale s vrućom kavom, pričajući o buri koja je noću srušila staru smokvu. "
    "Nitko nije žurio kući jer je more napokon bilo mirno, a nebo čisto kao oprano staklo.",
    "ru": "Почтальон приходил в деревню раз в неделю и всегда садился отдохнуть у нашего колодца. "
    "Он доставал из сумки письма, но сначала рассказывал, какая погода стоит за перевалом. "
    "Мы слушали молча, потому что знали: самое важное он приберегает на конец своего рассказа.",
    "uk": "Щоранку біля станції збиралися люди, які їхали на ринок із кошиками яблук і вишень. "
    "Їхній потяг завжди запізнювався, тож вони співали пісень і ділилися ґрунтовними порадами. "
    "Якось узимку через хуртовину потяг не приїхав зовсім, і всі пішли пішки через замерзле поле.",
    "bg": "Старият грънчар държеше работилницата си отворена дори в празник, защото обичаше гости. "
    "Той показваше как глината се превръща в стомна и обясняваше търпеливо всяко движение. "
    "Щом падне нощта, внучката му палеше фенера и двамата тръгваха бавно нагоре по уличката.",
    "el": "Το καφενείο του χωριού άνοιγε πριν από την ανατολή και έκλεινε όταν έφευγαν όλοι. "
    "Οι ψαράδες έλεγαν ιστορίες για φουρτούνες, ενώ τα παιδιά μετρούσαν τις βάρκες στο λιμάνι. "
    "Ένα βράδυ ήρθε ένας ξένος με βιολί και κανείς δεν θυμάται πια πώς τον έλεγαν.",
    "tr": "Köyün çıkışındaki değirmen yıllardır çalışmıyordu, ama çocuklar orada oynamayı severdi. "
    "Yaşlı değirmenci onlara kızmaz, güneş batınca ıhlamur kaynatır ve eski günleri anlatırdı. "
    "Kış gelince dere donar, herkes şöminenin başında toplanıp aynı hikâyeyi yeniden dinlerdi.",
    "lt": "Senelė kiekvieną rudenį džiovindavo obuolius ir kabindavo juos virš didžiulės krosnies. "
    "Vaikai žinojo, kad po Kūčių ji išims geriausius, išvirs kompotą ir papasakos apie žvėris. "
    "Šiemet ąžuolas prie šulinio išlūžo, todėl visi kaimynai susirinko padėti nešti šakas.",
    "lv": "Vecais zvejnieks katru rītu gāja gar jūru un lasīja dzintaru, ko vētra bija izmetusi. "
    "Viņš teica, ka katrā gabaliņā guļ kāda vasara, un ļāva bērniem skatīties caur to pret sauli. "
    "Ziemā, kad līcis aizsala, viņš sēdēja pie krāsns un šķiroja akmeņus pēc krāsas un lieluma.",
    "et": "Metsavahi maja seisis järve kaldal ja õhtuti paistis selle aknast kollane tuluke. "
    "Külalapsed käisid seal öötööd tegemas: nad püüdsid ööliblikaid ja märkisid üles nende nimed. "
    "Üks väike tüdruk jättis kõik meelde ning sai hiljem ülikoolis õpetajaks, nagu ta lubas.",
    "de": "Der Uhrmacher öffnete seine Werkstatt erst gegen Mittag, dafür blieb er bis spät. "
    "Für jede Uhr führte er ein kleines Heft, in dem stand, wem sie gehörte und wann sie läutete. "
    "Größere Reparaturen überließ er später seiner Tochter, die flinkere Hände hatte.",
    "fr": "Le facteur connaissait toutes les maisons de la vallée, même celles où nul n'écrit. "
    "Il s'arrêtait près du château, à côté de la fontaine gelée, et goûtait le pain de la veille. "
    "L'été, les élèves le suivaient à vélo jusqu'à la forêt, où déjà le ciel s'éclaircissait.",
    "fi": "Isoisä rakensi veneen yksin, eikä kukaan saanut nähdä sitä ennen kevään ensi päivää. "
    "Järvi oli vielä jäässä, mutta hän väitti kuulevansa, kuinka vesi jo liikkui kannen alla. "
    "Kun vene lopulta työnnettiin rannalta, koko kylä oli paikalla ja söi lämmintä pullaa.",
    "is": "Þegar þokan lagðist yfir fjörðinn heyrðust aðeins árarnar og köll fuglanna í bjarginu. "
    "Gamla konan á næsta bæ sagði að þá væri óhætt að segja sögur því enginn sæi hver hlustaði. "
    "Við sátum í fjörunni, átum harðfisk og biðum þess að sólin bræddi gráa vegginn að nýju.",
}  # fmt: skip

ENCODED = [
    ("pl", "windows-1250"), ("hr", "windows-1250"), ("cs", "iso-8859-2"), ("hu", "iso-8859-2"),
    ("ro", "windows-1250"), ("ru", "windows-1251"), ("bg", "windows-1251"), ("ru", "koi8-r"),
    ("uk", "koi8-u"), ("bg", "iso-8859-5"), ("el", "windows-1253"), ("el", "iso-8859-7"),
    ("tr", "windows-1254"), ("lt", "windows-1257"), ("lv", "windows-1257"), ("et", "iso-8859-13"),
    ("lt", "iso-8859-13"), ("de", "windows-1252"), ("fr", "windows-1252"), ("is", "windows-1252"),
    ("fi", "iso-8859-15"),
]  # fmt: skip


def page(text: str, head: str = "") -> str:
    menu = "".join(f'<li><a href="/p{number}.html">{number}</a></li>' for number in range(20))
    return (
        f"<!DOCTYPE html>\n<html><head>{head}<title>{text[:30]}</title></head>"
        f"<body><ul>{menu}</ul><p>{text}</p></body></html>\n"
    )


def read(payload: bytes, http_charset: str | None = None) -> Decoded:
    found = decode(payload, http_charset)
    assert isinstance(found, Decoded), found
    return found


@pytest.mark.parametrize(("language", "charset"), ENCODED)
def test_the_header_alone_tells_the_encoding(language, charset):
    html = page(TEXTS[language])
    assert read(html.encode(charset), charset.upper()) == Decoded(html, charset, "http")


@pytest.mark.parametrize(("language", "charset"), ENCODED)
def test_the_page_alone_tells_the_encoding(language, charset):
    for head in (
        f"<meta charset={charset}>",
        f'<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset={charset}" />',
    ):
        html = page(TEXTS[language], head)
        assert read(html.encode(charset)) == Decoded(html, charset, "meta")


@pytest.mark.parametrize(("language", "charset"), ENCODED)
def test_a_page_that_tells_nothing_is_read_right_all_the_same(language, charset):
    html = page(TEXTS[language])
    found = read(html.encode(charset))
    assert found.text == html
    assert found.method == "detected"


@pytest.mark.parametrize(("language", "charset"), ENCODED)
def test_a_header_that_promises_utf_8_in_vain_is_passed_over(language, charset):
    html = page(TEXTS[language], f'<meta charset="{charset}">')
    assert read(html.encode(charset), "utf-8") == Decoded(html, charset, "meta")
    html = page(TEXTS[language], '<meta charset="utf-8">')
    assert read(html.encode(charset), charset) == Decoded(html, charset, "http")


@pytest.mark.parametrize(("language", "charset"), ENCODED)
def test_where_header_and_page_disagree_the_bytes_decide(language, charset):
    """A server's ISO-8859-1 for every page yields to the page's own, right declaration."""
    html = page(TEXTS[language], f'<meta charset="{charset}">')
    assert read(html.encode(charset), "iso-8859-1").text == html


@pytest.mark.parametrize(
    ("language", "charset"),
    [("pl", "windows-1250"), ("ru", "windows-1251"), ("ru", "koi8-r"), ("bg", "windows-1251")],
)
def test_a_header_of_latin_1_yields_to_detectors_that_agree(language, charset):
    html = page(TEXTS[language])
    assert read(html.encode(charset), "iso-8859-1").text == html


@pytest.mark.parametrize("language", ["de", "fr", "is", "fi"])
def test_a_right_header_of_latin_1_is_believed(language):
    html = page(TEXTS[language])
    assert read(html.encode("latin-1"), "iso-8859-1") == Decoded(html, "windows-1252", "http")


@pytest.mark.parametrize("language", TEXTS)
def test_well_formed_utf_8_needs_no_declaration_and_heeds_no_wrong_one(language):
    html = page(TEXTS[language], '<meta charset="windows-1250">')
    assert read(html.encode(), "koi8-r") == Decoded(html, "utf-8", "utf-8")
    assert read(b"\xef\xbb\xbf" + html.encode(), "koi8-r") == Decoded(html, "utf-8", "bom")


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize(("codec", "name"), [("utf-16-le", "utf-16le"), ("utf-16-be", "utf-16be")])
def test_utf_16_is_known_by_its_mark_or_its_zero_bytes(language, codec, name):
    html = page(TEXTS[language])
    assert read(("\ufeff" + html).encode(codec)) == Decoded(html, name, "bom")
    assert read(html.encode(codec)) == Decoded(html, name, "detected")
    assert looks_binary(html.encode(codec)) is None
    assert sniff_html(html.encode(codec), None)


@pytest.mark.parametrize("language", ["ru", "el", "pl"])
def test_a_page_cut_within_a_character_is_still_utf_8(language):
    payload = page(TEXTS[language]).encode()
    cuts = [at for at, byte in enumerate(payload) if 0x80 <= byte < 0xC0]
    assert cuts
    for cut in cuts:
        found = read(payload[:cut])
        assert found.method == "utf-8"
        assert found.text.encode() == payload[: cut - 1]


def test_a_few_broken_bytes_in_utf_8_are_replaced_and_said():
    payload = page(TEXTS["fr"] * 20).encode()
    found = read(payload + b"caf\xe9 \xe0 la", "utf-8")
    assert (found.charset, found.method) == ("utf-8", "utf-8-repaired")
    assert found.text.endswith("caf\ufffd \ufffd la")


def test_utf_8_with_many_broken_bytes_is_lost_with_its_share_and_not_misread_as_latin():
    payload = page(TEXTS["fr"]).encode() + 5 * b"\xe9 "
    found = decode(payload, "utf-8")
    assert isinstance(found, Undecodable)
    assert (found.rule, found.limit, found.detail) == ("charset", 0.001, "utf-8")
    assert found.value == pytest.approx(5 / len(payload))


def test_one_latin_letter_in_a_page_declared_utf_8_is_read_and_not_replaced():
    payload = page("The café was closed, so we walked on. " * 40).encode("latin-1")
    assert read(payload, "utf-8").text == payload.decode("latin-1")


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("ISO-8859-1", "windows-1252"), ("us-ascii", "windows-1252"), ("Latin5", "windows-1254"),
        (' "Windows-1250" ', "windows-1250"), ("cp1251", "windows-1251"), ("utf8", "utf-8"),
        ("gb2312", "gbk"), ("latin2", "iso-8859-2"), ("tis-620", "windows-874"), ("klingon", None),
        ("", None), (None, None), ("\ud800", None), ("x" * 9999, None),
    ],
)  # fmt: skip
def test_a_label_means_what_browsers_take_it_for(label, name):
    assert charset_named(label) == name


def test_a_declaration_in_a_comment_or_of_a_script_is_none():
    html = page(TEXTS["ru"], '<!-- <meta charset="koi8-r"> --><script charset="koi8-r"></script>')
    assert read(html.encode("windows-1251")).text == html


def test_an_xml_declaration_counts_and_a_meta_tag_counts_more():
    xml = '<?xml version="1.0" encoding="iso-8859-2"?>\n'
    html = xml + page(TEXTS["cs"])
    assert read(html.encode("iso-8859-2")) == Decoded(html, "iso-8859-2", "meta")
    html = xml + page(TEXTS["ru"], "<meta charset=windows-1251>")
    assert read(html.encode("windows-1251")) == Decoded(html, "windows-1251", "meta")


def test_control_characters_become_spaces_and_nul_goes():
    assert read(b"<p>a\0b\x0bc\x1fd\te\r\n").text == "<p>ab c d\te\r\n"
    assert read("<p>a\0b\x0bc\n".encode("utf-16")).text == "<p>ab c\n"


@given(
    st.binary() | st.lists(st.sampled_from([b"<", b"\xd0", b"\x90", b"\0", b"\xff", b"a"])).map(
        b"".join
    ),
    st.none() | st.sampled_from(["utf-8", "koi8-r", "utf-16", "gbk", "iso-2022-jp"]) | st.text(),
)  # fmt: skip
def test_any_bytes_are_text_without_controls_or_a_loss(payload, charset):
    found = decode(payload, charset)
    if isinstance(found, Undecodable):
        assert 0.001 < found.value <= 1
    else:
        found.text.encode()
        assert not set(found.text) & {chr(code) for code in range(32) if code not in (9, 10, 13)}
    looks_binary(payload)
    sniff_html(payload, charset)
    content_type(charset)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.sampled_from([None, "koi8-r"]))
def test_text_survives_the_way_through_utf_8(text, charset):
    assert read(b"<p>" + text.encode(), charset).text == "<p>" + text


@pytest.mark.skipif(not WARC.exists(), reason="no real pages in ../shared beside the checkout")
def test_real_pages_re_encoded_on_purpose_decode_to_the_charset_they_were_given():
    with (WARC / "INDEX.tsv").open(encoding="utf-8", newline="") as index:
        rows = list(csv.DictReader(index, delimiter="\t", quoting=csv.QUOTE_NONE))
    notes = {(row["warc"], row["url"]): row["notes"] for row in rows if "charset" in row["notes"]}
    notes |= {
        (row["warc"], row["url"]): row["notes"] for row in rows if "transcoded" in row["notes"]
    }
    seen, wrong = 0, []
    for name in sorted({warc for warc, _ in notes}):
        with (WARC / name).open("rb") as stream:
            for record in ArchiveIterator(stream, WarcRecordType.response, auto_decode="all"):
                note = notes.get((name, record.headers["WARC-Target-URI"]), "")
                if "INJECTED transcoded to " not in note and "INJECTED wrong charset" not in note:
                    continue
                _, _, planted = note.partition("INJECTED transcoded to ")
                named = re.search(r"legacy encoding (iso-8859-\d+)", note)
                label = planted.partition(",")[0] or (named[1] if named else "utf-8")
                wanted = charset_named(label)
                header = content_type(record.http_headers.get("Content-Type"))
                payload = record.reader.read()
                found = decode(payload, header.charset)
                right = isinstance(found, Decoded) and found.charset == wanted
                if payload.isascii():
                    right = isinstance(found, Decoded) and found.charset == "utf-8"
                seen += 1
                if not right:
                    wrong.append((record.headers["WARC-Target-URI"], wanted, found))
    assert seen == 138
    assert wrong == []
