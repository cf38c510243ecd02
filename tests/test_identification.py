"""The answers of `florilegium identify`, and what it says to lines that are no texts."""

import io
import json

from click.testing import CliRunner

from florilegium.filters.language import Identifier
from florilegium.pipelines.cli.main import main
from florilegium.pipelines.research.identification import MAX_LINE, answer, answer_lines

MODEL = Identifier.packaged()
DANISH = "I går tog vi toget til byen for at købe en gave til min søster, som fylder tyve år."
ENGLISH = "My neighbour keeps bees at the bottom of her garden and gives us a jar of honey."


def answers(*lines):
    return [json.loads(line) for line in answer_lines(io.BytesIO(b"\n".join(lines)), MODEL)]


def test_a_text_is_answered_with_both_labels_its_group_and_its_paragraphs():
    found = answer("a", f"{DANISH}\n\n{ENGLISH}\nok", MODEL)
    assert (found.id, found.script) == ("a", "Latn")
    assert [segment.label for segment in found.segments] == ["dan_Latn", "eng_Latn", None]
    assert [segment.chars for segment in found.segments] == [len(DANISH), len(ENGLISH), 2]
    danish = answer("b", DANISH, MODEL)
    assert (danish.label, danish.group, danish.foreign_share) == ("dan_Latn", "scandinavian", 0)
    assert danish.second != danish.label
    assert 0 <= danish.second_score <= danish.score <= 1


def test_each_line_is_answered_in_order_and_bad_ones_by_their_error():
    text = json.dumps({"id": "x", "text": DANISH}).encode()
    found = answers(text, b"", b"no json", b'{"id": 1, "text": ""}', b'{"id": "y"}', b"\xff", text)
    assert [one.get("id") for one in found] == ["x", None, None, None, None, "x"]
    assert [one.get("line") for one in found] == [None, 3, 4, 5, 6, None]
    assert found[0] == found[-1]
    assert found[0]["label"] == "dan_Latn"


def test_a_line_without_end_is_refused_and_the_next_is_read():
    endless = b"x" * (MAX_LINE + 10)
    found = answers(endless, json.dumps({"id": "x", "text": DANISH}).encode())
    assert "more than" in found[0]["error"]
    assert found[1]["id"] == "x"


def test_the_command_reads_standard_input():
    run = CliRunner().invoke(main, ["identify"], input=DANISH)
    assert run.exit_code == 0
    assert run.output.startswith("language  dan_Latn ")
    run = CliRunner().invoke(
        main, ["identify", "--output", "json"], input=DANISH.encode() + b"\xff"
    )
    assert json.loads(run.output)["label"] == "dan_Latn"
    run = CliRunner().invoke(main, ["identify", "--jsonl"], input='{"id": "q", "text": ""}\n')
    assert json.loads(run.output)["label"] == "und_Zzzz"
