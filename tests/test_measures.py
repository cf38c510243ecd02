"""Counts, against a slow and plain count of the same text with Python's own strings."""

import ast
import inspect
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from by_hand import count_by_hand
from hypothesis import given, settings
from hypothesis import strategies as st

from florilegium.filters.c4_counts import PHRASES
from florilegium.filters.customs import Customs, word_list
from florilegium.filters.groups import group, hash_words, suspects
from florilegium.filters.measures import COMPILED, PLAIN, counts, measure
from florilegium.filters.scripts import SCRIPTS
from florilegium.filters.segment import (
    COLON_ENDS,
    ELISION,
    KEEP_HYPHEN,
    KEEP_SLASH,
    SEMICOLON_ENDS,
    profile,
)
from florilegium.manifests.counts import Counts

STOP_WORDS = ("la", "di", "one", "a", ".")

ADVERSARIAL = [
    *("", "\n", "\r\n", "   ", "a", "x.\r", "\n\na\n\na\n", "a\rb\rc\r\n\r\nd", "\ufeff", "\0"),
    "   \n\n x  \n \n x \n\n x\x85x\u2028x",
    "....... … \n- a\n• b\n-c...\r\n d…\x0b e\u2028f...\x85g .. . ... .5 a.B A.B. U.S. J. R. x",
    "#### # # ... #a#b",
    "a b " * 40,
    "a a a a a a a a a a a a a a a a a a a a a a",
    "1 11 1 11 111 1 11 1 1 111 " * 20,
    "one two three four five six seven eight nine ten eleven twelve. " * 5,
    "x" * 1000 + " y z.\n" + "x" * 1001 + " y z.\n",
    "One two three. [1] [23]\nFour five six.[citation needed]\nSeven eight nine!\t[EDIT] []\n]",
    "[1]\n[edit] [citation needed]\nsee [1].\nand so [on]",
    "Foo bar baz [12\nLorem ipsum dolor sit.\nTurn on JavaScript {now}.\nThe {x} is here now.",
    "We use cookies on this.\nPrivacy Policy applies.\nOur TERMS OF USE hold.\nuse cookie s no.",
    "He said: “Go!” (Yes.) ‘No.’ «Oui.» Well...? 3.5 is. J. R. Smith of the U.S. went?! etc.",
    "Part A.. or B... They joined NATO. Then it rained.. and rained. A. And then... it was over.",
    "l'homme d’état qu'il dell'arte rock'n'roll '' l''x",
    "twenty-one 1990-1995 and/or km/h 1/2 e-mail -x x- a–b a — b c~d a:b 1:2 x=y <b> a<b",
    "Ով է։ Իսկ սա՝ այսպես:\nΠοιος;\nΝαι·",
    "\U0001f600 \U0001f600 smile\U0001f600 ☎☎ ═══ ★ 20°C ©x",
    "é\u0301 ﬁ ß İ ǆ ǅ Ⅷ ⓐ १२ [१२] a b c. \u0378 \ue000 \U000e0041",
    "See www.a.eu and https://www.b.eu/ or http://c.eu {now}",
    "\ufffd SchÃ¶n â€œgutâ€\x9d Ð°Ð± Ã\u00a0 ÄÖ",
    "Absatz eins\n Zeile\n\nAbsatz zwei\n\nAbsatz eins\n Zeile\n \n\t\nAbsatz zwei\r\n\r\nx",
    "GROSS UND LAUT\nTel. 030 123456\nleise\n" + "lang " * 60 + "\n--------\n",
    "Text. [1]\nText one[1] two three.\n[12] Four five six? [edit][edit]\njava[1]script is on.",
    "One two {three.\nOne two lorem ipsum.",
    "привет мир hello κόσμε ĳ ª",
    "\ud800 a\udfff. b \udc00\ud800",
]
PIECES = [
    *("la", "di", "LA", "A", "b", "1", "é", "ß", "☎", "の", "\u0301", "\u00a0", "\u2028"),
    *(" ", " ", " ", "\n", "\r\n", "\t", "\x85", ".", ".", "...", "…", "?", "!", ",", ";", ":"),
    *("-", "–", "—", "/", "'", "’", '"', "”", "«", "(", ")", "[", "]", "[1]", "[edit]", "{", "#"),
    *("•", "*", "_", "@", "+", "%", "<", "=", "~", "։", "$", "lorem ipsum", "JavaScript"),
    *("use cookies", " of ", "terms of use", "one two three. ", "Ã¤", "}", "\ufffd", "aaa", "\n\n"),
    *("://", "www.", "ж", "9"),
]
pieces = st.lists(st.sampled_from(PIECES), max_size=60)
any_texts = st.one_of(
    st.text(),
    st.text(st.characters()),
    st.text("aA1 .-'\n", max_size=40),
    st.text('aA .?)"', max_size=40).map(lambda text: f"a b c{text}."),
    pieces.map("".join),
    pieces.map(" ".join),
    st.lists(st.sampled_from(["a", "b", "aa"]), max_size=60).map(" ".join),
    st.lists(st.sampled_from(["a.", "b c d.", " ", "b c d. "]), max_size=20).map("\n".join),
)


