"""Counts, against a slow and plain count of the same text with Python's own strings."""

import ast
import inspect
import re
import unicodedata
from collections import Counter
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from florilegium.filters.characters import BULLETS, QUOTES, SOFT_MARKS, TERMINALS
from florilegium.filters.groups import number
from florilegium.filters.measures import counts, measure
from florilegium.filters.segment import (
    COLON_ENDS,
    ELISION,
    KEEP_HYPHEN,
    KEEP_SLASH,
    SEMICOLON_ENDS,
    profile,
)
from florilegium.manifests.counts import Counts

PHRASES = ("lorem ipsum", "javascript", "{")
NOTICES = (
    *("terms of use", "privacy policy", "cookie policy"),
    *("uses cookies", "use of cookies", "use cookies"),
)
CITATION = re.compile(r"(\[\d*\]|\[edit\]|\[citation needed\])\Z", re.IGNORECASE | re.ASCII)
CITATION_OF_DIGITS = re.compile(r"\[\d*\]\Z")


def category(character):
    return unicodedata.category(character) if character else ""


def letter(character):
    return category(character).startswith("L")


def digit(character):
    return category(character) == "Nd"


def mark(character):
    return category(character)[:1] in ("P", "S")


def upper(character):
    return character.isupper() and category(character) != "Cn"


def symbol(character):
    return category(character) == "Cc" or (mark(character) and category(character) != "So")


def barrier(character):
    return not character.strip() or (mark(character) and character not in SOFT_MARKS)


def fold(text):
    return re.sub("[A-Z]", lambda found: found[0].lower(), text)


def words_of(text, bits=0):
    """Spell each character by its place, then read the words off the spelling."""
    padded = "  " + text + " "
    spelling = "".join(
        " " if here.isspace() else place(*padded[i : i + 4], bits) if mark(here) else "w"
        for i, here in enumerate(text)
    )
    return [text[m.start() : m.end()] for m in re.finditer(r"D[Dd]*|A|[wd]+L?|L", spelling)]


def place(earlier, before, here, after, bits):
    """A apart, w inside a word, L its last character; D apart and d inside for a full stop."""
    letters = letter(before) and letter(after)
    name = (letter(before) or digit(before)) and letter(after)
    if here == ".":
        if barrier(after):
            return "d" if upper(before) and not upper(earlier) and after != "." else "D"
        if before.isspace():
            return "d"
        return "D" if barrier(before) or (before.islower() and upper(after)) else "d"
    if here == "-":
        numbers = digit(before) and digit(after)
        apart = numbers or (letters and not bits & KEEP_HYPHEN)
    elif here == "/":
        apart = name and not bits & KEEP_SLASH
    elif here in SOFT_MARKS:
        apart = False
    elif category(here) == "So" or barrier(before) or barrier(after):
        apart = True
    elif here in "'’" and letters and bits & ELISION:
        return "L"
    else:
        apart = (here in ",–—~" and letters) or (here in ":<=>" and name)
    return "A" if apart else "w"


def top_chars(words, n):
    grams = Counter(zip(*(words[i:] for i in range(n)), strict=False))
    gram, times = max(grams.items(), key=lambda item: item[1], default=((), 0))
    return times * len(" ".join(gram)) if times > 1 else 0


def duplicate_chars(words, n):
    met, chars, i = set(), 0, 0
    while i + n <= len(words):
        gram = tuple(words[i : i + n])
        if gram in met:
            chars += len("".join(gram))
            i += n
        else:
            met.add(gram)
            i += 1
    return chars


def ends_sentence(line, bits):
    while len(line) > 1 and (
        line[-1].isspace() or line[-1] in QUOTES or category(line[-1]) in ("Pe", "Pf", "Pi")
    ):
        line = line[:-1]
    ends = TERMINALS + "…" + ":" * bool(bits & COLON_ENDS) + ";" * bool(bits & SEMICOLON_ENDS)
    return line[-1] in ends


def without_citations(line):
    while found := CITATION.search(line) or CITATION_OF_DIGITS.search(line):
        line = line[: found.start()].rstrip()
    return line


def sentences_of(line):
    breaks = []
    for i, here in enumerate(line):
        before, after = line[:i], line[i + 1 :]
        free = not after or after[0].isspace() or mark(after[0])
        if here == ".":
            free = free and not before.endswith(".") and not after.startswith(".")
            initial = before and upper(before[-1]) and not (before[:-1] and upper(before[-2]))
            free = free and not initial
        if here in TERMINALS and free:
            breaks.append(i)
    pieces = [line[a + 1 : b] for a, b in pairwise([*breaks, len(line)])]
    spoken = [p for p in pieces if any(not c.isspace() and not mark(c) for c in p)]
    return 1 + len(spoken)


def c4_of(lines):
    kept, found = [], Counter()
    for line in map(without_citations, lines):
        words = line.split()
        if not line.endswith(tuple(".?!\"'")) or line.endswith("...") or len(words) < 3:
            continue
        if max(map(len, words)) > 1000:
            continue
        first = next((phrase for phrase in PHRASES if phrase in fold(line)), None)
        found[first] += 1
        if first is None and not any(notice in fold(line) for notice in NOTICES):
            kept.append(line)
    return kept, found


