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
_NAMESPACE = "florilegium"
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
    description = f"Builds the corpus {manifest.name} from WARC files."
    return {
        "eventType": kind,
        "eventTime": time,
        "producer": _producer(manifest),
        "schemaURL": _EVENT,
        "run": {
            "runId": _uuid(f"run {manifest.build_id} {manifest.root}"),
            "facets": {
                "nominalTime": _facet(manifest, "1-0-1/NominalTimeRunFacet")
                | {"nominalStartTime": time},
                "processing_engine": _facet(manifest, "1-1-1/ProcessingEngineRunFacet")
                | {
                    "name": "Apache Beam",
                    "version": manifest.environment.get("apache-beam", "unknown"),
                },
            },
        },
        "job": {
            "namespace": _NAMESPACE,
            "name": f"build.{manifest.name}",
            "facets": {
                "documentation": _facet(manifest, "1-1-0/DocumentationJobFacet")
                | {"description": description, "contentType": "text/plain"},
                "jobType": _facet(manifest, "2-0-4/JobTypeJobFacet")
                | {"processingType": "BATCH", "integration": "FLORILEGIUM", "jobType": "BUILD"},
            },
        },
    }


def _inputs(manifest: Manifest) -> tuple[Input, ...]:
    """Return the inputs; of very many the sum, under the digest of what the manifest lists."""
    if len(manifest.inputs) <= MOST_INPUTS:
        return manifest.inputs
    listed = msgspec.json.encode(manifest.inputs)
    return (
        Input(
            name=f"{len(manifest.inputs)} files",
            bytes=sum(one.bytes for one in manifest.inputs),
            sha256=sha256(listed).hexdigest(),
            records=manifest.records,
        ),
    )


def _input(one: Input, manifest: Manifest) -> Json:
    return {
        "namespace": _NAMESPACE,
        "name": f"warc/{one.name}",
        "facets": {"version": _version(manifest, f"sha256:{one.sha256}")},
        "inputFacets": {
            "inputStatistics": _facet(manifest, "1-0-0/InputStatisticsInputDatasetFacet")
            | {"rowCount": one.records, "size": one.bytes, "fileCount": 1}
        },
    }


def _output(source: Source, release: Publication, facets: Json) -> Json:
    manifest = source.manifest
    return {
        "namespace": _NAMESPACE,
        "name": f"corpus/{manifest.name}/{manifest.build_id}",
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
    name = form.rpartition("/")[2]
    return {
        "_producer": _producer(manifest),
        "_schemaURL": f"{_SPEC}/facets/{form}.json#/$defs/{name}",
    }


def _producer(manifest: Manifest) -> str:
    return f"urn:florilegium:code:{manifest.code.get('sha256', 'unknown')}"


def _uuid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:florilegium:{name}"))
