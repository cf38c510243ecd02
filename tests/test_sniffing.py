"""What is a web page is told by its header and its first bytes."""

import pytest

from florilegium.pipelines.pages.sniffing import content_type, looks_binary, sniff_html


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "pdf"), (b"PK\x03\x04", "zip"), (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"), (b"GIF89a", "gif"), (b"\x1f\x8b\x08\0", "gzip"),
        (b"<html>" + 20 * b"a\0", None), (b"ab" * 10 + b"\0", "nul"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_named(payload, kind):
    found = looks_binary(payload)
    assert (found.detail if found else None) == kind


def test_a_stray_nul_is_no_binary():
    assert looks_binary(b"<html>" + 200 * b"word " + b"\0") is None


@pytest.mark.parametrize(
    ("head", "header", "html"),
    [
        (b"anything", "text/html", True), (b"anything", " Text/HTML ;charset=x", True),
        (b"anything", "application/xhtml+xml", True), (b"<html>", "image/png", False),
        (b"<html>", "application/json", False), (b"plain words", "text/plain", False),
        (b"\xef\xbb\xbf \n<!-- a > b --><!doctype HTML>", None, True), (b"<p>Hi", "", True),
        (b"<?xml version='1.0'?>\n<html xmlns='x'>", "text/xml", True), (b"<p>", "text/xml", False),
        (b"<?xml version='1.0'?><rss version='2.0'>", "text/xml", False), (b"<pre>", None, False),
        (b"<?xml version='1.0'?><!-- x --><feed xmlns='x'>", "text/html", False),
        (b"<rss>", "text/html", False), (b"<title>x", "application/octet-stream", True),
        (b"<!-- never closed", None, True), (b"", None, False), (b"<b", None, False),
        (b"<body class=x>", "unknown/unknown", True), (b"<html>", "text/plain", True),
    ],
)  # fmt: skip
def test_a_page_is_told_by_its_type_and_else_by_its_first_tag(head, header, html):
    assert sniff_html(head, header) is html


@pytest.mark.parametrize(
    ("header", "media_type", "charset"),
    [
        ("text/html; charset=UTF-8", "text/html", "UTF-8"), (None, "", None),
        ("TEXT/HTML;Charset = 'koi8-r' ; charset=x", "text/html", "koi8-r"), (";;", "", None),
        ("text/html, charset=x", "text/html", "x"), ("text/html; charset=", "text/html", None),
    ],
)  # fmt: skip
def test_a_careless_content_type_is_understood(header, media_type, charset):
    found = content_type(header)
    assert (found.media_type, found.charset) == (media_type, charset)
