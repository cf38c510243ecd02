import base64
import hashlib
import json
import re
from io import BytesIO, StringIO

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console

from florilegium.filters.bad_words import BadWords
from florilegium.filters.benchmarks import Benchmarks
from florilegium.filters.measures import counts, customs, measure
from florilegium.manifests.ledger import Loss
from florilegium.manifests.personal import Personal
from florilegium.pipelines.assessment import word_lists
from florilegium.pipelines.commands.inspection_table import show
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.harvest.inputs import InputError
from florilegium.pipelines.harvest.stages import Tools, harvest_page
from florilegium.pipelines.harvest.warc import Record, read
from florilegium.pipelines.named.texts import Benchmark, WordList
from florilegium.pipelines.pages.metadata import Metadata
from florilegium.pipelines.pages.page import Page, read_page
from florilegium.pipelines.recipe import load
from florilegium.pipelines.research.inspection import (
    Inspection,
    answer_lines,
    inspect,
    inspect_page,
    inspect_payload,
    inspect_text,
)

INDONESIAN = "Di bengkel di tepi danau ada tiga puluh jam berdetak, dan tidak satu pun sama. " * 4
CONTACT = "Fragen an uhren@werkstatt.example, auch am Abend."


def fate_in_a_build(page, tools):
    """Stage and rule of the loss by the functions that build, or the document that is kept."""
    found = harvest_page(page, tools)
    if isinstance(found, Loss):
        return found
    (row,) = measure([found.text], [customs(found.lang)])
    document = replace(found, counts=counts(row))
    failed = next((m for rule in tools.recipe.filters if (m := rule(document))), None)
    return document if failed is None else failed


@pytest.fixture(scope="module")
def captured(tmp_path_factory):
    """Every page of the demonstration's web that can be read from its WARC files."""
    paths = pack(tmp_path_factory.mktemp("warcs"))
    items = [(item, path.name) for path in paths for item in read(path) if isinstance(item, Record)]
    pages = [read_page(item, name) for item, name in items]
    return paths, [page for page in pages if isinstance(page, Page)]


def test_the_fate_of_every_page_is_the_one_a_build_would_give_it(captured, tools):
    _, pages = captured
    rules = set()
    for page in pages[::4]:
        expected = fate_in_a_build(page, tools)
        found = inspect_page(page, page.url, tools)
        if found.fate == "kept":
            assert found.rule is found.stage is found.value is None
            assert msgspec.structs.asdict(expected.counts) == found.counts
            same = ("text", "lang", "chars", "tokens", "pii", "license", "charset", "extractor")
            for name in (*same, "extraction_confidence"):
                assert getattr(found, name) == getattr(expected, name)
        else:
            stage = expected.stage if isinstance(expected, Loss) else "quality"
            assert (found.stage, found.rule) == (stage, expected.rule)
            assert (found.value, found.limit) == (expected.value, expected.limit)
        rules.add(found.rule)
    assert len(rules) > 3


def test_every_measure_comes_with_its_range_and_the_first_that_fails_is_the_reason(
    captured, tools, document
):
    _, pages = captured
    wanted = [m.rule for rule in tools.recipe.filters for m in rule.measures(document(1))]
    measured = [found for page in pages[::7] if (found := inspect_page(page, "x", tools)).counts]
    assert len(measured) > 5
    for found in measured:
        assert [m.rule for m in found.measures] == wanted
        for m in found.measures:
            assert m.low is not None or m.high is not None
            inside = (m.low is None or m.low <= m.value) and (m.high is None or m.value <= m.high)
            assert m.holds == inside
        failed = next((m for m in found.measures if not m.holds), None)
        assert (found.fate == "kept") == (failed is None)
        assert found.rule == (failed and failed.rule)
        assert found.value == (failed and failed.value)


