"""The packaged language model, on short texts of our own in each language and on hostile ones."""

import hashlib
import json
import unicodedata
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.filters.language import MAX_CHARACTERS, Identifier, Identity, merged, normalise
from florilegium.filters.language_table import LANGUAGES, NO_LANGUAGE, european, group_of
from florilegium.filters.scripts import dominant_script

DATA = files("florilegium.filters")
GOLD = Path(__file__).parent.parent.parent / "shared" / "data" / "language_id"
MODEL = Identifier.packaged()

UNION = {
    "bul_Cyrl": "Вчера вечерта отидохме на гости у нашите приятели. Те са купили стара къща край "
    "реката и искат да я ремонтират през лятото.",
    "hrv_Latn": "Prošloga tjedna otvorena je nova gradska knjižnica. Ravnateljica kaže kako će "
    "mladima ondje biti dostupno tisuću novih knjiga te računala.",
    "ces_Latn": "Včera jsme byli na výletě v horách a celý den pršelo. Přesto se nám tam moc "
    "líbilo, protože v chatě hořel oheň a vařili výborný čaj.",
    "dan_Latn": "I går tog vi toget til byen for at købe en gave til min søster. Hun fylder tyve "
    "år på lørdag, og vi har lovet hende en rigtig god fest.",
    "nld_Latn": "Gisteren zijn we met de fiets naar het strand gegaan. Het waaide zo hard dat we "
    "onderweg twee keer moesten stoppen om uit te rusten.",
    "eng_Latn": "My neighbour keeps bees at the bottom of her garden. Every autumn she gives us a "
    "jar of honey and tells us which flowers they liked best.",
    "est_Latn": "Eile õhtul käisime sõpradega järve ääres jalutamas. Vesi oli juba külm, aga "
    "päike paistis ja keegi ei tahtnud veel koju minna.",
    "fin_Latn": "Eilen illalla kävelimme ystävien kanssa järven rannalla. Vesi oli jo kylmää, "
    "mutta aurinko paistoi eikä kukaan halunnut vielä lähteä kotiin.",
    "fra_Latn": "Hier soir, nous avons dîné chez des amis qui habitent près de la rivière. Ils "
    "ont acheté une vieille maison et veulent la réparer cet été.",
    "deu_Latn": "Gestern sind wir mit dem Fahrrad an den See gefahren. Unterwegs hat es so stark "
    "geregnet, dass wir uns in einer Scheune unterstellen mussten.",
    "ell_Grek": "Χθες το βράδυ πήγαμε στη θάλασσα με τα παιδιά. Ο αέρας ήταν ζεστός και κανείς "
    "δεν ήθελε να γυρίσει στο σπίτι.",
    "hun_Latn": "Tegnap este vacsorára hívtuk a szomszédokat. A nagymama almás süteményt sütött, "
    "és mindenki azt kérdezte, hogyan készítette el.",
    "gle_Latn": "Chuamar go dtí an trá inné leis na páistí. Bhí an ghaoth láidir agus an t-uisce "
    "fuar, ach níor theastaigh ó aon duine dul abhaile.",
    "ita_Latn": "Ieri sera siamo andati a cena da alcuni amici che abitano vicino al fiume. Hanno "
    "comprato una vecchia casa e vogliono sistemarla quest'estate.",
    "lav_Latn": "Vakar vakarā mēs ar draugiem staigājām gar ezeru. Ūdens jau bija auksts, bet "
    "spīdēja saule un neviens vēl negribēja iet mājās.",
    "lit_Latn": "Vakar vakare su draugais vaikščiojome prie ežero. Vanduo jau buvo šaltas, bet "
    "švietė saulė ir niekas dar nenorėjo eiti namo.",
    "mlt_Latn": "Ilbieraħ filgħaxija morna nieklu għand xi ħbieb li joqogħdu ħdejn il-baħar. Huma "
    "xtraw dar qadima u jridu jirranġawha dan is-sajf.",
    "pol_Latn": "Wczoraj wieczorem poszliśmy z przyjaciółmi nad jezioro. Woda była już zimna, ale "
    "świeciło słońce i nikt jeszcze nie chciał wracać do domu.",
    "por_Latn": "Ontem à noite fomos jantar a casa de uns amigos que moram perto do rio. Eles "
    "compraram uma casa antiga e não sabem ainda quando vão arranjá-la.",
    "ron_Latn": "Aseară am fost la cină la niște prieteni care locuiesc lângă râu. Au cumpărat o "
    "casă veche și vor să o repare în această vară.",
    "slk_Latn": "Včera sme boli na výlete v horách a celý deň pršalo. Napriek tomu sa nám tam "
    "veľmi páčilo, pretože v chate horel oheň a varili výborný čaj.",
    "slv_Latn": "Včeraj smo bili na izletu v hribih in ves dan je deževalo. Kljub temu nam je bilo "
    "zelo všeč, ker je v koči gorel ogenj in so kuhali odličen čaj.",
    "spa_Latn": "Anoche fuimos a cenar a casa de unos amigos que viven cerca del río. Han comprado "
    "una casa vieja y quieren arreglarla este verano.",
    "swe_Latn": "I går tog vi tåget till staden för att köpa en present till min syster. Hon "
    "fyller tjugo år på lördag och vi har lovat henne en riktigt bra fest.",
}

