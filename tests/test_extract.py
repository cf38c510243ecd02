import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from florilegium.pipelines.pages.extract import (
    Extracted,
    Extraction,
    Extractor,
    Failure,
    Glance,
    check_structure,
)

SLOW = Extraction(policy="trafilatura")

SHARED = Path(__file__).parents[2] / "shared"

FURNITURE = """<!DOCTYPE html><html lang="{lang}"><head><title>{title}</title></head><body>
<div id="cookie-banner" class="cookie-consent"><p>{cookies}</p><button>OK</button></div>
<nav><ul><li><a href="/">{nav}</a></li><li><a href="/a">Login</a></li></ul></nav>
<main><article><h1>{title}</h1>{body}</article></main>
<section id="comments" class="comments"><h2>3</h2><div class="comment"><p>{comment}</p></div>
</section><footer><p>{footer}</p></footer></body></html>"""

PAGES = [
    {
        "lang": "de",
        "title": "Der Uhrmacher von Meersburg",
        "cookies": "Wir verwenden Cookies, um Ihnen das beste Erlebnis zu bieten.",
        "nav": "Startseite",
        "body": "<p>In der Werkstatt am Seeufer ticken dreißig Uhren, und keine geht genau gleich."
        "</p><p>Seit vierzig Jahren setzt der Meister alte Turmuhren instand, Zahnrad um Zahnrad,"
        " und er hat noch keine aufgegeben.</p><p>Die älteste stammt aus einem Kloster und schlug"
        " schon, als es auf dem See noch keine Dampfschiffe gab.</p>",
        "comment": "Toller Beitrag, danke dafür!",
        "footer": "Impressum und Datenschutz, alle Rechte vorbehalten",
    },
    {
        "lang": "pl",
        "title": "Pszczoły na dachu biblioteki",
        "cookies": "Ta strona używa plików cookie w celach statystycznych.",
        "nav": "Strona główna",
        "body": "<p>Na dachu miejskiej biblioteki stoi dwanaście uli, a w każdym z nich mieszka"
        " kilkadziesiąt tysięcy pszczół.</p><p>Bibliotekarze sami nauczyli się opieki nad nimi i"
        " każdej jesieni rozlewają miód do małych słoików dla czytelników.</p><p>Miód z miasta"
        " smakuje lipą, bo wzdłuż ulic rosną stare drzewa posadzone przed wojną.</p>",
        "comment": "Świetny artykuł, pozdrawiam!",
        "footer": "Polityka prywatności i regulamin serwisu",
    },
    {
        "lang": "el",
        "title": "Το φράγμα και τα πουλιά",
        "cookies": "Χρησιμοποιούμε cookies για την καλύτερη λειτουργία της σελίδας.",
        "nav": "Αρχική σελίδα",
        "body": "<p>Κάθε φθινόπωρο χιλιάδες πουλιά σταματούν στη λίμνη πίσω από το παλιό φράγμα,"
        " πριν περάσουν τη θάλασσα.</p><p>Οι κάτοικοι του χωριού τα μετρούν από ένα ξύλινο"
        " παρατηρητήριο και γράφουν τους αριθμούς σε τετράδια.</p><p>Φέτος είδαν για πρώτη φορά"
        " έναν μαύρο πελαργό, που έμεινε τρεις μέρες και ύστερα έφυγε προς τον νότο.</p>",
        "comment": "Πολύ ωραίο κείμενο, μπράβο!",
        "footer": "Όροι χρήσης και επικοινωνία",
    },
]
PARAGRAPHS = PAGES[0]["body"]
ORDINARY = FURNITURE.format(**PAGES[0])


def divs(number):
    return "".join(
        f'<div class="c{i}"><a href="/x{i}">Link {i}</a> Text Nummer {i} mit etwas Inhalt</div>'
        for i in range(number)
    )


HEAVY = "<html><body>" + divs(12_000) + "</body></html>"
"""About a second of work."""

NOISE = bytes(random.Random(1).choices(range(256), k=200_000)).decode("latin-1")

PATHOLOGICAL = {
    "deep": "<div>" * 100_000 + PARAGRAPHS + "</div>" * 100_000,
    "deep enough to pass": "<div>" * 245 + PARAGRAPHS + "</div>" * 245,
    "spans": "<p>" + "<span>" * 20_000 + "text " * 50 + "</span>" * 20_000,
    "unique divs": divs(2_500),
    "attributes": "<div " + " ".join(f'a{i}="x"' for i in range(50_000)) + ">" + PARAGRAPHS,
    "tables in tables": "<table><tr><td>" * 500 + PARAGRAPHS + "</td></tr></table>" * 500,
    "long table": "<table>" + "<tr><td>Wert</td><td>7</td></tr>" * 3_000 + "</table>",
    "list": "<ul>" + "".join(f"<li>Eintrag {i} mit Text</li>" for i in range(500)) + "</ul>",
    "unclosed": "<b><p>text " * 5_000,
    "unclosed links": "<a href=x><font><i>text " * 3_000,
    "copies": "<p>" + "".join(f"<b id={i}>" for i in range(200)) + "<p>x" * 2_000,
    "line breaks": "".join(f"Zeile {i} mit Text<br>" for i in range(5_000)),
    "binary": NOISE,
    "portable document": "%PDF-1.4\n" + NOISE,
    "spaces": "<p>a" + " " * 1_000_000 + "b</p>" + PARAGRAPHS,
    "digits": PARAGRAPHS + "<p>" + "1234567890" * 20_000,
    "entities": "<p>" + "&amp;&nbsp;&lt;&#xd800;&#0;" * 10_000,
    "surrogates": PARAGRAPHS + "\ud800\udfff\udc00\x00\x0b",
    "comment without end": "<!--" * 10_000 + PARAGRAPHS,
    "nothing": "",
}


