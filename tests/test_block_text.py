"""The text of chosen blocks, as plain text and as Markdown, whole pages and any scrap of markup."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from written import PARSER, plain, rendered, texts

from florilegium.filters.normalise import normalise
from florilegium.filters.personal import find, mask
from florilegium.pipelines.blocks import walk as block_walk
from florilegium.pipelines.blocks.extract import main_text
from florilegium.pipelines.blocks.lists import MAX_ITEM_BLOCKS
from florilegium.pipelines.blocks.page import read_page
from florilegium.pipelines.blocks.text import write


def test_headings_and_paragraphs():
    body = "<h1>Der Deich</h1><p>Er hält.</p><h3>Früher <i>und</i><br>heute</h3><p>Ein Absatz.</p>"
    assert plain(body) == "Der Deich\nEr hält.\n\nFrüher und\nheute\n\nEin Absatz."
    assert texts(body)[1] == "# Der Deich\n\nEr hält.\n\n### Früher und heute\n\nEin Absatz."


def test_a_heading_that_nobody_closed_makes_no_headings_of_a_page():
    body = "<h2>Titel<div>eins</div><div>zwei</div><div>drei</div>"
    assert "#" not in texts(body)[1]


NESTED = (
    "<ul><li>Milch<li>Mehl<ul><li>Roggen<li>Weizen<ol><li>grob<li>fein</ol></ul>"
    "<li><p>Salz</p><p>aus dem Meer</p></ul>"
)


def test_lists_in_lists_are_further_in():
    assert plain(NESTED) == (
        "- Milch\n- Mehl\n  - Roggen\n  - Weizen\n    1. grob\n    2. fein\n- Salz\n  aus dem Meer"
    )
    assert rendered(NESTED).replace("<p>", "").replace("</p>", "") == (
        "<ul><li>Milch</li><li>Mehl<ul><li>Roggen</li><li>Weizen<ol><li>grob</li><li>fein</li></ol>"
        "</li></ul></li><li>Saltaus dem Meer</li></ul>".replace("Saltaus", "Salzaus")
    )


@pytest.mark.parametrize(
    ("given", "numbers"),
    [
        ("<ol><li>a<li>b<li>c</ol>", "123"),
        ('<ol start="4"><li>a<li>b<li>c</ol>', "456"),
        ('<ol><li>a<li value="7">b<li>c</ol>', "178"),
        ("<ol reversed><li>a<li>b<li>c</ol>", "321"),
        ('<ol start="-2"><li>a<li>b<li>c</ol>', "123"),
        ("<ol><li><a href=x>a</a><li><a href=y>b</a><li><a href=z>c</a></ol>", "123"),
        ("<ol start=5 reversed><li><a href=x>a</a><li><a href=y>b</a><li>c</ol>", "543"),
    ],
)
def test_items_bear_the_numbers_a_browser_shows(given, numbers):
    assert plain(given) == "\n".join(f"{n}. {a}" for n, a in zip(numbers, "abc", strict=True))


LINES = ["one<br>uno", "two<br>due"]


def test_items_of_links_are_told_apart_from_the_lines_within_them():
    linked = "".join(f"<li><a>{lines}</a>" for lines in LINES)
    assert plain(f"<ol>{linked}</ol>") == "1. one\n   uno\n\n2. two\n   due"
    assert texts(f"<ul>{linked}<li>end</ul>")[1] == "- one\\\n  uno\n- two\\\n  due\n- end"
    kept = linked.replace("<a>", "<a style='white-space:pre-line'>").replace("<br>", "\n\n")
    assert rendered(f"<ol>{kept}</ol>") == rendered(f"<ol>{linked}</ol>")


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("<a>a</a><br><br><a>b</a>|<a>c</a>", "1. a\n   b\n2. c"),
        ("<a>a</a>||<a>b</a>", "1. a\n3. b"),
        ("<a>a</a>|<!-- <li> --><a title='<li>'>b</a>|<a>c</a>", "1. a\n2. b\n3. c"),
    ],
)
def test_each_joined_item_bears_its_own_number(items, expected):
    assert plain("<ol><li>" + items.replace("|", "</li><li>") + "</ol>") == expected
    assert plain("<ol><li><a>a</a><li value=7><a>b</a><li><a>c</a></ol>") == "1. a\n7. b\n8. c"


def test_more_joined_items_than_blocks_may_be_are_told_under_one_number(monkeypatch):
    html = "<body><p>x</p><ol>" + "<li><a>y</a>" * 9 + "</ol>"
    page = read_page(html)
    monkeypatch.setattr(block_walk, "MAX_BLOCKS", 5)
    assert write(page, np.array([True, True])) == "x\n\n1. y" + "\n   y" * 8


def test_a_number_stays_when_items_before_it_are_left_out():
    page = read_page("<body><ol><li>eins<li>zwei<li>drei</ol>")
    assert write(page, np.array([False, True, True])) == "2. zwei\n3. drei"


def test_a_list_of_articles_is_layout():
    articles = "<li><h2>Titel</h2><p>Ein Absatz.</p></li>" * 2
    assert plain(f"<ul>{articles}</ul>") == "Titel\nEin Absatz.\n" * 1 + "Titel\nEin Absatz."
    long = "<li>" + "<p>Ein Absatz.</p>" * (MAX_ITEM_BLOCKS + 1)
    assert "- " not in plain(f"<ul>{long}</ul>")


def test_a_list_in_a_quotation_and_a_quotation_in_a_list():
    body = "<blockquote><p>Er sagte:</p><ul><li>ja<li>nein</ul></blockquote><p>Schluss.</p>"
    assert rendered(body) == (
        "<blockquote><p>Er sagte:</p><ul><li>ja</li><li>nein</li></ul></blockquote><p>Schluss.</p>"
    )
    assert plain(body) == "Er sagte:\n- ja\n- nein\nSchluss."
    body = "<ol start=3><li><p>drei</p><blockquote>Zitat</blockquote><li>vier</ol>"
    assert rendered(body).replace("<p>", "").replace("</p>", "") == (
        '<ol start="3"><li>drei<blockquote>Zitat</blockquote></li><li>vier</li></ol>'
    )


def test_a_list_that_begins_at_another_number_interrupts_no_paragraph():
    body = "<ul><li>eins<ol start=5><li>fünf<li>sechs</ol></ul>"
    assert '<ol start="5"><li>fünf</li><li>sechs</li></ol>' in rendered(body)


CODE = "  def twice(x):\n      if x:\n          return `2` * x  # ```\n\n      return 0"


@pytest.mark.parametrize(
    ("before", "after", "language"),
    [
        ("<pre>", "</pre>", ""),
        ('<pre><code class="language-python">', "</code></pre>", "python"),
        ('<div class="highlight-python notranslate"><div><pre>', "</pre></div></div>", "python"),
        ('<div class="highlight highlight-source-c++"><pre>', "</pre></div>", "c++"),
        ('<pre class="brush: java; gutter: true">', "</pre>", "java"),
        ('<pre class="sourceCode haskell"><code>', "</code></pre>", "haskell"),
        ('<pre data-lang="Rust">', "</pre>", "rust"),
        ('<pre class="language-text">', "</pre>", ""),
        ('<p class="language-x"></p><pre>', "</pre>", ""),
    ],
)
def test_code_keeps_its_indentation_and_its_language(before, after, language):
    body = f"<p>Vorher.</p>{before}{CODE}{after}<p>Nachher.</p>"
    assert plain(body) == f"Vorher.\n\n{CODE}\n\nNachher."
    token = next(token for token in PARSER.parse(texts(body)[1]) if token.type == "fence")
    assert (token.content, token.info) == (CODE + "\n", language)


def test_lines_of_code_in_elements_of_their_own_are_one_listing():
    body = "<pre><div>erst()</div><div>  dann()</div></pre>"
    assert texts(body)[1] == "```\nerst()\n  dann()\n```"


def test_code_in_an_item_stays_in_it():
    html = rendered("<ol><li>Tippe:<pre>a\n  b</pre><li>Fertig.</ol>")
    assert "<pre><code>a  b</code></pre></li><li>" in html


VERSES = ["Der Mond ist aufgegangen,", "die goldnen Sternlein prangen", "am Himmel hell und klar."]


@pytest.mark.parametrize(
    "body",
    [
        "<p>{}</p>".format("<br>".join(VERSES)),
        "<p>{}</p>".format("<br />\n".join(VERSES)),
        "<div>{}</div>".format("".join(f"<p>{verse}</p>" for verse in VERSES)),
        "<div>{}</div>".format("".join(f"<div>{verse}</div>" for verse in VERSES)),
        "<pre>{}</pre>".format("\n".join(VERSES)),
        '<p style="white-space: pre-line">{}</p>'.format("\n   ".join(VERSES)),
        '<p><span style="color:red;white-space:pre-wrap">{}</span></p>'.format("\n".join(VERSES)),
        '<div style="WHITE-SPACE: break-spaces">{}</div>'.format("\n".join(VERSES)),
    ],
)
def test_verses_keep_their_lines(body):
    assert plain(body).split("\n") == VERSES
    seen = PARSER.render(texts(body)[1])
    assert [verse for verse in VERSES if f"{verse}\n" in seen or f"{verse}<" in seen] == VERSES


def test_stanzas_are_set_apart():
    stanza = "<br>".join(VERSES)
    expected = "\n".join(VERSES) + "\n\n" + "\n".join(VERSES)
    assert plain(f"<p>{stanza}<br><br>{stanza}</p>") == expected
    assert plain(f"<p>{stanza}</p><p>{stanza}</p>") == expected


def test_dialogue_keeps_its_speakers_in_lines():
    body = "<p>— Wohin?<br>— Nach Hause.</p><p>Er ging.</p>"
    assert plain(body) == "— Wohin?\n— Nach Hause.\n\nEr ging."


def test_lines_of_ordinary_text_are_no_lines():
    assert plain('<p style="color: red">eins\nzwei\n\ndrei</p>') == "eins zwei drei"


SCRAPS = st.lists(
    st.sampled_from(
        [
            "a",
            "b",
            "Wort",
            "1",
            "12",
            ".",
            ")",
            "#",
            "##",
            "-",
            "+",
            "*",
            "**",
            "_",
            "__",
            "~",
            "~~",
            "`",
            "```",
            ">",
            "<",
            "<b>",
            "</p>",
            "<!--",
            "&",
            "&lt;",
            "&amp;",
            "[",
            "]",
            "(",
            ")",
            "](x)",
            "!",
            "\\",
            "=",
            "==",
            "---",
            "***",
            ":",
            "ä",
            "日",
            "$",
            "'",
            '"',
            "http://a.b/_c_",
            "<http://a>",
            "a@b.de",
            " ",
            "  ",
            "\t",
            "\xa0",
            "\u200b",
            ";",
            "`",
            "\u2028",
            "\ufeff",
            "é",
            "",
            "BAR",
        ]
    )
).map(lambda scraps: "".join(scraps).replace("BAR", "|"))


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


def said(tokens):
    """Return what a reader sees of parsed Markdown, lines and all."""
    seen = []
    for token in tokens:
        for child in token.children or ():
            assert child.type in ("text", "hardbreak", "softbreak", "text_special"), child.type
            seen.append("\n" if child.type.endswith("break") else child.content)
        seen.append("\n")
    return "".join(seen)


@given(st.lists(SCRAPS, max_size=4))
@settings(max_examples=400, deadline=None)
def test_no_text_becomes_markup(lines):
    body = "<p>" + "<br>".join(map(escaped, lines)) + "</p>"
    seen, markdown = texts(body)
    tokens = PARSER.parse(normalise(markdown))
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    assert said(tokens).split() == normalise(seen).split()


@given(SCRAPS, st.integers(1, 6))
@settings(max_examples=200, deadline=None)
def test_no_heading_loses_a_sign(line, level):
    body = f"<h{level}>x {escaped(line)}</h{level}>"
    seen, markdown = texts(body)
    tokens = PARSER.parse(normalise(markdown))
    assert [token.tag for token in tokens] == [f"h{level}", "", f"h{level}"]
    assert said(tokens).split() == normalise(seen).split()


@given(st.lists(st.lists(SCRAPS, min_size=2, max_size=3), min_size=2, max_size=3))
@settings(max_examples=200, deadline=None)
def test_no_cell_breaks_its_table(rows):
    cells = [["x" + escaped(cell) for cell in row] for row in rows]
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in cells)
    tokens = PARSER.parse(normalise(texts(f"<table>{body}</table>")[1]))
    assert (tokens[0].type, tokens[-1].type) == ("table_open", "table_close")
    seen = [said([token]) for token in tokens if token.type == "inline" and token.content]
    expected = [normalise("x" + cell) for row in rows for cell in row]
    assert ["".join(cell.split()) for cell in seen] == ["".join(cell.split()) for cell in expected]


@given(st.text(alphabet="a `~\n#-\t\u200b", max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_code_ends_its_fence(code):
    _, markdown = texts(f"<p>x</p><pre>|{code}|</pre><p>y</p>")
    fences = [token for token in PARSER.parse(normalise(markdown)) if token.type == "fence"]
    assert len(fences) == 1
    expected = normalise(f"|{code}|")
    assert fences[0].content.strip("\n").split() == expected.split()


PIECES = (
    "<p>|</p>|<div>|</div>|<ul>|<ol start=3>|<li>|</li>|</ul>|</ol>|<blockquote>|</blockquote>|<br>"
    "|<pre>|</pre>|<table>|<tr>|<td>|<th colspan=2>|<td rowspan=3>|</table>"
    "|<tbody>|<td colspan=100>|<td colspan=99 rowspan=9>|<h2>|</h2>|x|# y|- z"
    "|1. w|<a href=q>|</a>|<p style='white-space:pre'>|\n|a b"
)


@given(st.lists(st.sampled_from(PIECES.split("|"))).map("".join))
@settings(max_examples=300, deadline=None)
def test_every_word_of_a_page_is_in_both_texts_once_and_in_order(html):
    page = read_page(html)
    if page is None:
        return
    words = [word for text in page.texts for word in text.split()]
    seen, markdown = texts(html)
    marks = {"-", "|", "3.", "1.", "2.", "#"}

    def bare(text):
        return [word for word in text.split() if word not in marks and not word[:-1].isdigit()]

    assert bare(seen) == bare(" ".join(words))
    kinds = {"text", "hardbreak", "softbreak", "text_special"}
    parsed = PARSER.parse(normalise(markdown))
    told = " ".join(
        " ".join(child.content for child in token.children or () if child.type in kinds)
        if token.type == "inline"
        else token.content
        for token in parsed
        if token.type in ("inline", "fence")
    )
    assert bare(told) == bare(" ".join(words))


def test_main_text_comes_as_markdown_where_that_is_asked():
    paragraph = "<p>Der Deich wurde * vor * zweihundert Jahren gebaut, und er hält noch immer.</p>"
    html = f"<article><h2>Alt</h2>{paragraph * 3}<h2>Neu</h2>{paragraph * 3}</article>"
    found = main_text(html, markdown=True)
    assert "Der Deich wurde \\* vor \\* zweihundert Jahren" in found.text
    assert "\n\n## Neu\n\n" in found.text
    assert found.confidence == main_text(html).confidence


@pytest.mark.parametrize("address", ["a__b@c.de", "_a_@c.de", "__a@c.de", "a___b_@c.de"])
def test_an_address_in_markdown_is_masked_as_a_whole(address):
    _, markdown = texts(f"<p>Mail an {address}, bitte.</p>")
    assert mask(markdown, find(markdown)) == "Mail an <email-pii>, bitte."


def test_a_run_of_underscores_inside_a_word_is_not_escaped():
    assert texts("<p>a__b _c_ __d</p>")[1] == r"a__b \_c\_ \_\_d"
