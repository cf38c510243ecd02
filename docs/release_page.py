"""The reference of all that is in a release or a sample: files, columns, keys, and meanings."""

from collections.abc import Iterator

import msgspec
import pyarrow as pa
from msgspec import Struct
from msgspec import inspect as types
from wording import columns, descriptions, field_rows, prose, table, type_in_words

from florilegium.dedup.decisions import stored_by
from florilegium.dedup.methods import METHODS
from florilegium.filters.licence import Flag
from florilegium.filters.optouts.signal import Signal
from florilegium.manifests import (
    buckets,
    carried,
    distributions,
    domains,
    envelope,
    erasures,
    loss_example,
    mixture,
    tree,
)
from florilegium.manifests import manifest as manifests
from florilegium.manifests.carried import Carried
from florilegium.manifests.copies import FOLDER, Copies
from florilegium.manifests.counts import Counts
from florilegium.manifests.document import Document
from florilegium.manifests.domains import Domain
from florilegium.manifests.erasures import Erasure
from florilegium.manifests.failed_rule import FailedRule
from florilegium.manifests.funnel import Step
from florilegium.manifests.host_record import HostRecord
from florilegium.manifests.ledger import Loss
from florilegium.manifests.loss_example import LossExample
from florilegium.manifests.manifest import (
    Alarm,
    Earlier,
    Input,
    Language,
    Licence,
    Manifest,
    OptOuts,
    Parent,
    Protocol,
    Resource,
    Shard,
    Table,
)
from florilegium.manifests.month import Amount, Month, Part
from florilegium.manifests.personal import Personal
from florilegium.manifests.predecessor import Predecessor
from florilegium.manifests.proof import Proof
from florilegium.manifests.samples import Asked, Sample
from florilegium.pipelines.duplicates.index import indexed_by
from florilegium.pipelines.months import remembered
from florilegium.pipelines.rights.licences import HOSTS_SCHEMA

FILES = {
    "data/<language>/<number>-of-<shards>.parquet": ("Documents", "documents of a language whose "
        "ids lie in one range, sorted by id"),
    "data/<language>/<number>-of-<shards>.jsonl": ("Documents", "the same as JSON, one a line, in "
        "samples"),
    "audit/losses/<number>.parquet": ("Losses", "a line for each record of an input that is in no "
        "shard"),
    "audit/buckets.parquet": ("Buckets", "what is in each range of ids of a language"),
    distributions.PATH: ("Distributions", "how many documents of each language have what length, "
        "score or personal data"),
    f"{domains.FOLDER}/<number>.parquet": ("Domains", "documents, tokens, bytes and losses by "
        "registrable domain"),
    mixture.PATH: ("Mixture", "what each language brought, what was asked of it and where it was "
        "cut, if the recipe has a mixture"),
    loss_example.PATH: ("Examples of losses", "how the texts of a few lost documents of each rule "
        "begin"),
    erasures.PATH: ("Erasures", "what was erased from the corpus, when and why, by keyed hashes"),
    "audit/tree.parquet": ("Tree", "what each shard contributes to the Merkle tree"),
    "audit/rights/<number>.parquet": ("Rights", "what hosts said of the use of their pages"),
    remembered.PATH: ("Rights", "what hosts of earlier documents said anew, in a build with a "
        "parent"),
    "audit/licences/<number>.parquet": ("Licences of hosts", "what the pages of a host say of "
        "licences together, if the recipe asks for that"),
    f"{FOLDER}/<number>.parquet": ("Copies of earlier releases", "how many documents gave way to "
        "each one of an earlier release"),
    carried.PATH: ("Earlier documents", "what the input says of documents of earlier releases, in "
        "a build with a parent"),
    "audit/reasons/<number>.parquet": ("Failed rules", "every rule that a lost document fails, if "
        "the recipe asks for more than the first"),
    "index/<format>/<number>.npy": ("Index", "signatures of documents, for builds that leave out "
        "their copies"),
    "report.html": ("Files that follow", "the release at a glance, for a browser"),
    "README.md": ("Files that follow", "a dataset card for the Hugging Face Hub"),
    "croissant.json": ("Files that follow", "the release in Croissant 1.1"),
    "export/<name>": ("Files that follow", "other descriptions of the release"),
    manifests.NAME: ("Manifest", "what went in, what came out, and the digest of every file; of a "
        "sample, [what it was drawn from](#sample)"),
    envelope.NAME: ("Signatures", "signatures on the manifest, if it is signed"),
}  # fmt: skip
"""Every file that can be in a release: the section that says what it holds, and what it is."""
FLAGS = {
    Flag.DISAGREEMENT: "the page names licences of different strictness; the strictest was taken",
    Flag.RESERVED: "the page also claims all rights",
    Flag.OTHERS: "the page also names licences of pictures or other things",
    Flag.RAISED: "most pages of the host say the same, so the tier is better than the page's own",
    Flag.LOWERED: "no other page of the host says so, so the tier is weaker than the page's own",
}
INDEX = {
    "id": "identity of the document, as in Document.id",
    "bytes": "bytes of its text",
    "time": "time of capture, seconds since 1970 UTC",
    "licence": "what its licence asks for, 0 the least",
    "quality": "its quality, in steps from 0 to 255",
    "url": "hash of the address it was captured from",
    "address": "hash of the address it goes by, written in one form",
    "text": "XXH3-128 of its folded words: equal for exact duplicates",
    "bands": "hashes by which candidates for near duplicates are found",
    "sketch": "what the similarity of two documents is estimated from",
    "words": "words of its text",
    "size": "documents this one stands for, itself included",
}
"""Fields of the rows of an index."""
_MANIFEST = (
    Manifest, Input, Earlier, Predecessor, Month, Amount, Part, Step, OptOuts, Protocol, Alarm,
    Language, Licence, Shard, Table, Resource,
)  # fmt: skip
_SAMPLE = (Sample, Parent, Asked)