OTHERS = {
    "nob_Latn": "I går tok vi toget til byen for å kjøpe en gave til søsteren min. Hun fyller tjue "
    "år på lørdag, og vi har lovet henne en skikkelig god fest.",
    "nno_Latn": "I går tok vi toget til byen for å kjøpe ei gåve til søstera mi. Ho fyller tjue år "
    "på laurdag, og vi har lova henne ein skikkeleg god fest. Kva trur du ho ynskjer seg?",
    "isl_Latn": "Í gær fórum við með lestinni í bæinn til að kaupa gjöf handa systur minni. Hún "
    "verður tvítug á laugardaginn og við höfum lofað henni góðri veislu.",
    "fao_Latn": "Í gjár fóru vit við bussinum til býin at keypa eina gávu til systur mína. Hon "
    "fyllir tjúgu ár leygardagin, og vit hava lovað henni eina góða veitslu.",
    "ukr_Cyrl": "Учора ввечері ми ходили в гості до друзів. Вони купили стару хату біля річки і "
    "хочуть відремонтувати її цього літа.",
    "bel_Cyrl": "Учора ўвечары мы хадзілі ў госці да сяброў. Яны купілі старую хату каля ракі і "
    "хочуць адрамантаваць яе гэтым летам.",
    "rus_Cyrl": "Вчера вечером мы ходили в гости к друзьям. Они купили старый дом у реки и хотят "
    "отремонтировать его этим летом.",
    "srp_Cyrl": "Синоћ смо били у гостима код пријатеља. Они су купили стару кућу поред реке и "
    "желе да је поправе овог лета.",
    "srp_Latn": "Sinoć smo bili u gostima kod prijatelja. Oni su kupili staru kuću pored reke i "
    "žele da je poprave ovog leta, ali nemaju vremena.",
    "mkd_Cyrl": "Синоќа бевме на гости кај нашите пријатели. Тие купија стара куќа покрај реката "
    "и сакаат да ја поправат ова лето.",
    "sqi_Latn": "Mbrëmë shkuam për darkë te disa miq që jetojnë pranë lumit. Ata kanë blerë një "
    "shtëpi të vjetër dhe duan ta ndreqin këtë verë.",
    "tur_Latn": "Dün akşam nehir kenarında oturan arkadaşlarımıza yemeğe gittik. Eski bir ev satın "
    "almışlar ve bu yaz onu onarmak istiyorlar.",
    "hye_Armn": "Երեկ երեկոյան մենք գնացինք մեր ընկերների տուն։ Նրանք գետի մոտ հին տուն են գնել և "
    "ուզում են այս ամառ վերանորոգել։",
    "kat_Geor": "გუშინ საღამოს მეგობრებთან ვიყავით სტუმრად. მათ მდინარის პირას ძველი სახლი იყიდეს "
    "და ამ ზაფხულს მისი შეკეთება უნდათ.",
    "aze_Latn": "Dünən axşam çayın kənarında yaşayan dostlarımıza qonaq getdik. Onlar köhnə bir ev "
    "alıblar və bu yay onu təmir etmək istəyirlər.",
    "ltz_Latn": "Gëschter sinn mir mam Zuch an d'Stad gefuer fir e Cadeau fir meng Schwëster ze "
    "kafen. Si gëtt e Samschdeg zwanzeg Joer al, a mir hunn hir e Fest versprach.",
    "cat_Latn": "Ahir a la nit vam anar a sopar a casa d'uns amics que viuen a prop del riu. Han "
    "comprat una casa vella i la volen arreglar aquest estiu.",
    "eus_Latn": "Atzo gauean lagun batzuen etxera joan ginen afaltzera. Ibaiaren ondoan etxe zahar "
    "bat erosi dute eta uda honetan konpondu nahi dute.",
    "glg_Latn": "Onte pola noite fomos cear á casa duns amigos que viven preto do río. Mercaron "
    "unha casa vella e queren arranxala neste verán.",
    "cym_Latn": "Neithiwr aethon ni am swper i dŷ ffrindiau sy'n byw ger yr afon. Maen nhw wedi "
    "prynu hen dŷ ac eisiau ei drwsio dros yr haf.",
    "gla_Latn": "An-raoir chaidh sinn gu taigh ar caraidean airson dìnnear. Cheannaich iad seann "
    "taigh faisg air an abhainn agus tha iad airson a chàradh as t-samhradh.",
    "bre_Latn": "Dec'h da noz omp aet da goaniañ da di mignoned a vev tost d'ar stêr. Prenet o "
    "deus un ti kozh hag emaint o vont da adober anezhañ e-pad an hañv.",
    "fry_Latn": "Juster binne wy mei de fyts nei it strân ta gien. It waaide sa hurd dat wy "
    "ûnderweis twa kear stopje moasten om út te rêsten.",
    "hsb_Latn": "Wčera wječor smy z přećelemi při jězoru byli. Woda bě hižo zymna, ale słónco je "
    "swěćiło a nichtó hišće njechaše domoj hić.",
    "dsb_Latn": "Cora wjacor smy z pśijaśelami pśi jazorje byli. Wóda jo južo zymna była, ale "
    "słyńco jo swěśiło a nichten hyšći njejo kśěł domoj hyś.",
    "oci_Latn": "Ièr de ser anèrem sopar a l'ostal d'unes amics que demòran prèp del riu. An "
    "crompat un ostal vièlh e lo vòlon adobar aqueste estiu.",
    "ast_Latn": "Ayeri pela nueche fuimos cenar a casa d'unos amigos que viven cerca del ríu. "
    "Mercaron una casa vieya y quieren iguala esti branu.",
    "fur_Latn": "Îr sere o sin lâts a cene li di amîs che a stan dongje dal flum. A àn comprât une "
    "cjase vecje e a vuelin justâle chest istât.",
    "roh_Latn": "Ier saira essan nus stads tar amis che abitan sper il flum. Els han cumprà ina "
    "veglia chasa e vulan renovar ella questa stad.",
    "sme_Latn": "Ikte eahkes mii leimmet guossis ustibiid luhtte geat orrot joga lahka. Sii leat "
    "oastán boares viesu ja háliidit dan divvut dán geasi.",
    "tat_Cyrl": "Кичә кич без елга буенда яшәүче дусларыбызга кунакка бардык. Алар иске өй сатып "
    "алганнар һәм аны җәй көне төзәтергә телиләр.",
    "yid_Hebr": "נעכטן אין אָוונט זענען מיר געגאַנגען צו אונדזערע חברים וואָס וווינען לעבן דעם "
    "טײַך. זיי האָבן געקויפֿט אַן אַלט הויז.",
}

