"""Training text from packages of free software: their interfaces, in hundreds of languages.

Packages are fetched by name and version with the package manager of their kind, so from wherever
that is set up to look, and must have the digest noted here. Text is what translators wrote for
MediaWiki (GPL-2.0-or-later) and WordPress (GPL-2.0-or-later). For a few languages in which
neither says much, lines are drawn from the words that GiellaLT (GPL-3.0) counted in its texts.
"""

import gettext
import hashlib
import html
import json
import random
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from florilegium.filters.language_table import LANGUAGES, MACRO


class Package(NamedTuple):
    """A package of Debian's, or of Python's if its version has no revision."""

    name: str
    version: str
    sha256: str
    licence: str

    @property
    def is_wheel(self) -> bool:
        """Whether it is one of Python's."""
        return "-" not in self.version


class Line(NamedTuple):
    """A line of text and where it is from."""

    language: str
    """ISO 639-3 where we have a label for it, else the package's own code."""
    source: str
    text: str


PACKAGES = (
    Package(
        "mediawiki",
        "1:1.39.17-1+deb12u2",
        "dee6a9e1f11cf72ff9764f94815df980e120102984d15d489af079de7e980bba",
        "GPL-2.0-or-later",
    ),
    Package(
        "wordpress-l10n",
        "6.1.9+dfsg1-0+deb12u1",
        "0b0dd58213c72a1fd27dfcaef04a35d11f930554ab2562193c628cbf1e490b1a",
        "GPL-2.0-or-later",
    ),
    Package(
        "gielladetect",
        "1.0.4",
        "6c3da513ecf30f85701c933acfc42918636a620732a6ca1607428571fdefa357",
        "GPL-3.0",
    ),
)

_COUNTED = ("smj",)
"""Languages whose counted words make up lines."""
_COUNTED_LINES, _COUNTED_WORDS = 2_000, (6, 16)

# Codes of translators that are no plain language tags of ours. Empty: not to be learnt from,
# because it is several languages at once, or so close to one of ours that text of that one would
# be taken for foreign.
_OTHER_CODES = {
    "aln": "", "als": "gsw", "bat-smg": "sgs", "be-tarask": "bel", "cbk-zam": "", "eml": "egl",
    "en-rtl": "", "fiu-vro": "vro", "frc": "", "hrx": "", "hyw": "hye", "isv": "", "ku": "kmr",
    "kv": "kpv", "lzh": "", "no": "nob", "nrm": "nrf", "pdc": "", "pdt": "", "qqq": "",
    "rmc": "rom", "rmy": "rom", "roa-rup": "rup", "roa-tara": "", "rsk": "", "sdc": "", "sh": "",
    "simple": "", "sje": "", "sli": "", "vmf": "", "zh-classical": "",
}  # fmt: skip
_BY_TAG = {
    language.bcp47.partition("-")[0]: code[:3]
    for code, language in LANGUAGES.items()
    if code not in MACRO.values()  # a label for several languages at once would take from each
}

_COMMENT = re.compile(r"<!--.*?-->|<[^>]*>|/\*.*?\*/", re.DOTALL)
_TEMPLATE = re.compile(r"\{\{[^{}]*\}\}")
_LINK = re.compile(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]|\[\S+ ([^\[\]]*)\]")
_PLACEHOLDER = re.compile(r"%(?:\d+\$)?[sdif]|%%|\$\d+|&\w+;|https?://\S+|'{2,}|__\w+__|[{}|#*]+")
_FORMS = ("PLURAL:", "GENDER:", "GRAMMAR:")


def fetch(cache: Path, pinned: bool = True) -> dict[str, str]:
    """Fetch and unpack each package below `cache`; return the digest of each by its name.

    Raises ValueError if a digest is another than noted here, unless `pinned` is false, and
    subprocess.CalledProcessError if a package cannot be had.
    """
    cache.mkdir(parents=True, exist_ok=True)
    return {package.name: _fetch(package, cache, pinned) for package in PACKAGES}


