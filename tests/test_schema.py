import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from florilegium.manifests.counts import Counts
from florilegium.manifests.document import Document, Facts
from florilegium.manifests.ledger import Loss
from florilegium.manifests.personal import Personal
from florilegium.manifests.schema import DOCUMENT_SCHEMA, LOSS_SCHEMA, from_table, to_table


def document(**changes):
    fields = {
        "id": b"0123456789abcdef",
        "url": "https://blog.example/a",
        "host": "blog.example",
        "domain": "blog.example",
        "crawl_time": 1_773_000_000,
        "lang": "deu_Latn",
        "lang_score": 0.5,
        "lang_second": "nld_Latn",
        "foreign_share": 0.25,
        "chars": 3,
        "text_bytes": 4,
        "tokens": 1,
        "counts": Counts(*range(len(Counts.__struct_fields__))),
        "pii": Personal(email=2),
        "extractor": "test",
        "charset": "utf-8",
        "charset_method": "http",
        "warc": "a.warc.gz",
        "warc_offset": 7,
        "warc_length": 9,
        "payload_digest": b"x" * 32,
        "text": "Ähm",
    }
    return Document(**{**fields, **changes})


def test_documents_survive_the_way_through_arrow():
    known = {"published": "2026-01-02", "license": "CC0-1.0", "extraction_confidence": 0.875}
    rows = [document(), document(title="T", **known)]
    table = to_table(rows, DOCUMENT_SCHEMA)
    assert table.schema == DOCUMENT_SCHEMA
    assert from_table(table, Document) == rows


def test_documents_survive_the_way_through_parquet(tmp_path):
    table = to_table([document()], DOCUMENT_SCHEMA)
    pq.write_table(table, tmp_path / "a.parquet")
    read = pq.read_table(tmp_path / "a.parquet")
    assert read.schema.equals(DOCUMENT_SCHEMA)
    assert from_table(read, Document) == [document()]


def test_facts_are_read_without_the_text():
    table = to_table([document()], DOCUMENT_SCHEMA).drop_columns(["text"])
    facts = from_table(table, Facts)[0]
    assert facts.counts == document().counts
    assert not hasattr(facts, "text")


def test_losses_survive_the_way_through_arrow():
    loss = Loss(id=b"i" * 16, warc="w", warc_offset=1, size=2, stage="read", rule="empty")
    rows = [loss, replace(loss, value=0.5, limit=1.0, dup_of=b"j" * 16, lang="deu_Latn")]
    assert from_table(to_table(rows, LOSS_SCHEMA), Loss) == rows


def test_empty_tables_keep_their_columns():
    assert to_table([], DOCUMENT_SCHEMA).schema == DOCUMENT_SCHEMA
    assert from_table(to_table([], LOSS_SCHEMA), Loss) == []


def test_every_column_says_what_it_is():
    for field in (*DOCUMENT_SCHEMA, *LOSS_SCHEMA):
        assert field.metadata[b"description"], field.name


def test_an_identity_of_the_wrong_length_is_refused():
    with pytest.raises(pa.ArrowInvalid, match="length"):
        to_table([document(id=b"short")], DOCUMENT_SCHEMA)
