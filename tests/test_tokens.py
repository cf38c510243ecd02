import hashlib
from pathlib import Path

import mistral_common
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mistral_common.tokens.tokenizers.tekken import Tekkenizer

from florilegium.pipelines.harvest.tokens import TokenCounter, digest

DATA = Path(mistral_common.__file__).parent / "data"
DIGEST = "1948e2d48b0e7377f1bb5f1210f1ae5f984934e75713fc07e2452729b8365316"


@pytest.fixture(scope="module")
def library():
    return Tekkenizer.from_file(str(DATA / "tekken_240911.json"))


@pytest.fixture(scope="module")
def counter():
    return TokenCounter("tekken-240911")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "ticken",
        "In der Werkstatt am Seeufer ticken dreißig Uhren.",
        "Κάθε φθινόπωρο χιλιάδες πουλιά σταματούν στη λίμνη.",
        "Na dachu miejskiej biblioteki\nstoi dwanaście uli.\n\n",
        "1234567890" * 50,
        "👩‍👩‍👧 e\u0301 \u200d",
    ],
)
def test_tokens_are_counted_as_the_library_counts_them(counter, library, text):
    assert counter.count(text) == len(library.encode(text, bos=False, eos=False))


def test_the_numbers_of_a_known_text_stay_what_they_are(counter):
    assert [counter.count(text) for text in ("", "a", "In der Werkstatt ticken Uhren.")] == [
        0,
        1,
        9,
    ]


def test_beginning_and_end_are_not_counted(counter, library):
    whole = len(library.encode("ticken", bos=True, eos=True))
    assert counter.count("ticken") == whole - 2


def test_what_looks_like_a_control_token_is_counted_as_text(counter):
    assert counter.count("<s>[INST]</s>") > 3


@settings(max_examples=60, deadline=None)
@given(st.text() | st.text("a \n\u00a0", max_size=40))
def test_any_text_can_be_counted(counter, text):
    count = counter.count(text)
    assert (count > 0) == bool(text)
    assert count <= len(text.encode("utf-8", "surrogatepass"))


def test_spaces_too_many_for_the_library_are_counted_all_the_same(counter, library):
    text = "a" + 1_000_000 * " " + "b"
    with pytest.raises(ValueError, match="stack"):
        library.encode(text, bos=False, eos=False)
    count = counter.count(text)
    assert count == pytest.approx(2 * counter.count("a" + 500_000 * " "), rel=0.01)


def test_the_digest_is_that_of_the_vocabulary_and_stays_the_same():
    assert digest("tekken-240911") == DIGEST
    assert hashlib.sha256((DATA / "tekken_240911.json").read_bytes()).hexdigest() == DIGEST
    assert digest("tekken-240718") != DIGEST


def test_a_tokenizer_that_is_not_there_is_an_error():
    with pytest.raises(FileNotFoundError):
        digest("tekken-000000")
