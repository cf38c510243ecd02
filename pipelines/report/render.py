"""Contents to HTML: one file that loads nothing and runs nothing, whatever pages have in them."""

import base64
import hashlib
import unicodedata
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from florilegium.filters.language_table import LANGUAGES
from florilegium.manifests import manifest as manifests
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest
from florilegium.pipelines.report.contents import LATE, Contents, contents, language_name
from florilegium.pipelines.report.histograms import HEIGHT, WIDTH

_FOLDER = files("florilegium.pipelines.report")
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def report(release: Location, parent: tuple[Location, Manifest] | None = None) -> bytes:
    """Return the report on a release as a page of HTML, in UTF-8.

    It is a function of the release, and of a parent if one is given. OSError if one of them cannot
    be read, ValueError if it is damaged.
    """
    return render(contents(release, manifests.read(release), parent))


def render(made: Contents) -> bytes:
    """Return contents as a page of HTML, in UTF-8.

    All text is escaped; the policy in its head lets nothing load but its own style, by digest, and
    no script run.
    """
    style = _text("style.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = _environment().get_template("page.html")
    return page.render(
        one=made,
        manifest=made.manifest,
        late=[stage for stage in LATE if any(stage in one.lost for one in made.tongues)],
        style=Markup(style),
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'",
        width=WIDTH,
        height=HEIGHT,
    ).encode()


def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_text),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "number": lambda number: f"{number:,}",
        "signed": lambda number: f"{number:+,}".replace("-", "\N{MINUS SIGN}"),
        "percent": percent,
        "bytes": size,
        "plain": plain,
        "coded": coded,
        "words": lambda name: str(name).replace("_", " "),
        "language": language_name,
        "bcp47": lambda lang: LANGUAGES[lang].bcp47 if lang in LANGUAGES else "und",
    }
    return environment


def _text(name: str) -> str:
    return _FOLDER.joinpath(name).read_text(encoding="utf-8")


def percent(share: float) -> str:
    """Return a share as people read it: 12.3 %, .04 %, 0 %.

    >>> [percent(share) for share in (0, 0.00004, 0.0123, 0.5, 1)]
    ['0 %', '< 0.01 %', '1.2 %', '50.0 %', '100 %']
    """
    if share in (0, 1):
        return f"{share * 100:.0f} %"
    if share < 0.0001:
        return "< 0.01 %"
    return f"{share:.2%}".replace("%", " %") if share < 0.01 else f"{share:.1%}".replace("%", " %")


def size(number: float) -> str:
    """Return a number of bytes as people read it.

    >>> [size(number) for number in (0, 999, 1_000, 123_456_789)]
    ['0 bytes', '999 bytes', '1.0 kB', '123.5 MB']
    """
    unit = 0
    while number >= 1000 and unit < len(_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:,.1f} {_UNITS[unit]}" if unit else f"{number} {_UNITS[0]}"


def coded(text: str) -> Markup:
    """Return text with what is between backticks marked as code.

    >>> coded("`a < b` & c")
    Markup('<code>a &lt; b</code> &amp; c')
    """
    pieces = text.split("`")
    marked = [
        Markup("<code>{}</code>").format(piece) if number % 2 else escape(piece)
        for number, piece in enumerate(pieces)
    ]
    return Markup("").join(marked)


def plain(text: str) -> str:
    """Return text of the web without what controls its display."""
    return "".join("�" if unicodedata.category(c) in ("Cc", "Cf", "Co") else c for c in text)
