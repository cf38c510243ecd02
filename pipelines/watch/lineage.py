"""A running build as OpenLineage 2-0-2 events: START, RUNNING after each step, and how it ended.

Job and datasets have the names that the events of a finished release have, so that both join up;
COMPLETE is the event of the release, under the id of this run and at the time when it happened.
"""

import logging
import os
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import msgspec

from florilegium.manifests.derived import Source
from florilegium.manifests.exports import openlineage
from florilegium.manifests.exports.openlineage import Json
from florilegium.manifests.location import locate
from florilegium.pipelines import own_code
from florilegium.pipelines.publishing import derived
from florilegium.pipelines.watch.post import Poster
from florilegium.pipelines.watch.watch import Moment

_PARENT: Final = "1-2-0/ParentRunFacet"
_ERROR: Final = "1-0-1/ErrorMessageRunFacet"
_PROGRESS_SCHEMA: Final = "urn:florilegium:facet:progress:1"
_LOG: Final = logging.getLogger(__name__)


class Lineage:
    """Appends events to a file, a line of JSON each, and posts them, as far as asked."""

    def __init__(
        self, file: Path | None, poster: Poster | None, variables: Mapping[str, str] = os.environ
    ) -> None:
        self._file = file
        self._poster = poster
        self._namespace = variables.get("OPENLINEAGE_NAMESPACE") or openlineage.NAMESPACE
        self._run = str(uuid.uuid4())
        self._producer = openlineage.producer_of(own_code.code()["sha256"])
        self._parent = _parent(variables.get("OPENLINEAGE_PARENT_ID", ""), self._producer)
        self._started = False

    def tell(self, moment: Moment) -> None:
        """Write an event if this is worth one; OSError if that fails."""
        match moment.event:
            case "started":
                self._started = True
                self._send(self._event("START", moment))
            case "step_ended":
                self._send(self._event("RUNNING", moment))
            case "ended" if self._started:
                self._send(self._last(moment))
        if moment.event == "ended" and self._poster is not None:
            self._poster.close()

    def _last(self, moment: Moment) -> Json:
        status = moment.status
        if status.exit_code == 0:
            made = self._made(moment)
            return self._event("COMPLETE", moment) | made
        event = self._event("FAIL" if status.state in ("failed", "staged") else "ABORT", moment)
        error = openlineage.facet(_ERROR, self._producer) | {
            "message": status.message or status.state,
            "programmingLanguage": "PYTHON",
        }
        event["run"]["facets"]["errorMessage"] = error
        return event

    def _made(self, moment: Moment) -> Json:
        """Return inputs and outputs as the release itself describes them, if there is one."""
        if moment.manifest is None or moment.status.release is None:
            return {}
        release = locate(moment.status.release.path)
        source = Source(release, moment.manifest, derived.ours().tongues)
        done = msgspec.json.decode(openlineage.events(source).splitlines()[-1])
        return {key: done[key] for key in ("inputs", "outputs")}

    def _event(self, kind: str, moment: Moment) -> Json:
        status = moment.status
        # Milliseconds keep events in their order.
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        facets = openlineage.engine(metadata.version("apache-beam"), self._producer) | self._parent
        facets["florilegium_progress"] = {
            "_producer": self._producer,
            "_schemaURL": _PROGRESS_SCHEMA,
            "buildId": status.build_id,
            "state": status.state,
            "step": status.step,
            "seconds": status.seconds,
            "units": status.units,
            "unitsDone": status.units_done,
            "records": status.records,
            "documents": status.documents,
            "losses": status.losses,
        }
        run = {"runId": self._run, "facets": facets}
        job = openlineage.job(status.recipe, self._producer, self._namespace)
        sets = {"inputs": _inputs(moment), "outputs": _outputs(moment)}
        return openlineage.event(kind, time, run, job, self._producer) | sets

    def _send(self, event: Json) -> None:
        said = msgspec.json.encode(event)
        if self._poster is not None:
            self._poster.post(said)
        if self._file is not None:
            with self._file.open("ab") as stream:
                stream.write(said + b"\n")


def _inputs(moment: Moment) -> list[Json]:
    units = moment.plan.units if moment.plan else []
    names = [unit.name for unit in units]
    if len(names) > openlineage.MOST_INPUTS:
        names = [openlineage.summed(len(names))]
    return [_dataset(openlineage.input_name(name), "inputFacets") for name in names]


def _outputs(moment: Moment) -> list[Json]:
    status = moment.status
    if status.build_id is None:
        return []
    return [_dataset(openlineage.output_name(status.recipe, status.build_id), "outputFacets")]


def _dataset(name: str, own: str) -> Json:
    return {"namespace": openlineage.NAMESPACE, "name": name, "facets": {}, own: {}}


def _parent(said: str, producer: str) -> dict[str, Any]:
    """Return the facet of the run that this one is part of, of `namespace/job/run`; or nothing."""
    if not said:
        return {}
    namespace, job, run = ["", "", *said.rsplit("/", 2)][-3:]
    try:
        uuid.UUID(run)
    except ValueError:
        namespace = ""
    if not (namespace and job):
        _LOG.warning("OPENLINEAGE_PARENT_ID is not NAMESPACE/JOB/RUN: %r", said)
        return {}
    about = {"run": {"runId": run}, "job": {"namespace": namespace, "name": job}}
    return {"parent": openlineage.facet(_PARENT, producer) | about}
