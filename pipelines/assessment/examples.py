"""Example texts as they lie around: text, JSON lines, Parquet, a folder of them, or a release."""

import gzip
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
import pyarrow.parquet as pq

from florilegium.manifests.location import sha256
from florilegium.pipelines.pages.page import host_and_domain

_KINDS = (".txt", ".jsonl", ".ndjson", ".parquet")
_MAX_LINE = 64 << 20


class ExampleError(ValueError):
    """Examples that cannot be read; the message names the file and what is wrong."""


class Example(NamedTuple):
    """A text, and what is to be on one side of a split: its domain, or what stands for it."""

    text: str
    origin: str


class Source(NamedTuple):
    """A file of examples, as a card names it."""

    name: str
    sha256: str
    bytes: int


def find(places: Iterable[str]) -> list[Path]:
    """Return the files of examples that places name, sorted by name, each once.

    A folder stands for all such files in it; of a release only `data/` is read. ExampleError if
    there are none, or if a file is of no known kind.
    """
    found: dict[Path, None] = {}
    for name in places:
        place = Path(name)
        if place.is_dir():
            data = place / "data" if (place / "manifest.json").is_file() else place
            inside = sorted(p for p in data.rglob("*") if p.is_file() and _kind(p))
            if not inside:
                raise ExampleError(f"{name}: there is no file of examples in it ({_known()})")
            found |= dict.fromkeys(inside)
        elif not place.is_file():
            raise ExampleError(f"there is no file or folder {name!r}")
        elif not _kind(place):
            raise ExampleError(f"{name}: not a file of examples ({_known()})")
        else:
            found[place] = None
    return list(found)


def sources(files: Iterable[Path]) -> list[Source]:
    """Return name, digest and size of each file."""
    return [Source(file.name, sha256(file), file.stat().st_size) for file in files]


def read(file: Path, field: str) -> Iterator[Example]:
    """Yield the texts of a file that are not blank; ExampleError names the line that is wrong.

    In text, examples are parted by blank lines. The origin is the registrable domain of `url`, or
    `domain` or `host`; a text that has none of them is its own.
    """
    if _kind(file) == ".parquet":
        rows = _of_parquet(file, field)
    elif _kind(file) == ".txt":
        rows = ({field: text} for text in _of_text(file))
    else:
        rows = _of_json(file)
    for number, row in enumerate(rows, 1):
        text = row.get(field) if isinstance(row, dict) else None
        if not isinstance(text, str):
            known = ", ".join(map(str, row)) if isinstance(row, dict) else "none"
            raise ExampleError(
                f"{file}: example {number} has no text {field!r}; there are: {known}"
            )
        if text.strip():
            yield Example(
                text, _origin(row) or hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
            )


def _origin(row: dict[str, Any]) -> str:
    domain = host_and_domain(url)[1] if isinstance(url := row.get("url"), str) else ""
    return domain or next(
        (value for key in ("domain", "host") if isinstance(value := row.get(key), str)), ""
    )


def _kind(file: Path) -> str:
    suffix = Path(file.name.lower().removesuffix(".gz")).suffix
    return suffix if suffix in _KINDS else ""


def _known() -> str:
    return f"{', '.join(_KINDS)}, perhaps with .gz"


def _opened(file: Path) -> gzip.GzipFile | BinaryIO:
    return gzip.open(file) if file.name.lower().endswith(".gz") else file.open("rb")


def _of_parquet(file: Path, field: str) -> Iterator[dict[str, Any]]:
    try:
        with pq.ParquetFile(file) as table:
            wanted = [n for n in table.schema_arrow.names if n in (field, "url", "domain", "host")]
            for batch in table.iter_batches(1_024, columns=wanted):
                yield from batch.to_pylist()
    except OSError as error:
        raise ExampleError(f"{file}: {error}") from error
    except ValueError as error:
        raise ExampleError(f"{file}: no Parquet: {error}") from error


def _of_json(file: Path) -> Iterator[Any]:
    number = 0
    with _opened(file) as stream:
        while line := stream.readline(_MAX_LINE):
            number += 1
            if line.strip():
                try:
                    yield msgspec.json.decode(line)
                except (msgspec.DecodeError, RecursionError) as error:
                    raise ExampleError(f"{file}: line {number}: {error}") from error


def _of_text(file: Path) -> Iterator[str]:
    """Yield what stands between blank lines."""
    lines: list[str] = []
    with _opened(file) as stream:
        while line := stream.readline(_MAX_LINE):
            if text := line.decode("utf-8", "replace").strip():
                lines.append(text)
            elif lines:
                yield "\n".join(lines)
                lines = []
    yield "\n".join(lines)
