import hashlib
import json
import time
from importlib import metadata, resources

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from florilegium.pipelines.blocks.context import expect
from florilegium.pipelines.blocks.extract import main_text
from florilegium.pipelines.blocks.features import features
from florilegium.pipelines.blocks.layout import magnitude
from florilegium.pipelines.blocks.model import STEPS, Trees, from_bytes, shipped_model, to_bytes
from florilegium.pipelines.blocks.page import read_page
from florilegium.pipelines.blocks.walk import MAX_BLOCKS, walk
from florilegium.pipelines.pages.extract import Extracted, Extraction, Extractor

MENU = """<header><a href="/">{site}</a></header><nav class="menu"><ul>{links}</ul></nav>"""
END = """<aside class="sidebar"><h3>{more}</h3><ul>{teasers}</ul></aside>
<footer><p>© 2024 {site}</p><a href="/i">{imprint}</a> <a href="/k">{contact}</a></footer>"""


def items(*texts):
    return "".join(f'<li><a href="/{number}">{text}</a></li>' for number, text in enumerate(texts))


def page(main, title="Seite", site="Almanach", head=""):
    menu = MENU.format(site=site, links=items("Start", "Archiv", "Termine", "Anmelden"))
    end = END.format(
        site=site,
        more="Mehr",
        teasers=items("Ein anderer Beitrag", "Noch ein Beitrag", "Der dritte Beitrag"),
        imprint="Impressum",
        contact="Kontakt",
    )
    return (
        f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body>{menu}"
        f'<div class="page">{main}</div>{end}</body></html>'
    )


ARTICLES = {
    "Danish": (
        "Fyret på odden",
        "Fyret på odden har lyst for skibene siden 1846, og i år får det endelig nyt tag.",
        "Håndværkerne begyndte i marts, da isen var smeltet, og de regner med at være færdige før"
        " efterårets storme.",
        "Naboerne har samlet penge ind i tre år, og kommunen har lagt det sidste til.",
    ),
    "Czech": (
        "Mlýn u řeky",
        "Starý mlýn u řeky stál prázdný čtyřicet let, než ho koupila skupina sousedů.",
        "Opravili kolo, vyměnili trámy a na podzim v něm poprvé po dlouhé době semleli žito.",
        "Mouku dnes prodávají na trhu a peníze vracejí do oprav střechy.",
    ),
    "Bulgarian": (
        "Пощата в планината",
        "Пощата в планинското село работи само два дни в седмицата, но никой не се оплаква.",
        "Раздавачът изминава двадесет километра пеша и познава всяко куче по пътя.",
        "През зимата писмата чакат по-дълго, защото снегът затваря прохода за седмици.",
    ),
    "Greek": (
        "Το καΐκι του παππού",
        "Το παλιό καΐκι έμεινε δέκα χρόνια στην ξηρά, μέχρι που τα εγγόνια το έσωσαν.",
        "Δούλεψαν δύο καλοκαίρια, άλλαξαν τις σανίδες και το έβαψαν ξανά γαλάζιο.",
        "Τώρα βγαίνει κάθε Κυριακή από το λιμάνι, και όλο το χωριό το χαιρετά.",
    ),
    "Finnish": (
        "Kylän viimeinen kauppa",
        "Kylän viimeinen kauppa suljettiin keväällä, ja asukkaat perustivat oman osuuskunnan.",
        "Hyllyille tuotiin leipää, maitoa ja nauloja, ja kahvia sai keittiöstä ilmaiseksi.",
        "Nyt kaupassa käydään enemmän kuin ennen, koska siellä tapaa naapurit.",
    ),
}


@pytest.mark.parametrize("language", ARTICLES)
def test_an_article_is_found_and_what_surrounds_it_is_not(language):
    title, *paragraphs = ARTICLES[language]
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    text = main_text(page(f'<div class="x1"><h1>{title}</h1>{body}</div>', title)).text
    assert all(paragraph in text for paragraph in paragraphs)
    for furniture in ("Archiv", "Anmelden", "Noch ein Beitrag", "Impressum", "2024"):
        assert furniture not in text


