"""A small corpus to erase from, built once by the command itself. A plugin of pytest."""

import json
import random
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hosts import CRAWLED, DAY, capture

from florilegium.manifests import manifest as manifests
from florilegium.pipelines.cli.main import main

RECIPE = """
name = "garten"
languages = ["deu_Latn"]
[duplicates]
min_canonical_similarity = 0.5
[shards]
size = 6000
row_group_bytes = 2048
[[filters]]
use = "length"
min_chars = 200
"""
NOUNS = "Garten|Brunnen|Mühle|Wiese|Brücke|Kapelle|Scheune|Hügel|Werkstatt|Bäckerei|Markt|Ufer"
VERBS = "liegt|steht|ruht|wartet|leuchtet|schweigt|verfällt|wächst"
WHERE = (
    "am Rand des Dorfes|hinter der alten Mauer|im Schatten der Linden|neben dem stillen Bach|"
    "über den Dächern der Stadt|nicht weit vom Bahnhof|unter einem hohen Himmel"
)


def text(number):
    """Sentences in German like no others."""
    chance = random.Random(number)
    noun, verb, where = (lambda words=words: chance.choice(words.split("|"))
                         for words in (NOUNS, VERBS, WHERE))  # fmt: skip
    return [
        f"Die Geschichte von {noun()} und {noun()} ist lang, denn der Ort {verb()} seit "
        f"{chance.randrange(40, 900)} Jahren {where()}, und niemand weiß genau, warum das so ist."
        for _ in range(8)
    ]


def page(lines, title="Seite"):
    """A page of some paragraphs."""
    body = "".join(f"<p>{line}</p>" for line in lines)
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body><main>{body}</main>"


ANNA = "https://anna.example/%C3%BCber/mich?b=1&a=2"
NEAR = "https://archiv.example/anna"
EXACT = "https://spiegel.example/anna"
_NEAR = [*text(0)[:-1], "Am Ende stand noch etwas mehr."]
COPIED = "https://original.example/lang"
COPY = "https://abschrift.example/mittel"
SHORT = "https://abschrift.example/kurz"
_PAGES = {
    ANNA: text(0),
    EXACT: text(0),
    NEAR: _NEAR,
    COPIED: [*text(1), "Und das ist der längste der drei Texte, mit diesem Satz am Schluss."],
    COPY: [*text(1), "Und das ist der mittlere."],
    SHORT: text(1),
    "https://müller.example/1": text(2),
    "http://BLOG.Müller.example:80/2": text(3),
    "https://nichtmüller.example/3": text(4),
    "https://uni.example/~jdoe/": text(5),
    "https://uni.example/%7Ejdoe/veröffentlichungen": text(6),
    "https://uni.example/~jdoerr/": text(7),
    **{f"https://seite-{n}.example/artikel/{n}": text(n) for n in range(20, 60)},
}
RECORDS = [
    capture(
        url,
        page(lines),
        at=CRAWLED + DAY * (url == EXACT),  # so that of equals the other one stays
        Content_Type="text/html; charset=utf-8",
    )
    for url, lines in _PAGES.items()
] + [
    capture("https://müller.example/robots.txt", "User-agent: *\nAllow: /"),
    capture("https://seite-20.example/robots.txt", "User-agent: *\nAllow: /"),
    capture("https://anna.example/fort", "nicht da", status=404),
]  # fmt: skip
LATER = CRAWLED + 30 * DAY


def florilegium(*words, code=0):
    """Run the program in this process; return what it printed, on both streams."""
    done = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


class Garden:
    """A corpus in a folder, and its input."""

    def __init__(self, folder):
        self.folder = folder
        self.home = folder / "corpora" / "garten"

    @property
    def latest(self):
        """The newest release."""
        return (self.home / "latest").resolve()

    def build(self, *words, code=0):
        """Build what is in the folder of input; return the newest release."""
        named = ("--input", self.folder / "crawl", "--out", self.folder / "corpora")
        florilegium("build", self.folder / "garten.toml", *named, "--workers", 1, *words, code=code)
        return self.latest

    def erase(self, *words, release=None, basis="gdpr-17", code=0):
        """Erase from a release; return the answer."""
        place = release or self.latest
        words = (place, *words, "--basis", basis, "--output", "json")
        done = florilegium("erase", *words, code=code)
        return json.loads(done.stdout) if code == 0 else done.stderr

    @property
    def key(self):
        """The key of erasures."""
        return self.home / "erasures.key"


def rows(release, folder="data"):
    """The rows of a folder of a release."""
    paths = sorted((release / folder).rglob("*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def urls(release):
    """The addresses of all documents."""
    return {row["url"] for row in rows(release)}


def losses(release, stage="erase"):
    """The losses at a stage."""
    return [row for row in rows(release, "audit/losses") if row["stage"] == stage]


def root(release):
    """The root of a release."""
    return manifests.read(release).root


def holding(folder, *words):
    """The files below a folder that hold one of some words, as bytes or in columns."""
    found = set()
    for path in sorted(Path(folder).rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        said = path.read_bytes()
        if path.suffix == ".parquet":
            said += str(pq.ParquetFile(path).read().to_pydict()).encode()
        if any(word.encode() in said for word in words):
            found.add(path.relative_to(folder).as_posix())
    return found


@pytest.fixture(scope="session")
def built_garden(tmp_path_factory):
    """The corpus as it was built; not to be touched."""
    folder = tmp_path_factory.mktemp("garden")
    (folder / "crawl").mkdir()
    for number in range(3):
        place = folder / "crawl" / f"{number}.warc.gz"
        place.write_bytes(b"".join(RECORDS[number::3]))
    (folder / "garten.toml").write_text(RECIPE)
    garden = Garden(folder)
    garden.build()
    return garden


@pytest.fixture
def garden(built_garden, tmp_path):
    """A copy of the corpus to do with as one likes."""
    shutil.copytree(built_garden.folder, tmp_path / "garden", symlinks=True)
    return Garden(tmp_path / "garden")
