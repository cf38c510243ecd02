"""Benchmarks that a corpus must not give away: files of examples, and what texts share of them."""

import gzip
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np
import pyarrow.parquet as pq

from florilegium.filters.groups import Hashes
from florilegium.filters.ngrams import MOST_RUNS, Runs, TooManyRunsError, runs_of, word_hashes
from florilegium.manifests.document import Document
from florilegium.manifests.location import sha256
from florilegium.manifests.manifest import Resource
from florilegium.pipelines.named.files import NamedFileError, opened, there
from florilegium.pipelines.named.texts import Benchmark

_MAX_LINE = 64 << 20
_PASSAGES, _SPARE = 1_000, 20


class Contamination:
    """All benchmarks of a recipe, loaded."""

    def __init__(self, chosen: Sequence[Benchmark]) -> None:
        """Read the files. NamedFileError if one is not what the recipe says, or cannot be read."""
        self._names = list(dict.fromkeys(one.name for one in chosen))
        self._runs: list[Runs] = []
        for length in sorted({one.words for one in chosen}):
            mine = [one for one in chosen if one.words == length]
            collections = ((self._names.index(one.name), _runs(one)) for one in mine)
            try:
                self._runs.append(Runs(length, collections))
            except TooManyRunsError as error:
                raise NamedFileError(f"the benchmarks have {error}: name fewer") from error

    def assess(self, document: Document) -> dict[str, Any]:
        """Return the benchmark that shares most runs of words with a document, and how many."""
        words = word_hashes(document.text)
        found: Counter[int] = Counter()
        for runs in self._runs:
            found.update({n: int(k) for n, k in enumerate(runs.shared(words)) if k})
        if not found:
            return {"benchmark_ngrams": 0}
        most = min(found, key=lambda number: (-found[number], number))
        return {"benchmark": self._names[most], "benchmark_ngrams": found[most]}


def pinned(chosen: Iterable[Benchmark]) -> tuple[Benchmark, ...]:
    """Return the benchmarks with the digests of their files; OSError if one cannot be read.

    NamedFileError if one has another digest than the recipe says.
    """
    made = []
    for one in chosen:
        digest = one.sha256 or sha256(there(one.path, "benchmark"))
        with opened(one.path, digest, "benchmark"):
            made.append(msgspec.structs.replace(one, sha256=digest))
    return tuple(made)


def used(chosen: Iterable[Benchmark]) -> tuple[Resource, ...]:
    """Return what decisions rest on, as the manifest names it."""
    return tuple(Resource(name=f"benchmark {x.name} {x.path}", sha256=x.sha256) for x in chosen)


def passage(one: Benchmark, more_than: int) -> str:
    """Return words of a benchmark in which more runs of words are its own than so many.

    Nothing if a few of its texts are too short for that. NamedFileError as for all its files.
    """
    with opened(one.path, one.sha256, "benchmark") as file:
        for text in islice(_texts(one, file), _PASSAGES):
            words = text.split()[: one.words + 2 * more_than + _SPARE]
            shown = " ".join(words)
            if len(runs_of(word_hashes(shown), one.words)) > more_than:
                return shown
    return ""


def _runs(one: Benchmark) -> Hashes:
    """Return the runs of words of a benchmark; NamedFileError if it has none."""
    found: list[Hashes] = [np.array([], np.uint64)]
    examples = number = 0
    with opened(one.path, one.sha256, "benchmark") as file:
        try:
            for text in _texts(one, file):
                examples += 1
                found.append(runs_of(word_hashes(text), one.words))
                if (number := number + len(found[-1])) > MOST_RUNS:
                    raise TooManyRunsError(f"more than {MOST_RUNS:,} runs of words")
        except (OSError, EOFError, ValueError) as error:
            if isinstance(error, NamedFileError):
                raise
            raise NamedFileError(f"benchmark {one.name}: {one.path}: {error}") from error
    runs = np.unique(np.concatenate(found))
    if not len(runs):
        raise NamedFileError(
            f"benchmark {one.name}: of {examples:,} texts in {', '.join(one.fields)} of {one.path} "
            f"none has {one.words} words: name other `fields`, or fewer `words`"
        )
    return runs


def _texts(one: Benchmark, file: Path) -> Iterator[str]:
    name = one.path.lower().removesuffix(".gz")
    if name.endswith(".parquet"):
        yield from _of_parquet(one, file)
        return
    with file.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    with gzip.open(file) if packed else file.open("rb") as content:
        if name.endswith((".jsonl", ".ndjson")):
            yield from _of_json(one, content)
        elif name.endswith(".txt"):
            yield from _of_text(content)
        else:
            raise NamedFileError(
                f"benchmark {one.name}: {one.path} ends neither in .jsonl, nor .parquet, nor .txt"
            )


def _of_parquet(one: Benchmark, file: Path) -> Iterator[str]:
    with pq.ParquetFile(file) as table:
        columns = [field.partition(".")[0] for field in one.fields]
        for missing in (name for name in columns if name not in table.schema_arrow.names):
            raise _no_field(one, missing, table.schema_arrow.names)
        for batch in table.iter_batches(1_024, columns=columns):
            for row in batch.to_pylist():
                yield from _fields(one, row)


def _of_json(one: Benchmark, content: gzip.GzipFile | BinaryIO) -> Iterator[str]:
    number = 0
    while line := content.readline(_MAX_LINE):
        number += 1
        if line.strip():
            try:
                row = msgspec.json.decode(line)
            except (msgspec.DecodeError, RecursionError) as error:
                raise ValueError(f"line {number}: {error}") from error
            yield from _fields(one, row)


def _of_text(content: gzip.GzipFile | BinaryIO) -> Iterator[str]:
    lines: list[str] = []
    while line := content.readline(_MAX_LINE):
        if text := line.decode("utf-8", "replace").strip():
            lines.append(text)
        elif lines:
            yield "\n".join(lines)
            lines = []
    yield "\n".join(lines)


def _fields(one: Benchmark, row: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield the texts of an example: strings, and strings in lists and tables below a field."""
    for field in one.fields:
        value = row
        for key in field.split("."):
            if not isinstance(value, dict) or key not in value:
                known = value if isinstance(value, dict) else ()
                raise _no_field(one, field, list(map(str, known)))
            value = value[key]
        yield from _strings(value)


def _strings(value: Any) -> Iterator[str]:  # noqa: ANN401
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)


def _no_field(one: Benchmark, field: str, known: Sequence[str]) -> NamedFileError:
    there = ", ".join(known[:20]) or "none"
    return NamedFileError(
        f"benchmark {one.name}: an example in {one.path} has no field {field!r}; there are: {there}"
    )