def test_posts_of_a_forum_are_found():
    posts = [
        "Meine Tomaten bekommen seit dem Regen braune Flecken auf den unteren Blättern. Was tun?",
        "Das ist die Braunfäule. Nimm die Blätter sofort ab und gieße nur noch unten.",
        "Bei mir hat ein Dach aus Folie geholfen, seitdem ist Ruhe im Beet.",
        "Danke euch beiden! Ich baue am Wochenende eines und berichte dann.",
    ]
    thread = "".join(
        f'<div class="post"><div class="user"><a href="/u/{number}">Gast{number}</a></div>'
        f'<div class="message">{text}</div></div>'
        for number, text in enumerate(posts)
    )
    text = main_text(page(f'<div class="thread"><h1>Tomaten</h1>{thread}</div>', "Tomaten")).text
    assert all(post in text for post in posts)
    assert "Impressum" not in text


def test_a_page_that_is_one_list_is_not_empty():
    entries = [f"Der {number}. Eintrag der Liste, mit etwas Text dahinter." for number in range(40)]
    text = main_text("<ul>" + "".join(f"<li>{entry}</li>" for entry in entries) + "</ul>").text
    assert text.split("\n")[:2] == [f"- {entry}" for entry in entries[:2]]
    assert len(text.split("\n")) >= 20


def test_cells_of_a_row_share_a_line():
    rows = [("Januar", "31 Tage", "kalt"), ("Februar", "28 Tage", "kälter"), ("März", "31", "mild")]
    table = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    title, *paragraphs = ARTICLES["Danish"]
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    text = main_text(page(f"<article><h1>{title}</h1>{body}<table>{table}</table>{body}</article>"))
    assert "Januar | 31 Tage | kalt\nFebruar | 28 Tage | kälter\n" in text.text


def test_code_keeps_its_indentation():
    code = "def twice(x):\n    if x:\n        return 2 * x\n\n    return 0"
    title, *paragraphs = ARTICLES["Danish"]
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    text = main_text(page(f"<article><h1>{title}</h1>{body}<pre>{code}</pre>{body}</article>")).text
    assert code in text


def test_verses_keep_their_lines():
    verses = (
        "Der Abend kommt, die Glocken schweigen,<br>der Fluss zieht langsam durch das Land,<br>\n"
        "die Nebel aus den Wiesen steigen<br>und legen sich auf Stein und Sand.<br><br>"
        "Ein Licht geht an in jenem Hause,<br>das lange leer am Ufer stand.<br>"
    )
    text = main_text(page(f"<article><h1>Abend</h1><p>{verses}</p></article>", "Abend")).text
    assert (
        "Der Abend kommt, die Glocken schweigen,\nder Fluss zieht langsam durch das Land,\n"
        "die Nebel aus den Wiesen steigen\nund legen sich auf Stein und Sand.\n\n"
        "Ein Licht geht an in jenem Hause,\ndas lange leer am Ufer stand." in text
    )


CONSENT = [
    "id='onetrust-banner-sdk'", "id='CybotCookiebotDialog'", "id='usercentrics-root'",
    "id='didomi-host'", "class='cmplz-cookiebanner'", "id='BorlabsCookieBox'",
    "id='sp_message_container_1'", "class='qc-cmp2-container'", "id='iubenda-cs-banner'",
    "id='tarteaucitronRoot'", "id='axeptio_overlay'", "class='cookie-banner'", "id='souhlas'",
    "class='zgoda-box'", "id='rodo'", "id='datenschutz-hinweis'", "id='samtykke'",
]  # fmt: skip


@pytest.mark.parametrize("mark", CONSENT)
def test_a_banner_of_a_consent_system_is_left_out(mark):
    title, *paragraphs = ARTICLES["Finnish"]
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    asking = "Wir und unsere Partner speichern Informationen auf Ihrem Gerät, wenn Sie zustimmen."
    banner = f"<div {mark}><div><p>{asking}</p></div></div>"
    text = main_text(page(f"{banner}<div><h1>{title}</h1>{body}</div>", title)).text
    assert paragraphs[0] in text
    assert asking not in text


def test_a_page_wrapped_in_a_name_of_consent_keeps_its_text():
    title, *paragraphs = ARTICLES["Finnish"]
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    text = main_text(f"<body><div id='datenschutz'><h1>{title}</h1>{body}</div></body>").text
    assert all(paragraph in text for paragraph in paragraphs)


