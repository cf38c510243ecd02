"""Menus, share bars and related links stay out, in many languages and scripts."""

import pytest

from florilegium.pipelines.blocks.extract import main_text

# For each language: title, three paragraphs, menu, words for sharing, heading and links of what
# else there is to read, what stands at the foot.
PAGES = {
    "German": (
        "Die Fähre bleibt",
        "Seit gestern ist es beschlossen: Die kleine Fähre fährt auch im nächsten Jahr.",
        "Der Fährmann hatte schon seine Sachen gepackt, nun streicht er das Boot noch einmal neu.",
        "Wer hinüber will, läutet die Glocke am Steg und wartet, bis jemand kommt.",
        "Startseite|Nachrichten|Wetter|Anmelden",
        "Teilen|Twittern|Drucken",
        "Auch interessant|Neue Brücke kommt später|Hochwasser geht zurück|Markt zieht um",
        "Impressum|Datenschutz|Alle Rechte vorbehalten",
    ),
    "Polish": (
        "Prom zostaje",
        "Od wczoraj wiadomo, że mały prom przez rzekę będzie pływał także w przyszłym roku.",
        "Przewoźnik spakował już swoje rzeczy, a teraz jeszcze raz maluje łódź na zielono.",
        "Kto chce przepłynąć na drugi brzeg, dzwoni dzwonkiem przy pomoście i czeka.",
        "Strona główna|Wiadomości|Pogoda|Zaloguj się",
        "Udostępnij|Tweetnij|Drukuj",
        "Zobacz także|Nowy most będzie później|Woda opada|Targ się przenosi",
        "O nas|Polityka prywatności|Wszelkie prawa zastrzeżone",
    ),
    "Greek": (
        "Το πορθμείο μένει",
        "Από χθες είναι γνωστό ότι το μικρό πορθμείο στο ποτάμι θα λειτουργεί και του χρόνου.",
        "Ο βαρκάρης είχε ήδη μαζέψει τα πράγματά του, και τώρα βάφει ξανά τη βάρκα του.",
        "Όποιος θέλει να περάσει απέναντι χτυπά την καμπάνα στην αποβάθρα και περιμένει.",
        "Αρχική|Ειδήσεις|Καιρός|Σύνδεση",
        "Μοιραστείτε|Κοινοποίηση|Εκτύπωση",
        "Διαβάστε επίσης|Η νέα γέφυρα θα αργήσει|Τα νερά υποχωρούν|Η αγορά μετακομίζει",
        "Επικοινωνία|Όροι χρήσης|Με επιφύλαξη παντός δικαιώματος",
    ),
    "Bulgarian": (
        "Фериботът остава",
        "От вчера е ясно, че малкият ферибот през реката ще работи и през следващата година.",
        "Лодкарят вече беше събрал багажа си, а сега боядисва лодката си още веднъж.",
        "Който иска да мине отсреща, бие камбаната на пристана и чака някой да дойде.",
        "Начало|Новини|Времето|Вход",
        "Сподели|Изпрати|Отпечатай",
        "Вижте още|Новият мост се бави|Водата спада|Пазарът се мести",
        "За нас|Поверителност|Всички права запазени",
    ),
    "Ukrainian": (
        "Пором залишається",
        "Від учора відомо, що маленький пором через річку ходитиме й наступного року.",
        "Перевізник уже спакував свої речі, а тепер ще раз фарбує свого човна на зелено.",
        "Хто хоче на той берег, дзвонить у дзвін біля причалу й чекає, доки хтось прийде.",
        "Головна|Новини|Погода|Увійти",
        "Поділитися|Надіслати|Друк",
        "Читайте також|Новий міст затримується|Вода спадає|Ринок переїжджає",
        "Про нас|Конфіденційність|Усі права захищено",
    ),
    "Georgian": (
        "ბორანი რჩება",
        "გუშინდელი დღიდან ცნობილია, რომ პატარა ბორანი მდინარეზე მომავალ წელსაც იმუშავებს.",
        "მებორნემ უკვე ჩაალაგა თავისი ნივთები, ახლა კი ნავს კიდევ ერთხელ ღებავს მწვანედ.",
        "ვისაც გაღმა გასვლა უნდა, ზარს რეკავს ნავმისადგომთან და ელოდება, ვიდრე ვინმე მოვა.",
        "მთავარი|სიახლეები|ამინდი|შესვლა",
        "გაზიარება|გაგზავნა|ბეჭდვა",
        "ასევე წაიკითხეთ|ახალი ხიდი იგვიანებს|წყალი იკლებს|ბაზარი გადადის",
        "ჩვენს შესახებ|კონფიდენციალურობა|ყველა უფლება დაცულია",
    ),
    "Armenian": (
        "Լաստանավը մնում է",
        "Երեկվանից հայտնի է, որ գետի վրայի փոքրիկ լաստանավը կաշխատի նաև հաջորդ տարի։",
        "Լաստավարն արդեն հավաքել էր իր իրերը, իսկ հիմա նորից ներկում է իր նավակը կանաչ։",
        "Ով ուզում է անցնել մյուս ափը, հնչեցնում է զանգը նավամատույցում և սպասում է։",
        "Գլխավոր|Նորություններ|Եղանակ|Մուտք",
        "Կիսվել|Ուղարկել|Տպել",
        "Կարդացեք նաև|Նոր կամուրջն ուշանում է|Ջուրը նվազում է|Շուկան տեղափոխվում է",
        "Մեր մասին|Գաղտնիություն|Բոլոր իրավունքները պաշտպանված են",
    ),
    "Finnish": (
        "Lossi jää",
        "Eilen päätettiin, että pieni lossi kulkee joen yli myös ensi vuonna, vaikka silta tulee.",
        "Lossimies oli jo pakannut tavaransa, mutta nyt hän maalaa veneensä vielä kerran.",
        "Joka haluaa toiselle rannalle, soittaa laiturin kelloa ja odottaa, kunnes joku tulee.",
        "Etusivu|Uutiset|Sää|Kirjaudu",
        "Jaa|Twiittaa|Tulosta",
        "Lue myös|Uusi silta myöhästyy|Vesi laskee|Tori muuttaa",
        "Yhteystiedot|Tietosuoja|Kaikki oikeudet pidätetään",
    ),
    "Hungarian": (
        "Marad a komp",
        "Tegnap óta tudni lehet, hogy a kis komp jövőre is átjár a folyón.",
        "A révész már összecsomagolta a holmiját, most mégis újra zöldre festi a csónakját.",
        "Aki át akar kelni, megkongatja a stég harangját, és megvárja, amíg jön valaki.",
        "Kezdőlap|Hírek|Időjárás|Belépés",
        "Megosztás|Küldés|Nyomtatás",
        "Ez is érdekelheti|Késik az új híd|Apad a víz|Költözik a piac",
        "Kapcsolat|Adatvédelem|Minden jog fenntartva",
    ),
    "Turkish": (
        "Feribot kalıyor",
        "Dünden beri biliniyor: Nehrin üzerindeki küçük feribot gelecek yıl da çalışacak.",
        "Kayıkçı eşyalarını çoktan toplamıştı, şimdi ise kayığını bir kez daha yeşile boyuyor.",
        "Karşıya geçmek isteyen, iskeledeki çanı çalar ve biri gelene kadar bekler.",
        "Ana sayfa|Haberler|Hava durumu|Giriş",
        "Paylaş|Gönder|Yazdır",
        "Bunlar da ilginizi çekebilir|Yeni köprü gecikiyor|Sular çekiliyor|Pazar taşınıyor",
        "Künye|Gizlilik|Tüm hakları saklıdır",
    ),
    "Irish": (
        "Fanfaidh an bád farantóireachta",
        "Tá sé socraithe ó inné go mbeidh an bád beag ag dul trasna na habhann arís i mbliana.",
        "Bhí a chuid rudaí pacáilte ag fear an bháid cheana, ach tá sé ag péinteáil arís anois.",
        "An té ar mian leis dul trasna, buaileann sé an clog ar an gcé agus fanann sé.",
        "Baile|Nuacht|Aimsir|Logáil isteach",
        "Roinn|Seol|Priontáil",
        "Léigh freisin|Moill ar an droichead nua|Uisce ag ísliú|Margadh ag bogadh",
        "Teagmháil|Príobháideachas|Gach ceart ar cosaint",
    ),
    "Icelandic": (
        "Ferjan verður áfram",
        "Síðan í gær er ljóst að litla ferjan yfir ána siglir líka á næsta ári.",
        "Ferjumaðurinn var búinn að pakka saman, en nú málar hann bátinn sinn enn einu sinni.",
        "Sá sem vill komast yfir hringir bjöllunni við bryggjuna og bíður uns einhver kemur.",
        "Forsíða|Fréttir|Veður|Innskrá",
        "Deila|Senda|Prenta",
        "Lesið einnig|Nýju brúnni seinkar|Vatnið lækkar|Markaðurinn flytur",
        "Um okkur|Persónuvernd|Allur réttur áskilinn",
    ),
    "Yiddish": (
        "די פֿעריע בלײַבט",
        "זינט נעכטן ווייסט מען, אַז די קליינע פֿעריע איבערן טײַך וועט פֿאָרן אויך דאָס קומענדיקע יאָר.",
        "דער פֿעריעמאַן האָט שוין געהאַט אײַנגעפּאַקט זײַנע זאַכן, און איצט פֿאַרבט ער דאָס שיפֿל נאָך אַ מאָל.",
        "ווער עס וויל אַריבער, קלינגט מיטן גלאָק בײַם ברעג און וואַרט, ביז עמעצער קומט.",
        "היים|נײַעס|וועטער|אַרײַנלאָגירן",
        "טיילן|שיקן|דרוקן",
        "לייענט אויך|די נײַע בריק פֿאַרשפּעטיקט זיך|דאָס וואַסער פֿאַלט|דער מאַרק ציט זיך אַריבער",
        "וועגן אונדז|פּריוואַטקייט|אַלע רעכט רעזערווירט",
    ),
}  # fmt: skip


