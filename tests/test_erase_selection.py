"""What can be named to be erased, and what is refused by the line it stands in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.filters.address import address
from florilegium.pipelines.erasure.selection import (
    Selection,
    SelectionError,
    of_domain,
    of_glob,
    of_id,
    of_list,
    of_regex,
    of_url,
    union,
)

ID = "0123456789abcdef0123456789ABCDEF"


def test_a_domain_is_a_host_and_all_below_it_and_nothing_beside():
    chosen = of_domain("Müller.example")
    for url in ("http://müller.example/", "https://a.b.xn--mller-kva.EXAMPLE:8080/x?y"):
        assert chosen.by_host(url)
    for url in ("https://nichtmüller.example/", "https://example/", "https://müller.example.org/",
                "mailto:a@müller.example", "http://["):  # fmt: skip
        assert not chosen.by_host(url)


@pytest.mark.parametrize(
    "name",
    ["", "com", "co.uk", "a b.example", "https://a.example", "a.example/x", "*.a.example",
     "ü" * 80, "a.example:80"],
)  # fmt: skip
def test_what_is_no_domain_is_refused(name):
    with pytest.raises(SelectionError):
        of_domain(name)


def test_a_star_stands_for_anything_and_nothing_else_is_special():
    chosen = of_glob("https://a.example/x?y=*&z")
    assert chosen.by_url("https://a.example/x?y=1/2&z")
    assert not chosen.by_url("https://a.example/xQy=1&z")
    assert not chosen.by_url("https://a.example/x?y=1&z&w")
    assert not chosen.by_url("https://aXexample/x?y=1&z")
    assert of_glob("//a.example/~x/*").by_url("http://A.example:80/%7ex/y")


def test_a_regular_expression_is_of_the_whole_address_and_never_slow():
    assert of_regex(r"https?://a\.example/\d+").by_url("https://a.example/17")
    assert not of_regex(r"a\.example").by_url("https://a.example/17")
    assert not of_regex("(a*)*b").by_url("https://a.example/" + "a" * 8_000)
    for wrong in ("(", "", "a" * 3_000, r"(?=a)"):
        with pytest.raises(
            SelectionError, match=r"^('.*' is no pattern: [a-z]|a pattern has 1 to)"
        ):
            of_regex(wrong)


def test_a_list_names_what_its_lines_name():
    content = (
        "\ufeff# by letter\r\n\r\na.example # a host\r\n*.b.example\n"
        f"https://c.example/x#y\n{ID}\n{ID[::-1]}\trobots_txt\twhy\n"
        f'{{"id":"{"1" * 32}","rule":"list"}}\n'
    ).encode()
    assert of_list(content, "l") == Selection(
        urls=frozenset([address("https://c.example/x")]),
        hosts=frozenset(["a.example"]),
        below=frozenset(["b.example"]),
        ids=frozenset([bytes.fromhex(ID), bytes.fromhex(ID[::-1]), b"\x11" * 16]),
    )
    assert not of_list(b"# nothing\n\n", "l")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"two words", "is no host"), (b"*", "is no host"), (b"*.com", "no domain of one owner"),
        (b"https://", "no HTTP address"), (b"ftp://a.example/", "no HTTP address"),
        (b"{}", "no JSON with an id"), (b'{"id":"12"}', "is no id"), (b"[" * 9_999, "is no host"),
        (b"{" * 9_999, "no JSON"), (b"a/b", "is no host"), (b"\x00", "is no host"),
    ],
)  # fmt: skip
def test_a_line_that_names_nothing_is_refused_by_its_number(line, said):
    with pytest.raises(SelectionError, match=rf"l, line 3: .*{said}"):
        of_list(b"# x\na.example\n" + line, "l")


def test_a_list_that_is_no_text_is_refused():
    with pytest.raises(SelectionError, match="not UTF-8"):
        of_list(b"\xff\xfe", "l")


@given(st.binary(max_size=60) | st.text(alphabet="a.*/#:{}é \t\n", max_size=30).map(str.encode))
def test_any_list_is_read_or_refused(content):
    try:
        read = of_list(content, "l")
    except SelectionError:
        return
    assert isinstance(read, Selection)


def test_all_that_is_named_is_together():
    whole = union([of_url("https://a.example/"), of_domain("b.example"), of_id(ID), of_glob("*x")])
    assert (len(whole.urls), len(whole.hosts), len(whole.ids), len(whole.patterns)) == (1, 1, 1, 1)
    assert union([]) == Selection()
    with pytest.raises(SelectionError, match="is no id"):
        of_id("x" * 32)