def test_what_stands_in_noscript_is_read():
    title, *paragraphs = ARTICLES["Czech"]
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    assert paragraphs[1] in main_text(f"<body><noscript><h1>{title}</h1>{body}</noscript>").text


def test_a_page_without_text_gives_none():
    for html in (
        "",
        "<html>",
        "<script>if (a < b) { c() }</script>",
        "<frameset><frame></frameset>",
    ):
        assert main_text(html) == ("", 0.0)


# What a page may be made of, so that chance puts it together in all ways.
PIECES = """<p>|</p>|<div>|</div>|<ul>|<li>|</ul>|<a>|</a>|<b>|</b>|<br>|<pre>|</pre>|<table>|<tr>
|<td>|</table>|<script>|</script>|<svg>|</svg>|<noscript>|</noscript>|<!--|-->|<title>|<textarea>|<select>
|<option>|</select>|<template>|<xmp>|</xmp>|<plaintext>|<frameset>|<h1>|</h1>|<math>|<style>|&lt;
|&amp;|&nbsp;|&#65;|<|>|&|/|=|"|'|!|?|x|y.|z,|ä|12.30|1999|<p class="a>|<i hidden>|<article>|<form>
|<iframe>|<body>|<hr>| """
MARKUP = st.lists(st.sampled_from(PIECES.split("|"))).map("".join)

SKIPPED = (
    "script style svg template iframe head select option textarea object embed video audio canvas"
    " map button datalist meter progress math title frameset noembed noframes"
)


def plain_walk(node):
    """Return the text under a node as the classifier should see it, slowly and simply."""
    child, found = node.first_child, []
    while child is not None:
        if child.tag == "-text":
            found.append(child.text_content)
        elif child.tag not in SKIPPED.split():
            found.append(plain_walk(child))
        child = child.next
    return "".join(found)


@given(MARKUP)
@settings(max_examples=150, deadline=None)
def test_the_walk_sees_the_text_the_parser_sees(html):
    body = LexborHTMLParser(html).body
    if body is None or body.tag != "body" or "<plaintext" in html:
        return
    walked = walk(body.inner_html)
    starts_and_ends = walked.blocks[:, :2].tolist()
    seen = "".join(walked.text[start:end] for start, end in starts_and_ends)
    assert "".join(seen.split()) == "".join(plain_walk(body).split())


@given(st.text(max_size=300) | MARKUP)
@settings(max_examples=150, deadline=None)
def test_any_string_gives_a_text_and_numbers_in_range(html):
    found = main_text(html)
    assert 0 <= found.confidence <= 1
    assert found == main_text(html)


@given(MARKUP)
@settings(max_examples=50, deadline=None)
def test_every_feature_is_a_number(html):
    read = read_page(html)
    if read is not None:
        found = features(read)
        assert found.names == shipped_model().features
        assert found.rows.shape == (len(found.names), len(read.blocks))
        assert np.isfinite(found.rows).all()
        assert len(set(found.names)) == len(found.names)


def test_the_child_says_who_found_a_text():
    title, *paragraphs = ARTICLES["Danish"]
    html = page(f"<article><h1>{title}</h1><p>{'</p><p>'.join(paragraphs)}</p></article>")
    # Text that is in no element: trafilatura looks into JSON-LD, blocks does not.
    article = json.dumps({"@type": "Article", "articleBody": " ".join(paragraphs)})
    hidden = f'<html><body><script type="application/ld+json">{article}</script></body></html>'
    with Extractor(Extraction(policy="blocks")) as extractor:
        found, other = extractor.extract(html), extractor.extract(hidden)
    assert isinstance(found, Extracted)
    text, confidence = main_text(html)
    version = f"blocks {metadata.version('florilegium')} {shipped_model().digest[:8]}"
    assert found == Extracted(text, version, round(confidence, 4))
    assert 0.5 < round(confidence, 4) < 1
    assert isinstance(other, Extracted)
    assert other.extractor == f"trafilatura {metadata.version('trafilatura')}"
    assert other.confidence is None
    assert paragraphs[1] in other.text


def test_a_text_does_not_depend_on_what_was_read_before():
    html = page("<article><h1>A</h1><p>" + " ".join(ARTICLES["Greek"][1:]) + "</p></article>")
    alone = main_text(html)
    for title, *paragraphs in ARTICLES.values():
        main_text(page(f"<h1>{title}</h1><p class='{title}'>" + "</p><p>".join(paragraphs)))
    assert main_text(html) == alone