def release_page() -> Iterator[str]:
    """Yield the lines of the reference of everything that is in a release."""
    yield from ("# What is in a release", "")
    yield "Every file of a release or a sample, every column and every key, and what it means."
    yield ""
    rows = [
        (f"`{path}`", about, f"[{section}](#{section.lower().replace(' ', '-')})")
        for path, (section, about) in FILES.items()
    ]
    yield from table(("file", "what it is", "section"), rows)
    yield from _documents()
    yield from _audit()
    yield from _records()


def _documents() -> Iterator[str]:
    yield from ("", "## Documents", "")
    yield "Rows are sorted by id. In JSON lines, bytes are written in hex and times as in"
    yield "`2026-01-31T12:00:00Z`."
    yield ""
    yield from columns(Document)
    for record, name in ((Counts, "counts"), (Personal, "pii")):
        yield from ("", f"### `{name}`", "", prose(record), "")
        about = descriptions(record)
        rows = [(f"`{field}`", about.get(field, "")) for field in record.__struct_fields__]
        yield from table(("field", "meaning"), rows)
    yield from ("", "### `rights`", "", prose(Signal), "")
    yield from table(("bit", "opt-out"), [(str(int(s)), f"`{s.name}`") for s in Signal])
    yield from ("", "### `license_flags`", "", prose(Flag), "")
    yield from table(("bit", "flag"), [(str(int(f)), f"`{f.name}`: {FLAGS[f]}") for f in Flag])


