"""Pages that name licences, written for these tests, with what a person would say of each.

A case is its language, what it is about, what stands in the head and at which place of the body,
and the licence and tier expected; None for a page whose own text is under no stated licence.
"""

# ruff: noqa: E501 (a page reads better on one line)

from typing import NamedTuple

CC = "https://creativecommons.org/licenses"
ZERO = "https://creativecommons.org/publicdomain/zero/1.0/"
ALL = "LicenseRef-all-rights-reserved"


class Case(NamedTuple):
    lang: str
    about: str
    licence: str | None
    tier: str | None
    head: str = ""
    body: str = ""
    footer: str = ""
    header: str = ""

    @property
    def html(self):
        filler = "<p>Hier steht nur Text, in dem von nichts anderem die Rede ist.</p>\n" * 30
        return (
            f"<html lang={self.lang}><head><title>t</title>{self.head}</head><body>"
            f"<main>{filler}{self.body}{filler}</main>{self.footer}</body></html>"
        )


def ld(source):
    return f'<script type="application/ld+json">{source}</script>'


def a(href, text, rel=""):
    return f'<a {f"rel={rel} " if rel else ""}href="{href}">{text}</a>'


MACHINES = [
    Case("en", "link", "CC-BY-4.0", "A", f'<link rel="license" href="{CC}/by/4.0/">'),
    Case("de", "link to a German port", "CC-BY-SA-3.0-DE", "A",
         f'<link rel="license" href="{CC}/by-sa/3.0/de/deed.de">'),
    Case("it", "a port that SPDX has no name for", "CC-BY-NC-2.5", "A",
         '<link rel="license" href="http://www.creativecommons.org/licenses/by-nc/2.5/it/">'),
    Case("fr", "legal code of an intergovernmental port", "CC-BY-3.0-IGO", "A",
         f'<link rel="license" href="{CC}/by/3.0/igo/legalcode">'),
    Case("nl", "meta by Dublin Core", "CC0-1.0", "A", f'<meta name="dcterms.license" content="{ZERO}">'),
    Case("pl", "meta in words", "CC-BY-SA-4.0", "A",
         '<meta name="dc.rights" content="Treść na licencji CC BY-SA 4.0">'),
    Case("cs", "meta by identifier", "CC-BY-NC-4.0", "A", '<meta name=license content="cc-by-nc-4.0">'),
    Case("da", "meta with an address in a sentence", "CC-BY-4.0", "A",
         f'<meta name="copyright" content="Licens: {CC}/by/4.0/.">'),
    Case("sv", "Open Graph", "CC-BY-ND-4.0", "A", f'<meta property="og:license" content="{CC}/by-nd/4.0">'),
    Case("es", "linked data of the page", "CC-BY-4.0", "A",
         ld(f'{{"@type":"WebPage","license":"{CC}/by/4.0/"}}')),
    Case("pt", "linked data in a graph, slashes escaped", "CC-BY-SA-4.0", "A",
         ld('{"@graph":[{"@type":"Organization"},{"@type":"Article","license":'
            '"https:\\/\\/creativecommons.org\\/licenses\\/by-sa\\/4.0\\/"}]}')),
    Case("ro", "linked data, licence as an object", "CC-BY-NC-SA-4.0", "A",
         ld(f'{{"@type":"BlogPosting","license":{{"@type":"CreativeWork","url":"{CC}/by-nc-sa/4.0/"}}}}')),
    Case("hu", "linked data, main entity", "CC-BY-4.0", "A",
         ld(f'{{"@type":"WebPage","mainEntity":{{"@type":"NewsArticle","license":"{CC}/by/4.0/"}}}}')),
    Case("fi", "linked data of the site", "CC-BY-4.0", "B",
         ld(f'{{"@type":"WebSite","license":"{CC}/by/4.0/"}}')),
    Case("sk", "linked data, part of a licensed site", "CC-BY-SA-4.0", "B",
         ld(f'{{"@type":"WebPage","isPartOf":{{"@type":"WebSite","license":"{CC}/by-sa/4.0/"}}}}')),
    Case("sl", "linked data about this very page", "CC-BY-4.0", "A",
         ld(f'{{"@type":"Article","url":"https://host.example/page/","license":"{CC}/by/4.0/"}}')),
    Case("et", "response", "CC-BY-SA-4.0", "A", header=f"<{CC}/by-sa/4.0/>; rel=license"),
    Case("lv", "microdata of an article", "CC-BY-4.0", "A",
         body='<article itemscope itemtype="https://schema.org/Article">'
              f'<a itemprop="license" href="{CC}/by/4.0/">l</a></article>'),
    Case("lt", "RDFa without a subject", "CC-BY-4.0", "A",
         body=f'<p><a property="dct:license" href="{CC}/by/4.0/">l</a></p>'),
    Case("hr", "a choice of two alike", "CC-BY-SA-3.0", "A",
         f'<link rel=license href="{CC}/by-sa/3.0/">',
         footer=f'<footer>{a("https://www.gnu.org/copyleft/fdl.html", "GFDL")}</footer>'),
    Case("en", "documentation under a licence for software", "Apache-2.0", "A",
         '<link rel=license href="https://www.apache.org/licenses/LICENSE-2.0.txt">'),
    Case("en", "documentation under MIT", "MIT", "A", '<meta name=license content=MIT>'),
    Case("en", "a repeated key of linked data", "CC-BY-NC-4.0", "A",
         ld(f'{{"@type":"Article","license":"{CC}/by/4.0/","license":"{CC}/by-nc/4.0/"}}')),
]  # fmt: skip

