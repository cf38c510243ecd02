import random
import shutil
from collections import Counter, defaultdict
from pathlib import Path

import duckdb
import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from florilegium.dedup.decisions import Reason
from florilegium.manifests.buckets import Bucket, bucket
from florilegium.manifests.document import Document
from florilegium.manifests.leaves import leaves
from florilegium.manifests.location import sha256
from florilegium.manifests.merkle import span
from florilegium.manifests.schema import DOCUMENT_SCHEMA, from_table, to_table
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.publishing import publish as publish_module
from florilegium.pipelines.publishing import shard_plans
from florilegium.pipelines.publishing.publish import (
    MESSAGE_BYTES,
    PartToPublish,
    _may_hold,
    _unpack,
    _WriteShard,
    _WriteSlice,
    publish,
    read_part,
)
from florilegium.pipelines.publishing.shard_plans import ShardPlan, Wanted, plan_shards
from florilegium.pipelines.publishing.shards import PublishedShard, note_path
from florilegium.pipelines.recipe import Shards

LANGUAGES = ("deu_Latn", "fra_Latn", "gle_Latn")


def a_plan(size, index=0):
    return ShardPlan(lang="deu_Latn", index=index, of=1, first_leaf=0, documents=1, bytes=size)


@pytest.fixture(scope="module")
def scattered(document, part, part_table, tmp_path_factory):
    """Three parts of three languages; each row group has 256 documents, or fewer."""
    home = tmp_path_factory.mktemp("scattered")
    chance = random.Random(4)
    parts, expected = [], {}
    for number in range(3):
        documents = [
            document(1_000 * number + n, chance.choice(LANGUAGES), warc=f"{number}")
            for n in range(700)
        ]
        part(home / str(number), documents, name=f"{number}")
        held = from_table(pq.read_table(part_table(home / str(number))), Document)
        copies = np.array([chance.choice([0, 0, 1, 1, 1, 3]) for _ in held], np.uint32)
        verdict = home / f"verdict-{number}"
        verdict.mkdir()
        np.save(verdict / "sizes.npy", copies)
        parts.append(
            PartToPublish(documents=str(part_table(home / str(number))), verdict=str(verdict))
        )
        expected |= {
            d.id: replace(d, dup_size=int(size))
            for d, size in zip(held, copies, strict=True)
            if size
        }
    return parts, expected


def kept_of(documents):
    kept = {}
    for one in documents:
        into = kept.setdefault(one.lang, {}).setdefault(bucket(one.id), Bucket())
        into.documents += 1
        into.tokens += one.tokens
        into.bytes += one.text_bytes
    return kept


SETTINGS = Shards(size=30_000, row_group_bytes=4_096)


@pytest.fixture(scope="module")
def published(scattered, places, tmp_path_factory):
    """The shards of the scattered parts, by the pipeline, in two waves of one engine."""
    parts, expected = scattered
    home = tmp_path_factory.mktemp("home")
    plans = plan_shards(kept_of(expected.values()), SETTINGS)
    for wave in (plans[::2], plans[1::2]):
        run(parts, wave, places(home))
    return home / "release", home / "notes", plans


def run(parts, wave, places):
    engine = Embedded()
    Path(places.notes).mkdir(exist_ok=True)
    engine.run(lambda root: publish(root, parts, [1] * len(parts), wave, SETTINGS, places, engine))


def test_every_document_that_stays_is_in_exactly_one_shard_with_its_copies(scattered, published):
    _, expected = scattered
    release, _, plans = published
    assert len(plans) > 6
    found = [
        row
        for path in release.rglob("*.parquet")
        for row in from_table(pq.ParquetFile(path).read(), Document)
    ]
    assert len(found) == len(expected)
    assert {row.id: row for row in found} == expected
    assert {row.dup_size for row in found} == {1, 3}