@pytest.fixture(scope="module")
def extractor():
    with Extractor() as extractor:
        yield extractor


@pytest.mark.parametrize("policy", ["blocks", "trafilatura", "trafilatura-fast"])
def test_the_main_text_is_in_and_the_furniture_is_out(policy):
    with Extractor(Extraction(policy=policy)) as extractor:
        for page in PAGES:
            extracted = extractor.extract(FURNITURE.format(**page))
            assert isinstance(extracted, Extracted)
            assert extracted.extractor.startswith(f"{policy} ")
            for paragraph in page["body"][3:-4].split("</p><p>"):
                assert paragraph in extracted.text.split("\n")
            for part in ("cookies", "nav", "comment", "footer"):
                assert page[part] not in extracted.text


@pytest.mark.parametrize("policy", ["blocks", "trafilatura", "trafilatura-fast"])
def test_every_policy_writes_markdown(policy):
    html = (
        "<article><h2>Alt</h2><p>Der Deich wurde * vor * langer Zeit gebaut, und er hält.</p>"
        "<p>Wer auf ihm geht, sieht links das Land und rechts das Meer, und beides ist flach.</p>"
        "<p># Im nächsten Jahr wird er um einen Meter erhöht, weil das Wasser steigt.</p></article>"
    )
    with Extractor(Extraction(policy=policy, format="markdown")) as extractor:
        found = extractor.extract(html)
    assert found.extractor.startswith(policy)
    assert "wurde \\* vor \\* langer Zeit" in found.text
    assert "\n\n\\# Im nächsten Jahr" in found.text


@pytest.mark.parametrize("policy", ["blocks", "trafilatura"])
def test_a_look_has_the_text_and_what_the_page_declares(policy):
    with Extractor(Extraction(policy=policy)) as extractor:
        for page in PAGES:
            glance = extractor.look(FURNITURE.format(**page))
            assert page["body"].split("</p>")[0][3:] in glance.text
            assert glance.metadata.title
            found = extractor.extract(FURNITURE.format(**page))
            assert glance.main_text == (found if policy == "blocks" else None)
            assert (found.confidence is None) == (policy != "blocks")


def test_a_look_at_a_page_without_main_text_takes_all_the_text():
    with Extractor(Extraction(policy="trafilatura")) as extractor:
        assert "Eintrag 499" in extractor.look(PATHOLOGICAL["list"]).text


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_a_pathological_page_is_text_or_a_named_failure(extractor, name):
    html = PATHOLOGICAL[name]
    start = time.monotonic()
    ending = check_structure(html, Extraction()) or extractor.extract(html)
    if isinstance(ending, Failure):
        assert ending.rule in {"too_deep", "too_many_attributes", "timeout", "empty", "too_short"}
        assert ending.limit is not None
    else:
        ending.text.encode()
    assert time.monotonic() - start < 30
    assert isinstance(extractor.extract(ORDINARY), Extracted)


def test_what_is_too_much_for_a_parser_is_named_with_its_number():
    limits = Extraction(max_chars=1_000_000)
    assert check_structure(PATHOLOGICAL["deep"], limits) == Failure("too_large", 1_100_316, 1e6)
    assert check_structure("<div>" * 300, limits) == Failure("too_deep", 251, 250)
    assert check_structure(PATHOLOGICAL["attributes"], limits) == Failure(
        "too_many_attributes", 50_000, 1000
    )
    assert check_structure(ORDINARY, limits) is None


def test_a_page_without_enough_text_is_empty(extractor):
    assert extractor.extract("") == Failure("empty", 0, 150)
    ending = extractor.extract("<h1>Kurz</h1><p>Das ist schon der ganze Text dieser Seite.</p>")
    assert (ending.rule, ending.limit) == ("too_short", 150)
    assert 0 < ending.value < 100


def test_the_order_of_pages_does_not_show_in_their_texts():
    pages = [FURNITURE.format(**page) for page in PAGES]
    pages += [PATHOLOGICAL[name] for name in ("list", "unclosed links", "surrogates")] + pages
    with (
        Extractor(SLOW) as forward,
        Extractor(Extraction(policy="trafilatura", pages_per_child=6)) as backward,
    ):
        texts = [forward.extract(page) for page in pages]
        assert [backward.extract(page) for page in reversed(pages)] == texts[::-1]