def _fetch(package: Package, cache: Path, pinned: bool) -> str:
    pattern = f"{package.name}-*.whl" if package.is_wheel else f"{package.name}_*.deb"
    if not sorted(cache.glob(pattern)):
        subprocess.run(_download(package, pinned), cwd=cache, check=True, capture_output=True)
    found = sorted(cache.glob(pattern))[0]
    digest = hashlib.sha256(found.read_bytes()).hexdigest()
    if pinned and digest != package.sha256:
        raise ValueError(f"{found.name} is not the package that was noted: {digest}")
    folder = cache / package.name
    if not folder.exists():
        unpacking = cache / f"{package.name}.part"
        shutil.rmtree(unpacking, ignore_errors=True)
        if package.is_wheel:
            zipfile.ZipFile(found).extractall(unpacking)
        else:
            subprocess.run(["dpkg-deb", "-x", str(found), str(unpacking)], check=True)
        unpacking.rename(folder)
    return digest


def _download(package: Package, pinned: bool) -> list[str]:
    if package.is_wheel:
        wanted = f"{package.name}=={package.version}" if pinned else package.name
        pip = [sys.executable, "-m", "pip", "download", "--only-binary=:all:", "--no-deps"]
        return [*pip, wanted]
    return ["apt-get", "download", f"{package.name}={package.version}" if pinned else package.name]


def lines(cache: Path) -> Iterator[Line]:
    """Yield the lines of all fetched packages, in an order that is always the same."""
    yield from _json_messages(cache / "mediawiki")
    yield from _catalogues(cache / "wordpress-l10n")
    for language in _COUNTED:
        yield from _made_up(language, cache / "gielladetect" / "gielladetect" / "lm")


def _json_messages(folder: Path) -> Iterator[Line]:
    """Yield messages as MediaWiki keeps them: a JSON file a language, wiki text in it."""
    for path in sorted(folder.glob("**/i18n/**/*.json")):
        language = _language(path.stem)
        if not language:
            continue
        messages = json.loads(path.read_text(encoding="utf-8"))
        for key, message in messages.items():
            if isinstance(message, str) and not key.startswith("@"):
                for line in plain(message).split("\n"):
                    yield Line(language, "mediawiki", line)


def _catalogues(folder: Path) -> Iterator[Line]:
    """Yield the translations of compiled gettext catalogues whose names are language codes."""
    for path in sorted(folder.glob("**/*.mo")):
        language = _language(path.stem.rpartition("-")[2].partition("_")[0])
        if not language or "cities" in path.stem:
            continue
        with path.open("rb") as file:
            messages = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
        for original, message in messages.items():
            source = original[0] if isinstance(original, tuple) else original
            if source and message != source:
                for line in plain(html.unescape(message)).split("\n"):
                    yield Line(language, "wordpress", line)


def _made_up(language: str, folder: Path) -> Iterator[Line]:
    """Yield lines of words drawn by how often they were counted: rows of ``count<TAB>word``."""
    rows = (folder / f"{language}.wm").read_text(encoding="utf-8").splitlines()
    counts, words = zip(*(row.split("\t") for row in rows if "\t" in row), strict=True)
    dice = random.Random(language)
    weights = list(map(int, counts))
    for _ in range(_COUNTED_LINES):
        drawn = dice.choices(words, weights, k=dice.randint(*_COUNTED_WORDS))
        yield Line(language, "gielladetect", " ".join(drawn))


def _language(code: str) -> str:
    """Return our code of a translator's language, its own where we have none, or nothing."""
    code = code.lower()
    if code in _OTHER_CODES:
        return _OTHER_CODES[code]
    base = code.partition("-")[0]
    return _BY_TAG.get(base, _OTHER_CODES.get(base, base))


def plain(message: str) -> str:
    """Return what a reader would see of a message in wiki text or HTML.

    >>> plain("{{PLURAL:$1|een paad|$1 paaden}} in [[Help:A|dy hölep]]")
    ' paaden in dy hölep'
    """
    text = _COMMENT.sub(" ", message)
    for _ in range(4):  # templates lie in one another
        shorter = _TEMPLATE.sub(lambda found: _last_form(found[0][2:-2]), text)
        if shorter == text:
            break
        text = shorter
    text = _LINK.sub(lambda found: found[1] or found[2] or "", text)
    return _PLACEHOLDER.sub(" ", text)


def _last_form(template: str) -> str:
    return template.rpartition("|")[2] if template.upper().startswith(_FORMS) else " "
