"""What asks for consent is left out, what is about consent stays."""

import pytest

from florilegium.pipelines.blocks.extract import main_text

STORY = {
    "deu": (
        "Der Leuchtturm von Westerheve wurde 1908 gebaut und weist seither den Schiffen den Weg.",
        "Der letzte Wärter zog 1979 aus, seitdem schaltet ein Rechner die Lampe am Abend an.",
        "In den beiden Häusern daneben wird heute geheiratet, und im Sommer gibt es Führungen.",
    ),
    "ces": (
        "Rozhledna na kopci stojí od roku 1891 a za jasného dne je z ní vidět až na hory.",
        "Postavili ji dobrovolníci za jediné léto, kámen vozili na voze taženém dvěma koňmi.",
        "Dnes se o ni stará spolek, který každou neděli otevírá a vaří návštěvníkům čaj.",
    ),
}
"""Three paragraphs each."""

ASKING = {
    "eng": "We value your privacy. We and our 842 partners store information on a device.",
    "deu": "Wir verwenden Cookies und ähnliche Techniken. Mit Ihrer Zustimmung zeigen wir Werbung.",
    "ces": "Používáme soubory cookie, abychom vám mohli nabídnout lepší obsah. Souhlasíte s tím?",
    "pol": "Używamy plików cookie, aby dopasować reklamy. Czy wyrażasz na to zgodę?",
    "dan": "Vi bruger cookies til at vise dig relevante annoncer. Giver du dit samtykke til det?",
    "ell": "Χρησιμοποιούμε cookies για να βελτιώσουμε την εμπειρία σας. Συμφωνείτε με αυτό;",
}

SYSTEMS = [
    "id='onetrust-consent-sdk'", "id='onetrust-banner-sdk' class='otFlat bottom'",
    "id='CybotCookiebotDialog'", "id='cookiebanner' class='CybotEdge'", "id='usercentrics-root'",
    "id='didomi-host'", "class='didomi-popup-container'", "id='cmplz-cookiebanner-container'",
    "class='cmplz-message'", "id='BorlabsCookieBox'", "class='borlabs-cookie'",
    "id='sp_message_container_618909'", "class='qc-cmp2-container' id='qc-cmp2-container'",
    "id='iubenda-cs-banner'", "id='tarteaucitronRoot'", "id='tarteaucitronAlertBig'",
    "id='axeptio_overlay'", "id='axeptio_main_button'", "id='klaro'", "class='cookie-notice'",
    "class='cc-window cc-banner'", "id='cookie-law-info-bar'", "id='CookieConsent'",
    "class='gdpr-bar'", "id='gdprModal'", "class='cookieBar'", "id='cookies-eu-banner'",
]  # fmt: skip

NATIVE = [
    "id='souhlas'", "class='cookie-souhlas'", "class='souhlas-lista'", "id='zgoda'",
    "class='zgoda-rodo'", "id='rodo'", "class='rodo-popup'", "id='rodoModal'", "id='datenschutz'",
    "class='datenschutz-hinweis'", "id='samtykke'", "class='cookie-samtykke'", "class='Samtykke'",
    "id='samtycke'", "id='suhlas'", "id='hozzajarulas'", "id='consentement'",
    "id='consentimiento'", "class='evaste-ilmoitus'", "class='slapukai'", "class='piskotki'",
    "class='sutik'", "class='kolacici'", "id='sikdatnes'", "class='kupsised'", "id='evasteet'",
    "class='informasjonskapsler'", "id='toestemming'",
]  # fmt: skip


def page(banner, language, article, before=True):
    title = "Westerheve"
    body = f"<h1>{title}</h1>" + "".join(f"<p>{each}</p>" for each in STORY[language])
    body = f"<article>{body}</article>" if article else f"<div class='w3'>{body}</div>"
    parts = [banner, body] if before else [body, banner]
    return (
        f"<html><head><title>{title}</title></head><body><nav><ul><li><a href='/'>Start</a>"
        f"<li><a href='/a'>Archiv</a></ul></nav>{''.join(parts)}<footer>© 2024</footer>"
    )


@pytest.mark.parametrize("before", [True, False], ids=["before", "behind"])
@pytest.mark.parametrize("article", [True, False], ids=["article", "no article"])
@pytest.mark.parametrize("mark", [*SYSTEMS, *NATIVE])
def test_a_banner_is_left_out_and_the_story_stays(mark, article, before):
    for language, asking in ASKING.items():
        banner = (
            f"<div {mark}><div><h2>Cookies</h2><p>{asking}</p><p>{asking[::-1]}</p></div>"
            "<button>OK</button></div>"
        )
        story = "ces" if language == "ces" else "deu"
        text = main_text(page(banner, story, article, before)).text
        assert asking not in text, language
        assert all(paragraph in text for paragraph in STORY[story]), language


LONG_FURNITURE = (
    "<footer>" + "<p>Alle Angaben ohne Gewähr, alle Rechte vorbehalten.</p>" * 12 + "</footer>"
)


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<div id='datenschutz'><h1>Datenschutz im Turm</h1>", "</div>"),
        ("<article class='cookie-info'><h2>Cookies</h2>", "</article>"),
        ("<div class='page-datenschutz'><main><h2>Cookies</h2>", "</main></div>"),
        ("<div class='rodo'><h1>RODO</h1>", "</div>"),
        ("<div class='cookie-notice-page gdpr'><h1>Cookies</h1>", "</div>"),
        ("<div class='prodotto scheda'><h2>Torre</h2>", "</div>"),
        ("<article class='post category-cookies-bars'><h2>Cookies</h2>", "</article>"),
        ("<div class='rodovia'><h2>Torre</h2>", "</div>"),
        ("<div class='niezgoda'><h2>Torre</h2>", "</div>"),
    ],
)
@pytest.mark.parametrize("banner", ["", f"<div id='onetrust-banner-sdk'>{ASKING['deu']}</div>"])
def test_a_page_about_consent_keeps_its_text(opening, closing, banner):
    body = "".join(f"<p>{paragraph}</p>" for paragraph in STORY["deu"])
    html = f"<body>{banner}{opening}{body}{closing}{LONG_FURNITURE}</body>"
    text = main_text(html).text
    assert all(paragraph in text for paragraph in STORY["deu"])
    assert ASKING["deu"] not in text
