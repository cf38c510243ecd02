"""Pages made to break a parser, each with the endings it may have."""

import json
import random

STORY = (
    "In der Werkstatt am Seeufer ticken dreißig Uhren, und keine geht genau wie die andere. "
    "Seit vierzig Jahren setzt der Meister alte Turmuhren instand, Zahnrad um Zahnrad.",
    "Die älteste stammt aus einem Kloster und schlug schon vor den ersten Dampfschiffen. "
    "Wer ihn besucht, bekommt zuerst einen Tee und dann eine Geschichte zu hören.",
)
BODY = "".join(f"<p>{paragraph}</p>" for paragraph in STORY)
NOISE = random.Random(1).randbytes(300_000)
MEGABYTE = 1_000_000


def until(size, piece):
    """Return numbered pieces until they are so many characters."""
    pieces, length = [], 0
    while length < size:
        pieces.append(piece.replace("#", str(len(pieces))))
        length += len(pieces[-1])
    return "".join(pieces)


def numbered(count, piece):
    return "".join(piece.replace("#", str(number)) for number in range(count))


SENTENCE = "Der #. Satz dieser Seite handelt von Uhren und vom See. "
TEXT = "document"
DEEP, WIDE, LARGE = "decode too_deep", "decode too_many_attributes", "decode too_large"
TIMEOUT, MEMORY = "extract timeout", "extract memory"
EMPTY, SHORT = "extract empty", "extract too_short"

