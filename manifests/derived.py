"""Files that follow from the manifest and its tables: exports, and what else is made of them.

The manifest cannot name them, since they are made of it. They can be made again at any time, so
`verify` makes them again and compares, if it is the same program; a signature holds their digests.
"""

from collections.abc import Callable, Iterator, Mapping

import pyarrow as pa
from msgspec import Struct

from florilegium.manifests.location import Location, sha256
from florilegium.manifests.manifest import Manifest

NAMES = (
    "report.html",
    "README.md",
    "croissant.json",
    "export/ai-act-summary.md",
    "export/ai-act-domains.csv",
    "export/openlineage.jsonl",
    "export/spdx.json",
)
"""Where in a release they may be. Readers look for the first three at the top."""


class Tongue(Struct, frozen=True):
    """What a language is called."""

    name: str
    """In English."""
    tag: str
    """BCP 47: ISO 639-1 where there is such a code."""


class Source(Struct, frozen=True):
    """What a derived file is made from."""

    release: Location
    """Where the tables are."""
    manifest: Manifest
    """What the release says of itself."""
    tongues: Mapping[str, Tongue]
    """Names of languages, by code."""

    def tongue(self, lang: str) -> Tongue:
        """Return what a language is called; its code if that is not known."""
        return self.tongues.get(lang) or Tongue(lang, lang.partition("_")[0])


Maker = Callable[[Source], bytes]
"""Makes a derived file; the same source gives the same bytes."""


class Derived(Struct, frozen=True):
    """What a program can make of a release."""

    makers: Mapping[str, Maker]
    """What makes each file, by where it is."""
    tongues: Mapping[str, Tongue]
    """Names of languages, by code."""
    code: Mapping[str, str]
    """Version and digest of the program, as in a manifest."""

    def made(self, release: Location, manifest: Manifest, name: str) -> bytes:
        """Return a file as it should be."""
        return self.makers[name](Source(release, manifest, self.tongues))


def there(release: Location) -> list[str]:
    """Return which derived files a release has."""
    return [name for name in NAMES if (release / name).is_file()]


def digests(release: Location) -> dict[str, str]:
    """Return the SHA-256 of each derived file that a release has, in hex."""
    return {name: sha256(release / name) for name in there(release)}


def check(release: Location, manifest: Manifest, by: Derived) -> Iterator[str]:
    """Yield a finding for each derived file that is not what the same program makes."""
    for name in there(release):
        if _is_of(manifest, by, name):
            try:
                made = by.made(release, manifest, name)
            except (OSError, ValueError, KeyError, pa.ArrowException) as error:
                yield f"{name}: cannot be made again: {error}"
                continue
            # Of a file of another size nothing is read: it may be of any.
            path = release / name
            if path.stat().st_size != len(made) or path.read_bytes() != made:
                yield f"{name}: not what follows from the manifest"


def not_compared(release: Location, manifest: Manifest, by: Derived) -> list[str]:
    """Return the derived files that another program made, so that `check` says nothing of them."""
    return [name for name in there(release) if not _is_of(manifest, by, name)]


def _is_of(manifest: Manifest, by: Derived, name: str) -> bool:
    return name in by.makers and dict(by.code) == manifest.code