def test_rows_are_in_their_range_and_in_the_order_of_their_ids(published):
    release, _, plans = published
    for plan in plans:
        table = pq.ParquetFile(release / "data" / plan.label).read()
        ids = table.column("id").to_pylist()
        assert ids == sorted(ids)
        assert set(table.column("lang").to_pylist()) == {plan.lang}
        assert {int.from_bytes(one) * plan.of >> 128 for one in ids} == {plan.index}


def test_the_note_on_a_shard_is_true(published):
    release, notes, plans = published
    for plan in plans:
        note = msgspec.json.decode(note_path(notes, plan).read_bytes(), type=PublishedShard)
        path = release / note.shard.path
        table = pq.ParquetFile(path).read()
        assert path == release / "data" / plan.label
        assert note.shard.rows == table.num_rows == plan.documents
        assert note.shard.tokens == sum(table.column("tokens").to_pylist())
        assert note.shard.text_bytes == plan.bytes
        assert note.shard.text_bytes == sum(
            len(t.encode()) for t in table.column("text").to_pylist()
        )
        assert note.shard.file_bytes == path.stat().st_size
        assert note.shard.sha256 == sha256(path)
        assert note.subtrees == span(leaves(table), plan.first_leaf).subtrees


def test_row_groups_are_about_as_large_as_asked(published):
    release, _, plans = published
    groups = 0
    for plan in plans:
        with pq.ParquetFile(release / "data" / plan.label) as file:
            texts = [file.read_row_group(n, ["text_bytes"]) for n in range(file.num_row_groups)]
        held = [table.column("text_bytes").to_pylist() for table in texts]
        largest = max(max(group) for group in held)
        groups += len(held)
        assert all(abs(sum(group) - 4_096) <= largest for group in held[:-1])
        assert 0 < sum(held[-1]) <= 4_096 + largest
    assert groups > 2 * len(plans)


def test_files_are_as_the_docs_say(published):
    release, _, plans = published
    with pq.ParquetFile(release / "data" / plans[0].label) as file:
        assert file.schema_arrow.equals(DOCUMENT_SCHEMA, check_metadata=True)
        group = file.metadata.row_group(1)
        columns = [group.column(n) for n in range(group.num_columns)]
        assert {column.compression for column in columns} == {"ZSTD"}
        assert all(column.has_offset_index for column in columns)
        assert all(c.has_column_index for c in columns if c.statistics.has_min_max)
        by_name = {column.path_in_schema: column for column in columns}
        assert by_name["id"].has_column_index
        assert "RLE_DICTIONARY" in by_name["lang"].encodings
        assert "RLE_DICTIONARY" not in by_name["text"].encodings
        assert group.sorting_columns == (pq.SortingColumn(0),)
        assert group.column(0).path_in_schema == "id"


def test_other_readers_count_the_same(scattered, published):
    _, expected = scattered
    release, _, _ = published
    counted = duckdb.sql(
        f"select lang, count(*), sum(tokens), sum(length(text)), sum(counts.chars), sum(dup_size)"
        f" from '{release}/data/*/*.parquet' group by lang"
    ).fetchall()
    rows = {lang: [d for d in expected.values() if d.lang == lang] for lang in LANGUAGES}
    assert {row[0]: row[1:] for row in counted} == {
        lang: (
            len(mine),
            sum(d.tokens for d in mine),
            sum(d.chars for d in mine),
            sum(d.counts.chars for d in mine),
            sum(d.dup_size for d in mine),
        )
        for lang, mine in rows.items()
    }
    ((one,),) = duckdb.sql(
        f"select count(*) from '{release}/data/*/*.parquet' where id < '\\x80'::blob"
    ).fetchall()
    assert one == sum(1 for identity in expected if identity < b"\x80")


def test_shards_are_the_same_bytes_whatever_the_order_of_parts_and_waves(
    scattered, published, places, tmp_path
):
    parts, _ = scattered
    release, _, plans = published
    run(parts[::-1], plans[::-1], places(tmp_path))
    assert same_shards(plans, release, tmp_path / "release")