PAGES = {
    # What nests
    "100,000 divisions nested": ("<div>" * 100_000 + BODY, {DEEP}),
    "5,000 divisions nested": ("<div>" * 5_000 + BODY + "</div>" * 5_000, {DEEP}),
    "20,000 spans nested": ("<p>" + "<span>" * 20_000 + BODY, {DEEP}),
    "500 tables nested": ("<table><tr><td>" * 500 + BODY + "</table>" * 500, {DEEP}),
    "240 divisions nested": ("<div>" * 240 + BODY + "</div>" * 240, {TEXT}),
    "240 lists nested": ("<ul><li>" * 120 + BODY + "</ul>" * 120, {TEXT}),
    "200 quotations nested": ("<blockquote>" * 200 + BODY, {TEXT}),
    "unclosed links and fonts": ("<a href=x><font><i>Uhr " * 3_000 + BODY, {DEEP}),
    "unclosed bold paragraphs": ("<b><p>Uhr am See, " * 5_000, {DEEP}),
    "hidden nesting": ("<div><table></div></table>" * 40_000 + BODY, {TIMEOUT, MEMORY, TEXT}),
    "copied formats": (
        "<p>" + numbered(200, "<b id=#>") + "<p>Uhr am See" * 2_000 + BODY,
        {DEEP, TIMEOUT, MEMORY, TEXT},
    ),
    "foreign templates": ("<svg><template>" * 60 + "<math><mi>" * 60 + BODY, {TEXT, EMPTY}),
    "selects": ("<select><option>" * 20_000 + "</select>" + BODY, {TEXT, EMPTY, DEEP}),
    # What is wide
    "50,000 attributes": ("<div " + numbered(50_000, "a#=x ") + ">" + BODY, {WIDE}),
    "an attribute of 4 MB": (f"<div class='{'x ' * 2 * MEGABYTE}'>{BODY}</div>", {TEXT}),
    "20,000 spans beside each other": (BODY + "<p>" + "<span>Uhr </span>" * 20_000, {TEXT}),
    "a name of a megabyte": (f"<{'x' * MEGABYTE}>{BODY}", {TEXT}),
    # What is long
    "5 MB of divisions": (
        until(4.9 * MEGABYTE, '<div class="c#"><a href="/#">Uhr #</a> am See #</div>'),
        {TEXT, TIMEOUT, MEMORY},
    ),
    "a table of 5 MB": (
        "<table>" + until(4.9 * MEGABYTE, "<tr><td>Uhr #<td>geht # Minuten vor"),
        {TEXT, TIMEOUT, MEMORY},
    ),
    "a row of a megabyte": (
        "<table><tr>" + until(MEGABYTE, "<td>Uhr #") + "<tr><td>a<td>b</table>" + BODY,
        {TEXT, TIMEOUT, MEMORY},
    ),
    "5 MB of paragraphs": (until(4.9 * MEGABYTE, f"<p>{SENTENCE * 2}"), {TEXT}),
    "a paragraph of a megabyte": (until(MEGABYTE, SENTENCE), {TEXT}),
    "5 MB of line breaks": (until(4.9 * MEGABYTE, SENTENCE + "<br>"), {TEXT}),
    "a list of 5 MB": ("<ul>" + until(4.9 * MEGABYTE, f"<li>{SENTENCE}"), {TEXT, TIMEOUT, MEMORY}),
    "more than 5 MB": (until(5.1 * MEGABYTE, SENTENCE), {LARGE}),
    "a body that is one list": (f"<ul>{numbered(300, f'<li>{SENTENCE}')}</ul>", {TEXT}),
    "code of a megabyte": (
        f"{BODY}<pre>" + until(MEGABYTE, "  x# = ```#```\n"),
        {TEXT, "identify language"},  # code is no language
    ),
    "spaces": (f"<p>a{' ' * MEGABYTE}b</p>{BODY}", {TEXT}),
    "digits": (BODY + "<p>" + "1234567890" * 20_000, {TEXT}),
    "a word of a megabyte": (BODY + "<p>" + "Uhr" * 300_000, {TEXT}),
    "marks on one letter": (BODY + "<p>e" + "\u0301" * 100_000, {TEXT}),
    "huge JSON-LD": (
        '<script type="application/ld+json">'
        + json.dumps({"@graph": [{"articleBody": "Uhr " * 9, "n": n} for n in range(50_000)]})
        + f"</script>{BODY}",
        {TEXT},
    ),
    "nested JSON-LD": (
        f'<script type="application/ld+json">{"[" * 200_000}</script>{BODY}',
        {TEXT},
    ),
    "100,000 links in the head": (
        "<head>" + numbered(50_000, '<link rel="license" href="/#"><meta name="robots">') + BODY,
        {TEXT},
    ),
    # What is no page
    "binary": (NOISE, {"decode not_html", "decode binary", "decode charset"}),
    "binary with markup": (b"<html><body>" + NOISE, {"decode binary", "decode charset"}),
    "portable document": (b"%PDF-1.4\n" + NOISE, {"decode not_html", "decode binary"}),
    "frameset": ("<frameset><frame src=a><frame src=b></frameset>", {EMPTY}),
    "frameset with a story": (f"<frameset><noframes>{BODY}</noframes></frameset>", {EMPTY, TEXT}),
    "no text": ("<html><body><img src=x></body></html>", {EMPTY}),
    "little text": ("<html><body><p>Eine Uhr.</p></body></html>", {SHORT}),
    "nothing but a script": ("<html><script>" + "x();" * 10_000 + "</script>", {EMPTY}),
    "script without end": (f"<html><body>{BODY}<script>" + "if (a<b) c();" * 9_999, {TEXT}),
    "comment without end": (f"<html><body>{BODY}" + "<!--" * 10_000, {TEXT}),
    # What cannot be said
    "NULs": (BODY.replace(" ", "\0 "), {TEXT, "decode binary"}),
    "a few NULs": (BODY + "<p>Uhr\0 am\0 See." + BODY * 20, {TEXT}),
    "controls": (BODY + "<p>\x01\x02\x0b\x0c\x1b[31m\x7f\x85 und Schluss." + BODY, {TEXT}),
    "references to nothing": (BODY + "<p>" + "&#xd800;&#0;&#x110000;&#;&amp" * 9_999, {TEXT}),
    "surrogates": (
        (BODY * 9).encode() + b"<p>Uhr \xed\xa0\x80\xed\xb0\x80 See" + BODY.encode() * 60,
        {TEXT},
    ),
    "broken UTF-8": (BODY.encode()[:-7] + b"\xc3\xe2\x82" + BODY.encode() * 60, {TEXT}),
}
"""Markup or bytes, and the ways it may end: "document", or stage and rule of a loss."""
