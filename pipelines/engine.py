"""Running a pipeline: the embedded engine, Beam's FnApiRunner on one machine.

The runner is named explicitly, since Beam's `DirectRunner` may fetch another one. With more than
one worker, Beam starts a process each and talks to them over gRPC on the loopback interface.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any, TypeVar
from unittest import mock

import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.pvalue import PCollection
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    SubprocessSdkWorkerHandler,
)
from msgspec import Struct

Item = TypeVar("Item")

_WORKER_ENDED = (
    "a worker process ended before its work was done; the system may have ended it for want of "
    "memory: run the same command again, with fewer workers"
)


class Engine(Struct, frozen=True):
    """Where pipelines run."""

    workers: int = 1

    def run(self, lay_out: Callable[[beam.Pipeline], Any]) -> None:
        """Lay out a pipeline and run it to its end; what a stage raises comes out of here.

        RuntimeError if a worker process ends before its work is done.
        """
        mode = "multi_processing" if self.workers > 1 else "in_memory"
        options = PipelineOptions(
            direct_num_workers=self.workers,
            direct_running_mode=mode,
            job_server_timeout=600,
        )
        with _loopback_only(), _ended_with_its_workers():
            pipeline = beam.Pipeline(FnApiRunner(), options=options)
            lay_out(pipeline)
            pipeline.run().wait_until_finish()

    def spread(
        self, root: beam.Pipeline, label: str, items: Sequence[Item], sizes: Sequence[int]
    ) -> PCollection[Item]:
        """Give every worker its share of the items: the largest first, to whoever has least.

        Beam's embedded engine hands out the groups of a key in turn, whatever they cost, so each
        worker gets one group that is balanced beforehand.
        """
        shares = balanced(items, sizes, self.workers)
        keyed = [(share, item) for share, batch in enumerate(shares) for item in batch]
        one_by_one: PCollection[Item] = (
            root
            | f"{label}: list" >> beam.Create(keyed, reshuffle=False)
            | f"{label}: spread" >> beam.GroupByKey()
            | f"{label}: one by one" >> beam.FlatMap(_items)
        )
        return one_by_one


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


def _items(group: tuple[int, Iterable[Any]]) -> Iterator[Any]:
    yield from group[1]


@contextmanager
def _loopback_only() -> Iterator[None]:
    """Make the gRPC servers that Beam starts listen on loopback instead of on any address."""
    start = grpc.server

    def server(*args: Any, **options: Any) -> grpc.Server:  # noqa: ANN401
        made = start(*args, **options)
        bind = made.add_insecure_port
        made.add_insecure_port = lambda address: bind(address.replace("[::]:", "127.0.0.1:"))
        return made

    with mock.patch.object(grpc, "server", server):
        yield


@contextmanager
def _ended_with_its_workers() -> Iterator[None]:
    """Give up work that a worker process took along when it ended; Beam would wait for it forever.

    The shares of the other workers are finished first.
    """
    over = Event()
    start = SubprocessSdkWorkerHandler.start_worker

    def start_watched(handler: SubprocessSdkWorkerHandler) -> None:
        start(handler)
        Thread(target=watch, args=(handler,), daemon=True).start()

    def watch(handler: SubprocessSdkWorkerHandler) -> None:
        handler.worker_thread.join()
        while not over.wait(1):
            for request in list(handler.control_conn._futures_by_id.values()):
                if not request.is_done():
                    request.set(beam_fn_api_pb2.InstructionResponse(error=_WORKER_ENDED))

    with mock.patch.object(SubprocessSdkWorkerHandler, "start_worker", start_watched):
        try:
            yield
        finally:
            over.set()