def links(words, kind="li"):
    return "".join(
        f'<{kind}><a href="/{number}">{word}</a></{kind}>'
        for number, word in enumerate(words.split("|"))
    )


def modern(title, paragraphs, menu, share, related, foot):
    """A page of elements that say what they are."""
    heading, _, more = related.partition("|")
    return (
        f"<header><nav><ul>{links(menu)}</ul></nav></header><main><article><h1>{title}</h1>"
        f'<div class="share-buttons"><ul>{links(share)}</ul></div>'
        f"{''.join(f'<p>{paragraph}</p>' for paragraph in paragraphs)}</article></main>"
        f"<aside><h3>{heading}</h3><ul>{links(more)}</ul></aside>"
        f"<footer>{links(foot, 'span')}</footer>"
    )


def plain(title, paragraphs, menu, share, related, foot):
    """A page of divisions whose names say nothing."""
    heading, _, more = related.partition("|")
    return (
        f'<div id="a1">{links(menu, "span")}</div><div id="a2"><h1>{title}</h1>'
        f"{''.join(f'<p>{paragraph}</p>' for paragraph in paragraphs)}"
        f'<div class="c7">{links(share, "span")}</div></div>'
        f'<div id="a3"><div>{heading}</div>{links(more, "div")}</div>'
        f'<div id="a4">{links(foot, "span")}</div>'
    )