def test_a_page_that_takes_too_long_is_a_timeout():
    with Extractor(Extraction(policy="trafilatura", cpu_seconds=0.3)) as extractor:
        assert extractor.extract(HEAVY) == Failure("timeout", limit=0.3)
        assert isinstance(extractor.extract(ORDINARY), Extracted)


def test_a_page_made_to_deceive_the_check_ends_at_the_limit():
    html = "<div><table></div></table>" * 40_000
    assert check_structure(html, Extraction()) is None
    with Extractor(Extraction(policy="trafilatura", cpu_seconds=0.5)) as extractor:
        assert extractor.look(html) == Failure("timeout", limit=0.5)
        assert isinstance(extractor.extract(ORDINARY), Extracted)


def test_a_child_that_does_nothing_is_given_up():
    with Extractor(Extraction(policy="trafilatura", wall_seconds=5)) as extractor:
        assert isinstance(extractor.extract(ORDINARY), Extracted)
        os.kill(extractor._child.pid, signal.SIGSTOP)
        assert extractor.extract(ORDINARY) == Failure("timeout", limit=5)
        assert isinstance(extractor.extract(ORDINARY), Extracted)


def test_a_page_that_takes_too_much_memory_is_named():
    limit = 160 << 20
    with Extractor(Extraction(policy="trafilatura", memory_bytes=limit)) as extractor:
        assert extractor.extract("<table>" + "<tr><td>1<td>2" * 60_000) == Failure(
            "memory", limit=limit
        )
        assert isinstance(extractor.extract(ORDINARY), Extracted)


def kill_children(extractor, times):
    """Kill the child so many times, each soon after it has started on a page."""
    for _ in range(times):
        time.sleep(0.3)
        while extractor._child is None or extractor._child.poll() is not None:
            time.sleep(0.01)
        extractor._child.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("times", [1, 2])
def test_a_page_is_tried_again_once_when_its_child_is_killed(times):
    with Extractor(SLOW) as extractor:
        extractor.extract(ORDINARY)
        killer = threading.Thread(target=kill_children, args=(extractor, times))
        killer.start()
        ending = extractor.extract(HEAVY)
        killer.join()
        if times == 1:
            assert isinstance(ending, Extracted)
        else:
            assert ending == Failure("crash", detail="SIGKILL")
        assert isinstance(extractor.extract(ORDINARY), Extracted)


def test_a_child_killed_between_pages_costs_no_page():
    with Extractor(SLOW) as extractor:
        assert isinstance(extractor.extract(ORDINARY), Extracted)
        os.kill(extractor._child.pid, signal.SIGKILL)
        assert isinstance(extractor.extract(ORDINARY), Extracted)


def test_an_interrupted_page_does_not_answer_for_the_next():
    def interrupt(number, frame):
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, interrupt)
    try:
        with Extractor(SLOW) as extractor:
            extractor.extract(ORDINARY)
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(KeyboardInterrupt):
                extractor.extract(HEAVY)
            assert "Uhren" in extractor.extract(ORDINARY).text
    finally:
        signal.signal(signal.SIGALRM, previous)


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_no_child_outlives_its_parent():
    script = """
import time
from florilegium.pipelines.pages.extract import Extractor
extractor = Extractor()
extractor.look("<p>x")
print(extractor._child.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        child = int(parent.stdout.readline())
        assert is_alive(child)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    deadline = time.monotonic() + 10
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(child)


def test_the_child_loads_no_pipeline_and_no_compiler():
    script = "import sys, florilegium.pipelines.pages.extract_child; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout
    assert not {b"apache_beam", b"numba", b"numpy"} & set(modules.split())
    assert b"trafilatura" in modules.split()


TAGS = [
    "<",
    ">",
    "</",
    "<p>",
    "<div>",
    "<table>",
    "<td>",
    "<!--",
    "-->",
    "<script>",
    "wort ",
    "&#0;",
]


@settings(max_examples=60, deadline=None)
@given(st.text() | st.lists(st.sampled_from(TAGS)).map("".join))
def test_any_page_ends_in_text_or_a_named_failure(extractor, html):
    assert isinstance(extractor.extract(html), Extracted | Failure)
    assert isinstance(extractor.look(html), Glance)


def test_real_pages_end_in_text_or_a_named_failure(extractor):
    source = SHARED / "data" / "warc" / "sample-open-00.warc.gz"
    if not source.exists():
        pytest.skip(f"{source} is absent")
    warc = pytest.importorskip("fastwarc.warc")
    texts = 0
    with source.open("rb") as stream:
        for number, record in enumerate(warc.ArchiveIterator(stream, parse_http=True)):
            html = record.reader.read().decode("utf-8", "replace")
            if check_structure(html, Extraction()) is None:
                texts += isinstance(extractor.extract(html), Extracted)
            if number == 60:
                break
    assert texts > 20