FOOTERS = [
    Case("de", "footer, marked", "CC-BY-SA-4.0", "B",
         footer=f'<footer>Inhalte stehen unter {a(CC + "/by-sa/4.0/deed.de", "CC BY-SA", "license")}</footer>'),
    Case("en", "footer, a badge", "CC-BY-NC-ND-4.0", "B",
         footer=f'<div id=footer><a rel=license href="{CC}/by-nc-nd/4.0/">'
                '<img src="https://i.creativecommons.org/l/by-nc-nd/4.0/88x31.png"></a></div>'),
    Case("fr", "footer", "CC-BY-SA-3.0", "C",
         footer=f'<footer><img src=logo.png>Contenu sous {a(CC + "/by-sa/3.0/fr/", "licence CC")}</footer>'),
    Case("fr", "Etalab", "etalab-2.0", "C",
         footer='<footer>Sauf mention contraire, les contenus sont sous '
                f'{a("https://www.etalab.gouv.fr/licence-ouverte-open-licence/", "licence etalab-2.0")}</footer>'),
    Case("en", "Crown copyright", "OGL-UK-3.0", "C",
         footer='<footer>All content is available under the '
                + a("https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
                    "Open Government Licence v3.0") + ", except where stated</footer>"),
    Case("cy", "Crown copyright in Welsh", "OGL-UK-3.0", "B",
         footer='<footer>Mae\'r holl gynnwys ar gael o dan y '
                + a("http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
                    "Drwydded", "license") + "</footer>"),
    Case("de", "data licence Germany", "DL-DE-BY-2.0", "C",
         footer=f'<footer>Texte: {a("https://www.govdata.de/dl-de/by-2-0", "dl-de/by-2-0")}</footer>'),
    Case("nb", "NLOD", "NLOD-2.0", "C",
         footer=f'<footer>Innhold: {a("https://data.norge.no/nlod/no/2.0", "NLOD")}</footer>'),
    Case("es", "footer in Spanish", "CC-BY-4.0", "C",
         footer=f'<footer>Los contenidos se publican bajo {a(CC + "/by/4.0/deed.es", "CC BY 4.0")}</footer>'),
    Case("pl", "footer in Polish", "CC-BY-NC-4.0", "C",
         footer=f'<div class=stopka>Treść strony dostępna na {a(CC + "/by-nc/4.0/", "licencji")}</div>'),
    Case("fi", "footer in Finnish", "CC-BY-4.0", "B",
         footer=f'<footer>Sisältö: {a(CC + "/by/4.0/deed.fi", "Nimeä 4.0", "license")}</footer>'),
    Case("el", "footer in Greek", "CC-BY-SA-4.0", "C",
         footer=f'<footer>Το περιεχόμενο διατίθεται με άδεια {a(CC + "/by-sa/4.0/", "CC")}</footer>'),
    Case("bg", "footer in Bulgarian", "CC-BY-SA-3.0", "C",
         footer=f'<footer>Текстът е достъпен под лиценз {a(CC + "/by-sa/3.0/", "CC")}</footer>'),
    Case("uk", "footer in Ukrainian", "CC-BY-4.0", "B",
         footer=f'<footer>Вміст доступний на умовах {a(CC + "/by/4.0/", "ліцензії", "license")}</footer>'),
    Case("pt", "footer in Portuguese", "CC-BY-NC-SA-4.0", "C",
         footer=f'<footer>Conteúdo sob {a(CC + "/by-nc-sa/4.0/deed.pt", "licença")}</footer>'),
    Case("it", "footer in Italian", "CC-BY-SA-4.0", "C",
         footer=f'<footer>I testi sono sotto {a(CC + "/by-sa/4.0/deed.it", "licenza")}</footer>'),
    Case("eu", "footer in Basque", "CC-BY-SA-3.0", "C",
         footer=f'<footer>Edukia: {a(CC + "/by-sa/3.0/es/", "lizentzia")}</footer>'),
    Case("ca", "footer in Catalan", "CC-BY-SA-3.0", "B",
         footer=f'<footer>El contingut està sota {a(CC + "/by-sa/3.0/", "llicència", "license")}</footer>'),
    Case("ga", "footer in Irish", "CC-BY-4.0", "C",
         footer=f'<footer>Tá an t-ábhar faoi {a(CC + "/by/4.0/", "cheadúnas")}</footer>'),
    Case("is", "footer in Icelandic", "CC-BY-SA-4.0", "C",
         footer=f'<footer>Efni er gefið út undir {a(CC + "/by-sa/4.0/", "leyfi")}</footer>'),
    Case("hu", "a sentence with a link", "CC-BY-4.0", "C",
         body=f'<p>A tartalom a {a(CC + "/by/4.0/", "CC BY 4.0")} licenc alatt elérhető.</p>'),
    Case("sv", "a sentence with a marked link", "CC-BY-4.0", "C",
         body=f'<p>Texten är licensierad {a(CC + "/by/4.0/", "CC BY 4.0", "license")}.</p>'),
    Case("sr", "a sentence in Serbian", "CC-BY-SA-4.0", "C",
         body=f'<p>Садржај је доступан под {a(CC + "/by-sa/4.0/", "лиценцом")}.</p>'),
    Case("en", "museum", "LicenseRef-rightsstatements-InC-1.0", "C",
         footer=f'<footer>{a("http://rightsstatements.org/vocab/InC/1.0/", "In copyright")}</footer>'),
    Case("en", "no version", "LicenseRef-CC-BY-SA", "C",
         footer=f'<footer>{a(CC + "/by-sa/", "CC BY-SA")}</footer>'),
    Case("de", "wiki under the GFDL", "GFDL-1.3-only", "C",
         footer=f'<footer>Text: {a("https://www.gnu.org/licenses/fdl-1.3.html", "GFDL 1.3")}</footer>'),
    Case("mt", "European Union licence", "EUPL-1.2", "C",
         footer="<footer>" + a("https://joinup.ec.europa.eu/collection/eupl/eupl-text-eupl-12", "EUPL")
                + "</footer>"),
]  # fmt: skip