def same_shards(plans, one, other):
    """Whether two releases have the same bytes in each of these shards."""
    paths = [f"data/{plan.label}" for plan in plans]
    return all((one / path).read_bytes() == (other / path).read_bytes() for path in paths)


def test_no_key_has_more_than_a_slice_and_slices_make_the_same_shards(
    scattered, published, places, tmp_path, monkeypatch
):
    parts, _ = scattered
    release, _, plans = published
    size = max(plan.bytes for plan in plans) // 5
    monkeypatch.setattr(shard_plans, "SLICE_BYTES", size)
    texts = Counter()
    for part in parts:
        for name, message in read_part(part, Wanted(plans)):
            texts[name] += sum(_unpack(message).column("text_bytes").to_pylist())
    assert {label for label, _ in texts} == {plan.label for plan in plans}
    assert len(texts) == sum(plan.slices for plan in plans) > 3 * len(plans)
    # Ids are spread evenly but for chance.
    assert max(texts.values()) < 1.5 * size
    run(parts, plans, places(tmp_path))
    assert same_shards(plans, release, tmp_path / "release")


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.randoms(use_true_random=False))
def test_shards_are_the_same_bytes_whatever_the_order_of_the_messages(
    scattered, published, places, tmp_path, monkeypatch, chance
):
    parts, _ = scattered
    release, _, plans = published
    plan = plans[2]
    monkeypatch.setattr(shard_plans, "SLICE_BYTES", plan.bytes // 3)
    sent = defaultdict(list)
    for name, message in ((n, m) for part in parts for n, m in read_part(part, Wanted([plan]))):
        sent[name].append(message)
    assert len(sent) == 4
    shutil.rmtree(tmp_path / "slices", ignore_errors=True)
    done = []
    for name in chance.sample(sorted(sent), len(sent)):
        chance.shuffle(sent[name])
        done += _WriteSlice(places(tmp_path)).process((name, iter(sent[name])))
    (tmp_path / "notes").mkdir(exist_ok=True)
    note_path(tmp_path / "notes", plan).unlink(missing_ok=True)
    writer = _WriteShard(msgspec.json.encode([plan]), SETTINGS, places(tmp_path))
    writer.setup()
    numbers = [number for label, number in done if label == plan.label]
    assert list(writer.process((plan.label, iter(numbers)))) == [plan.label]
    assert same_shards([plan], release, tmp_path / "release")
    # To be asked again is no harm.
    assert list(writer.process((plan.label, iter(numbers)))) == [plan.label]
    assert same_shards([plan], release, tmp_path / "release")


def test_a_message_stays_small_however_many_documents_a_shard_takes(
    document, part, part_table, tmp_path
):
    each = 20_000
    documents = [document(n, text=f"{n:05d}" + (each - 5) * "x") for n in range(700)]
    documents.append(document(700, text=3 * MESSAGE_BYTES * "y"))
    part(tmp_path / "part", documents)
    np.save(tmp_path / "sizes.npy", np.ones(701, np.uint32))
    plans = plan_shards(kept_of(documents), Shards())
    to_read = PartToPublish(documents=str(part_table(tmp_path / "part")), verdict=str(tmp_path))
    unpacked = [_unpack(message) for _, message in read_part(to_read, Wanted(plans))]
    assert sum(batch.num_rows for batch in unpacked) == 701
    large = [batch for batch in unpacked if batch.nbytes > MESSAGE_BYTES]
    assert [batch.num_rows for batch in large] == [1]
    # Nor are there many more than it takes.
    assert len(unpacked) < 3 * 701 * each / MESSAGE_BYTES


def test_what_waits_is_sent_before_it_is_too_much(
    document, part, part_table, tmp_path, monkeypatch
):
    documents = [document(n, text=f"{n:05d}" + 1_000 * "x") for n in range(2_000)]
    part(tmp_path / "part", documents)
    np.save(tmp_path / "sizes.npy", np.ones(2_000, np.uint32))
    to_read = PartToPublish(documents=str(part_table(tmp_path / "part")), verdict=str(tmp_path))
    plans = plan_shards(kept_of(documents), Shards())
    monkeypatch.setattr(publish_module, "WAITING_BYTES", 100_000)
    unpacked = [_unpack(message) for _, message in read_part(to_read, Wanted(plans))]
    assert len(unpacked) > 4
    assert max(batch.nbytes for batch in unpacked) < 100_000 + 256 * 2_000
    assert sorted(i for batch in unpacked for i in batch.column("id").to_pylist()) == sorted(
        document.id for document in documents
    )


def test_small_row_groups_travel_together(document, part, part_table, tmp_path):
    documents = [document(n) for n in range(700)]
    part(tmp_path / "part", documents)
    np.save(tmp_path / "sizes.npy", np.ones(700, np.uint32))
    to_read = PartToPublish(documents=str(part_table(tmp_path / "part")), verdict=str(tmp_path))
    ((_, message),) = read_part(to_read, Wanted(plan_shards(kept_of(documents), Shards())))
    assert _unpack(message).num_rows == 700


def test_a_part_of_which_nothing_stays_says_nothing(document, part, part_table, tmp_path):
    part(tmp_path / "part", [document(1)])
    np.save(tmp_path / "sizes.npy", np.zeros(1, np.uint32))
    plans = plan_shards(kept_of([document(1)]), Shards())
    to_read = PartToPublish(documents=str(part_table(tmp_path / "part")), verdict=str(tmp_path))
    assert list(read_part(to_read, Wanted(plans))) == []


def test_only_the_wanted_shards_are_read(scattered):
    parts, expected = scattered
    plans = plan_shards(kept_of(expected.values()), SETTINGS)
    for plan in plans:
        said = {name for part in parts for name, _ in read_part(part, Wanted([plan]))}
        assert said == {(plan.label, 0)}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.sampled_from(LANGUAGES), st.integers(0, 255)), min_size=1, max_size=8),
    st.sampled_from(LANGUAGES),
    st.integers(0, 5),
    st.data(),
)
def test_a_row_group_with_a_wanted_row_is_never_skipped(
    document, tmp_path, rows, lang, power, data
):
    documents = [
        document(0, one, id=bytes([first]) + b"i" * 15) for one, first in sorted(set(rows))
    ]
    pq.write_table(to_table(documents, DOCUMENT_SCHEMA), tmp_path / "x.parquet")
    index = data.draw(st.integers(0, (1 << power) - 1))
    plan = ShardPlan(lang=lang, index=index, of=1 << power, first_leaf=0, documents=1, bytes=1)
    wanted = [
        d for d in documents if d.lang == lang and int.from_bytes(d.id) * plan.of >> 128 == index
    ]
    group = pq.read_metadata(tmp_path / "x.parquet").row_group(0)
    held = _may_hold(group, Wanted([plan]))
    assert held or not wanted
    if len({d.lang for d in documents}) == 1 and documents[0].lang != lang:
        assert not held


def test_a_row_group_without_statistics_is_never_skipped(document, tmp_path):
    table = to_table([document(1)], DOCUMENT_SCHEMA)
    pq.write_table(table, tmp_path / "x.parquet", write_statistics=False)
    group = pq.read_metadata(tmp_path / "x.parquet").row_group(0)
    assert _may_hold(group, Wanted([replace(a_plan(1), lang="fra_Latn")]))


def test_what_is_decided_is_what_is_published(document, workshop):
    """Copies that gave way are gone, and the kept one says for how many it stands."""
    held = sorted((document(n) for n in range(20)), key=lambda one: one.id)
    workshop.add(
        held,
        decisions=[(3, Reason.KEPT, held[3].id, 2), (5, Reason.NEAR_DUPLICATE, held[3].id, 0)],
    )
    workshop.publish()
    rows = [
        r for p in workshop.release.rglob("data/**/*.parquet") for r in pq.read_table(p).to_pylist()
    ]
    assert {row["id"]: row["dup_size"] for row in rows} == {
        one.id: 2 if place == 3 else 1 for place, one in enumerate(held) if place != 5
    }
