"""Training lines of the language model: chosen from text, made up of words, cut and mixed."""

import random
import string
from collections.abc import Iterator
from typing import NamedTuple

from language_text import PROSE, Text

from florilegium.filters.language_table import LANGUAGES, NO_LANGUAGE

SEED = 5


class Amounts(NamedTuple):
    """How much of what is in the training text; chosen by `language_choices.py`."""

    lines: int = 5000
    """Most real lines of a label."""
    fewest: int = 2000
    """Labels with fewer lines repeat them."""
    repeats: int = 10
    """Most copies of a real line before words fill up the label."""
    views: int = 2
    """Each line is written that often, cut differently."""
    cut_share: float = 0.3
    """Share of lines cut to a few words, so that short texts are met in training."""
    invented: int = 2000
    """Most lines made up of listed words in a language with little prose; a quarter in others."""
    joined: float = 0.2
    """Share of lines joined with another of the same language, before any cut."""


_MIN_WORDS = 150  # a shorter word list alone makes no label
_MIN_REAL = 100  # real lines that make a label without a word list

_KEYWORDS = (
    "if else elif for while return break continue class def function var let const int float char "
    "void static public private import include from struct enum true false null none self this new "
    "try catch print printf echo string bool array list dict map href src div span img px rgba css "
    "js html php http https www com org net json xml utf id url api get post put key value select "
    "where insert update table index args argv lambda async await typedef namespace std endl cout "
    "sudo apt git npm pip cd ls mkdir chmod grep sed usr bin etc lib home tmp var log jpg png pdf"
)
# What stands in menus and beneath articles all over the world.
_MENU = (
    "home menu blog login logout info email mail fax tel newsletter rss facebook twitter instagram "
    "youtube whatsapp linkedin pinterest tiktok google android iphone windows online offline "
    "shop video audio pdf zip png jpg top start stop ok faq wifi bluetooth cookies copyright "
    "admin web internet app star plus pro premium vip hotel bar club cm km kg mb gb tv dvd usb"
)
# Words of the filler text that typesetters have used for centuries, Latin in looks only.
_FILLER = (
    "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut "
    "labore et dolore magna aliqua enim ad minim veniam quis nostrud exercitation ullamco laboris "
    "nisi aliquip ex ea commodo consequat duis aute irure in reprehenderit voluptate velit esse "
    "cillum fugiat nulla pariatur excepteur sint occaecat cupidatat non proident sunt culpa qui "
    "officia deserunt mollit anim id est laborum"
)


def examples(text: Text, amounts: Amounts) -> list[str]:
    """Return the training file, a line an example: its label and words."""
    chosen = {
        code: _lines_of(code, text, amounts)
        for code in sorted(LANGUAGES)
        if code in text.lines or (code in text.words and LANGUAGES[code].european)
    }
    for script in ("Latn", "Cyrl"):
        chosen[f"mis_{script}"] = _lines_of_others(script, text, amounts)
    chosen[NO_LANGUAGE] = _lines_of_none(text, amounts)
    dice = random.Random(SEED)
    written = [
        f"__label__{code} {view}\n"
        for code, lines in sorted(chosen.items())
        for view in views(code, lines, amounts, dice)
    ]
    dice.shuffle(written)
    return written


def views(code: str, lines: list[str], amounts: Amounts, dice: random.Random) -> Iterator[str]:
    """Yield each line so often as is wanted, now and then joined with another or cut to a piece."""
    for _ in range(amounts.views):
        for place, line in enumerate(lines):
            if dice.random() < amounts.joined:
                line = f"{line} {lines[place - 1]}"
            if dice.random() < amounts.cut_share and len(line) > 20:
                start = line.rfind(" ", 0, dice.randrange(len(line) - 19)) + 1
                line = line[start : start + dice.randint(20, 80)].strip()
            if code == "ron_Latn" and dice.random() < 0.3:  # old charsets write the cedilla
                line = line.translate({0x219: 0x15F, 0x21B: 0x163})
            yield line