def plain_counts(text, bits=0):
    words = words_of(text, bits)
    spoken = [w for w in words if not all(map(symbol, w))]
    letters_of = [[c for c in w if letter(c)] for w in words]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    duplicates = [line for i, line in enumerate(lines) if line in lines[:i]]
    kept, found = c4_of(lines)
    return Counts(
        chars=len(text),
        alpha_chars=sum(map(letter, text)),
        upper_chars=sum(letter(c) and upper(c) for c in text),
        digit_chars=sum(map(digit, text)),
        punctuation_chars=sum(map(mark, text)),
        newlines=len(text.split("\n")) - 1,
        hashes=len(text.split("#")) - 1,
        ellipses=len(re.findall(r"\.\.\.|…", text)),
        words=len(words),
        non_symbol_words=len(spoken),
        non_symbol_chars=len("".join(spoken)),
        alpha_words=sum(map(bool, letters_of)),
        capital_words=sum(len(w) > 1 and all(map(upper, w)) for w in letters_of),
        longest_word=max(map(len, words), default=0),
        unique_words=len(set(words)),
        top_bigram_chars=top_chars(words, 2),
        top_trigram_chars=top_chars(words, 3),
        top_4gram_chars=top_chars(words, 4),
        **{f"duplicate_{n}gram_chars": duplicate_chars(words, n) for n in range(5, 11)},
        lines=len(lines),
        sentence_lines=sum(ends_sentence(line, bits) for line in lines),
        punctuated_lines=sum(line[-1] in TERMINALS for line in lines),
        short_lines=sum(len(line) <= 30 for line in lines),
        bullet_lines=sum(line[0] in BULLETS for line in lines),
        ellipsis_lines=sum(line.endswith(("...", "…")) for line in lines),
        duplicate_lines=len(duplicates),
        duplicate_line_chars=len("".join(duplicates)),
        c4_lines=len(kept),
        c4_chars=len("".join(kept)),
        c4_sentences=sum(map(sentences_of, kept)),
        c4_placeholder_lines=found["lorem ipsum"],
        c4_brace_lines=found["{"],
    )


# ---- the tests

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
    "\ud800 a\udfff. b \udc00\ud800",
]
PIECES = [
    *("la", "di", "LA", "A", "b", "1", "é", "ß", "☎", "の", "\u0301", "\u00a0", "\u2028"),
    *(" ", " ", " ", "\n", "\r\n", "\t", "\x85", ".", ".", "...", "…", "?", "!", ",", ";", ":"),
    *("-", "–", "—", "/", "'", "’", '"', "”", "«", "(", ")", "[", "]", "[1]", "[edit]", "{", "#"),
    *("•", "*", "_", "@", "+", "%", "<", "=", "~", "։", "$", "lorem ipsum", "JavaScript"),
    *("use cookies", " of ", "terms of use", "one two three. "),
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


def counted(text, bits=0):
    (row,) = measure([text], np.array([bits], np.uint8))
    return counts(row)


@pytest.mark.parametrize("bits", [0, ELISION | COLON_ENDS | SEMICOLON_ENDS, 31])
@pytest.mark.parametrize("text", ADVERSARIAL, ids=range(len(ADVERSARIAL)))
def test_awkward_texts_are_counted_as_by_hand(text, bits):
    assert counted(text, bits) == plain_counts(text, bits)


@settings(max_examples=600, deadline=None)
@given(any_texts, st.integers(0, 31))
def test_any_text_is_counted_as_by_hand(text, bits):
    assert counted(text, bits) == plain_counts(text, bits)


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
    bits = np.arange(len(ADVERSARIAL), dtype=np.uint8)
    batch = measure(ADVERSARIAL, bits)
    assert [counts(row) for row in batch] == [
        counted(text, bit) for text, bit in zip(ADVERSARIAL, bits.tolist(), strict=True)
    ]
    valid = ADVERSARIAL[:-1]  # Arrow takes no lone surrogates
    column = pa.array(["before", *valid], pa.large_string()).slice(1)
    assert np.array_equal(measure(column, bits[:-1]), batch[:-1])


def test_a_null_counts_as_the_empty_text():
    assert counts(measure(pa.array([None], pa.large_string()))[0]) == Counts()


def test_no_texts_give_no_rows():
    assert measure([]).shape == (0, len(Counts.__struct_fields__))


def test_profiles_that_are_missing_are_an_error():
    with pytest.raises(ValueError, match="shorter"):
        measure(["a", "b"], np.zeros(1, np.uint8))


def test_texts_of_megabytes_are_counted_in_linear_time():
    many = 500_000
    same, single, different, lines = measure(
        [
            "a " * many,
            "a" * 2 * many,
            " ".join(map(str, range(many))),
            "(" * many + "\n]" * many,
        ]
    )
    assert counts(same).top_bigram_chars == 3 * (many - 1)
    assert counts(same).duplicate_10gram_chars == (many - 10) // 10 * 10
    assert counts(single).longest_word == 2 * many
    assert counts(different).unique_words == many
    assert counts(lines).duplicate_lines == many - 1


@settings(deadline=None)
@given(st.lists(st.integers(0, 3).map(lambda n: n << 62) | st.integers(0, 2**64 - 1)))
def test_equal_hashes_get_equal_numbers_in_order_of_appearance(hashes):
    first = list(dict.fromkeys(hashes))
    numbers, different = number(np.array(hashes, np.uint64))
    assert numbers.tolist() == [first.index(value) for value in hashes]
    assert different == len(first)


@pytest.mark.parametrize("shift", [0, 20, 46])
def test_hashes_that_share_their_low_or_high_bits_are_numbered_in_linear_time(shift):
    _, different = number(np.arange(200_000, dtype=np.uint64) << np.uint64(shift))
    assert different == 200_000


def test_every_count_says_what_it_counts():
    fields = ast.parse(inspect.getsource(Counts)).body[0].body[1:]
    for field, about in zip(fields[::2], fields[1::2], strict=True):
        assert field.annotation.id == "int"
        assert about.value.value.strip().endswith(".")
    assert [field.target.id for field in fields[::2]] == list(Counts.__struct_fields__)
