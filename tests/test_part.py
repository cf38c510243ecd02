"""A part is written whole or not at all, and found again by what went into it."""

import contextlib
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from florilegium.dedup.decisions import stored_by
from florilegium.dedup.methods import FAST_SIMILARITY
from florilegium.manifests.counts import Counts
from florilegium.manifests.document import Document
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import entries, files, relative
from florilegium.manifests.personal import Personal
from florilegium.manifests.schema import DOCUMENT_SCHEMA, LOSS_SCHEMA, from_table
from florilegium.manifests.tables import batches
from florilegium.pipelines.harvest import part as part_module
from florilegium.pipelines.harvest.part import Part, PartWriter, Unit, load

pytest_plugins = ["servers"]

STORED = stored_by(FAST_SIMILARITY)
PART = Part(unit="a.warc.gz", fingerprint="f" * 64, bytes=9, sha256="0" * 64, records=5)


def document(number: int, lang: str = "deu_Latn", text: str = "Ähm") -> Document:
    return Document(
        id=number.to_bytes(16, "big"),
        url=f"https://blog.example/{number}",
        host="blog.example",
        domain="blog.example",
        crawl_time=1_773_000_000,
        lang=lang,
        lang_score=0.5,
        lang_second="nld_Latn",
        foreign_share=0.25,
        chars=len(text),
        text_bytes=len(text.encode()),
        tokens=1,
        counts=Counts(*range(len(Counts.__struct_fields__))),
        pii=Personal(email=2),
        extractor="test",
        charset="utf-8",
        charset_method="http",
        warc="a.warc.gz",
        warc_offset=number,
        warc_length=9,
        payload_digest=b"x" * 32,
        text=text,
    )


def stored(documents: list[Document]) -> np.ndarray:
    entries = np.zeros(len(documents), STORED)
    for entry, each in zip(entries, documents, strict=True):
        entry["id"] = np.frombuffer(each.id, np.uint8)
        entry["bytes"] = int.from_bytes(each.id, "big") % (1 << 31) + 7
    return entries


def loss(number: int) -> Loss:
    return Loss(
        id=number.to_bytes(16, "big"),
        warc="a.warc.gz",
        warc_offset=number,
        size=2,
        stage="read",
        rule="http_status",
        value=404,
        limit=200,
    )


def write(folder: Path, added: list[tuple[list[Document], list[Loss]]], part: Part = PART) -> None:
    writer = PartWriter(folder, STORED)
    for documents, losses in added:
        writer.add(documents, stored(documents), losses)
    writer.commit(part)


def documents_of(folder: Path) -> list[Document]:
    tables = list(batches(inside(folder) / "documents.parquet"))
    return from_table(pa.concat_tables(tables), Document) if tables else []


def losses_of(folder: Path) -> list[Loss]:
    tables = list(batches(inside(folder) / "losses.parquet"))
    return from_table(pa.concat_tables(tables), Loss) if tables else []


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def inside(folder: Path) -> Path:
    """Where the files of a finished part are."""
    return folder / load(folder).attempt


def found(folder: Path) -> Part:
    """What a part says of itself, wherever its files are."""
    return msgspec.structs.replace(load(folder), attempt="")


def test_what_is_put_into_a_part_comes_out_of_it(tmp_path):
    first, second = (
        [document(3), document(1)],
        [document(2, "fra_Latn", "né\0 \N{GREEK SMALL LETTER PI}")],
    )
    write(tmp_path / "part", [(first, [loss(9)]), ([], []), (second, [loss(4), loss(8)])])
    assert found(tmp_path / "part") == PART
    assert documents_of(tmp_path / "part") == [document(1), document(3), second[0]]
    assert losses_of(tmp_path / "part") == [loss(9), loss(4), loss(8)]
    assert everything(inside(tmp_path / "part")) == [
        "documents.parquet",
        "hosts.parquet",
        "losses.parquet",
        "signatures.npy",
    ]


def test_a_part_of_nothing_has_all_its_columns(tmp_path):
    write(tmp_path / "part", [])
    assert found(tmp_path / "part") == PART
    assert documents_of(tmp_path / "part") == losses_of(tmp_path / "part") == []
    for name, schema in (("documents", DOCUMENT_SCHEMA), ("losses", LOSS_SCHEMA)):
        assert pa.parquet.read_schema(inside(tmp_path / "part") / f"{name}.parquet").equals(schema)
    assert len(np.load(inside(tmp_path / "part") / "signatures.npy")) == 0


