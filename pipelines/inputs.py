"""From what a user names as input to units of work."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from florilegium.pipelines.part import Unit

_NAMES = (".warc", ".warc.gz", ".warc.zst", ".warc.lz4", ".warc.gz.bad")


class InputError(ValueError):
    """Input that cannot be built from; the message says which and why."""


def find_files(inputs: Iterable[str]) -> list[Path]:
    """Return the files that inputs name, once each; a folder stands for the WARC files in it.

    InputError if one does not exist or if there is nothing to read.
    """
    found: dict[Path, None] = {}
    for name in inputs:
        path = Path(name)
        if path.is_dir():
            found.update(dict.fromkeys(p.resolve() for p in _warc_files(path)))
        elif path.exists():
            found[path.resolve()] = None
        else:
            raise InputError(f"there is no input {name!r}")
    if not found:
        raise InputError("there is nothing to read: --input names no WARC file")
    if all(path.stat().st_size == 0 for path in found):
        raise InputError("there is nothing to read: every file that --input names is empty")
    return list(found)


def plan_units(files: Iterable[Path], recipe_and_code: str) -> list[Unit]:
    """Return one unit for each file, sorted by name, whatever order the files come in.

    A unit is known by the name of its file, so InputError if two files have the same one, or if
    a name is no text.
    """
    units: dict[str, Unit] = {}
    for path in files:
        try:
            about = path.stat()
            path.name.encode()
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from error
        except UnicodeEncodeError as error:
            raise InputError(f"the name of {str(path)!r} is not UTF-8: rename it") from error
        if path.name in units:
            raise InputError(
                f"two inputs are named {path.name!r}: {units[path.name].path} and {path}; "
                "rename one, since records are cited by the name of their file"
            )
        identity = f"{path.name}\n{about.st_size}\n{about.st_mtime_ns}\n{recipe_and_code}"
        units[path.name] = Unit(
            name=path.name,
            path=str(path),
            bytes=about.st_size,
            fingerprint=hashlib.sha256(identity.encode()).hexdigest(),
        )
    return [units[name] for name in sorted(units)]


def _warc_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.name.lower().endswith(_NAMES))
