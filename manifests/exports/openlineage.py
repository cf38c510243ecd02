"""OpenLineage 2-0-2: the build as a run that read WARC files and wrote a corpus.

https://openlineage.io/spec/2-0-2/OpenLineage.json. A manifest has no clock, so both events bear the
nominal time of the release; ids follow from the build.
"""

import uuid
from hashlib import sha256
from typing import Any

import msgspec
import pyarrow as pa

from florilegium.manifests import publication as publications
from florilegium.manifests.derived import Source
from florilegium.manifests.exports import words
from florilegium.manifests.manifest import Input, Manifest
from florilegium.manifests.publication import Publication
from florilegium.manifests.schema import DOCUMENT_SCHEMA

Json = dict[str, Any]

_SPEC = "https://openlineage.io/spec"
_EVENT = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
NAMESPACE = "florilegium"
MOST_INPUTS = 1_000
"""Inputs that are listed one by one."""


def events(source: Source) -> bytes:
    """Return two events, START and COMPLETE, a line of JSON each."""
    manifest = source.manifest
    release = publications.of(manifest.recipe)
    begun = _event("START", manifest, release) | {
        "inputs": [_input(one, manifest) for one in _inputs(manifest)],
        "outputs": [_output(source, release, {})],
    }
    statistics = {
        "outputStatistics": _facet(manifest, "1-0-2/OutputStatisticsOutputDatasetFacet")
        | {
            "rowCount": manifest.documents,
            "size": sum(shard.file_bytes for shard in manifest.shards),
            "fileCount": len(manifest.shards),
        }
    }
    done = begun | {
        "eventType": "COMPLETE",
        "outputs": [_output(source, release, statistics)],
    }
    return b"".join(msgspec.json.encode(event) + b"\n" for event in (begun, done))


def _event(kind: str, manifest: Manifest, release: Publication) -> Json:
    time = f"{words.nominal_day(manifest, release)}T00:00:00Z"
    producer = _producer(manifest)
    version = manifest.environment.get("apache-beam", "unknown")
    nominal = _facet(manifest, "1-0-1/NominalTimeRunFacet") | {"nominalStartTime": time}
    run = {
        "runId": _uuid(f"run {manifest.build_id} {manifest.root}"),
        "facets": {"nominalTime": nominal} | engine(version, producer),
    }
    return event(kind, time, run, job(manifest.name, producer), producer)


def event(kind: str, time: str, run: Json, of: Json, producer: str) -> Json:
    """Return an event of a run of a job, without inputs and outputs."""
    return {
        "eventType": kind,
        "eventTime": time,
        "producer": producer,
        "schemaURL": _EVENT,
        "run": run,
        "job": of,
    }


def job(corpus: str, producer: str, namespace: str = NAMESPACE) -> Json:
    """Return the job that builds a corpus."""
    description = f"Builds the corpus {corpus} from WARC files."
    return {
        "namespace": namespace,
        "name": f"build.{corpus}",
        "facets": {
            "documentation": facet("1-1-0/DocumentationJobFacet", producer)
            | {"description": description, "contentType": "text/plain"},
            "jobType": facet("2-0-4/JobTypeJobFacet", producer)
            | {"processingType": "BATCH", "integration": "FLORILEGIUM", "jobType": "BUILD"},
        },
    }


def engine(version: str, producer: str) -> Json:
    """Return the facet of a run that names Beam, by its version."""
    about = facet("1-1-1/ProcessingEngineRunFacet", producer)
    return {"processing_engine": about | {"name": "Apache Beam", "version": version}}


def input_name(unit: str) -> str:
    """Return the name of the dataset that a piece of input is."""
    return f"warc/{unit}"


def summed(number: int) -> str:
    """Return what stands for so many pieces of input, if they are too many to be listed."""
    return f"{number} files"


def output_name(corpus: str, build_id: str) -> str:
    """Return the name of the dataset that a release is."""
    return f"corpus/{corpus}/{build_id}"


def _inputs(manifest: Manifest) -> tuple[Input, ...]:
    """Return the inputs; of very many the sum, under the digest of what the manifest lists."""
    if len(manifest.inputs) <= MOST_INPUTS:
        return manifest.inputs
    listed = msgspec.json.encode(manifest.inputs)
    return (
        Input(
            name=summed(len(manifest.inputs)),
            bytes=sum(one.bytes for one in manifest.inputs),
            sha256=sha256(listed).hexdigest(),
            records=manifest.records,
        ),
    )


def _input(one: Input, manifest: Manifest) -> Json:
    return {
        "namespace": NAMESPACE,
        "name": input_name(one.name),
        "facets": {"version": _version(manifest, f"sha256:{one.sha256}")},
        "inputFacets": {
            "inputStatistics": _facet(manifest, "1-0-0/InputStatisticsInputDatasetFacet")
            | {"rowCount": one.records, "size": one.bytes, "fileCount": 1}
        },
    }


def _output(source: Source, release: Publication, facets: Json) -> Json:
    manifest = source.manifest
    return {
        "namespace": NAMESPACE,
        "name": output_name(manifest.name, manifest.build_id),
        "facets": {
            "version": _version(manifest, f"merkle-sha256:{manifest.root}"),
            "documentation": _facet(manifest, "1-1-0/DocumentationDatasetFacet")
            | {
                "description": release.description or words.title(manifest, release),
                "contentType": "text/plain",
            },
            "schema": _facet(manifest, "1-2-0/SchemaDatasetFacet")
            | {"fields": [_field(n, f) for n, f in enumerate(DOCUMENT_SCHEMA, 1)]},
            "storage": _facet(manifest, "1-0-1/StorageDatasetFacet")
            | {"storageLayer": "files", "fileFormat": "parquet"},
            "dataQualityMetrics": _facet(manifest, "1-0-1/DataQualityMetricsDatasetFacet")
            | {
                "rowCount": manifest.documents,
                "bytes": words.text_bytes(manifest),
                "fileCount": len(manifest.shards),
                "columnMetrics": {
                    "tokens": {"sum": manifest.tokens, "count": manifest.documents},
                    "text_bytes": {
                        "sum": words.text_bytes(manifest),
                        "count": manifest.documents,
                    },
                    "lang": {
                        "distinctCount": sum(1 for one in manifest.languages if one.documents)
                    },
                },
            },
        },
        "outputFacets": facets,
    }


def _field(number: int, field: pa.Field) -> Json:
    about = (field.metadata or {}).get(b"description", b"").decode()
    kind = "struct" if pa.types.is_struct(field.type) else str(field.type)
    return {"name": field.name, "type": kind, "description": about, "ordinal_position": number}


def _version(manifest: Manifest, version: str) -> Json:
    return _facet(manifest, "1-0-1/DatasetVersionDatasetFacet") | {"datasetVersion": version}


def _facet(manifest: Manifest, form: str) -> Json:
    return facet(form, _producer(manifest))


def facet(form: str, producer: str) -> Json:
    """Return what every facet begins with, by version and name of its schema."""
    name = form.rpartition("/")[2]
    return {"_producer": producer, "_schemaURL": f"{_SPEC}/facets/{form}.json#/$defs/{name}"}


def _producer(manifest: Manifest) -> str:
    return producer_of(manifest.code.get("sha256", "unknown"))


def producer_of(code: str) -> str:
    """Return the name of a program by the digest of its code."""
    return f"urn:florilegium:code:{code}"


def _uuid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:florilegium:{name}"))
