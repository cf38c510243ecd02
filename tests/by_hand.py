"""The counts of a text, slow and plain, with Python's own strings: what kernels must come to."""

import re
import unicodedata
from collections import Counter
from itertools import groupby, pairwise
from math import isqrt, log2

from florilegium.filters.characters import (
    BULLETS,
    LISTED_SYMBOLS,
    MISREAD_FIRSTS,
    MISREAD_NEXTS,
    QUOTES,
    SOFT_MARKS,
    TERMINALS,
)
from florilegium.filters.scripts import SCRIPT_OF, SCRIPTS
from florilegium.filters.segment import (
    COLON_ENDS,
    ELISION,
    KEEP_HYPHEN,
    KEEP_SLASH,
    SEMICOLON_ENDS,
)
from florilegium.manifests.counts import Counts

NOTICES = (
    *("terms of use", "privacy policy", "cookie policy"),
    *("uses cookies", "use of cookies", "use cookies"),
)
CITATION = re.compile(r"\[\d*\]|\[edit\]|\[citation needed\]")


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


def opening_chars(words, n):
    return len(" ".join(words[:n])) if len(words) >= n else 0


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
    """Lines that C4 keeps, and the number of what made it stop."""
    kept = []
    for line in lines:
        words = line.split()
        if max(map(len, words)) > 1000:
            continue
        line = CITATION.sub("", line)
        if not line.endswith(tuple(".?!\"'")) or line.endswith("...") or len(words) < 3:
            continue
        if "lorem ipsum" in fold(line):
            return kept, 1
        if "javascript" in fold(line):
            continue
        if "{" in line:
            return kept, 2
        if not any(notice in fold(line) for notice in NOTICES):
            kept.append(line)
    return kept, 0


def lines_of(text):
    """Lines without white space at their end, and the number of the paragraph each is in."""
    lines, paragraph, end, place = [], 0, None, 0
    for whole in text.splitlines(keepends=True):
        line = whole.splitlines()[0].rstrip()
        if line:
            if end is None or text.count("\n", end, place) > 1:
                paragraph += 1
            end = place + len(line)
            lines.append((line, paragraph, place, end))
        place += len(whole)
    return lines


def paragraphs_of(text):
    spans = {}
    for _, paragraph, start, end in lines_of(text):
        spans[paragraph] = (spans.get(paragraph, (start,))[0], end)
    return [text[start:end] for start, end in spans.values()]


def logarithm(number):
    shifts = max(0, number.bit_length() - 12)
    return (shifts << 16) + round(log2(number >> shifts) * (1 << 16))


def entropy(words):
    if not words:
        return 0
    spent = sum(times * logarithm(times) for times in Counter(words).values())
    return max(0, len(words) * logarithm(len(words)) - spent) * 1000 // (len(words) << 16)


def repeated_chars(text):
    grams = Counter(text[i : i + 10] for i in range(len(text) - 9))
    often = [times for _, times in grams.most_common(isqrt(len(grams)))]
    return sum(times for times in often if times > 1)


def repeated_places(words, n):
    grams = Counter(zip(*(words[i:] for i in range(n)), strict=False))
    return sum(times for times in grams.values() if times > 1)


def duplicates_of(spans):
    return [span for i, span in enumerate(spans) if span in spans[:i]]


def mostly_capital(line):
    letters = [c for c in line if letter(c)]
    return 2 * sum(map(upper, letters)) > len(letters)


def count_by_hand(text, bits=0, script="", stop_words=()):
    words = words_of(text, bits)
    spoken = [w for w in words if not all(map(symbol, w))]
    unlisted = [w for w in words if any(c not in LISTED_SYMBOLS for c in w)]
    letters_of = [[c for c in w if letter(c)] for w in words]
    lines = [line for line, *_ in lines_of(text)]
    paragraphs = paragraphs_of(text)
    kept, stop = c4_of([line.strip() for line in lines])
    scripts = [SCRIPTS[SCRIPT_OF[ord(c)]] for c in text if letter(c)] if script else []
    return Counts(
        chars=len(text),
        alpha_chars=sum(map(letter, text)),
        upper_chars=sum(letter(c) and upper(c) for c in text),
        foreign_script_chars=sum(one not in (script, "Zzzz") for one in scripts),
        digit_chars=sum(map(digit, text)),
        punctuation_chars=sum(map(mark, text)),
        picture_chars=sum(category(c) == "So" for c in text),
        space_chars=sum(map(str.isspace, text)),
        misread_pairs=sum(a in MISREAD_FIRSTS and b in MISREAD_NEXTS for a, b in pairwise(text)),
        longest_run=max((len(list(run)) for c, run in groupby(text) if not c.isspace()), default=0),
        repeated_char_10grams=repeated_chars(text),
        newlines=len(text.split("\n")) - 1,
        hashes=len(text.split("#")) - 1,
        ellipses=len(re.findall(r"\.\.\.|…", text)),
        curly_brackets=len(re.findall("[{}]", text)),
        replacement_chars=len(re.findall("\ufffd", text)),
        urls=len(re.findall(r"://|(?<!://)www\.", text)),
        words=len(words),
        non_symbol_words=len(spoken),
        non_symbol_chars=len("".join(spoken)),
        unlisted_words=len(unlisted),
        unlisted_chars=len("".join(unlisted)),
        alpha_words=sum(map(bool, letters_of)),
        capital_words=sum(len(w) > 1 and all(map(upper, w)) for w in letters_of),
        longest_word=max(map(len, words), default=0),
        unique_words=len(set(words)),
        unigram_entropy=entropy(words),
        stop_words=sum(w in stop_words for w in words),
        different_stop_words=len({*words} & {*stop_words}),
        top_bigram_chars=top_chars(words, 2),
        top_trigram_chars=top_chars(words, 3),
        top_4gram_chars=top_chars(words, 4),
        opening_bigram_chars=opening_chars(words, 2),
        opening_trigram_chars=opening_chars(words, 3),
        opening_4gram_chars=opening_chars(words, 4),
        **{f"duplicate_{n}gram_chars": duplicate_chars(words, n) for n in range(5, 11)},
        repeated_5grams=repeated_places(words, 5),
        lines=len(lines),
        sentence_lines=sum(ends_sentence(line.lstrip(), bits) for line in lines),
        punctuated_lines=sum(line[-1] in TERMINALS for line in lines),
        short_lines=sum(len(line) <= 30 for line in lines),
        long_line_chars=sum(len(line) for line in lines if len(line) >= 250),
        bullet_lines=sum(line.lstrip()[0] in BULLETS for line in lines),
        dash_lines=sum(line.lstrip()[0] in "•-" for line in lines),
        ellipsis_lines=sum(line.endswith(("...", "…")) for line in lines),
        capital_lines=sum(map(mostly_capital, lines)),
        digit_lines=sum(5 * sum(map(digit, line)) > len(line) for line in lines),
        duplicate_lines=len(duplicates_of(lines)),
        duplicate_line_chars=len("".join(duplicates_of(lines))),
        sentences=sum(sentences_of(line.strip()) for line in lines),
        paragraphs=len(paragraphs),
        duplicate_paragraphs=len(duplicates_of(paragraphs)),
        duplicate_paragraph_chars=len("".join(duplicates_of(paragraphs))),
        c4_lines=len(kept),
        c4_chars=len("".join(kept)),
        c4_sentences=sum(map(sentences_of, kept)),
        c4_placeholder_stop=int(stop == 1),
        c4_brace_stop=int(stop == 2),
    )
