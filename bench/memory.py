"""Memory that a worker takes for what it holds at most, each in a process of its own.

    python bench/memory.py worker|part|publish DOCUMENTS.parquet...

Prints JSON. `worker`: bytes that a worker has in use once it has imported all. `part`: bytes at the
peak above those before, of what harvest gathers until it writes. `publish`: the same while a full
slice is written, and a shard of two.
"""

import itertools
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec.structs import replace

from florilegium.dedup.decisions import stored_by
from florilegium.dedup.methods import FAST_SIMILARITY
from florilegium.manifests.document import Document
from florilegium.manifests.schema import from_table
from florilegium.pipelines.engines import worker_imports
from florilegium.pipelines.harvest import part
from florilegium.pipelines.publishing import publish
from florilegium.pipelines.publishing.shard_plans import SLICE_BYTES, ShardPlan
from florilegium.pipelines.publishing.shards import read_slice, write_shard, write_slice
from florilegium.pipelines.recipe import Shards

STORED = stored_by(FAST_SIMILARITY)


def idle(_: Sequence[str]) -> int:
    """Return what a worker takes that has nothing to do."""
    assert worker_imports.harvest
    return _kernel("VmRSS")


def gathered(paths: Sequence[str]) -> int:
    """Return what a full run of a part takes until it is written."""
    documents = [d for path in paths for d in from_table(pq.read_table(path), Document)]
    with tempfile.TemporaryDirectory() as folder:
        writer = part.PartWriter(Path(folder, "part"), STORED)
        before, chars = _start(), 0
        for document in itertools.cycle(documents):
            chars += len(document.text)
            # Another string, since each page of a crawl has its own.
            writer.add([replace(document, text=f"{document.text} ")], np.zeros(1, STORED), [])
            if chars > part.RUN_CHARS:
                break
        writer.abandon(RuntimeError())
    return _peak() - before


def published(paths: Sequence[str]) -> int:
    """Return what a full slice takes while it is written, and a shard of two while it is."""
    tables = [pq.read_table(path).replace_schema_metadata().cast(publish._WIRE) for path in paths]
    whole = pa.concat_tables(tables)
    times = -(-SLICE_BYTES // sum(whole.column("text_bytes").to_pylist()))
    size = publish.MESSAGE_BYTES * whole.num_rows // max(whole.nbytes, 1)
    packed = [publish._pack(whole.slice(s, size)) for s in range(0, whole.num_rows, size)]
    rows = whole.num_rows * times * 2
    plan = ShardPlan(lang="deu_Latn", index=0, of=1, first_leaf=0, documents=rows, bytes=0)
    del whole, tables
    pa.default_memory_pool().release_unused()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "notes").mkdir()
        before = _start()
        write_slice(publish._arranged(_again(packed, times)), folder / "slice")
        twice = itertools.chain(read_slice(folder / "slice"), read_slice(folder / "slice"))
        write_shard(plan, twice, Shards(), folder, folder / "notes")
        return _peak() - before


def _again(packed: list[bytes], times: int) -> Iterator[bytes]:
    return itertools.chain.from_iterable(itertools.repeat(packed, times))


def _start() -> int:
    """Let the peak begin anew; return what is in use."""
    Path("/proc/self/clear_refs").write_text("5")
    return _kernel("VmRSS")


def _peak() -> int:
    return _kernel("VmHWM")


def _kernel(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) << 10


if __name__ == "__main__":
    _, what, *names = sys.argv
    print(json.dumps({"worker": idle, "part": gathered, "publish": published}[what](names)))
