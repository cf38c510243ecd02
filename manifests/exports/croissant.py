"""Croissant 1.1: metadata by which loaders read a data set, with the terms of responsible AI.

https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html and, for the terms in `rai:`,
https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html. There is one set of records for
each language; a reader streams its shards one by one. Shards are also listed with their digests.
"""

from typing import Any, Final

import pyarrow as pa

from florilegium.manifests import publication as publications
from florilegium.manifests.derived import Source
from florilegium.manifests.exports import words
from florilegium.manifests.manifest import Language, Shard
from florilegium.manifests.publication import Publication, said
from florilegium.manifests.schema import DOCUMENT_SCHEMA

Json = dict[str, Any]

_PARQUET = "application/x-parquet"
"""The one name by which readers of Croissant know the format."""
_TERMS = (
    "annotation", "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty",
    "extract", "field", "fileProperty", "fileObject", "fileSet", "format", "includes", "isArray",
    "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references",
    "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField", "transform",
    "unArchive", "value",
)  # fmt: skip
_CONTEXT: Final[Json] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in _TERMS},
}
MOST_INPUTS: Final = 1_000
"""Inputs that are listed, of very many the first; the manifest has all."""
_NOT_READ: Final = tuple(f.name for f in DOCUMENT_SCHEMA if pa.types.is_struct(f.type))
"""Columns of integers in a struct; Croissant has no type for one that its readers follow."""


def croissant(source: Source) -> bytes:
    """Return the metadata as JSON-LD, for the top of a release: its paths lead from there."""
    release = publications.of(source.manifest.recipe)
    held = [one for one in source.manifest.languages if one.documents]
    return words.as_json(
        {
            "@context": _CONTEXT,
            "@type": "sc:Dataset",
            "conformsTo": [
                "http://mlcommons.org/croissant/1.1",
                "http://mlcommons.org/croissant/RAI/1.0",
            ],
            **_about(source, release, held),
            **_responsible(source, release),
            "distribution": [
                *(_file(shard) for shard in source.manifest.shards),
                *(_files(one) for one in held),
            ],
            "recordSet": [_records(source, one) for one in held],
        }
    )


def _about(source: Source, release: Publication, held: list[Language]) -> Json:
    manifest = source.manifest
    stated = {
        "url": release.url,
        "datePublished": release.published,
        "citeAs": release.citation,
    }
    return {
        "name": manifest.name,
        "alternateName": words.title(manifest, release),
        "description": release.description
        or f"{manifest.documents:,} documents of text from public web pages in {len(held)} "
        "languages.",
        # Readers ask for three numbers; what stands behind a plus is of no weight.
        "version": release.version or f"0.0.0+{manifest.build_id}",
        "license": _licence(release),
        "creator": {"@type": "Organization", "name": said(release.publisher.name)},
        **{key: value for key, value in stated.items() if value},
        "inLanguage": sorted({source.tongue(one.lang).tag for one in held}),
        "isLiveDataset": False,
        "identifier": f"urn:florilegium:{manifest.root}",
        "prov:wasGeneratedBy": f"florilegium {manifest.code.get('version', '')}, code "
        f"{manifest.code.get('sha256', '')}",
        "prov:wasDerivedFrom": [
            *({"@id": one.url or one.name} for one in release.datasets),
            *({"@id": f"urn:sha256:{one.sha256}"} for one in manifest.inputs[:MOST_INPUTS]),
        ],
    }


def _licence(release: Publication) -> str:
    if not release.license or release.license.startswith(("http://", "https://")):
        return said(release.license)
    return f"https://spdx.org/licenses/{release.license}"


