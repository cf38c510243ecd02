"""The embedded engine: Beam's FnApiRunner on one machine.

The runner is named explicitly, since Beam's `DirectRunner` may fetch another one. With more than
one worker, Beam starts a process each and talks to them over gRPC on the loopback interface.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any
from unittest import mock

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.pvalue import PCollection
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    SubprocessSdkWorkerHandler,
)
from apache_beam.runners.portability.local_job_service import SubprocessSdkWorker
from msgspec import Struct

from florilegium.pipelines.engines import bound
from florilegium.pipelines.engines.engine import balanced
from florilegium.pipelines.engines.loopback import loopback_only

SHUFFLE_BYTES = 64 << 20
"""Text that a shuffle moves at a time, for each worker: Beam holds it all in memory."""

_WORKER_ENDED = (
    "a worker process ended before its work was done; the system may have ended it for want of "
    "memory: run the same command again, with fewer workers"
)


class Embedded(Struct, frozen=True):
    """So many worker processes on this machine; a single worker is this very process."""

    workers: int = 1

    @property
    def shuffle_bytes(self) -> int:
        """Text that one shuffle may move."""
        return SHUFFLE_BYTES * self.workers

    def run(self, lay_out: Callable[[beam.Pipeline], Any], step: str = "") -> None:
        """Lay out a pipeline and run it to its end; what a stage raises comes out of here.

        RuntimeError if a worker process ends before its work is done.
        """
        mode = "multi_processing" if self.workers > 1 else "in_memory"
        options = PipelineOptions(
            direct_num_workers=self.workers,
            direct_running_mode=mode,
            job_server_timeout=600,
            beam_plugins=[bound.__name__] if self.workers > 1 else None,
        )
        os.environ[bound.DRIVER] = str(os.getpid())
        with loopback_only(), _ended_with_its_workers():
            pipeline = beam.Pipeline(FnApiRunner(), options=options)
            # It holds nothing, and nobody would remove it if the process were killed.
            shutil.rmtree(pipeline.local_tempdir)
            lay_out(pipeline)
            pipeline.run().wait_until_finish()

    def spread(
        self, root: beam.Pipeline, label: str, items: Sequence[bytes], sizes: Sequence[int]
    ) -> PCollection[bytes]:
        """Give every worker its share of the items: the largest first, to whoever has least.

        Beam's embedded engine hands out the groups of a key in turn, whatever they cost, so each
        worker gets one group that is balanced beforehand.
        """
        shares = balanced(items, sizes, self.workers)
        keyed = [(share, item) for share, batch in enumerate(shares) for item in batch]
        one_by_one: PCollection[bytes] = (
            root
            | f"{label}: list" >> beam.Create(keyed, reshuffle=False)
            | f"{label}: spread" >> beam.GroupByKey()
            | f"{label}: one by one" >> beam.FlatMap(_items)
        )
        return one_by_one


def _items(group: tuple[int, Iterable[Any]]) -> Iterator[Any]:
    yield from group[1]


@contextmanager
def _ended_with_its_workers() -> Iterator[None]:
    """Give up work that a worker process took along when it ended; Beam would wait for it forever.

    The shares of the other workers are finished first.
    """
    over = Event()
    start, run = SubprocessSdkWorkerHandler.start_worker, SubprocessSdkWorker.run

    def start_watched(handler: SubprocessSdkWorkerHandler) -> None:
        start(handler)
        Thread(target=watch, args=(handler,), daemon=True).start()

    def watch(handler: SubprocessSdkWorkerHandler) -> None:
        handler.worker_thread.join()
        while not over.wait(1):
            for request in list(handler.control_conn._futures_by_id.values()):
                if not request.is_done():
                    request.set(beam_fn_api_pb2.InstructionResponse(error=_WORKER_ENDED))

    def run_quietly(worker: SubprocessSdkWorker) -> None:
        # That a worker ended badly is said once, and not also by a thread that nobody waits for.
        with suppress(RuntimeError):
            run(worker)

    with (
        mock.patch.object(SubprocessSdkWorkerHandler, "start_worker", start_watched),
        mock.patch.object(SubprocessSdkWorker, "run", run_quietly),
    ):
        try:
            yield
        finally:
            over.set()