def test_benchmarks_and_lists_of_the_recipe_are_looked_at(tmp_path, monkeypatch):
    read = []
    entries = word_lists._entries
    monkeypatch.setattr(word_lists, "_entries", lambda one: [read.append(one), entries(one)][1])
    words, questions = tmp_path / "words.txt", tmp_path / "questions.jsonl"
    words.write_text("jam\n")
    questions.write_text(json.dumps({"text": INDONESIAN}))
    digest = hashlib.sha256(words.read_bytes()).hexdigest()
    recipe = replace(
        load("demo"),
        languages=("ind_Latn", *load("demo").languages),
        word_lists=(WordList(path=str(words), sha256=digest),),
        benchmarks=(Benchmark(name="clocks", path=str(questions)),),
        filters=(BadWords(), Benchmarks()),
    )
    with Tools(recipe) as tools:
        found = inspect_text("x", None, INDONESIAN, tools)
        inspect_text("y", None, INDONESIAN, tools)
    assert len(read) == 1
    bad, shared = found.measures
    assert bad.value == pytest.approx(4 / len(INDONESIAN.split()))
    assert shared.value > 0
    assert (found.fate, found.rule, found.detail) == ("lost", "benchmark_ngrams", "clocks")


def test_what_a_page_declares_is_told_even_if_it_is_lost_before(tools, page, html):
    head = (
        '<meta name="robots" content="noai"><meta name="tdm-reservation" content="1">'
        '<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">'
    )
    captured = page(html(head=head, title="Uhren"), headers=[("X-Robots-Tag", "noindex")])
    found = inspect_page(captured, "x", tools)
    assert (found.fate, found.stage, found.rule) == ("lost", "rights", "noindex_header")
    assert found.rights == [
        {"rule": "noindex_header", "where": "header", "value": "noindex"},
        {"rule": "noai_meta", "where": "meta", "value": "noai"},
        {"rule": "tdm_meta", "where": "meta", "value": "1"},
    ]
    assert found.rights_reasons == [
        "noindex: the header X-Robots-Tag says noindex",
        "noai: a meta tag for robots says noai",
        "tdm: the meta tag tdm-reservation says 1, rights are reserved",
    ]
    assert (found.license, found.license_tier) == ("CC-BY-4.0", "A")
    first, why = found.license_reasons
    assert first.startswith("CC-BY-4.0 (permissive), tier A: ")
    assert why.endswith("(link rel=license): https://creativecommons.org/licenses/by/4.0/")
    assert found.metadata.title == "Uhren"
    assert (found.charset, found.charset_method) == ("utf-8", "utf-8")
    assert found.text is found.counts is found.pii is None


def test_the_language_of_a_foreign_page_is_told(tools, page, html):
    found = inspect_page(page(html(INDONESIAN)), "x", tools)
    assert (found.stage, found.rule, found.lang) == ("identify", "language", "ind_Latn")


def test_a_file_is_inspected_as_a_page_of_html(tmp_path, html, prose):
    (tmp_path / "uhren.html").write_text(html(*prose))
    found = inspect(str(tmp_path / "uhren.html"), [], load("european"))
    assert (found.id, found.url, found.lang) == ("uhren.html", None, "deu_Latn")
    assert found.text.startswith(prose[0])


def test_an_address_is_looked_up_in_the_warc_files(captured):
    paths, pages = captured
    wanted = next(page for page in reversed(pages) if "html" in (page.content_type or ""))
    found = inspect(wanted.url, paths, load("demo"))
    assert (found.id, found.url) == (wanted.url, wanted.url)
    assert found.charset


def test_a_capture_that_is_no_page_is_told_with_its_reason(captured):
    paths, _ = captured
    responses = [
        (item, item.headers["warc-target-uri"])
        for path in paths
        for item in read(path)
        if isinstance(item, Record) and item.kind == "response"
    ]
    url = next(url for item, url in responses if b"404" in item.block[:20])
    found = inspect(url, paths, load("demo"))
    assert (found.fate, found.stage, found.rule) == ("lost", "read", "http_status")
    assert (found.value, found.limit) == (404, 200)


def test_a_page_that_is_nowhere_is_an_input_error(captured):
    paths, _ = captured
    with pytest.raises(InputError, match=r"neither a file 'https://nirgends\.example/'"):
        inspect("https://nirgends.example/", paths, load("demo"))