def tables(title, paragraphs, menu, share, related, foot):
    """A page as it was made in the nineties."""
    heading, _, more = related.partition("|")
    return (
        f"<table><tr><td colspan=2>{links(menu, 'font')}</td></tr><tr><td><b>{heading}</b><br>"
        f"{'<br>'.join(links(one, 'font') for one in more.split('|'))}</td><td><h1>{title}</h1>"
        f"{''.join(f'<p>{paragraph}</p>' for paragraph in paragraphs)}"
        f"<font size=1>{links(share, 'font')}</font></td></tr>"
        f"<tr><td colspan=2>{links(foot, 'font')}</td></tr></table>"
    )


@pytest.mark.parametrize("markdown", [False, True], ids=["text", "markdown"])
@pytest.mark.parametrize("build", [modern, plain, tables])
@pytest.mark.parametrize("language", PAGES)
def test_the_story_is_in_and_its_furniture_is_out(language, build, markdown):
    title, *paragraphs, menu, share, related, foot = PAGES[language]
    body = build(title, paragraphs, menu, share, related, foot)
    html = f"<html><head><title>{title}</title></head><body>{body}</body></html>"
    lines = main_text(html, markdown=markdown).text.split("\n")
    assert all(paragraph in lines for paragraph in paragraphs)
    for word in "|".join((menu, share, related, foot)).split("|"):
        assert not any(word in line for line in lines), word
