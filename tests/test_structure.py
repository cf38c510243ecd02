import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.pipelines.pages.structure import Structure, structure

PIECES = ["<", ">", "/", "!", "-", "--", "=", '"', "'", " ", "a", "div", "script", "svg", "p"]


def measured(html):
    return structure(html.encode(), max_depth=250)


@pytest.mark.parametrize(
    ("html", "depth"),
    [
        ("", 0),
        ("plain text, 1 < 2", 0),
        ("<div><span>x</span></div><div></div>", 2),
        ("<DIV><div></Div></div><div>", 2),
        ("<br><img src=x><p>one<p>two<p>three<hr/>", 0),
        ("<ul><li>one<li>two<ul><li>three</ul></ul>", 2),
        ("<table><tr><td><table><tr><td></table></table>", 2),
        ("<div></span></p></div><div></b></div>", 1),
        ("<div><b>never closed</div><div><i>again</div>", 2),
        ("<!-- <div><div><div> --><div></div>", 1),
        ("<div><!-- </div> --><div>", 2),
        ("<script>if (a<b) s = '<div><div>'</script><div>", 1),
        ("<div title='</div>'><div title=\"</div>\">", 2),
        ("<svg><path d='M'/><path/><g><path/></g></svg>", 2),
        ("<div/><div/>", 2),
        ("<div><!--", 1),
        ("<div" + " a" * 20, 1),
    ],
)
def test_depth_is_how_many_elements_are_open_at_once(html, depth):
    assert measured(html).depth == depth


@pytest.mark.parametrize(
    ("html", "attributes"),
    [
        ("<p>", 0),
        ("<a href=x><b id = 'a b' class><i>", 2),
        ('<a x="1>2"y=3 z/>', 3),
        ("<img src='a b' alt=\"<c d e f>\" / >", 2),
        ("</p a b c d>", 0),
        ("<a b=c d=e", 2),
    ],
)
def test_attributes_are_those_of_the_tag_that_has_most(html, attributes):
    assert measured(html).attributes == attributes


def test_the_scan_stops_where_the_page_is_too_deep():
    assert measured("<div>" * 100_000 + "<p a b c d>") == Structure(251, 0)
    assert structure(b"<div>" * 100_000, max_depth=0).depth == 1


@given(st.lists(st.sampled_from(PIECES)).map("".join) | st.text())
def test_any_page_has_a_structure(html):
    depth, attributes = measured(html)
    assert 0 <= depth <= html.count("<")
    assert 0 <= attributes <= len(html)


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "</",
        "<a",
        "<!--",
        "<!",
        "<p a=",
        "<script><a",
        "<script></a",
        "</x>",
        "<b></b>",
        "<p '",
    ],
)
def test_time_grows_no_faster_than_length(piece):
    def seconds(repeats):
        page = b"<div>" * 200 + piece.encode() * repeats
        start = time.process_time()
        structure(page, max_depth=250)
        return time.process_time() - start

    assert min(seconds(400_000) for _ in range(2)) < 8 * max(seconds(100_000), 0.005)
