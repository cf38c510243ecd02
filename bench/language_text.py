"""Text to train the language model on: read, freed of gold-labelled text, and split.

Every choice about the model is made on a part of this text that is held out: a whole source of
each language that has several, one line in twenty of the others.
"""

import hashlib
import json
import lzma
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import language_packages

from florilegium.filters.language import fold
from florilegium.filters.language_table import LANGUAGES
from florilegium.filters.scripts import dominant_script

PROSE = ("lingua", "lingua-translit", "ud", "tatoeba")
"""Sources of sentences from newspapers, books and conversation; the rest are of programs."""

GOLD = ("sentence.jsonl", "document.jsonl")
DATA = ("train_all.jsonl.xz", "wordlists.tar.xz")
GRAM, MIN_SHORT = 8, 20  # words of a passage; characters of a shorter one
HELD_OUT_OF_100 = 5
MIN_HELD_OUT, MIN_LEFT = 60, 200  # lines a source held out must have, and must leave
_ORDER = (*PROSE, "gnomedocs", "wordpress", "mediawiki", "mo", "firefox", "gielladetect")
_MIN_LETTERS = 8
_UNSPACED = ("Hani", "Jpan", "Thai")

# Word lists name individual languages, the model names them by macro codes.
_MACRO = {
    "als_Latn": "sqi_Latn", "azj_Latn": "aze_Latn", "ekk_Latn": "est_Latn",
    "eml_Latn": "egl_Latn", "fil_Latn": "tgl_Latn", "lvs_Latn": "lav_Latn",
    "rmy_Latn": "rom_Latn", "ydd_Hebr": "yid_Hebr",
}  # fmt: skip
# Older stages and variants of European languages: no use as examples of "another language".
_NEITHER = {"aln", "azj", "chu", "enm", "fro", "gmh", "goh"}


class Text(NamedTuple):
    """All that a model may learn from."""

    lines: dict[str, dict[str, list[str]]]
    """Label -> source -> lines as the model sees them, each once, in order of their digests."""
    words: dict[str, list[str]]
    """Label -> words found in that language and hardly in any other."""
    others: dict[str, list[str]]
    """Lines in languages without a label, by their code and script."""
    record: dict[str, object]
    """Where it came from, and how much of it was left out for gold-labelled text."""


def read(packages: Path, data: Path | None, pinned: bool = True) -> Text:
    """Read everything; text that shares a passage with the gold files in `data` is left out."""
    record: dict[str, object] = {"packages": language_packages.fetch(packages, pinned)}
    gold = Gold()
    if data is not None:
        record["files"] = {name: sha256(data / name) for name in (*DATA, *GOLD)}
        gold = Gold.read([data / name for name in GOLD])
    found: list[language_packages.Line] = list(language_packages.lines(packages))
    if data is not None:
        found.extend(_data_lines(data / DATA[0]))
    lines, others, removed = _sorted_out(found, gold)
    record["removed"] = dict(sorted(removed.items()))
    words = _word_lists(data / DATA[1]) if data is not None else {}
    return Text(lines, words, others, record)


