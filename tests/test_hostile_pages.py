"""Hostile pages through the real stages and the real child: a document or a named loss, in time."""

import copy
import signal
import threading
import time
from collections import OrderedDict
from contextlib import contextmanager

import pytest
from hostile_pages import BODY, PAGES, STORY
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from florilegium.filters.normalise import normalise
from florilegium.manifests.document import Document
from florilegium.manifests.ledger import Loss
from florilegium.pipelines.harvest.stages import harvest_page
from florilegium.pipelines.pages.extract import Extraction, Extractor

LIMITS = Extraction(cpu_seconds=1.5)
"""The limits of a build but for the time, so that hopeless pages end sooner."""
PARENT_SECONDS = 5.0
"""Processor time that a page may take outside of the child."""
MARKED_UP = ("240 lists nested", "200 quotations nested", "a body that is one list", "controls")
GOOD = f"<html><body>{BODY}</body></html>"


@contextmanager
def limited(tools, extraction):
    """Give the tools of a build with a child of their own."""
    other = copy.copy(tools)
    other.recipe = replace(tools.recipe, extraction=extraction)
    other._remembered = OrderedDict()
    with Extractor(extraction) as other.extractor:
        yield other


@pytest.fixture(scope="module")
def as_text(tools):
    with limited(tools, LIMITS) as ready:
        yield ready


@pytest.fixture(scope="module")
def as_markdown(tools):
    with limited(tools, replace(LIMITS, format="markdown")) as ready:
        yield ready


def ending(found):
    return "document" if isinstance(found, Document) else f"{found.stage} {found.rule}"


def check(markup, endings, page, ready):
    """Assert that a page ends as it may, and that the page behind it works."""
    begun = time.process_time()
    found = harvest_page(page(markup), ready)
    assert time.process_time() - begun < PARENT_SECONDS
    assert ending(found) in endings
    if isinstance(found, Document):
        assert found.text == normalise(found.text, found.lang)
        assert len(found.text) >= LIMITS.min_chars
    behind = harvest_page(page(GOOD), ready)
    assert behind.text.split() == " ".join(STORY).split()


@pytest.mark.parametrize("name", PAGES)
def test_a_hostile_page_is_a_document_or_a_named_loss(as_text, page, name):
    check(*PAGES[name], page, as_text)


@pytest.mark.parametrize("name", MARKED_UP)
def test_a_hostile_page_is_a_document_in_markdown_too(as_markdown, page, name):
    check(*PAGES[name], page, as_markdown)


TOLD = [
    name
    for name, (markup, endings) in PAGES.items()
    if isinstance(markup, str) and BODY in markup and endings == {"document"}
    if len(markup) < 500_000
]


@pytest.mark.parametrize("name", TOLD)
def test_a_story_on_a_hostile_page_is_in_its_text(as_text, page, name):
    text = " ".join(harvest_page(page(PAGES[name][0]), as_text).text.split())
    assert all(paragraph in text for paragraph in STORY)


def test_a_page_that_needs_too_much_memory_is_a_loss(tools, page):
    limit = 200 << 20
    table = "<table>" + "<tr><td>1<td>2" * 100_000
    extraction = replace(LIMITS, policy="trafilatura", memory_bytes=limit)
    with limited(tools, extraction) as ready:
        found = harvest_page(page(table), ready)
        # Native code that gets no memory may end its process before Python hears of it.
        assert ending(found) in ("extract memory", "extract crash")
        assert found.limit == limit or found.detail == "SIGABRT"
        assert isinstance(harvest_page(page(GOOD), ready), Document)


def test_a_page_that_kills_its_child_twice_is_a_loss(as_text, page):
    harvest_page(page(GOOD), as_text)
    over = threading.Event()

    def kill():
        while not over.is_set():
            child = as_text.extractor._child
            if child is not None and child.poll() is None:
                child.send_signal(signal.SIGSEGV)
            time.sleep(0.02)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        found = harvest_page(page("<html><body>" + "<p>Eine Uhr am See.</p>" * 90_000), as_text)
    finally:
        over.set()
        killer.join()
    assert (ending(found), found.detail) == ("extract crash", "SIGSEGV")
    assert isinstance(harvest_page(page(GOOD + "<p>"), as_text), Document)


SEEDS = [
    GOOD,
    f"<!DOCTYPE html><title>Uhren</title><nav><a href=/>Start</a></nav><main><h1>Uhren</h1>{BODY}"
    "<ul><li>eins<li>zwei</ul><table><tr><th>a<th>b<tr><td>1<td>2</table><pre>x\n y</pre></main>",
    '<meta charset="iso-8859-2"><meta name="robots" content="all"><script>var a="<p>";</script>'
    f"<div id=x class='a b' style=\"white-space:pre\"><!-- n -->{BODY}&amp;&#65;</div>",
]
PIECES = r"""< > </ <!-- --> &#x0; " ' = <table> <select> <svg> <pre> <title> <script>"""


@st.composite
def spoilt(draw):
    """Draw a little page with stretches cut out, repeated and moved, and scraps put in."""
    markup = draw(st.sampled_from(SEEDS)).encode()
    for _ in range(draw(st.integers(1, 4))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(markup))] * 2)))
        stretch = draw(st.sampled_from([b"", markup[start:end] * 2, markup[:start]]) | st.binary())
        scrap = draw(st.sampled_from(PIECES.split())).encode()
        markup = markup[:start] + stretch + scrap + markup[end:]
    return markup


@given(spoilt())
@settings(max_examples=60, deadline=None)
def test_any_spoilt_page_is_a_document_or_a_named_loss(tools, page, as_markdown, markup):
    for ready in (tools, as_markdown):
        found = harvest_page(page(markup), ready)
        if isinstance(found, Loss):
            assert found.stage
            assert found.rule not in ("", "crash", "timeout", "memory")
        else:
            assert found.text == normalise(found.text, found.lang) != ""


def test_the_same_spoilt_pages_give_the_same_to_a_fresh_child(tools, page):
    pages = [page(PAGES[name][0]) for name in (*MARKED_UP, "references to nothing", "surrogates")]
    with limited(tools, LIMITS) as one, limited(tools, LIMITS) as other:
        forwards = [harvest_page(each, one) for each in pages]
        assert [harvest_page(each, other) for each in pages[::-1]] == forwards[::-1]
