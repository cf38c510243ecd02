"""Tables in the text of chosen blocks: which are told, and where their cells stand."""

import pytest
from written import plain, rendered, texts

from florilegium.pipelines.blocks.tables import MAX_COLUMNS

TABLE = (
    "<table><caption>Wetter</caption><thead><tr><th>Monat<th>Tage<th>a|b</thead>"
    "<tr><td>Jänner<td><p>31</p><p>Tage</p><td>kalt<tr><td>Februar<td><td>kälter</table>"
)


def test_a_table_has_rows_cells_and_a_head():
    assert plain(TABLE) == (
        "Wetter\nMonat | Tage | a|b\nJänner | 31 Tage | kalt\nFebruar | | kälter"
    )
    html = rendered(TABLE)
    assert "<thead><tr><th>Monat</th><th>Tage</th><th>a|b</th></tr></thead>" in html
    assert "<tr><td>Jänner</td><td>31 Tage</td><td>kalt</td></tr>" in html
    assert "<tr><td>Februar</td><td></td><td>kälter</td></tr>" in html


def test_a_table_without_a_head_gets_none():
    html = rendered("<table><tr><td>a<td>b<tr><td>c<td>d</table>")
    assert "<th></th><th></th>" in html
    assert "<tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr>" in html


def test_cells_that_span_keep_the_others_in_their_columns():
    body = (
        "<table><tr><td rowspan=2>a<td colspan=2>b<td>c<tr><td>d<td>e<td>f"
        "<tr><td>g<td>h<td>i<td>j</table>"
    )
    assert plain(body) == "a | b | | c\n| d | e | f\ng | h | i | j"


def test_tables_that_lay_out_a_page_are_none():
    story = "Ein langer Absatz über den Deich und das Meer dahinter. " * 15
    for body in (
        f"<table><tr><td>Menü<td>{story}<tr><td>Fuß<td>Ende</table>",
        "<table><tr><td>links<td>rechts</table>",
        "<table><tr><td>a<td><table><tr><td>b<td>c</table><tr><td>d<td>e</table>",
        "<table><tr><td><h2>a</h2><td>b<tr><td>c<td>d</table>",
        "<table>" + ("<tr>" + "<td>x" * (MAX_COLUMNS + 1)) * 2 + "</table>",
    ):
        assert "|" not in plain(body)
        assert "|" not in texts(body)[1]


WIDE = "<table>" + "<tr><td colspan=100></td><td>a</td><td>b</td></tr>" * 2 + "</table>"
LOST = "<table><tr><td colspan=100>head</td><td>lost one</td></tr><tr><td>a<td>b</table>"
FULL = (
    "<table><tr><td colspan=99 rowspan=9>a</td><td rowspan=9>b</td></tr>"
    "<tr><td>c<td>d</tr><tr><td>e<td>f</table>"
)


@pytest.mark.parametrize(
    ("table", "cells"),
    [(WIDE, ["a", "b"] * 2), (LOST, ["head", "lost one", "a", "b"]), (FULL, list("abcdef"))],
)
@pytest.mark.parametrize("around", ["{}", "<blockquote>{}</blockquote>", "<ul><li>{}</ul>"])
def test_a_table_whose_text_finds_no_column_is_none(table, cells, around):
    seen, markdown = texts(around.format(table))
    assert seen.removeprefix("- ").replace("\n  ", "\n").split("\n") == cells
    assert markdown.translate(str.maketrans("->", "  ")).split() == " ".join(cells).split()


def test_cells_without_text_may_stand_beyond_the_last_column():
    row = "<tr><td>a<td>b" + "<td>" * MAX_COLUMNS
    assert plain(f"<table>{row * 2}</table>") == "a | b\na | b"
    assert "<tr><td>a</td><td>b</td></tr>" in rendered(f"<table>{row * 2}</table>")


def test_a_cell_that_spans_rows_ends_beside_a_row_that_is_shorter():
    body = "<tr><td>a<td>b<td rowspan=2>c<tr><td>d<tr><td>e<td>f<td>g"
    assert plain(f"<table>{body}</table>") == "a | b | c\nd\ne | f | g"
    # A row without cells is one as well.
    body = "<tr><td rowspan=2>a<td>b<tr></tr><tr><td>c<td>d"
    assert plain(f"<table>{body}</table>") == "a | b\nc | d"


def test_no_cell_reaches_out_of_its_part_of_the_table():
    body = (
        "<thead><tr><th rowspan=5>a<th>b</thead><tbody><tr><td rowspan=0>c<td>d</tbody>"
        "<tbody><tr><td>e<td rowspan=9>f<tr><td>g</tbody><tfoot><tr><td>h<td>i</tfoot>"
    )
    assert plain(f"<table>{body}</table>") == "a | b\nc | d\ne | f\ng\nh | i"


def test_a_grid_of_empty_places_is_layout():
    steps = "".join(f"<tr><td rowspan=65534>{row}<td>x" for row in range(50))
    seen, markdown = texts(f"<table>{steps}</table>")
    assert "|" not in seen + markdown
    assert seen.split() == [word for row in range(50) for word in (str(row), "x")]
    body = "<tr><td>a<td>b" + "<tr><td><td><td>c<td>d" * 9
    assert plain(f"<table>{body}</table>").endswith("\n| | c | d")


def test_no_table_makes_much_more_text_than_its_markup_holds():
    cells = "<td rowspan=65534>x" * 2
    for rows in (20, 2_000):
        html = "<table>" + f"<tr>{cells}" * rows + "</table>"
        assert all(len(text) < len(html) for text in texts(html))


def test_rows_end_at_their_last_text():
    body = "<tr><th>a<th>b<th><tr><td>c<td><td><tr><td><td>d<td><tr><td>e<td>f<td>"
    assert plain(f"<table>{body}</table>") == "a | b\nc\n| d\ne | f"
    assert "| e | f |" in texts(f"<table>{body}</table>")[1]
