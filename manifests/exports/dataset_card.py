"""The card that the Hugging Face Hub shows of a data set: front matter in YAML, then Markdown."""

from collections.abc import Iterator

import msgspec

from florilegium.manifests import publication as publications
from florilegium.manifests.derived import Source
from florilegium.manifests.exports import words
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.publication import NOT_STATED, Publication, said

# Licences that the Hub knows by a name of its own; it wants all others as `other`.
_OF_THE_HUB = {
    "Apache-2.0": "apache-2.0", "MIT": "mit", "CC0-1.0": "cc0-1.0", "CC-BY-4.0": "cc-by-4.0",
    "CC-BY-3.0": "cc-by-3.0", "CC-BY-SA-4.0": "cc-by-sa-4.0", "CC-BY-SA-3.0": "cc-by-sa-3.0",
    "CC-BY-NC-4.0": "cc-by-nc-4.0", "CC-BY-NC-SA-4.0": "cc-by-nc-sa-4.0", "ODC-By-1.0": "odc-by",
    "ODbL-1.0": "odbl", "PDDL-1.0": "pddl", "CDLA-Permissive-2.0": "cdla-permissive-2.0",
}  # fmt: skip


def card(source: Source) -> bytes:
    """Return the card, for a repository that has it and the folder `data` at its top."""
    release = publications.of(source.manifest.recipe)
    lines = [*_front_matter(source, release), *_body(source, release)]
    return ("\n".join(lines) + "\n").encode()


def _front_matter(source: Source, release: Publication) -> Iterator[str]:
    manifest = source.manifest
    held = sorted(one.lang for one in manifest.languages if one.documents)
    tags = list(dict.fromkeys(source.tongue(lang).tag.partition("-")[0] for lang in held))
    yield "---"
    yield f"pretty_name: {_quoted(words.title(manifest, release))}"
    yield from _licence(release.license)
    yield from ("language:", *(f"- {_quoted(tag)}" for tag in tags)) if tags else ()
    yield f"multilinguality:\n- {'multilingual' if len(tags) > 1 else 'monolingual'}"
    yield "task_categories:\n- text-generation"
    yield f"size_categories:\n- {_quoted(size_category(manifest.documents))}"
    yield "tags:\n- florilegium\n- croissant"
    if held:
        yield "configs:"
        yield from _config("default", "data/*/*.parquet", default=True)
        for lang in held:
            yield from _config(lang, f"data/{lang}/*.parquet")
    yield "---"


def _licence(spdx: str) -> Iterator[str]:
    if not spdx:
        yield "license: unknown"
    elif known := _OF_THE_HUB.get(spdx):
        yield f"license: {known}"
    else:
        address = spdx.startswith(("http://", "https://"))
        yield from ("license: other", f"license_name: {_quoted(spdx)}")
        yield f"license_link: {_quoted(spdx if address else f'https://spdx.org/licenses/{spdx}')}"


def _config(name: str, files: str, default: bool = False) -> Iterator[str]:
    yield f"- config_name: {_quoted(name)}"
    yield from ("  default: true",) if default else ()
    yield from ("  data_files:", "  - split: train", f"    path: {_quoted(files)}")


def _quoted(text: str) -> str:
    """Return a text as YAML, in which every string of JSON is one."""
    return msgspec.json.encode(text).decode()


def size_category(documents: int) -> str:
    """Return how the Hub calls so many rows.

    >>> size_category(999), size_category(1_000), size_category(10**12)
    ('n<1K', '1K<n<10K', 'n>1T')
    """
    names = ["1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T"]
    for place, name in enumerate(names):
        if documents < 10 ** (3 + place):
            return f"{names[place - 1]}<n<{name}" if place else f"n<{name}"
    return f"n>{names[-1]}"