def _audit() -> Iterator[str]:
    yield from ("", "## Losses", "", prose(Loss), "")
    yield "Stages and rules are listed in [rules](rules.md)."
    yield ""
    yield from columns(Loss)
    yield from ("", "## Buckets", "")
    yield "A row for each language and range of ids in which there are documents."
    yield from _schema(buckets.SCHEMA)
    yield from ("", "## Distributions", "")
    yield "Lengths are classed by powers of two, scores from 0 to 1 by twentieths. Of each kind of"
    yield "personal data there is one class, of the documents that have any."
    yield from _schema(distributions.SCHEMA)
    yield from ("", "## Domains", "", prose(Domain), "")
    yield "Rows are in the order of names; a checksum of the name says which file one is in."
    yield from _schema(domains.SCHEMA)
    yield from ("", "## Mixture", "")
    yield "It is there if the recipe has `[mixture]`: a row for each language of which documents"
    yield "passed the rules. Limits are lots, numbers from 0 to 1 that follow from ids: what lies"
    yield "below is drawn, and the lots of what is left are counted anew from 0 to 1."
    yield from _schema(mixture.SCHEMA)
    yield from ("", "## Examples of losses", "", prose(LossExample), "")
    yield from columns(LossExample)
    yield from ("", "## Erasures", "", prose(Erasure), "")
    yield "A line of JSON each; the whole is a chain of hashes, which `verify` checks."
    yield ""
    yield from _keys(Erasure, ())
    yield from ("", "## Tree", "")
    yield "Whole subtrees of the Merkle tree over all documents (RFC 9162), from left to right."
    yield from _schema(tree.SCHEMA)
    yield from ("", "## Rights", "", prose(HostRecord), "")
    yield "There are those of hosts of documents that harvest kept, by origin, file and time."
    yield ""
    yield from columns(HostRecord)
    yield from ("", "## Licences of hosts", "")
    yield "They are there if the recipe says `consensus` under `[licences]`."
    yield from _schema(HOSTS_SCHEMA)
    yield from ("", "## Copies of earlier releases", "", prose(Copies), "")
    yield "The rows of a file are in the order of ids. There is none if nothing gave way."
    yield ""
    yield from columns(Copies)
    yield from ("", "## Earlier documents", "", prose(Carried), "")
    yield "There is no such file if nothing was said of any, or all of it was erased."
    yield ""
    yield from columns(Carried)
    yield from ("", "## Failed rules", "", prose(FailedRule), "")
    yield 'They are there if the recipe says `reasons = "all"`, or `build` is told `--all-reasons`.'
    yield "What harvest lost was not measured further: it has no rows."
    yield ""
    yield from columns(FailedRule)
    yield from ("", "## Index", "")
    yield "An array of NumPy for each input, without the recipe's `index = false` under"
    yield "`[duplicates]`. The format names the method and all that signatures depend on."
    yield ""
    method = METHODS["fast-similarity-sketch"]
    assert set(stored_by(method).names or ()) < INDEX.keys()
    rows = [
        (f"`{name}`", f"`{_element(kind)}`", INDEX[name])
        for name, *kind in (entry for entry in indexed_by(method).descr)
    ]
    yield from table(("field", "type", "meaning"), rows)


def _records() -> Iterator[str]:
    yield from ("", "## Manifest", "")
    yield from _record(Manifest, (*_MANIFEST, *_SAMPLE), title=False)
    for record in (*_MANIFEST[1:], *_SAMPLE):
        yield from _record(record, (*_MANIFEST, *_SAMPLE))
    yield from ("", "## Signatures", "")
    yield "`manifest.dsse.json` is an envelope of [DSSE](https://github.com/secure-systems-lab/dsse)"
    yield "around a statement of [in-toto](https://in-toto.io/Statement/v1), whose subject is the"
    yield "manifest, and whose predicate says:"
    yield ""
    yield from field_rows(envelope.Release)
    yield from ("", "## Files that follow", "")
    yield "They are made of the manifest and the tables, and can be made again at any time, as"
    yield "`verify` does to compare. [Exports](exports.md) says what is in them; the command"
    yield "`florilegium report` makes the report."
    yield from ("", "## Proof", "")
    yield "What `florilegium prove` prints is in no release. It is one JSON object."
    yield ""
    yield from _keys(Proof, ())


def _record(record: type[Struct], linked: tuple[type, ...], title: bool = True) -> Iterator[str]:
    if title:
        yield from ("", f"## {record.__name__}", "")
    yield from (prose(record), "")
    yield from _keys(record, linked)


def _keys(record: type[Struct], linked: tuple[type, ...]) -> Iterator[str]:
    about = descriptions(record)
    rows = [
        (f"`{f.name}`", type_in_words(types.type_info(f.type), linked), about.get(f.name, ""))
        for f in msgspec.structs.fields(record)
    ]
    return table(("key", "type", "meaning"), rows)


def _schema(schema: pa.Schema) -> Iterator[str]:
    yield ""
    rows = [(f"`{f.name}`", str(f.type), f.metadata[b"description"].decode()) for f in schema]
    yield from table(("column", "Arrow type", "meaning"), rows)


def _element(kind: list[object]) -> str:
    return str(kind[0]) if len(kind) == 1 else f"{kind[0]} {kind[1]}"
