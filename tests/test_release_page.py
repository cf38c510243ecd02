import re

import msgspec
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from documented import PAGE, files, names, section, undocumented

from florilegium.manifests import envelope
from florilegium.manifests.manifest import Manifest, Record
from florilegium.manifests.proof import Proof
from florilegium.manifests.sample_files import write
from florilegium.manifests.samples import Asked, Sample, contents
from florilegium.manifests.schema import (
    COPIES_SCHEMA,
    DOCUMENT_SCHEMA,
    FAILED_RULE_SCHEMA,
    HOST_SCHEMA,
    LOSS_SCHEMA,
)


@pytest.mark.parametrize("written", ["parquet", "jsonl"])
def test_all_of_a_sample_is_in_the_reference(sealed, tmp_path, written):
    write(sealed.folder, contents(sealed.folder), Asked(documents=50), tmp_path / "s", written)
    assert list(undocumented(tmp_path / "s")) == []


def test_all_of_a_signed_release_is_in_the_reference(sealed, tmp_path):
    release = sealed.copy(tmp_path)
    envelope.sign(release, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    assert list(undocumented(release)) == []
    (release / "audit" / "more.parquet").write_bytes(b"")
    assert list(undocumented(release)) == ["audit/more.parquet"]


@pytest.mark.parametrize(
    ("title", "schema"),
    [
        ("Documents", DOCUMENT_SCHEMA), ("Losses", LOSS_SCHEMA), ("Rights", HOST_SCHEMA),
        ("Copies of earlier releases", COPIES_SCHEMA), ("Failed rules", FAILED_RULE_SCHEMA),
    ],
)  # fmt: skip
def test_every_column_is_in_the_reference_with_a_meaning(title, schema):
    assert names(title) == schema.names
    for field in schema:
        if pa.types.is_struct(field.type):
            assert names(f"`{field.name}`", "###") == [one.name for one in field.type]


def records(kind, found):
    """All records that a manifest is made of."""
    if isinstance(kind, type) and issubclass(kind, Record) and kind not in found:
        found.add(kind)
        for hint in msgspec.inspect.type_info(kind).fields:
            for name in re.findall(r"cls=<class '[\w.]+\.(\w+)'>", str(hint.type)):
                known = {one.__name__: one for one in Record.__subclasses__()}
                records(known.get(name), found)
    return found


@pytest.mark.parametrize(
    "record", sorted(records(Manifest, set()) | records(Sample, set()), key=lambda r: r.__name__)
)
def test_every_key_is_in_the_reference_with_a_meaning(record):
    assert names(record.__name__) == list(record.__struct_fields__)


def test_what_proves_and_signs_is_in_the_reference():
    assert names("Proof") == list(Proof.__struct_fields__)
    assert names("Signatures") == list(envelope.Release.__struct_fields__)


def test_links_within_the_reference_lead_to_headings():
    headings = {
        re.sub(r"[^\w -]", "", line.lower()).strip().replace(" ", "-")
        for line in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    }
    linked = set(re.findall(r"\(#([^)]+)\)", PAGE))
    assert len(linked) > 20
    assert linked <= headings
    assert all(section(title) for _, title in files())
