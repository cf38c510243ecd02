"""Derived files as this program makes them: the one list of what makes each."""

from collections.abc import Iterable

from florilegium.filters.language_table import LANGUAGES
from florilegium.manifests import exports
from florilegium.manifests.derived import NAMES, Derived, Maker, Source, Tongue
from florilegium.manifests.location import Location, replacing
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.publication import Format
from florilegium.pipelines import own_code
from florilegium.pipelines.report.contents import contents
from florilegium.pipelines.report.render import render

REPORT = "report.html"


def _report(source: Source) -> bytes:
    return render(contents(source.release, source.manifest))


MAKERS: dict[str, Maker] = {REPORT: _report, **exports.MAKERS}
"""What makes each file of `manifests.derived.NAMES`."""


def ours() -> Derived:
    """Return what this program can make of a release."""
    tongues = {code: Tongue(one.name, one.bcp47) for code, one in LANGUAGES.items()}
    return Derived(MAKERS, tongues, own_code.code())


def named(formats: Iterable[Format]) -> list[str]:
    """Return the files of some formats, in the order of the list."""
    wanted = {name for form in formats for name in exports.FILES[form]}
    return [name for name in NAMES if name in wanted]


def write(release: Location, manifest: Manifest, names: Iterable[str], into: Location) -> None:
    """Write derived files of a release below a folder."""
    by = ours()
    for name in names:
        place = into / name
        place.parent.mkdir(parents=True, exist_ok=True)
        with replacing(place) as draft:
            draft.write_bytes(by.made(release, manifest, name))
