"""SPDX 3.0.1: the release as a data set in a bill of materials, with the profile `dataset`.

https://spdx.github.io/spdx-spec/v3.0.1/. Ids follow from the root, times from the nominal day of
the release: a manifest has no clock.
"""

import re
from typing import Any

from florilegium.manifests import publication as publications
from florilegium.manifests.derived import Source
from florilegium.manifests.exports import words
from florilegium.manifests.manifest import Manifest, Shard
from florilegium.manifests.publication import NOT_STATED, Publication, said

Json = dict[str, Any]

_CREATION = "_:creation"
_IDENTIFIER = re.compile(r"[A-Za-z0-9.+-]+")


def document(source: Source) -> bytes:
    """Return the document as JSON-LD."""
    manifest = source.manifest
    release = publications.of(manifest.recipe)
    base = f"urn:florilegium:{manifest.root}"
    package, publisher, tool = f"{base}:dataset", f"{base}:publisher", f"{base}:tool"
    files = [_file(base, shard) for shard in manifest.shards]
    licence = _licence(base, release)
    graph: list[Json] = [
        _creation(manifest, release, publisher, tool),
        _element("Organization", publisher, {"name": said(release.publisher.name)}),
        _element("Tool", tool, {"name": f"florilegium {manifest.code.get('version', '')}"}),
        _package(source, release, package, publisher),
        *licence,
        *files,
        _relation(f"{base}:declared", "hasDeclaredLicense", package, licence[0]["spdxId"]),
        _relation(f"{base}:concluded", "hasConcludedLicense", package, licence[0]["spdxId"]),
    ]
    if files:
        ids = [one["spdxId"] for one in files]
        graph.append(_relation(f"{base}:contains", "contains", package, *ids))
    graph.append(
        _element(
            "SpdxDocument",
            f"{base}:document",
            {
                "name": f"{manifest.name} {manifest.build_id}",
                "profileConformance": ["core", "software", "simpleLicensing", "dataset"],
                "rootElement": [package],
                "element": [one["spdxId"] for one in graph[1:]],
            },
        )
    )
    context = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
    return words.as_json({"@context": context, "@graph": graph})


def _creation(manifest: Manifest, release: Publication, publisher: str, tool: str) -> Json:
    return {
        "type": "CreationInfo",
        "@id": _CREATION,
        "specVersion": "3.0.1",
        "created": _time(manifest, release),
        "createdBy": [publisher],
        "createdUsing": [tool],
    }


def _package(source: Source, release: Publication, package: str, publisher: str) -> Json:
    manifest = source.manifest
    action = manifest.recipe.get("personal")
    return _element(
        "dataset_DatasetPackage",
        package,
        {
            "name": manifest.name,
            "summary": said(release.description),
            "comment": f"Root of the Merkle tree over all documents (RFC 9162): {manifest.root}",
            "originatedBy": [publisher],
            "builtTime": _time(manifest, release),
            "releaseTime": _time(manifest, release),
            "software_packageVersion": words.version(manifest, release),
            "software_primaryPurpose": "data",
            "software_copyrightText": "The texts belong to the authors of the pages.",
            "software_downloadLocation": release.url or f"urn:florilegium:{manifest.build_id}",
            "dataset_datasetType": ["text"],
            "dataset_datasetSize": sum(one.file_bytes for one in manifest.files),
            "dataset_datasetAvailability": "directDownload",
            "dataset_dataCollectionProcess": "Captured web pages were read from "
            f"{words.many(len(manifest.inputs), 'WARC file', 'WARC files')}.",
            "dataset_dataPreprocessing": [
                words.personal(manifest),
                words.duplicates(manifest),
                words.rules(manifest),
                " ".join(words.reservations(manifest)),
            ],
            **(
                {"dataset_anonymizationMethodUsed": [words.personal(manifest)]}
                if action == "mask"
                else {}
            ),
            # What was masked or dropped was told by patterns, which know nothing of beliefs.
            "dataset_hasSensitivePersonalInformation": "yes"
            if action == "count"
            else "noAssertion",
            "dataset_knownBias": [words.biases(source)],
            "dataset_intendedUse": said(release.uses),
            "dataset_datasetUpdateMechanism": said(release.maintenance),
        },
    )


def _licence(base: str, release: Publication) -> list[Json]:
    stated = _IDENTIFIER.fullmatch(release.license)
    if stated:
        fields = {"simplelicensing_licenseExpression": release.license}
        return [_element("simplelicensing_LicenseExpression", f"{base}:licence", fields)]
    fields = {"simplelicensing_licenseText": release.license or f"Licence {NOT_STATED}."}
    return [_element("simplelicensing_SimpleLicensingText", f"{base}:licence", fields)]


def _file(base: str, shard: Shard) -> Json:
    digest = {"type": "Hash", "algorithm": "sha256", "hashValue": shard.sha256}
    return _element(
        "software_File",
        f"{base}:file:{shard.path}",
        {
            "name": shard.path,
            "verifiedUsing": [digest],
            "contentType": "application/vnd.apache.parquet",
            "software_primaryPurpose": "data",
        },
    )


def _relation(identity: str, kind: str, one: str, *others: str) -> Json:
    fields = {"from": one, "relationshipType": kind, "to": list(others)}
    return _element("Relationship", identity, fields)


def _element(kind: str, identity: str, fields: Json) -> Json:
    return {"type": kind, "spdxId": identity, "creationInfo": _CREATION, **fields}


def _time(manifest: Manifest, release: Publication) -> str:
    return f"{words.nominal_day(manifest, release)}T00:00:00Z"