FOREIGN = {
    "Japanese": "昨日の夜、川のそばに住んでいる友達の家で晩ご飯を食べました。楽しかったです。",
    "Chinese": "昨天晚上我们去住在河边的朋友家吃饭。他们买了一座旧房子，今年夏天想修好。",
    "Korean": "어제 저녁에 강가에 사는 친구 집에 가서 저녁을 먹었습니다. 정말 즐거웠습니다.",
    "Arabic": "ذهبنا مساء أمس إلى بيت أصدقائنا الذين يسكنون قرب النهر. لقد اشتروا بيتا قديما.",
    "Persian": "دیشب برای شام به خانهٔ دوستانمان رفتیم که نزدیک رودخانه زندگی می‌کنند.",
    "Hebrew": "אתמול בערב הלכנו לבקר חברים שגרים ליד הנהר. הם קנו בית ישן ורוצים לשפץ אותו.",
    "Hindi": "कल शाम हम अपने दोस्तों के घर खाना खाने गए थे। उन्होंने नदी के पास एक पुराना घर खरीदा है।",
    "Thai": "เมื่อวานเย็นเราไปกินข้าวที่บ้านเพื่อนซึ่งอยู่ใกล้แม่น้ำ",
    "Amharic": "ትናንት ማታ ወደ ጓደኞቻችን ቤት ሄድን። እነሱ አሮጌ ቤት ገዝተዋል።",
    "Swahili": "Jana usiku tulienda kula chakula cha jioni nyumbani kwa marafiki wetu wanaoishi "
    "karibu na mto. Wamenunua nyumba ya zamani na wanataka kuitengeneza.",
    "Indonesian": "Tadi malam kami makan malam di rumah teman yang tinggal di dekat sungai. Mereka "
    "membeli rumah tua dan ingin memperbaikinya tahun ini.",
    "Vietnamese": "Tối qua chúng tôi đến ăn cơm ở nhà mấy người bạn sống gần sông. Họ đã mua một "
    "căn nhà cũ và muốn sửa lại vào mùa hè này.",
    "Tagalog": "Kagabi ay kumain kami sa bahay ng mga kaibigan na nakatira malapit sa ilog. Bumili "
    "sila ng lumang bahay at gusto nilang ayusin ito.",
    "Zulu": "Izolo ebusuku siye sadla ekhaya labangani bethu abahlala eduze komfula. Bathenge "
    "indlu endala futhi bafuna ukuyilungisa.",
    "Somali": "Xalay waxaan cashada u aadnay guriga saaxiibbadeen oo deggan meel u dhow webiga. "
    "Waxay iibsadeen guri duug ah.",
    "Malagasy": "Omaly alina dia nandeha nisakafo tany amin'ny tranon'ny namana izay mipetraka "
    "akaikin'ny renirano izahay.",
    "Mongolian": "Өчигдөр орой бид голын эрэг дээр амьдардаг найзындаа зочилсон. Тэд хуучин байшин "
    "худалдаж авсан.",
    "Afrikaans": "Gisteraand het ons by vriende gaan eet wat naby die rivier woon. Hulle het 'n ou "
    "huis gekoop en wil dit hierdie somer regmaak.",
}