def counted(text, bits=0, kernels=COMPILED):
    (row,) = measure([text], [Customs(bits)], kernels)
    return counts(row)


def check(text, bits, script):
    language = Customs(bits, SCRIPTS.index(script), word_list(STOP_WORDS))
    expected = count_by_hand(text, bits, script if script != "Zzzz" else "", STOP_WORDS)
    for kernels in (COMPILED, PLAIN):
        assert counts(measure([text], [language], kernels)[0]) == expected


@pytest.mark.parametrize("bits", [0, ELISION | COLON_ENDS | SEMICOLON_ENDS, 31])
@pytest.mark.parametrize("text", ADVERSARIAL, ids=range(len(ADVERSARIAL)))
def test_awkward_texts_are_counted_as_by_hand_with_and_without_compiler(text, bits):
    check(text, bits, ("Zzzz", "Latn", "Cyrl")[bits % 3])


@settings(max_examples=600, deadline=None)
@given(any_texts, st.integers(0, 31), st.sampled_from(["Zzzz", "Latn", "Cyrl"]))
def test_any_text_is_counted_as_by_hand_with_and_without_compiler(text, bits, script):
    check(text, bits, script)


def test_a_word_has_the_same_hash_on_a_list_and_in_a_text():
    listed = hash_words(["der", "", "straße", "\U0001f600"])
    assert len(set(listed.tolist())) == 4
    (row,) = measure(["Straße der straße"], [Customs(stop_words=np.sort(listed))])
    assert (counts(row).stop_words, counts(row).different_stop_words) == (2, 2)


@pytest.mark.parametrize("phrase", PHRASES)
def test_a_phrase_of_boilerplate_is_found_wherever_it_stands(phrase):
    for lead in range(2 * len(phrase)):
        for before in ("x" * lead, "use of cookies "[:lead], "terms javas"[:lead]):
            check(f"{before}{phrase.title()}{before} and three words.", 0, "Zzzz")
            check(f"{before}{phrase[:-1]}{before} and three words.", 0, "Zzzz")


@pytest.mark.parametrize("size", [1, 255, 256, 257, 65_535, 65_536, 65_537, 1 << 20])
def test_spans_have_equal_hashes_where_they_are_equal_whatever_their_length(size):
    codes = np.arange(2 * size + 2, dtype=np.uint32) % np.uint32(size + 1) + np.uint32(7)
    starts = np.array([0, size + 1, 1], np.int32)
    hashes = [
        kernels.hash_spans(kernels.hash_prefixes(codes), starts, starts + np.int32(size)).tolist()
        for kernels in (COMPILED, PLAIN)
    ]
    assert hashes[0] == hashes[1]
    assert hashes[0][0] == hashes[0][1] != hashes[0][2]