def lines_of(*lines):
    return BytesIO(b"".join(line + b"\n" for line in lines))


def answers(*lines):
    return [json.loads(answer) for answer in answer_lines(lines_of(*lines), load("european"))]


BROKEN = [
    b"not JSON",
    b"[]",
    b"null",
    b"7",
    b"\xff\xfe",
    b'{"text": "kein Name"}',
    b'{"id": 7, "text": "x"}',
    b'{"id": "neither"}',
    b'{"id": "a", "text": "\\ud800"}',
    b'{"id": "a", "text": "cut',
    b'{"id": "a", "html_base64": "!!!"}',
    b'{"id": "a", "html_base64": "YQ"}',
    '{"id": "a", "html_base64": "é"}'.encode(),
    b'{"id": "a", "text": "x", "more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
]


def test_a_broken_line_is_answered_by_its_error_and_the_next_goes_on(prose):
    good = json.dumps({"id": "last", "text": " ".join(prose)}).encode()
    found = answers(*BROKEN, b"", good)
    assert len(found) == len(BROKEN) + 1
    for number, (answer, line) in enumerate(zip(found, BROKEN, strict=False), 1):
        assert answer.keys() == {"line", "error"}, line[:60]
        assert answer["line"] == number
        assert answer["error"]
    assert found[-1]["id"] == "last"
    assert found[-1]["lang"] == "deu_Latn"


def test_lines_of_pages_and_of_texts_are_answered_in_their_order(prose, html):
    payload = base64.b64encode(html(*prose).encode()).decode()
    found = answers(
        json.dumps({"id": "1", "url": "https://a.example/", "html_base64": payload}).encode(),
        json.dumps({"id": "2", "text": "\n".join(prose), "more": 1}).encode(),
        b'{"id": "3", "html_base64": ""}',
        b'{"id": "4", "text": ""}',
    )
    assert [answer["id"] for answer in found] == ["1", "2", "3", "4"]
    assert found[0]["url"] == "https://a.example/"
    assert found[0]["text"] == found[1]["text"]
    assert found[0]["counts"] == found[1]["counts"]
    assert found[0]["measures"] == found[1]["measures"]
    assert (found[2]["stage"], found[3]["stage"]) == ("extract", "extract")
    assert (found[3]["rule"], found[3]["value"], found[3]["limit"]) == ("too_short", 0, 150)
    assert found[3]["lang"] == "und_Zzzz"


def test_the_text_of_a_kept_page_has_the_fate_of_its_page(captured, tools):
    """Whoever brings texts of another extractor gets the same answers about them."""
    _, pages = captured
    kept = [found for page in pages[::6] if (found := inspect_page(page, "x", tools)).text]
    assert len(kept) > 5
    for found in kept:
        again = inspect_text("x", None, found.text, tools)
        for name in ("fate", "stage", "rule", "value", "limit", "text", "lang", "tokens", "counts"):
            assert getattr(again, name) == getattr(found, name), name


def test_a_text_is_lost_for_its_language_before_any_rule(tools):
    found = inspect_text("x", None, INDONESIAN, tools)
    assert (found.fate, found.stage, found.rule) == ("lost", "identify", "language")
    assert (found.value, found.limit, found.detail) == (found.lang_score, None, "ind_Latn")
    assert found.measures


def test_personal_data_in_a_text_has_the_fate_that_the_recipe_gives_it(with_recipe, prose):
    text = "\n".join([*prose, CONTACT])
    masked = inspect_text("x", None, text, with_recipe(personal="mask"))
    counted = inspect_text("x", None, text, with_recipe(personal="count"))
    dropped = inspect_text("x", None, text, with_recipe(personal="drop"))
    assert masked.pii == counted.pii == dropped.pii == Personal(email=1)
    assert "<email-pii>" in masked.text
    assert counted.text.endswith(CONTACT)
    assert (dropped.fate, dropped.stage, dropped.rule) == ("lost", "personal", "personal_data")
    assert (dropped.value, dropped.limit, dropped.detail) == (1, 0, "email 1")