WORDLESS = {
    "numbers": "12 450,00 3.14159 2024-11-24 10:55 +49 30 1234567 99% 1/2",
    "prices": "€ 12,99 / $ 14.50 / £ 9.99 / 1.299,00 €",
    "code": "for (int i = 0; i < n; i++) { std::cout << arr[i] << std::endl; } return 0; } "
    "def main(): import os, sys; print(json.dumps(args))",
    "addresses": "https://www.example.com/img/2024/11/24/abc123.png?id=99&utf=1 "
    "http://cdn.example.org/js/lib.min.js",
    "products": "XK-4711 BQ-22 RTX-90 ZZ-9 PLR-100 KTX-3 QW-77 DFG-5 HB-12 CX-9",
    "digests": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}


@pytest.mark.parametrize("code", UNION)
def test_every_official_language_of_the_union_is_told(code):
    assert MODEL.identify(UNION[code]).lang == code


def test_nine_in_ten_of_the_other_languages_are_told():
    wrong = {code: MODEL.identify(text) for code, text in OTHERS.items()}
    wrong = {code: identity for code, identity in wrong.items() if identity.lang != code}
    assert len(wrong) <= len(OTHERS) // 10, wrong


@pytest.mark.parametrize("code", ["srp_Cyrl", "srp_Latn"])
def test_serbian_is_told_in_both_its_scripts(code):
    assert MODEL.identify(OTHERS[code]).lang == code