@settings(max_examples=25, deadline=None)
@given(
    added=st.lists(
        st.lists(st.tuples(st.integers(0, 1 << 40), st.sampled_from(["deu_Latn", "ell_Grek"]))),
        max_size=6,
    ),
    run_chars=st.integers(1, 60),
    batch=st.integers(1, 5),
)
def test_runs_are_sorted_and_every_signature_stands_by_its_document(
    tmp_path_factory, added, run_chars, batch
):
    folder = tmp_path_factory.mktemp("parts") / "part"
    groups = [[document(number, lang) for number, lang in pairs] for pairs in added]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part_module, "RUN_CHARS", run_chars)
        patch.setattr(part_module, "BATCH", batch)
        write(folder, [(group, []) for group in groups])
    found = documents_of(folder)
    signatures = np.load(inside(folder) / "signatures.npy")
    assert signatures.dtype == STORED
    assert np.array_equal(signatures, stored(found))
    # A run ends with the batch that fills it.
    position, run = 0, list[Document]()
    for number, group in enumerate(groups):
        run += group
        if sum(len(each.text) for each in run) >= run_chars or number == len(groups) - 1:
            written = found[position : position + len(run)]
            assert written == sorted(run, key=lambda each: (each.lang, each.id))
            position += len(run)
            run = []
    assert position == len(found)


def test_a_table_is_read_by_column_and_batch(tmp_path, monkeypatch):
    monkeypatch.setattr(part_module, "BATCH", 2)
    write(tmp_path / "part", [([document(number) for number in range(5)], [])])
    tables = list(batches(inside(tmp_path / "part") / "documents.parquet", ["lang", "id"]))
    assert [table.num_rows for table in tables] == [2, 2, 1]
    assert sorted(tables[0].column_names) == ["id", "lang"]


def test_documents_and_signatures_must_be_as_many(tmp_path):
    writer = PartWriter(tmp_path / "part", STORED)
    with pytest.raises(ValueError, match="shorter"):
        writer.add([document(1), document(2)], stored([document(1)]), [])
    writer.abandon(ValueError())


# Whole or not at all.


def test_there_is_no_part_until_it_is_committed(tmp_path):
    writer = PartWriter(tmp_path / "part", STORED)
    writer.add([document(1)], stored([document(1)]), [loss(2)])
    assert load(tmp_path / "part") is None
    writer.commit(PART)
    assert (tmp_path / "part" / "part.json").is_file()


def test_an_abandoned_part_leaves_nothing(tmp_path):
    writer = PartWriter(tmp_path / "part", STORED)
    writer.add([document(1)], stored([document(1)]), [])
    writer.abandon(ValueError())
    assert everything(tmp_path) == []


def test_a_part_whose_writer_went_away_is_not_there(tmp_path):
    gone = PartWriter(tmp_path / "part", STORED)
    gone.add([document(1)], stored([document(1)]), [])
    gone._flush()
    del gone
    assert load(tmp_path / "part") is None
    write(tmp_path / "part", [([document(2)], [])])
    assert documents_of(tmp_path / "part") == [document(2)]


def test_labels_that_cannot_be_read_make_room_and_attempts_beside_them_stay(place):
    write(place / "part", [([document(2)], [])])
    write(place / "damaged", [([document(1)], [])])
    (place / "damaged" / "part.json").write_bytes(b"{")
    late = PartWriter(place / "damaged", STORED)
    late.add([document(3)], stored([document(3)]), [])
    late._flush()
    late._files.close()
    part_module.remove_damaged(place)
    assert part_module.finished(place) == {"part": load(place / "part")}
    part_module.remove_left_over(place)
    late.commit(PART)
    assert documents_of(place / "damaged") == [document(3)]
    part_module.remove_left_over(place)
    assert entries(place / "damaged", 1) == sorted([late._attempt, "part.json"])
    assert documents_of(place / "part") == [document(2)]