class Gold:
    """Passages of gold-labelled text, none of which may be learnt from."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """Take texts as `fold` has them."""
        self._passages = {
            passage
            for text in texts
            for size in range(1, GRAM + 1)
            for passage in _passages(_tokens(text), size)
        }

    @classmethod
    def read(cls, paths: Iterable[Path]) -> "Gold":
        """Read files of lines ``{"text": ...}``."""
        lines = (line for path in paths for line in path.read_text(encoding="utf-8").splitlines())
        return cls({fold(json.loads(line)["text"]) for line in lines})

    def shares(self, folded: str) -> bool:
        """Return whether a line shares eight words in a row with a gold text.

        A line of fewer words does if the whole of it is in one, and it has 20 letters or more.
        Where words are not spaced, characters count as words.
        """
        words = _tokens(folded)
        found = _passages(words, min(len(words), GRAM))
        return not self._passages.isdisjoint(found)


def _tokens(folded: str) -> list[str]:
    if any(character > "\u0e00" for character in folded) and dominant_script(folded) in _UNSPACED:
        return list(folded.replace(" ", ""))
    return folded.split()


def _passages(words: list[str], size: int) -> Iterator[int]:
    """Yield a number for each passage of so many words; of fewer than eight, only long ones."""
    for start in range(len(words) - size + 1):
        passage = " ".join(words[start : start + size])
        if size == GRAM or len(passage) >= MIN_SHORT:
            yield int.from_bytes(hashlib.blake2b(passage.encode(), digest_size=8).digest())


def _data_lines(path: Path) -> Iterator[language_packages.Line]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            label, source, text = json.loads(line)
            yield language_packages.Line(label[:3], source, text)


def _sorted_out(
    found: Iterable[language_packages.Line], gold: Gold
) -> tuple[dict[str, dict[str, list[str]]], dict[str, list[str]], Counter[str]]:
    """Return lines by label and source, those without a label, and how many gold took."""
    spread: defaultdict[str, set[str]] = defaultdict(set)
    kept: defaultdict[str, defaultdict[str, dict[str, None]]]
    kept = defaultdict(lambda: defaultdict(dict))
    removed: Counter[str] = Counter()
    for language, source, text in found:
        folded = fold(text)
        if len(folded) < _MIN_LETTERS:
            continue
        if gold.shares(folded):
            removed[source] += 1
            continue
        kept[f"{language}_{dominant_script(text)}"][source][folded] = None
        spread[folded].add(language)
    lines, others = {}, {}
    for code, sources in sorted(kept.items()):
        # A line that four languages share is an untranslated one, or a name.
        own = {
            source: sorted((line for line in lines if len(spread[line]) < 4), key=digest)
            for source, lines in sorted(sources.items())
        }
        if code in LANGUAGES:
            lines[code] = own
        elif code[:-5] not in {known[:3] for known in LANGUAGES} | _NEITHER:
            others[code] = [line for source in own.values() for line in source]
    return lines, others, removed


def _word_lists(path: Path) -> dict[str, list[str]]:
    lists = {}
    with tarfile.open(path) as archive:
        for member in archive:
            if file := archive.extractfile(member) if member.isfile() else None:
                words = dict.fromkeys(map(fold, file.read().decode().split()))
                name = Path(member.name).stem
                lists[_MACRO.get(name, name)] = [word for word in words if word]
    return {code: words for code, words in sorted(lists.items()) if code[:3] not in _NEITHER}


def held_out(text: Text) -> tuple[Text, dict[str, list[str]]]:
    """Return the text without what is held out, and the lines held out by label."""
    left, held = {}, {}
    for code, sources in text.lines.items():
        whole = sum(map(len, sources.values()))
        several = [
            source
            for source in sorted(sources, key=_ORDER.index)
            if len(sources[source]) >= MIN_HELD_OUT and whole - len(sources[source]) >= MIN_LEFT
        ]
        if several:
            held[code] = sources[several[0]]
            left[code] = {name: lines for name, lines in sources.items() if name != several[0]}
            if several[0] == "lingua":  # the same sentences in another script
                left[code].pop("lingua-translit", None)
            continue
        left[code] = {n: [x for x in lines if not _twentieth(x)] for n, lines in sources.items()}
        held[code] = [line for lines in sources.values() for line in lines if _twentieth(line)]
    return text._replace(lines=left), held


def _twentieth(line: str) -> bool:
    return int(digest(line)[:8], 16) % 100 < HELD_OUT_OF_100


def digest(line: str) -> str:
    """Return a number of the line that tells nothing of what is in it."""
    return hashlib.blake2b(line.encode(), digest_size=8).hexdigest()


def sha256(path: Path) -> str:
    """Return the hexadecimal digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