WORDS = [
    Case("de", "all rights", ALL, "C", footer="<footer>© 2024 Verlag. Alle Rechte vorbehalten.</footer>"),
    Case("fr", "all rights", ALL, "C", footer="<footer>© 2024 – Tous droits réservés</footer>"),
    Case("ru", "all rights", ALL, "C", footer="<footer>Все права защищены.</footer>"),
    Case("el", "all rights", ALL, "C", footer="<footer>Με επιφύλαξη παντός δικαιώματος</footer>"),
    Case("cs", "all rights", ALL, "C", footer="<footer>Všechna práva vyhrazena</footer>"),
    Case("fi", "all rights", ALL, "C", footer="<footer>Kaikki oikeudet pidätetään.</footer>"),
    Case("tr", "all rights", ALL, "C", footer="<footer>Tüm hakları saklıdır.</footer>"),
    Case("hr", "all rights", ALL, "C", footer="<footer>Sva prava pridržana</footer>"),
    Case("de", "named in the footer without a link", "CC-BY-SA-4.0", "D",
         footer="<footer>Creative Commons Namensnennung - Weitergabe unter gleichen Bedingungen 4.0</footer>"),
    Case("fr", "named in the footer without a link", "CC-BY-NC-ND-3.0", "D",
         footer="<footer>Creative Commons Attribution - Pas d’Utilisation Commerciale - Pas de "
                "Modification 3.0 France</footer>"),
    Case("pl", "named in the text", "CC-BY-SA-3.0", "D",
         body="<p>Udostępniono na licencji Creative Commons: uznanie autorstwa, na tych samych "
              "warunkach 3.0.</p>"),
    Case("it", "named in the text", "CC-BY-NC-4.0", "D",
         body="<p>Pubblicato con licenza Creative Commons Attribuzione - Non commerciale 4.0.</p>"),
    Case("nl", "some link", "CC-BY-4.0", "D",
         body=f'<p>Zie ook {a(CC + "/by/4.0/", "de licentie")} elders.</p>'),
]  # fmt: skip