def test_what_is_left_beside_a_part_is_removed_but_not_what_may_become_one(place):
    begun = PartWriter(place / "begun", STORED)
    late = PartWriter(place / "part", STORED)
    write(place / "part", [([document(2)], [])])
    (place / "part" / "failed").write_bytes(b"OSError: why")
    late.add([document(2)], stored([document(2)]), [])
    late._flush()
    late._files.close()
    PartWriter(place / "part", STORED)
    part_module.remove_left_over(place)
    found = {relative(path, place / "part") for path, _ in files(place / "part")}
    attempt = load(place / "part").attempt
    assert entries(place / "part", 1) == sorted([attempt, "part.json"])
    kept = ("documents.parquet", "hosts.parquet", "losses.parquet", "signatures.npy")
    assert found == {"part.json", *(f"{attempt}/{name}" for name in kept)}
    assert documents_of(place / "part") == [document(2)]
    begun.add([document(1)], stored([document(1)]), [])
    begun.commit(PART)
    assert documents_of(place / "begun") == [document(1)]


@contextlib.contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Let the system refuse to write files beyond a size, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_part_abandoned_for_want_of_room_leaves_nothing(tmp_path):
    documents = [document(number, text=os.urandom(9_000).hex()) for number in range(9)]
    with no_file_beyond(20_000):
        writer = PartWriter(tmp_path / "part", STORED)
        writer.add(documents, stored(documents), [])
        with pytest.raises(OSError, match="too large"):
            writer.commit(PART)
        writer.abandon(ValueError())
    assert everything(tmp_path) == []


def test_of_two_attempts_the_one_finished_first_is_the_part(tmp_path):
    first, second = PartWriter(tmp_path / "part", STORED), PartWriter(tmp_path / "part", STORED)
    first.add([document(1)], stored([document(1)]), [loss(1)])
    second.add([document(2)], stored([document(2)]), [])
    committed = first.commit(PART)
    assert second.commit(msgspec.structs.replace(PART, records=6)) == committed
    assert load(tmp_path / "part") == committed
    assert {path.split("/")[1] for path in everything(tmp_path)} == {
        committed.attempt,
        "part.json",
    }
    assert documents_of(tmp_path / "part") == [document(1)]
    assert losses_of(tmp_path / "part") == [loss(1)]


def test_two_writers_of_one_part_do_not_meet(tmp_path):
    one, other = PartWriter(tmp_path / "part", STORED), PartWriter(tmp_path / "part", STORED)
    one.add([document(1)], stored([document(1)]), [])
    other.add([document(2)], stored([document(2)]), [])
    one.commit(PART)
    other.abandon(ValueError())
    assert documents_of(tmp_path / "part") == [document(1)]


@pytest.mark.parametrize("written", [b"", b"{", b"{}", b'{"unit": 3}', b"\xff\xfe", b"[]"])
def test_what_says_nothing_sensible_of_itself_is_no_part(written, tmp_path):
    write(tmp_path / "part", [])
    (tmp_path / "part" / "part.json").write_bytes(written)
    assert load(tmp_path / "part") is None


def test_there_is_no_part_where_there_is_no_folder(tmp_path):
    assert load(tmp_path / "absent") is None


# Found again by what went into it.


def test_the_folder_of_a_unit_tells_its_name_and_its_fingerprint():
    unit = Unit(name="a.warc.gz", path="/x/a.warc.gz", bytes=9, fingerprint="ab" * 32)
    assert unit.folder.endswith("-" + "ab" * 8)
    other_place = msgspec.structs.replace(unit, path="/y/a.warc.gz")
    other_name = msgspec.structs.replace(unit, name="b.warc.gz")
    other_recipe = msgspec.structs.replace(unit, fingerprint="cd" * 32)
    assert other_place.folder == unit.folder
    assert len({unit.folder, other_name.folder, other_recipe.folder}) == 3


def test_the_folder_of_a_unit_is_a_plain_name_whatever_the_file_is_called():
    for name in ("../../x.warc.gz", "a b\n.warc", "ü.warc", "x" * 250, ".warc"):
        folder = Unit(name=name, path="", bytes=0, fingerprint="0" * 64).folder
        assert folder.isascii()
        assert folder.replace("-", "").isalnum()
        assert len(folder) < 40
