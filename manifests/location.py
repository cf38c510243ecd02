"""Places where files are: on a local disk, in S3 or in Google Cloud Storage.

What both kinds can do has the names of pathlib; what needs a way of its own is a function here.
"""

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from florilegium.manifests import promotion
from florilegium.manifests.remote import RemotePath, Stat
from florilegium.manifests.scratch import mark, scratch

Location: TypeAlias = Path | RemotePath
"""A local path or an address in a store."""

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(//?)([^/]*)")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SCHEMES = ("s3", "gs")


def locate(name: str | Location) -> Location:
    """Return the location that a user names: a local path, `s3://…` or `gs://…`.

    ValueError, with one line that says what to do, if it is an address that cannot be used.
    """
    text = str(name)
    match = _ADDRESS.match(text)
    if match is None or (match[2] == "/" and match[1] not in _SCHEMES):
        return Path(text)
    if match[1] not in _SCHEMES:
        raise ValueError(f"{text!r}: name a local path, s3://BUCKET/KEY or gs://BUCKET/OBJECT")
    if match[2] == "/" or not _BUCKET.fullmatch(match[3]):
        raise ValueError(f"{text!r} names no bucket: write {match[1]}://BUCKET/NAME")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{text!r} is not UTF-8: name it by its characters") from None
    return RemotePath(text.rstrip("/"))


def find_release(name: str | Location) -> Location:
    """Return where a release is; of a corpus, `latest` is the one that `latest.json` names.

    ValueError if that file is there and names none.
    """
    place = locate(name)
    if place.name != promotion.LINK:
        return place
    try:
        content = place.with_name(promotion.NAME).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return place
    return place.with_name(promotion.decode(content).current.build_id)


@contextmanager
def replacing(location: Location) -> Iterator[Path]:
    """Give a local draft path to write to; on leaving without error it takes the place.

    The draft is gone afterwards in any case.
    """
    if isinstance(location, RemotePath):
        with scratch() as folder:
            yield (draft := folder / location.name)
            location.upload(draft)
        return
    draft = _draft(location)
    try:
        yield draft
        draft.replace(location)
    finally:
        draft.unlink(missing_ok=True)


def create(location: Location, data: bytes) -> bool:
    """Write a file if there is none, whole or not at all; return whether this call wrote it.

    In a store, an answer that is lost on its way is asked for again: False may then mean that
    this very data was written.
    """
    if isinstance(location, RemotePath):
        return location.write_if(None, data) is not None
    draft = _draft(location)
    try:
        draft.write_bytes(data)
        location.hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True


def files(location: Location) -> Iterator[tuple[Location, Stat]]:
    """Yield every file below a folder with size and version, sorted by path as text.

    A store is asked for all by one listing. Nothing if there is no such folder.
    """
    found: list[tuple[Location, Stat]]
    if isinstance(location, RemotePath):
        found = list(location.below())
    else:
        found = [(path, stat(path)) for path in location.rglob("*") if path.is_file()]
    return iter(sorted(found, key=lambda pair: str(pair[0])))


def entries(location: Location, levels: int) -> list[str]:
    """Return the ways from a folder to all that is so many levels below it: files and folders.

    Sorted. A store is asked by one listing. Nothing if there is no such folder.
    """
    if isinstance(location, RemotePath):
        ways = (path.relative_to(location).parts for path, _ in location.below())
        return sorted({"/".join(way[:levels]) for way in ways if len(way) >= levels})
    return sorted(relative(path, location) for path in location.glob("/".join(["*"] * levels)))


def relative(location: Location, folder: Location) -> str:
    """Return the way from a folder to what lies below it, with slashes between names."""
    return PurePosixPath(str(location)).relative_to(str(folder)).as_posix()


def remove_tree(location: Location) -> None:
    """Remove all below a folder and the folder; nothing happens if it is not there."""
    if isinstance(location, RemotePath):
        location.remove_below()
        return
    with suppress(FileNotFoundError):
        shutil.rmtree(location)


def remove(location: Location) -> None:
    """Remove a file, or a folder with all below it; nothing happens if it is not there."""
    if isinstance(location, RemotePath) or not location.is_dir():
        location.unlink(missing_ok=True)
    remove_tree(location)


def sha256(location: Location) -> str:
    """Return the SHA-256 of a file, in hex."""
    with location.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def stat(location: Location) -> Stat:
    """Return size, time and version of a file; FileNotFoundError if there is none."""
    if isinstance(location, RemotePath):
        return location.stat()
    about = location.stat()
    return Stat(about.st_size, about.st_mtime_ns, str(about.st_mtime_ns))


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}-{mark()}")
