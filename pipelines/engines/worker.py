"""Beam workers, started where the work is.

`florilegium-worker --pool PORT` starts a worker whenever an engine asks for one (Beam's external
worker pool). Its workers are forked from a process that has everything imported already: an
engine on a cluster asks for new ones at every stage, and importing takes seconds. The pool
listens on loopback only, since whoever reaches it can run code.

`florilegium-worker --id ID --provision_endpoint HOST:PORT` is one worker, as engines start them
that start processes themselves (Beam's container contract).

What a worker runs is the package that is installed beside it; nothing is sent along.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.process import BaseProcess
from pathlib import Path

import grpc
from apache_beam.portability.api import (
    beam_fn_api_pb2,
    beam_fn_api_pb2_grpc,
    beam_provision_api_pb2,
    beam_provision_api_pb2_grpc,
)

COMMAND = "florilegium-worker"
POOL = "127.0.0.1:50000"
_PRELOADED = ["florilegium.pipelines.engines.worker_imports"]


def installed() -> str:
    """Return the path of the command in this environment."""
    return str(Path(sys.executable).with_name(COMMAND))


def environment_flags(worker: str) -> list[str]:
    """Return the pipeline options for workers of a pool at HOST:PORT, or started by a command."""
    host, _, port = worker.rpartition(":")
    if host and port.isdigit() and "/" not in worker:
        return ["--environment_type=EXTERNAL", f"--environment_config={worker}"]
    config = json.dumps({"command": worker})
    return ["--environment_type=PROCESS", f"--environment_config={config}"]


def main() -> None:
    """Be a worker, or a pool of workers."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="A Beam worker for Florilegium.")
    parser.add_argument("--pool", type=int, metavar="PORT", help="start workers on request")
    parser.add_argument("--id", help="name of this worker")
    parser.add_argument("--provision_endpoint", help="where the engine says what to do")
    arguments, _ = parser.parse_known_args()
    if arguments.pool is not None:
        _be_a_pool(arguments.pool)
    elif arguments.id and arguments.provision_endpoint:
        be_a_worker(arguments.id, arguments.provision_endpoint)
    else:
        parser.error("give --pool, or be started by an engine")


def be_a_worker(name: str, provision: str) -> None:
    """Do what the engine behind a provision service says, until it ends the connection."""
    from apache_beam.runners.worker import sdk_worker_main
    from google.protobuf import json_format

    service = beam_provision_api_pb2_grpc.ProvisionServiceStub(grpc.insecure_channel(provision))
    request = beam_provision_api_pb2.GetProvisionInfoRequest()
    info = service.GetProvisionInfo(request, metadata=[("worker_id", name)], timeout=120).info
    os.environ |= {
        "WORKER_ID": name,
        "PIPELINE_OPTIONS": json_format.MessageToJson(info.pipeline_options),
        "LOGGING_API_SERVICE_DESCRIPTOR": f'url: "{info.logging_endpoint.url}"',
        "CONTROL_API_SERVICE_DESCRIPTOR": f'url: "{info.control_endpoint.url}"',
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
    }
    sdk_worker_main.main([])


class _Pool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Starts workers for the engines that ask."""

    def __init__(self) -> None:
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(_PRELOADED)
        self._workers: list[BaseProcess] = []

    def StartWorker(  # noqa: N802
        self, request: beam_fn_api_pb2.StartWorkerRequest, _: grpc.ServicerContext
    ) -> beam_fn_api_pb2.StartWorkerResponse:
        name, provision = request.worker_id, request.provision_endpoint.url
        worker = self._processes.Process(target=be_a_worker, args=(name, provision), name=name)
        worker.start()
        self._workers = [one for one in self._workers if one.is_alive()] + [worker]
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(  # noqa: N802
        self, request: beam_fn_api_pb2.StopWorkerRequest, _: grpc.ServicerContext
    ) -> beam_fn_api_pb2.StopWorkerResponse:
        # Every TaskManager counts its workers from one, so a name may be that of another's.
        # A worker ends by itself when its engine has ended the connection.
        return beam_fn_api_pb2.StopWorkerResponse()

    def close(self) -> None:
        """End all workers."""
        for worker in self._workers:
            worker.kill()


def _be_a_pool(port: int) -> None:
    pool = _Pool()
    server = grpc.server(ThreadPoolExecutor())
    address = f"127.0.0.1:{server.add_insecure_port(f'127.0.0.1:{port}')}"
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(pool, server)
    server.start()
    print(f"{COMMAND}: starting workers on request at {address}", flush=True)
    try:
        while True:
            time.sleep(3600)
    finally:
        server.stop(0)
        pool.close()


if __name__ == "__main__":
    main()