def _lines_of(code: str, text: Text, amounts: Amounts) -> list[str]:
    """Return the training lines of a language; none if there is too little to learn from."""
    dice = random.Random(f"{SEED} {code}")
    sources, words = text.lines.get(code, {}), text.words.get(code, [])
    real = sum(map(len, sources.values()))
    if len(words) < _MIN_WORDS and real < _MIN_REAL:
        return []
    chosen = choose(sources, amounts.lines, dice)
    copies = min(amounts.repeats, max(1, amounts.fewest // 2 // max(1, len(chosen))))
    chosen = chosen * copies
    if words and LANGUAGES[code].european:
        common = _spoken(sources, dice)
        # Listed words are rare ones; a line also needs the small words that neighbours share.
        mixed = words + dice.sample(common, min(len(common), max(200, len(words) // 3)))
        prose = sum(len(lines) for name, lines in sources.items() if name in PROSE)
        poor = prose < amounts.fewest // 4
        count = min(amounts.invented if poor else amounts.invented // 4, len(mixed) * 2)
        chosen += _invent(mixed, count, dice)
    short = amounts.fewest - len(chosen)
    return chosen + chosen * (-(-short // len(chosen))) if short > 0 else chosen


def choose(sources: dict[str, list[str]], count: int, dice: random.Random) -> list[str]:
    """Return up to so many lines: prose first, up to half; the rest from all others alike.

    Of a source, long lines come before short ones.
    """
    prose = [line for name in sources if name in PROSE for line in sources[name]]
    dice.shuffle(prose)
    rest = []
    for name, lines in sources.items():
        if name not in PROSE:
            lines = dice.sample(lines, len(lines))
            rest.append([x for x in lines if len(x) >= 25] + [x for x in lines if len(x) < 25])
    rest.sort(key=len)
    chosen = prose[: count // 2]
    for place, lines in enumerate(rest):
        chosen += lines[: (count - len(chosen)) // (len(rest) - place)]
    return chosen + prose[count // 2 :][: count - len(chosen)]


def _invent(words: list[str], count: int, dice: random.Random) -> Iterator[str]:
    """Yield lines of 6 to 16 words drawn from a list."""
    for _ in range(count):
        yield " ".join(dice.choices(words, k=dice.randint(6, 16)))


def _spoken(sources: dict[str, list[str]], dice: random.Random) -> list[str]:
    """Return the words of some real lines, each as often as it occurs."""
    return [word for line in choose(sources, 1000, dice) for word in line.split()]


def _lines_of_others(script: str, text: Text, amounts: Amounts) -> list[str]:
    """Return lines in languages that have no label of their own, a few of each."""
    dice = random.Random(f"{SEED} others {script}")
    known = {code[:3] for code in LANGUAGES}
    codes = {
        code
        for code in (*text.others, *text.words)
        if code.endswith(script)
        and code[:-5] not in known
        and (
            len(text.others.get(code, ())) >= _MIN_REAL
            or len(text.words.get(code, ())) >= _MIN_WORDS
        )
    }
    count = -(-amounts.lines // max(1, len(codes)))
    lines: list[str] = []
    for code in sorted(codes):
        real = text.others.get(code, [])
        if len(real) >= _MIN_REAL:
            lines += dice.sample(real, min(len(real), 4 * count))
        else:
            lines += _invent(text.words[code][:400], count, dice)
    return lines


def _lines_of_none(text: Text, amounts: Amounts) -> list[str]:
    """Return lines in no language: code, addresses, digests, menus, filler, mixed rubbish."""
    dice = random.Random(f"{SEED} none")
    rubbish = [
        word
        for code, sources in sorted(text.lines.items())
        if code.endswith("Latn")
        for word in _spoken(sources, dice)[:50]
    ]

    def name() -> str:
        letters = string.ascii_lowercase if dice.random() < 0.5 else "abcdef"
        return "".join(dice.choices(letters, k=dice.randint(1, 9)))

    def product() -> str:
        return " ".join(name()[:3] for _ in range(dice.randint(1, 3)))

    def code() -> str:
        return " ".join(dice.choices(_KEYWORDS.split(), k=dice.randint(1, 3)))

    def named() -> str:
        return f"{code()} {name()}"

    def made_of(words: list[str]) -> str:
        return " ".join(dice.choices(words, k=dice.randint(4, 16)))

    lines = []
    for place in range(amounts.lines):
        if place % 5 == 0:
            lines.append(made_of((_MENU.split(), _FILLER.split(), rubbish)[place // 5 % 3]))
            continue
        kinds = dice.sample((name, product, code, named), 2)
        lines.append(" ".join(dice.choice(kinds)() for _ in range(dice.randint(2, 12))))
    return lines