def _body(source: Source, release: Publication) -> Iterator[str]:
    manifest = source.manifest
    yield from ("", f"# {words.cell(words.title(manifest, release))}", "")
    yield words.cell(said(release.description))
    yield ""
    yield f"{manifest.documents:,} documents, {manifest.tokens:,} tokens and"
    yield f"{words.text_bytes(manifest):,} bytes of text from public web pages, made by"
    yield f"Florilegium {words.cell(manifest.code.get('version', ''))}."
    yield f"Version {words.cell(words.version(manifest, release))}, build `{manifest.build_id}`."
    yield from ("", *_people(release), "")
    yield from ("## How to load it", "", "```python", "from datasets import load_dataset", "")
    first = next((one.lang for one in manifest.languages if one.documents), "default")
    yield f'texts = load_dataset("REPOSITORY", "{first}", split="train", streaming=True)'
    yield from ("```", "", "One configuration for each language; `default` is all of them.", "")
    yield from ("## Languages", "")
    yield from words.table(("language", "code", "documents", "tokens", "bytes"),
                           words.languages(source))  # fmt: skip
    yield from ("", "## Where everything went", "")
    yield f"{manifest.records:,} records were read. Each of those that are not here is in"
    yield "`audit/losses/`, with the rule, the value and the limit that removed it."
    yield ""
    yield from words.table(("stage", "received", "lost", "kept"), words.lost_by_stage(manifest))
    yield from ("", *_collection(manifest))
    yield from _rights(manifest, release)
    yield from ("## Personal data", "", words.cell(words.personal(manifest)), "")
    yield from ("## Copies and quality", "", words.cell(words.duplicates(manifest)), "")
    yield from (words.cell(words.rules(manifest)), "")
    yield from ("## Biases and limits", "", words.cell(words.biases(source)), "")
    yield from ("Nobody read the texts: they may be wrong, unfair or offensive.", "")
    yield from ("## Uses", "", words.cell(said(release.uses)), "")
    yield from _verifying(manifest)
    yield from ("## Maintenance", "", words.cell(said(release.maintenance)), "")
    yield from ("## Citation", "", words.cell(said(release.citation)))


def _people(release: Publication) -> Iterator[str]:
    publisher = release.publisher
    for name, value in (
        ("Publisher", publisher.name),
        ("Contact", publisher.contact),
        ("Published", release.published),
        ("Where it is", release.url),
        ("Licence of the compilation", release.license),
    ):
        yield f"- **{name}:** {words.cell(value or NOT_STATED)}"


def _collection(manifest: Manifest) -> Iterator[str]:
    span = words.period(manifest)
    yield from ("## Where it comes from", "")
    yield f"{words.many(len(manifest.inputs), 'WARC file', 'WARC files')} of"
    yield f"{sum(one.bytes for one in manifest.inputs):,} bytes,"
    yield f"captured {f'from {span[0]} to {span[1]}' if span else 'at no time'}. Names and digests"
    yield "are in `manifest.json`; each document names its address, file and byte. What of it comes"
    yield "from which domain is in `audit/domains/`."
    yield ""
    for one in manifest.against:
        yield f"Copies of documents of {words.cell(one.name)}/{words.cell(one.build_id)} are left"
        yield from ("out.", "")


def _rights(manifest: Manifest, release: Publication) -> Iterator[str]:
    yield from ("## Licences", "")
    yield f"Of the compilation: {words.cell(said(release.license))}. The texts belong to their"
    yield "authors. Where a page states a licence, its column `license` has it; tiers A to D say"
    yield "how strong the evidence is."
    yield ""
    yield from words.table(("licence", "tier", "documents", "tokens"), words.licences(manifest))
    yield from ("", "## Opt-outs", "")
    yield from (f"- {words.cell(one)}" for one in words.reservations(manifest))
    yield from ("", "What each host said is in `audit/rights/`, if it was known.", "")


def _verifying(manifest: Manifest) -> Iterator[str]:
    yield from ("## How to verify it", "", "```sh")
    yield f"florilegium verify . --root {manifest.root}"
    yield from ("```", "")
    yield "checks every sum, every digest and the tree over all documents from the files alone. If"
    yield "it is signed, `--key` with the key of the publisher shows that it is theirs; `--lineage`"
    yield from ("makes documents again from their records.", "")