def test_the_plain_steps_take_over_where_numba_is_switched_off():
    code = (
        "from florilegium.filters import measures as m; "
        "print(m.measure(['One two. One two.']).tolist(), m.measure.__defaults__[1] is m.PLAIN)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert told.split() == f"{measure(['One two. One two.']).tolist()} True".split()


def test_words_are_cut_as_the_language_writes_them():
    text = "l'arte e-mail km/h"
    assert {
        lang: counted(text, profile(lang)).words for lang in ("ita_Latn", "deu_Latn", "eng_Latn")
    } == {
        "ita_Latn": len(["l'", "arte", "e", "-", "mail", "km", "/", "h"]),
        "deu_Latn": len(["l'arte", "e-mail", "km/h"]),
        "eng_Latn": len(["l'arte", "e", "-", "mail", "km", "/", "h"]),
    }
    assert profile("deu") == profile("deu_Latn") == KEEP_HYPHEN | KEEP_SLASH
    assert profile("und") == profile("") == 0


def test_a_question_ends_a_greek_line_and_not_an_english_one():
    assert counted("Ποιος θα το πίστευε;", profile("ell_Grek")).sentence_lines == 1
    assert counted("Who would have thought;", profile("eng_Latn")).sentence_lines == 0


def test_a_text_counts_the_same_alone_in_a_batch_or_in_arrow():
    languages = [Customs(bits % 32) for bits in range(len(ADVERSARIAL))]
    batch = measure(ADVERSARIAL, languages)
    assert [counts(row) for row in batch] == [
        counted(text, bits % 32) for bits, text in enumerate(ADVERSARIAL)
    ]
    valid = ADVERSARIAL[:-1]  # Arrow takes no lone surrogates
    column = pa.array(["before", *valid], pa.large_string()).slice(1)
    assert np.array_equal(measure(column, languages[:-1]), batch[:-1])


def test_a_null_counts_as_the_empty_text():
    assert counts(measure(pa.array([None], pa.large_string()))[0]) == Counts()


def test_no_texts_give_no_rows():
    assert measure([]).shape == (0, len(Counts.__struct_fields__))


def test_languages_that_are_missing_are_an_error():
    with pytest.raises(ValueError, match="shorter"):
        measure(["a", "b"], [Customs()])


@pytest.mark.parametrize("kernels", [COMPILED, PLAIN], ids=["compiled", "plain"])
def test_texts_of_megabytes_are_counted_in_linear_time(kernels):
    many = 500_000
    texts = [
        "a " * many,
        "a" * 2 * many,
        " ".join(map(str, range(many))),
        "(" * many + "\n]" * many,
    ]
    same, single, different, lines = measure(texts, None, kernels)
    assert counts(same).top_bigram_chars == 3 * (many - 1)
    assert counts(same).duplicate_10gram_chars == (many - 10) // 10 * 10
    assert counts(single).longest_word == 2 * many
    assert counts(different).unique_words == many
    assert counts(lines).duplicate_lines == many - 1


@settings(deadline=None)
@given(st.lists(st.integers(0, 3).map(lambda n: n << 62) | st.integers(0, 2**64 - 1)))
def test_equal_hashes_get_equal_numbers_in_order_of_appearance(hashes):
    first = list(dict.fromkeys(hashes))
    numbers, keys, times = COMPILED.group(np.array(hashes, np.uint64))
    assert numbers.tolist() == [first.index(value) for value in hashes]
    assert keys.tolist() == first
    assert times.tolist() == [hashes.count(value) for value in first]


@settings(deadline=None)
@given(st.lists(st.integers(0, 3).map(lambda n: n << 62) | st.integers(0, 2**64 - 1)))
def test_what_occurs_twice_is_suspected(hashes):
    found = suspects(np.array(hashes, np.uint64)).tolist()
    assert all(found[k] for k, value in enumerate(hashes) if hashes.count(value) > 1)


def test_few_that_occur_once_are_suspected():
    hashes = np.random.default_rng(0).integers(0, 2**64, 10_000, np.uint64)
    assert suspects(hashes).mean() < 0.15


@settings(deadline=None)
@given(st.lists(st.integers(0, 3).map(lambda n: n << 62) | st.integers(0, 2**64 - 1)))
def test_equal_hashes_get_equal_numbers_without_compiler(hashes):
    numbers, keys, times = PLAIN.group(np.array(hashes, np.uint64))
    assert keys[numbers].tolist() == hashes
    assert times.tolist() == [hashes.count(value) for value in keys.tolist()]
    assert len(set(keys.tolist())) == len(keys)


@pytest.mark.parametrize("shift", [0, 20, 46])
def test_hashes_that_share_their_low_or_high_bits_are_numbered_in_linear_time(shift):
    _, different, _ = group(np.arange(200_000, dtype=np.uint64) << np.uint64(shift))
    assert len(different) == 200_000


def test_every_count_says_what_it_counts():
    fields = ast.parse(inspect.getsource(Counts)).body[0].body[1:]
    for field, about in zip(fields[::2], fields[1::2], strict=True):
        assert field.annotation.id == "int"
        assert about.value.value.strip().endswith(".")
    assert [field.target.id for field in fields[::2]] == list(Counts.__struct_fields__)
