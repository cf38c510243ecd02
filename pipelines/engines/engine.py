"""Where pipelines run: what every engine can do, and how work is shared out."""

import itertools
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import apache_beam as beam
import msgspec
from apache_beam.pvalue import PCollection

from florilegium.pipelines import own_code

Item = TypeVar("Item")


OTHER_CODE = "the workers run other code"


class EngineError(RuntimeError):
    """An engine that cannot run a build; the message says what to do."""


class DeferredError(Exception):
    """A pipeline that was written down for someone else to run; nothing of it has run yet."""


class Engine(Protocol):
    """Runs pipelines on some workers."""

    @property
    def workers(self) -> int:
        """Processes that work at the same time."""

    @property
    def shuffle_bytes(self) -> int | None:
        """Text that one shuffle may move; None where a shuffle spills to disk."""

    def run(self, lay_out: Callable[[beam.Pipeline], Any], step: str = "") -> None:
        """Lay out a pipeline and run it to its end; RuntimeError if that fails.

        `step` is what people know the pipeline by. DeferredError if the engine only writes down
        what is to be run.
        """

    def spread(
        self, root: beam.Pipeline, label: str, items: Sequence[bytes], sizes: Sequence[int]
    ) -> PCollection[bytes]:
        """Give every worker its share of the items, the largest first."""


def balanced(items: Sequence[Item], sizes: Sequence[int], shares: int) -> list[list[Item]]:
    """Return the items in so many lists of nearly equal total size, each in descending size."""
    lists: list[list[Item]] = [[] for _ in range(shares)]
    loads = [0] * shares
    order = sorted(range(len(items)), key=lambda index: (-sizes[index], index))
    for index in order:
        least = loads.index(min(loads))
        lists[least].append(items[index])
        loads[least] += sizes[index] + 1
    return lists


def reshuffled(
    root: beam.Pipeline, label: str, items: Sequence[bytes], sizes: Sequence[int], shares: int
) -> PCollection[bytes]:
    """Give out items one by one, as engines do that run on many machines.

    Flink deals them out in turn, hence the order: one of each balanced share, then the next of
    each. The graph holds the list compressed, since Dataflow limits the size of a graph.
    """
    turns = itertools.zip_longest(*balanced(items, sizes, shares))
    ordered = [item for turn in turns for item in turn if item is not None]
    listed = zlib.compress(msgspec.msgpack.encode(ordered))
    one_by_one: PCollection[bytes] = (
        root
        | f"{label}: start" >> beam.Impulse()
        | f"{label}: list" >> beam.FlatMap(_listed, listed)
        | f"{label}: spread" >> beam.Reshuffle()
        | f"{label}: same code" >> beam.ParDo(_SameCode(own_code.code()["sha256"]))
    )
    return one_by_one


class _SameCode(beam.DoFn):
    """Passes everything on, on workers that run the code of the command that sent them work."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._checked = False

    def process(self, item: bytes) -> Iterator[bytes]:
        # Not in setup: what is raised there reaches nobody on Flink for three minutes.
        if not self._checked:
            self._check()
        yield item

    def _check(self) -> None:
        if (mine := own_code.code()["sha256"]) != self._code:
            raise EngineError(
                f"{OTHER_CODE} ({mine[:12]}) than this command ({self._code[:12]}): "
                "install the same florilegium there"
            )
        self._checked = True


def _listed(_: bytes, listed: bytes) -> Iterator[bytes]:
    yield from msgspec.msgpack.decode(zlib.decompress(listed), type=list[bytes])