@pytest.mark.parametrize("name", FOREIGN)
def test_a_language_from_elsewhere_is_not_taken_for_a_european_one(name):
    identity = MODEL.identify(FOREIGN[name])
    assert identity.lang not in european() or identity.score < 0.5


@pytest.mark.parametrize("name", WORDLESS)
def test_numbers_and_code_are_not_taken_for_a_european_language(name):
    identity = MODEL.identify(WORDLESS[name])
    assert identity.lang not in european() or identity.score < 0.5


@pytest.mark.parametrize("text", ["", "\n\n", "\x00", "\ud800", "12 + 30", "🌷🌼", "—", "\u0301"])
def test_a_text_without_letters_has_no_language(text):
    assert MODEL.identify(text) == Identity("und_Zzzz", 0.0, "und_Zzzz", 0.0, "Zzzz")


def test_a_script_the_model_has_no_label_for_is_named():
    assert MODEL.identify(FOREIGN["Amharic"]) == Identity("und_Ethi", 0.0, "und_Ethi", 0.0, "Ethi")


def test_a_label_in_the_text_is_only_words():
    text = "__label__fra_Latn " * 3 + UNION["deu_Latn"]
    assert MODEL.identify(text).lang == "deu_Latn"


def test_only_the_start_of_a_text_is_read():
    start = (UNION["deu_Latn"] + " ") * 20
    assert len(start) > MAX_CHARACTERS
    assert MODEL.identify(start + UNION["fra_Latn"] * 100) == MODEL.identify(start)


def test_upper_case_and_layout_do_not_change_the_language():
    identity = MODEL.identify(UNION["swe_Latn"])
    assert MODEL.identify(UNION["swe_Latn"].upper()) == identity
    assert MODEL.identify(UNION["swe_Latn"].replace(" ", "\n\t")) == identity


def test_old_charsets_cedilla_is_romanian_too():
    old = UNION["ron_Latn"].translate({0x219: 0x15F, 0x21B: 0x163})
    assert old != UNION["ron_Latn"]
    assert MODEL.identify(old).lang == "ron_Latn"


any_text = st.text(st.characters(exclude_categories=[])) | st.lists(
    st.sampled_from(
        ["the", "und", "да", "ß", "\n", " ", "\x00", "\ud800", "日", "の", "1", "__label__"]
    )
).map("".join)


@given(any_text)
def test_any_text_has_an_identity_in_its_script(text):
    identity = MODEL.identify(text)
    assert identity == MODEL.identify(text)
    assert 0 <= identity.second_score <= identity.score <= 1
    assert identity.script == dominant_script(text)
    for code in (identity.lang, identity.second):
        assert code == NO_LANGUAGE or code.endswith(identity.script)


parts = st.sampled_from([*UNION.values(), *OTHERS.values(), *FOREIGN.values(), "", " x\t", "\x00"])


@given(any_text | st.lists(parts, max_size=30).map("\n".join), st.integers(0, 150))
def test_a_text_and_its_lines_are_told_together_as_each_alone(text, least):
    whole, lines = MODEL.identify_lines(text, least)
    assert whole == MODEL.identify(text)
    long = [line for line in map(str.strip, text.split("\n")) if len(line) >= least]
    assert list(lines) == [MODEL.identify(line) for line in long]


@given(any_text)
def test_normalising_twice_is_normalising_once(text):
    once = normalise(text)
    assert normalise(once) == once[:MAX_CHARACTERS].strip()


