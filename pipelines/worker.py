"""A Beam worker process, started by an engine on the machine where the work is.

`florilegium-worker` follows the contract that Beam's containers follow: an engine starts it with
the address of its provision service (Beam's Fn API, "container contract"). What a worker runs is
the package that is installed beside it; nothing is sent along.

`florilegium-worker --pool PORT` starts workers when it is asked to, as Beam's worker pools do, but
listens on loopback only: whoever reaches a pool can run code.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

COMMAND = "florilegium-worker"


def installed() -> str:
    """Return the path of the command in this environment."""
    return str(Path(sys.executable).with_name(COMMAND))


def environment_flags(worker: str) -> list[str]:
    """Return the pipeline options for workers started by a command, or by a pool at HOST:PORT."""
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
        _be_a_worker(arguments.id, arguments.provision_endpoint)
    else:
        parser.error("an engine starts this with --id and --provision_endpoint")


def _be_a_worker(name: str, provision: str) -> None:
    import grpc
    from apache_beam.portability.api import beam_provision_api_pb2, beam_provision_api_pb2_grpc
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


def _be_a_pool(port: int) -> None:
    from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer

    from florilegium.pipelines.loopback import loopback_only

    with loopback_only():
        address, server = BeamFnExternalWorkerPoolServicer.start(
            use_process=True, port=port, container_executable=installed()
        )
    print(f"{COMMAND}: starting workers on request at {address}", flush=True)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        server.stop(0)


if __name__ == "__main__":
    main()
