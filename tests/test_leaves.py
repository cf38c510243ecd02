import base64
import itertools
import json
from hashlib import sha256
from io import BytesIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple, replace

from florilegium.manifests.counts import Counts
from florilegium.manifests.document import Document, Facts
from florilegium.manifests.leaves import leaves
from florilegium.manifests.personal import Personal
from florilegium.manifests.schema import DOCUMENT_SCHEMA, to_table

LEAF_OF_SEVEN = "313277fd42e7f954fa30552d14f83e24aa157fe9ad346c9bf5eb6604fd4e4b9c"
COLUMNS = Document.__struct_fields__

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.text("ab\n", max_size=4)
shares = st.floats(0, 1, width=32)
small = st.integers(0, 2**31 - 1)
whole = st.integers(0, 2**40)
_COUNTS = len(Counts.__struct_fields__)
VALUES = {
    "id": st.binary(min_size=16, max_size=16),
    "payload_digest": st.binary(min_size=32, max_size=32),
    "crawl_time": st.integers(0, 4_000_000_000),
    "canonical": st.none() | texts,
    "title": st.none() | texts,
    "published": st.none() | texts,
    "license": st.none() | texts,
    "license_tier": st.none() | texts,
    "lang_score": shares,
    "extraction_confidence": st.none() | shares,
    "lang_second_score": shares,
    "foreign_share": shares,
    "english_share": shares,
    "host_line_share": st.none() | shares,
    "quality": st.none() | shares,
    "bad_word_share": st.none() | shares,
    "benchmark": st.none() | texts,
    "benchmark_ngrams": st.none() | whole,
    "objections": st.none() | texts,
    "counts": st.lists(small, min_size=_COUNTS, max_size=_COUNTS).map(lambda few: Counts(*few)),
    "pii": st.builds(Personal, *[small] * 6),
    "chars": whole,
    "text_bytes": whole,
    "tokens": whole,
    "dup_size": whole,
    "rights": whole,
    "license_jurisdiction": st.none() | texts,
    "license_flags": whole,
    "warc_offset": whole,
    "warc_length": whole,
}


def leaf(document):
    (found,) = leaves(to_table([document], DOCUMENT_SCHEMA))
    return found


def test_a_leaf_is_what_the_module_says_it_is(document):
    """Without msgspec and Arrow, by the words of the docstring alone."""
    one = document(7)
    plain = []
    for name, value in zip(Facts.__struct_fields__, astuple(one), strict=False):
        if isinstance(value, bytes):
            plain.append(base64.b64encode(value).decode())
        else:
            plain.append(list(astuple(value)) if name in ("counts", "pii") else value)
    facts = json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()
    entry = one.id + sha256(one.text.encode()).digest() + sha256(facts).digest()
    assert leaf(one) == sha256(b"\0" + entry).digest()


def test_the_leaf_of_a_document_never_changes(document):
    """A change of the columns or of their encoding needs another format of the manifest."""
    assert leaf(document(7)).hex() == LEAF_OF_SEVEN


@given(st.data())
def test_the_leaf_changes_with_the_value_of_any_column(document, data):
    one = document(7)
    name = data.draw(st.sampled_from(COLUMNS))
    value = data.draw(VALUES.get(name, texts))
    assume(value != getattr(one, name))
    assert leaf(replace(one, **{name: value})) != leaf(one)


def test_the_leaf_changes_with_every_single_count(document):
    one = document(7)
    seen = {leaf(one)}
    for struct, name in ((one.counts, "counts"), (one.pii, "pii")):
        for field in struct.__struct_fields__:
            more = replace(struct, **{field: getattr(struct, field) + 1})
            seen.add(leaf(replace(one, **{name: more})))
    assert len(seen) == 1 + len(Counts.__struct_fields__) + len(Personal.__struct_fields__)


@given(texts, texts, texts)
def test_what_one_column_says_cannot_be_moved_to_the_next(document, host, domain, lang):
    one = document(7, host=host, domain=domain, lang=lang)
    assume(host and (host, domain) != (host[:-1], host[-1] + domain))
    other = replace(one, host=host[:-1], domain=host[-1] + domain)
    assert leaf(one) != leaf(other)
    assert leaf(replace(one, title=None)) != leaf(replace(one, title="null"))


FILES = st.fixed_dictionaries(
    {
        "row_group_size": st.integers(1, 40),
        "compression": st.sampled_from(["zstd", "snappy", "gzip", "none", "lz4", "brotli"]),
        "use_dictionary": st.booleans() | st.just(["lang", "host"]),
        "data_page_size": st.sampled_from([1, 100, 1 << 20]),
        "write_statistics": st.booleans(),
        "write_page_index": st.booleans(),
        "version": st.sampled_from(["1.0", "2.4", "2.6"]),
        "data_page_version": st.sampled_from(["1.0", "2.0"]),
    }
)


@settings(max_examples=40)
@given(FILES)
def test_leaves_do_not_depend_on_the_file_that_the_rows_are_in(document, layout):
    table = to_table([document(number) for number in range(30)], DOCUMENT_SCHEMA)
    file = BytesIO()
    pq.write_table(table, file, **layout)
    with pq.ParquetFile(file) as read:
        groups = [read.read_row_group(n, use_threads=False) for n in range(read.num_row_groups)]
    assert [one for group in groups for one in leaves(group)] == list(leaves(table))


@settings(max_examples=40)
@given(st.lists(st.integers(1, 30), max_size=5))
def test_leaves_do_not_depend_on_chunks_or_slices(document, cuts):
    documents = [document(number) for number in range(30)]
    table = to_table(documents, DOCUMENT_SCHEMA)
    edges = sorted({0, 30, *cuts})
    pieces = [to_table(documents[a:b], DOCUMENT_SCHEMA) for a, b in itertools.pairwise(edges)]
    expected = list(leaves(table))
    assert list(leaves(pa.concat_tables(pieces))) == expected
    assert [
        x for a, b in itertools.pairwise(edges) for x in leaves(table.slice(a, b - a))
    ] == expected


def test_leaves_do_not_depend_on_how_strings_are_encoded_in_memory(document):
    table = to_table([document(number) for number in range(30)], DOCUMENT_SCHEMA)
    place = table.schema.get_field_index("lang")
    encoded = table.set_column(place, "lang", table.column("lang").dictionary_encode())
    assert list(leaves(encoded)) == list(leaves(table))


def test_leaves_come_in_the_order_of_the_rows_over_many_rows(document):
    documents = [document(number) for number in range(2_100)]
    found = list(leaves(to_table(documents, DOCUMENT_SCHEMA)))
    assert len(set(found)) == 2_100
    for number in (0, 1_023, 1_024, 2_047, 2_048, 2_099):
        assert found[number] == leaf(documents[number])


def test_no_rows_give_no_leaves():
    assert list(leaves(to_table([], DOCUMENT_SCHEMA))) == []


def test_a_table_that_lacks_a_column_has_no_leaves(document):
    table = to_table([document(1)], DOCUMENT_SCHEMA).drop_columns(["rights"])
    with pytest.raises(KeyError, match="rights"):
        list(leaves(table))


def test_a_value_of_the_wrong_type_has_no_leaf(document):
    table = to_table([document(1)], DOCUMENT_SCHEMA)
    place = table.schema.get_field_index("lang")
    with pytest.raises(msgspec.ValidationError, match="got `int`"):
        list(leaves(table.set_column(place, "lang", pa.array([3]))))