def _responsible(source: Source, release: Publication) -> Json:
    manifest = source.manifest
    crawled = "; ".join(f"{c.name}: {said(c.behaviour)}" for c in release.crawlers)
    public = "; ".join(f"{one.name} {one.url}".strip() for one in release.datasets)
    lost = "; ".join(f"{stage} {n:,}" for stage, _, n, _ in words.lost_by_stage(manifest) if n)
    return {
        "rai:dataCollection": "Captured web pages were read from "
        f"{words.many(len(manifest.inputs), 'WARC file', 'WARC files')}. "
        f"Crawlers: {said(crawled)}. Public data sets: {said(public)}.",
        "rai:dataCollectionType": ["Web Scraping", "Secondary Data Analysis"]
        if release.datasets
        else ["Web Scraping"],
        "rai:dataCollectionMissingData": f"{manifest.records - manifest.documents:,} of "
        f"{manifest.records:,} records are left out, each with its reason in the ledger: "
        f"{lost or 'none'}.",
        "rai:dataCollectionRawData": "Captures in WARC files, which are not part of the release; "
        "each document names file and byte.",
        "rai:dataCollectionTimeframe": list(words.period(manifest) or ()),
        "rai:dataPreprocessingProtocol": [
            "Main text is taken out of the page, navigation and advertising left out, Unicode "
            "normalised (NFC).",
            "The language is told by a model, of documents and of paragraphs.",
            words.personal(manifest),
            words.duplicates(manifest),
            words.rules(manifest),
        ],
        "rai:dataManipulationProtocol": " ".join(words.reservations(manifest)),
        "rai:dataAnnotationProtocol": "Not applicable: nobody annotated the texts.",
        "rai:dataAnnotationPlatform": "Not applicable.",
        "rai:dataAnnotationAnalysis": "Not applicable.",
        "rai:annotationsPerItem": "Not applicable.",
        "rai:annotatorDemographics": "Not applicable.",
        "rai:machineAnnotationTools": [f"{r.name} {r.sha256}" for r in manifest.resources],
        "rai:dataUseCases": said(release.uses),
        "rai:dataSocialImpact": "Models trained on it may repeat what people wrote about "
        "themselves and others, and know best what most pages are about. What hosts reserved is "
        "left out as stated above; who wrote the rest was not asked.",
        "rai:dataBiases": words.biases(source),
        "rai:dataLimitations": "Nobody read the texts: they may be wrong, unfair or offensive. "
        "Extraction and language identification make mistakes. Names of people are not masked.",
        "rai:personalSensitiveInformation": words.personal(manifest),
        "rai:dataReleaseMaintenancePlan": said(release.maintenance),
    }


def _file(shard: Shard) -> Json:
    return {
        "@type": "cr:FileObject",
        "@id": shard.path,
        "name": shard.path.rpartition("/")[2],
        "contentUrl": shard.path,
        "contentSize": f"{shard.file_bytes} B",
        "encodingFormat": _PARQUET,
        "sha256": shard.sha256,
    }


def _files(language: Language) -> Json:
    return {
        "@type": "cr:FileSet",
        "@id": f"shards-{language.lang}",
        "name": f"shards-{language.lang}",
        "description": f"All shards of {language.lang}.",
        "encodingFormat": _PARQUET,
        "includes": f"data/{language.lang}/*.parquet",
    }


def _records(source: Source, language: Language) -> Json:
    name = f"documents-{language.lang}"
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"{language.documents:,} documents in "
        f"{source.tongue(language.lang).name} ({language.lang}), {language.tokens:,} tokens. "
        f"Columns that are structs of integers are left out: {', '.join(_NOT_READ)}.",
        "key": {"@id": f"{name}/id"},
        "field": [
            _field(name, language, field)
            for field in DOCUMENT_SCHEMA
            if field.name not in _NOT_READ
        ],
    }


def _field(records: str, language: Language, field: pa.Field) -> Json:
    return {
        "@type": "cr:Field",
        "@id": f"{records}/{field.name}",
        "name": field.name,
        "description": (field.metadata or {}).get(b"description", b"").decode(),
        "dataType": _type(field.type),
        "source": {
            "fileSet": {"@id": f"shards-{language.lang}"},
            "extract": {"column": field.name},
        },
    }


def _type(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return "sc:Integer"
    if pa.types.is_floating(kind):
        return "sc:Float"
    return "sc:DateTime" if pa.types.is_timestamp(kind) else "sc:Text"
