"""Blocklists as they are handed around: a file, or a folder or archive with one for each category.

Read by path and digest, once a process. A file is plain or a hosts file, line by line. A folder, or
an archive of one, has `domains` and `urls` below the folder of each category, as the University of
Toulouse publishes them. Any file may be compressed by gzip.
"""

import gzip
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from io import BufferedReader
from pathlib import Path
from typing import IO, Annotated, NamedTuple

from msgspec import Meta, Struct

from florilegium.filters.blocklist import Blocklist as Entries
from florilegium.filters.blocklist import entry_of
from florilegium.manifests.location import Location, files, relative
from florilegium.manifests.manifest import Resource
from florilegium.pipelines.files import fetched
from florilegium.pipelines.named.files import (
    Digest,
    NamedFileError,
    check,
    opened,
    place_of,
    tree_digest,
)

_NAMES = ("domains", "urls", "domains.gz", "urls.gz")
_ARCHIVES = (".tar", ".tar.gz", ".tgz")
_MAX_BYTES = 4 << 30
"""Of a list, decompressed."""
_MAX_LINE = 64 << 10
_MAX_ODD = 0.02
"""Share of lines that may be none of a list: more, and it is no list."""


class Blocklist(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Addresses that are not wanted: domains, and paths on hosts, each with all below it."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}\Z")]
    """What the ledger calls it."""
    path: str
    """Where it is, local, `s3://…` or `gs://…`: a file of domains or addresses, a hosts file, a
    folder with `domains` and `urls` for each category, or an archive of such a folder. One of the
    package begins with `florilegium:`."""
    sha256: Digest = ""
    """Digest of the file; of a folder, that of the digests of its lists. A build tells it if it is
    left out, and refuses another list."""
    categories: tuple[str, ...] = ()
    """Folders that are read, such as `gambling`; all if empty. The others count for nothing."""


class Match(NamedTuple):
    """The list and the category that name an address."""

    name: str
    category: str

    def __str__(self) -> str:
        return f"{self.name}/{self.category}" if self.category else self.name


class Blocklists:
    """All lists of a recipe, loaded."""

    def __init__(self, chosen: Iterable[Blocklist]) -> None:
        """Read the lists. NamedFileError if one is another than the recipe says, or is no list."""
        self._sources: list[Match] = []
        self._entries = Entries(self._read(chosen))

    def find(self, url: str) -> Match | None:
        """Return what names an address; None if nothing does. Of several, the first of a recipe."""
        number = self._entries.find(url)
        return None if number is None else self._sources[number]

    def __len__(self) -> int:
        return len(self._entries)

    def _read(self, chosen: Iterable[Blocklist]) -> Iterator[tuple[str, int]]:
        for one in chosen:
            there: set[str] = set()
            for category, stream in _streams(one):
                there.add(category)
                if not one.categories or category in one.categories:
                    yield from self._numbered(Match(one.name, category), _entries(one, stream))
            if missing := sorted(set(one.categories) - there):
                raise NamedFileError(
                    f"blocklist {one.name}: there is no category {missing[0]!r} in {one.path}; "
                    f"there are: {', '.join(sorted(there))}"
                )

    def _numbered(self, source: Match, entries: Iterator[str]) -> Iterator[tuple[str, int]]:
        if source not in self._sources:
            self._sources.append(source)
        number = self._sources.index(source)
        yield from ((entry, number) for entry in entries)


def check_all(chosen: Iterable[Blocklist]) -> None:
    """Raise NamedFileError if lists cannot be used, or one is another than the recipe says.

    OSError if one is missing.
    """
    Blocklists(chosen)


def used(chosen: Iterable[Blocklist]) -> tuple[Resource, ...]:
    """Return what decisions rest on, as the manifest names it."""
    return tuple(Resource(name=f"blocklist {one.name}", sha256=one.sha256) for one in chosen)


def _is_folder(place: Location) -> bool:
    return not place.is_file() and place.is_dir()


def _streams(one: Blocklist) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield each file of a list with its category, open for reading and decompressed."""
    place = place_of(one.path)
    if _is_folder(place):
        check(one.path, one.sha256, tree_digest(place, _NAMES), "blocklist")
        yield from _of_folder(place)
        return
    with opened(one.path, one.sha256, "blocklist") as file, ExitStack() as stack:
        if one.path.endswith(_ARCHIVES):
            yield from _of_archive(one, file)
        else:
            yield "", _unpacked(stack.enter_context(file.open("rb")))


def _of_folder(folder: Location) -> Iterator[tuple[str, IO[bytes]]]:
    for path, _ in files(folder):
        if path.name in _NAMES:
            category = relative(path, folder).rpartition("/")[0]
            with fetched(path) as local, local.open("rb") as stream:
                yield category, _unpacked(stream)


def _of_archive(one: Blocklist, file: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the lists in an archive; nothing of it is written anywhere."""
    try:
        with tarfile.open(file) as archive:
            for member in archive:
                way, _, name = member.name.removeprefix("./").rpartition("/")
                content = archive.extractfile(member) if name in _NAMES and member.isreg() else None
                if content is not None:
                    with content:
                        yield way.removeprefix("blacklists/"), _unpacked(content)
    except (tarfile.TarError, EOFError) as error:
        raise NamedFileError(f"blocklist {one.name}: {one.path} is no archive: {error}") from error


def _unpacked(stream: IO[bytes]) -> IO[bytes]:
    buffered = stream if isinstance(stream, BufferedReader) else BufferedReader(stream)  # type: ignore[type-var]
    packed = buffered.peek(2)[:2] == b"\x1f\x8b"
    return gzip.open(buffered) if packed else buffered  # type: ignore[return-value]


def _entries(one: Blocklist, stream: IO[bytes]) -> Iterator[str]:
    """Yield what the lines of a file name; NamedFileError if too many are none of a list."""
    read = lines = odd = 0
    first = ""
    try:
        while line := stream.readline(_MAX_LINE):
            if (read := read + len(line)) > _MAX_BYTES:
                raise NamedFileError(f"blocklist {one.name}: {one.path} is larger than 4 GiB")
            lines += 1
            try:
                entry = entry_of(line.decode("utf-8", "replace"))
            except ValueError as error:
                odd += 1
                first = first or f"line {lines}: {error}"
            else:
                if entry is not None:
                    yield entry
    except (OSError, EOFError) as error:
        raise NamedFileError(f"blocklist {one.name}: {one.path}: {error}") from error
    if odd > max(1, _MAX_ODD * lines):
        raise NamedFileError(
            f"blocklist {one.name}: {one.path} is no list: {odd} of {lines} lines name nothing, "
            f"first {first}. A list has a domain, an address, or IP and name, on each line"
        )
