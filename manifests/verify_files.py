"""Checking the files of a release: that they are there, whole, and nothing else is."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pyarrow as pa

from florilegium.manifests import derived, envelope
from florilegium.manifests import manifest as manifests
from florilegium.manifests.location import Location, files, relative, sha256
from florilegium.manifests.manifest import Shard, Table
from florilegium.manifests.samples import Held

UNREADABLE = (OSError, ValueError, KeyError, RecursionError, pa.ArrowException)
"""What reading a file of a release may raise, whatever is in it."""
_UNLISTED = (manifests.NAME, envelope.NAME, *derived.NAMES)


def strangers(release: Location, manifest: Held) -> Iterator[str]:
    """Yield a finding for each file that the manifest does not name, and for what is a link."""
    known = {entry.path for entry in manifest.files} | set(_UNLISTED)
    for path in sorted(_entries(release), key=str):
        if (name := relative(path, release)) not in known:
            yield f"{name}: not in the manifest"
        elif isinstance(path, Path) and path.is_symlink():
            yield f"{name}: a link; what it leads to may be another file tomorrow"


def _entries(folder: Location) -> Iterator[Location]:
    if isinstance(folder, Path):
        # Readers follow a link to a folder, so it counts as a file here.
        yield from (p for p in folder.rglob("*") if p.is_symlink() or not p.is_dir())
    else:
        yield from (path for path, _ in files(folder))


def check_file(
    release: Location, entry: Shard | Table, digest: bool = True
) -> Generator[str, None, bool]:
    """Check size and, if asked to, digest of a file; return whether it is there."""
    path = release / entry.path
    if not path.is_file():
        yield f"{entry.path}: missing"
        return False
    if (size := path.stat().st_size) != entry.file_bytes:
        yield f"{entry.path}: {size} bytes, the manifest says {entry.file_bytes}"
    if digest and (found := sha256(path)) != entry.sha256:
        yield f"{entry.path}: SHA-256 is {found}, the manifest says {entry.sha256}"
    return True
