"""Reads the exports of a release with the tools of others; run in an environment of their own.

`python export_tools.py RELEASE [stream]` prints what they found as JSON, and
`python export_tools.py FILE.jsonl` the kinds of the OpenLineage events in a file; anything they
refuse is an error. It imports nothing of Florilegium.
"""

import importlib
import json
import pkgutil
import sys
from io import BytesIO
from pathlib import Path


def croissant(release, stream):
    import mlcroissant

    dataset = mlcroissant.Dataset(jsonld=str(release / "croissant.json"))
    sets = [one.uuid for one in dataset.metadata.record_sets]
    return {
        "conforms_to": dataset.metadata.conforms_to,
        "warnings": sorted(dataset.metadata.issues.warnings),
        "rai": bool(dataset.metadata.data_biases and dataset.metadata.data_limitations),
        "records": {one: sum(1 for _ in dataset.records(one)) if stream else None for one in sets},
        "first": first_of(dataset, sets[0]) if stream else None,
    }


def first_of(dataset, name):
    record = next(iter(dataset.records(name)))
    return {key.partition("/")[2]: str(value) for key, value in record.items()}


def card(release):
    from huggingface_hub import DatasetCard

    data = DatasetCard((release / "README.md").read_text(encoding="utf-8")).data
    return data.to_dict()


def lineage(file):
    from openlineage.client import event_v2, generated, serde

    known = {}
    for module in pkgutil.iter_modules(generated.__path__):
        found = importlib.import_module(f"{generated.__name__}.{module.name}")
        known |= {
            one._get_schema(): one for one in vars(found).values() if hasattr(one, "_get_schema")
        }

    def facets(plain):
        """Facets as their own classes, which know their fields and the version they are of."""
        made = {}
        for name, fields in plain.items():
            if fields["_schemaURL"].startswith("urn:florilegium:"):
                continue  # a facet of ours
            facet = known[fields["_schemaURL"]]
            given = {key: value for key, value in fields.items() if not key.startswith("_")}
            made[name] = facet(**given, producer=fields["_producer"])
        return made

    def dataset(kind, plain):
        own = next(key for key in plain if key in ("inputFacets", "outputFacets"))
        both = {"facets": facets(plain["facets"]), own: facets(plain[own])}
        return kind(**{**plain, **both})

    kinds = []
    for line in file.read_bytes().splitlines():
        event = json.loads(line)
        run, job = event["run"], event["job"]
        made = event_v2.RunEvent(
            eventType=event_v2.RunState(event["eventType"]),
            eventTime=event["eventTime"],
            run=event_v2.Run(run["runId"], facets(run["facets"])),
            job=event_v2.Job(job["namespace"], job["name"], facets(job["facets"])),
            inputs=[dataset(event_v2.InputDataset, one) for one in event["inputs"]],
            outputs=[dataset(event_v2.OutputDataset, one) for one in event["outputs"]],
            producer=event["producer"],
        )
        assert event["schemaURL"] == made.schemaURL
        assert standard(event) == standard(serde.Serde.to_dict(made))
        kinds.append(event["eventType"])
    return kinds


def standard(plain):
    """An event as plain data without facets of ours, and without what is empty."""
    if isinstance(plain, list):
        return [standard(one) for one in plain]
    if not isinstance(plain, dict):
        return plain
    kept = {
        name: standard(one) for name, one in plain.items() if not name.startswith("florilegium_")
    }
    return {name: one for name, one in kept.items() if one not in (None, {}, [])}


def spdx(release):
    from spdx_python_model import v3_0_1 as model

    objects = model.SHACLObjectSet()
    with (release / "export" / "spdx.json").open("rb") as stream:
        model.JSONLDDeserializer().read(stream, objects)
    missing = objects.link()
    model.JSONLDSerializer().write(objects, BytesIO())  # refuses what a shape does not allow
    (package,) = objects.foreach_type(model.dataset_DatasetPackage)
    files = list(objects.foreach_type(model.software_File))
    return {"name": package.name, "files": len(files), "missing": sorted(map(str, missing))}


if __name__ == "__main__":
    folder, stream = Path(sys.argv[1]), sys.argv[2:] == ["stream"]
    if folder.suffix == ".jsonl":
        sys.exit(print(json.dumps(lineage(folder))))
    print(
        json.dumps(
            {
                "croissant": croissant(folder, stream),
                "card": card(folder),
                "lineage": lineage(folder / "export" / "openlineage.jsonl"),
                "spdx": spdx(folder),
            }
        )
    )