@given(any_text | st.text("aΣςİ'’ʼ·\u0301\u0307 \n"))
def test_what_the_model_is_shown_are_letters_marks_and_plain_apostrophes(text):
    start = text[:MAX_CHARACTERS].encode("utf-8", "replace").decode()
    folded = [
        "'"
        if character in "'’ʼ"
        else character
        if character == "·" or unicodedata.category(character)[0] in "LM"
        else " "
        for character in unicodedata.normalize("NFC", start).lower()
    ]
    assert normalise(text) == " ".join("".join(folded).split())


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Łódź і", "Latn"),
        ("да no да", "Cyrl"),
        ("日本語です", "Jpan"),
        ("中文", "Hani"),
        ("한국어", "Hang"),
        ("ω × 3", "Grek"),
        ("× ÷ 3", "Zzzz"),
    ],
)
def test_the_script_of_most_letters_is_the_script(text, script):
    assert dominant_script(text) == script


def test_the_card_tells_the_truth_about_the_models():
    card = json.loads(DATA.joinpath("language.json").read_text(encoding="utf-8"))
    about = {"": card} | card["close"]["groups"]
    size = 0
    for group, stated in about.items():
        model = DATA.joinpath(f"language-{group}.ftz" if group else "language.ftz").read_bytes()
        digest = hashlib.sha256(model).hexdigest()
        assert stated["digest"] == digest == MODEL.digests[f"language model {group}".strip()]
        assert stated["bytes"] == len(model)
        assert stated["labels"] == sorted(stated["lines"])
        size += len(model)
    assert len(about) == len(MODEL.digests)
    assert card["labels"] == list(MODEL.labels)
    assert size <= 3_000_000


def test_a_second_model_tells_close_languages_apart():
    alone = Identifier(str(DATA.joinpath("language.ftz")))
    for text in (UNION["hrv_Latn"], OTHERS["srp_Latn"], UNION["dan_Latn"], UNION["spa_Latn"]):
        first, both = alone.identify(text), MODEL.identify(text)
        assert first != both
        assert group_of(first.lang) == group_of(both.lang) == group_of(both.second)
        assert 0 <= both.second_score <= both.score <= 1
    for text in (UNION["deu_Latn"], OTHERS["srp_Cyrl"]):
        assert alone.identify(text) == MODEL.identify(text)


def test_members_of_a_macro_language_are_merged_if_that_is_wanted():
    croatian = MODEL.identify(UNION["hrv_Latn"])
    together = merged(croatian, {"hbs_Latn"})
    assert together.lang == "hbs_Latn"
    assert together.score == round(croatian.score + croatian.second_score, 4)
    assert together.second == "und_Latn"
    assert merged(croatian, {"hrv_Latn", "nor_Latn"}) == croatian
    nynorsk = Identity("nno_Latn", 0.5, "dan_Latn", 0.2, "Latn")
    assert merged(nynorsk, {"nor_Latn"}) == Identity("nor_Latn", 0.5, "dan_Latn", 0.2, "Latn")
    assert (
        merged(Identity("dan_Latn", 0.5, "nob_Latn", 0.2, "Latn"), {"nor_Latn"}).lang == "dan_Latn"
    )


def test_every_label_is_in_the_table_of_languages():
    assert set(MODEL.labels) <= set(LANGUAGES)
    assert all(language.code == code for code, language in LANGUAGES.items())


def test_european_languages_are_those_the_model_tells():
    assert list(european()) == sorted(european())
    assert set(UNION) | set(OTHERS) <= set(european()) <= set(MODEL.labels)
    assert not {"jpn_Jpan", "swh_Latn", NO_LANGUAGE, "mis_Latn"} & set(european())


@pytest.mark.parametrize(("tier", "floor"), [("sentence", 0.92), ("document", 0.965)])
def test_gold_labelled_text_is_told(tier, floor):
    if not GOLD.exists():
        pytest.skip("gold-labelled text is not beside this checkout")
    lines = (GOLD / f"{tier}.jsonl").read_text(encoding="utf-8").splitlines()
    right = [MODEL.identify(row["text"]).lang == row["lang"] for row in map(json.loads, lines)]
    assert sum(right) / len(right) >= floor
