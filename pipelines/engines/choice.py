"""The engines by name, and what a user may say about each."""

import os
from pathlib import Path
from typing import Literal

from msgspec import Struct

from florilegium.manifests.location import locate
from florilegium.pipelines import provenance
from florilegium.pipelines.commoncrawl.plan import archives_of
from florilegium.pipelines.engines import worker
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.engines.engine import Engine, EngineError
from florilegium.pipelines.planning import Plan

BYTES_PER_WORKER = 16 << 20


class EngineChoice(Struct, frozen=True, kw_only=True):
    """An engine and its settings, as on the command line."""

    name: Literal["embedded", "flink", "dataflow"] = "embedded"
    workers: int | None = None
    flink_master: str = "127.0.0.1:8081"
    flink_worker: str = worker.POOL
    flink_job_server: Path | None = None
    dataflow_project: str | None = None
    dataflow_region: str | None = None
    dataflow_staging: str | None = None
    dataflow_image: str | None = None
    dataflow_workers: int = 50
    beam_options: tuple[str, ...] = ()


def choose(choice: EngineChoice, plan: Plan) -> Engine:
    """Return the engine that a build runs on; EngineError if it cannot be used."""
    if choice.name == "embedded":
        return Embedded(choice.workers or _workers(sum(unit.bytes for unit in plan.units)))
    if choice.name == "flink":
        return _flink(choice, plan)
    return _dataflow(choice, plan)


def _flink(choice: EngineChoice, plan: Plan) -> Engine:
    # Beam's runners for clusters take a while to import.
    from florilegium.pipelines.engines import flink

    if choice.workers is not None:
        raise EngineError("--workers is for the embedded engine; on Flink, slots are the workers")
    return flink.connect(
        choice.flink_master,
        choice.flink_worker,
        choice.flink_job_server,
        f"florilegium-{_job(plan)}",
    )


def _dataflow(choice: EngineChoice, plan: Plan) -> Engine:
    from florilegium.pipelines.engines import dataflow

    if choice.workers is not None:
        raise EngineError(
            "--workers is for the embedded engine; on Dataflow, say --dataflow-workers"
        )
    named = {
        "project": choice.dataflow_project,
        "region": choice.dataflow_region,
        "temp_location": choice.dataflow_staging,
        "sdk_container_image": choice.dataflow_image,
        "max_num_workers": choice.dataflow_workers,
    }
    flags = [f"--{option}={value}" for option, value in named.items() if value]
    lying = (locate(unit.path) for unit in plan.units if unit.content is None)
    places = [plan.home, *lying, *archives_of(plan.units)]
    staging = plan.bench / "dataflow"
    return dataflow.connect([*flags, *choice.beam_options], places, staging, _job(plan))


def _job(plan: Plan) -> str:
    """Return a name that tells a build from those of other inputs, recipes and places."""
    place = provenance.digest(str(plan.home))[:6]
    return f"{plan.build_id}-{place}-{plan.recipe.name}"


def _workers(size: int) -> int:
    return max(1, min(len(os.sched_getaffinity(0)), size // BYTES_PER_WORKER))
