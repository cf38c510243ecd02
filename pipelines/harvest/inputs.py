"""From what a user names as input to units of work."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from florilegium.manifests.location import Location, files, locate, stat
from florilegium.pipelines.commoncrawl import plan as plans
from florilegium.pipelines.commoncrawl.members import Archived
from florilegium.pipelines.harvest.part import Unit

_NAMES = (".warc", ".warc.gz", ".warc.zst", ".warc.lz4", ".warc.wet.gz", ".warc.gz.bad")


class InputError(ValueError):
    """Input that cannot be built from; the message says which and why."""


class Input(NamedTuple):
    """A file to read, its size, and a string that changes when its content does.

    Or what a plan chooses of a file: then `place` is the plan, `row` that of the file in it, and
    `chosen_from` the file's name in the archive.
    """

    place: Location
    bytes: int
    version: str
    row: int | None = None
    chosen_from: str = ""

    @property
    def name(self) -> str:
        """The name by which records are cited."""
        return self.chosen_from or self.place.name

    @property
    def file(self) -> Location | Archived:
        """The file itself, which can be opened."""
        return Archived(self.place, self.chosen_from) if self.chosen_from else self.place


def find_files(inputs: Iterable[str]) -> list[Input]:
    """Return the files that inputs name, once each.

    A folder stands for the WARC files in it, a plan for what it chooses of each file.

    InputError if one does not exist or if there is nothing to read.
    """
    found: dict[tuple[Location, int | None], Input] = {}
    for name in inputs:
        try:
            named = list(_named(name))
        except InputError:
            raise
        except ValueError as error:
            raise InputError(str(error)) from error
        except OSError as error:
            raise InputError(f"{name}: {error.strerror or error}") from error
        found.update({(file.place, file.row): file for file in named})
    if not found:
        raise InputError("there is nothing to read: --input names no WARC file")
    if all(file.bytes == 0 for file in found.values()):
        raise InputError("there is nothing to read: every file that --input names is empty")
    return list(found.values())


def find_warcs(inputs: Iterable[str]) -> list[Location]:
    """Return the WARC files that inputs name; InputError as `find_files`, and if one is a plan."""
    found = find_files(inputs)
    if plan := next((file.place for file in found if file.row is not None), None):
        raise InputError(f"{plan} is a plan, and only a build reads plans: name WARC files")
    return [file.place for file in found]


def plan_units(inputs: Iterable[Input], recipe_and_code: str) -> list[Unit]:
    """Return one unit for each file, sorted by name, whatever order the files come in.

    A unit is known by the name of its file, so InputError if two files have the same one, or if
    a name is no text.
    """
    units: dict[str, Unit] = {}
    for file in inputs:
        name, path = file.name, str(file.place)
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise InputError(f"the name of {path!r} is not UTF-8: rename it") from error
        if name in units:
            raise InputError(
                f"two inputs are named {name!r}: {units[name].path} and {path}; "
                "rename one, since records are cited by the name of their file"
            )
        identity = f"{name}\n{file.bytes}\n{file.version}\n{recipe_and_code}"
        units[name] = Unit(
            name=name,
            path=path,
            bytes=file.bytes,
            row=file.row,
            fingerprint=hashlib.sha256(identity.encode()).hexdigest(),
        )
    return [units[name] for name in sorted(units)]


def _named(name: str) -> Iterator[Input]:
    """Yield the files that one input names."""
    place = locate(name)
    if isinstance(place, Path):
        place = place.resolve()
    if place.is_file() and plans.is_plan(place):
        for row, file in enumerate(plans.listed(place)):
            yield Input(place, file.bytes, file.version, row, file.file)
    elif place.is_file():
        about = stat(place)
        yield Input(place, about.st_size, about.version)
    elif place.is_dir():
        for path, about in files(place):
            if path.name.lower().endswith(_NAMES):
                real = path.resolve() if isinstance(path, Path) else path
                yield Input(real, about.st_size, about.version)
    else:
        raise InputError(f"there is no input {name!r}")