def test_what_was_masked_is_named_by_kind_and_never_by_value(with_recipe, prose):
    text = "\n".join([*prose, CONTACT, "IP 8.8.8.8 und PESEL 44051401359"])
    found = inspect_text("x", None, text, with_recipe(personal_kinds={"ip": "count"}))
    assert found.masked == {"email": 1, "pl_pesel": 1}
    assert "8.8.8.8" in found.text
    out = StringIO()
    show(found, Console(file=out, width=200))
    assert re.search(r"^masked +email 1, pl_pesel 1 *$", out.getvalue(), re.M)
    assert re.search(r"^unmasked +ip 1 *$", out.getvalue(), re.M)
    assert "44051401359" not in out.getvalue()


def test_a_romanian_text_gets_its_commas_as_in_a_build(tools, page, html):
    cedillas = (
        "Pe malul lacului se află un atelier în care ticăie treizeci de ceasuri şi niciunul nu"
        " merge la fel. Meşterul repară de patruzeci de ani ceasuri vechi de turn, roată cu roată,"
        " şi nu a renunţat la niciunul. Cel mai vechi vine dintr-o mănăstire şi bătea deja când pe"
        " lac nu existau încă vapoare."
    )
    text = inspect_text("x", None, cedillas, tools).text
    assert text == inspect_page(page(html(cedillas)), "x", tools).text
    assert "şi" not in text
    assert "și" in text


def printed(found):
    console = Console(file=StringIO(), width=100, highlight=False)
    show(found, console)
    return console.file.getvalue()


def test_an_inspection_is_printed_with_fate_measures_and_text(tools, page, html, prose):
    text = printed(inspect_page(page(html(*prose)), "x", tools))
    assert "https://blog.beispiel.example/uhren" in text
    assert "would be kept, unless it is a copy" in text
    assert re.search(r"extractor +blocks .*\nconfidence +0\.\d+", text)
    assert "non_symbol_chars" in text
    assert prose[2] in text


def test_what_decided_a_weak_language_is_printed():
    text = printed(Inspection(id="x", lang="dan_Latn", lang_evidence="declared da"))
    assert re.search(r"^decided by +declared da *$", text, re.M)


def test_a_loss_is_printed_with_its_value_and_limit(tools, page, html, prose):
    text = printed(inspect_page(page(html(prose[0])), "x", tools))
    assert f"would be lost at extract by too_short: {len(prose[0])}, limit 150" in text


MARKUP = ["[/]", "[/b]", "[red]", "[bold]x[/bold]", "[link=https://x.example]", "\\[", ":smile:"]


@pytest.mark.parametrize("said", MARKUP)
def test_what_a_page_says_is_printed_as_it_stands(said):
    found = Inspection(
        id="x",
        url=f"https://a.example/{said}",
        stage="decode",
        rule="not_html",
        detail=f"type/{said}",
        metadata=Metadata(title=f"Titel {said}", canonical=f"https://b.example/{said}"),
        text=f"Text {said}",
    )
    text = printed(found)
    for start in ("https://a.example/", "type/", "Titel ", "https://b.example/", "Text "):
        assert start + said in text


def test_no_page_can_steer_the_terminal():
    said = "a\x1b[31mb\x07c\u202ed\x9b1m"
    found = Inspection(id=said, stage="x", rule="y", detail=said, metadata=Metadata(title=said))
    text = printed(found)
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert "a [31mb c d 1m" in text


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=30) | st.text("[]/b\\ ", max_size=12))
def test_any_inspection_can_be_printed_and_written(tools, said):
    found = inspect_text(said, said, said, tools)
    found.detail, found.metadata = said, Metadata(title=said)
    assert printed(found)
    assert json.loads(msgspec.json.encode(replace(found, metadata=None)))["fate"] == "lost"


def test_a_payload_is_inspected_under_the_name_it_was_given(tools, html, prose):
    found = inspect_payload("name", "https://a.example/", html(*prose).encode(), tools)
    assert (found.id, found.url, found.lang) == ("name", "https://a.example/", "deu_Latn")