HEAVY = {
    "divisions": "".join(
        f'<div class="c{n}"><a href="/{n}">{n}</a> text {n}</div>' for n in range(20_000)
    ),
    "items": "<ul>" + "<li>an item of a list" * 60_000,
    "cells": "<table>" + "<tr><td>1<td>2<td>3" * 20_000,
    "breaks": "a line of text<br>" * 100_000,
    "unclosed": "<a><font><i>text" * 300,
    "entities": "&amp;&lt;" * 100_000,
    "attributes": "<p " + " ".join(f'a{n}="{n}"' for n in range(900)) + ">text",
    "words": "<p>" + "word " * 500_000,
    "titles": "<title>" + "aaaa " * 5_000 + "</title>" + "<p>aaaaaaaa" * 20_000,
}


@pytest.mark.parametrize("kind", HEAVY)
def test_time_is_bounded_on_heavy_pages(kind):
    main_text("<p>warm")
    begun = time.process_time()
    assert main_text(HEAVY[kind]).text
    assert time.process_time() - begun < 5


def test_a_page_of_too_many_blocks_gives_no_text():
    assert walk("<p>a</p>" * (MAX_BLOCKS + 1)) is None


def test_the_card_describes_the_model():
    folder = resources.files("florilegium.pipelines.blocks")
    card = json.loads(folder.joinpath("blocks.json").read_text("utf-8"))
    model = folder.joinpath("blocks.npz").read_bytes()
    assert card["sha256"] == hashlib.sha256(model).hexdigest() == shipped_model().digest
    assert card["bytes"] == len(model) < 160_000
    assert card["features"] == len(shipped_model().features)
    floors = {"news all": 0.908, "articles": 0.944, "other types": 0.711, "segments": 0.932}
    scores = card["cross_validation"]["scores"]
    assert all(scores[group]["f1"] >= floor for group, floor in floors.items())


@given(st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_trees_say_what_following_their_questions_says(seed):
    chance = np.random.default_rng(seed)
    trees = Trees(
        chance.integers(0, 5, (7, 3)).astype(np.int32),
        chance.normal(size=(7, 3)).astype(np.float32),
        chance.integers(-3 * STEPS, 3 * STEPS, (7, 8)).astype(np.int16),
        0.25,
    )
    rows = chance.normal(size=(5, 9)).astype(np.float32)
    for block, likely in enumerate(trees.probability(rows)):
        odds = trees.bias
        for feature, threshold, leaf in zip(*trees[:3], strict=True):
            answers = [rows[f, block] > t for f, t in zip(feature, threshold, strict=True)]
            odds += leaf[sum(yes << level for level, yes in enumerate(answers))] / STEPS
        assert likely == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-4)


def test_the_less_sure_a_page_is_the_lower_is_its_limit():
    characters = np.array([10.0, 10.0, 20.0])
    assert expect(np.array([1.0, 1.0, 0.0]), characters) == (1.0, 0.5)
    assert expect(np.array([0.5, 0.5, 0.0]), characters) == (pytest.approx(2 / 3), 0.125)


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 9)), min_size=1, max_size=9))
def test_a_block_more_likely_than_not_is_always_taken(blocks):
    likely, characters = np.array(blocks).T
    expected = expect(likely, characters)
    assert (likely[likely > 0.5] >= expected.limit).all()
    assert 0 <= expected.f1 <= 1 + 1e-9


def test_a_model_is_read_as_it_was_written():
    model = shipped_model()
    parts = {"first": model.first, "second": model.second}
    data = to_bytes(parts, model.features)
    assert data == to_bytes(parts, model.features)
    again = from_bytes(data)
    assert again.features == model.features
    assert all(
        np.array_equal(a, b) for a, b in zip(again.second[:3], model.second[:3], strict=True)
    )


def test_a_magnitude_is_exact_at_powers_of_two_and_rises_between():
    assert magnitude(np.array([0.0, 1.0, 3.0, 7.0, 1023.0])).tolist() == [0, 1, 2, 3, 10]
    assert (np.diff(magnitude(np.arange(500.0))) > 0).all()
