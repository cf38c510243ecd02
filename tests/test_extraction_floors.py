"""What extraction is held against: gains over another extractor on the same pages, and speed."""

import json
import lzma

import extraction_floors
import extractors
import pytest
from blocks_data import GOLD, GoldPage, files_digest, is_there
from blocks_score import Score, scores
from extraction_floors import GAINS, gains, identity
from extractors import BLOCKS, READABILITY, TRAFILATURA, Answer, readability, run, times_as_fast
from floors import FloorError

from florilegium.pipelines.blocks.model import shipped_model

PROSE = "Die Uhr am Rathaus geht seit Jahren nach, und kaum jemand in der Stadt stört sich daran. "
HTML = f"<html><body><nav><a href='/'>Start</a></nav><article><h1>Die Uhr</h1><p>{PROSE * 5}</p>"
PAGE = GoldPage("1", "article", "beispiel.example", HTML, text=PROSE * 5)
SCORES = {group: Score(0.9, 0.9, 0.9, 10) for group in GAINS.values()}


def test_a_gain_is_the_difference_in_f1_on_the_same_pages():
    ours = SCORES | {"articles": Score(0.95, 0.9, 1.0, 10)}
    found = gains(ours, SCORES)
    assert found.keys() == {f"gain {name}" for name in GAINS}
    assert found["gain articles"] == pytest.approx(0.05)
    assert found["gain segments"] == 0


@pytest.mark.parametrize("group", GAINS.values())
def test_a_group_that_one_side_lacks_or_has_other_pages_in_is_an_error(group):
    less = {name: score for name, score in SCORES.items() if name != group}
    for sides in ((SCORES, less), (less, SCORES)):
        with pytest.raises(FloorError, match=r"not measured on both sides"):
            gains(*sides)
    with pytest.raises(FloorError, match="on 10 pages, but there are 9"):
        gains(SCORES, SCORES | {group: Score(0.9, 0.9, 0.9, 9)})


def test_the_card_of_another_model_is_an_error(tmp_path, monkeypatch):
    card = json.loads(extraction_floors.CARD.read_text("utf-8"))
    assert card["sha256"] == shipped_model().digest
    other = tmp_path / "blocks.json"
    other.write_text(json.dumps(card | {"sha256": "0" * 64}))
    monkeypatch.setattr(extraction_floors, "CARD", other)
    with pytest.raises(FloorError, match="card of model 000000000000"):
        identity(tmp_path)


def test_the_digest_is_of_all_files_the_pages_come_from(tmp_path):
    assert not is_there(tmp_path)
    names = ("gold/extraction_dev.jsonl.xz", "gold/trafilatura_segments.jsonl",
             "warc/sample-eval-00.warc.gz", "warc/sample-eval-01.warc.gz")  # fmt: skip
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(lzma.compress(name.encode()))
    assert is_there(tmp_path)
    digests = [files_digest(tmp_path)]
    for name in names:
        (tmp_path / name).write_bytes(b"changed")
        digests.append(files_digest(tmp_path))
    assert len(set(digests)) == len(digests)


def test_every_page_goes_through_every_extractor_and_is_timed():
    found = run([PAGE, PAGE], {"blocks": BLOCKS, "trafilatura": TRAFILATURA})
    for name in ("blocks", "trafilatura"):
        assert scores([PAGE], found.texts[name][:1])["articles"].f1 > 0.9
        assert len(found.seconds[name]) == 2
        assert min(found.seconds[name]) > 0


def test_speed_is_that_of_the_least_time_of_each_page():
    def taking(*seconds):
        times = iter(seconds)
        return lambda html: Answer(html, next(times))

    # Two pages, warmed up by one look at each; a neighbour disturbed one page of either round.
    one = taking(9, 9, 1, 5, 9, 9, 4, 1)
    other = taking(9, 9, 8, 9, 9, 9, 9, 8)
    assert times_as_fast(one, other, [PAGE, PAGE], rounds=2) == 8


@pytest.mark.skipif(not READABILITY.exists(), reason="make bench-quality makes its environment")
def test_readability_answers_page_by_page_and_survives_what_it_cannot_read():
    with readability() as ask:
        found = ask(HTML)
        assert PROSE.strip() in found.text
        assert found.seconds > 0
        assert ask("").text == ""
        assert ask("\ud800\0<p>" + PROSE * 9).seconds > 0
        assert ask(HTML).text == found.text


def test_a_process_that_ends_is_an_error_and_no_empty_text(monkeypatch, tmp_path):
    ending = tmp_path / "python"
    ending.write_text("#!/bin/sh\nread line\n")
    ending.chmod(0o755)
    monkeypatch.setattr(extractors, "READABILITY", ending)
    with pytest.raises(EOFError, match="readability ended on a page"), readability() as ask:
        ask(HTML)


@pytest.mark.skipif(not is_there(GOLD), reason="no pages with known text in ../shared")
def test_the_baseline_is_of_the_pages_that_are_here():
    import floors

    assert identity(GOLD)["gold"].sha256 == floors.read()["extraction"].measured_on["gold"]
